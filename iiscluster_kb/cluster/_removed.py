"""Values that are no longer there, as far as the hives of a machine still hold them. Never facts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from iiscluster_kb.errors import EvidenceError
from iiscluster_kb.model import Source
from iiscluster_kb.registry import RegistryValue, fold

if TYPE_CHECKING:
    from collections.abc import Iterator

    from iiscluster_kb.cluster._registry import RegistryView
    from iiscluster_kb.model import Mount, RegistryEvidence
    from iiscluster_kb.regf.deleted import DeletedValue
    from iiscluster_kb.registry import KeyPath

__all__ = ["RemovedValue", "removed_values"]


@dataclass(frozen=True, slots=True)
class RemovedValue:
    """A value that lies in a hive where nothing lives."""

    value: RegistryValue
    """Its data as far as it is left."""
    source: Source
    """Offset of the value's cell; key, and when that was last written, where they are known."""
    key: KeyPath | None
    """The key that it belonged to; None: nothing tells."""
    intact: bool
    """Whether nothing shows that it was written over."""


def removed_values(view: RegistryView, path: KeyPath, name: str) -> tuple[RemovedValue, ...]:
    """Removed values of a name that belonged to a key, or to a key that nobody can tell.

    Returns:
        Those of the key first, then those that are whole, in order of evidence and offsets. None where no
        hive holds the place or none can be searched.
    """
    found = [
        removed
        for evidence in view.evidence
        for mount in evidence.mounts
        if path.is_within(mount.path)
        for removed in _search(evidence, mount, path, fold(name))
    ]
    return tuple(sorted(found, key=lambda removed: (removed.key is None, not removed.intact)))


def _search(evidence: RegistryEvidence, mount: Mount, path: KeyPath, folded: str) -> Iterator[RemovedValue]:
    if evidence.deleted is None:
        return
    try:
        values = evidence.deleted().values
    except EvidenceError:
        return
    for deleted in values:
        if fold(deleted.name) != folded:
            continue
        key = _key(mount, deleted)
        if key is None or key == path:
            yield _removed(evidence, deleted, key)


def _key(mount: Mount, deleted: DeletedValue) -> KeyPath | None:
    if deleted.owner is None or deleted.owner.path is None:
        return None
    return mount.path / deleted.owner.path


def _removed(evidence: RegistryEvidence, deleted: DeletedValue, key: KeyPath | None) -> RemovedValue:
    written = deleted.owner.modified if deleted.owner else None
    source = Source(evidence.file, None if key is None else str(key), deleted.offset, last_written=written)
    value = RegistryValue(deleted.name, deleted.type, deleted.data, deleted.offset)
    return RemovedValue(value, source, key, deleted.intact)
