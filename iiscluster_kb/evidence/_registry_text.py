r"""Keys read from a text that people were meant to read: what is listed, and what the text cannot tell.

Such a text has no end mark. Where it stops, more may have followed: further subkeys of the last key and of
every key above it. Both programs that write such texts list subkeys in the order in which a hive keeps them,
sorted by their upper-case names (regf specification, "Subkeys list"), so that a name is certainly absent if
it sorts before the last one listed. What cannot be told raises ``EvidenceError`` when it is asked for,
which whoever asks takes as unknown; it is never told as absent.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING

from iiscluster_kb.errors import EvidenceError
from iiscluster_kb.model import Mount, RegistryEvidence, State
from iiscluster_kb.registry import HKLM, KeyPath, upcase

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from iiscluster_kb.model import CaseFile
    from iiscluster_kb.registry import RegistryValue

__all__ = ["DEPTH_LIMIT", "RECONSTRUCTED", "Subtree", "TextKey", "TextTree"]

DEPTH_LIMIT = 512
"""Levels of keys that Windows allows (learn.microsoft.com, "Registry element size limits")."""
RECONSTRUCTED = (
    "data of strings and lists are rebuilt as sound ones from what is printed: "
    "missing or spare NULs at their ends, or odd bytes, do not show in such a text"
)
_WEIGHT_LIMIT = 1_500_000
"""Lines of keys, values and problems of one text, together, each of up to 500 bytes of memory."""
_KEY_WEIGHT = 3
"""What a key weighs besides its line, for it costs about a kilobyte."""
_MOST_MOUNTS = 64
"""More outermost keys than a few joined outputs have are a fragment, mounted at its root keys."""
_NAMED_PROBLEMS = 5
_MACHINE_ROOTS = frozenset({HKLM.parts[0], "HKEY_USERS"})


@dataclass(slots=True)
class TextKey:
    """A key as a text lists it; see ``RegistryKey`` for what its methods answer."""

    file: str
    """Case path of the text."""
    name: str
    line: int | None
    modified: datetime | None = None
    """None: such a text prints local time to the minute, of no stated time zone."""
    offset: int | None = None
    values_untold: str | None = None
    """Why a value that is not listed need not be absent, with its line; None: it is absent."""
    subkeys_untold: str | None = None
    """The same of subkeys."""
    last_told: str | None = None
    """Of ``subkeys_untold``: names that sort before this one are absent all the same."""
    _subkeys: dict[str, TextKey] = field(default_factory=dict)
    _values: dict[str, RegistryValue] = field(default_factory=dict)
    _unclear: dict[str, str] = field(default_factory=dict)

    def subkey(self, name: str) -> TextKey | None:
        """See ``RegistryKey.subkey``."""
        found = self._subkeys.get(upcase(name))
        if found is not None or self.subkeys_untold is None:
            return found
        if self.last_told is None or _order(name) > _order(self.last_told):
            raise EvidenceError(self.file, self.subkeys_untold)
        return None

    def subkeys(self) -> Iterator[TextKey]:
        """See ``RegistryKey.subkeys``; those that are listed."""
        return iter(self._subkeys.values())

    def value(self, name: str) -> RegistryValue | None:
        """See ``RegistryKey.value``."""
        folded = upcase(name)
        reason = self._unclear.get(folded)
        found = self._values.get(folded)
        if found is None and reason is None:
            reason = self.values_untold
        if reason is not None:
            raise EvidenceError(self.file, reason)
        return found

    def values(self) -> Iterator[RegistryValue]:
        """See ``RegistryKey.values``; those whose data are told."""
        return (value for folded, value in self._values.items() if folded not in self._unclear)

    def put(self, value: RegistryValue) -> None:
        """Take a value that the text lists; listed twice with different data, it is unclear."""
        folded = upcase(value.name)
        before = self._values.setdefault(folded, value)
        if (before.type, before.data) != (value.type, value.data):
            self.obscure(value.name, value.line or 0, "the value is listed once more, with other data")

    def obscure(self, name: str, line: int, reason: str) -> None:
        """Keep that a value is listed of which the text does not tell the data."""
        self._unclear.setdefault(upcase(name), f"line {line}: {reason}")

    def listed(self, name: str) -> TextKey | None:
        """The subkey as far as it stands here; None tells nothing."""
        return self._subkeys.get(upcase(name))

    def child(self, name: str, line: int) -> TextKey:
        """The subkey, made where it is not there yet."""
        folded = upcase(name)
        found = self._subkeys.get(folded)
        if found is None:
            found = self._subkeys[folded] = TextKey(self.file, name, line)
        return found

    def leave_open(self, after: TextKey | None, reason: str) -> None:
        """Note that subkeys may be missing behind the last that is listed (None: behind none)."""
        names = [_order(below.name) for below in self._subkeys.values()]
        is_sorted = all(first < second for first, second in pairwise(names))
        self.subkeys_untold = reason
        self.last_told = after.name if after is not None and is_sorted else None


def _order(name: str) -> bytes:
    return upcase(name).encode("utf-16-be", "surrogatepass")


@dataclass(slots=True)
class Subtree:
    """An outermost key that a text lists, with all that lies below it."""

    path: KeyPath
    root: TextKey
    last: KeyPath
    """The last key listed."""
    doubts: list[str] = field(default_factory=list)
    """Why what is not listed need not be absent anywhere in it."""

    def doubt(self, reason: str) -> None:
        """Keep a doubt; of many only the first are named."""
        if len(self.doubts) < _NAMED_PROBLEMS and reason not in self.doubts:
            self.doubts.append(reason)

    def leave_open(self, reason: str) -> None:
        """Note that more may have followed the last key."""
        key = self.root
        for name in self.last.below(self.path):
            below = key.child(name, 0)
            key.leave_open(below, reason)
            key = below
        key.leave_open(None, reason)


class TextTree:
    """Grows subtrees from keys in the order in which a text lists them."""

    def __init__(self, file: str) -> None:
        self.subtrees: list[Subtree] = []
        self._file = file
        self._top = TextKey(file, "", None)
        self._listed: dict[int, Subtree] = {}
        self._outside: dict[KeyPath, Subtree] = {}
        self._weight = 0
        self._problems: list[str] = []
        self._more_problems = 0

    def add(self, path: KeyPath, line: int) -> tuple[Subtree, TextKey]:
        """Take a listed key; one that belongs to no machine is kept outside the tree."""
        self.weigh(1, line)
        if path.parts[0] not in _MACHINE_ROOTS:
            root = KeyPath(path.parts[:1])
            outside = self._outside.setdefault(
                root, Subtree(root, TextKey(self._file, root.name, line), root)
            )
            return outside, TextKey(self._file, path.name, line)
        key, above = self._top, None
        was_listed = is_listed = False
        for part in path.parts:
            if key.listed(part) is None:
                self.weigh(_KEY_WEIGHT, line)
            key = key.child(part, line)
            subtree = self._listed.get(id(key))
            was_listed, is_listed = is_listed, subtree is not None
            above = above or subtree
        if above is None:
            above = Subtree(path, key, path)
            self.subtrees.append(above)
        elif is_listed:
            above.doubt(f"{path.short} is listed more than once")
        elif not was_listed:
            above.doubt("keys are listed without their parents, as no whole output does")
        if not is_listed:
            key.name, key.line = path.name, line
        self._listed[id(key)] = above
        above.last = path
        return above, key

    def is_listed(self, path: KeyPath) -> bool:
        """Whether the text listed this key."""
        key: TextKey | None = self._top
        for part in path.parts:
            key = key.listed(part) if key is not None else None
        return key is not None and id(key) in self._listed

    def weigh(self, weight: int, line: int) -> None:
        """Count what is kept.

        Raises:
            EvidenceError: It is more than one text may hold.
        """
        self._weight += weight
        if self._weight > _WEIGHT_LIMIT:
            raise EvidenceError(
                self._file, f"line {line}: over the limit of {_WEIGHT_LIMIT} (keys, values and problems)"
            )

    def report(self, line: int, reason: str) -> None:
        """Keep that a line is not understood; of many only the first are named."""
        self.weigh(1, line)
        if len(self._problems) < _NAMED_PROBLEMS:
            self._problems.append(f"line {line} ({reason})")
        else:
            self._more_problems += 1

    def evidence(self, file: CaseFile, form: str, remarks: Iterable[str] = ()) -> RegistryEvidence:
        """What the text holds.

        Raises:
            EvidenceError: It lists no key of a machine.
        """
        if not self.subtrees:
            raise EvidenceError(
                file.path, "lists no key of HKEY_LOCAL_MACHINE or HKEY_USERS, from line 1 to its end"
            )
        notes = [RECONSTRUCTED, *remarks]
        if self._problems:
            more = f" and {self._more_problems} more" if self._more_problems else ""
            notes.insert(0, f"not understood: {', '.join(self._problems)}{more}; only what is listed counts")
        notes += [
            f"{subtree.path.short}: {'; '.join(subtree.doubts)}; only what is listed counts"
            for subtree in self.subtrees[:_NAMED_PROBLEMS]
            if subtree.doubts
        ]
        notes += [
            f"keys of {root} are left out: they belong to no machine's own registry"
            for root in sorted(self._outside)
        ]
        state = State.DAMAGED if self._problems else State.CLEAN
        return RegistryEvidence(file, form, self._mounts(), state, tuple(notes), rebuilt=True)

    def _mounts(self) -> tuple[Mount, ...]:
        if len(self.subtrees) > _MOST_MOUNTS:
            roots = sorted({KeyPath(subtree.path.parts[:1]) for subtree in self.subtrees})
            return tuple(Mount(root, self._top.child(root.name, 0), whole=False) for root in roots)
        return tuple(
            Mount(subtree.path, subtree.root, whole=not (self._problems or subtree.doubts))
            for subtree in self.subtrees
        )
