from __future__ import annotations

import itertools
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pytest

from iiscluster_kb.errors import EvidenceError
from iiscluster_kb.evidence._panel import READERS, Found, Missing, Panel
from iiscluster_kb.evidence._second_opinion import confirm
from iiscluster_kb.model import (
    Absent,
    Answer,
    Mount,
    Present,
    Source,
    ValueSubject,
    Verdict,
)
from iiscluster_kb.registry import MemoryKey, RegistryValue, sz
from tests.support.regf_writer import KeySpec, build_hive, write_hive

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from iiscluster_kb.evidence._panel import Reply
    from iiscluster_kb.model import (
        AnyFact,
        Finding,
        RegistryEvidence,
    )
    from tests.support.regf_writer import HiveImage

from tests.support.opinions import (
    AGREED,
    CLUSTER,
    PYTHON_REGISTRY,
    REGIPY,
    Script,
    answers,
    cluster,
    fact,
    finding,
    one_value,
    opinions,
    save,
)


@dataclass(frozen=True)
class Row:
    """One known defect: the test fails when the peer mends it."""

    reader: str
    note: str
    value: RegistryValue
    answer: Answer = Answer.DISAGREES
    minor: int = 5
    resident: bool = True
    padding: int = 0
    asked: str | None = None
    beside: tuple[RegistryValue, ...] = ()
    damage: Callable[[HiveImage], None] | None = None

    def write(self, folder: Path, number: int) -> tuple[RegistryEvidence, AnyFact]:
        holder = KeySpec("ResourceTypes", (*self.beside, self.value))
        tree = KeySpec("Cluster", subkeys=(KeySpec("Nodes"), KeySpec("Groups"), holder))
        image = write_hive(tree, minor=self.minor, resident=self.resident, padding=self.padding)
        if self.damage is not None:
            self.damage(image)
        evidence = save(folder, image.seal(), f"hive{number}")
        name = self.value.name if self.asked is None else self.asked
        return evidence, fact(evidence, "ResourceTypes", name)


def value(kind: int, data: bytes, name: str = "V") -> RegistryValue:
    return RegistryValue(name, kind, data)


def utf16(text: str) -> bytes:
    return text.encode("utf-16-le")


def spoil_first(image: HiveImage) -> None:
    image.put(image.values["ResourceTypes", "first"] + 4, "<2s", b"xx")


D, U = Answer.DISAGREES, Answer.UNREADABLE
BIG = b"db" + b"x" * 20_000
ROWS = [
    *(Row(reader, "(default)", value(1, sz("x"), "(default)"), asked="") for reader in (REGIPY,)),
    Row(PYTHON_REGISTRY, "(default)", value(1, sz("x"), "(default)")),
    *(Row(reader, "segmented", value(1, BIG), U, minor=3) for reader in (PYTHON_REGISTRY, REGIPY)),
    Row(REGIPY, "segmented", value(3, BIG), U, minor=3),
    *(Row(reader, "version 1.1", value(1, sz("x")), U, minor=1) for reader in READERS),
    Row(PYTHON_REGISTRY, "gives no bytes", value(7, b"\0\0")),
    Row(PYTHON_REGISTRY, "gives no bytes", value(7, b"{\0\0\0")),
    Row(PYTHON_REGISTRY, "4 bytes where the value has fewer", value(1, b"\0\0")),
    Row(PYTHON_REGISTRY, "4 bytes where the value has fewer", value(0x12, b"a")),
    Row(PYTHON_REGISTRY, "usual size", value(4, b"12345678")),
    Row(PYTHON_REGISTRY, "usual size", value(11, b"123456789")),
    Row(PYTHON_REGISTRY, "wrong place for data of at most 4", value(5, b"\0\0\0\1")),
    Row(PYTHON_REGISTRY, "wrong place for data of at most 4", value(3, b"abcd"), resident=False),
    Row(PYTHON_REGISTRY, "wrong place for data of at most 4", value(4, b"abcd"), resident=False),
    Row(PYTHON_REGISTRY, "12 bits", value(0xFFFF0012, b"12345")),
    Row(PYTHON_REGISTRY, "this type and size", value(16, b"abcd")),
    Row(PYTHON_REGISTRY, "windows-1252", value(1, sz("x"), "a\x80b")),
    Row(PYTHON_REGISTRY, "windows-1252", value(1, sz("x"), "a\x81b"), U),
    Row(PYTHON_REGISTRY, "folds case", value(1, sz("x"), "\u212a"), asked="K"),
    Row(REGIPY, "first cell", value(1, sz("x")), U, padding=40),
    Row(REGIPY, "list's end", value(7, utf16("{1}\0{2}"))),
    Row(REGIPY, "list's end", value(7, utf16("\0{1}\0\0"))),
    Row(REGIPY, "list's end", value(7, utf16("{1}\0\0{2}\0\0"))),
    Row(REGIPY, "list's end", value(7, b"a\0\0\0\x00\xd8\0\0b\0\0\0")),
    Row(REGIPY, "UTF-8", value(1, b"ansi!")),
    Row(REGIPY, "ASCII", value(1, sz("x"), "caf\xe9")),
    Row(REGIPY, "folds case", value(1, sz("x"), "\u0131"), asked="I"),
    Row(REGIPY, "usual size", value(4, b"12345678")),
    Row(REGIPY, "usual size", value(11, b"123"), D),
    Row(REGIPY, "usual size", value(4, b"12345", "W"), D),
    Row(REGIPY, "outside the value cell", value(5, b"\0\0\0\1"), D),
    Row(REGIPY, "does not put together", value(0x12, b"y" * 20_000), D),
    Row(REGIPY, "skips or renumbers", value(0x200000, b"12345678")),
    Row(REGIPY, "skips or renumbers", value(0xFFFF0003, b"12345678")),
    Row(REGIPY, "at a damaged one", value(1, sz("x")), beside=(value(3, b"", "first"),), damage=spoil_first),
]


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory: pytest.TempPathFactory) -> list[Finding]:
    """Every row examined, with one panel for all."""
    folder = tmp_path_factory.mktemp("defects")
    written = [row.write(folder, number) for number, row in enumerate(ROWS)]
    with Panel().start() as panel:
        return list(
            confirm(tuple(finding(one) for _, one in written), tuple(each for each, _ in written), panel)
        )


@pytest.mark.parametrize("number", range(len(ROWS)), ids=lambda number: f"{number}-{ROWS[number].reader}")
def test_a_known_defect_is_named_and_changes_nothing(verdicts: list[Finding], number: int) -> None:
    row, confirmed = ROWS[number], verdicts[number]
    opinion = next(o for o in opinions(confirmed.facts[0]) if o.reader == row.reader)
    assert (opinion.answer, opinion.explained) == (row.answer, True), opinion
    assert opinion.note is not None
    assert row.note in opinion.note
    assert confirmed.verdict is Verdict.CONFIRMED
    assert confirmed.changes


KINDS = [*range(12), 16, 0x12, 0x101, 0x1007, 0x200000, 0xFFFF0012]
DATA = [
    *(b"", b"a", b"\0\0", b"a\0\0", b"a\0\0\0", b"\xff\xfe\0\xd8", b"a\0b\0\0", b"\0\0a\0\0\0\0\0"),
    *(b"a\0\0\0b\0\0\0\0\0", b"a\0b\0\0\0b\0", b"\xe9\xe8\xff\0\xd8", utf16("{\0b\0}\0\0"), b"12345678"),
]


@pytest.mark.parametrize(("minor", "resident"), [(3, True), (5, False)])
def test_no_kind_of_data_is_disputed_without_explanation(tmp_path: Path, minor: int, resident: bool) -> None:
    long = [(kind, data) for kind in (1, 3, 7, 0x12, 16) for data in (BIG, b"a\0" * 9000)]
    cases = [*itertools.product(KINDS, DATA), *long]
    keys = [KeySpec(str(number), (value(*case),)) for number, case in enumerate(cases)]
    tree = KeySpec("Cluster", subkeys=(KeySpec("Nodes"), KeySpec("Groups"), *keys))
    evidence = save(tmp_path, build_hive(tree, minor=minor, resident=resident))
    facts = [fact(evidence, str(number), "V") for number in range(len(cases))]
    with Panel().start() as panel:
        (confirmed,) = confirm((finding(*facts),), (evidence,), panel)
    assert confirmed.verdict is Verdict.CONFIRMED, confirmed.explanation
    assert sum(pair == AGREED for pair in answers([confirmed])) > len(cases) // 4


def test_a_name_that_only_the_peer_mistakes_is_explained_only_by_itself(tmp_path: Path) -> None:
    evidence, one = one_value(tmp_path)
    (confirmed,) = confirm((finding(one),), (evidence,), Script(lambda *_: Found(7, b"")))
    assert confirmed.verdict is Verdict.UNDETERMINED  # an empty list explains 4 bytes of data, not 80


class Broken(MemoryKey):
    """A key below which nothing can be read."""

    def subkey(self, name: str) -> MemoryKey | None:
        raise EvidenceError("NODE1/CLUSDB", f"{name}: offset 0x20 is no key")


@pytest.mark.parametrize("root", [Broken("root"), MemoryKey("root")], ids=["damaged", "empty"])
@pytest.mark.parametrize("reply", [Missing("value"), Found(1, "x")], ids=repr)
def test_what_cannot_be_read_explains_nothing(tmp_path: Path, root: MemoryKey, reply: Reply) -> None:
    evidence = save(tmp_path, build_hive(cluster({})))
    moved = replace(evidence, mounts=(Mount(CLUSTER, root),))
    subject = ValueSubject("NODE1", CLUSTER / "Quorum", "")
    absent = Absent(subject, Source(evidence.file))
    present = Present(subject, RegistryValue("", 1, sz("y")), Source(evidence.file))
    for one in (absent, present):
        (confirmed,) = confirm((finding(one),), (moved,), Script(lambda *_: reply))
        agreed = one is absent and isinstance(reply, Missing)
        assert confirmed.verdict is (Verdict.CONFIRMED if agreed else Verdict.UNDETERMINED)
