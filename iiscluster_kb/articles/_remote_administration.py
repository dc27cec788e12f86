"""Q224553's first cause: Cluster Administrator ran on a machine that is no node.

It cannot list the IIS sites of a remote machine, so the page for the parameters never comes. Q224293 mends
that with newer files on both sides (``_remote_files``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from iiscluster_kb.articles._option_pack import FIRST_NEWER_PACK, service_pack_number
from iiscluster_kb.articles._remote_files import State, fixed_on_both_sides, of_a_node, of_the_workstation
from iiscluster_kb.cluster import join
from iiscluster_kb.model import (
    Finding,
    Phase,
    Present,
    Role,
    StatedSubject,
    Step,
    Verdict,
)
from iiscluster_kb.registry import fold

if TYPE_CHECKING:
    from collections.abc import Sequence

    from iiscluster_kb.cluster import Cluster, Machine
    from iiscluster_kb.model import AnyFact, Cause, FileEntry

__all__ = ["judge"]

_REMOTE_FIX = (
    "From Service Pack 4 on, remote creation can be made to work with the files of Q224293 on the nodes and on "
    "the operator's machine."
)
_REMOTE_FIX_HERE = (
    "It can be done from another machine too, once the files of Q224293 or later ones are on both sides. Not shown to be "
    "in place: {lacking}."
)
_BEFORE_SERVICE_PACK_4 = "Before Service Pack 4 it cannot be done from another machine (Q247763)."


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
    if machine is not None and (fix := fixed_on_both_sides(cluster, machine)):
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
        steps=_steps(cluster),
    )


def _operator_found(cluster: Cluster, cause: Cause, machine: Machine, program: Present[FileEntry]) -> Finding:
    if fix := fixed_on_both_sides(cluster, machine):
        explanation = (
            f"{machine.name} is no node and carries Cluster Administrator with the files of Q224293."
        )
        return Finding(cause, machine.name, Verdict.RULED_OUT, "ok", explanation, (program, *fix))
    explanation = (
        f"The case holds the evidence of {machine.name}, which is no node and carries Cluster Administrator; "
        "whether the instance was being created there was not stated."
    )
    return Finding(
        cause,
        machine.name,
        Verdict.LIKELY,
        "operator-collected",
        explanation,
        (program,),
        steps=_steps(cluster),
    )


def _by_elimination(cluster: Cluster, cause: Cause, local: Sequence[Finding]) -> Finding:
    of_nodes = [finding for finding in local if finding.verdict is not Verdict.NOT_APPLICABLE]
    if guilty := [f for f in of_nodes if f.verdict in {Verdict.CONFIRMED, Verdict.LIKELY}]:
        explanation = f"Another cause explains the symptom: {guilty[0].cause.title} on {guilty[0].machine}"
        return _undetermined(cause, explanation, (), weighs=False)
    open_ones = [f for f in of_nodes if f.verdict is not Verdict.RULED_OUT]
    if not of_nodes or open_ones:
        return _undetermined(cause, "The other causes are not ruled out on every node", ())
    return Finding(
        cause,
        None,
        Verdict.LIKELY,
        "elimination",
        "The symptom is reported and every other cause is ruled out on every node, so Cluster Administrator "
        "most likely ran on a machine that is no node.",
        steps=_steps(cluster),
    )


def _undetermined(
    cause: Cause,
    explanation: str,
    facts: tuple[AnyFact, ...],
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
        collect=(ask,) if weighs else (),
        weighs=weighs,
    )


def _steps(cluster: Cluster) -> tuple[Step, ...]:
    return (
        Step(
            None,
            Phase.ADMINISTER,
            "Run Cluster Administrator on a node and create the IIS Server Instance there",
            command="cluadmin",
            reason="A remote Cluster Administrator cannot list the sites of the metabase (Q224553).",
            expect="After Dependencies, Next leads to the page for the parameters.",
            warnings=(_remote_way(cluster),),
        ),
    )


def _remote_way(cluster: Cluster) -> str:
    """What stands between the operator's own machine and the page."""
    packs = [service_pack_number(node) for node in cluster.nodes]
    if any(pack is not None and pack < FIRST_NEWER_PACK for pack in packs):
        return _BEFORE_SERVICE_PACK_4
    for machine in cluster.machines:
        if machine.role is Role.OPERATOR and None not in packs:
            files = [
                *((machine.name, file) for file in of_the_workstation(machine)),
                *((node.name, of_a_node(node)) for node in cluster.nodes),
            ]
            lacking = [f"{file.name} on {name}" for name, file in files if file.state is not State.FIXED]
            return _REMOTE_FIX_HERE.format(
                lacking=", ".join(lacking) or f"the registration on {machine.name}"
            )
    return _REMOTE_FIX
