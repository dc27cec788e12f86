r"""The format ``reg-export``: .reg text that regedit or a program like it exported.

An export covers only the subtrees that it holds whole. regedit writes the exported key and every key below
it, so a text is whole below its outermost keys if each other key's parent is listed too, nothing is
deleted, every line is understood and the text ends as exporters end it. Of anything else only what is
listed counts: a lost line must never read as absent.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from iiscluster_kb.errors import EvidenceError
from iiscluster_kb.evidence import EvidenceFormat
from iiscluster_kb.model import Mount, RegistryEvidence, State
from iiscluster_kb.registry import KeyPath, MemoryKey, descend, upcase
from iiscluster_kb.registry.reg_text import (
    PATCH_COMMENT,
    KeyDeletion,
    KeyEntry,
    ValueDeletion,
    ValueEntry,
    is_reg_text,
    parse_reg,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from iiscluster_kb.model import CaseFile
    from iiscluster_kb.registry.reg_text import Entry, RegDocument

__all__ = ["FORMAT"]

_NAME = "reg-export"
_SIZE_LIMIT = 1 << 28
"""Bytes. All of HKEY_LOCAL_MACHINE of a Windows 2000 server is about 100 MB in UTF-16."""
_MACHINE_ROOTS = frozenset({"HKEY_LOCAL_MACHINE", "HKEY_USERS"})
_MOST_MOUNTS = 64
"""More outermost keys than a few joined exports have are a fragment, mounted at its root keys."""
_NAMED_PROBLEMS = 5


def _read(file: CaseFile) -> RegistryEvidence:
    if file.content.size > _SIZE_LIMIT:
        raise EvidenceError(file.path, f"offset {_SIZE_LIMIT}: .reg text over the limit of that many bytes")
    document = parse_reg(file.content.map(), name=file.path)
    if PATCH_COMMENT in document.comments:
        raise EvidenceError(
            file.path, f"a patch written by this program, not evidence: it says {PATCH_COMMENT!r} on top"
        )
    tree = _Tree(document.entries)
    outermost, has_gaps = tree.outermost()
    if not outermost:
        raise EvidenceError(
            file.path, "lists no key of HKEY_LOCAL_MACHINE or HKEY_USERS, from line 1 to its end"
        )
    doubts = _doubts(document)
    if has_gaps:
        doubts.append("keys are listed without their parents, as no export does")
    if len(outermost) > _MOST_MOUNTS:
        doubts.append(f"{len(outermost)} unrelated keys are listed, as no export does")
        outermost = sorted({KeyPath(path.parts[:1]) for path in outermost})
    notes = [*_remarks(document), *tree.remarks()]
    if doubts:
        notes = [*doubts, "only what is listed counts", *notes]
    return RegistryEvidence(
        file,
        _NAME,
        tuple(Mount(path, tree.key(path), whole=not doubts) for path in outermost),
        State.DAMAGED if document.problems else State.CLEAN,
        tuple(notes),
    )


class _Tree:
    """The keys and values that the entries leave, and which keys are listed."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self._top = MemoryKey("")
        self._keys: list[KeyPath] = []
        self._listed: set[int] = set()
        self._other_roots: set[str] = set()
        deletions = _Deletions(entries)
        path: KeyPath | None = None
        key = self._top
        for entry in entries:
            match entry:
                case KeyEntry():
                    path, key = entry.key, self._list(entry, deletions)
                case ValueEntry() if path is not None and not deletions.hold(entry.key, entry.value.name):
                    key.put(entry.value)
                case _:
                    pass

    def _list(self, entry: KeyEntry, deletions: _Deletions) -> MemoryKey:
        """The key of a listed entry; one outside the tree where it does not count."""
        if entry.key.parts[0] not in _MACHINE_ROOTS:
            self._other_roots.add(entry.key.parts[0])
            return MemoryKey(entry.key.name)
        if deletions.hold(entry.key):
            return MemoryKey(entry.key.name)
        key = self._top.add(entry.key.parts, line=entry.line)
        if id(key) not in self._listed:
            # It may stand there already as the parent of one that was listed before.
            key.name, key.line = entry.key.name, entry.line
            self._listed.add(id(key))
            self._keys.append(entry.key)
        return key

    def key(self, path: KeyPath) -> MemoryKey:
        """A key that is in the tree."""
        return self._top.add(path.parts)

    def outermost(self) -> tuple[list[KeyPath], bool]:
        """The listed keys above which none is listed, and whether a key between listed ones is not."""
        found = []
        has_gaps = False
        for path in self._keys:
            *above, _ = (id(key) in self._listed for key in descend(self._top, path.parts))
            if not any(above):
                found.append(path)
            elif not above[-1]:
                has_gaps = True
        return found, has_gaps

    def remarks(self) -> list[str]:
        """What was left out because it belongs to no machine."""
        return [
            f"keys of {root} are left out: they belong to no machine's own registry"
            for root in sorted(self._other_roots)
        ]


class _Deletions:
    """What the entries delete. Whether a key or value listed too is there afterwards depends on the importer."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self._keys = MemoryKey("")
        self._deleted = {
            id(self._keys.add(entry.key.parts)) for entry in entries if isinstance(entry, KeyDeletion)
        }
        self._values = {
            (entry.key, upcase(entry.name)) for entry in entries if isinstance(entry, ValueDeletion)
        }

    def hold(self, key: KeyPath, name: str | None = None) -> bool:
        """Whether the key, one above it or the value of this name is deleted somewhere."""
        if self._deleted and any(id(above) in self._deleted for above in descend(self._keys, key.parts)):
            return True
        return name is not None and bool(self._values) and (key, upcase(name)) in self._values


def _doubts(document: RegDocument) -> list[str]:
    """Why what the text does not list need not be absent."""
    doubts = []
    if document.problems:
        named = ", ".join(f"line {p.line} ({p.reason})" for p in document.problems[:_NAMED_PROBLEMS])
        more = len(document.problems) - _NAMED_PROBLEMS
        doubts.append(f"not understood: {named}{f' and {more} more' if more > 0 else ''}")
    if any(isinstance(entry, KeyDeletion | ValueDeletion) for entry in document.entries):
        doubts.append("it deletes keys or values, as no export does")
    if not document.ends_with_empty_line:
        doubts.append("it does not end with an empty line, as exports do: it may be cut off")
    return doubts


def _remarks(document: RegDocument) -> list[str]:
    remarks = []
    if not document.has_header:
        remarks.append("it has no header and was read as version 5.00")
    if document.encoding not in {"ascii", "utf-8", "utf-16-le", "utf-16-be"}:
        remarks.append(f"names and strings outside ASCII were read in code page {document.encoding}")
    return remarks


FORMAT = EvidenceFormat(_NAME, is_reg_text, _read)
