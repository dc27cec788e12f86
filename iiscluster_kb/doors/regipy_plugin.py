"""A plug-in of regipy: what is wrong, as far as one hive tells.

regipy takes up a plug-in when its class is defined (``regipy.plugins.plugin.Plugin.__init_subclass__``); it
searches no folder and asks no entry point. So whoever imports this module has the plug-in in
``regipy.plugins.plugin.PLUGINS``, and ``run_relevant_plugins`` runs it::

    import iiscluster_kb.doors.regipy_plugin
    from regipy.plugins.utils import run_relevant_plugins
    from regipy.registry import RegistryHive

    found = run_relevant_plugins(RegistryHive("CLUSDB"), include_unvalidated=True)["iiscluster_kb"]

``include_unvalidated`` is needed of every plug-in that is not regipy's own: its list of validated ones is a
file of its own distribution.

A hive alone says little: what it cannot tell is undetermined, and the entries say what to collect.
"""

from __future__ import annotations

from dataclasses import asdict
from functools import cached_property, partial
from io import BytesIO
from typing import Any

from regipy.hive_types import SOFTWARE_HIVE_TYPE
from regipy.plugins.plugin import Plugin

from iiscluster_kb.case import Member, open_case
from iiscluster_kb.evidence import identify
from iiscluster_kb.pipeline import examine

__all__ = ["IisClusterPlugin"]


class IisClusterPlugin(Plugin):  # type: ignore[misc] # regipy is not annotated
    """Examines the hive as ``iiscluster-kb examine`` examines the file from which it was read.

    The hive's own name takes the place of the file's, which regipy does not keep: where no node tells its name,
    the machine is called by it.

    Attributes:
        entries: The findings, one mapping each, with the fields of ``iiscluster_kb.model.rows.FindingRow``.
    """

    NAME = "iiscluster_kb"
    DESCRIPTION = (
        "Faults of IIS 4.0 on Windows NT clusters (Q224553 and its kin), from a cluster or SOFTWARE hive"
    )
    COMPATIBLE_HIVE = SOFTWARE_HIVE_TYPE

    def can_run(self) -> bool:
        """Whether the hive's root shows a place in the registry that the articles ask about.

        regipy knows no cluster hive, so its type is not asked.
        """
        if self._member is None:
            return False
        with open_case(self._member) as case:
            evidence, _ = identify(case)
            return bool(evidence)

    def run(self) -> None:
        """Fill ``entries``.

        Raises:
            CaseError: The hive cannot be taken up.
            RemedyError: The findings contradict each other.
        """
        if self._member is not None:
            self.entries: list[dict[str, Any]] = [asdict(row) for row in examine(self._member).rows()]

    @cached_property
    def _member(self) -> Member | None:
        # Private, but the only place where regipy keeps what it read; its Rust backend keeps nothing.
        stream = getattr(self.registry_hive, "_stream", None)
        if not isinstance(stream, BytesIO):
            return None
        content = stream.getvalue()
        name = self.registry_hive.name.replace("/", "\\").rpartition("\\")[2]
        return Member(name or "hive", len(content), partial(BytesIO, content))
