"""Files that lie on no disk: in memory, or behind a reader of the caller."""

from __future__ import annotations

from functools import partial
from io import BytesIO
from typing import TYPE_CHECKING

import pytest

from iiscluster_kb import examine
from iiscluster_kb.case import Limits, Member, open_case
from iiscluster_kb.errors import CaseError
from tests.case.archives import contents, reasons, write_folder, zip_bytes
from tests.support.scenarios import SCENARIOS

if TYPE_CHECKING:
    from pathlib import Path

    from iiscluster_kb.case._content import Readable


def member(name: str, content: bytes, *, is_lasting: bool = True) -> Member:
    return Member(name, len(content), partial(BytesIO, content), is_lasting)


@pytest.mark.parametrize("is_lasting", [True, False])
def test_members_are_files_and_archives_among_them_are_opened(*, is_lasting: bool) -> None:
    archive = zip_bytes({"SYSTEM": b"2"})
    with open_case(
        member("NODE1/SYSTEM", b"1", is_lasting=is_lasting),
        member("NODE2/all.zip", archive, is_lasting=is_lasting),
        member("case.toml", b'[case]\nadministered_from = "ADMINPC"\n', is_lasting=is_lasting),
    ) as case:
        assert contents(case) == {"NODE1/SYSTEM": b"1", "NODE2/all.zip/SYSTEM": b"2"}
        assert case.files["NODE2/all.zip/SYSTEM"].containers == ("zip",)
        assert case.stated.administered_from == "ADMINPC"


@pytest.mark.parametrize(
    ("names", "name"),
    [
        (("NODE1/SYSTEM", "NODE1/CLUSDB"), "NODE1"),
        (("NODE1/SYSTEM", "NODE2/SYSTEM"), "case"),
        (("NODE1/SYSTEM", "CLUSDB"), "case"),
        (("CLUSDB",), "CLUSDB"),
        (("NODE1/CLUSDB",), "NODE1"),
        (("../..", "CLUSDB"), "CLUSDB"),
    ],
)
def test_the_case_is_named_after_what_members_share(names: tuple[str, ...], name: str) -> None:
    with open_case(*(member(one, b"1") for one in names)) as case:
        assert case.name == name


def test_members_beside_a_folder_belong_to_its_case(tmp_path: Path) -> None:
    write_folder(tmp_path / "customer", {"SYSTEM": b"1"})
    with open_case(tmp_path / "customer", member("more/SYSTEM", b"2"), member("SYSTEM", b"3")) as case:
        assert case.name == "customer"
        assert contents(case) == {"SYSTEM": b"1", "SYSTEM~2": b"3", "more/SYSTEM": b"2"}


def test_a_member_that_cannot_be_read_is_skipped_and_a_name_leads_nowhere() -> None:
    def fails() -> Readable:
        raise OSError(5, "bad sector")

    with open_case(Member("a", 1, fails, is_lasting=False), member("../../etc/passwd", b"1")) as case:
        assert contents(case) == {"etc/passwd": b"1"}
        assert reasons(case) == {"a": "cannot be read: bad sector"}


def test_the_limits_hold_for_members() -> None:
    with pytest.raises(CaseError, match="over the limit of 1 files"):
        open_case(member("a", b"1"), member("b", b"2"), limits=Limits(files=1))
    with open_case(member("a", b"1"), member("b", b"22"), limits=Limits(member=1)) as case:
        assert list(case.files) == ["a"]
        assert "over the limit" in reasons(case)["b"]


def test_a_scenario_in_memory_gives_the_findings_of_its_folder() -> None:
    scenario = next(one for one in SCENARIOS if one.name == "value-absent-on-one-node")
    files = {
        path.relative_to(scenario.case).as_posix(): path.read_bytes()
        for path in scenario.case.rglob("*")
        if path.is_file()
    }
    told = examine(*(member(name, content) for name, content in files.items()), articles=["Q224553"])
    expected = examine(scenario.case, articles=["Q224553"])
    assert told.findings == expected.findings
    assert told.remedy == expected.remedy
