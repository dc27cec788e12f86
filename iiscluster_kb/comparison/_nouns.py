"""What a comparison says: its nouns, all frozen. Facts keep the evidence from which they were read."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from iiscluster_kb.model import Verdict

if TYPE_CHECKING:
    from iiscluster_kb.model import AnyFact, Fact, Finding, Report
    from iiscluster_kb.registry import KeyPath, RegistryValue

__all__ = [
    "FAULTS",
    "Accord",
    "Agreement",
    "Application",
    "Basis",
    "Clue",
    "Comparison",
    "Delivered",
    "Delivery",
    "Extent",
    "Fate",
    "Fated",
    "Identity",
    "OtherChange",
    "Outcome",
    "Restart",
    "Restarted",
    "ValueOutcome",
]

FAULTS = frozenset({Verdict.CONFIRMED, Verdict.LIKELY})
"""The verdicts that call for a cure."""


class Basis(StrEnum):
    """By what two collections are told to be of one cluster, surest first."""

    INSTANCE_ID = "ClusterInstanceID"
    CLUSTER = "cluster name and node names"
    NODES = "node names"
    MACHINES = "machine names"


@dataclass(frozen=True, slots=True)
class Identity:
    """That the two collections are of one cluster."""

    basis: Basis
    told: str
    """The instance id, or the names that both sides share."""


# --- findings ---------------------------------------------------------------------------------------


class Fate(StrEnum):
    """What became of a finding."""

    CURED = "cured"
    REMAINING = "remaining"
    NEW = "new"
    NO_LONGER_DECIDABLE = "no-longer-decidable"
    DECIDABLE_NOW = "decidable-now"
    """The evidence was lacking before; the verdict of now may be a fault."""
    UNDECIDED = "undecided"
    """Neither collection decides, though more evidence would."""
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True)
class Fated:
    """One cause on one machine, in both collections."""

    fate: Fate
    before: Finding | None
    """None: that collection says nothing of this machine. At most one of the two is None."""
    after: Finding | None

    @property
    def shown(self) -> Finding:
        """The finding of now, else that of before."""
        finding = self.after or self.before
        if finding is None:
            raise AssertionError("neither collection has the finding")
        return finding

    @property
    def is_fault(self) -> bool:
        """Whether it calls for a cure now."""
        return self.after is not None and self.after.weighs and self.after.verdict in FAULTS


# --- the patch --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Delivered:
    """One line of a patch."""

    key: KeyPath
    name: str
    value: RegistryValue | None
    """None: the patch takes the value away."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """A patch as it was delivered to one machine."""

    machine: str
    file: str | None
    """None: no .reg file can carry the changes, they are made by hand."""
    values: tuple[Delivered, ...]


class Outcome(StrEnum):
    """What became of one value that a patch carries."""

    APPLIED = "applied"
    """Type and data are those delivered."""
    NOT_APPLIED = "not-applied"
    """It is as it was before."""
    OTHER_DATA = "other-data"
    """It is neither as it was nor as delivered."""
    UNKNOWN = "cannot-be-told"


@dataclass(frozen=True, slots=True)
class ValueOutcome:
    """One value that a patch carries, in both collections."""

    delivered: Delivered
    outcome: Outcome
    before: Fact[RegistryValue]
    after: Fact[RegistryValue]


@dataclass(frozen=True, slots=True)
class OtherChange:
    """A value of a key that the patch names, changed although the patch does not carry it."""

    key: KeyPath
    name: str
    before: Fact[RegistryValue]
    after: Fact[RegistryValue]


class Extent(StrEnum):
    """How far the patch of one machine was applied."""

    EXACTLY = "exactly"
    PARTLY = "partly"
    NOT_AT_ALL = "not-at-all"
    WITH_OTHER_CHANGES = "with-other-changes"
    """Data other than delivered, or other values of the same keys changed beside what was delivered."""
    UNKNOWN = "cannot-be-told"


@dataclass(frozen=True, slots=True)
class Application:
    """The patch of one machine, held against the second collection."""

    machine: str
    file: str | None
    """None: no .reg file can carry the changes, they are made by hand."""
    extent: Extent
    values: tuple[ValueOutcome, ...]
    other_changes: tuple[OtherChange, ...] = ()
    doubts: tuple[str, ...] = ()
    """What around the patch could not be compared, and with what reservations the evidence speaks."""


# --- the nodes --------------------------------------------------------------------------------------


class Accord(StrEnum):
    """Whether the nodes hold the same at one place."""

    AGREE = "agree"
    DIFFER = "differ"
    UNKNOWN = "cannot-be-told"


@dataclass(frozen=True, slots=True)
class Agreement:
    """A place that a finding cites, on every node of the second collection."""

    subject: str
    accord: Accord
    facts: tuple[tuple[str, AnyFact], ...]
    """Node and what it holds, in order of nodes."""


class Restarted(StrEnum):
    """Whether a machine was restarted between the collections."""

    YES = "restarted"
    NO = "not-restarted"
    UNKNOWN = "cannot-be-told"


@dataclass(frozen=True, slots=True)
class Clue:
    """What one place tells of a restart."""

    says: Restarted
    text: str
    is_proof: bool = False
    """False: a hint, which decides only together with another."""
    before: AnyFact | None = None
    after: AnyFact | None = None


@dataclass(frozen=True, slots=True)
class Restart:
    """Whether one node was restarted, and what that rests on."""

    machine: str
    answer: Restarted
    clues: tuple[Clue, ...]


# --- the whole --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Comparison:
    """All that two collections of one cluster tell together."""

    before: Report
    after: Report
    identity: Identity
    findings: tuple[Fated, ...]
    patches: tuple[Application, ...]
    kit: str | None
    """Name of the fix kit whose patches were looked for; None: those that BEFORE calls for."""
    agreements: tuple[Agreement, ...]
    restarts: tuple[Restart, ...]
    notes: tuple[str, ...] = ()

    @property
    def status(self) -> int:
        """Exit status: 0 all is cured, 1 a fault remains or is new, 3 none is left but something is open."""
        fates = {fated.fate for fated in self.findings}
        if any(fated.is_fault for fated in self.findings):
            return 1
        return 3 if fates & {Fate.NO_LONGER_DECIDABLE, Fate.UNDECIDED} else 0
