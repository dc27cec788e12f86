"""What is measured: each job races its contenders and gives a chapter."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from benchmarks._chapters import Bar, Chapter, Growth, Table, faster
from benchmarks._race import OURS, ROOT, Contender, LeftOut, Result, race
from benchmarks._readers import READERS
from benchmarks._replays import REPLAYS
from benchmarks._samples import CLUSDB_PATHS
from benchmarks._texts import LISTING, REG

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping
    from pathlib import Path

    from benchmarks._race import Effort, Outcome, Outcomes
    from benchmarks._samples import Samples

HIVEX, PYTHON_REGISTRY = "hivex", "python-registry"
_FLOORS = ("one regular expression a line", "one regular expression a line, into a dictionary", "wc -l")
_RECOVERED_KEYS = {"SYSTEM_B": 35_595, "UsrClass.dat": 6_238}
"""After replay, as yarp gives them, which reads logs by the public specification."""
_TARGETED = {
    "SYSTEM": {PYTHON_REGISTRY: 40.0, HIVEX: 8.0},
    "SOFTWARE": {PYTHON_REGISTRY: 400.0, HIVEX: 40.0},
}
_MEMORY = 30.0
_WALK = {PYTHON_REGISTRY: 5.0, HIVEX: 1 / 2.2}


@dataclass(frozen=True, slots=True)
class Bench:
    """What the jobs share."""

    samples: Samples
    effort: Effort
    hivex_python: str
    peers: Collection[str] | None = None
    """Names of the peers to measure; None: all."""

    @property
    def once(self) -> Effort:
        """For series of many sizes."""
        return replace(self.effort, turns=1, runs=min(self.effort.runs, 3))

    def contenders(self, names: Iterable[str], module: str) -> list[Contender]:
        return [
            Contender(name, module, self.hivex_python if name == HIVEX else sys.executable)
            for name in names
            if self.peers is None or name == OURS or name in self.peers
        ]

    def hives(self) -> dict[str, tuple[Path, list[str]]]:
        """Name, file and look-ups of each hive; the real one takes some readers minutes."""
        samples = self.samples
        found = {"CLUSDB": (samples.clusdb(), CLUSDB_PATHS)}
        if not samples.small and (system := samples.system()):
            found["SYSTEM"] = (system, samples.system_paths(system))
        found["SOFTWARE"] = (samples.software(), samples.software_paths())
        return found


def _size(path: Path) -> str:
    return f"{path.stat().st_size / 1e6:.2g} MB"


def look_up(bench: Bench) -> Chapter:
    """Open, twelve keys by path, all their values, close."""
    tables, bars = [], []
    for name, (path, paths) in bench.hives().items():
        readers = bench.contenders(READERS, "_readers")
        outcomes = race("look-up", readers, {"file": str(path), "paths": paths}, bench.effort)
        tables.append(Table(f"{name}, {_size(path)}", outcomes))
        bars += faster(f"look-ups in {name}", outcomes, _TARGETED.get(name, {}))
        ours = outcomes[OURS]
        if name == "SOFTWARE" and isinstance(ours, Result):
            bars.append(
                Bar("peak memory of look-ups in SOFTWARE", ours.peak, _MEMORY, at_least=False, unit="MiB")
            )
    return Chapter(
        "Open a hive and look up twelve keys",
        "Open the hive, find twelve keys by their paths, read all their values, close it. One key of SYSTEM lies in"
        " its longest list; eleven of SOFTWARE's lie among 60,000, the twelfth is not there. hivex looks"
        " through the whole hive when it opens it. The floor is a reader of a hundred lines that checks nothing"
        " (`benchmarks/_floor.py`): what pure Python can reach on this machine, and what no sound reader can.",
        tables,
        bars=bars,
    )


def walk(bench: Bench) -> Chapter:
    """Every key and value, decoded."""
    tables, bars = [], []
    for name, (path, _) in bench.hives().items():
        outcomes = race("walk", bench.contenders(READERS, "_readers"), {"file": str(path)}, bench.effort)
        tables.append(Table(f"{name}, {_size(path)}", outcomes))
        bars += faster(f"walk of {name}", outcomes, _WALK if name in _TARGETED else {})
    return Chapter(
        "Walk through a whole hive",
        "Open, go through every key and value, decode each value as its type says. Counts are keys and values."
        " A diagnosis walks through no large hive: articles ask for single values.",
        tables,
        bars=bars,
    )


def replay(bench: Bench) -> Chapter:
    """Transaction logs laid over a hive."""
    title = "Replay transaction logs"
    dirty = bench.samples.dirty_hive()
    if dirty is None:
        return Chapter(title, "Left out: the corpus is not here.")
    name, keys = dirty[0].name, _RECOVERED_KEYS[dirty[0].name]
    hive, *logs = map(str, dirty)
    task = {"file": hive, "logs": logs}
    contenders = bench.contenders(REPLAYS, "_replays")
    outcomes = race("replay", contenders, task, bench.effort)
    checked = race("replayed", contenders, task, bench.once)
    told = {
        name: replace(outcome, answer=_correctness(done, keys))
        for (name, outcome), done in zip(outcomes.items(), checked.values(), strict=True)
        if isinstance(outcome, Result)
    }
    return Chapter(
        title,
        f"A hive of a Windows 10 with LOG1 and LOG2, opened and made whole. Right is a result with the {keys:,} keys"
        " that yarp recovers; the digest is of all paths, values and data. hivex, libregf, dissect.regf and impacket"
        " replay no logs. This project checks each entry's hash (Marvin32) before it is laid over, as the"
        " specification asks; neither peer does.",
        [Table(f"{name}, {_size(dirty[0])}, two logs", {**outcomes, **told}, answers=False)],
    )


def _correctness(outcome: Outcome, expected: int) -> str:
    if not isinstance(outcome, Result):
        return f"not checked: {outcome}"
    keys, digest = outcome.answer
    return f"{'right' if keys == expected else 'wrong'}: {keys:,} keys, content {digest[:8]}"


def read_export(bench: Bench) -> Chapter:
    """``.reg`` text."""
    path = bench.samples.export()
    contenders = bench.contenders(REG, "_texts")
    contenders += [Contender(_FLOORS[0], "_texts")] if bench.peers is not None else []
    return Chapter(
        "Read a .reg export",
        "A version 5.00 export in UTF-16. Few can read one at all: RegFlex of dissect.target leaves out unnamed values"
        " and keeps backslashes doubled; configparser, of the standard library, is no reader of .reg and only"
        " divides the text into sections and options; hivexregedit (Perl) merges it into an empty hive. python-registry,"
        " regipy, libregf and impacket read none of this form. One regular expression a line is the floor for"
        " anything in pure Python, and decodes nothing. Answers count what the reader counts.",
        [
            Table(
                f"{path.name}, {_size(path)}",
                race("reg", contenders, {"file": str(path)}, bench.effort),
                answers=False,
            )
        ],
    )


def read_listing(bench: Bench) -> Chapter:
    """A listing of a million files."""
    files = 1_000_000 // (100 if bench.samples.small else 1)
    path = bench.samples.listing(files)
    contenders = [Contender(name, "_texts") for name in LISTING]
    return Chapter(
        "Read a listing",
        f"What `dir /s` of Windows NT 4.0 prints of {files:,} files. No peer reads such listings: the comparison is"
        " with one regular expression a line, with the same kept in a dictionary by path, and with counting lines.",
        [
            Table(
                f"{files:,} files, {_size(path)}",
                race("listing", contenders, {"file": str(path)}, bench.effort),
                answers=False,
            )
        ],
    )


# --- whole processes ---------------------------------------------------------------------------------


_ALONE = """
import json, sys
from Registry import Registry
from regipy.registry import RegistryHive
for path, keys in json.load(sys.stdin).items():
    ours, theirs = Registry.Registry(path), RegistryHive(path)
    for key in keys:
        try:
            [value.raw_data() for value in ours.open(key).values()]
            list(theirs.get_key("\\\\" + key).iter_values())
        except Exception:
            pass
"""
"""The second readers by themselves, with the look-ups that the report cites."""

_BARE, _HASHING, _IMPORTING = "bare interpreter", "sha256sum over the files", "import iiscluster_kb"


def examine(bench: Bench) -> Chapter:
    """The whole program, against what nobody can do without."""
    tables, bars = [], []
    for name, starts in (("nt4", 4),) if bench.samples.small else (("large", 1), ("nt4", 4)):
        case = bench.samples.case(name)
        files = [path for path in sorted(case.rglob("*")) if path.is_file()]
        # The second readers take many seconds for a large case: one turn.
        effort = replace(bench.effort, turns=1, limit=90.0) if name == "large" else bench.effort
        outcomes = _examined(effort, case, files)
        size = sum(path.stat().st_size for path in files) / 1e6
        tables.append(Table(f"{name}, {size:.0f} MB", outcomes, answers=False, reference=_BARE))
        bars += _bars_of_examine(name, outcomes, starts)
    imported = race(
        "command",
        [Contender(name, "_commands") for name in (_BARE, _IMPORTING)],
        {"commands": {_BARE: _python("-c", "pass"), _IMPORTING: _python("-c", "import iiscluster_kb")}},
        bench.effort,
    )
    above = (_seconds(imported, _IMPORTING) - _seconds(imported, _BARE)) * 1e3
    bars.append(Bar("import above a bare interpreter", above, 40.0, at_least=False, unit="ms"))
    tables.append(Table("Import", imported, answers=False, reference=_BARE))
    return Chapter(
        "Examine a whole case",
        "Whole processes on a case of two nodes, each with SOFTWARE, SYSTEM, CLUSDB and a listing; the large case in one turn."
        " The second readers alone import themselves and make the look-ups that the report cites, in one process.",
        tables,
        bars=bars,
    )


def _examined(effort: Effort, case: Path, files: list[Path]) -> dict[str, Any]:
    commands: dict[str, tuple[list[str], str | None]] = {
        _BARE: _python("-c", "pass"),
        _HASHING: (["sha256sum", *map(str, files)], None),
    }
    for asked, chosen in (("Q224553", ["--article", "Q224553"]), ("all articles", [])):
        program = ["-m", "iiscluster_kb", "examine", str(case), *chosen]
        commands[f"second readers alone, {asked}"] = _python("-c", _ALONE, given=_cited(case, program))
        commands[f"examine without second opinions, {asked}"] = _python(*program, "--no-second-opinion")
        commands[f"examine, {asked}"] = _python(*program)
    contenders = [Contender(name, "_commands") for name in commands]
    return dict(race("command", contenders, {"commands": commands}, effort))


def _python(*arguments: str, given: str | None = None) -> tuple[list[str], str | None]:
    return [sys.executable, *arguments], given


def _cited(case: Path, program: list[str]) -> str:
    """By hive, the paths of the keys that second readers were asked for."""
    done = subprocess.run(
        [sys.executable, *program, "--format", "json"], capture_output=True, text=True, check=False, cwd=ROOT
    )
    cited: dict[str, dict[str, None]] = {}
    for finding in json.loads(done.stdout)["findings"]:
        for fact in finding["facts"]:
            opinions = fact.get("second_opinion") or {}
            if (source := fact["source"]) and source.get("key") and set(opinions.values()) - {"not-asked"}:
                # An absence cites the deepest key that is there; asked was for what is not.
                asked = fact["subject"].partition(" : ")[0] if fact["state"] == "absent" else source["key"]
                cited.setdefault(str(case / source["path"]), {})[_below(asked.partition("\\")[2])] = None
    return json.dumps({path: list(keys) for path, keys in cited.items()})


def _below(key: str) -> str:
    """A path inside the hive that holds the key, from a path in the registry."""
    return (
        key.partition("\\")[2] if key.partition("\\")[0].lower() in {"software", "system", "cluster"} else key
    )


def _seconds(outcomes: Outcomes, name: str) -> float:
    """What it took, or at least took where it was stopped."""
    outcome = outcomes[name]
    if isinstance(outcome, LeftOut):
        raise TypeError(f"{name}: {outcome.reason}")
    return outcome.seconds


def _bars_of_examine(name: str, outcomes: Mapping[str, Any], starts: int) -> list[Bar]:
    bars = []
    bare = _seconds(outcomes, _BARE)
    for asked in ("Q224553", "all articles"):
        peers = _seconds(outcomes, f"second readers alone, {asked}")
        whole = _seconds(outcomes, f"examine, {asked}")
        alone = _seconds(outcomes, f"examine without second opinions, {asked}")
        if name == "large":
            limit = 1.5 * (_seconds(outcomes, _HASHING) + bare)
            what = f"examine {name}, {asked}, without second opinions: times 1.5 x (sha256sum + bare interpreter)"
            bars.append(Bar(what, alone / limit, 1.0, at_least=False))
        # The second readers' own process starts an interpreter too.
        added = f", with {starts} interpreter starts" if starts > 1 else ""
        what = f"examine {name}, {asked}: times the second readers alone{added}"
        bars.append(Bar(what, whole / (peers + (starts - 1) * bare), 1.0, at_least=False))
    return bars


# --- growth -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Series:
    """A race at several sizes."""

    title: str
    unit: str
    """What a size counts."""
    job: str
    contenders: list[Contender]
    counts: tuple[int, ...]
    task: Callable[[int], dict[str, Any]]


def grow(bench: Bench) -> Chapter:
    """By number of keys and of files."""
    small = bench.samples.small
    key_counts = (1_000, 2_000) if small else (1_000, 10_000, 100_000, 1_000_000)
    file_counts = (100, 1_000) if small else (100, 1_000, 10_000, 100_000, 1_000_000)
    archive_counts = (10,) if small else (100, 1_000, 10_000)
    peers = bench.contenders((OURS, HIVEX, PYTHON_REGISTRY, "dissect.regf"), "_readers")

    def hive_task(count: int) -> dict[str, Any]:
        return {"file": str(bench.samples.keys(count)), "paths": bench.samples.key_paths(count)}

    def listing_task(count: int) -> dict[str, Any]:
        return {"file": str(bench.samples.listing(count))}

    def examination_of(case: Callable[[int], Path]) -> Callable[[int], dict[str, Any]]:
        program = ["-m", "iiscluster_kb", "examine", "--no-second-opinion"]
        return lambda count: {"commands": {OURS: _python(*program, str(case(count)))}}

    program = [Contender(OURS, "_commands")]
    readers = [Contender(name, "_texts") for name in (OURS, _FLOORS[1])]
    listed, archived = examination_of(bench.samples.listed_case), examination_of(bench.samples.archive)
    series = [
        Series("Open a hive and look up twelve keys", "keys", "look-up", peers, key_counts, hive_task),
        Series("Walk through a whole hive", "keys", "walk", peers, key_counts, hive_task),
        Series("Read a listing", "files", "listing", readers, file_counts, listing_task),
        Series("Examine a node with a listing", "files", "command", program, file_counts, listed),
        Series("Examine a zip of small files", "files", "command", program, archive_counts, archived),
    ]
    return Chapter(
        "Growth",
        "The same by size, one turn each. Hives have at most a thousand keys in a list, each with a value; a zip holds notes"
        " that are no evidence, beside a cluster hive and a listing.",
        growths=[_grown(bench, one) for one in series],
    )


def _grown(bench: Bench, series: Series) -> Growth:
    lines: dict[str, list[tuple[int, Result]]] = {}
    running = series.contenders
    for count in series.counts:
        outcomes = race(series.job, running, series.task(count), bench.once)
        for name, outcome in outcomes.items():
            if isinstance(outcome, Result):
                lines.setdefault(name, []).append((count, outcome))
        # Who was stopped at one size is not asked for a larger one.
        running = [one for one in running if isinstance(outcomes[one.name], Result)]
    return Growth(series.title, series.unit, lines)


JOBS: dict[str, Callable[[Bench], Chapter]] = {
    "look-up": look_up,
    "walk": walk,
    "logs": replay,
    "reg": read_export,
    "listing": read_listing,
    "examine": examine,
    "growth": grow,
}
