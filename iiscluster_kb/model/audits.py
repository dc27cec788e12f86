"""What is told beside findings: extensions traced to their files."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from iiscluster_kb.model.facts import AnyFact
    from iiscluster_kb.model.findings import Verdict

__all__ = ["ExtensionChain"]


@dataclass(frozen=True, slots=True)
class ExtensionChain:
    """An extension of Cluster Administrator on one machine, from the objects that list it to the file that serves it."""

    machine: str
    clsid: str
    """In braces, as first spelled."""
    owner: str | None
    """Whose it is; None: neither known nor told by its registration."""
    objects: tuple[str, ...]
    """What lists it: ``ResourceTypes\\IIS Server Instance``; the empty string is the cluster itself."""
    verdict: Verdict
    """Of the break: CONFIRMED or LIKELY where the chain is broken, RULED_OUT where it leads to the file."""
    detail: str
    """``ok``, ``unregistered``, ``no-server``, ``server-missing``, ``empty``, ``not-pe``, ``wrong-machine``, ``no-exports``."""
    explanation: str
    server: str | None
    """Path of the in-process server, as registered."""
    facts: tuple[AnyFact, ...] = ()
