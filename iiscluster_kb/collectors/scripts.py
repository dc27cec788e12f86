"""The collection scripts, from templates that are part of the package."""

from __future__ import annotations

import re
from importlib import resources

import iiscluster_kb
from iiscluster_kb.model import Document

__all__ = ["LIBRARIES", "write_collectors"]

LIBRARIES = (
    "Iisclex4.dll",
    "Clusiis4.dll",
    "Coadmin.dll",
    "Admwprox.dll",
    "Cluadmex.dll",
    "Debugex.dll",
    "Mfc42u.dll",
)
"""Taken themselves wherever they lie: the extensions and what Q224293, Q263216 and Q174641 ask about."""

_SCRIPTS = ("collect-nt4.bat", "collect.ps1", "IISCluster.tkape", "Custom.Windows.IISCluster.yaml")
_OF_WINDOWS = (".bat", ".ps1")
_EACH = re.compile(r"@EACH@\n(.*?)@END@\n", re.DOTALL)
"""Lines that are repeated for each library."""


def write_collectors() -> tuple[Document, ...]:
    """An NT 4.0 batch file, a PowerShell script, a KAPE target and a Velociraptor artifact.

    Each time the same bytes: ASCII; lines of the first two end as Windows ends them.
    """
    return tuple(Document(name, _filled(name)) for name in _SCRIPTS)


def _filled(name: str) -> bytes:
    template = resources.files("iiscluster_kb.collectors").joinpath("templates", name).read_text("ascii")
    text = _EACH.sub(_for_each_library, template).replace("@VERSION@", iiscluster_kb.__version__)
    return (text.replace("\n", "\r\n") if name.endswith(_OF_WINDOWS) else text).encode("ascii")


def _for_each_library(block: re.Match[str]) -> str:
    return "".join(block[1].replace("@LIBRARY@", library) for library in LIBRARIES)
