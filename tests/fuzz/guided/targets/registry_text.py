"""Registry text that people were meant to read: Regedt32's, and that of ``reg query``; whole, and cut off."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from iiscluster_kb.cluster._registry import RegistryView
from iiscluster_kb.errors import EvidenceError
from iiscluster_kb.evidence import reg_query, regedt32_text
from iiscluster_kb.model import Absent, Present
from iiscluster_kb.registry import upcase
from tests.fuzz.guided.inputs import cut_and_whole, with_cut
from tests.fuzz.guided.laws import assert_answers_agree, assert_is_told_in_a_line, walk
from tests.fuzz.guided.target import Target
from tests.fuzz.samples import SAMPLES
from tests.support.evidence import case_file

if TYPE_CHECKING:
    from collections.abc import Iterator

    from iiscluster_kb.evidence import EvidenceFormat
    from iiscluster_kb.model import RegistryEvidence

_FORMATS = (regedt32_text.FORMAT, reg_query.FORMAT)
_KEYS = 200
"""Keys, and values of one key, that are asked of the cut text."""


def _run(data: bytes) -> None:
    whole, cut = cut_and_whole(data)
    for form in _FORMATS:
        evidence = _read(form, whole)
        if evidence is None:
            continue
        for mount in evidence.mounts:
            for _, key in walk(mount.path, mount.root):
                assert_answers_agree(key, len(whole))
        less = _read(form, cut)
        if less is not None and _is_as_printed(whole, evidence):
            _assert_is_honest(RegistryView("NODE1", (less,)), evidence)


def _is_as_printed(text: bytes, evidence: RegistryEvidence) -> bool:
    """Whether a text is what the law is promised of: whole, of a certain encoding, its keys in their order."""
    if not (text.isascii() or text.startswith((b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf"))):
        return False
    keys = (key for mount in evidence.mounts if mount.whole for _, key in walk(mount.path, mount.root))
    names = ([upcase(below.name) for below in key.subkeys()] for key in keys)
    return all(mount.whole for mount in evidence.mounts) and all(sorted(one) == one for one in names)


def _assert_is_honest(less: RegistryView, evidence: RegistryEvidence) -> None:
    """What a whole text holds is never absent, nor anything else, by the same text cut off."""
    for mount in evidence.mounts:
        for path, key in islice(walk(mount.path, mount.root), _KEYS):
            assert not isinstance(less.key(path), Absent), path
            for value in islice(key.values(), _KEYS):
                told = less.value(path, value.name)
                assert not isinstance(told, Absent), (path, value)
                assert not isinstance(told, Present) or told.value == value, (path, value)


def _read(form: EvidenceFormat, text: bytes) -> RegistryEvidence | None:
    if not form.recognises(text[:8192]):
        return None
    try:
        evidence = form.read(case_file("NODE1/keys.txt", text))
    except EvidenceError as error:
        assert_is_told_in_a_line(error)
        return None
    return evidence  # type: ignore[return-value] # these formats give nothing else


def _seeds() -> Iterator[bytes]:
    ends = ("-regedt32.txt", "-german.txt", "-xp.txt", "-vista.txt")
    for name, data in SAMPLES.items():
        if name.endswith(ends) and not name.startswith("dir-"):
            yield with_cut(data, 0xFFFF)
            yield with_cut(data, len(data) // 2)


TARGET = Target(
    "registry_text",
    _run,
    _seeds,
    11 << 10,
    words=(
        b"Key Name:", b"Class Name:", b"<NO CLASS>", b"<NO NAME>", b"Last Write Time:", b"Value 0", b"  Name:",
        b"  Type:", b"  Data:", b"REG_SZ", b"REG_MULTI_SZ", b"REG_DWORD", b"REG_BINARY", b"REG_EXPAND_SZ", b"0x",
        b"HKEY_LOCAL_MACHINE\\Cluster\\", b"SYSTEM\\", b"\\0\\0", b"! REG.EXE VERSION 3.0", b"\r\n\r\n", b"    ",
        b"(Default)", b"00000000   00 00", b"\xff\xfe", b" - ",
    ),
)  # fmt: skip
