r"""Event ID 1057 or 1000 When the Cluster Service Attempts to Start (Q217157).

Symptom:
    The cluster service does not start: event 1057, "CLUSDB could not be
    opened", or event 1000. Or it starts with a configuration of yesterday.

Causes told apart:
    database-empty
        CLUSDB of a node has zero bytes, or is not there.
    database-damaged
        What was collected of a node's cluster database is a damaged hive.
    checkpoint-damaged
        A checkpoint of the quorum disk with a higher number than every sound
        one is damaged. Before Service Pack 5 nothing tests it; Service Pack 6
        mended one way in which it comes about (Q238173).
    checkpoint-differs
        The newest sound checkpoint does not hold what a node's CLUSDB holds: a
        node that forms the cluster loads the checkpoint.
    copies-differ
        The nodes' own copies differ: a node that joins takes that of the node
        that is up.

What is read:
    A listing of the cluster directory; the cluster hives of all nodes;
    checkpoints of the quorum disk (CHKxxx.TMP); SOFTWARE (service pack).

What it cannot tell:
    Whether CLUSDB is read-only or its permissions are wrong, which listings do
    not carry; which of two copies is right; what QUOLOG.LOG holds beyond the
    checkpoint. A copy that was taken while the service ran may be torn, so a
    damaged hive makes a damaged CLUSDB no more than likely. Copies that differ
    are normal after a node was down: they are told, and ask for nothing.

Remedy:
    CLUSDB is replaced by the newest sound checkpoint, or by the other node's
    copy, with the cluster service stopped (Q224999). A damaged or outdated
    checkpoint is taken away with the folder MSCS, so that the node with the
    right CLUSDB forms the cluster from it (Q217147). Then Service Pack 6.

References:
    Q217157; Q216064; Q217147; Q224999; Q238173.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from iiscluster_kb.articles import Confidence, Rule, _collect, _database
from iiscluster_kb.articles._cluster_service import see_it_start
from iiscluster_kb.articles._judging import for_the_cluster, on_each_machine
from iiscluster_kb.articles._preconditions import is_node, is_nt4
from iiscluster_kb.cluster import CLUSTER, join
from iiscluster_kb.model import (
    Absent,
    Article,
    Cause,
    FileRestored,
    Finding,
    KeySubject,
    Phase,
    Present,
    State,
    Step,
    Unknown,
    Verdict,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from iiscluster_kb.cluster import Cluster, Machine
    from iiscluster_kb.model import AnyFact, RegistryEvidence
    from iiscluster_kb.registry import RegistryKey

ARTICLE = Article(
    "Q217157",
    "Event ID 1057 or 1000 When the Cluster Service Attempts to Start",
    "https://jeffpar.github.io/kbarchive/kb/217/Q217157/",
)
EMPTY = Cause("Q217157/database-empty", "The node's cluster database is empty or gone")
DAMAGED = Cause("Q217157/database-damaged", "The node's cluster database is damaged")
BAD_CHECKPOINT = Cause("Q217157/checkpoint-damaged", "The newest checkpoint of the quorum disk is damaged")
OLD_CHECKPOINT = Cause(
    "Q217157/checkpoint-differs", "The newest checkpoint differs from the nodes' databases"
)
COPIES = Cause("Q217157/copies-differ", "The nodes' cluster databases differ")
CAUSES = (EMPTY, DAMAGED, BAD_CHECKPOINT, OLD_CHECKPOINT, COPIES)

_DATABASE, _SERVICE = "CLUSDB", "Clussvc.exe"
_QUORUM_DISK = "quorum disk"
_QUORUM = (
    r"MSCS\CHKxxx.TMP and MSCS\QUOLOG.LOG of the quorum disk, copied while the cluster service is stopped"
)
_CHECKED_FROM = 5
"""Service pack from which checkpoints are taken periodically and tested by a checksum (Q217147)."""


def diagnose(cluster: Cluster) -> Iterator[Finding]:
    """Judge each node's database, then the copies against each other."""
    local = {EMPTY: partial(_empty, cluster), DAMAGED: partial(_damaged, cluster)}
    yield from on_each_machine(cluster, local, is_node, is_nt4)
    judges: dict[Cause, Callable[[tuple[Machine, ...]], Finding]] = {
        BAD_CHECKPOINT: partial(_bad_checkpoint, cluster),
        OLD_CHECKPOINT: partial(_old_checkpoint, cluster),
        COPIES: _copies,
    }
    yield from for_the_cluster(cluster, judges, is_node, is_nt4)


# --- one node's database ----------------------------------------------------------------------------


def _empty(cluster: Cluster, machine: Machine) -> Finding:
    path = machine.expand(join(machine.cluster_directory, _DATABASE))[0]
    fact = machine.file(path)
    beside = machine.file(join(machine.cluster_directory, _SERVICE))
    match fact:
        case Present(value=entry) if entry.size == 0:
            words, detail, verdict = f"{path} has zero bytes.", "zero-bytes", Verdict.CONFIRMED
        case Absent() if isinstance(beside, Present):
            words = f"{path} is not there, while {_SERVICE} is."
            detail, verdict = "absent", Verdict.LIKELY  # no article tells of a file that is gone
        case Present(value=entry) if entry.size is not None and not entry.is_directory:
            words = f"{path} has {entry.size:,} bytes."
            return Finding(EMPTY, machine.name, Verdict.RULED_OUT, "ok", words, (fact,))
        case _:
            reason = fact.reason if isinstance(fact, Unknown) else "the evidence does not show its size"
            words = f"Whether {path} is empty is not known: {reason}."
            collect = (_collect.listing(machine, path.rpartition("\\")[0]),)
            return Finding(EMPTY, machine.name, Verdict.UNDETERMINED, "", words, (fact,), collect=collect)
    steps = (_replace_database(cluster, machine, path, proved=True), see_it_start(machine, _START))
    return Finding(EMPTY, machine.name, verdict, detail, words, (fact, beside), steps=steps)


def _damaged(cluster: Cluster, machine: Machine) -> Finding:
    held = [piece for piece in machine.registry.evidence if any(m.path == CLUSTER for m in piece.mounts)]
    root = machine.key(CLUSTER)
    if not held:
        words = f"Of the cluster database of {machine.name} nothing was collected."
        collect = (_collect.cluster_hive(machine),)
        return Finding(DAMAGED, machine.name, Verdict.UNDETERMINED, "", words, (root,), collect=collect)
    best = held[0]  # in order of soundness
    told = f"{best.file.path} is {best.state}{_because(best)}"
    if best.state in {State.CLEAN, State.RECOVERED}:
        if isinstance(root, Present):
            return Finding(DAMAGED, machine.name, Verdict.RULED_OUT, "ok", f"{told}.", (root,))
    elif best.state is State.DAMAGED and best.format == _database.HIVE:
        path = machine.expand(join(machine.cluster_directory, _DATABASE))[0]
        words = f"{told}. So is CLUSDB, unless the copy was taken while the service ran."
        steps = (_replace_database(cluster, machine, path, proved=False), see_it_start(machine, _START))
        return Finding(DAMAGED, machine.name, Verdict.LIKELY, "damaged", words, (root,), steps=steps)
    words = f"{told}; whether CLUSDB itself is sound is not known."
    collect = (_collect.cluster_hive(machine),)
    return Finding(DAMAGED, machine.name, Verdict.UNDETERMINED, "", words, (root,), collect=collect)


def _because(piece: RegistryEvidence) -> str:
    return f" ({'; '.join(piece.notes)})" if piece.notes and piece.state is not State.CLEAN else ""


# --- checkpoints ------------------------------------------------------------------------------------


def _bad_checkpoint(cluster: Cluster, machines: tuple[Machine, ...]) -> Finding:
    copies = cluster.quorum_copies
    facts: tuple[AnyFact, ...] = tuple(machine.key(CLUSTER) for machine in machines)
    if not copies:
        return _no_checkpoint(BAD_CHECKPOINT, facts)
    newest = copies[0]
    facts = (newest.ask(KeySubject(_QUORUM_DISK, CLUSTER)), *facts)
    told = f"{newest.path}, by its number the newest checkpoint collected, is {newest.evidence.state}"
    if newest.is_sound:
        return Finding(BAD_CHECKPOINT, None, Verdict.RULED_OUT, "ok", f"{told}.", facts)
    pack = _lowest_service_pack(machines)
    if pack is not None and pack >= _CHECKED_FROM:
        told += "; the service tests its checksum and, if that fails, starts from CLUSDB"
    verdict = Verdict.CONFIRMED if newest.evidence.state is State.DAMAGED else Verdict.LIKELY
    return Finding(
        BAD_CHECKPOINT,
        None,
        verdict,
        str(newest.evidence.state),
        f"{told}.",
        facts,
        steps=(_without_checkpoint(),),
    )


def _old_checkpoint(cluster: Cluster, machines: tuple[Machine, ...]) -> Finding:
    checkpoint = cluster.checkpoint
    facts = tuple(machine.key(CLUSTER) for machine in machines)
    if checkpoint is None:
        return _no_checkpoint(OLD_CHECKPOINT, facts)
    there = next(mount.root for mount in checkpoint.evidence.mounts if mount.path == CLUSTER)
    outcomes = []
    for machine in machines:
        match _tree(machine):
            case None:
                continue
            case own:
                by_bytes = checkpoint.evidence.format == _database.HIVE and _shows_bytes(machine)
                outcome = _database.compare(own, there, by_bytes=by_bytes)
                outcomes.append(outcome)
                if not outcome.places:
                    continue
        pack = _lowest_service_pack(machines)
        words = (
            f"{checkpoint.path}, the newest sound checkpoint, and the cluster database of {machine.name} differ in "
            f"{outcome}. A node that forms the cluster loads the checkpoint in preference to its own copy (Q217147)."
        )
        # From Service Pack 5 on checkpoints are taken every four hours: a difference then is of one day's work.
        weighs = pack is not None and pack < _CHECKED_FROM
        steps = (_without_checkpoint(),) if weighs else ()
        cited = tuple(
            machine.value(place.key, place.value) if place.value is not None else machine.key(place.key)
            for place in outcome.places[: _database.TOLD]
        )
        return Finding(
            OLD_CHECKPOINT,
            None,
            Verdict.LIKELY,
            "differ",
            words,
            (*facts, *cited),
            steps=steps,
            weighs=weighs,
        )
    return _compared(OLD_CHECKPOINT, machines, facts, outcomes, "the newest sound checkpoint")


def _no_checkpoint(cause: Cause, facts: tuple[AnyFact, ...]) -> Finding:
    words = "No sound checkpoint of the quorum disk was collected."
    return Finding(cause, None, Verdict.UNDETERMINED, "", words, facts, collect=(_QUORUM,))


# --- the nodes' copies ------------------------------------------------------------------------------


def _copies(machines: tuple[Machine, ...]) -> Finding:
    facts = tuple(machine.key(CLUSTER) for machine in machines)
    known = [(machine, tree) for machine in machines if (tree := _tree(machine)) is not None]
    if len(known) < 2:  # noqa: PLR2004 - it takes two to differ
        return _compared(COPIES, machines, facts, [], "another node's")
    first, base = known[0]
    outcomes = []
    for machine, tree in known[1:]:
        by_bytes = _shows_bytes(first) and _shows_bytes(machine)
        outcome = _database.compare(base, tree, by_bytes=by_bytes)
        outcomes.append(outcome)
        if outcome.places:
            words = (
                f"The cluster databases of {first.name} and {machine.name} differ in {outcome}. A node that joins takes "
                "that of the node that is up (Q217147)."
            )
            return Finding(COPIES, None, Verdict.LIKELY, "differ", words, facts, weighs=False)
    return _compared(COPIES, machines, facts, outcomes, "another node's")


def _compared(
    cause: Cause,
    machines: tuple[Machine, ...],
    facts: tuple[AnyFact, ...],
    outcomes: list[_database.Outcome],
    what: str,
) -> Finding:
    """Nothing differs: ruled out where everything was compared, else open."""
    silent = [machine for machine in machines if _tree(machine) is None]
    unread = next((outcome.unread for outcome in outcomes if outcome.unread), "")
    if outcomes and not silent and not unread:
        extent = "" if all(map(_shows_bytes, machines)) else ", as far as an export or a text shows"
        words = f"The nodes' cluster databases and {what} hold the same{extent}."
        return Finding(cause, None, Verdict.RULED_OUT, "ok", words, facts)
    who = ", ".join(machine.name for machine in silent) or "the nodes"
    words = (
        f"The cluster database of {who} cannot be compared with {what}: {unread or 'it was not collected'}."
    )
    collect = tuple(map(_collect.cluster_hive, silent or machines))
    return Finding(cause, None, Verdict.UNDETERMINED, "", words, facts, collect=collect)


def _tree(machine: Machine) -> RegistryKey | None:
    match machine.tree(CLUSTER):
        case Present(value=key):
            return key
        case _:
            return None


def _shows_bytes(machine: Machine) -> bool:
    return _database.shows_bytes(machine, machine.key(CLUSTER))


def _lowest_service_pack(machines: tuple[Machine, ...]) -> int | None:
    """None: not known of every node."""
    packs = [machine.service_pack for machine in machines]
    numbers = [int(pack.rstrip("a") or 0) for pack in packs if pack is not None]
    return min(numbers) if numbers and len(numbers) == len(packs) else None


# --- the remedy -------------------------------------------------------------------------------------

_START = "It loads CLUSDB first, then joins or forms the cluster (Q217147)."


def _replace_database(cluster: Cluster, machine: Machine, path: str, *, proved: bool) -> Step:
    checkpoint = cluster.checkpoint
    source = f"the newest checkpoint ({checkpoint.path})" if checkpoint else "the newest checkpoint"
    size = checkpoint.evidence.file.content.size if checkpoint else 1
    return Step(
        machine.name,
        Phase.RESTORE_FILE,
        f"Replace CLUSDB of {machine.name}",
        reason=f"Set the cluster service to Manual and stop it. Rename {path} to Clusdb.old, copy {source} from the "
        "folder MSCS of the quorum disk to its place and name it Clusdb; without a sound checkpoint take the other "
        "node's CLUSDB, copied while its service is stopped. See first that the file is not read-only and that the "
        "service's account has full access to it. Set the service to Automatic again (Q224999, Q217157).",
        expect=f'dir "{path}" shows more than zero bytes.',
        warnings=(
            (
                "Never let both nodes run from their own Windows with Clusdisk set to Manual: that may destroy the shared "
                "disks (Q217147)."
            ),
            "An emergency repair disk does not hold CLUSDB (Q217157).",
        ),
        achieves=(FileRestored(path, size),) if proved else (),
    )


def _without_checkpoint() -> Step:
    return Step(
        None,
        Phase.NOTE,
        "Form the cluster from a sound CLUSDB, without the checkpoint",
        reason="See first which copy is the right one: load each in Regedt32 (Load Hive). If it is a node's CLUSDB, save "
        "it, switch the other node off, start the service with -debug -noquorumlogging, rename the folder MSCS of the "
        "quorum disk, and start that node again; the other node joins afterwards (Q217147).",
        expect="A new folder MSCS with a new checkpoint, and the configuration as it should be.",
        warnings=("Keep the folder that was renamed until everything was looked at.",),
    )


RULE = Rule(
    ARTICLE,
    CAUSES,
    diagnose,
    __doc__ or "",
    confidence={
        EMPTY: Confidence.HIGH,
        DAMAGED: Confidence.MEDIUM,
        BAD_CHECKPOINT: Confidence.HIGH,
        OLD_CHECKPOINT: Confidence.MEDIUM,
        COPIES: Confidence.MEDIUM,
    },
)
