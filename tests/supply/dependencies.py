"""What the project depends on: as pyproject.toml says, as .ci/lock.txt pins, and as the installed distributions say."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from typing import TYPE_CHECKING

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from tests.support.scenarios import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from importlib.metadata import Distribution

LOCK = ROOT / ".ci" / "lock.txt"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
EXTRAS: dict[str, list[str]] = PROJECT["project"]["optional-dependencies"]
_HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Pin:
    """One entry of the lock: ``name==version ; marker`` with the hashes of its files."""

    requirement: Requirement
    options: tuple[str, ...]

    @property
    def version(self) -> Version:
        (pinned,) = self.requirement.specifier
        return Version(pinned.version)

    @property
    def is_hashed(self) -> bool:
        return bool(self.options) and all(_HASH.fullmatch(option) for option in self.options)


def read_pins(text: str) -> list[Pin]:
    """Read a requirements file in which each entry goes on over lines that end in a backslash."""
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    entries = "\n".join(lines).replace("\\\n", " ").splitlines()
    parts = [entry.split(" --") for entry in entries]
    return [
        Pin(Requirement(head), tuple(f"--{option}".strip() for option in options)) for head, *options in parts
    ]


def core() -> list[Requirement]:
    """What every installation brings."""
    return [Requirement(text) for text in PROJECT["project"]["dependencies"]]


def named_by(*extras: str) -> list[Requirement]:
    """What the extras name, the project's own extras among them resolved."""
    return [requirement for extra in extras for requirement in _resolve(extra)]


def direct() -> list[Requirement]:
    """Everything that pyproject.toml names: run time, extras, groups, build."""
    groups = [text for group in PROJECT["dependency-groups"].values() for text in group]
    built_with = PROJECT["build-system"]["requires"]
    return [*core(), *named_by(*EXTRAS), *map(Requirement, [*groups, *built_with])]


def closure(requirements: Iterable[Requirement]) -> dict[str, Distribution]:
    """The installed distributions that `requirements` need on this interpreter, by canonical name.

    One that is not installed is left out: an extra is an extra.
    """
    found: dict[str, Distribution] = {}
    asked: set[tuple[str, str]] = set()
    waiting = [(requirement, extra) for requirement in requirements for extra in ("", *requirement.extras)]
    while waiting:
        requirement, extra = waiting.pop()
        name = canonicalize_name(requirement.name)
        if (name, extra) in asked or not (extra or _applies(requirement, "")):
            continue
        asked.add((name, extra))
        try:
            found[name] = distribution(requirement.name)
        except PackageNotFoundError:
            continue
        needs = [Requirement(text) for text in found[name].requires or []]
        waiting += [(need, more) for need in needs if _applies(need, extra) for more in ("", *need.extras)]
    return found


def licence_of(package: Distribution) -> str:
    """Its licence as its metadata says: the expression, else the classifier, else the first line of free text."""
    said = package.metadata
    for expression in said.get_all("License-Expression") or []:
        return str(expression)
    classes = [
        text for text in said.get_all("Classifier") or [] if text.startswith("License :: OSI Approved ::")
    ]
    if classes:
        return " AND ".join(sorted(text.rpartition(" :: ")[2] for text in classes))
    return str((said.get_all("License") or ["unknown"])[0]).partition("\n")[0]


def _resolve(extra: str) -> Iterator[Requirement]:
    for requirement in map(Requirement, EXTRAS[extra]):
        if requirement.name == PROJECT["project"]["name"]:
            yield from named_by(*sorted(requirement.extras))
        else:
            yield requirement


def _applies(requirement: Requirement, extra: str) -> bool:
    return requirement.marker is None or requirement.marker.evaluate({"extra": extra})
