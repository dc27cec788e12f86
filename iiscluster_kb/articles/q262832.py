r"""Cluster Service Does Not Start with Event ID 7023 (Q262832).

Symptom:
    After a network setting was changed on a node and the node was restarted,
    the cluster service stops with error 1720, "The endpoint cannot be
    created"; the system log holds event 7023.

Causes told apart:
    provider-key-missing
        Services\Winsock\Setup Migration\Providers has no key Clusnet.
    provider-list
        Provider List (REG_MULTI_SZ) of Services\Winsock\Setup Migration does
        not list Clusnet where Windows would find it.
    transports
        Transports (REG_MULTI_SZ) of Services\Winsock\Parameters does not.

What is read:
    SYSTEM (the current control set); the same keys of the other nodes, for
    where the missing one may be taken from.

What it cannot tell:
    Whether the permissions of the keys are right; what the key Clusnet must
    hold, which no article prints, so that an incomplete one is not noticed.

Remedy:
    Clusnet is appended to the list; what was listed stays, in order. The key
    is saved on a node that has it and restored on the one that has not. Where
    a list is gone or unreadable there is no patch, for nothing tells what else
    stood in it: compare with the other node. With all three in order and the
    error still there, the article advises to install the cluster service again.

References:
    Q262832; Q158294 and Q323170 (Save Key and Restore of Regedt32).
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from iiscluster_kb.articles import Confidence, Rule, _collect
from iiscluster_kb.articles._cluster_service import see_it_start
from iiscluster_kb.articles._judging import on_each_machine
from iiscluster_kb.articles._preconditions import is_node, is_nt4
from iiscluster_kb.articles._spelling import spelled
from iiscluster_kb.cluster import CURRENT_CONTROL_SET
from iiscluster_kb.model import (
    Absent,
    Article,
    Cause,
    Finding,
    Phase,
    Present,
    Step,
    Unknown,
    ValueChange,
    Verdict,
)
from iiscluster_kb.registry import RegistryValue, ValueType, fold, multi_sz

if TYPE_CHECKING:
    from collections.abc import Iterator

    from iiscluster_kb.cluster import Cluster, Machine
    from iiscluster_kb.model import AnyFact
    from iiscluster_kb.registry import KeyPath

ARTICLE = Article(
    "Q262832",
    "Cluster Service Does Not Start with Event ID 7023",
    "https://jeffpar.github.io/kbarchive/kb/262/Q262832/",
)
PROVIDER_KEY = Cause("Q262832/provider-key-missing", "Winsock has no provider key for Clusnet")
PROVIDER_LIST = Cause("Q262832/provider-list", "Winsock's Provider List does not list Clusnet")
TRANSPORTS = Cause("Q262832/transports", "Winsock's Transports does not list Clusnet")
CAUSES = (PROVIDER_KEY, PROVIDER_LIST, TRANSPORTS)

TRANSPORT = "Clusnet"
_WINSOCK = CURRENT_CONTROL_SET / r"Services\Winsock"
_MIGRATION = _WINSOCK / "Setup Migration"
_PROVIDERS = _MIGRATION / "Providers"
_LISTS = {
    PROVIDER_LIST: (_MIGRATION, "Provider List"),
    TRANSPORTS: (_WINSOCK / "Parameters", "Transports"),
}

_START = "RPC binds to the transport of the cluster's heartbeat when the service starts (Q262832)."
_BY_HAND = (
    "Nothing tells what else the list held on this node: other transports are lost where it is typed from "
    "memory (Q262832)."
)


def diagnose(cluster: Cluster) -> Iterator[Finding]:
    """Judge the key and the two lists on each node."""
    judges = {
        PROVIDER_KEY: partial(_key, cluster),
        PROVIDER_LIST: partial(_list, PROVIDER_LIST),
        TRANSPORTS: partial(_list, TRANSPORTS),
    }
    yield from on_each_machine(cluster, judges, is_node, is_nt4)


# --- the key ----------------------------------------------------------------------------------------


def _key(cluster: Cluster, machine: Machine) -> Finding:
    fact = machine.key(_PROVIDERS / TRANSPORT)
    match fact, machine.subkeys(_PROVIDERS):
        case Present(), _:
            return Finding(
                PROVIDER_KEY, machine.name, Verdict.RULED_OUT, "ok", f"{fact.subject} is there.", (fact,)
            )
        case Absent(), Present(value=names) as siblings if names:
            explanation = f"{fact.subject} is absent, while others are there: {', '.join(names[:4])}."
            return Finding(
                PROVIDER_KEY,
                machine.name,
                Verdict.CONFIRMED,
                "absent",
                explanation,
                facts=(fact, siblings),
                steps=(_copy_key(cluster, machine), see_it_start(machine, _START)),
            )
        case Unknown(reason=reason), _:
            return _open(PROVIDER_KEY, machine, fact, reason)
        case _:
            return _open(PROVIDER_KEY, machine, fact, "the evidence holds no provider of Winsock at all")


def _copy_key(cluster: Cluster, machine: Machine) -> Step:
    donors = [
        other.name
        for other in cluster.nodes
        if other is not machine and isinstance(other.key(_PROVIDERS / TRANSPORT), Present)
    ]
    source = donors[0] if donors else "a node on which the cluster service starts"
    return Step(
        machine.name,
        Phase.PATCH,
        f"Take the key Clusnet from {source} to {machine.name}",
        command="regedt32",
        reason=rf"On {source}: select HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Services\Winsock\Setup "
        rf"Migration\Providers\Clusnet, menu Registry, Save Key. On {machine.name}: below Providers add a key "
        "Clusnet, select it, menu Registry, Restore, and give the saved file (Q262832, Q323170).",
        expect=f"The key Clusnet of {machine.name} shows the same values as that of {source}.",
        warnings=("Restore replaces all that the selected key holds: select Clusnet, not Providers.",),
    )


# --- the lists --------------------------------------------------------------------------------------


def _list(cause: Cause, machine: Machine) -> Finding:
    key, name = _LISTS[cause]
    fact = machine.value(key, name)
    match fact:
        case Present(value=value):
            detail, words = read_list(value, TRANSPORT)
            explanation = f"{name} {words}."
            if detail == "ok":
                return Finding(cause, machine.name, Verdict.RULED_OUT, detail, explanation, (fact,))
            return _faulty(cause, machine, fact, detail, explanation)
        case Unknown(reason=reason):
            return _open(cause, machine, fact, reason)
        case Absent() if isinstance(place := machine.key(key), Present):
            # The article counts a missing value too; here nothing shows that it ever was.
            return Finding(
                cause,
                machine.name,
                Verdict.LIKELY,
                "absent",
                f"{name} is absent, while its key is there.",
                facts=(fact, place),
                steps=(_compare(machine, key, name), see_it_start(machine, _START)),
            )
        case Absent():
            return _open(cause, machine, fact, f"the evidence holds no {key.name} of Winsock at all")


def _faulty(
    cause: Cause, machine: Machine, fact: Present[RegistryValue], detail: str, explanation: str
) -> Finding:
    after = with_string(fact.value, TRANSPORT)
    key = spelled(fact)
    return Finding(
        cause,
        machine.name,
        Verdict.CONFIRMED,
        detail,
        explanation,
        facts=(fact,),
        changes=() if after is None else (ValueChange(key, after.name, fact.value, after),),
        steps=(
            *((_compare(machine, _LISTS[cause][0], fact.value.name),) if after is None else ()),
            see_it_start(machine, _START),
        ),
    )


def _compare(machine: Machine, key: KeyPath, name: str) -> Step:
    return Step(
        machine.name,
        Phase.PATCH,
        f"Write {name} on {machine.name} anew, by that of the other node",
        command="regedt32",
        reason=f"{_BY_HAND} On both nodes look at {key}. On {machine.name} delete {name} if it is there, then menu "
        "Edit, Add Value, type REG_MULTI_SZ, one string a line: what the other node lists and this node has "
        f"installed, and {TRANSPORT}.",
        expect=f"{name} lists {TRANSPORT} among others.",
    )


def read_list(value: RegistryValue, wanted: str) -> tuple[str, str]:
    """Whether a program finds ``wanted`` in a list of strings: a fixed word, and a sentence's end."""
    if value.type != ValueType.REG_MULTI_SZ:
        return "wrong-type", f"is of type {value.type_name} instead of REG_MULTI_SZ"
    visible = value.strings()
    if _holds(visible, wanted):
        end = 2 * sum(len(string) + 1 for string in visible)
        if value.data[end : end + 2] != b"\0\0":
            return "unterminated", f"lists {wanted} but lacks the NULs that end the list"
        return "ok", f"lists {wanted}"
    if _holds(_every_string(value), wanted):
        return "hidden", f"holds {wanted} behind an empty string, where the list already ended"
    if fold(wanted) in fold(value.data.decode("latin-1")):
        return "wrong-type", f"holds {wanted} as 8-bit text instead of UTF-16 text"
    shown = ", ".join(visible[:8]) or "nothing"
    return "not-listed", f"lists {shown}{' …' if len(visible) > 8 else ''}"  # noqa: PLR2004 - enough to recognise


def with_string(value: RegistryValue, wanted: str) -> RegistryValue | None:
    """A sound list of all that the value holds, and of ``wanted``; None: what it holds cannot be told."""
    every = _every_string(value)
    if value.type != ValueType.REG_MULTI_SZ or not every or not all(map(_is_name, every)):
        return None
    listed = every if _holds(every, wanted) else (*every, wanted)
    return RegistryValue(value.name, ValueType.REG_MULTI_SZ, multi_sz(*listed))


def _every_string(value: RegistryValue) -> tuple[str, ...]:
    """Also what stands behind the end of the list."""
    text = value.data[: len(value.data) & ~1].decode("utf-16-le", "replace")
    return tuple(filter(None, text.split("\0")))


def _is_name(text: str) -> bool:
    """Whether it can be a transport's: 8-bit text that was taken for UTF-16 cannot."""
    return text.isascii() and text.isprintable()


def _holds(strings: tuple[str, ...], wanted: str) -> bool:
    return fold(wanted) in map(fold, strings)


def _open(cause: Cause, machine: Machine, fact: AnyFact, reason: str) -> Finding:
    return Finding(
        cause,
        machine.name,
        Verdict.UNDETERMINED,
        "",
        f"{fact.subject} cannot be judged: {reason}.",
        facts=(fact,),
        collect=(_collect.system(machine),),
    )


RULE = Rule(
    ARTICLE,
    CAUSES,
    diagnose,
    __doc__ or "",
    confidence={PROVIDER_KEY: Confidence.HIGH, PROVIDER_LIST: Confidence.HIGH, TRANSPORTS: Confidence.HIGH},
)
