r"""Cluster Administrator May Hang Creating New IIS Server Instance (Q247763, Q244220).

Symptom:
    From Service Pack 4 on, Cluster Administrator stops responding at the end
    of the wizard that creates an IIS Server Instance; the resource monitor
    had an access violation. Q244220 tells the same of Service Pack 5.

Causes told apart:
    old-resource-dll
        Clusiis4.dll, the resource DLL of that type, is of a build that lets
        the resource monitor fail: newer than the Option Pack's own and older
        than 4.2.734.1 of 12/03/1999. That of Service Pack 5 is named as bad.

What is read:
    A listing of %SystemRoot%\system32\inetsrv, better the file itself;
    SOFTWARE (CSDVersion).

What it cannot tell:
    Several builds of this file have the same 33,872 bytes, good and bad: only
    version or date tells them apart, and a date alone makes it likely at most.
    Whether an instance will be created at all: instances that are there go on
    working, so this is a state worth knowing and no fault by itself.

Remedy:
    Put Clusiis4.dll of Q247763, or of any later roll-up for IIS 4.0, on both
    nodes. Where it cannot be had, Q244220 goes back to the Option Pack's own
    file, with which IIS cannot be administered from another machine (Q224293).

References:
    Q247763; Q244220; Q224293 (what changed in Service Pack 4); Q320675,
    Q323064, Q323332 (later builds).
"""

from __future__ import annotations

from datetime import date
from enum import Enum, auto
from functools import partial
from typing import TYPE_CHECKING

from iiscluster_kb.articles import Confidence, Rule, Standing, _collect
from iiscluster_kb.articles._builds import By, builds_of, identify_file, older_than, version_of
from iiscluster_kb.articles._iis_extension import DIRECTORY
from iiscluster_kb.articles._judging import on_each_machine
from iiscluster_kb.articles._option_pack import (
    FIRST_NEWER_PACK,
    RESOURCE_DLL,
    TAKEN_FROM_THE_CD,
    asks_for_a_later_build,
    has_service_pack_4,
    service_pack_number,
    takes_a_later_build,
)
from iiscluster_kb.articles._preconditions import is_node, is_nt4
from iiscluster_kb.articles._put_back import is_put_back
from iiscluster_kb.articles._relations import Warns, puts_back
from iiscluster_kb.cluster import join
from iiscluster_kb.model import (
    Absent,
    Article,
    Cause,
    Deviation,
    Finding,
    Phase,
    Step,
    Unknown,
    Verdict,
    same_build,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from iiscluster_kb.cluster import Cluster, Machine
    from iiscluster_kb.model import FileEntry

ARTICLE = Article(
    "Q247763",
    "Cluster Administrator May Hang Creating New IIS Server Instance",
    "https://jeffpar.github.io/kbarchive/kb/247/Q247763/",
)
OLD_DLL = Cause("Q247763/old-resource-dll", "Clusiis4.dll hangs the wizard for new instances")
CAUSES = (OLD_DLL,)

FIRST_GOOD, FIRST_GOOD_DATE = "4.2.734.1", date(1999, 12, 3)
"""The build of Q247763."""

_ORIGINAL = (4, 2, 622)
_ORIGINAL_UNTIL = date(1997, 12, 31)
"""Version and year of the Option Pack's own file, which Q244220 puts back."""
_SERVICE_PACK_5 = "Windows NT 4.0 Service Pack 5"


class Kind(Enum):
    """What a build of the file does to the wizard."""

    ORIGINAL = auto()
    """The Option Pack's own, from before the change of Service Pack 4."""
    BAD = auto()
    GOOD = auto()


def diagnose(cluster: Cluster) -> Iterator[Finding]:
    """Judge each node with Service Pack 4 or later."""
    yield from on_each_machine(
        cluster, {OLD_DLL: _judge}, is_node, is_nt4, has_service_pack_4, directories=(DIRECTORY,)
    )


def _judge(machine: Machine) -> Finding:
    path = machine.expand(join(DIRECTORY, RESOURCE_DLL))[0]
    judged = partial(Finding, OLD_DLL, machine.name)
    fact = machine.file(path)
    if isinstance(fact, Absent):
        return judged(Verdict.NOT_APPLICABLE, "", f"{path} is not there.", (fact,))
    if isinstance(fact, Unknown):
        explanation = f"Whether {path} is there is not known: {fact.reason}."
        collect = (_collect.listing(machine, machine.expand(DIRECTORY)[0]),)
        return judged(Verdict.UNDETERMINED, "", explanation, (fact,), collect=collect)
    entry = fact.value
    match Kind.GOOD if is_put_back(machine, path) else kind_of(entry):
        case None:
            explanation = f"Which build {path} is cannot be told without its version or date."
            collect = (_collect.file_itself(machine, path),)
            return judged(Verdict.UNDETERMINED, "", explanation, (fact,), collect=collect)
        case Kind.GOOD:
            explanation = f"{path} is as new as the build of Q247763 ({_known(entry)})."
            return judged(Verdict.RULED_OUT, "ok", explanation, (fact,))
        case Kind.ORIGINAL:
            explanation = f"{path} is the Option Pack's own, which Q244220 puts back; from before the change."
            return judged(Verdict.RULED_OUT, "ok", explanation, (fact,))
        case Kind.BAD:
            explanation = f"{path} is older than the build of Q247763 ({_known(entry)})."
            detail = "service-pack-5" if _is_of_service_pack_5(entry) else "before-fix"
            return judged(Verdict.LIKELY, detail, explanation, (fact,), steps=(_replace(machine, path),))


def kind_of(entry: FileEntry) -> Kind | None:
    """What the file's build does, by version, else by date, else by a size that builds of one kind alone have.

    None: nothing of these tells.
    """
    older, by = older_than(entry, FIRST_GOOD, FIRST_GOOD_DATE)
    if older is False:
        return Kind.GOOD
    if older is None:
        return _kind_by_size(entry)
    version = version_of(entry.version)
    if by is By.VERSION and version is not None:
        return Kind.ORIGINAL if same_build(version, _ORIGINAL) else Kind.BAD
    if entry.modified is not None and entry.modified.date() <= _ORIGINAL_UNTIL:
        return Kind.ORIGINAL
    return Kind.BAD


def _kind_by_size(entry: FileEntry) -> Kind | None:
    if entry.size is None:
        return None
    kinds = set()
    for build in builds_of(RESOURCE_DLL):
        if build.has_size(entry.size):
            first = build.earliest or FIRST_GOOD_DATE
            good = Kind.GOOD if first >= FIRST_GOOD_DATE else Kind.BAD
            kinds.add(Kind.ORIGINAL if first <= _ORIGINAL_UNTIL else good)
    return kinds.pop() if len(kinds) == 1 else None


def _known(entry: FileEntry) -> str:
    told = (
        f"version {entry.version}" if entry.version else "",
        f"dated {entry.modified:%Y-%m-%d}" if entry.modified else "",
        "" if entry.size is None else f"{entry.size:,} bytes",
    )
    return ", ".join(filter(None, told))


def _is_of_service_pack_5(entry: FileEntry) -> bool:
    builds = identify_file(entry).builds
    return bool(builds) and all(build.origin == _SERVICE_PACK_5 for build in builds)


def _replace(machine: Machine, path: str) -> Step:
    return Step(
        machine.name,
        Phase.NOTE,
        f"Before an IIS Server Instance is created, put {RESOURCE_DLL} {FIRST_GOOD} or later on {machine.name}",
        reason=f"With the build that is there the wizard hangs at its end (Q247763, Q244220). Stop IIS, put the file of "
        f"Q247763 or of a later roll-up for IIS 4.0 in the place of {path}, start IIS; then the other node.",
        expect=f'dir "{path}" shows a file dated 12/03/1999 or later.',
        otherwise=(
            Deviation(
                "The hotfix is not at hand.",
                "Q244220 goes back to the Option Pack's own file: in that directory type regsvr32 /u clusiis4.dll and "
                "ren Clusiis4.dll Clusiis4.sp5, take Clusiis4.dll 4.02.0622 from Iis4_01.cab of the Option Pack CD, "
                "type regsvr32 clusiis4.dll and restart the node; then the other node. IIS can then be administered "
                "on a node alone (Q224293).",
            ),
        ),
    )


# --- what taking a file from the CD brings ----------------------------------------------------------


def _warning(_cluster: Cluster, machine: Machine, step: Step) -> str | None:
    pack = service_pack_number(machine)
    later = asks_for_a_later_build(step) or takes_a_later_build(machine)
    if later or (pack is not None and pack < FIRST_NEWER_PACK):
        return None
    if pack is None:
        return (
            "Look first which service pack the machine has: from 4 on, applying it again puts a Clusiis4.dll there "
            "that hangs the wizard for new instances; then 4.2.734.1 or later has to follow (Q247763, Q244220)."
        )
    return (
        f"Applying Service Pack {machine.service_pack} again puts its own Clusiis4.dll there, which hangs the wizard for new instances: "
        "let 4.2.734.1 or later follow on both nodes (Q247763, Q244220)."
    )


RULE = Rule(
    ARTICLE,
    CAUSES,
    diagnose,
    __doc__ or "",
    Standing.INFORMING,
    (Warns(puts_back(*TAKEN_FROM_THE_CD), _warning),),
    confidence={OLD_DLL: Confidence.MEDIUM},
)
