"""Whether a file of the registry speaks of the computer that its folder is named after."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from iiscluster_kb.errors import EvidenceError
from iiscluster_kb.evidence._text import decode
from iiscluster_kb.regf import Hive

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from iiscluster_kb.triage._tree import Tree

__all__ = ["names_itself"]

_MOST_NODES = 64
_LARGEST_TEXT = 4 << 20
_NAME = re.compile(r"[\w-]{1,63}")


def names_itself(tree: Tree, path: str, name: str) -> bool:
    """Whether the hive or the text there gives ``name`` as its computer's, or as a cluster node's.

    What is damaged says no.
    """
    if not _NAME.fullmatch(name):
        return False
    try:
        with tree.fetched(path) as file:
            return _names(file, name)
    except (EvidenceError, OSError):
        return False


def _names(file: Path, name: str) -> bool:
    with file.open("rb") as stream:
        head = stream.read(4)
        if head != b"regf":
            text = decode(head + stream.read(_LARGEST_TEXT)).text
            return re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", text, re.IGNORECASE) is not None
    with Hive.open(file) as hive:
        return any(found.upper() == name.upper() for found in _computers(hive))


def _computers(hive: Hive) -> Iterator[str]:
    select = hive.key("Select")
    current = None if select is None else select.value("Current")
    number = 1 if current is None else current.integer() or 1
    key = hive.key(rf"ControlSet{number:03}\Control\ComputerName\ComputerName")
    if key is not None and (value := key.value("ComputerName")) is not None:
        yield from value.strings()[:1]
    nodes = hive.key("Nodes")
    if nodes is None:
        return
    for _, node in zip(range(_MOST_NODES), nodes.subkeys(), strict=False):
        if (value := node.value("NodeName")) is not None:
            yield from value.strings()[:1]
