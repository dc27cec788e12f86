"""What is told beside findings: the nodes of a cluster side by side."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Likeness"]


@dataclass(frozen=True, slots=True)
class Likeness:
    """One thing that should be alike on the nodes, and what each shows."""

    section: str
    """``Windows``, ``Internet Information Server``, ``services``, ``files``, ``registrations``, ``cluster database``."""
    subject: str
    answers: tuple[tuple[str, str | None], ...]
    """Name of a node and what it shows, in words; None: no evidence tells."""
    alike: bool | None
    """None: fewer than two nodes tell."""
