r"""Whether a node was restarted between two collections, as far as evidence can tell.

``Control\Windows : ShutdownTime`` is documented for Windows 2000 and later; where an older Windows has it, it
is a hint. ``Select : Current`` names another control set only after a start (Q102984). The key ``Windows
NT\CurrentVersion`` is written at each start (Q222507), but not at starts alone; so is ``Select``: hints.

That something did not change says nothing unless its hive was written since: a copy from the emergency
repair directory looks the same in every collection.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from iiscluster_kb.cluster import CURRENT_CONTROL_SET
from iiscluster_kb.comparison._facts import alike
from iiscluster_kb.comparison._nouns import Clue, Outcome, Restart, Restarted
from iiscluster_kb.errors import EvidenceError
from iiscluster_kb.model import Absent, Present, Unknown
from iiscluster_kb.regf import Hive
from iiscluster_kb.regf.layout import moment as from_filetime
from iiscluster_kb.registry import HKLM, fold
from iiscluster_kb.render._words import moment

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from iiscluster_kb.cluster import Machine
    from iiscluster_kb.comparison._collection import Collection
    from iiscluster_kb.comparison._nouns import Application
    from iiscluster_kb.model import AnyFact, Fact
    from iiscluster_kb.registry import KeyPath, RegistryValue

__all__ = ["judge_restarts"]

_SELECT = HKLM / r"SYSTEM\Select"
_CONTROL = CURRENT_CONTROL_SET / r"Control\Windows"
_SHUTDOWN = "ShutdownTime"
_FILETIME_SIZE = 8
_VERSION_KEY = HKLM / r"SOFTWARE\Microsoft\Windows NT\CurrentVersion"
_DOCUMENTED_SINCE = 5
"""Major version of Windows 2000."""


def judge_restarts(
    before: Collection, after: Collection, patches: Iterable[Application]
) -> tuple[Restart, ...]:
    """Judge every node of the second collection."""
    applied = tuple(patches)
    return tuple(
        _judge(before.machine(node.name), node, [p for p in applied if fold(p.machine) == fold(node.name)])
        for node in after.cluster.nodes
    )


def _judge(before: Machine, after: Machine, patches: Iterable[Application]) -> Restart:
    clues = (
        _shutdown(before, after),
        *_selection(before, after),
        *_version_key(before, after),
        *_order(after, patches),
    )
    return Restart(after.name, _weigh(clues), clues)


def _weigh(clues: Iterable[Clue]) -> Restarted:
    """One proof decides, or two hints that nothing contradicts."""
    speaking = [clue for clue in clues if clue.says is not Restarted.UNKNOWN]
    said = {clue.says for clue in speaking}
    proved = {clue.says for clue in speaking if clue.is_proof}
    if len(proved) == 1:
        return proved.pop()
    if not proved and len(said) == 1 and len(speaking) > 1:
        return said.pop()
    return Restarted.UNKNOWN


# --- the time of the last shutdown ------------------------------------------------------------------


def _shutdown(before: Machine, after: Machine) -> Clue:
    was, now = before.value(_CONTROL, _SHUTDOWN), after.value(_CONTROL, _SHUTDOWN)
    is_proof = _is_documented(after)
    then, last = _time_of(was), _time_of(now)
    if last is None:
        return Clue(
            Restarted.UNKNOWN,
            f"The time of the last shutdown is not known: {_lack(now)}.",
            before=was,
            after=now,
        )
    if then is None:
        if isinstance(was, Absent):
            text = f"The first collection shows no shutdown, the second one at {moment(last)}."
            return Clue(Restarted.YES, text, is_proof, was, now)
        text = f"The last shutdown was at {moment(last)}; which one it was before is not known: {_lack(was)}."
        return Clue(Restarted.UNKNOWN, text, before=was, after=now)
    if last > then:
        text = f"The last shutdown was at {moment(last)}; the first collection names {moment(then)}."
        return Clue(Restarted.YES, text, is_proof, was, now)
    if last < then:
        text = f"The second collection names an earlier shutdown ({moment(last)}) than the first ({moment(then)})."
        return Clue(Restarted.UNKNOWN, text, before=was, after=now)
    return _unmoved(f"The last shutdown is still that of {moment(last)}", was, now, is_proof=is_proof)


def _is_documented(machine: Machine) -> bool:
    major = (machine.windows or "").partition(".")[0]
    return major.isdecimal() and int(major) >= _DOCUMENTED_SINCE


def _time_of(fact: Fact[RegistryValue]) -> datetime | None:
    match fact:
        case Present(value=value) if len(value.data) == _FILETIME_SIZE:
            return from_filetime(int.from_bytes(value.data, "little"))
        case _:
            return None


def _lack(fact: Fact[RegistryValue]) -> str:
    match fact:
        case Absent():
            return f"{fact.subject} is absent"
        case Unknown(reason=reason):
            return reason
        case _:
            return f"{fact.subject} holds no time"


def _unmoved(text: str, was: AnyFact, now: AnyFact, *, is_proof: bool = False) -> Clue:
    """A clue from what did not change: it speaks only where its hive was written between the collections."""
    first, second = _hive_written(was), _hive_written(now)
    if first is None or second is None:
        return Clue(
            Restarted.UNKNOWN, f"{text}; when its hive was written is not known.", before=was, after=now
        )
    if second > first:
        text = f"{text}, though its hive was written since, at {moment(second)}."
        return Clue(Restarted.NO, text, is_proof, was, now)
    text = (
        f"{text}, but its hive was not written since {moment(second)}: either nothing happened, "
        "or an old copy was collected."
    )
    return Clue(Restarted.UNKNOWN, text, before=was, after=now)


def _hive_written(fact: AnyFact) -> datetime | None:
    """Time in the base block of the hive that gave the fact; None: it came from elsewhere."""
    if fact.source is None:
        return None
    file = fact.source.file
    try:
        return Hive(file.content.map(), file.path).modified
    except EvidenceError:
        return None


# --- what a start leaves behind ---------------------------------------------------------------------


def _selection(before: Machine, after: Machine) -> Iterator[Clue]:
    was, now = before.value(_SELECT, "Current"), after.value(_SELECT, "Current")
    if alike(was, now) is False:
        text = "Another control set is current than in the first collection, which only a start brings about."
        yield Clue(Restarted.YES, text, is_proof=True, before=was, after=now)
    good, now_good = before.value(_SELECT, "LastKnownGood"), after.value(_SELECT, "LastKnownGood")
    if alike(good, now_good) is False:
        text = "Another control set is the last known good one, which follows a start that succeeded."
        yield Clue(Restarted.YES, text, before=good, after=now_good)
    elif moved := _moved(before, after, _SELECT):
        yield moved


def _version_key(before: Machine, after: Machine) -> Iterator[Clue]:
    if moved := _moved(before, after, _VERSION_KEY):
        yield moved
        return
    was, now = before.key(_VERSION_KEY), after.key(_VERSION_KEY)
    if (then := _key_written(was)) is not None and then == _key_written(now):
        text = f"{_VERSION_KEY.short}, which is written at each start, is still that of {moment(then)}"
        yield _unmoved(text, was, now)


def _moved(before: Machine, after: Machine, key: KeyPath) -> Clue | None:
    was, now = before.key(key), after.key(key)
    then, last = _key_written(was), _key_written(now)
    if then is None or last is None or last <= then:
        return None
    text = f"{key.short}, which is written at each start, was last written at {moment(last)}, before at {moment(then)}."
    return Clue(Restarted.YES, text, before=was, after=now)


def _key_written(fact: AnyFact) -> datetime | None:
    """Last-written time of the key itself; an absence names a key above it."""
    return _key_time(fact) if isinstance(fact, Present) else None


def _key_time(fact: AnyFact) -> datetime | None:
    return fact.source.last_written if fact.source else None


# --- before or after the change ---------------------------------------------------------------------


def _order(after: Machine, patches: Iterable[Application]) -> Iterator[Clue]:
    """Put the last shutdown and the last write of each key that changed into order."""
    last = _time_of(after.value(_CONTROL, _SHUTDOWN))
    written: dict[KeyPath, tuple[datetime, AnyFact]] = {}
    for patch in patches:
        for value in patch.values:
            then, time = _key_time(value.before), _key_time(value.after)
            has_changed = value.outcome in {Outcome.APPLIED, Outcome.OTHER_DATA} and then != time
            if has_changed and time is not None:
                written[value.delivered.key] = time, value.after
    for key, (time, fact) in written.items():
        text = f"{key.short} was last written at {moment(time)}"
        if last is None:
            text += "."
        elif last > time:
            text += f", before the shutdown at {moment(last)}: a restart followed the change."
        else:
            text += f", after the shutdown at {moment(last)}: whether a restart followed the change is open."
        yield Clue(Restarted.UNKNOWN, text, after=fact)
