r"""Exchange 5.5 May Not Close Registry Properly After Install (Q279158).

Symptom:
    None that Cluster Administrator or Regedt32 shows: a program that wrote to
    the cluster hive left out the NUL that ends a string, so that whoever reads
    the string to its NUL reads on into what follows.

Causes told apart:
    unterminated-string
        A REG_SZ or REG_EXPAND_SZ anywhere in the cluster hive has no NUL.
    unterminated-list
        A REG_MULTI_SZ named AdminExtensions lacks the NULs that end the list.

What is read:
    The whole cluster hive of each node, raw bytes: every value of these types.

What it cannot tell:
    Which program wrote the value: set-up of Exchange 5.5 and PATROL are known
    for it, and an edit by hand can do the same. An export or a printed listing
    of the registry ends every string by itself, so it clears nothing.

Remedy:
    Type the value again, or let Regfind of the Resource Kit add the NULs: on
    one node, with the cluster service of the other stopped, or on both. It is
    no matter of a .reg file: the article goes another way.

References:
    Q279158.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from iiscluster_kb.articles import Confidence, Rule, _collect, _database
from iiscluster_kb.articles._judging import on_each_machine
from iiscluster_kb.articles._preconditions import is_node
from iiscluster_kb.articles._spelling import spelled
from iiscluster_kb.cluster import CLUSTER
from iiscluster_kb.errors import EvidenceError
from iiscluster_kb.model import Article, Cause, Finding, Phase, Present, Step, Unknown, ValueChange, Verdict
from iiscluster_kb.registry import RegistryValue, ValueType, fold

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from iiscluster_kb.cluster import Cluster, Machine
    from iiscluster_kb.model import AnyFact
    from iiscluster_kb.registry import KeyPath, RegistryKey

ARTICLE = Article(
    "Q279158",
    "Exchange 5.5 May Not Close Registry Properly After Install",
    "https://jeffpar.github.io/kbarchive/kb/279/Q279158/",
)
STRING = Cause("Q279158/unterminated-string", "A string in the cluster hive has no NUL")
LIST = Cause("Q279158/unterminated-list", "An AdminExtensions list has no end")
CAUSES = (STRING, LIST)

_LISTS = fold("AdminExtensions")
_STRINGS = frozenset({int(ValueType.REG_SZ), int(ValueType.REG_EXPAND_SZ)})
_NUL, _UNIT = b"\0\0", 2
_CITED = 10
_MOST_KEYS, _MOST_VALUES, _DEEPEST = 100_000, 1_000_000, 64
"""Q247327 puts a cluster at 1,674 resources; a key goes eight levels deep."""
_MOST_MENDED = 1_000
"""Values for which the proof lays the mended form over the evidence."""
_LOCAL_ONLY = (
    "Regfind changes the registry of the node on which it runs: run it on one node while the cluster service of the "
    "other is stopped, or on both (Q279158)."
)


class _Place(NamedTuple):
    key: KeyPath
    value: str
    """Its name."""


@dataclass(slots=True)
class _Walk:
    """What the whole of a cluster hive shows."""

    strings: list[_Place] = field(default_factory=list)
    lists: list[_Place] = field(default_factory=list)
    values: int = 0
    stopped: str = ""
    """Why not all of it was read."""


def diagnose(cluster: Cluster) -> Iterator[Finding]:
    """Read each node's cluster hive once, and judge strings and lists."""
    walks: dict[str, _Walk | Unknown] = {}

    def judge(cause: Cause) -> Callable[[Machine], Finding]:
        def one(machine: Machine) -> Finding:
            walk = walks.get(machine.name) or walks.setdefault(machine.name, _walk(machine))
            return _judge(cause, machine, walk)

        return one

    yield from on_each_machine(cluster, {cause: judge(cause) for cause in CAUSES}, is_node)


# --- the walk ---------------------------------------------------------------------------------------


def _walk(machine: Machine) -> _Walk | Unknown:
    root = machine.tree(CLUSTER)
    match root:
        case Present(value=key):
            return _read(key)
        case Unknown():
            return root
        case _:
            return Unknown(root.subject, f"{root.subject} is absent")


def _read(root: RegistryKey) -> _Walk:
    """Every value below the root, within bounds; damage ends the walk of its key alone."""
    walk = _Walk()
    waiting: list[tuple[RegistryKey, KeyPath, int]] = [(root, CLUSTER, 0)]
    keys = 0
    while waiting:
        key, path, depth = waiting.pop()
        keys += 1
        if keys > _MOST_KEYS or walk.values > _MOST_VALUES:
            walk.stopped = f"it holds more than {_MOST_KEYS:,} keys or {_MOST_VALUES:,} values"
            return walk
        if depth > _DEEPEST:
            walk.stopped = f"{path.short} lies deeper than {_DEEPEST} keys"
            continue
        try:
            for value in key.values():
                walk.values += 1
                if walk.values > _MOST_VALUES:
                    break
                _look(walk, path, value)
            for below in key.subkeys():
                if len(waiting) > _MOST_KEYS:
                    break
                waiting.append((below, path / below.name, depth + 1))
        except EvidenceError as error:
            walk.stopped = walk.stopped or f"{path.short}: {error.detail}"
    return walk


def _look(walk: _Walk, path: KeyPath, value: RegistryValue) -> None:
    if int(value.type) in _STRINGS:
        if lacks_nul(value.data):
            walk.strings.append(_Place(path, value.name))
    elif value.type == ValueType.REG_MULTI_SZ and fold(value.name) == _LISTS and lacks_end(value.data):
        walk.lists.append(_Place(path, value.name))


def lacks_nul(data: bytes) -> bool:
    """Whether a string of text has no NUL anywhere; no data is no string."""
    return len(data) >= _UNIT and not _has(data, _NUL)


def lacks_end(data: bytes) -> bool:
    """Whether a list of CLSIDs that is not empty has no empty string at its end; 8-bit text is another fault."""
    if len(data) < _UNIT or data.startswith(_NUL) or _has(data, _NUL + _NUL):
        return False
    return data[: len(data) & ~1].decode("utf-16-le", "replace").isascii()


def _has(data: bytes, wanted: bytes) -> bool:
    """Whether the bytes occur where a character begins."""
    at = data.find(wanted)
    while at > 0 and at % _UNIT:
        at = data.find(wanted, at + 1)
    return at >= 0


# --- the verdict ------------------------------------------------------------------------------------


def _judge(cause: Cause, machine: Machine, walk: _Walk | Unknown) -> Finding:
    root = machine.key(CLUSTER)
    if isinstance(walk, Unknown):
        return _open(cause, machine, walk, f"the cluster hive cannot be read: {walk.reason}")
    found = walk.strings if cause is STRING else walk.lists
    if found:
        return _found(cause, machine, walk, found)
    if walk.stopped:
        return _open(cause, machine, root, f"the cluster hive was not read whole: {walk.stopped}")
    if not _database.shows_bytes(machine, root):
        return _open(
            cause,
            machine,
            root,
            "what was collected is an export or a text, which ends every string by itself",
        )
    what = "Every string" if cause is STRING else "Every AdminExtensions list"
    words = f"{what} among the {walk.values:,} values of the cluster hive has its end."
    return Finding(cause, machine.name, Verdict.RULED_OUT, "ok", words, (root,))


def _found(cause: Cause, machine: Machine, walk: _Walk, found: list[_Place]) -> Finding:
    cited = tuple(machine.value(place.key, place.value) for place in found[:_CITED])
    named = "; ".join(str(fact.subject) for fact in cited)
    more = f"; and {len(found) - _CITED} more" if len(found) > _CITED else ""
    verdict, lack = (
        (Verdict.CONFIRMED, "NUL at its end")
        if cause is STRING
        else (Verdict.LIKELY, "NUL behind its last string")  # the article speaks of strings alone
    )
    count = "One value has" if len(found) == 1 else f"{len(found)} values have each"
    return Finding(
        cause,
        machine.name,
        verdict,
        "no-nul",
        f"{count} no {lack}: {named}{more}.",
        facts=cited,
        steps=_regfind(machine, walk) if cause is STRING else (_type_again(machine),),
    )


def _regfind(machine: Machine, walk: _Walk) -> tuple[Step, ...]:
    command = r"regfind -p HKEY_LOCAL_MACHINE\cluster -z"
    return (
        Step(
            machine.name,
            Phase.PATCH,
            f"Add the missing NULs on {machine.name}",
            command=f"{command}\n{command} -r",
            reason="The first command lists the values, the second mends them (Q279158). Regfind comes with the "
            "Resource Kit; without it, open each value in Regedt32 and type the string again.",
            expect="Run once more, the first command lists nothing.",
            warnings=(_LOCAL_ONLY,),
            achieves=tuple(_mended(machine, walk)),
        ),
    )


def _mended(machine: Machine, walk: _Walk) -> Iterator[ValueChange]:
    """What Regfind leaves; nothing where more would remain open than these values."""
    whole = not walk.stopped and _database.shows_bytes(machine, machine.key(CLUSTER))
    if not whole or len(walk.strings) > _MOST_MENDED:
        return
    for place in walk.strings:
        fact = machine.value(place.key, place.value)
        if isinstance(fact, Present):
            before = fact.value
            data = before.data[: len(before.data) & ~1] + _NUL
            yield ValueChange(
                spelled(fact), before.name, before, RegistryValue(before.name, before.type, data)
            )


def _type_again(machine: Machine) -> Step:
    return Step(
        machine.name,
        Phase.PATCH,
        f"Type AdminExtensions again on {machine.name}",
        command="regedt32",
        reason="Open each value that is named in the finding, change nothing, press OK: Regedt32 writes a list with its "
        "end (Q279158 tells so of strings).",
        expect="The list shows the same strings as before.",
        warnings=("What is changed reaches this node alone: do the same on the other node.",),
    )


def _open(cause: Cause, machine: Machine, fact: AnyFact, words: str) -> Finding:
    return Finding(
        cause,
        machine.name,
        Verdict.UNDETERMINED,
        "",
        f"{words[:1].upper()}{words[1:]}.",
        facts=(fact,),
        collect=(_collect.cluster_hive(machine),),
    )


RULE = Rule(
    ARTICLE, CAUSES, diagnose, __doc__ or "", confidence={STRING: Confidence.HIGH, LIST: Confidence.MEDIUM}
)
