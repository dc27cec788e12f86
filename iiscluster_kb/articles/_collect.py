"""How to collect what is missing, in words that an engineer at the machine can follow."""

from __future__ import annotations

from typing import TYPE_CHECKING

from iiscluster_kb.collectors import commands
from iiscluster_kb.collectors.commands import Era, in_words

if TYPE_CHECKING:
    from iiscluster_kb.cluster import Machine

__all__ = ["cluster_hive", "file_itself", "listing", "software", "system"]


def system(machine: Machine) -> str:
    """The SYSTEM hive."""
    return rf"HKLM\SYSTEM of {machine.name}: {in_words(commands.save_hive('SYSTEM', _era(machine)))}"


def software(machine: Machine) -> str:
    """The SOFTWARE hive."""
    return rf"HKLM\SOFTWARE of {machine.name}: {in_words(commands.save_hive('SOFTWARE', _era(machine)))}"


def cluster_hive(machine: Machine) -> str:
    """The cluster hive."""
    return rf"HKLM\Cluster of {machine.name}: {in_words(commands.save_cluster_hive(_era(machine)))}"


def listing(machine: Machine, directory: str) -> str:
    """A listing that shows a directory whole."""
    return f"a listing of {machine.name}: {in_words(commands.list_directory(directory))}"


def file_itself(machine: Machine, path: str) -> str:
    """The file itself."""
    return f"the file itself from {machine.name}: {in_words(commands.copy_file(path))}"


def _era(machine: Machine) -> Era:
    return Era.of(machine.windows)
