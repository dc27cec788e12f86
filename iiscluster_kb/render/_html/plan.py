"""What to do: the plan as a checklist, the patches to look at and to save, what was proved."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from iiscluster_kb.remedy.naming import name_patches
from iiscluster_kb.remedy.patch_text import format_patch
from iiscluster_kb.render._html.findings import changes_of
from iiscluster_kb.render._words import machine_words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from iiscluster_kb.model import Patch, Proof, Remedy, Step
    from iiscluster_kb.remedy.naming import NamedPatch
    from iiscluster_kb.render._html.findings import ChangeView

__all__ = ["Group", "PatchFile", "PatchView", "Work", "prepare_work"]


@dataclass(frozen=True, slots=True)
class Group:
    """Steps that follow one another on one machine."""

    heading: str
    steps: tuple[tuple[int, Step], ...]
    """Each with its number in the plan."""


@dataclass(frozen=True, slots=True)
class PatchFile:
    """A .reg file as it is delivered."""

    name: str
    lines: tuple[str, ...]
    link: str
    """The very bytes, as a data: address."""
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class PatchView:
    """The patch of one machine and what takes it back."""

    machine: str
    dialect: str
    changes: tuple[ChangeView, ...]
    warnings: tuple[str, ...]
    patch: PatchFile
    undo: PatchFile


@dataclass(frozen=True, slots=True)
class Work:
    """Everything that is to be done."""

    steps: int
    groups: tuple[Group, ...]
    patches: tuple[PatchView, ...]
    proof: tuple[Proof, ...]


def prepare_work(remedy: Remedy) -> Work:
    """Lay out the remedy."""
    return Work(
        steps=len(remedy.plan),
        groups=tuple(_groups(remedy)),
        patches=tuple(_patch(named) for named in name_patches(remedy.patches)),
        proof=remedy.proof,
    )


def _groups(remedy: Remedy) -> Iterator[Group]:
    numbered = enumerate(remedy.plan, 1)
    for machine, steps in groupby(numbered, key=lambda item: item[1].machine):
        heading = machine_words(machine)
        yield Group(heading[:1].upper() + heading[1:] if machine is None else heading, tuple(steps))


def _patch(named: NamedPatch) -> PatchView:
    return PatchView(
        machine=named.patch.machine,
        dialect=named.patch.dialect.value,
        changes=changes_of(named.patch.changes),
        warnings=named.patch.warnings,
        patch=_file(named.file, named.patch),
        undo=_file(named.undo_file, named.patch.undo()),
    )


def _file(name: str, patch: Patch) -> PatchFile:
    content = format_patch(patch)
    text = content.decode("utf-16" if content.startswith(b"\xff\xfe") else "ascii")
    return PatchFile(
        name=name,
        lines=tuple(text.splitlines()),
        link=f"data:application/octet-stream;base64,{b64encode(content).decode('ascii')}",
        size=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
    )
