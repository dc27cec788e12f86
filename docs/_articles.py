"""Writes ``docs/articles.md`` from the rules and their scenarios: ``python docs/_articles.py > docs/articles.md``."""  # noqa: INP001 - no package

from __future__ import annotations

import re
import sys
import tomllib
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

from iiscluster_kb.articles import choose, rules
from iiscluster_kb.case import open_case
from iiscluster_kb.cluster import group_machines
from iiscluster_kb.evidence import identify
from iiscluster_kb.model import FOUND, Phase, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

    from iiscluster_kb.articles import Rule
    from iiscluster_kb.model import Cause, Finding

_FIXTURES = Path(__file__).resolve().parents[1] / "fixtures"
_STRENGTH = (Verdict.CONFIRMED, Verdict.LIKELY)
_REMEDIES = ("patch", "steps", "advice")
_SECTION = re.compile(r"^(?P<name>[A-Z][a-z ]+):\n(?P<text>(?:(?: {4}.*)?\n)*)", re.MULTILINE)

_BEFORE = """\
# Articles

What the program knows, by article. This page is written by `python docs/_articles.py > docs/articles.md` from the
rules and from what they find in their scenarios (`fixtures/scenarios`, `fixtures/articles`); a test holds it against them.

- *Evidence*: what is read; every answer carries its source. `iiscluster-kb explain <article>` prints the whole rule.
- *Causes*: each with the strongest verdict that it can get. A date, a build or a form that no article documents makes
  a cause likely at most.
- *Remedy*: a *patch* is a value that a `.reg` file can carry and undo; *steps* are done by hand, in the plan's order;
  *advice* is a note that the plan begins with.
- *Confidence*: how far collected evidence alone decides: high, medium (with an assumption), low (a hint).
- *Standing*: a *leading* article's open questions count too; a *secondary* one counts by what it finds; an
  *informing* one shows a state worth knowing and never turns the exit status, unless it is named with `--article`.

"""
_HEAD = """\
| Article | Evidence | Causes | Remedy | Confidence | Standing |
| --- | --- | --- | --- | --- | --- |
"""
_AFTER = """
## How articles speak to each other

The same symptom has several causes, and the remedy of one article brings the fault of another. An article declares
what it does to others in its own file, as `relations` of its rule:

- `Requires`: a conclusion by elimination holds only where other causes are ruled out (Q224553 waits for Q174641).
- `Supersedes`: where a cause is found, its steps take the place of others' (Q223259 and Q241573 run set-up, so no
  single file is extracted).
- `Warns`: steps that may bring this article's fault get its warning (Q218922, Q247763 and Q263216 beside steps that
  take an old file from the CD; Q252641 beside steps that run set-up).

## Adding an article

One file in the package, and its scenarios:

1. `iiscluster_kb/articles/q<id>.py`: a docstring with the sections Symptom, Causes told apart, What is read, What it
   cannot tell, Remedy, References (`explain` prints it, and this page takes its evidence from it); an `ARTICLE`, a
   `Cause` for each cause; `diagnose(cluster)`, which yields one `Finding` for each cause and machine, whatever the
   verdict; and `RULE`, by which the file is found. `confidence` says of each cause how far evidence decides it.
2. `fixtures/planted/q<id>.py`: for each cause a state in which it is found, one in which it is ruled out and one in
   which the evidence does not tell, with the verdicts written by hand. `python -m fixtures.build --only Q<id>` makes
   the cases.
3. This page, written anew.

What the conditions are that most articles begin with (a node? which Windows? the resource type?) stands in
`_preconditions.py`; `_judging.py` asks each cause about each machine, `_object_check.py` about the cluster's groups and
resources. An article of another distribution needs no place in this project: [An article of your own](scripting/article.md).
"""


def main() -> None:
    """Print the page."""
    strongest, remedies = _observed()
    rows = (
        f"| {' | '.join(_cells(rule, strongest, remedies[rule.article.id]))} |\n"
        for rule in _of_this_project()
    )
    page = "".join((_BEFORE, _HEAD, *rows, _AFTER))
    sys.stdout.buffer.write(page.encode())


def _of_this_project() -> Iterator[Rule]:
    """Without those of distributions that happen to be installed beside it."""
    return (rule for rule in rules() if rule.diagnose.__module__.startswith("iiscluster_kb."))


def _cells(rule: Rule, strongest: dict[str, Verdict], remedies: set[str]) -> Iterator[str]:
    yield f"[{rule.article.id}]({rule.article.url}) {rule.article.title}"
    yield _evidence(rule.text)
    yield "; ".join(f"`{_short(cause)}` {strongest.get(cause.id, 'nowhere found')}" for cause in rule.causes)
    yield ", ".join(kind for kind in _REMEDIES if kind in remedies) or "none"
    confidence = {rule.confidence[cause] for cause in rule.causes if cause in rule.confidence}
    if len(confidence) == 1:
        yield str(*confidence)
    else:
        told = defaultdict(list)
        for cause in rule.causes:
            told[rule.confidence[cause]].append(f"`{_short(cause)}`")
        yield "; ".join(f"{level}: {', '.join(names)}" for level, names in told.items())
    yield str(rule.standing)


def _short(cause: Cause) -> str:
    return cause.id.partition("/")[2]


def _evidence(text: str) -> str:
    sections = {found["name"]: " ".join(found["text"].split()) for found in _SECTION.finditer(f"{text}\n")}
    return re.sub(r"([\\|<>*_])", r"\\\1", sections["What is read"])


def _observed() -> tuple[dict[str, Verdict], defaultdict[str, set[str]]]:
    """Of each cause the strongest verdict in any scenario; of each article what its findings bring."""
    strongest: dict[str, Verdict] = {}
    remedies: defaultdict[str, set[str]] = defaultdict(set)
    for scenario in sorted(_FIXTURES.glob("*/*/scenario.toml")):
        for finding in _findings(scenario.parent):
            if finding.verdict in FOUND:
                known = strongest.get(finding.cause.id, Verdict.LIKELY)
                strongest[finding.cause.id] = min(known, finding.verdict, key=_STRENGTH.index)
                remedies[finding.cause.article] |= set(_kinds(finding))
    return strongest, remedies


def _findings(folder: Path) -> Iterator[Finding]:
    told = tomllib.loads((folder / "scenario.toml").read_text("utf-8"))
    stated = told.get("stated", {}).get
    with open_case(
        folder / "case", symptom=stated("symptom"), administered_from=stated("administered_from")
    ) as case:
        cluster = group_machines(identify(case)[0], case.stated, case.name)
        for rule in choose(told.get("articles", ["Q224553"]) or None):
            yield from rule.diagnose(cluster)


def _kinds(finding: Finding) -> Iterator[str]:
    if finding.changes:
        yield "patch"
    for step in finding.steps:
        yield "advice" if step.phase is Phase.NOTE else "steps"


if __name__ == "__main__":
    main()
