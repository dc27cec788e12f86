"""Hives: from a file to keys and values."""

from __future__ import annotations

import os
from mmap import ACCESS_COPY, ACCESS_READ, mmap
from typing import TYPE_CHECKING, Literal

from iiscluster_kb.errors import EvidenceError
from iiscluster_kb.regf.cells import Cells
from iiscluster_kb.regf.damage import BrokenCell
from iiscluster_kb.regf.keys import Key
from iiscluster_kb.regf.layout import BaseBlock, moment

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime
    from os import PathLike
    from types import TracebackType
    from typing import Self

    from iiscluster_kb.regf.damage import Damage
    from iiscluster_kb.regf.layout import Buffer
    from iiscluster_kb.regf.logs import Recovery, Replay

__all__ = ["Hive"]

_OPEN_FLAGS = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
_COPIED = 1 << 20
"""Bytes up to which a recovered hive lies in memory of its own, and that are copied at once of a larger one."""


class Hive:
    r"""A registry hive of version 1.1 to 1.6, read where it lies and only as far as is asked.

    Nothing but the base block is read when a hive is opened. Looking something up gives it, None where it
    is certainly absent, or ``EvidenceError`` where damage on the way to it leaves that open; ``walk`` and
    the iterators of a key read on past damage and note it in ``damage``. Whatever the bytes, every call
    ends, in time and memory proportionate to the size of the file.

    Links between keys are not followed: a link is a key with a REG_LINK value.

    Where the base block says that the last write did not end, the changes that transaction logs hold are laid
    over a private copy; nothing is written anywhere.

    Args:
        buffer: The whole file. It stays the caller's, who keeps it alive and unchanged.
        name: The path that errors name.
        logs: Names and bytes of its transaction logs, in any order, or in words why one cannot be read; asked
            for only where they are needed, and needed no longer once the hive is made.
        file: Where the same bytes lie on disk: a private map of it then takes the place of a copy in memory.

    Raises:
        EvidenceError: No hive, cut inside the base block, a transaction log, an unknown version.

    Attributes:
        name: As given.
        content: The bytes that are read: those of the file, or of the copy with the changes.
        recovery: What became of the transaction logs; None: none were given, or none were needed.
    """

    def __init__(
        self,
        buffer: Buffer,
        name: str,
        *,
        logs: Iterable[tuple[str, Buffer | str]] = (),
        file: str | PathLike[str] | None = None,
    ) -> None:
        self.name = name
        self.content = buffer
        self.recovery: Recovery | None = None
        try:
            self._base = BaseBlock.read(buffer, name)
        except EvidenceError as error:
            self._recover(None, logs, file)
            if self.content is buffer:
                raise _with_fates(error, self.recovery) from error
        else:
            if not (self.checksum_matches and self.sequences_match):
                self._recover(self._base, logs, file)
        self._cells = Cells(self.content, name, self._base.version[1])
        self._owned: mmap | None = None
        self._root: Key | None = None

    @classmethod
    def open(cls, path: str | PathLike[str], *, logs: Iterable[str | PathLike[str]] = ()) -> Self:
        """Map a file into memory, to be read only; ``close`` or ``with`` unmaps it.

        A file that another program cuts short meanwhile, or a disk that fails, ends the process (mmap(2), SIGBUS).
        Where that may happen, give the constructor the bytes.

        Args:
            path: The hive.
            logs: Its transaction logs, in any order; looked at only where they are needed.

        Raises:
            EvidenceError: As the constructor, or the file is empty.
            OSError: There is no such file, or it may not be read; the same of a log that is needed.
        """
        name = str(path)
        mapped = _mapped(path)
        if mapped is None:
            raise EvidenceError(name, "no registry hive: the file is empty (offset 0)", offset=0)
        try:
            hive = cls(mapped, name, logs=((str(log), _mapped(log) or b"") for log in logs), file=path)
        except BaseException:
            mapped.close()
            raise
        hive._owned = mapped
        if hive.content is not mapped:  # nothing more is read from the file itself
            mapped.close()
            hive._owned = hive.content if isinstance(hive.content, mmap) else None
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
    def state(self) -> Literal["clean", "recovered", "unrecovered", "damaged"]:
        """What is known of the hive so far.

        ``damaged``: the file is shorter than its base block says, or damage was met while it was read.
        ``recovered``: changes were pending, and transaction logs gave them back.
        ``unrecovered``: changes are pending that only a transaction log could give back; what is read
        may be older than what Windows saw. ``clean`` otherwise.
        """
        if self._cells.damage or self._base.end > self._cells.end:
            return "damaged"
        if self.recovery is not None and self.recovery.applied:
            return "recovered"
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
        if self._root is None:
            try:
                self._root = Key(self._cells, None, self._base.root)
            except BrokenCell as fault:
                raise self._cells.error(fault, "") from fault
        return self._root

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

    def _recover(
        self,
        base: BaseBlock | None,
        logs: Iterable[tuple[str, Buffer | str]],
        file: str | PathLike[str] | None,
    ) -> None:
        """Lay the logs over a copy, which then takes the place of the file."""
        given = tuple(logs)
        if not given:
            return
        from iiscluster_kb.regf.logs import Replay  # noqa: PLC0415 - most hives are read without

        replay = Replay(self.content, given, base)
        self.recovery = replay.recovery
        if replay.changes:
            recovered = _laid_over(self.content, replay, file)
            self._base = BaseBlock.read(recovered, self.name)
            self.content = recovered


def _with_fates(error: EvidenceError, recovery: Recovery | None) -> EvidenceError:
    """The same error, with what became of the logs."""
    fates = "".join(f"; {log.name}: {log}" for log in (recovery.logs if recovery else ()))
    return EvidenceError(error.path, error.detail + fates, offset=error.offset)


def _mapped(path: str | PathLike[str]) -> mmap | None:
    """A map of the file; None: it is empty."""
    # A file object takes as long to make as four look-ups.
    descriptor = os.open(path, _OPEN_FLAGS)
    try:
        return mmap(descriptor, 0, access=ACCESS_READ)
    except ValueError:  # what mmap says of an empty file
        if os.fstat(descriptor).st_size:
            raise
        return None
    finally:
        os.close(descriptor)


def _laid_over(content: Buffer, replay: Replay, path: str | PathLike[str] | None) -> bytes | mmap:
    """The hive with the changes: in memory where it is small, else in pages that are private to this process."""
    copy: mmap | bytearray | None = None
    size = replay.size
    if size <= _COPIED:
        copy = bytearray(content)
        copy += bytes(size - len(copy))
    else:
        copy = _private(path, size) if path is not None and size == len(content) else None
        if copy is None:
            copy = mmap(-1, size)
            for at in range(0, len(content), _COPIED):
                part = content[at : at + _COPIED]
                copy[at : at + len(part)] = part
    replay.lay_over(copy)
    return bytes(copy) if isinstance(copy, bytearray) else copy


def _private(path: str | PathLike[str], size: int) -> mmap | None:
    """A map of the file that is copied page by page where it is written to; None: it cannot be had."""
    try:
        with open(path, "rb") as file:  # noqa: PTH123 - importing pathlib would take longer than a look-up
            return mmap(file.fileno(), size, access=ACCESS_COPY)
    except (OSError, ValueError):  # ValueError: the file has become shorter
        return None
