r"""How to Manually Remove the Cluster Service (Q257928).

Symptom:
    A machine looks like a node of a cluster and is none: Cluster Server was
    removed from it and left traces, or it never had more than Cluster
    Administrator.

Causes told apart:
    left-overs
        Enum\Root still holds LEGACY_CLUSSVC, LEGACY_CLUSDISK or
        LEGACY_CLUSNET, while there is no service ClusSvc: Cluster Server was
        removed, by hand and not to the end, or by its own set-up.
    admin-only
        Cluster Administrator lies in the cluster directory, while there is no
        service ClusSvc: the machine administers clusters and is no node.

What is read:
    SYSTEM (services and Enum\Root of the current control set), a listing of
    the cluster directory.

What it cannot tell:
    Who removed the service, and when. With left-overs of the service, a
    cluster directory may be one of them too.

Remedy:
    None is needed: this tells what a machine is. Before Cluster Server is
    installed again after it failed, finish the removal as Q257928 says: end
    with renaming the cluster directory, Clusdisk.sys and Clusnet.sys. The
    cluster directory of an operator's machine may be deleted with its entry in
    the Start menu (Q171265), never that of a node.

References:
    Q257928; Q171265.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from iiscluster_kb.articles import Confidence, Rule, Standing, _collect
from iiscluster_kb.articles._judging import on_each_machine
from iiscluster_kb.cluster import CURRENT_CONTROL_SET, join
from iiscluster_kb.model import Absent, Article, Cause, Finding, Present, Unknown, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

    from iiscluster_kb.cluster import Cluster, Machine
    from iiscluster_kb.model import AnyFact

ARTICLE = Article(
    "Q257928",
    "How to Manually Remove the Cluster Service",
    "https://jeffpar.github.io/kbarchive/kb/257/Q257928/",
)
LEFT_OVERS = Cause("Q257928/left-overs", "Traces of a cluster service that was removed")
ADMIN_ONLY = Cause("Q257928/admin-only", "Cluster Administrator alone is installed")
CAUSES = (LEFT_OVERS, ADMIN_ONLY)

_SERVICE = CURRENT_CONTROL_SET / r"Services\ClusSvc"
_ENUM_ROOT = CURRENT_CONTROL_SET / r"Enum\Root"
_LEGACY = ("LEGACY_CLUSSVC", "LEGACY_CLUSDISK", "LEGACY_CLUSNET")
"""Steps 8 to 19."""
_PROGRAM = "Cluadmin.exe"


def diagnose(cluster: Cluster) -> Iterator[Finding]:
    """Say of each machine what is left of a cluster service, and whether it only administers."""
    yield from on_each_machine(cluster, {LEFT_OVERS: _left_overs, ADMIN_ONLY: _admin_only})


def _left_overs(machine: Machine) -> Finding:
    service = machine.key(_SERVICE)
    root = machine.key(_ENUM_ROOT)
    if isinstance(service, Present):
        return _told(LEFT_OVERS, machine, Verdict.RULED_OUT, "ok", "The cluster service is there.", service)
    if not isinstance(service, Absent) or not isinstance(root, Present):
        in_the_way = root if isinstance(service, Absent) else service
        return _open(LEFT_OVERS, machine, in_the_way, _collect.system(machine))
    asked = tuple(machine.key(_ENUM_ROOT / name) for name in _LEGACY)
    if left := [fact for fact in asked if isinstance(fact, Present)]:
        names = ", ".join(str(fact.value) for fact in left)
        words = f"There is no cluster service, but Enum\\Root still holds {names}."
        return _told(LEFT_OVERS, machine, Verdict.CONFIRMED, "legacy-keys", words, service, *left)
    if unread := [fact for fact in asked if isinstance(fact, Unknown)]:
        return _open(LEFT_OVERS, machine, unread[0], _collect.system(machine))
    words = "There is no cluster service, and Enum\\Root holds no trace of one."
    return _told(LEFT_OVERS, machine, Verdict.RULED_OUT, "ok", words, service, *asked)


def _admin_only(machine: Machine) -> Finding:
    service = machine.key(_SERVICE)
    if isinstance(service, Present):
        return _told(ADMIN_ONLY, machine, Verdict.RULED_OUT, "ok", "The cluster service is there.", service)
    path = machine.expand(join(machine.cluster_directory, _PROGRAM))[0]
    program = machine.file(path)
    match service, program:
        case Absent(), Present():
            verdict, detail, words = _without_service(machine, path)
            return _told(ADMIN_ONLY, machine, verdict, detail, words, service, program)
        case _, Absent():
            words = f"{path} is not there."
            return _told(ADMIN_ONLY, machine, Verdict.RULED_OUT, "ok", words, service, program)
        case Absent(), _:
            directory = path.rpartition("\\")[0]
            return _open(ADMIN_ONLY, machine, program, _collect.listing(machine, directory))
        case _:
            return _open(ADMIN_ONLY, machine, service, _collect.system(machine))


def _without_service(machine: Machine, path: str) -> tuple[Verdict, str, str]:
    """What Cluster Administrator without a cluster service shows: verdict, detail, explanation."""
    there = f"{path} is there without a cluster service"
    match _left_overs(machine).verdict:
        case Verdict.RULED_OUT:
            words = f"{there}: the machine administers clusters and is no node."
            return Verdict.CONFIRMED, "no-service", words
        case Verdict.CONFIRMED:
            words = f"{there}; a removed one left traces, and this may be one of them."
            return Verdict.LIKELY, "or-left-over", words
        case _:
            return Verdict.LIKELY, "no-service", f"{there}; whether one was removed is not known."


def _told(
    cause: Cause, machine: Machine, verdict: Verdict, detail: str, words: str, *facts: AnyFact
) -> Finding:
    return Finding(cause, machine.name, verdict, detail, words, facts)


def _open(cause: Cause, machine: Machine, fact: AnyFact, wanted: str) -> Finding:
    why = fact.reason if isinstance(fact, Unknown) else "the evidence does not hold it"
    words = f"{fact.subject} is not known: {why}."
    return Finding(cause, machine.name, Verdict.UNDETERMINED, "", words, (fact,), collect=(wanted,))


RULE = Rule(
    ARTICLE,
    CAUSES,
    diagnose,
    __doc__ or "",
    Standing.INFORMING,
    confidence={LEFT_OVERS: Confidence.HIGH, ADMIN_ONLY: Confidence.HIGH},
)
