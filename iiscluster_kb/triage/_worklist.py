"""Finds the cases in folders, archives, lists and URLs, by rules that names and a look at each file decide.

1. A folder with a ``case.toml`` is a case, with everything below it.
2. A folder that holds registry evidence is a case. Folders of Windows' own tree (``C``, ``WINNT``, ``system32``,
   ``config``, ``repair`` …) count as part of the folder above them.
3. A folder in which some folder is named like the computer whose registry it holds is a case: its folders are
   the machines of one cluster.
4. An archive in any other folder is a case.
5. Nothing else is one. What is a link is not followed, for a case might lead to another that way.
"""

from __future__ import annotations

import glob
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from iiscluster_kb.evidence import formats
from iiscluster_kb.evidence._text import decode
from iiscluster_kb.registry.reg_text import PATCH_COMMENT
from iiscluster_kb.triage._computer import names_itself
from iiscluster_kb.triage._nouns import Found, LeftOut
from iiscluster_kb.triage._tree import Entry, Kind, LocalTree

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from iiscluster_kb.triage._tree import Tree

__all__ = ["Item", "Unpack", "find_cases", "find_in_folder", "is_url"]

Item: TypeAlias = Found | LeftOut

Unpack: TypeAlias = "Callable[[str], Iterator[Item]]"

_REGISTRY = frozenset({"registry-hive", "reg-export", "reg-query", "regedt32-text"})
_ARCHIVE = re.compile(r"\.(zip|tar|tgz|tbz2?|txz|tzst|cab|tar\.\w{2,4})$", re.IGNORECASE)
_INNER = re.compile(
    r"[c-z]([:$_]|%3a)?|winnt|windows|system32|config|regback|repair|cluster|hives?|registry|reg|system",
    re.IGNORECASE,
)
_DEPTH = 8
"""Folders of Windows' own tree inside one another."""
_PEEKED = 16
"""Folders that are asked for their computer's name; a cluster of Windows NT has two nodes, of 2003 eight."""
_SIGNATURES = (
    b"PK\x03\x04",
    b"PK\x05\x06",
    b"MSCF\0\0\0\0",
    b"\x1f\x8b\x08",
    b"BZh",
    b"\xfd7zXZ\0",
    b"\x28\xb5\x2f\xfd",
)
"""Of zip, cabinet, gzip, bzip2, xz and Zstandard; whether it is sound is for the examination to say."""
_STATEMENT = "case.toml"
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+(::[^/]*)?://")
_MAGIC = re.compile(r"[*?\[]")
_LONGEST_LINE = 8192


def is_url(text: str) -> bool:
    """Whether it names a place through fsspec; ``file://`` does not, it is a path."""
    return bool(_URL.match(text))


def find_cases(roots: Iterable[str], unpack: Unpack | None = None) -> Iterator[Item]:
    """Find every case, in order of names within each root.

    Args:
        roots: Folders, archives, patterns, URLs, or ``@file`` with one of these on each line.
        unpack: Asked for the cases in an archive that is itself a root; None: such an archive is one case.

    Raises:
        OSError: A list file cannot be read.
        ValueError: A root is nothing, or no driver is installed for its URL.
    """
    for root in roots:
        if root.startswith("@"):
            for line in _lines(root[1:]):
                yield from _of_root(line)
        elif unpack is not None and _is_local_archive(root):
            yield from unpack(os.path.abspath(root))  # noqa: PTH100 - links stay as they are named
        else:
            yield from _of_root(root)


def _is_local_archive(root: str) -> bool:
    path = Path(root)
    return not is_url(root) and path.is_file() and _is_archive(LocalTree(), Entry(path.name, root, Kind.FILE))


def _lines(name: str) -> Iterator[str]:
    with Path(name).open("rb") as stream:
        while line := stream.readline(_LONGEST_LINE):
            text = os.fsdecode(line.rstrip(b"\r\n"))
            if text.strip() and not text.startswith("#"):
                yield text


def _of_root(root: str) -> Iterator[Item]:
    if root.startswith("file://"):
        from urllib.parse import unquote  # noqa: PLC0415 - seldom needed
        from urllib.request import url2pathname  # noqa: PLC0415 - the same

        root = url2pathname(unquote(root.removeprefix("file://"))) if os.name == "nt" else unquote(root[7:])
    if is_url(root):
        yield from _of_url(root)
        return
    if not os.path.lexists(root) and _MAGIC.search(root):
        matches = sorted(glob.glob(root, recursive=True))  # noqa: PTH207 - Path.glob takes no absolute pattern
        if not matches:
            yield LeftOut(root, "the pattern matches nothing")
        for match in matches:
            yield from _of_place(LocalTree(), os.path.abspath(match))  # noqa: PTH100 - links stay as they are named
        return
    yield from _of_place(LocalTree(), os.path.abspath(root))  # noqa: PTH100 - the same


def _of_url(url: str) -> Iterator[Item]:
    from iiscluster_kb.triage._remote import RemoteTree  # noqa: PLC0415 - only where a URL is given

    tree = RemoteTree(url)
    for place in tree.glob(url) if _MAGIC.search(url) else [url.rstrip("/")]:
        yield from _of_place(tree, place)


def _of_place(tree: Tree, path: str) -> Iterator[Item]:
    """What a root, a match of a pattern or a line of a list leads to: a file is a case whatever it holds."""
    match tree.kind(path):
        case Kind.FOLDER:
            yield from find_in_folder(tree, path)
        case Kind.FILE:
            yield _found(path)
        case Kind.OTHER:
            yield LeftOut(path, "neither a file nor a folder")
        case _ if os.path.lexists(path):  # a link that leads nowhere, or in a circle
            yield _found(path)
        case _:
            yield LeftOut(path, "nothing is there")


def find_in_folder(tree: Tree, root: str) -> Iterator[Item]:
    """Find every case in a folder, the folder itself included."""
    waiting = [root]
    while waiting:
        folder = waiting.pop()
        try:
            entries = tree.entries(folder)
        except OSError:
            yield _found(folder)  # so that it has its line in the table, with the reason
            continue
        if _is_case(tree, entries):
            yield _found(folder)
            continue
        below: list[str] = []
        has_cases = False
        for entry in entries:
            match entry.kind:
                case Kind.FOLDER:
                    below.append(entry.path)
                case Kind.FILE if _is_archive(tree, entry):
                    has_cases = True
                    yield _found(entry.path)
                case Kind.LINK:
                    yield LeftOut(entry.path, "a link, which is not followed")
        if not below and not has_cases:
            yield LeftOut(folder, "no registry evidence, no archive" if entries else "an empty folder")
        waiting.extend(reversed(below))


def _found(path: str) -> Found:
    return Found(path, path, path.replace("\\", "/").rstrip("/").rpartition("/")[2] or path)


def _is_case(tree: Tree, entries: list[Entry]) -> bool:
    if any(entry.name == _STATEMENT and entry.kind is Kind.FILE for entry in entries):
        return True
    if next(_evidence(tree, entries), None) is not None:
        return True
    machines = [entry for entry in entries if entry.kind is Kind.FOLDER and not _INNER.fullmatch(entry.name)]
    return any(_is_machine(tree, entry) for entry in machines[:_PEEKED])


def _is_machine(tree: Tree, folder: Entry) -> bool:
    try:
        inside = tree.entries(folder.path)
    except OSError:
        return False
    # What states itself to be a case is no machine of another.
    if any(entry.name == _STATEMENT for entry in inside):
        return False
    return any(names_itself(tree, entry.path, folder.name) for entry in _evidence(tree, inside))


def _evidence(tree: Tree, entries: list[Entry]) -> Iterator[Entry]:
    """Files with registry evidence in a folder and the folders of Windows' own tree below it."""
    waiting = [(entry, 0) for entry in reversed(entries)]
    while waiting:
        entry, depth = waiting.pop()
        if entry.kind is Kind.FILE and not _ARCHIVE.search(entry.name):
            if _holds_registry(tree, entry):
                yield entry
        elif entry.kind is Kind.FOLDER and depth < _DEPTH and _INNER.fullmatch(entry.name):
            try:
                below = tree.entries(entry.path)
            except OSError:
                continue
            waiting += [(one, depth + 1) for one in reversed(below)]


def _holds_registry(tree: Tree, entry: Entry) -> bool:
    try:
        head = tree.head(entry.path)
    except OSError:
        return False
    if head.startswith(b"regf"):
        return True
    if not any(form.name in _REGISTRY and form.recognises(head) for form in formats()):
        return False
    return PATCH_COMMENT not in decode(head).text  # a kit is no evidence


def _is_archive(tree: Tree, entry: Entry) -> bool:
    if _ARCHIVE.search(entry.name):
        return True
    try:
        head = tree.head(entry.path)
    except OSError:
        return False
    return head.startswith(_SIGNATURES) or head[257:262] == b"ustar"
