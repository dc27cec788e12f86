"""What the articles that ask for a service have in common: whether it is there, and whether it may run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from iiscluster_kb.cluster import CURRENT_CONTROL_SET
from iiscluster_kb.model import Present

if TYPE_CHECKING:
    from iiscluster_kb.cluster import Machine
    from iiscluster_kb.model import Fact

__all__ = ["find_service", "is_disabled"]

_DISABLED = 4
"""SERVICE_DISABLED of winsvc.h."""


def find_service(machine: Machine, name: str) -> Fact[str]:
    """The service's key in the current control set."""
    return machine.key(CURRENT_CONTROL_SET / "Services" / name)


def is_disabled(machine: Machine, name: str) -> bool:
    """Whether the evidence says that the service is not to run."""
    match machine.value(CURRENT_CONTROL_SET / "Services" / name, "Start"):
        case Present(value=value):
            return value.integer() == _DISABLED
        case _:
            return False
