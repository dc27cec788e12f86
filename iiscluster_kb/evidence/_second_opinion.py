"""Every registry value or absence that a finding cites, read again by two independent readers.

Dual-tool verification: python-registry and regipy share no code with the hive reader of this package. They
are asked side by side, each in a process of its own, once for the whole case, and only where something is cited. A disagreement
that a known defect of the peer explains is named and changes nothing; any other one leaves the finding
undetermined, with both answers. A peer that cannot read changes nothing.

Of a hive with transaction logs laid over it only python-registry is asked, which lays them over it by its own
means, and only where they are of the kind that it knows.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from iiscluster_kb.errors import EvidenceError
from iiscluster_kb.evidence._known_defects import Asked, known_defect
from iiscluster_kb.evidence._panel import (
    READERS,
    RECOVERERS,
    Found,
    Missing,
    Panel,
    Question,
    Unreadable,
)
from iiscluster_kb.evidence.hive import RecoveredHive
from iiscluster_kb.model import (
    Absent,
    Answer,
    KeySubject,
    Opinion,
    Present,
    RegistryEvidence,
    State,
    ValueSubject,
    Verdict,
)
from iiscluster_kb.registry import KeyPath, RegistryValue

if TYPE_CHECKING:
    from collections.abc import Mapping

    from iiscluster_kb.evidence._panel import Readers, Reply
    from iiscluster_kb.model import AnyFact, Evidence, Finding, Mount

__all__ = ["Panel", "confirm"]

_HIVE = "registry-hive"
_OLD_LOGS = "the hive was recovered from a transaction log of the old kind, which no second reader can be trusted with"
_NO_RECOVERY = (
    "the hive was recovered from transaction logs, and its own way of doing so is known to be wrong"
)
_MOST_SHOWN = 40
"""Bytes or characters of data in a note."""


def confirm(
    findings: tuple[Finding, ...], evidence: tuple[Evidence, ...], panel: Readers
) -> tuple[Finding, ...]:
    """Fill in the second opinions of every cited fact.

    Returns:
        The findings in the same order. One with a fact that a peer contradicts, and that no known defect
        of the peer explains, is UNDETERMINED, proposes nothing, and its explanation names both answers.
    """
    hives = {
        piece.file.path: piece
        for piece in evidence
        if isinstance(piece, RegistryEvidence) and piece.format == _HIVE
    }
    asked = [[_asked(fact, hives) for fact in finding.facts] for finding in findings]
    questions = dict.fromkeys(one.question for row in asked for one in row if isinstance(one, Asked))
    replies = panel.ask(questions) if questions else {}
    return tuple(
        _weighed(finding, tuple(_judged(*pair, replies) for pair in zip(finding.facts, row, strict=True)))
        for finding, row in zip(findings, asked, strict=True)
    )


# --- what is asked ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Unasked:
    """What stands for the readers' answers where there is no question to ask."""

    answer: Answer = Answer.NOT_ASKED
    note: str | None = None


def _asked(fact: AnyFact, hives: Mapping[str, RegistryEvidence]) -> Asked | _Unasked:
    """The question that a fact raises."""
    if not isinstance(fact, Present | Absent) or fact.source is None:
        return _Unasked()
    if not isinstance(fact.subject, KeySubject | ValueSubject):
        return _Unasked()
    hive = hives.get(fact.source.file.path)
    key = fact.subject.key
    if isinstance(fact, Present) and fact.source.key is not None:
        key = KeyPath.parse(fact.source.key)
    mount = _mount(hive, key) if hive else None
    if hive is None or mount is None:
        return _Unasked()
    if isinstance(hive, RecoveredHive) and not hive.logs_are_new:
        return _Unasked(note=_OLD_LOGS)
    value = fact.value if isinstance(fact, Present) and isinstance(fact.value, RegistryValue) else None
    named = fact.subject.name if isinstance(fact.subject, ValueSubject) else None
    try:
        path = hive.file.content.on_disk()
        content = hive.content if isinstance(hive, RecoveredHive) else hive.file.content.map()
        logs = tuple(log.content.on_disk() for log in hive.logs) if isinstance(hive, RecoveredHive) else ()
    except (EvidenceError, OSError) as error:
        return _Unasked(Answer.UNREADABLE, f"the hive could not be handed over: {error}")
    return Asked(
        Question(path, key.below(mount.path), value.name if value else named, logs),
        str(fact.subject),
        isinstance(fact, Present),
        value,
        mount.root,
        hive.state,
        content,
    )


def _mount(hive: RegistryEvidence, key: KeyPath) -> Mount | None:
    return next((mount for mount in hive.mounts if key.is_within(mount.path)), None)


# --- what is made of the answers --------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Judged:
    fact: AnyFact
    disputes: tuple[str, ...] = ()
    """What peers said otherwise without an explanation, in words."""


def _judged(fact: AnyFact, asked: Asked | _Unasked, replies: Mapping[tuple[str, Question], Reply]) -> _Judged:
    if not isinstance(fact, Present | Absent):
        return _Judged(fact)
    if isinstance(asked, _Unasked):
        unasked = tuple(Opinion(name, asked.answer, asked.note) for name in READERS)
        return _Judged(replace(fact, opinions=unasked))
    opinions = tuple(_opinion(name, asked, replies[name, asked.question]) for name in READERS)
    disputes = tuple(
        f"{opinion.reader} reads {asked.place} otherwise: {opinion.note}"
        for opinion in opinions
        if opinion.answer is Answer.DISAGREES and not opinion.explained
    )
    return _Judged(replace(fact, opinions=opinions), disputes)


def _opinion(reader: str, asked: Asked, reply: Reply) -> Opinion:
    if asked.question.logs and reader not in RECOVERERS:
        return Opinion(reader, Answer.NOT_ASKED, _NO_RECOVERY)
    agrees = _agrees(asked, reply)
    if agrees:
        note = "it read the file without the pending changes, as was done here"
        if asked.question.logs:
            note = "it laid the transaction logs over the hive by its own means"
        is_told = asked.question.logs or asked.state is State.UNRECOVERED
        return Opinion(reader, Answer.AGREES, note if is_told else None)
    answer = Answer.UNREADABLE if agrees is None else Answer.DISAGREES
    said = _told(reply) if agrees is None else f"there {_told(reply)}, here {_read(asked)}"
    defect = known_defect(reader, asked, reply)
    if defect is not None:
        return Opinion(reader, answer, f"{said} ({defect})", explained=True)
    return Opinion(reader, answer, said)


def _agrees(asked: Asked, reply: Reply) -> bool | None:
    """Whether the peer read the same; None: it does not say."""
    match reply, asked.value:
        case Unreadable(), _:
            return None
        case Missing(), _:
            return not asked.present
        case Found(), None:
            return asked.present
        case Found(type=kind, data=data), RegistryValue() as value if kind == value.type:
            return _is_same_data(value, data)
        case _:
            return False


def _is_same_data(value: RegistryValue, data: bytes | str | int | tuple[str, ...] | None) -> bool | None:
    match data:
        case bytes():
            return data == value.data
        case str():
            return data == _as_utf_16(value.data)
        case int():
            return data == value.integer()
        case tuple():
            return data == value.strings()
        case None:
            return None


def _as_utf_16(data: bytes) -> str | None:
    """Text without its trailing NULs, as regipy documents it."""
    try:
        return data.decode("utf-16-le").rstrip("\0")
    except UnicodeDecodeError:
        return None


def _weighed(finding: Finding, judged: tuple[_Judged, ...]) -> Finding:
    facts = tuple(one.fact for one in judged)
    disputes = dict.fromkeys(text for one in judged for text in one.disputes)
    if not disputes:
        return replace(finding, facts=facts)
    return replace(
        finding,
        facts=facts,
        verdict=Verdict.UNDETERMINED,
        changes=(),
        steps=(),
        explanation=f"{finding.explanation} Undetermined, because {'; '.join(disputes)}.",
    )


# --- in words ---------------------------------------------------------------------------------------


def _told(reply: Reply) -> str:
    match reply:
        case Unreadable(reason=reason):
            return reason
        case Missing(what=what):
            return f"no such {what}"
        case Found(type=int() as kind, data=None):
            return f"{_type_name(kind)}, whose data it does not give"
        case Found(type=int() as kind, data=data):
            return f"{_type_name(kind)} {_shown(data)}"
        case _:
            return "the key"


def _read(asked: Asked) -> str:
    if asked.value is None:
        return "present" if asked.present else "absent"
    return f"{asked.value.type_name} {_shown(asked.value.data)}"


def _type_name(kind: int) -> str:
    return RegistryValue("", kind, b"").type_name


def _shown(data: bytes | str | int | tuple[str, ...] | None) -> str:
    match data:
        case bytes():
            text = f"<{data[:_MOST_SHOWN].hex(' ')}>"
            return text if len(data) <= _MOST_SHOWN else f"{text[:-1]} …> ({len(data)} bytes)"
        case _:
            text = repr(list(data) if isinstance(data, tuple) else data)
            return text if len(text) <= 2 * _MOST_SHOWN else text[: 2 * _MOST_SHOWN] + "…"
