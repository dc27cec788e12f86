"""Q224553's first cause: Cluster Administrator ran on a machine that is no node.

It cannot list the IIS sites of a remote machine, so the page for the parameters never comes. Q224293 mends
that with newer files on both sides: Clusiis4.dll on the nodes; Admwprox.dll in System32, Coadmin.dll and
Iisclex4.dll in the cluster directory of the operator's machine, the last two registered there.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

from iiscluster_kb.articles import _collect
from iiscluster_kb.articles._iis_extension import CLSID, DIRECTORY, DLL
from iiscluster_kb.articles._server import follow
from iiscluster_kb.cluster import join
from iiscluster_kb.model import (
    Absent,
    Finding,
    Phase,
    Present,
    Role,
    StatedSubject,
    Step,
    Unknown,
    Verdict,
)
from iiscluster_kb.registry import fold

if TYPE_CHECKING:
    from collections.abc import Sequence

    from iiscluster_kb.cluster import Cluster, Machine
    from iiscluster_kb.model import AnyFact, Cause, Fact, FileEntry

__all__ = ["judge"]

_STANDARD_EXTENSION = "{4EC90FB0-D0BB-11CF-B5EF-00A0C90AB505}"
"""Cluadmex.dll; without it every resource type shows the symptom (Q174641)."""

_REMOTE_FIX = (
    "From Service Pack 4 on, remote creation can be made to work with the files of Q224293 on the nodes and on "
    "the operator's machine."
)

_FIXED = date(1998, 11, 5) - timedelta(days=1)
"""Date of Q224293's files, less the day by which listings of other time zones differ."""


def judge(cluster: Cluster, cause: Cause, local: Sequence[Finding]) -> Finding:
    """Judge the cause for the cluster, given the findings on the other causes."""
    stated = cluster.stated.administered_from
    if stated:
        return _stated(cluster, cause, stated)
    operators = [machine for machine in cluster.machines if machine.role is Role.OPERATOR]
    for machine in operators:
        program = machine.file(join(machine.cluster_directory, "Cluadmin.exe"))
        if isinstance(program, Present):
            return _operator_found(cluster, cause, machine, program)
    if not cluster.stated.symptom:
        return _undetermined(
            cause, "The symptom was not reported, nor where Cluster Administrator ran", (), weighs=False
        )
    return _by_elimination(cluster, cause, local)


def _stated(cluster: Cluster, cause: Cause, stated: str) -> Finding:
    machine = cluster.machine(stated)
    stated = machine.name if machine else stated
    fact: Present[str] = Present(
        StatedSubject(stated, f"Cluster Administrator ran on {stated}"), "stated by the operator", None
    )
    if fold(stated) in map(fold, cluster.node_names) or (machine and machine.role is Role.NODE):
        explanation = f"Cluster Administrator ran on {stated}, which is a node."
        return Finding(cause, stated, Verdict.RULED_OUT, "ok", explanation, (fact,))
    if not cluster.node_names and (machine is None or machine.role is Role.UNKNOWN):
        return _undetermined(
            cause, f"Cluster Administrator ran on {stated}; which machines are nodes is not known", (fact,)
        )
    if machine is not None and (fix := _fixed_on_both_sides(cluster, machine)):
        explanation = (
            f"Cluster Administrator ran on {stated}, no node, but the files of Q224293 are in place."
        )
        return Finding(cause, stated, Verdict.RULED_OUT, "ok", explanation, (fact, *fix))
    return Finding(
        cause,
        stated,
        Verdict.CONFIRMED,
        "stated",
        f"Cluster Administrator ran on {stated}, which is no node of the cluster.",
        (fact,),
        steps=_steps(),
    )


def _operator_found(cluster: Cluster, cause: Cause, machine: Machine, program: Present[FileEntry]) -> Finding:
    if fix := _fixed_on_both_sides(cluster, machine):
        explanation = (
            f"{machine.name} is no node and carries Cluster Administrator with the files of Q224293."
        )
        return Finding(cause, machine.name, Verdict.RULED_OUT, "ok", explanation, (program, *fix))
    explanation = (
        f"The case holds the evidence of {machine.name}, which is no node and carries Cluster Administrator; "
        "whether the instance was being created there was not stated."
    )
    return Finding(
        cause, machine.name, Verdict.LIKELY, "operator-collected", explanation, (program,), steps=_steps()
    )


def _by_elimination(cluster: Cluster, cause: Cause, local: Sequence[Finding]) -> Finding:
    of_nodes = [finding for finding in local if finding.verdict is not Verdict.NOT_APPLICABLE]
    if guilty := [f for f in of_nodes if f.verdict in {Verdict.CONFIRMED, Verdict.LIKELY}]:
        explanation = f"Another cause explains the symptom: {guilty[0].cause.title} on {guilty[0].machine}"
        return _undetermined(cause, explanation, (), weighs=False)
    open_ones = [f for f in of_nodes if f.verdict is not Verdict.RULED_OUT]
    if not of_nodes or open_ones:
        return _undetermined(cause, "The other causes are not ruled out on every node", ())
    facts: list[AnyFact] = []
    for node in cluster.nodes:
        server = follow(node, _STANDARD_EXTENSION)
        facts += server.facts
        match server.file:
            case Present(value=entry) if entry.size != 0:
                continue
            case _:
                reason = f"Q174641, which shows the same symptom, is not ruled out on {node.name}"
                return _undetermined(
                    cause,
                    reason,
                    tuple(facts),
                    (_collect.listing(node, node.expand(node.cluster_directory)[0]),),
                )
    return Finding(
        cause,
        None,
        Verdict.LIKELY,
        "elimination",
        "The symptom is reported and every other cause is ruled out on every node, so Cluster Administrator "
        "most likely ran on a machine that is no node.",
        tuple(facts),
        steps=_steps(),
    )


def _undetermined(
    cause: Cause,
    explanation: str,
    facts: tuple[AnyFact, ...],
    collect: tuple[str, ...] = (),
    *,
    weighs: bool = True,
) -> Finding:
    ask = (
        "where Cluster Administrator ran (--administered-from), and whether the page offered Finish "
        "(--symptom finish-button)"
    )
    return Finding(
        cause,
        None,
        Verdict.UNDETERMINED,
        "",
        f"{explanation}.",
        facts,
        collect=(*collect, ask) if weighs else (),
        weighs=weighs,
    )


def _fixed_on_both_sides(cluster: Cluster, operator: Machine) -> tuple[AnyFact, ...] | None:
    """The facts that show Q224293's files on the operator's machine and on every node; None: not shown."""
    facts: list[Fact[FileEntry]] = [
        operator.file(r"%SystemRoot%\system32\Admwprox.dll"),
        operator.file(join(operator.cluster_directory, "Coadmin.dll")),
        operator.file(join(operator.cluster_directory, DLL)),
        *(node.file(join(DIRECTORY, "Clusiis4.dll")) for node in cluster.nodes),
    ]
    registered = follow(operator, CLSID)
    if not cluster.nodes or not isinstance(registered.file, Present) or not all(map(_is_fixed, facts)):
        return None
    return (*facts, *registered.facts)


def _is_fixed(fact: Fact[FileEntry]) -> bool:
    match fact:
        case Present(value=entry):
            return entry.modified is not None and entry.modified.date() >= _FIXED
        case Absent() | Unknown():
            return False


def _steps() -> tuple[Step, ...]:
    return (
        Step(
            None,
            Phase.ADMINISTER,
            "Run Cluster Administrator on a node and create the IIS Server Instance there",
            command="cluadmin",
            reason="A remote Cluster Administrator cannot list the sites of the metabase (Q224553).",
            expect="After Dependencies, Next leads to the page for the parameters.",
            warnings=(_REMOTE_FIX,),
        ),
    )
