from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft202012Validator
from markdown_it import MarkdownIt
from rich.cells import cell_len

from fixtures._case import CLSID, OTHER, healthy
from iiscluster_kb.comparison import compare, render_comparison, verification_schema
from iiscluster_kb.registry import RegistryValue, ValueType, multi_sz
from iiscluster_kb.render import View
from iiscluster_kb.render._escape import printable
from tests.comparison.collecting import LATER, Times, filetime, held
from tests.support.reports import infested

if TYPE_CHECKING:
    from collections.abc import Callable

    from fixtures._case import CollectedCase
    from iiscluster_kb.comparison import Comparison
    from iiscluster_kb.model import Finding

GOLDEN = Path(__file__).with_name("golden")
HOSTILE = [
    "\x1b[31m",
    "<script>",
    "[bold]x[/bold]",
    "\nCured",
    "\u202eevil",
    "\x9b2J",
    "|x|",
    "`x`",
    "\ud800",
]
VALIDATOR = Draft202012Validator(json.loads(verification_schema()))


def case(change: Callable[[CollectedCase], object] = lambda _case: None) -> CollectedCase:
    made = healthy()
    change(made)
    return made


def broken(made: CollectedCase) -> None:
    for node in made.nodes:
        node.type_key["AdminExtensions"] = [OTHER]


def half_mended(made: CollectedCase) -> None:
    first, second = made.nodes
    first.type_key["AdminExtensions"] = RegistryValue("", ValueType.REG_MULTI_SZ, multi_sz(OTHER, CLSID))
    first.type_key["Description"] = "by hand"
    first.type_key["DllName"] = "x" * 5000
    second.cluster = None
    del second.classes[CLSID]
    assert first.system is not None
    first.system["ControlSet001"]["Control"]["Windows"] = {"ShutdownTime": filetime(LATER)}


def eventful() -> Comparison:
    """A comparison with most of what there may be in it, in words that no article changes."""
    made = compare(held(case(broken)), held(case(half_mended), Times(LATER)))
    shown = tuple(one for one in made.agreements if one.subject.endswith(("AdminExtensions", "(default)")))
    findings = tuple(replace(one, before=plain(one.before), after=plain(one.after)) for one in made.findings)
    return replace(made, findings=findings, agreements=shown)


def plain(finding: Finding | None) -> Finding | None:
    if finding is None:
        return None
    collect = ("SOFTWARE of the machine",) if finding.collect else ()
    return replace(finding, explanation=f"It is {finding.verdict}.", collect=collect)


def quiet() -> Comparison:
    return compare(held(case()), held(case()))


def told(comparison: Comparison, output: str, view: View | None = None) -> str:
    return render_comparison(comparison, output, view).content.decode()


def data(comparison: Comparison) -> Any:
    document = json.loads(told(comparison, "json"))
    VALIDATOR.validate(document)
    return document


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(json.loads(verification_schema()))


@pytest.mark.parametrize("output", ["text", "markdown"])
def test_the_whole_reads_as_it_should(output: str) -> None:
    kept = GOLDEN / f"verification.{'txt' if output == 'text' else 'md'}"
    assert told(eventful(), output) == kept.read_text("utf-8")


def test_names_and_unknown_outputs() -> None:
    names = [render_comparison(quiet(), output).name for output in ("text", "json", "markdown")]
    assert names == ["verification.txt", "verification.json", "verification.md"]
    with pytest.raises(ValueError, match="no output 'pdf'; there are json, markdown, text"):
        render_comparison(quiet(), "pdf")


def test_json_of_everything() -> None:
    document = data(eventful())
    assert document["exit_status"] == 1
    assert document["counts"]["cured"] == 1
    (first, second) = document["patches"]
    assert (first["extent"], second["extent"]) == ("with-other-changes", "cannot-be-told")
    assert first["values"][0]["after"]["value"]["data"] == multi_sz(OTHER, CLSID).hex()
    long = next(change for change in first["other_changes"] if change["name"] == "DllName")
    assert long["after"]["value"]["clipped"] == 10002
    assert re.fullmatch("[0-9a-f]{64}", long["after"]["source"]["sha256"])


def test_json_of_little() -> None:
    document = data(replace(quiet(), patches=(), agreements=(), restarts=(), findings=()))
    assert (document["exit_status"], document["findings"]) == (0, [])


def test_every_finding_may_lack_a_side() -> None:
    comparison = eventful()
    lacking = [replace(one, before=None) for one in comparison.findings]
    assert data(replace(comparison, findings=tuple(lacking)))["findings"][0]["before"] is None
    assert "no finding: nothing of this machine" in told(
        replace(comparison, findings=(replace(comparison.findings[2], after=None),)), "text"
    ).replace("\n      ", " ")


def test_headlines_of_what_is_not_cured() -> None:
    first = "Not cured: 1 COME TO LIGHT, 1 NO LONGER DECIDABLE, 3 UNDECIDED, 1 cured.\n"
    assert told(eventful(), "text").startswith(first)
    assert told(quiet(), "text").startswith("No fault is left, but not all can be told: 4 UNDECIDED.\n")


def test_headlines() -> None:
    comparison = eventful()
    cured = tuple(one for one in comparison.findings if one.fate == "cured")
    assert told(replace(comparison, findings=cured), "text").startswith("Everything is cured: 1 cured.\n")
    nothing = replace(comparison, findings=(), patches=(), restarts=(), agreements=(), kit="webkit")
    text = told(nothing, "text")
    assert text.startswith("There was no fault, and there is none.\n")
    for words in ("There is no patch to look for.", "(fix kit webkit)", "no two nodes", "No node is known."):
        assert words in text
        assert words.strip("()") in told(nothing, "markdown")


@pytest.mark.parametrize("width", [40, 80])
@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_drives_no_terminal_and_keeps_the_width(text: str, width: int) -> None:
    shown = told(infested(eventful(), text), "text", View(width))
    assert all(cell_len(line) <= width for line in shown.splitlines())
    assert printable(shown.replace("\n", "")) == shown.replace("\n", "")


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_makes_no_markup(text: str) -> None:
    shown = told(infested(eventful(), text), "markdown")
    kinds = {token.type for token in MarkdownIt("commonmark").enable("table").parse(shown)}
    inline = {
        child.type
        for token in MarkdownIt("commonmark").enable("table").parse(shown)
        for child in token.children or ()
    }
    assert not {"html_block", "fence", "code_block"} & kinds
    assert not {"html_inline", "link_open", "image", "em_open"} & inline


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_in_json(text: str) -> None:
    document = data(infested(eventful(), text))
    assert render_comparison(eventful(), "json").content.isascii()
    assert document["before"]["case"].startswith("case")
