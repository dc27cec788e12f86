"""What evidence says stays text in every file that is written: read by those who read such files."""

from __future__ import annotations

import csv
import functools
import io
import json
import re
import unicodedata
from pathlib import PurePosixPath, PureWindowsPath
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from markdown_it import MarkdownIt

from iiscluster_kb._kit import documents_of
from iiscluster_kb.registry.reg_text import KeyEntry, ValueEntry, parse_reg
from iiscluster_kb.render import render
from tests.injection.reports import EACH, documents, harmless_report, page, report_of

if TYPE_CHECKING:
    from pathlib import Path

    from tests.injection.catalogue import Threat

each = pytest.mark.parametrize("threat", EACH, ids=lambda threat: threat.name if threat else "all")

FOR_PEOPLE = ("text", "markdown", "plan", "steps", "csv", "html")
STYLE = re.compile(r"\x1b\[[0-9;]*m")
"""What our own colours are made of, and nothing else that a terminal obeys."""
UNSEEN = {"Cc", "Cf", "Cs", "Zl", "Zp"}


@each
@pytest.mark.parametrize("output", FOR_PEOPLE)
def test_nothing_unseen_is_in_what_people_read(output: str, threat: Threat | None) -> None:
    for content in documents(output, threat).values():
        text = STYLE.sub("", content.decode("utf-8-sig")) if output == "text" else content.decode("utf-8-sig")
        unseen = {one for one in text if unicodedata.category(one) in UNSEEN} - {"\n"}
        assert unseen <= ({"\r"} if output in {"csv", "steps"} else set())


# --- terminal -----------------------------------------------------------------------------------------


class Seen:
    """A terminal that notes what it is told to do."""

    def __init__(self) -> None:
        self.done: set[str] = set()
        self.drawn: list[str] = []

    def draw(self, text: str) -> None:
        self.drawn.append(text)

    def linefeed(self) -> None:
        self.drawn.append("\n")

    def __getattr__(self, name: str) -> object:
        return lambda *_arguments, **_more: self.done.add(name)


@pytest.mark.parametrize("output", ["text", "plan", "steps"])
@pytest.mark.parametrize("threat", EACH[:2], ids=lambda threat: threat.name if threat else "all")
def test_a_terminal_draws_and_does_nothing_else(output: str, threat: Threat | None) -> None:
    pyte = pytest.importorskip("pyte", reason="pyte, a terminal emulator, is not installed")
    for content in documents(output, threat).values():
        seen = Seen()
        pyte.ByteStream(seen, strict=False).feed(content)
        allowed = {"select_graphic_rendition"} if output == "text" else set()
        assert seen.done <= allowed | ({"carriage_return"} if output == "steps" else set())
        assert "".join(seen.drawn) == STYLE.sub("", content.decode()).replace("\r", "")


def test_the_terminal_sees_what_is_not_made_harmless() -> None:
    pyte = pytest.importorskip("pyte", reason="pyte, a terminal emulator, is not installed")
    seen = Seen()
    pyte.Stream(seen, strict=False).feed("\x1b[2J\x1b]0;owned\x07\x9b31m")
    assert seen.done >= {"erase_in_display", "set_title", "select_graphic_rendition"}


# --- tables and lines ---------------------------------------------------------------------------------

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""What a cell begins with that a spreadsheet calculates (OWASP, CSV Injection)."""


def is_formula(cell: str) -> bool:
    return cell.lstrip(" ").startswith(FORMULA)


@each
def test_no_cell_is_a_formula_and_none_moves(threat: Threat | None, tmp_path: Path) -> None:
    text = page("csv", threat)
    head, *rows = csv.reader(io.StringIO(text, newline=""))
    assert len(rows) == len(report_of(threat).findings)
    assert {len(row) for row in rows} == {len(head)}
    assert not [cell for row in rows for cell in row if is_formula(cell)]
    lines = [json.loads(line) for line in page("jsonl", threat).split("\n")[:-1]]
    assert [line["verdict"] for line in lines] == [row[head.index("verdict")] for row in rows]
    duckdb = pytest.importorskip("duckdb", reason="the extra triage is not installed: no duckdb")
    (tmp_path / "findings.csv").write_text(text, "utf-8")
    asked = duckdb.connect().execute(
        "SELECT verdict FROM read_csv(?, all_varchar = true, max_line_size = 10000000)",
        [str(tmp_path / "findings.csv")],
    )
    assert [verdict for (verdict,) in asked.fetchall()] == [line["verdict"] for line in lines]


@each
def test_each_line_of_json_is_one_finding(threat: Threat | None, tmp_path: Path) -> None:
    text = page("jsonl", threat)
    assert text.isascii()
    assert text.splitlines() == text.split("\n")[:-1]  # nothing else that some reader ends a line at
    lines = [json.loads(line) for line in text.splitlines()]
    findings = report_of(threat).findings
    assert [(one["cause"], one["machine"]) for one in lines] == [(f.cause.id, f.machine) for f in findings]
    duckdb = pytest.importorskip("duckdb", reason="the extra triage is not installed: no duckdb")
    (tmp_path / "findings.jsonl").write_text(text, "ascii")
    asked = duckdb.connect().execute(
        "SELECT cause, verdict FROM read_json(?, format = 'newline_delimited', columns = {cause: 'VARCHAR', verdict: 'VARCHAR'}, "
        "maximum_object_size = 10000000)",
        [str(tmp_path / "findings.jsonl")],
    )
    assert asked.fetchall() == [(one["cause"], one["verdict"]) for one in lines]


@each
def test_no_address_of_a_log_leads_out(threat: Threat | None) -> None:
    def addresses(value: object) -> list[str]:
        match value:
            case dict():
                own = [item for key, item in value.items() if key == "uri" and isinstance(item, str)]
                return own + [one for item in value.values() for one in addresses(item)]
            case list():
                return [one for item in value for one in addresses(item)]
            case _:
                return []

    found = addresses(json.loads(page("sarif", threat)))
    assert found
    for address in found:
        parts = urlsplit(address)
        assert (parts.scheme, parts.netloc) == ("", ""), address
        assert ".." not in PurePosixPath(parts.path).parts, address


# --- Markdown -----------------------------------------------------------------------------------------

READER = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])


def shape(text: str) -> list[str]:
    """What a reader makes of a page, without words."""
    tokens = (token for block in READER.parse(text) for token in (block, *(block.children or ())))
    silent = {"text", "code_inline", "inline", "softbreak"}
    return [f"{token.type} {token.attrs.get('href', '')}" for token in tokens if token.type not in silent]


@each
@pytest.mark.parametrize("output", ["markdown", "plan"])
def test_a_reader_of_markdown_makes_nothing_of_it(output: str, threat: Threat | None) -> None:
    made = shape(page(output, threat))
    (plain,) = (one.content.decode() for one in render(harmless_report(), output))
    assert not [one for one in made if one.startswith(("html", "image"))]
    links = {one for one in made if one.startswith("link_open")}
    assert links <= {one for one in shape(plain) if one.startswith("link_open")} | _of_articles()


def _of_articles() -> set[str]:
    return {f"link_open {one.article.url}" for one in harmless_report().articles}


# --- what is carried to a machine -----------------------------------------------------------------------


@each
def test_a_patch_writes_what_was_proved_and_no_more(threat: Threat | None) -> None:
    report = report_of(threat)
    delivered = documents("reg", threat)
    assert len(delivered) == 2 * len(report.remedy.patches)
    proved = {(str(c.key), c.name) for patch in report.remedy.patches for c in patch.changes}
    for content in delivered.values():
        written = set()
        for entry in parse_reg(content).entries:
            match entry:
                case ValueEntry(key=key, value=value):
                    written.add((str(key), value.name))
                case KeyEntry():
                    pass
                case _:
                    written.add((str(entry.key), getattr(entry, "name", "")))
        assert written == proved & written
        assert written
        text = content.decode("utf-16" if content[:2] == b"\xff\xfe" else "cp1252")
        assert not [line for line in text.splitlines() if "Injected" in line or "owned" in line]


COMMAND = re.compile(r"[A-Za-z0-9 ._$~()+,@#\\/:{}*?\"=-]+")
VARIABLE = re.compile(r"%(?:SystemRoot|windir|SystemDrive)%", re.IGNORECASE)


@each
def test_no_command_is_what_evidence_wrote(threat: Threat | None) -> None:
    commands = [line for step in report_of(threat).remedy.plan for line in (step.command or "").splitlines()]
    assert commands
    files = [*documents("reg", threat), *documents("steps", threat)]
    for line in commands:
        assert COMMAND.fullmatch(VARIABLE.sub("", line)), line
        assert line.count('"') % 2 == 0
        own = functools.reduce(lambda text, name: text.replace(name, ""), files, line)
        unquoted = "".join(own.split('"')[::2])  # what is quoted is one word
        assert not {"owned", "calc"} & set(re.findall(r"\w+", unquoted)), line


DEVICES = re.compile(r"(?:CON|PRN|AUX|NUL|CLOCK\$|CONIN\$|CONOUT\$|COM\d|LPT\d)(?:\.|$)", re.IGNORECASE)


@each
def test_every_file_of_a_kit_stays_in_it(threat: Threat | None) -> None:
    assert_names_stay([document.name for document in documents_of(report_of(threat))])


def assert_names_stay(names: list[str]) -> None:
    assert len({name.upper() for name in names}) == len(names)
    for name in names:
        assert re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9._-]*", name)
        assert PureWindowsPath(name).name == PurePosixPath(name).name == name
        assert not DEVICES.match(name)
        assert not name.endswith(".")
