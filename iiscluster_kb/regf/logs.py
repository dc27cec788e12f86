"""Replay of transaction logs: which of them a hive needs, in which order, and what they change in it.

Specification: "Format of transaction log files", "Dirty state of a hive" and "Multiple transaction log files". A
log holds what was to be written to a hive, so that a write that did not end can be ended. Nothing is taken
from a log that fails a check, and of one that fails half-way only what comes before. Where the specification
leaves a choice, or is stricter than Windows was seen to be:

- Of several new logs the sequence numbers of their entries decide, not their names.
- A first entry later than the hive's own number is taken, since hives exist whose numbers lag behind what
  was written to them; it is said in the outcome. It is not taken where another log may have held what lies
  between: one that was refused, or that has lost its entries.
- Where the hive's own base block is damaged, its number still counts if a log holds the entry of that number,
  else the logs must join. Where they do not, one may be stale, and only the base block is taken from the newest.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from iiscluster_kb.regf._log_block import LogBlock, LogKind, RefusedLog, is_ahead, renewed
from iiscluster_kb.regf._new_log import check_entry, entries, pages_of
from iiscluster_kb.regf._old_log import check_bins, dirty_pages, first_bin_time
from iiscluster_kb.regf.layout import BINS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from mmap import mmap

    from iiscluster_kb.regf._new_log import Entry
    from iiscluster_kb.regf.layout import BaseBlock, Buffer

__all__ = ["LogFate", "LogKind", "LogOutcome", "Recovery", "Replay"]

_SLACK: Final = 1 << 16
"""Bytes by which a hive may grow beyond what its logs hold for it."""
_SECTOR: Final = 512
_NUMBERS: Final = 0xFFFFFFFF


class LogFate(StrEnum):
    """What became of a transaction log."""

    APPLIED = "applied"
    NOT_NEEDED = "not-needed"
    """The hive already holds what is in it, or nothing is."""
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class LogOutcome:
    """What became of one transaction log, and why."""

    name: str
    kind: LogKind | None
    """None: it does not say."""
    fate: LogFate
    reason: str | None = None
    """Why it was refused or not needed; of one that was applied, what a reader should know."""
    entries: int = 0
    """That were laid over the hive; an old log is one entry."""
    sequence: int | None = None
    """The number that the hive reached with it."""
    gave_base_block: bool = False
    """Whether the hive's own base block was damaged and taken from it."""
    is_sound: bool = True
    """Whether it passed every check of its own; False of one that was applied: up to where it fails."""

    def __str__(self) -> str:
        told = [self.fate.value.replace("-", " ")]
        if self.entries:
            count = "1 entry" if self.entries == 1 else f"{self.entries} entries"
            told.append(f"{count}, up to sequence number {self.sequence}")
        if self.gave_base_block:
            told.append("it gave the base block")
        if self.reason:
            told.append(self.reason)
        return ": ".join((told[0], "; ".join(told[1:]))) if told[1:] else told[0]


@dataclass(frozen=True, slots=True)
class Recovery:
    """What became of a hive's transaction logs."""

    sequence_numbers: tuple[int, int] | None
    """Of the file itself; None: its base block cannot be read."""
    logs: tuple[LogOutcome, ...]
    """First those that were laid over the hive, in the order in which that was done, then the others as given."""

    @property
    def applied(self) -> tuple[LogOutcome, ...]:
        """Those that were laid over the hive."""
        return tuple(log for log in self.logs if log.fate is LogFate.APPLIED)


@dataclass(slots=True, eq=False)
class _Log:
    """A log while its fate is open."""

    name: str
    buffer: Buffer
    block: LogBlock
    chain: list[Entry] = field(default_factory=list)
    fault: str | None = None
    """What ended the chain, if anything but the end of the log did."""
    notes: list[str] = field(default_factory=list)
    fate: LogFate | None = None
    taken: int = 0
    sequence: int | None = None
    gave_base_block: bool = False

    def settle(self, fate: LogFate, *reasons: str | None) -> None:
        self.fate = fate
        self.notes += filter(None, reasons)

    @property
    def first(self) -> int:
        return self.block.sequence

    @property
    def last(self) -> int:
        """Number of the last entry; the one before the first where there is none."""
        return (self.first + len(self.chain) - 1) & _NUMBERS

    def holds(self, number: int) -> bool:
        """Whether the entry of that number is in it."""
        return bool(self.chain) and is_ahead(number, self.first) and is_ahead(self.last, number)

    def outcome(self) -> LogOutcome:
        return LogOutcome(
            self.name,
            self.block.kind,
            self.fate or LogFate.REFUSED,
            "; ".join(self.notes) or None,
            self.taken,
            self.sequence,
            self.gave_base_block,
            self.fault is None,
        )


class Replay:
    """What the logs change in a hive whose last write did not end. Reads; changes nothing by itself.

    Attributes:
        recovery: What became of each log.
        size: Bytes of the hive once they are laid over it.
    """

    __slots__ = ("_base", "_block", "_damaged", "_primary", "_room", "_steps", "_taken", "recovery", "size")

    def __init__(
        self, primary: Buffer, logs: Sequence[tuple[str, Buffer | str]], base: BaseBlock | None
    ) -> None:
        """Look at everything.

        Args:
            primary: The hive as it is.
            logs: Their names and bytes, or, in words, why one cannot be read.
            base: The hive's base block; None: it cannot be read.
        """
        self._primary = primary
        self._base = base if base is not None and base.checksum_matches else None
        self._damaged = None if base is self._base else base
        self._block: bytes | None = None
        self._taken: list[_Log | LogOutcome] = []
        self._steps: list[tuple[Buffer, Iterable[tuple[int, int, int]]]] = []
        self._room = len(primary) - BINS + sum(map(len, (log for _, log in logs))) + _SLACK
        self.size = len(primary)
        found: list[_Log | LogOutcome] = [_opened(name, log) for name, log in logs]
        sound = [log for log in found if isinstance(log, _Log)]
        self._decide(sound, any_refused=any(getattr(log, "fate", None) is LogFate.REFUSED for log in found))
        others = [log for log in found if log not in self._taken]
        self.recovery = Recovery(
            None if base is None else base.sequence_numbers,
            tuple(log.outcome() if isinstance(log, _Log) else log for log in (*self._taken, *others)),
        )

    @property
    def changes(self) -> bool:
        """Whether there is anything to lay over the hive."""
        return self._block is not None

    def lay_over(self, copy: bytearray | mmap) -> None:
        """Write the changes into a copy of the hive that is ``size`` bytes long."""
        for log, pages in self._steps:
            for offset, size, at in pages:
                copy[BINS + offset : BINS + offset + size] = log[at : at + size]
        if self._block is not None:
            copy[: len(self._block)] = self._block

    def _decide(self, logs: list[_Log], *, any_refused: bool) -> None:
        if self._base is None and first_bin_time(self._primary) is None:
            for log in logs:
                log.settle(
                    LogFate.REFUSED, "the hive has neither a sound base block nor a first bin to go by"
                )
            return
        new = [log for log in logs if log.block.kind is LogKind.NEW]
        old = [log for log in logs if log.block.kind is LogKind.OLD]
        self._replay_new(new, any_refused=any_refused)
        if self._block is None:
            self._replay_old(old)
        for log in old:
            if log.fate is None:
                log.settle(LogFate.NOT_NEEDED, "another log was laid over the hive")

    # --- new logs -----------------------------------------------------------------------------------

    def _replay_new(self, logs: list[_Log], *, any_refused: bool) -> None:
        for log in logs:
            _find_chain(log)
        open_logs = [log for log in logs if log.fate is None]
        if self._base is not None:
            expected = self._base.sequence_numbers[1]
        elif open_logs or logs:
            start = self._take_base_block(open_logs or logs)
            if start is None:
                return
            expected = start
        else:
            return
        for log in open_logs:
            if not is_ahead(log.last, expected):
                log.settle(LogFate.NOT_NEEDED, f"it ends at {log.last}, and the hive is at {expected}")
        waiting = [log for log in open_logs if is_ahead(log.last, expected)]
        has_begun = any_refused or any(_may_have_held(log, expected) for log in logs)
        while turn := _next(waiting, expected, may_skip=not has_begun):
            waiting.remove(turn)
            has_begun = True
            if is_ahead(turn.first, expected) and turn.first != expected:
                turn.notes.append(f"its first number is {turn.first}, the hive's is {expected}")
                expected = turn.first
            expected = self._take(turn, expected)
        for log in waiting:
            log.settle(LogFate.REFUSED, f"a gap: it begins at {log.first}, and {expected} should come next")

    def _take_base_block(self, logs: Sequence[_Log]) -> int | None:
        """Take it from the log to begin with; return the number to go on from, None where that is open."""
        told = self._damaged.sequence_numbers[1] if self._damaged is not None else None
        holding = [log for log in logs if told is not None and log.holds(told)]
        if told is not None and holding:
            first, number = holding[0], told
        else:
            first, unjoined = _start_of_newest(logs)
            number = first.first
            if unjoined:
                for log in logs:
                    log.settle(LogFate.REFUSED, "the hive's own number is lost, and its logs do not join")
                self._block = renewed(
                    first.block.image, (number, (number - 1) & _NUMBERS), first.block.bins_size
                )
                first.gave_base_block = True
                return None
        self._block = renewed(first.block.image, (number, number), first.block.bins_size)
        first.gave_base_block = True
        first.settle(LogFate.APPLIED)
        return number

    def _take(self, log: _Log, expected: int) -> int:
        """Take its entries from that number on, as long as they are sound; return the next number."""
        for entry in log.chain:
            if not is_ahead(entry.sequence, expected):
                continue  # what the hive holds already
            try:
                furthest = check_entry(log.buffer, entry)
                self._grow(furthest)
            except RefusedLog as refusal:
                log.fault = str(refusal)
                break
            image = bytes(self._primary[:_SECTOR]) if self._block is None else self._block
            self._block = renewed(image, (entry.sequence, entry.sequence), entry.bins_size, entry.flags)
            self._steps.append((log.buffer, pages_of(log.buffer, entry)))
            log.taken += 1
            log.sequence = entry.sequence
            expected = (entry.sequence + 1) & _NUMBERS
        if log.taken:
            self._taken.append(log)
        log.settle(LogFate.APPLIED if log.taken or log.gave_base_block else LogFate.REFUSED, log.fault)
        return expected

    def _grow(self, furthest: int) -> None:
        if furthest > self._room:
            raise RefusedLog(
                f"a page that ends at {furthest:#x}, where neither hive nor logs have room for it"
            )
        self.size = max(self.size, BINS + furthest)

    # --- old logs -----------------------------------------------------------------------------------

    def _replay_old(self, logs: list[_Log]) -> None:
        """Take the newest log that belongs to the hive's last write; each holds all of its write."""
        base = self._base
        written = base.filetime if base is not None else first_bin_time(self._primary)
        reference = base.sequence_numbers[1] if base is not None else 0
        for log in sorted(logs, key=lambda log: (log.first - reference) & _NUMBERS, reverse=True):
            if base is not None and not is_ahead(log.first, reference):
                log.settle(LogFate.NOT_NEEDED, f"its number is {log.first}, and the hive is at {reference}")
            elif log.block.filetime != written:
                log.settle(LogFate.REFUSED, "it belongs to another write: its time is not that of the hive")
            elif self._block is None:
                self._take_old(log)

    def _take_old(self, log: _Log) -> None:
        try:
            pages = dirty_pages(log.buffer, log.block)
            self._grow(pages[-1].offset + pages[-1].size)
            check_bins(self._primary, log.buffer, pages, log.block.bins_size)
        except RefusedLog as refusal:
            log.fault = str(refusal)
            log.settle(LogFate.REFUSED, log.fault)
            return
        number = log.first
        if self._base is not None and is_ahead(self._base.sequence_numbers[0], number):
            number = self._base.sequence_numbers[0]  # up to 2003 the hive's is one more than its log's
        self._block = renewed(log.block.image, (number, number), log.block.bins_size)
        self._steps.append((log.buffer, [(page.offset, page.size, page.at) for page in pages]))
        log.taken, log.sequence, log.gave_base_block = 1, number, self._base is None
        log.settle(LogFate.APPLIED)
        self._taken.append(log)


def _opened(name: str, log: Buffer | str) -> _Log | LogOutcome:
    if isinstance(log, str):
        return LogOutcome(name, None, LogFate.REFUSED, log, is_sound=False)
    if not len(log):
        return LogOutcome(name, None, LogFate.NOT_NEEDED, "it is empty")
    try:
        return _Log(name, log, LogBlock.read(log))
    except RefusedLog as refusal:
        return LogOutcome(name, None, LogFate.REFUSED, str(refusal), is_sound=False)


def _find_chain(log: _Log) -> None:
    try:
        for entry in entries(log.buffer, log.block):
            log.chain.append(entry)
    except RefusedLog as refusal:
        log.fault = str(refusal)
    if not log.chain:
        fate = LogFate.REFUSED if log.fault else LogFate.NOT_NEEDED
        log.settle(fate, log.fault or "it holds no entries")


def _start_of_newest(logs: Sequence[_Log]) -> tuple[_Log, list[_Log]]:
    """Of the logs that lead to the newest one the first, and the logs that do not lead there."""
    start = next((log for log in logs if all(is_ahead(log.first, other.first) for other in logs)), logs[0])
    left = [log for log in logs if log is not start]
    while before := next((log for log in left if (log.last + 1) & _NUMBERS == start.first), None):
        left.remove(before)
        start = before
    return start, left


def _may_have_held(log: _Log, expected: int) -> bool:
    """Whether the entry of that number, or one behind it, may be lost with what the log no longer holds."""
    return log.fate is LogFate.REFUSED or (not log.chain and is_ahead(log.first, expected))


def _next(waiting: Sequence[_Log], expected: int, *, may_skip: bool) -> _Log | None:
    """The log that holds the entry of that number, else, if one may skip, the one that begins next."""
    holding = [log for log in waiting if log.holds(expected)]
    if holding:
        return min(holding, key=lambda log: (expected - log.first) & _NUMBERS)
    if not may_skip:
        return None
    return min(waiting, key=lambda log: (log.first - expected) & _NUMBERS, default=None)
