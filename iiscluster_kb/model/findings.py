"""Stage 4: what is wrong, and what would mend it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from iiscluster_kb.model.facts import AnyFact
    from iiscluster_kb.registry import KeyPath, RegistryValue

__all__ = [
    "FOUND",
    "Article",
    "Assumption",
    "Cause",
    "Deviation",
    "FileRestored",
    "Finding",
    "PatchImported",
    "Phase",
    "Step",
    "ValueChange",
    "Verdict",
]


@dataclass(frozen=True, slots=True)
class Article:
    """A Microsoft Knowledge Base article."""

    id: str
    title: str
    url: str


@dataclass(frozen=True, slots=True)
class Cause:
    """One of the causes that an article names."""

    id: str
    """``Q224553/dll-missing``."""
    title: str

    @property
    def article(self) -> str:
        """Id of the article."""
        return self.id.partition("/")[0]


class Verdict(StrEnum):
    """What was found of a cause (in SARIF's words: fail, review, pass, open, notApplicable)."""

    CONFIRMED = "confirmed"
    LIKELY = "likely"
    RULED_OUT = "ruled-out"
    UNDETERMINED = "undetermined"
    NOT_APPLICABLE = "not-applicable"


FOUND = frozenset({Verdict.CONFIRMED, Verdict.LIKELY})
"""The verdicts that say the fault is there."""


@dataclass(frozen=True, slots=True)
class ValueChange:
    """A change that holds both sides, so that patch and undo are one datum."""

    key: KeyPath
    name: str
    before: RegistryValue | None
    """None: the value is not there."""
    after: RegistryValue | None
    makes: KeyPath | None = None
    """The outermost of the keys down to ``key`` that are not there before and are after; None: all are."""
    removes: KeyPath | None = None
    """The same of an undo: there before, gone after, with all that is in it."""

    def undo(self) -> ValueChange:
        """The same change read backwards."""
        return ValueChange(self.key, self.name, self.after, self.before, self.removes, self.makes)


@dataclass(frozen=True, slots=True)
class FileRestored:
    """What a step is assumed to achieve: the file is in its place, sound, for the machine's processor."""

    path: str
    """Absolute Windows path, every variable expanded."""
    size: int
    """A plausible one, in bytes."""


@dataclass(frozen=True, slots=True)
class PatchImported:
    """What a step is assumed to achieve: its machine's patch was imported, byte for byte as delivered."""


Assumption = FileRestored | PatchImported | ValueChange
"""What is taken for granted once a step is done, so that a plan can be proved. A change counts by its
``after`` alone: a program such as regsvr32 writes the value whatever was there."""


class Phase(StrEnum):
    """Where a step stands in a plan; the order of the members is the order of work."""

    BACK_UP = "back-up"
    RESTORE_FILE = "restore-file"
    REGISTER = "register"
    PATCH = "patch"
    VERIFY = "verify"
    RESTART = "restart"
    ADMINISTER = "administer"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Deviation:
    """What one may see instead of what one should."""

    seen: str
    action: str
    """What to do then, or what it means."""


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do."""

    machine: str | None
    """None: on no machine in particular."""
    phase: Phase
    title: str
    command: str | None = None
    """What to type, exactly; several lines are several commands."""
    reason: str | None = None
    expect: str | None = None
    """What one should see."""
    warnings: tuple[str, ...] = ()
    otherwise: tuple[Deviation, ...] = ()
    """What one may see instead."""
    achieves: tuple[Assumption, ...] = ()
    """What the proof takes for granted once the step is done; empty: nothing that the diagnosis asks for."""


@dataclass(frozen=True, slots=True)
class Finding:
    """The verdict on one cause for one machine. There is one for each, whatever the verdict."""

    cause: Cause
    machine: str | None
    """None: the cause concerns the cluster as a whole."""
    verdict: Verdict
    detail: str
    """The sub-case, a fixed word of the contract; ``ok`` where nothing is wrong."""
    explanation: str
    facts: tuple[AnyFact, ...] = ()
    changes: tuple[ValueChange, ...] = ()
    steps: tuple[Step, ...] = ()
    collect: tuple[str, ...] = ()
    """What evidence would decide it, and how to collect it."""
    weighs: bool = True
    """False: information that asks nothing of anybody. UNDETERMINED: nothing of the kind was reported, so no more
    evidence is wanted; found: a state worth knowing, that nobody asked to be judged."""

    def _repr_html_(self) -> str:
        """What a notebook shows: the verdict, and the facts that it rests on."""
        from iiscluster_kb.model._notebook import finding_html  # noqa: PLC0415 - only notebooks need it

        return finding_html(self)
