"""Hives: from a file to keys and values."""

from __future__ import annotations

from mmap import ACCESS_READ, mmap
from typing import TYPE_CHECKING, Literal

from iiscluster_kb.errors import EvidenceError
from iiscluster_kb.regf.cells import Cells
from iiscluster_kb.regf.damage import BrokenCell
from iiscluster_kb.regf.keys import Key
from iiscluster_kb.regf.layout import BaseBlock, moment

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from os import PathLike
    from types import TracebackType
    from typing import Self

    from iiscluster_kb.regf.damage import Damage
    from iiscluster_kb.regf.layout import Buffer

__all__ = ["Hive"]


class Hive:
    r"""A registry hive of version 1.1 to 1.6, read where it lies and only as far as is asked.

    Nothing but the base block is read when a hive is opened. Looking something up gives it, None where it
    is certainly absent, or ``EvidenceError`` where damage on the way to it leaves that open; ``walk`` and
    the iterators of a key read on past damage and note it in ``damage``. Whatever the bytes, every call
    ends, in time and memory proportionate to the size of the file.

    Links between keys are not followed: a link is a key with a REG_LINK value.

    Args:
        buffer: The whole file. It stays the caller's, who keeps it alive and unchanged.
        name: The path that errors name.

    Raises:
        EvidenceError: No hive, cut inside the base block, a transaction log, an unknown version.
    """

    def __init__(self, buffer: Buffer, name: str) -> None:
        self.name = name
        self._base = BaseBlock.read(buffer, name)
        self._cells = Cells(buffer, name, self._base.version[1])
        self._owned: mmap | None = None

    @classmethod
    def open(cls, path: str | PathLike[str]) -> Self:
        """Map a file into memory, to be read only; ``close`` or ``with`` unmaps it.

        Raises:
            EvidenceError: As the constructor, or the file is empty.
            OSError: There is no such file, or it may not be read.
        """
        name = str(path)
        with open(path, "rb") as file:  # noqa: PTH123 - importing pathlib would take longer than a look-up
            if not file.seek(0, 2):
                raise EvidenceError(name, "no registry hive: the file is empty (offset 0)", offset=0)
            mapped = mmap(file.fileno(), 0, access=ACCESS_READ)
        try:
            hive = cls(mapped, name)
        except EvidenceError:
            mapped.close()
            raise
        hive._owned = mapped
        return hive

    def close(self) -> None:
        """Unmap the file, if this hive mapped it; keys and values still to be read are lost."""
        if self._owned is not None:
            self._owned.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r})"

    @property
    def version(self) -> tuple[int, int]:
        """Major and minor version of the format."""
        return self._base.version

    @property
    def sequence_numbers(self) -> tuple[int, int]:
        """Primary and secondary number: raised before and after each write."""
        return self._base.sequence_numbers

    @property
    def sequences_match(self) -> bool:
        """Whether the last write to the file was completed."""
        primary, secondary = self._base.sequence_numbers
        return primary == secondary

    @property
    def checksum_matches(self) -> bool:
        """Whether the base block is what was written."""
        return self._base.checksum_matches

    @property
    def state(self) -> Literal["clean", "unrecovered", "damaged"]:
        """What is known of the hive so far.

        ``damaged``: the file is shorter than its base block says, or damage was met while it was read.
        ``unrecovered``: changes are pending that only a transaction log could give back; what is read
        may be older than what Windows saw. ``clean`` otherwise.
        """
        if self._cells.damage or self._base.end > self._cells.end:
            return "damaged"
        return "clean" if self.checksum_matches and self.sequences_match else "unrecovered"

    @property
    def file_name(self) -> str:
        """The last part of the path under which Windows had the hive; it may be empty."""
        return self._base.file_name

    @property
    def modified(self) -> datetime | None:
        """Last-written time in the base block, which Windows 8.1 and later leave as it was."""
        return moment(self._base.filetime)

    @property
    def damage(self) -> tuple[Damage, ...]:
        """What iteration could not read so far; at most a thousand places."""
        return self._cells.damage.listed()

    @property
    def root(self) -> Key:
        """The root key.

        Raises:
            EvidenceError: It cannot be read.
        """
        try:
            return Key(self._cells, None, self._base.root)
        except BrokenCell as fault:
            raise self._cells.error(fault, "") from fault

    def key(self, path: str) -> Key | None:
        r"""The key at a path from the root such as ``Microsoft\Windows NT``, compared as Windows does.

        Returns:
            The key, or None where it is certainly absent; the empty path is the root.

        Raises:
            EvidenceError: Damage on the way to the key leaves open whether it exists.
        """
        key = self.root
        for part in filter(None, path.split("\\")):
            below = key.subkey(part)
            if below is None:
                return None
            key = below
        return key

    def walk(self) -> Iterator[Key]:
        """Every readable key, as ``Key.walk`` of the root; none where the root itself cannot be read."""
        try:
            root = Key(self._cells, None, self._base.root)
        except BrokenCell as fault:
            self._cells.damage.add(fault, None)
            return iter(())
        return root.walk()
