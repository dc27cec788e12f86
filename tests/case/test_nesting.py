"""Archives inside archives, of every kind in every other, and the bombs that are made of them."""

from __future__ import annotations

import bz2
import gzip
import itertools
import lzma
from typing import TYPE_CHECKING

import pytest

from iiscluster_kb.case import Limits, open_case
from iiscluster_kb.errors import CaseError
from tests.case.archives import contents, reasons, tar_bytes, write_folder, zip_bytes
from tests.case.cab_writer import STORED, cab_bytes, set_bytes

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

WRITERS: dict[str, Callable[[Mapping[str, bytes]], bytes]] = {
    "zip": zip_bytes,
    "tar": tar_bytes,
    "tgz": lambda members: tar_bytes(members, "w:gz"),
    "txz": lambda members: tar_bytes(members, "w:xz"),
    "cab": cab_bytes,
}
SYSTEM = b"regf" + bytes(5000)


def written(folder: Path, data: bytes, name: str) -> Path:
    file = folder / name
    file.write_bytes(data)
    return file


def nested(kinds: tuple[str, ...], data: bytes) -> bytes:
    """The data in an archive of the last kind, that in one of the kind before, and so on."""
    name = "SYSTEM"
    for kind in reversed(kinds):
        data = WRITERS[kind]({"before": b"1", name: data, "then": b"2"})
        name = f"in.{kind}"
    return data


@pytest.mark.parametrize("kinds", list(itertools.product(WRITERS, repeat=3)), ids="-".join)
def test_every_kind_is_opened_inside_every_other(tmp_path: Path, kinds: tuple[str, str, str]) -> None:
    with open_case(written(tmp_path, nested(kinds, SYSTEM), "case.bin")) as case:
        inner = f"in.{kinds[1]}/in.{kinds[2]}"
        folders = ["", f"in.{kinds[1]}/", f"{inner}/"]
        expected = {f"{inner}/SYSTEM": SYSTEM}
        for folder in folders:
            expected |= {f"{folder}before": b"1", f"{folder}then": b"2"}
        assert contents(case) == expected
        assert case.skipped == ()


@pytest.mark.parametrize("innermost", WRITERS)
@pytest.mark.parametrize("outer", WRITERS)
def test_the_fourth_is_told_and_not_opened(tmp_path: Path, outer: str, innermost: str) -> None:
    kinds = (outer, "cab", "zip", innermost)
    with open_case(written(tmp_path, nested(kinds, SYSTEM), "case.bin")) as case:
        path = f"in.cab/in.zip/in.{innermost}"
        assert reasons(case) == {path: "an archive nested more than 3 deep (Limits.depth)"}
        assert len(case.files) == 6


def test_a_folder_is_no_archive(tmp_path: Path) -> None:
    write_folder(tmp_path / "mycase", {"a/b/c/d/x.tar": nested(("tar", "zip", "cab"), SYSTEM)})
    with open_case(tmp_path / "mycase") as case:
        assert contents(case)["a/b/c/d/x.tar/in.zip/in.cab/SYSTEM"] == SYSTEM


def test_sets_are_joined_at_every_depth(tmp_path: Path) -> None:
    data = bytes(range(256)) * 300
    inner = set_bytes(b"SYSTEM", data, ["a.cab", "b.cab"], STORED)
    outer = set_bytes(b"in.zip", zip_bytes(inner), ["1.cab", "2.cab", "3.cab"])
    with open_case(write_folder(tmp_path / "mycase", outer)) as case:
        assert contents(case)["1.cab/in.zip/a.cab/SYSTEM"] == data
        assert {path.rsplit("/", 1)[1] for path in reasons(case)} == {"SYSTEM", "in.zip"}


def test_cabinets_of_one_name_in_two_places_are_not_mixed(tmp_path: Path) -> None:
    tree = {}
    for folder in ("n1", "n2"):
        content = folder.encode() * 40_000
        for name, data in set_bytes(b"SYSTEM", content, ["a.cab", "b.cab"], STORED).items():
            tree[f"{folder}/{name}"] = data
    del tree["n2/b.cab"]
    with open_case(write_folder(tmp_path / "mycase", tree)) as case:
        assert contents(case)["n1/a.cab/SYSTEM"] == b"n1" * 40_000
        assert reasons(case)["n2/a.cab/SYSTEM"] == "goes on in b.cab, which is not beside this cabinet"


@pytest.mark.parametrize(
    "kinds", [("zip", "cab"), ("cab", "zip"), ("tgz", "cab"), ("cab", "txz")], ids="-".join
)
def test_a_nested_bomb_stops_at_the_limit_that_the_message_names(
    tmp_path: Path, kinds: tuple[str, str]
) -> None:
    bomb = WRITERS[kinds[1]]({f"{number}": bytes(1 << 20) for number in range(8)})
    data = WRITERS[kinds[0]]({"a": b"kept", "bomb": bomb, "z": b"kept too"})
    with open_case(written(tmp_path, data, "case.bin"), limits=Limits(total=4 << 20)) as case:
        assert contents(case)["a"] == b"kept"
        assert 1 <= sum(path.startswith("bomb/") for path in case.files) <= 3
        assert all(
            "over the limit of 4 MiB expanded (Limits.total, option --max-size)" in one
            for one in reasons(case).values()
        )
        assert reasons(case)


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress])
def test_a_packed_bomb_in_a_cabinet_stops_too(tmp_path: Path, pack: Callable[[bytes], bytes]) -> None:
    bomb = pack(tar_bytes({"first": b"kept", "bomb": bytes(16 << 20)}))
    limits = Limits(member=32 << 20, total=8 << 20)
    with open_case(written(tmp_path, cab_bytes({"x.tar": bomb}), "case.cab"), limits=limits) as case:
        assert contents(case) == {"x.tar/first": b"kept"}
        assert all("option --max-size" in reason for reason in reasons(case).values())


def test_archives_that_breed_stop_at_the_limit_of_files(tmp_path: Path) -> None:
    layer: Mapping[str, bytes] = {f"{number}": b"x" for number in range(20)}
    for kind in ("cab", "zip", "cab"):
        archive = WRITERS[kind](layer)
        layer = {f"{number}.{kind}": archive for number in range(20)}
    with pytest.raises(
        CaseError, match=r"over the limit of 1,000 files \(Limits.files, option --max-files\)"
    ):
        open_case(written(tmp_path, zip_bytes(layer), "case.zip"), limits=Limits(files=1000, depth=4))
