"""Words that several outputs share: verdicts, times, values, machines. Raw text: the caller escapes it."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING

from iiscluster_kb.model import FOUND, Absent, FileEntry, Present, Specimen, Unknown, Verdict
from iiscluster_kb.registry import RegistryValue

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from iiscluster_kb.model import AnyFact, Finding, MachineProfile, Report

__all__ = [
    "VERDICT_WORDS",
    "collectable",
    "count_of",
    "describe",
    "fact_words",
    "headline",
    "in_front",
    "key_name",
    "listed",
    "machine_words",
    "moment",
    "number_words",
    "place",
    "profile_words",
    "undecided",
]

VERDICT_WORDS = {
    Verdict.CONFIRMED: "CONFIRMED",
    Verdict.LIKELY: "LIKELY",
    Verdict.UNDETERMINED: "UNDETERMINED",
    Verdict.RULED_OUT: "ruled out",
    Verdict.NOT_APPLICABLE: "not applicable",
}
"""Heaviest first. What needs a person's attention is in capitals, so that no colour is needed to see it."""

_SHOWN_CHARACTERS = 240
"""How much of one value's text an output for people shows; hostile data may be a megabyte long."""
_SHOWN_BYTES = 24


def moment(time: datetime) -> str:
    """ISO 8601 to the second: with Z where the time is UTC, without where a listing gave local time."""
    if time.tzinfo is None:
        return time.isoformat(timespec="seconds")
    return f"{time.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='seconds')}Z"


def count_of(number: int, noun: str) -> str:
    """``1 file``, ``2,000 files``."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def machine_words(machine: str | None) -> str:
    """A machine's name, or what stands for none in particular."""
    return "the cluster" if machine is None else machine


def profile_words(profile: MachineProfile) -> str:
    """What is known of a machine: ``node, Windows 4.0, service pack 6a, x86``."""
    match profile.service_pack:
        case None:
            pack = None
        case "":
            pack = "no service pack"
        case number:
            pack = f"service pack {number}"
    windows = f"Windows {profile.windows}" if profile.windows else "Windows version not known"
    role = "role not known" if profile.role == "unknown" else profile.role.value
    return ", ".join(part for part in (role, windows, pack, profile.architecture) if part)


def place(finding: Finding) -> str:
    """Where a finding holds: ``on NODE1``, or for the cluster as a whole."""
    return "in the cluster" if finding.machine is None else f"on {finding.machine}"


def undecided(finding: Finding) -> bool:
    """Whether more evidence is asked for: undetermined, and something of the kind was reported."""
    return finding.verdict is Verdict.UNDETERMINED and finding.weighs


def in_front(report: Report) -> frozenset[str]:
    """Ids of the articles that are told in full: asked for, with a find that counts, or told by no summary."""
    found = {
        finding.cause.article for finding in report.findings if finding.weighs and finding.verdict in FOUND
    }
    asked = {summary.article.id for summary in report.articles if summary.asked}
    unsummarised = {f.cause.article for f in report.findings} - {s.article.id for s in report.articles}
    return frozenset(found | asked | unsummarised)


def headline(findings: Iterable[Finding]) -> str:
    """The whole diagnosis in one line. Counts what calls for work, else what was settled."""
    counts = dict.fromkeys(VERDICT_WORDS, 0)
    for finding in findings:
        if finding.weighs or finding.verdict in (Verdict.RULED_OUT, Verdict.NOT_APPLICABLE):
            counts[finding.verdict] += 1
    *work, ruled_out, not_applicable = (
        f"{number} {VERDICT_WORDS[verdict]}" if number else "" for verdict, number in counts.items()
    )
    pressing = ", ".join(filter(None, work))
    if counts[Verdict.CONFIRMED]:
        return f"Fault found: {pressing}."
    if counts[Verdict.LIKELY]:
        return f"Fault likely: {pressing}."
    if pressing:
        return f"Nothing found, but not all could be told: {pressing}."
    settled = ", ".join(filter(None, (ruled_out, not_applicable)))
    return f"No fault found: {settled or 'nothing could be examined'}."


def collectable(findings: Iterable[Finding]) -> tuple[str, ...]:
    """What to collect, in order of findings, each thing once."""
    return tuple(dict.fromkeys(line for finding in findings for line in finding.collect))


def key_name(value: object) -> str | None:
    """The name of a registry key, whatever storage it is in; None for anything else."""
    match value:
        case object(name=str() as name, subkey=_, subkeys=_):
            return name
        case _:
            return None


def fact_words(fact: AnyFact) -> str:
    """What was found: ``absent``, ``not known: nothing covers it``, ``REG_SZ, 8 bytes: "abc"``."""
    match fact:
        case Present(value=value):
            return describe(value)
        case Absent():
            return "absent"
        case Unknown(reason=reason):
            return f"not known: {reason}"


def describe(value: object) -> str:
    """One fact's value in a few words, clipped where it is long."""
    match value:
        case RegistryValue():
            return f"{value.type_name}, {count_of(len(value.data), 'byte')}{_data(value)}"
        case FileEntry():
            return ", ".join(_entry(value))
        case Specimen():
            return ", ".join(_specimen(value))
        case None:
            return "there"
        case _ if (name := key_name(value)) is not None:
            return f"there, as {_clip(name)}"
        case _:
            return _clip(str(value))


def _data(value: RegistryValue) -> str:
    if (number := value.integer()) is not None:
        return f": {number} (0x{number:x})"
    if strings := value.strings():
        return ": " + _clip(", ".join(f'"{text}"' for text in strings))
    if value.data:
        dots = " ..." if len(value.data) > _SHOWN_BYTES else ""
        return f": {value.data[:_SHOWN_BYTES].hex(' ')}{dots}"
    return ""


def _entry(entry: FileEntry) -> Iterable[str]:
    yield "a directory" if entry.is_directory else "a file"
    if entry.size is not None:
        yield count_of(entry.size, "byte")
    if entry.modified is not None:
        yield f"modified {moment(entry.modified)}{'' if entry.modified.tzinfo else ' local time'}"
    if entry.version is not None:
        yield f"version {_clip(entry.version)}"


def _specimen(specimen: Specimen) -> Iterable[str]:
    yield f"the file itself, {count_of(specimen.size, 'byte')}"
    if specimen.problem is not None:
        yield _clip(specimen.problem)
    if specimen.architecture is not None:
        yield specimen.architecture
    if specimen.version is not None:
        yield f"version {_clip(specimen.version)}"
    if specimen.linked is not None:
        yield f"linked {moment(specimen.linked)}"


def _clip(text: str) -> str:
    return text if len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]} ..."


_NUMBERS = (
    "no",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
)


def number_words(number: int, *, one: str = "one") -> str:
    """``two``, ``twelve``, ``1,300``: a number as a sentence tells it; ``one`` stands for 1."""
    if number == 1:
        return one
    return _NUMBERS[number] if 0 <= number < len(_NUMBERS) else f"{number:,}"


def listed(names: Iterable[str]) -> str:
    """``NODE1``, ``NODE1 and NODE2``, ``NODE1, NODE2 and NODE3``."""
    known = tuple(names)
    return " and ".join(filter(None, (", ".join(known[:-1]), *known[-1:])))
