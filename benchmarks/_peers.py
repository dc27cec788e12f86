"""The readers of hives that ours is compared with, as far as they are installed."""

from __future__ import annotations

from _pages import debian_version, distribution

__all__ = ["OURS", "installed"]

OURS = "iiscluster_kb"
_DISTRIBUTIONS = {
    "python-registry": "python-registry",
    "regipy": "regipy",
    "regipy + regipy-rs": "regipy-rs",
    "dissect.regf": "dissect.regf",
    "libregf-python": "libregf-python",
    "impacket": "impacket",
}


def installed(*, without: frozenset[str] = frozenset()) -> dict[str, str]:
    """Name and version of each peer that is installed."""
    found = {name: distribution(package) for name, package in _DISTRIBUTIONS.items()}
    found["hivex"] = debian_version("python3-hivex")
    return {name: number for name, number in found.items() if number and name not in without}
