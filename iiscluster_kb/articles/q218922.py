r"""Installing NTOP on Cluster Server with SP4 Causes Event IDs 1009 (Q218922).

Symptom:
    After the Windows NT Option Pack was installed on a node with Service Pack
    4 or later, the cluster service does not start or join (events 1009 and
    1058 of ClusSvc: Clusres.dll cannot be loaded), resources do not move, or
    Cluster Administrator tells of the end-point mapper.

Causes told apart:
    older-than-service-pack
        Files that the service pack brought were overwritten by older ones
        from the Option Pack's CD.

What is read:
    SOFTWARE (CSDVersion, InetStp); a listing of the cluster directory, system32
    and system32\inetsrv: Clusres, Resutils, Clusapi, Resrcmon, Iislog,
    Infocomm, W3svc, their dates or versions.

What it cannot tell:
    CSDVersion is the kernel's service pack, not that of other files. Dates are
    published for Service Pack 5 alone, and from it on no file may be older; of
    Service Pack 4 the version of Iislog.dll is known and no more. All that is
    found so is likely, never certain.

Remedy:
    Once Set-up of the Option Pack is done and both nodes were restarted, apply
    the service pack again on both and restart.

References:
    Q218922; Q194507 (the same rule); Q199117 (Iislog.dll of Service Pack 4);
    Q235373 (files of Service Pack 5); Q222507 (what CSDVersion means).
"""

from __future__ import annotations

from datetime import date
from functools import partial
from typing import TYPE_CHECKING

from iiscluster_kb.articles import Confidence, Rule, _collect
from iiscluster_kb.articles._builds import older_than
from iiscluster_kb.articles._iis_extension import DIRECTORY
from iiscluster_kb.articles._judging import on_each_machine
from iiscluster_kb.articles._option_pack import (
    FIRST_NEWER_PACK,
    TAKEN_FROM_THE_CD,
    asks_for_a_later_build,
    has_service_pack_4,
    service_pack_number,
    takes_a_later_build,
)
from iiscluster_kb.articles._preconditions import Hindrance, is_node, is_nt4
from iiscluster_kb.articles._relations import Warns, puts_back
from iiscluster_kb.cluster import join
from iiscluster_kb.model import (
    Absent,
    Article,
    Cause,
    Deviation,
    Finding,
    Phase,
    Present,
    Step,
    Verdict,
)
from iiscluster_kb.registry import HKLM

if TYPE_CHECKING:
    from collections.abc import Iterator

    from iiscluster_kb.cluster import Cluster, Machine
    from iiscluster_kb.model import Fact, FileEntry

ARTICLE = Article(
    "Q218922",
    "Installing NTOP on Cluster Server with SP4 Causes Event IDs 1009",
    "https://jeffpar.github.io/kbarchive/kb/218/Q218922/",
)
OLDER = Cause("Q218922/older-than-service-pack", "Files are older than the service pack")
CAUSES = (OLDER,)

_DATED_PACK = 5
_DATED = date(1999, 4, 29)
"""Of every file of Service Pack 5 (Q235373)."""
_VERSIONS = {"Iislog.dll": "4.02.0667.05"}
"""Of Service Pack 4 (Q199117)."""
_SYSTEM32 = r"%SystemRoot%\system32"
_OF_IIS = ("Iislog.dll", "Infocomm.dll", "W3svc.dll")
_OF_THE_CLUSTER = ("Clusres.dll", "Resutils.dll", "Clusapi.dll", "Resrcmon.exe")
_INETSTP = HKLM / r"SOFTWARE\Microsoft\InetStp"


def diagnose(cluster: Cluster) -> Iterator[Finding]:
    """Judge each node that has the Option Pack and Service Pack 4 or later."""
    yield from on_each_machine(
        cluster,
        {OLDER: _judge},
        is_node,
        is_nt4,
        has_service_pack_4,
        _has_iis,
        directories=(r"%SystemRoot%\Cluster", DIRECTORY),
    )


def _has_iis(_cluster: Cluster, machine: Machine) -> Hindrance | None:
    installed = machine.key(_INETSTP)
    if isinstance(installed, Absent):
        reason = f"no Internet Information Server is installed on {machine.name}"
        return Hindrance(Verdict.NOT_APPLICABLE, reason, (installed,))
    return None


def _judge(machine: Machine) -> Finding:
    files = _files(machine)
    pack = service_pack_number(machine) or FIRST_NEWER_PACK
    told = [
        (fact, older)
        for name, fact in files
        if isinstance(fact, Present) and (older := _is_older(name, fact.value, pack)) is not None
    ]
    old = [fact for fact, older in told if older]
    judged = partial(Finding, OLDER, machine.name)
    if old:
        named = ", ".join(_in_words(fact.value) for fact in old)
        explanation = (
            f"{machine.name} has Service Pack {machine.service_pack}, and older than it are: {named}."
        )
        return judged(Verdict.LIKELY, "older", explanation, tuple(old), steps=(_apply_again(machine),))
    if told:
        explanation = "None of the files of which this is known is older than the service pack."
        return judged(Verdict.RULED_OUT, "ok", explanation, tuple(fact for fact, _ in told))
    explanation = f"No evidence dates the files that Service Pack {machine.service_pack} brought."
    directories = (machine.cluster_directory, DIRECTORY)
    collect = tuple(_collect.listing(machine, machine.expand(one)[0]) for one in directories)
    return judged(Verdict.UNDETERMINED, "", explanation, tuple(fact for _, fact in files), collect=collect)


def _files(machine: Machine) -> list[tuple[str, Fact[FileEntry]]]:
    """Each file where it is, in the cluster directory before system32."""
    found = [(name, machine.file(join(DIRECTORY, name))) for name in _OF_IIS]
    for name in _OF_THE_CLUSTER:
        fact = machine.file(join(machine.cluster_directory, name))
        beside = machine.file(join(_SYSTEM32, name))
        found.append(
            (name, beside if isinstance(beside, Present) and not isinstance(fact, Present) else fact)
        )
    return found


def _is_older(name: str, entry: FileEntry, pack: int) -> bool | None:
    """Whether a file is older than the service pack brought it; None: nothing tells."""
    if pack >= _DATED_PACK:
        older = older_than(entry, _VERSIONS.get(name), _DATED)[0]
        # Dated, and not told apart: within a day of the service pack's own, by which time zones differ.
        return False if older is None and entry.modified is not None else older
    return older_than(entry, _VERSIONS[name], None)[0] if name in _VERSIONS else None


def _in_words(entry: FileEntry) -> str:
    version = f"version {entry.version}" if entry.version else ""
    dated = f"{entry.modified:%Y-%m-%d}" if entry.modified else ""
    return f"{entry.path} ({', '.join(filter(None, (version, dated)))})"


def _apply_again(machine: Machine) -> Step:
    return Step(
        machine.name,
        # After every restart that comes of installing or restoring files, as the article wants it.
        Phase.RESTART,
        f"Apply Service Pack {machine.service_pack} again on {machine.name} and restart it",
        reason="Set-up of the Option Pack puts older files over those of the service pack (Q218922). Both nodes need "
        "it, one after the other, each while the other holds the groups.",
        expect="The cluster service starts without the events 1009 and 1058.",
        warnings=("Files of later hotfixes may be overwritten in turn: put these back afterwards.",),
        otherwise=(
            Deviation(
                "The service pack was applied after the Option Pack already.",
                "Look where the files that are named came from; another program's set-up may have put them there.",
            ),
        ),
    )


# --- what taking a file from the CD brings ----------------------------------------------------------


def _warning(_cluster: Cluster, machine: Machine, step: Step) -> str | None:
    pack = service_pack_number(machine)
    says_so_itself = ARTICLE.id in (step.reason or "")
    later = says_so_itself or asks_for_a_later_build(step) or takes_a_later_build(machine)
    if later or (pack is not None and pack < FIRST_NEWER_PACK):
        return None
    if pack is None:
        return (
            "Look first which service pack the machine has (winver): from 4 on, files on the Option Pack CD are older "
            "than it, and the service pack must be applied again after taking one (Q218922, Q194507)."
        )
    return (
        f"The file on the CD is older than Service Pack {machine.service_pack} on {machine.name}: apply the service pack again after "
        "taking it (Q218922, Q194507), or take the later builds of Q263216 and Q247763."
    )


RULE = Rule(
    ARTICLE,
    CAUSES,
    diagnose,
    __doc__ or "",
    relations=(Warns(puts_back(*TAKEN_FROM_THE_CD), _warning),),
    confidence={OLDER: Confidence.MEDIUM},
)
