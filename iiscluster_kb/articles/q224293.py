r"""Cluster Admin Extension Can't Remotely Administer IIS in Cluster (Q224293).

Symptom:
    Cluster Administrator on a machine that is no node shows no page for the
    parameters of an IIS Server Instance, and cannot create one.

Causes told apart:
    operator-files
        The operator's machine lacks Admwprox.dll in System32, Coadmin.dll or
        Iisclex4.dll beside Cluster Administrator, or they are older than
        11/05/98, or Iisclex4.dll is not registered there.
    node-files
        Clusiis4.dll on a node is older than 11/05/98.

What is read:
    Of each operator's machine listings of System32 and of the cluster
    directory, and SOFTWARE (Classes\CLSID). Of each node a listing of
    System32\inetsrv. Without an operator's machine in the case nothing is
    judged: who administers on a node needs none of this.

What it cannot tell:
    Whether anybody wants to administer IIS from that machine: what lacks there
    is likely the fault, and certainly where it was stated that Cluster
    Administrator ran there. The CLSID of Coadmin.dll is not published, so its
    registration is not looked at. Dates make it likely at most.

Remedy:
    Service Pack 4 or later on the nodes. The files on both sides, those of
    Service Pack 5 or later builds as well; Coadmin.dll and Iisclex4.dll
    registered on the operator's machine. Of Clusiis4.dll take the build of
    Q247763 or later: those between hang the wizard. Or run Cluster
    Administrator on a node.

References:
    Q224293; Q247763 (what the change brought); Q224553, Q171265 (Cluster
    Administrator alone on a machine); Q235373 (files of Service Pack 5).
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from iiscluster_kb.articles import Confidence, Rule, _collect
from iiscluster_kb.articles._iis_extension import CLSID, DIRECTORY, DLL, RESOURCE_TYPE
from iiscluster_kb.articles._judging import on_each_machine
from iiscluster_kb.articles._option_pack import RESOURCE_DLL
from iiscluster_kb.articles._preconditions import (
    Hindrance,
    administers_from_afar,
    has_type,
    is_node,
    is_nt4,
)
from iiscluster_kb.articles._remote_files import PROXY, WRAPPER, State, of_a_node, of_the_workstation
from iiscluster_kb.articles._server import follow, registration
from iiscluster_kb.cluster import join
from iiscluster_kb.model import (
    Article,
    Cause,
    FileRestored,
    Finding,
    Phase,
    Present,
    Role,
    Step,
    Unknown,
    Verdict,
)
from iiscluster_kb.registry import fold

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from iiscluster_kb.articles._remote_files import Needed
    from iiscluster_kb.articles._server import Server
    from iiscluster_kb.cluster import Cluster, Machine

ARTICLE = Article(
    "Q224293",
    "Cluster Admin Extension Can't Remotely Administer IIS in Cluster",
    "https://jeffpar.github.io/kbarchive/kb/224/Q224293/",
)
OPERATOR = Cause("Q224293/operator-files", "The operator's machine lacks what administers IIS remotely")
NODE = Cause("Q224293/node-files", "Clusiis4.dll cannot be administered from another machine")
CAUSES = (OPERATOR, NODE)

_SIZES = {PROXY: 27_696, WRAPPER: 43_456, DLL: 65_664, RESOURCE_DLL: 34_384}
"""Plausible bytes, for x86 (Q224293, Q320675)."""


def diagnose(cluster: Cluster) -> Iterator[Finding]:
    """Judge each operator's machine, and each node where there is such a machine."""
    yield from on_each_machine(
        cluster,
        {OPERATOR: partial(_operator, cluster)},
        administers_from_afar,
        is_nt4,
        has_type(RESOURCE_TYPE),
    )
    yield from on_each_machine(
        cluster, {NODE: _node}, is_node, is_nt4, _is_administered_from_afar, has_type(RESOURCE_TYPE)
    )


def _is_administered_from_afar(cluster: Cluster, _machine: Machine) -> Hindrance | None:
    """The case holds an operator's machine with Cluster Administrator, or one was stated."""
    stated = cluster.stated.administered_from
    if stated and fold(stated) not in map(fold, cluster.node_names):
        return None
    operators = [machine for machine in cluster.machines if machine.role is Role.OPERATOR]
    hindrances = [administers_from_afar(cluster, machine) for machine in operators]
    if not all(hindrances):
        return None
    stood = [why for why in hindrances if why is not None]
    if open_ones := [why for why in stood if why.verdict is Verdict.UNDETERMINED]:
        return open_ones[0]
    reason = "nothing in the case tells that the cluster is administered from a machine that is no node"
    return Hindrance(Verdict.NOT_APPLICABLE, reason, tuple(fact for why in stood for fact in why.facts))


# --- the operator's machine -------------------------------------------------------------------------


def _operator(cluster: Cluster, machine: Machine) -> Finding:
    judged = partial(Finding, OPERATOR, machine.name)
    files = of_the_workstation(machine)
    server = follow(machine, CLSID)
    facts = (*(file.fact for file in files), *server.facts)
    missing, old, unknown = (
        [file for file in files if file.state is state] for state in (State.MISSING, State.OLD, State.UNKNOWN)
    )
    verdict, reservation = Verdict.CONFIRMED, ""
    if fold(cluster.stated.administered_from or "") != fold(machine.name):
        verdict, reservation = Verdict.LIKELY, "; that IIS is administered from there was not stated"
    if missing:
        said = f"{_named(missing)} {'is' if len(missing) == 1 else 'are'} not on {machine.name}"
        if old:
            said += f", and {_named(old)} older than the build of Q224293"
        steps = (*_put(machine, (*missing, *old)), _register(machine))
        return judged(verdict, "missing", f"{said}{reservation}.", facts, steps=steps)
    if _is_unregistered(server):
        said = f"{DLL} is not registered on {machine.name}, or to a file that is not there"
        steps = (*_put(machine, old), _register(machine))
        return judged(verdict, "unregistered", f"{said}{reservation}.", facts, steps=steps)
    if old:
        said = f"On {machine.name} {_named(old)} {'is' if len(old) == 1 else 'are'} older than the build of Q224293"
        return judged(
            Verdict.LIKELY, "old", f"{said}.", facts, steps=(*_put(machine, old), _register(machine))
        )
    if unknown or not isinstance(server.file, Present):
        return judged(
            Verdict.UNDETERMINED,
            "",
            f"Whether {machine.name} has all the files of Q224293 is not known.",
            facts,
            collect=_to_collect(machine, unknown, server),
        )
    explanation = f"{machine.name} has the files of Q224293 or later ones, and {DLL} is registered there."
    return judged(Verdict.RULED_OUT, "ok", explanation, facts)


def _is_unregistered(server: Server) -> bool:
    """Whether the way from the CLSID ends without a file, as far as the evidence goes."""
    asked = (server.registration, server.path, server.file)
    return not isinstance(server.file, Present) and not any(isinstance(fact, Unknown) for fact in asked)


def _to_collect(machine: Machine, unknown: Sequence[Needed], server: Server) -> tuple[str, ...]:
    listings = [_collect.listing(machine, file.directory) for file in unknown]
    if isinstance(server.registration, Unknown) or isinstance(server.path, Unknown):
        listings.append(_collect.software(machine))
    elif isinstance(server.file, Unknown):
        listings.append(_collect.listing(machine, str(server.file.subject).rpartition("\\")[0]))
    return tuple(dict.fromkeys(listings))


def _named(files: Sequence[Needed]) -> str:
    return ", ".join(file.path for file in files)


def _put(machine: Machine, files: Sequence[Needed]) -> tuple[Step, ...]:
    return tuple(
        Step(
            machine.name,
            Phase.RESTORE_FILE,
            f"Put {file.name} of Q224293 or later into {file.directory}",
            reason="With it Cluster Administrator reads the metabase of another machine (Q224293). All three files should "
            "be of one service pack or hotfix, and as new as on the nodes.",
            expect=f'dir "{file.path}" shows a file dated 11/05/98 or later.',
        )
        for file in files
    )


def _register(machine: Machine) -> Step:
    directory = machine.expand(machine.cluster_directory)[0]
    return Step(
        machine.name,
        Phase.REGISTER,
        f"Register {WRAPPER} and {DLL} on {machine.name}",
        command=f'cd /d "{directory}"\nregsvr32 {WRAPPER}\nregsvr32 {DLL}',
        reason="COM finds both by their classes, on each machine that runs Cluster Administrator (Q224293).",
        expect="Two messages that DllRegisterServer succeeded.",
        # They load each other, so all three are there once both have registered.
        achieves=(
            *(FileRestored(file.path, _SIZES[file.name]) for file in of_the_workstation(machine)),
            registration(machine, CLSID, join(directory, DLL)),
        ),
    )


# --- the nodes --------------------------------------------------------------------------------------


def _node(machine: Machine) -> Finding:
    judged = partial(Finding, NODE, machine.name)
    needed = of_a_node(machine)
    match needed.state:
        case State.FIXED:
            explanation = f"{needed.path} is of the build of Q224293 or later."
            return judged(Verdict.RULED_OUT, "ok", explanation, (needed.fact,))
        case State.OLD:
            explanation = f"{needed.path} is older than the build of Q224293."
            return judged(Verdict.LIKELY, "old", explanation, (needed.fact,), steps=_replace(machine, needed))
        case State.MISSING | State.UNKNOWN:
            explanation = f"Which build of {needed.path} is there is not known."
            if needed.state is State.MISSING:
                explanation = f"{needed.path} is not there; which build will be, its article must tell."
            collect = (_collect.listing(machine, machine.expand(DIRECTORY)[0]),)
            return judged(Verdict.UNDETERMINED, "", explanation, (needed.fact,), collect=collect)


def _replace(machine: Machine, needed: Needed) -> tuple[Step, ...]:
    return (
        Step(
            machine.name,
            Phase.RESTORE_FILE,
            f"Stop IIS, put {needed.name} 4.2.734.1 or later into {needed.directory}, start IIS",
            reason="Builds before 11/05/98 cannot be administered from another machine (Q224293); those between that "
            "day and 12/03/1999 hang the wizard for new instances (Q247763).",
            achieves=(FileRestored(needed.path, _SIZES[needed.name]),),
        ),
        Step(
            machine.name,
            Phase.VERIFY,
            f"Look at the date of {needed.name}",
            command=f'dir "{needed.path}"',
            expect="The file is dated 12/03/1999 or later.",
        ),
    )


RULE = Rule(
    ARTICLE, CAUSES, diagnose, __doc__ or "", confidence={OPERATOR: Confidence.HIGH, NODE: Confidence.MEDIUM}
)
