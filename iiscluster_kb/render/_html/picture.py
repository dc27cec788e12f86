"""The chain by which Cluster Administrator reaches its extension, drawn for each node so that a break is seen.

Cluster, resource type, CLSID, in-process server, DLL (Q224553, steps 2 to 7). What each link shows comes from the
findings: their causes and ``detail`` words are those of the JSON output, which are fixed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from unicodedata import east_asian_width

from iiscluster_kb.model import (
    Absent,
    FileEntry,
    FileSubject,
    KeySubject,
    Present,
    Role,
    Specimen,
    Unknown,
    ValueSubject,
    Verdict,
)
from iiscluster_kb.registry import KeyPath, RegistryValue, fold
from iiscluster_kb.render._escape import printable
from iiscluster_kb.render._html.summary import FAULTS
from iiscluster_kb.render._words import count_of, describe

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from iiscluster_kb.model import AnyFact, Finding, MachineProfile, Report

__all__ = ["Box", "Lane", "Link", "Picture", "draw_picture"]

_VALUE = "Q224553/admin-extensions-missing"
_CLASS = "Q224553/clsid-unregistered"
_FILE = "Q224553/dll-missing"

_BOX_HEIGHT = 62
_LINK_HEIGHT = 64
_MARGIN = 2
_COLUMNS = 38
"""Characters of a fixed-width line in a box; a CLSID with its braces has as many."""
_NOTE_COLUMNS = 28
_MOST_LANES = 16
"""Windows Server 2003, the last with extensions, has eight nodes at most."""

_WORDS = {
    Verdict.CONFIRMED: "BROKEN",
    Verdict.LIKELY: "LIKELY BROKEN",
    Verdict.UNDETERMINED: "NOT KNOWN",
    Verdict.RULED_OUT: "holds",
    Verdict.NOT_APPLICABLE: "not asked",
}
_OUTCOMES = _WORDS | {Verdict.RULED_OUT: "whole", Verdict.NOT_APPLICABLE: "not applicable"}
_DETAILS = {
    (_VALUE, "ok"): "AdminExtensions lists the CLSID",
    (_VALUE, "absent"): "AdminExtensions is absent",
    (_VALUE, "wrong-type"): "AdminExtensions has the wrong type",
    (_VALUE, "no-braces"): "the CLSID is listed without its braces",
    (_VALUE, "hidden"): "the CLSID is hidden behind the list's end",
    (_VALUE, "unterminated"): "the list has no end",
    (_VALUE, "misspelt-key"): "listed under a misspelt key only",
    (_VALUE, "other-only"): "only other CLSIDs are listed",
    (_CLASS, "ok"): "the CLSID names its server",
    (_CLASS, "absent"): "the CLSID is not registered",
    (_CLASS, "no-server"): "the CLSID names no server",
    (_CLASS, "server-not-found"): "no such file",
    (_FILE, "ok"): "the file is there",
    (_FILE, "absent"): "the file is missing",
    (_FILE, "empty"): "the file has zero bytes",
    (_FILE, "not-pe"): "the file is no program",
    (_FILE, "wrong-machine"): "made for another processor",
    (_FILE, "no-exports"): "the file cannot register itself",
    (_FILE, "elsewhere"): "the file lies elsewhere",
}


@dataclass(frozen=True, slots=True)
class Box:
    """One station of the chain."""

    top: int
    title: str
    value: str
    note: str
    beyond: bool
    """It lies behind a break, where nothing arrives."""


@dataclass(frozen=True, slots=True)
class Link:
    """What leads from one station to the next."""

    top: int
    state: Verdict
    """Of the fault that would break it."""
    word: str
    detail: str


@dataclass(frozen=True, slots=True)
class Lane:
    """The chain on one machine."""

    machine: str
    outcome: Verdict
    word: str
    caption: str
    boxes: tuple[Box, ...]
    links: tuple[Link, ...]
    words: str
    """The whole drawing as a sentence, for those who do not see it."""


@dataclass(frozen=True, slots=True)
class Picture:
    """All lanes, drawn alike."""

    lanes: tuple[Lane, ...]
    height: int
    box_height: int = _BOX_HEIGHT
    link_height: int = _LINK_HEIGHT


_State = tuple[Verdict, str]
"""Of a link, with what is said of it."""
_NO_TYPE = (Verdict.NOT_APPLICABLE, "the cluster has no such type")
"""No fault of the chain: other articles say how the type is installed."""
_NOT_TOLD = "the evidence does not tell"
_Station = tuple[str, str, str]
"""Title, value and note of a box."""


def draw_picture(report: Report) -> Picture | None:
    """Draw the chain of every node; None: no finding tells anything of it."""
    findings = {(finding.cause.id, finding.machine): finding for finding in report.findings}
    chosen = [machine for machine in report.machines if _is_drawn(machine, findings)][:_MOST_LANES]
    if not chosen:
        return None
    lanes = tuple(_Chain(report, machine.name, findings).lane() for machine in chosen)
    return Picture(lanes, 5 * _BOX_HEIGHT + 4 * _LINK_HEIGHT + 2 * _MARGIN)


def _is_drawn(machine: MachineProfile, findings: dict[tuple[str, str | None], Finding]) -> bool:
    asked = [
        findings[at] for at in ((cause, machine.name) for cause in (_VALUE, _CLASS, _FILE)) if at in findings
    ]
    if machine.role is Role.NODE:
        return bool(asked)
    return any(finding.verdict is not Verdict.NOT_APPLICABLE for finding in asked)


class _Chain:
    """Reads one machine's chain off its findings."""

    def __init__(self, report: Report, machine: str, findings: dict[tuple[str, str | None], Finding]) -> None:
        self._cluster = report.cluster
        self._machine = machine
        self._value = findings.get((_VALUE, machine))
        self._class = findings.get((_CLASS, machine))
        self._file = findings.get((_FILE, machine))
        self._all = report.findings

    def lane(self) -> Lane:
        """The drawing."""
        states = (self._type_link(), _link(self._value), self._class_link(), self._file_link())
        stations = (
            ("Cluster", self._cluster or "name not known", ""),
            ("Resource type", self._type_name(), ""),
            ("CLSID", self._clsid(), ""),
            self._server(),
            self._dll(),
        )
        broken = [number for number, (state, _) in enumerate(states) if state in FAULTS]
        outcome = min((state for state, _ in states), key=[*_WORDS].index)
        return Lane(
            machine=self._machine,
            outcome=outcome,
            word=_OUTCOMES[outcome],
            caption=self._caption(states, stations, broken),
            boxes=tuple(_boxes(stations, broken)),
            links=tuple(_links(states)),
            words=_in_words(stations, states),
        )

    def _caption(self, states: Sequence[_State], stations: Sequence[_Station], broken: list[int]) -> str:
        if broken:
            first = broken[0]
            where = f"between {stations[first][0]} and {stations[first + 1][0]}: {states[first][1]}."
            return f"Broken {where}" if len(broken) == 1 else f"Broken at {len(broken)} links, first {where}"
        verdicts = {state for state, _ in states}
        if verdicts == {Verdict.RULED_OUT}:
            return "Whole from end to end."
        if Verdict.UNDETERMINED in verdicts:
            return "Not all of it is known."
        reasons = [one.explanation for one in (self._value, self._class, self._file) if one is not None]
        return reasons[0]

    # --- links ---

    def _type_link(self) -> _State:
        for fact in _facts(self._value, self._class, self._file):
            match fact.subject:
                case KeySubject(key=key) | ValueSubject(key=key) if _is_type(key):
                    return _type_state(fact, key)
        return Verdict.NOT_APPLICABLE, ""

    def _class_link(self) -> _State:
        if self._class is not None and self._class.detail == "server-not-found":
            return Verdict.RULED_OUT, _DETAILS[_CLASS, "ok"]
        return _link(self._class)

    def _file_link(self) -> _State:
        if self._class is not None and self._class.detail == "server-not-found":
            return _link(self._class)
        return _link(self._file)

    # --- stations ---

    def _type_name(self) -> str:
        for fact in _facts(self._value, *self._all):
            match fact.subject:
                case KeySubject(key=key) | ValueSubject(key=key) if _is_type(key):
                    return key.name
        return "not asked"

    def _clsid(self) -> str:
        for fact in _facts(self._class, *(one for one in self._all if one.cause.id == _CLASS)):
            match fact.subject:
                case KeySubject(key=KeyPath(parts=[*_, parent, clsid])) if fold(parent) == "CLSID":
                    return clsid
        return "not asked"

    def _server(self) -> _Station:
        title = "In-process server"
        for fact in filter(_is_registration, _facts(self._class)):
            match fact:
                case Present(subject=ValueSubject(), value=RegistryValue() as value):
                    return title, value.text() or describe(value), ""
                case Absent():
                    return title, "none", ""
                case Unknown():
                    return title, "not known", ""
        return title, "not asked", ""

    def _dll(self) -> _Station:
        leads_nowhere = self._class is not None and self._class.detail == "server-not-found"
        station = ("DLL", "not asked", "")
        for fact in _facts(self._class if leads_nowhere else self._file):
            match fact:
                case Present(subject=FileSubject(), value=FileEntry(path=path, size=size)):
                    station = ("DLL", path, "" if size is None else count_of(size, "byte"))
                case Present(subject=FileSubject(), value=Specimen() as specimen):
                    told = filter(None, (specimen.architecture, specimen.version))
                    station = ("DLL", station[1], ", ".join((count_of(specimen.size, "byte"), *told)))
                case Absent(subject=FileSubject(path=path)):
                    return "DLL", path, "absent"
                case Unknown(subject=FileSubject(path=path)):
                    return "DLL", path, "not known"
        return station


def _facts(*findings: Finding | None) -> Iterator[AnyFact]:
    for finding in findings:
        if finding is not None:
            yield from finding.facts


def _is_type(key: KeyPath) -> bool:
    match key.folded:
        case (_, "CLUSTER", "RESOURCETYPES" | "RESOURCE TYPES", _):
            return True
        case _:
            return False


def _is_registration(fact: AnyFact) -> bool:
    match fact.subject:
        case KeySubject(key=key) | ValueSubject(key=key):
            return "CLSID" in key.folded
        case _:
            return False


def _type_state(fact: AnyFact, key: KeyPath) -> _State:
    there = Verdict.RULED_OUT, "the cluster has the type"
    match fact:
        case Present():
            return there
        case Absent(subject=ValueSubject(), source=source) if source.key is not None:
            if KeyPath(tuple(source.key.split("\\"))).folded[1:] == key.folded[1:]:
                return there
            return _NO_TYPE
        case Absent():
            return _NO_TYPE
        case Unknown():
            return Verdict.UNDETERMINED, _NOT_TOLD


def _link(finding: Finding | None) -> _State:
    if finding is None or finding.verdict is Verdict.NOT_APPLICABLE:
        return Verdict.NOT_APPLICABLE, ""
    if finding.verdict is Verdict.UNDETERMINED:
        return finding.verdict, _NOT_TOLD
    said = _DETAILS.get((finding.cause.id, finding.detail), finding.detail.replace("-", " "))
    return finding.verdict, said


# --- drawing ----------------------------------------------------------------------------------------


def _boxes(stations: Sequence[_Station], broken: list[int]) -> Iterator[Box]:
    for number, (title, value, note) in enumerate(stations):
        top = _MARGIN + number * (_BOX_HEIGHT + _LINK_HEIGHT)
        yield Box(top, title, _fit(value), _fit(note, _NOTE_COLUMNS), bool(broken) and number > broken[0])


def _links(states: Sequence[_State]) -> Iterator[Link]:
    for number, (state, said) in enumerate(states):
        top = _MARGIN + _BOX_HEIGHT + number * (_BOX_HEIGHT + _LINK_HEIGHT)
        word = "absent" if state is Verdict.NOT_APPLICABLE and said else _WORDS[state]
        yield Link(top, state, word, _fit(said))


def _in_words(stations: Sequence[_Station], states: Sequence[_State]) -> str:
    parts = []
    for number, (state, said) in enumerate(states):
        start, end = stations[number][0], stations[number + 1][0]
        parts.append(f"{start} to {end}: {_WORDS[state]}{f', {said}' if said else ''}")
    return ". ".join(parts) + "."


def _fit(text: str, columns: int = _COLUMNS) -> str:
    """The text in so many columns, cut in the middle: names begin and end with what matters."""
    shown = printable(text if len(text) <= 2 * columns else text[:columns] + text[-columns:])
    if _width(shown) <= columns and len(text) <= 2 * columns:
        return shown
    head, tail = "", ""
    while _width(head) + _width(tail) < columns - 2:
        if _width(head) < _width(tail):
            head = shown[: len(head) + 1]
        else:
            tail = shown[-len(tail) - 1 :]
    return f"{head}\u2026{tail}"


def _width(text: str) -> int:
    return sum(2 if east_asian_width(character) in "WF" else 1 for character in text)
