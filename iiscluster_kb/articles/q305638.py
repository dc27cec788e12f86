r"""A Windows NT 4.0 Cluster Disk May Generate Error 3 (Q305638, Q307465, Q248663, Q282965, Q241631).

Symptom:
    On nodes with Service Pack 6 or 6a groups fail over badly: the cluster log
    tells of error 3 or error 21 of a disk (Q305638, Q307465), a node that
    starts takes the quorum disk from the one that runs (Q248663), delayed
    writes are lost, event 26 (Q282965), a busy node does not shut down
    (Q241631).

Causes told apart:
    older-than-fixes
        Clusdisk.sys, Clusres.dll, Resutils.dll, Resrcmon.exe or Clusnet.sys is
        older than the fix for it that came after Service Pack 6a.

What is read:
    SOFTWARE (CSDVersion); a listing of the cluster directory, system32 and
    system32\drivers: the versions or dates of these five files.

What it cannot tell:
    Whether the node suffers from what the fixes mend: each is meant for
    machines that do, so this is a state worth knowing and no fault by itself.
    An old Clusdisk.sys may be wanted: Q316743 goes back to that of Service
    Pack 5. Service Pack 6a's own files are in no article. Hotfix keys are not
    asked: they tell that a fix was set up once, not which files lie there now.
    Of the list in Q305638, Q247763 and Q263216 are articles of their own, and
    those that change other files are not looked at.

Remedy:
    Where a symptom is seen, the fixes that are named, on both nodes.

References:
    Q305638 (lists the fixes after Service Pack 6a); Q307465 (the same files);
    Q248663; Q282965; Q241631; Q316743 (what Q305638 may bring); Q235373 (files
    of Service Pack 5).
"""

from __future__ import annotations

from datetime import date
from functools import partial
from typing import TYPE_CHECKING

from iiscluster_kb.articles import Confidence, Rule, Standing, _collect
from iiscluster_kb.articles._builds import builds_of, older_than
from iiscluster_kb.articles._judging import on_each_machine
from iiscluster_kb.articles._option_pack import service_pack_number
from iiscluster_kb.articles._preconditions import Hindrance, is_node, is_nt4
from iiscluster_kb.cluster import join
from iiscluster_kb.model import (
    Article,
    Cause,
    Deviation,
    Finding,
    Phase,
    Present,
    Step,
    Unknown,
    Verdict,
)
from iiscluster_kb.registry import HKLM

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from iiscluster_kb.articles._builds import Build
    from iiscluster_kb.cluster import Cluster, Machine
    from iiscluster_kb.model import Fact, FileEntry

ARTICLE = Article(
    "Q305638",
    "A Windows NT 4.0 Cluster Disk May Generate Error 3",
    "https://jeffpar.github.io/kbarchive/kb/305/Q305638/",
)
OLDER = Cause(
    "Q305638/older-than-fixes", "Files of the cluster are older than the fixes after Service Pack 6a"
)
CAUSES = (OLDER,)

FIXES = frozenset({"Q305638", "Q248663", "Q282965", "Q241631"})
"""Whose builds count; Q307465 prints those of Q305638."""
DRIVERS = ("Clusdisk.sys", "Clusnet.sys")
PROGRAMS = ("Clusres.dll", "Resutils.dll", "Resrcmon.exe")

_REQUIRED_PACK = 6
_WINDOWS_NT = HKLM / r"SOFTWARE\Microsoft\Windows NT\CurrentVersion"
_SYSTEM32 = r"%SystemRoot%\system32"
_DRIVERS = r"%SystemRoot%\system32\drivers"


def diagnose(cluster: Cluster) -> Iterator[Finding]:
    """Judge each node with Service Pack 6 or 6a."""
    yield from on_each_machine(
        cluster,
        {OLDER: _judge},
        is_node,
        is_nt4,
        _has_service_pack_6,
        directories=(r"%SystemRoot%\Cluster", _DRIVERS),
    )


def _has_service_pack_6(_cluster: Cluster, machine: Machine) -> Hindrance | None:
    level = machine.value(_WINDOWS_NT, "CSDVersion")
    pack = service_pack_number(machine)
    if pack is None:
        reason = f"which service pack {machine.name} has is not known"
        return Hindrance(Verdict.UNDETERMINED, reason, (level,), (_collect.software(machine),))
    if pack < _REQUIRED_PACK:
        has = f"Service Pack {pack}" if pack else "no service pack"
        reason = f"{machine.name} has {has}, and the fixes need Service Pack 6a, on whose files they depend"
        return Hindrance(Verdict.NOT_APPLICABLE, reason, (level,))
    return None


def _judge(machine: Machine) -> Finding:
    files = _files(machine)
    there = tuple(fact for fact in files if isinstance(fact, Present))
    lacking = [(fact, fixes) for fact in there if (fixes := lacks(fact.value))]
    undated = [fact for fact in there if lacks(fact.value) is None]
    open_: tuple[Fact[FileEntry], ...] = (*undated, *(fact for fact in files if isinstance(fact, Unknown)))
    judged = partial(Finding, OLDER, machine.name)
    if lacking:
        named = "; ".join(f"{_in_words(fact.value)} than {' and '.join(fixes)}" for fact, fixes in lacking)
        explanation = f"{machine.name} has Service Pack {machine.service_pack}, and older are: {named}."
        steps = (_apply(machine, (fix for _, fixes in lacking for fix in fixes)),)
        return judged(Verdict.LIKELY, "older", explanation, tuple(fact for fact, _ in lacking), steps=steps)
    if open_:
        explanation = "No evidence dates all of the files that were fixed after Service Pack 6a."
        directories = (machine.cluster_directory, _DRIVERS)
        collect = tuple(_collect.listing(machine, machine.expand(one)[0]) for one in directories)
        return judged(Verdict.UNDETERMINED, "", explanation, open_, collect=collect)
    if not there:
        explanation = "None of the files that were fixed after Service Pack 6a is there."
        return judged(Verdict.NOT_APPLICABLE, "", explanation, files)
    explanation = (
        "Of the files that were fixed after Service Pack 6a, none that is there is older than its fix."
    )
    return judged(Verdict.RULED_OUT, "ok", explanation, there)


def _files(machine: Machine) -> tuple[Fact[FileEntry], ...]:
    """Each file where it is, in the cluster directory before system32."""
    found = [machine.file(join(_DRIVERS, name)) for name in DRIVERS]
    for name in PROGRAMS:
        fact = machine.file(join(machine.cluster_directory, name))
        beside = machine.file(join(_SYSTEM32, name))
        found.append(beside if isinstance(beside, Present) and not isinstance(fact, Present) else fact)
    return tuple(found)


def lacks(entry: FileEntry) -> tuple[str, ...] | None:
    """The articles whose fixes the file is older than, the latest first; None: neither version nor date tells."""
    fixes = [build for build in builds_of(entry.path.rpartition("\\")[2]) if FIXES & set(build.sources)]
    fixes.sort(key=lambda build: build.earliest or date.min, reverse=True)
    # Each article asks for its own build or a later one: whoever has the latest has all.
    if not fixes or _is_older(entry, fixes[0]) is False:
        return ()
    older = dict.fromkeys(build.sources[0] for build in fixes if _is_older(entry, build))
    return tuple(older) or None


def _is_older(entry: FileEntry, fix: Build) -> bool | None:
    older, _ = older_than(entry, fix.version, fix.earliest)
    # Dated, and not told apart: within a day of the fix's own, by which time zones differ.
    return False if older is None and entry.modified is not None else older


def _in_words(entry: FileEntry) -> str:
    version = f"version {entry.version}" if entry.version else ""
    dated = f"{entry.modified:%Y-%m-%d}" if entry.modified else ""
    return f"{entry.path} ({', '.join(filter(None, (version, dated)))})"


def _apply(machine: Machine, fixes: Iterable[str]) -> Step:
    named = ", ".join(dict.fromkeys(fixes))
    return Step(
        machine.name,
        Phase.NOTE,
        f"Where what they mend is seen, put the fixes of {named} on {machine.name}",
        reason="Each is meant for machines that show its symptom, and Q305638 and Q241631 need Service Pack 6a, not 6. "
        "Both nodes need them, one after the other, each while the other holds the groups.",
        otherwise=(
            Deviation(
                "After Q305638 the cluster log tells of error 21 on a NetRAID 2M controller.",
                "Q316743 has a Clusdisk.sys of 18 January 2002 for it, or goes back to that of Service Pack 5.",
            ),
        ),
    )


RULE = Rule(
    ARTICLE,
    CAUSES,
    diagnose,
    __doc__ or "",
    Standing.INFORMING,
    confidence={OLDER: Confidence.MEDIUM},
)
