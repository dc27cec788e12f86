"""How to collect what is missing, in words that an engineer on the node can follow."""

from __future__ import annotations

__all__ = ["cluster_hive", "file_itself", "listing", "software", "system"]


def system(machine: str) -> str:
    """The SYSTEM hive."""
    return (
        rf"HKLM\SYSTEM of {machine}: in Regedt32 select HKEY_LOCAL_MACHINE\SYSTEM, Registry, Save Key; "
        r"on Windows XP and later: reg save HKLM\SYSTEM SYSTEM.hiv"
    )


def software(machine: str) -> str:
    """The SOFTWARE hive."""
    return (
        rf"HKLM\SOFTWARE of {machine}: in Regedt32 select HKEY_LOCAL_MACHINE\SOFTWARE, Registry, Save Key; "
        r"on Windows XP and later: reg save HKLM\SOFTWARE SOFTWARE.hiv"
    )


def cluster_hive(machine: str) -> str:
    """The cluster hive."""
    return (
        rf"HKLM\Cluster of {machine}: while the cluster service runs, in Regedt32 select "
        r"HKEY_LOCAL_MACHINE\Cluster, Registry, Save Key; while it is stopped, copy "
        r"%SystemRoot%\Cluster\CLUSDB"
    )


def listing(machine: str, directory: str) -> str:
    """A listing that shows a directory whole."""
    return f'a listing of {machine}: dir /a /x /s "{directory}" > {machine}_dir.txt'


def file_itself(machine: str, path: str) -> str:
    """The file itself."""
    return f"the file itself from {machine}: copy {path}"
