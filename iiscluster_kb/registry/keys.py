"""Key paths as Windows compares them: upper-cased one UTF-16 unit at a time."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache

__all__ = ["HKLM", "KeyPath", "fold", "upcase"]

_ROOTS = {
    "HKLM": ("HKEY_LOCAL_MACHINE",),
    "HKEY_LOCAL_MACHINE": ("HKEY_LOCAL_MACHINE",),
    "HKCR": ("HKEY_LOCAL_MACHINE", "SOFTWARE", "Classes"),
    "HKEY_CLASSES_ROOT": ("HKEY_LOCAL_MACHINE", "SOFTWARE", "Classes"),
    "HKU": ("HKEY_USERS",),
    "HKEY_USERS": ("HKEY_USERS",),
    "HKCU": ("HKEY_CURRENT_USER",),
    "HKEY_CURRENT_USER": ("HKEY_CURRENT_USER",),
    "HKCC": ("HKEY_CURRENT_CONFIG",),
    "HKEY_CURRENT_CONFIG": ("HKEY_CURRENT_CONFIG",),
}
_SHORT = {
    "HKEY_LOCAL_MACHINE": "HKLM",
    "HKEY_USERS": "HKU",
    "HKEY_CURRENT_USER": "HKCU",
    "HKEY_CURRENT_CONFIG": "HKCC",
}


@lru_cache(maxsize=4096)
def _upcase_unit(character: str) -> str:
    # Windows' table maps one unit to one unit and only where the pair is reversible: it leaves
    # U+0131, U+017F and U+00B5 alone, which str.upper() does not.
    upper = character.upper()
    if len(upper) == 1 and upper <= "\uffff" and upper.lower() == character:
        return upper
    return character


def upcase(name: str) -> str:
    """Upper-case ``name`` as Windows does before it compares names."""
    if name.isascii():
        return name.upper()
    return "".join(map(_upcase_unit, name))


fold = upcase
"""The form under which names and Windows paths are compared and looked up."""


@dataclass(frozen=True, slots=True, eq=False)
class KeyPath:
    r"""An absolute registry key, root first, compared without regard to case.

    ``HKEY_CLASSES_ROOT`` is stored as ``HKEY_LOCAL_MACHINE\SOFTWARE\Classes``, which is all it is on
    Windows NT 4.0. ``CurrentControlSet`` is left as written: only a machine knows which one it is.
    """

    parts: tuple[str, ...]
    folded: tuple[str, ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "folded", tuple(map(upcase, self.parts)))

    @classmethod
    def parse(cls, text: str) -> KeyPath:
        r"""Read ``HKLM\Cluster``, ``HKEY_CLASSES_ROOT\CLSID``, ``\Registry\Machine\SYSTEM`` and their kin.

        Raises:
            ValueError: The text does not begin with the name of a root key.
        """
        parts = [part for part in text.strip().strip("\\").split("\\") if part]
        head = [upcase(part) for part in parts[:2]]
        if head == ["REGISTRY", "MACHINE"]:
            return cls(("HKEY_LOCAL_MACHINE", *parts[2:]))
        if head == ["REGISTRY", "USER"]:
            return cls(("HKEY_USERS", *parts[2:]))
        if not parts or (root := _ROOTS.get(head[0])) is None:
            raise ValueError(f"no registry root: {text!r}")
        return cls((*root, *parts[1:]))

    def __truediv__(self, relative: str) -> KeyPath:
        r"""The key below this one; ``relative`` may hold several names divided by ``\``."""
        more = tuple(filter(None, relative.split("\\")))
        # What the constructor does, without folding once more what is folded: articles make these by the thousand.
        path = object.__new__(KeyPath)
        object.__setattr__(path, "parts", self.parts + more)
        object.__setattr__(path, "folded", self.folded + tuple(map(upcase, more)))
        return path

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, KeyPath):
            return NotImplemented
        return self.folded == other.folded

    def __hash__(self) -> int:
        return hash(self.folded)

    def __lt__(self, other: KeyPath) -> bool:
        return self.folded < other.folded

    def __str__(self) -> str:
        return "\\".join(self.parts)

    @property
    def short(self) -> str:
        r"""With the abbreviated root that people read: ``HKLM\Cluster``."""
        return "\\".join((_SHORT.get(self.parts[0], self.parts[0]), *self.parts[1:]))

    @property
    def name(self) -> str:
        """The last part, as spelled."""
        return self.parts[-1]

    @property
    def parent(self) -> KeyPath | None:
        """The key above, or None for a root key."""
        return KeyPath(self.parts[:-1]) if len(self.parts) > 1 else None

    def is_within(self, ancestor: KeyPath) -> bool:
        """Whether this is ``ancestor`` or lies below it."""
        return self.folded[: len(ancestor.folded)] == ancestor.folded

    def below(self, ancestor: KeyPath) -> tuple[str, ...]:
        """The names that lead from ``ancestor`` to this key; the caller checked ``is_within``."""
        return self.parts[len(ancestor.parts) :]


HKLM = KeyPath(("HKEY_LOCAL_MACHINE",))
