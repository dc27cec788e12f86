"""How evidence is collected: what is needed of a machine, the commands of its Windows, scripts that do it all."""

from __future__ import annotations

from iiscluster_kb.collectors.scripts import write_collectors

__all__ = ["write_collectors"]
