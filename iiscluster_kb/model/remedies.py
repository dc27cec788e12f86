"""Stage 5: how it is mended."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from iiscluster_kb.registry.reg_entries import Dialect

if TYPE_CHECKING:
    from iiscluster_kb.model.findings import Step, ValueChange, Verdict

__all__ = ["Dialect", "Patch", "Proof", "Remedy"]


@dataclass(frozen=True, slots=True)
class Patch:
    """The registry changes for one machine."""

    machine: str
    dialect: Dialect
    changes: tuple[ValueChange, ...]
    warnings: tuple[str, ...] = ()
    undo_dialect: Dialect | None = None
    """Of the undo, where its dialect cannot carry the old bytes; None: the same dialect."""

    def undo(self) -> Patch:
        """The same changes read backwards."""
        return Patch(
            self.machine,
            self.undo_dialect or self.dialect,
            tuple(change.undo() for change in reversed(self.changes)),
            self.warnings,
            self.undo_dialect and self.dialect,
        )


@dataclass(frozen=True, slots=True)
class Proof:
    """What one finding becomes once the whole plan is carried out, as a diagnosis of that state tells."""

    machine: str | None
    finding: str
    before: Verdict
    after: Verdict


@dataclass(frozen=True, slots=True)
class Remedy:
    """Everything that mends what was found."""

    patches: tuple[Patch, ...] = ()
    plan: tuple[Step, ...] = ()
    proof: tuple[Proof, ...] = ()
    unproved: str | None = None
    """Why a remedy for all that was found is not handed out; None: this is it."""
