"""Laws that every form of a listing keeps, for the tests of each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import strategies as st

from iiscluster_kb.errors import EvidenceError
from iiscluster_kb.evidence import HEAD_SIZE
from iiscluster_kb.model import FileEvidence
from iiscluster_kb.registry import fold
from tests.support.listings import Item, case_file, directories, entries

if TYPE_CHECKING:
    from iiscluster_kb.evidence import EvidenceFormat
    from tests.support.listings import Tree

__all__ = [
    "DLL",
    "NODE",
    "VOLUME",
    "assert_honest_when_cut",
    "assert_honest_when_joined",
    "cut",
    "read",
    "read_or_decline",
    "trees",
]

NODE: Tree = {
    "Cluster": {"CLUSDB": 65536, "clussvc.exe": 503568},
    "system32": {
        "1033": {},
        "inetsrv": {"iisclex4.dll": Item(65664, version="4.2.622.1"), "Read me.html": 1},
        "zeta": {"x y.dll": 3},
    },
    "WIN.INI": 1,
}
"""What lies in ``C:\\WINNT`` of a node."""
VOLUME: Tree = {"WINNT": NODE, "x.txt": 1}
DLL = "C:\\WINNT\\SYSTEM32\\INETSRV\\IISCLEX4.DLL"

_NAMES = st.from_regex(r"[a-zA-Z0-9_éü][a-z0-9 ._éü;,+-]{0,9}[a-z0-9_]", fullmatch=True)


@st.composite
def trees(draw: st.DrawFn, depth: int = 2) -> dict[str, Item | Tree]:
    tree: dict[str, Item | Tree] = {}
    for name in draw(st.lists(_NAMES, max_size=4, unique_by=fold)):
        if depth and draw(st.booleans()):
            tree[name] = draw(trees(depth - 1))
        else:
            tree[name + ".txt"] = Item(
                draw(st.integers(0, 10**10)), version=draw(st.sampled_from(["", "1.2.3.4"]))
            )
    return tree


@st.composite
def cut(draw: st.DrawFn, whole: bytes) -> bytes:
    """What is left of a text that was cut off anywhere; often at the end of a line."""
    place = draw(st.integers(0, len(whole)))
    if draw(st.booleans()):
        place = whole.find(b"\n", place) + 1 or len(whole)
    return whole[:place]


def read(form: EvidenceFormat, data: bytes, path: str = "NODE1/listing.txt") -> FileEvidence:
    assert form.recognises(data[:HEAD_SIZE])
    evidence = form.read(case_file(data, path))
    assert isinstance(evidence, FileEvidence)
    assert evidence.format == form.name
    return evidence


def assert_honest_when_cut(
    form: EvidenceFormat, tree: Tree, root: str, data: bytes, path: str = "NODE1/listing.txt"
) -> None:
    """No covered directory lacks an entry, and nothing is listed that is not there."""
    if not form.recognises(data[:HEAD_SIZE]):
        return
    try:
        evidence = form.read(case_file(data, path))
    except EvidenceError as error:
        assert "line" in error.detail  # noqa: PT017 - it must name a place
        return
    assert isinstance(evidence, FileEvidence)
    inside = entries(tree, root)
    own = {fold(root), *(found for found in evidence.entries if "\\$" in found)}
    assert set(evidence.entries) - own <= set(inside)
    assert evidence.directories - own <= directories(tree, root)
    for there in inside:
        above = there.rpartition("\\")[0]
        if above in evidence.directories or above + "\\" in evidence.directories:
            assert there in evidence.entries
    for there, entry in evidence.entries.items():
        if there in inside:
            assert fold(entry.path) == there
            assert entry.is_directory <= (inside[there].tree is not None)
            assert entry.size in {None, inside[there].size}
            assert entry.version in {None, inside[there].version}


def assert_honest_when_joined(form: EvidenceFormat, tree: Tree, root: str, whole: bytes) -> None:
    """The same of what two runs left in one file, both interrupted behind some line."""
    ends = [place + 1 for place, byte in enumerate(whole) if byte == ord("\n")]
    for first in ends[:: len(ends) // 30 + 1]:
        for second in ends[:6]:
            assert_honest_when_cut(form, tree, root, whole[:first] + whole[:second])


def read_or_decline(form: EvidenceFormat, data: bytes) -> None:
    """Any bytes are read, or declined with a reason that names a place."""
    form.recognises(data)
    try:
        evidence = form.read(case_file(data))
    except EvidenceError as error:
        assert "line" in error.detail or "last row" in error.detail  # noqa: PT017 - it must name a place
        return
    assert isinstance(evidence, FileEvidence)
    assert len(list(evidence.entries.values())) == len(evidence.entries)
