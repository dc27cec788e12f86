"""Registration of COM servers: by the program that does it, or by the registry alone where that was chosen."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from iiscluster_kb.model import FileRestored, Phase, ValueChange
from iiscluster_kb.remedy import texts

if TYPE_CHECKING:
    from iiscluster_kb.model import Step

__all__ = ["look_for_file", "registrations"]


def registrations(step: Step) -> tuple[ValueChange, ...]:
    """The registry changes that a registering step leaves behind, where there are any."""
    if step.phase is not Phase.REGISTER:
        return ()
    return tuple(
        assumption
        for assumption in step.achieves
        if isinstance(assumption, ValueChange) and assumption.before != assumption.after
    )


def look_for_file(step: Step) -> Step:
    """What remains of a registering step whose registry changes are part of the patch."""
    files = tuple(assumption for assumption in step.achieves if isinstance(assumption, FileRestored))
    paths = [file.path for file in files]
    return replace(
        step,
        title=texts.LOOK_FOR_FILE.format(
            name=", ".join(path.rpartition("\\")[2] for path in paths), machine=step.machine
        ),
        command="\n".join(f'dir "{path}"' for path in paths),
        reason=texts.LOOK_FOR_FILE_REASON,
        expect=texts.LOOK_FOR_FILE_EXPECT.format(path=", ".join(paths)),
        otherwise=texts.LOOK_FOR_FILE_OTHERWISE,
        achieves=files,
    )
