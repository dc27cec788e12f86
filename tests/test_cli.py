from __future__ import annotations

import json
import os
import sys
from dataclasses import replace
from types import ModuleType
from typing import TYPE_CHECKING, Any
from unittest.mock import ANY

import pytest

import iiscluster_kb
from iiscluster_kb import articles, cli
from iiscluster_kb.articles import Rule
from iiscluster_kb.errors import CaseError, RemedyError
from iiscluster_kb.model import Verdict
from iiscluster_kb.render import renderers
from iiscluster_kb.render.json import report_schema
from tests.support.reports import (
    ARTICLE,
    MISSING_DLL,
    NO_EXTENSION,
    empty_report,
    finding,
    full_report,
    infested,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from iiscluster_kb.model import Finding, Report

    Outcome = Report | BaseException
    Stage = Callable[[Outcome], list[tuple[tuple[str, ...], dict[str, Any]]]]

RULE = Rule(
    ARTICLE,
    (MISSING_DLL, NO_EXTENSION),
    lambda _cluster: (),
    "A title (Q224553).\n\n    Symptom:\n    a\n    ",
)


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> Stage:
    """Puts a pipeline in place that gives one report or fails; returns the calls that it will record."""

    def put(outcome: Outcome) -> list[tuple[tuple[str, ...], dict[str, Any]]]:
        calls: list[tuple[tuple[str, ...], dict[str, Any]]] = []

        def examine(*paths: str, **options: Any) -> Report:
            calls.append((paths, options))
            if isinstance(outcome, BaseException):
                raise outcome
            return outcome

        pipeline = ModuleType("iiscluster_kb.pipeline")
        pipeline.examine = examine  # type: ignore[attr-defined] # a module made for the test
        monkeypatch.setitem(sys.modules, "iiscluster_kb.pipeline", pipeline)
        return calls

    return put


@pytest.fixture(autouse=True)
def _plain_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("TERM", "xterm")


def with_findings(*findings: Finding) -> Report:
    return replace(empty_report(), findings=findings)


@pytest.mark.parametrize(
    ("findings", "status"),
    [
        ((), 0),
        ((finding(), finding(verdict=Verdict.NOT_APPLICABLE)), 0),
        ((finding(verdict=Verdict.UNDETERMINED), finding(verdict=Verdict.CONFIRMED)), 1),
        ((finding(verdict=Verdict.LIKELY),), 1),
        ((finding(), finding(verdict=Verdict.UNDETERMINED)), 3),
        ((finding(), finding(verdict=Verdict.UNDETERMINED, weighs=False)), 0),
    ],
)
def test_the_exit_status_tells_what_was_found(
    stage: Stage, findings: tuple[Finding, ...], status: int
) -> None:
    stage(with_findings(*findings))
    assert cli.main(["examine", "case"]) == status


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (CaseError("case.zip: no such file"), "case.zip: no such file"),
        (RemedyError("two findings want different data"), "two findings want different data"),
        (ValueError("no article Q1; there are Q224553"), "no article Q1; there are Q224553"),
        (OSError(5, "Input/output error", "a\nb"), r"a\x0ab: Input/output error"),
        (OSError(5, "Input/output error", b"a"), "a: Input/output error"),
        (OSError(5, "Input/output error"), "[Errno 5] Input/output error"),
        (UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid start byte"), "invalid start byte"),
        (ValueError(), "ValueError"),
        (MemoryError(), "out of memory"),
        (CaseError("\x1b[31m\u202e.zip"), r"\x1b[31m\u202e.zip"),
    ],
)
def test_an_error_is_one_line_and_status_2(
    stage: Stage, error: Exception, line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    stage(error)
    assert cli.main(["examine", "case"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("iiscluster-kb: ")
    assert err.endswith(f"{line}\n")
    assert err.count("\n") == 1


def test_an_interruption_is_one_line_and_status_130(stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    stage(KeyboardInterrupt())
    assert cli.main(["examine", "case"]) == 130
    assert capsys.readouterr().err == "iiscluster-kb: interrupted\n"


def test_what_is_no_expected_error_is_not_hidden(stage: Stage) -> None:
    stage(ZeroDivisionError())
    with pytest.raises(ZeroDivisionError):
        cli.main(["examine", "case"])


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        ([], "the following arguments are required: COMMAND (see iiscluster-kb --help)"),
        (["examin"], "(see iiscluster-kb --help)"),
        (["examine", "case", "--format", "odt"], "(see iiscluster-kb examine --help)"),
        (["examine", "case", "--symptom", "none"], "(see iiscluster-kb examine --help)"),
        (["examine", "case", "--art", "Q1"], "unrecognized arguments: --art Q1 (see iiscluster-kb --help)"),
        (["fix", "case"], "the following arguments are required: --output (see iiscluster-kb fix --help)"),
        (["fix", "case", "--output", "x", "--dialect", "4"], "(see iiscluster-kb fix --help)"),
        (["inspect"], "the following arguments are required: CASE (see iiscluster-kb inspect --help)"),
        (["explain"], "the following arguments are required: ARTICLE (see iiscluster-kb explain --help)"),
        (["\x1b[31m"], "(see iiscluster-kb --help)"),
    ],
)
def test_wrong_usage_is_one_line_and_status_2(
    arguments: list[str], line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        cli.main(arguments)
    assert caught.value.code == 2
    err = capsys.readouterr().err
    assert err.endswith(f"{line}\n")
    assert err.count("\n") == 1
    assert "\x1b" not in err


def test_examine_needs_a_case(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["examine"]) == 2
    assert (
        capsys.readouterr().err == "iiscluster-kb: examine needs a CASE (see iiscluster-kb examine --help)\n"
    )


def test_options_reach_the_library(stage: Stage) -> None:
    calls = stage(empty_report())
    arguments = "examine a b --article Q1 --article q2 --no-second-opinion --symptom finish-button"
    cli.main([*arguments.split(), "--administered-from", "ADMINPC", "--media", "cd", "--media", "x.cab"])
    cli.main(["examine", "a"])
    assert calls == [
        (
            ("a", "b"),
            {
                "symptom": "finish-button",
                "administered_from": "ADMINPC",
                "articles": ["Q1", "q2"],
                "second_opinion": False,
                "limits": None,
                "remedy_options": None,
                "media": ["cd", "x.cab"],
                "progress": None,
            },
        ),
        (
            ("a",),
            {
                "symptom": None,
                "administered_from": None,
                "articles": None,
                "second_opinion": ANY,
                "limits": None,
                "remedy_options": None,
                "media": (),
                "progress": None,
            },
        ),
    ]


def test_text_goes_to_standard_output_by_default(stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    stage(full_report())
    assert cli.main(["examine", "case"]) == 1
    out, err = capsys.readouterr()
    assert out.startswith("Fault found: 1 CONFIRMED")
    assert "\x1b" not in out
    assert err == ""


def test_json_goes_to_standard_output(stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    stage(full_report())
    assert cli.main(["examine", "--format", "json", "case"]) == 1
    assert json.loads(capsys.readouterr().out)["schema"] == "iiscluster-kb/report/1"


def test_an_undo_never_goes_to_standard_output(
    stage: Stage, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    report = full_report()
    stage(replace(report, remedy=replace(report.remedy, patches=report.remedy.patches[1:])))
    cli.main(["examine", "--format", "reg", "case"])
    out = capsysbinary.readouterr().out
    assert out.decode("utf-16").count("Windows Registry Editor Version 5.00") == 1
    assert b"=\0-\0" not in out


def test_files_go_where_they_are_told_to(
    stage: Stage, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stage(full_report())
    assert cli.main(["examine", "case", "--format", "reg", "--output", f"{tmp_path}/kit/"]) == 1
    assert sorted(path.name for path in (tmp_path / "kit").iterdir()) == [
        "NODE1-undo.reg",
        "NODE1.reg",
        "NODE2-undo.reg",
        "NODE2.reg",
    ]
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines()[0] == f"iiscluster-kb: wrote {tmp_path}/kit/NODE1.reg"
    assert cli.main(["examine", "case", "--format", "reg", "--output", f"{tmp_path}/kit/"]) == 2
    assert "is there already; --force replaces it" in capsys.readouterr().err
    assert (
        cli.main(["--quiet", "examine", "case", "--format", "reg", "--output", f"{tmp_path}/kit/", "--force"])
        == 1
    )
    assert capsys.readouterr().err == ""


def test_a_text_file_is_80_columns_wide(
    stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage(infested(full_report(), " word" * 50))
    monkeypatch.setenv("COLUMNS", "40")
    cli.main(["examine", "case", "--output", str(tmp_path / "report")])
    assert 40 < max(map(len, (tmp_path / "report").read_text("utf-8").splitlines())) <= 80


def test_an_output_without_documents_says_so(
    stage: Stage, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stage(empty_report())
    assert cli.main(["examine", "case", "--format", "reg", "--output", str(tmp_path / "x.reg")]) == 0
    assert (
        capsys.readouterr().err == "iiscluster-kb: nothing to write: the reg output of this case is empty\n"
    )
    assert list(tmp_path.iterdir()) == []


def test_the_schema_is_printed_as_shipped(capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    assert cli.main(["examine", "--schema"]) == 0
    assert capsysbinary.readouterr().out == report_schema()


@pytest.mark.parametrize(
    "arguments",
    [["--verbose", "examine", "case"], ["examine", "case", "--verbose"], ["inspect", "--verbose", "case"]],
)
def test_verbose_says_more_wherever_it_stands(
    stage: Stage, arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    stage(full_report())
    cli.main(arguments)
    assert capsys.readouterr().err == "iiscluster-kb: 4 files of use on 4 machines, 2 files not used\n"


@pytest.mark.parametrize(
    ("arguments", "colored"),
    [
        (["--color", "always", "examine", "case"], True),
        (["examine", "case", "--color", "always"], True),
        (["--color", "always", "examine", "case", "--color", "never"], False),
        (["--color", "never", "examine", "case", "--color", "always"], True),
        (["examine", "case", "--color", "auto"], False),
        (["inspect", "case", "--color", "always"], True),
    ],
)
def test_colour_is_as_told(
    stage: Stage, arguments: list[str], capsys: pytest.CaptureFixture[str], *, colored: bool
) -> None:
    stage(full_report())
    cli.main(arguments)
    assert ("\x1b[" in capsys.readouterr().out) is colored


@pytest.mark.parametrize(
    ("surroundings", "colored"),
    [
        ({}, True),
        ({"NO_COLOR": "1"}, False),
        ({"NO_COLOR": ""}, True),
        ({"TERM": "dumb"}, False),
    ],
)
def test_a_terminal_has_colour_unless_it_is_unwanted(
    stage: Stage,
    surroundings: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    *,
    colored: bool,
) -> None:
    stage(full_report())
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    for name, value in surroundings.items():
        monkeypatch.setenv(name, value)
    cli.main(["examine", "case"])
    assert ("\x1b[" in capsys.readouterr().out) is colored


def test_an_old_windows_console_has_no_colour(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stage(full_report())
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setattr(os, "name", "nt")
    monkeypatch.delenv("TERM")
    cli.main(["inspect", "case"])
    assert "\x1b" not in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [["--version"], ["examine", "--version"]])
def test_the_version_is_told(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        cli.main(arguments)
    assert caught.value.code == 0
    assert capsys.readouterr().out == f"iiscluster-kb {iiscluster_kb.__version__}\n"


@pytest.mark.parametrize(
    "command",
    [
        "",
        "examine",
        "fix",
        "verify",
        "inspect",
        "triage",
        "collectors",
        "explain",
        "articles",
        "completion",
    ],
)
def test_every_help_has_an_example(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        cli.main([*command.split(), "--help"])
    assert caught.value.code == 0
    assert f"Example:\n  iiscluster-kb {command}" in capsys.readouterr().out


def test_the_help_of_examine_names_the_outputs(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.main(["examine", "--help"])
    assert f"one of {', '.join(sorted(renderers()))}; default: text" in " ".join(
        capsys.readouterr().out.split()
    )


def test_inspect_asks_no_second_reader(stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    calls = stage(full_report())
    assert cli.main(["inspect", "a", "b"]) == 0
    assert calls[0][0] == ("a", "b")
    assert calls[0][1]["second_opinion"] is False
    assert capsys.readouterr().out.startswith("Case webclus.zip: 4 files of use")


def test_inspect_gives_json(stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    stage(full_report())
    assert cli.main(["inspect", "a", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["schema"] == "iiscluster-kb/inventory/1"


def test_explain_prints_the_rule(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(articles, "rules", lambda: (RULE,))
    assert cli.main(["explain", "q224553"]) == 0
    assert capsys.readouterr().out == f"A title (Q224553).\n\nSymptom:\na\n\n{ARTICLE.url}\n"


def test_an_unknown_article_is_refused_with_the_list(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(articles, "rules", lambda: (RULE,))
    assert cli.main(["explain", "Q1"]) == 2
    assert capsys.readouterr() == ("", "iiscluster-kb: no article Q1; there are Q224553\n")


def test_articles_are_listed_with_their_causes(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(articles, "rules", lambda: (RULE,))
    assert cli.main(["articles"]) == 0
    assert capsys.readouterr().out == (
        "Q224553: IIS Server Instance parameters window is missing\n"
        f"    {ARTICLE.url}\n"
        "    Q224553/dll-missing: Iisclex4.dll is missing or unfit\n"
        "    Q224553/admin-extensions-missing: AdminExtensions does not name the extension\n"
    )


def test_articles_stand_in_the_order_of_their_numbers(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    names = ("zebra", "Q99999", "Quorum", "Q224553", "Q1000000", "audit")
    shuffled = tuple(
        replace(RULE, article=replace(ARTICLE, id=name), causes=(), text=f"About {name}.\n") for name in names
    )
    monkeypatch.setattr(articles, "rules", lambda: shuffled)
    assert cli.main(["articles"]) == 0
    heads = [line for line in capsys.readouterr().out.splitlines() if not line.startswith(" ")]
    ordered = ["Q99999", "Q224553", "Q1000000", "Quorum", "audit", "zebra"]
    assert [head.partition(":")[0] for head in heads] == ordered
    assert cli.main(["explain", "zebra", "q99999"]) == 0
    out = capsys.readouterr().out
    assert out == f"About zebra.\n\n{ARTICLE.url}\n\n\nAbout Q99999.\n\n{ARTICLE.url}\n"


def test_collectors_are_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["collectors", str(tmp_path / "scripts")]) == 0
    told = capsys.readouterr().err.splitlines()
    assert sorted(told) == [
        f"iiscluster-kb: wrote {path}" for path in sorted((tmp_path / "scripts").iterdir())
    ]


def test_limits_reach_the_library(stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    calls = stage(empty_report())
    assert cli.main(["inspect", "a", "--max-files", "7", "--max-size", "1K"]) == 0
    limits = calls[0][1]["limits"]
    assert (limits.files, limits.total) == (7, 1024)
    capsys.readouterr()
    assert cli.main(["inspect", "a", "--max-files", "none"]) == 2
    assert capsys.readouterr().err.startswith("iiscluster-kb: --max-files none: wanted a number")


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["verify"], "verify needs BEFORE and AFTER (see iiscluster-kb verify --help)"),
        (["triage", "archive"], "triage needs --store FILE (see iiscluster-kb triage --help)"),
    ],
)
def test_commands_of_other_stages_are_called(
    arguments: list[str], line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(arguments) == 2
    assert capsys.readouterr().err == f"iiscluster-kb: {line}\n"
