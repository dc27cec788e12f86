from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from jsonschema import Draft202012Validator

from iiscluster_kb import examine
from iiscluster_kb.articles._media import fitting, take_command
from iiscluster_kb.case import Limits
from iiscluster_kb.cli import main
from iiscluster_kb.errors import CaseError
from iiscluster_kb.media import find_on_media, read_media
from iiscluster_kb.model import MediaFile
from iiscluster_kb.render.json import report_schema
from tests.case.archives import write_folder, zip_bytes
from tests.case.cab_writer import MSZIP, STORED, cab_bytes, set_bytes
from tests.support.pe_writer import LINKED, build_pe
from tests.support.scenarios import SCENARIOS

if TYPE_CHECKING:
    from collections.abc import Mapping

CASES = {scenario.name: str(scenario.case) for scenario in SCENARIOS}
QUICK = ("--article", "Q224553", "--no-second-opinion")
CORPUS = Path(__file__).resolve().parents[1] / "../shared/corpus"
X86 = build_pe()
ALPHA = build_pe(machine="alpha", version="4.2.583.1")
OPTION_PACK = (
    "Windows NT 4.0 Option Pack, version 4.02.0622, dated 1997-11-01 to 1997-11-30, inferred (by version)"
)
SRV = "Ntoptpak/En/{}/Winnt.SRV"
TARGET = r"C:\WINNT\system32\inetsrv\iisclex4.dll"


def cd(folder: Path, more: Mapping[str, bytes] | None = None) -> Path:
    """A folder as that of the Option Pack CD."""
    files = {
        f"{SRV.format('x86')}/iis4_1.cab": cab_bytes({"Clusiis4.dll": build_pe(), "Iisclex4.dll": X86}),
        f"{SRV.format('Alpha')}/iis4_01.cab": cab_bytes({"IISCLEX4.DLL": ALPHA}, STORED),
        "readme.txt": b"Iisclex4.dll is in the cabinets",
        "autorun.exe": build_pe(dll=False),
    }
    return write_folder(folder / "cd", files | dict(more or {}))


def szdd(data: bytes) -> bytes:
    """As COMPRESS.EXE packs it, every byte literally."""
    rows = [data[at : at + 8] for at in range(0, len(data), 8)]
    body = b"".join(b"\xff" + row for row in rows)
    return b"SZDD\x88\xf0\x27\x33A" + b"l" + len(data).to_bytes(4, "little") + body


def test_the_folder_of_a_cd_shows_every_copy(tmp_path: Path) -> None:
    media = read_media([cd(tmp_path)])
    assert media.unread == ()
    alpha, x86 = media.files
    assert x86 == MediaFile(
        path="Ntoptpak/En/x86/Winnt.SRV/iis4_1.cab/Iisclex4.dll",
        archive="Ntoptpak/En/x86/Winnt.SRV/iis4_1.cab",
        member="Iisclex4.dll",
        size=len(X86),
        sha256=hashlib.sha256(X86).hexdigest(),
        version="4.2.622.1",
        linked=LINKED,
        architecture="x86",
        can_register=True,
        problem=None,
        medium="cd",
        build=OPTION_PACK,
    )
    assert (alpha.build, alpha.medium) == (None, "cd")
    assert (alpha.architecture, alpha.version, alpha.member) == ("alpha", "4.2.583.1", "IISCLEX4.DLL")
    assert alpha.archive == "Ntoptpak/En/Alpha/Winnt.SRV/iis4_01.cab"


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus is not beside the project")
def test_cabinets_of_other_writers_are_media() -> None:
    (one,) = find_on_media([CORPUS / "cabinets" / "iis4_1_wine_mszip.cab"])
    assert (one.path, one.archive, one.member) == (
        "iis4_1_wine_mszip.cab/Iisclex4.dll",
        "iis4_1_wine_mszip.cab",
        "Iisclex4.dll",
    )
    assert (one.version, one.architecture, one.can_register) == ("4.2.622.1", "x86", True)
    assert len(find_on_media([CORPUS / "cabinets"])) == 3


def test_one_cabinet_a_set_and_single_files_are_media(tmp_path: Path) -> None:
    large = X86 + hashlib.shake_256(b"noise").digest(90_000)
    cabinets = set_bytes(b"Iisclex4.dll", large, ["iis4_1.cab", "iis4_2.cab"], MSZIP)
    folder = write_folder(
        tmp_path, cabinets | {"iisclex4.dll": X86, "n.zip": zip_bytes({"in/iisclex4.dll": X86})}
    )
    (joined,) = find_on_media([folder / name for name in cabinets])
    assert (joined.path, joined.archive, joined.size) == ("iis4_1.cab/Iisclex4.dll", "iis4_1.cab", len(large))
    alone = read_media([folder / "iis4_1.cab"])
    assert alone.files == ()
    assert [(one.path, one.reason) for one in alone.unread] == [
        ("iis4_1.cab/Iisclex4.dll", "goes on in iis4_2.cab, which is not beside this cabinet")
    ]
    (bare,) = find_on_media([str(folder / "iisclex4.dll")])
    assert (bare.path, bare.archive, bare.member, bare.medium) == ("iisclex4.dll", None, "iisclex4.dll", None)
    (zipped,) = find_on_media([folder / "n.zip"], dll="IISCLEX4.dll")
    assert (zipped.path, zipped.archive, zipped.member) == (
        "n.zip/in/iisclex4.dll",
        "n.zip",
        "in/iisclex4.dll",
    )


def test_a_file_compressed_alone_is_one_of_its_names(tmp_path: Path) -> None:
    packed = {
        "x86/IISCLEX4.DL_": cab_bytes({"whatever.tmp": X86}),
        "x86/other.dl_": cab_bytes({"a.dll": X86}),
    }
    found = find_on_media([cd(tmp_path, packed)])
    assert [one.path for one in found][-1] == "x86/IISCLEX4.DL_/whatever.tmp"
    assert len(found) == 3
    assert take_command(found[-1], "D:", TARGET) == rf'expand "D:\x86\IISCLEX4.DL_" "{TARGET}"'


def test_what_is_of_no_use_says_why(tmp_path: Path) -> None:
    bad = {
        "a/iisclex4.dll": b"just text",
        "b/iisclex4.dll": build_pe(exports=("DllMain",)),
        "c/iisclex4.dll": build_pe(exports=None),
        "d/iis4_1.cab": cab_bytes({"iisclex4.dll": X86})[:-60],
    }
    media = read_media([write_folder(tmp_path / "cd", bad)])
    assert [(one.path, one.problem, one.can_register) for one in media.files] == [
        ("a/iisclex4.dll", "not a PE image: text", None),
        ("b/iisclex4.dll", None, False),
        ("c/iisclex4.dll", None, False),
    ]
    assert {one.path for one in media.unread} == {"d/iis4_1.cab", "d/iis4_1.cab/iisclex4.dll"}
    assert fitting(media.files, "x86") is None


def test_the_fitting_copy_is_for_the_processor_and_the_newest(tmp_path: Path) -> None:
    newer = {
        "fix/iisclex4.dll": build_pe(version="4.2.742.1"),
        "fix/z.cab": cab_bytes({"iisclex4.dll": build_pe(version="4.2.742.1")}),
        "old/iisclex4.dll": build_pe(version="4.2.99.1"),
        "none/iisclex4.dll": build_pe(version=None),
    }
    files = find_on_media([cd(tmp_path, newer)])
    for architecture, path in (
        ("x86", "fix/iisclex4.dll"),
        ("alpha", f"{SRV.format('Alpha')}/iis4_01.cab/IISCLEX4.DLL"),
    ):
        chosen = fitting(files, architecture)
        assert chosen is not None
        assert chosen.path == path
    assert fitting(files, "ppc") is None
    assert fitting((), "x86") is None


def test_the_command_names_cabinet_and_member(tmp_path: Path) -> None:
    more = {"iisclex4.dll": X86, "z.zip": zip_bytes({"a.cab": cab_bytes({"iisclex4.dll": X86})})}
    commands = {one.path: take_command(one, "E:", TARGET) for one in find_on_media([cd(tmp_path, more)])}
    assert commands == {
        f"{SRV.format('x86')}/iis4_1.cab/Iisclex4.dll": (
            r'extract /a "E:\Ntoptpak\En\x86\Winnt.SRV\iis4_1.cab" Iisclex4.dll /L "C:\WINNT\system32\inetsrv"'
        ),
        f"{SRV.format('Alpha')}/iis4_01.cab/IISCLEX4.DLL": (
            r'extract /a "E:\Ntoptpak\En\Alpha\Winnt.SRV\iis4_01.cab" IISCLEX4.DLL /L "C:\WINNT\system32\inetsrv"'
        ),
        "iisclex4.dll": rf'copy "E:\iisclex4.dll" "{TARGET}"',
        "z.zip/a.cab/iisclex4.dll": None,
    }


def test_media_that_cannot_be_opened_are_one_line(tmp_path: Path) -> None:
    with pytest.raises(CaseError, match="missing: No such file"):
        read_media([tmp_path / "missing"])
    with pytest.raises(CaseError, match="no path was given"):
        read_media([])
    with pytest.raises(CaseError, match="over the limit of 3 files"):
        read_media([cd(tmp_path)], limits=Limits(files=3))


def test_names_that_no_disk_takes_are_no_error(tmp_path: Path) -> None:
    long = "n" * 300 + "/iisclex4.dll"
    (tmp_path / "m.zip").write_bytes(zip_bytes({long: X86}))
    write_folder(tmp_path, {"b.zip": zip_bytes({long: X86})})
    assert [one.archive for one in find_on_media([tmp_path])] == ["b.zip", "m.zip"]


def test_each_folder_is_a_medium_of_its_own_and_files_are_one_together(tmp_path: Path) -> None:
    hotfix = write_folder(tmp_path / "q263216", {"x86/iisclex4.dll": build_pe(version="4.2.742.1")})
    large = X86 + hashlib.shake_256(b"noise").digest(90_000)
    cabinets = set_bytes(b"Iisclex4.dll", large, ["iis4_1.cab", "iis4_2.cab"], MSZIP)
    folder = write_folder(tmp_path / "set", cabinets)
    found = find_on_media([*(folder / name for name in cabinets), hotfix, cd(tmp_path)])
    assert [(one.medium, one.path) for one in found] == [
        ("cd", f"{SRV.format('Alpha')}/iis4_01.cab/IISCLEX4.DLL"),
        ("cd", f"{SRV.format('x86')}/iis4_1.cab/Iisclex4.dll"),
        (None, "iis4_1.cab/Iisclex4.dll"),
        ("q263216", "x86/iisclex4.dll"),
    ]
    newest = fitting(found, "x86")
    assert newest is not None
    assert newest.build == (
        "hotfix of Q263216, version 4.2.742.1, dated 2000-04-06 "
        "(by version; but it has 2,048 bytes, that build 65,664 bytes)"
    )
    assert take_command(newest, "D:", TARGET) == rf'copy "D:\x86\iisclex4.dll" "{TARGET}"'


def test_a_name_that_means_more_on_a_command_line_gets_no_command(tmp_path: Path) -> None:
    names = ['a" "b', "a&b", "%PATH%", "a\nb"]
    packed = cab_bytes({"iisclex4.dll": X86})
    files = {f"{name}/iisclex4.dll": X86 for name in names} | {f"{name}.cab": packed for name in names}
    found = find_on_media([write_folder(tmp_path / "cd", files)])
    assert len(found) == 2 * len(names)
    assert [take_command(one, "D:", TARGET) for one in found] == [None] * len(found)


def test_a_file_that_is_no_archive_is_not_taken_for_an_empty_one(tmp_path: Path) -> None:
    folder = write_folder(
        tmp_path, {"cd.iso": bytes(9000), "iisclex4.dll": X86, "empty.zip": zip_bytes({"a": b"b"})}
    )
    reason = "neither the file itself nor an archive of a kind that is known"
    alone = read_media([folder / "cd.iso"])
    assert [(one.path, one.reason) for one in alone.unread] == [("cd.iso", reason)]
    beside = read_media([folder / "cd.iso", folder / "iisclex4.dll", folder / "empty.zip"])
    assert [one.path for one in beside.unread] == ["cd.iso"]
    assert len(beside.files) == 1
    assert read_media([folder / "empty.zip"]).unread == read_media([folder]).unread == ()


# --- at hand of a diagnosis -------------------------------------------------------------------------


def told(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    status = main([*arguments])
    return status, capsys.readouterr().out


def test_the_report_lists_the_media_and_the_plan_takes_the_file_from_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = str(cd(tmp_path))
    status, text = told(
        capsys,
        *("examine", CASES["dll-absent"], "--format", "json", "--media", folder, *QUICK),
    )
    assert status == 1
    report = json.loads(text)
    Draft202012Validator(json.loads(report_schema())).validate(report)
    assert [(one["architecture"], one["medium"]) for one in report["media"]] == [
        ("alpha", "cd"),
        ("x86", "cd"),
    ]
    x86 = report["media"][1]
    assert (x86["sha256"], x86["build"]) == (hashlib.sha256(X86).hexdigest(), OPTION_PACK)
    (step,) = (one for one in report["remedy"]["steps"] if one["phase"] == "restore-file")
    assert step["command"].startswith(r'extract /a "D:\Ntoptpak\En\x86\Winnt.SRV\iis4_1.cab" Iisclex4.dll')
    assert x86["sha256"] in step["reason"]
    assert report["artifacts"] == json.loads(plain(capsys))["artifacts"]


def plain(capsys: pytest.CaptureFixture[str]) -> str:
    _, text = told(capsys, "examine", CASES["dll-absent"], "--format", "json", *QUICK)
    assert "media" not in json.loads(text)
    return text


@pytest.mark.parametrize("command", ["examine", "inspect"])
def test_media_are_shown_to_a_person(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = {"a/iisclex4.dll": b"just text", "b/iisclex4.dll": build_pe(exports=("DllMain",))}
    folders = (cd(tmp_path), write_folder(tmp_path / "bad", bad))
    media = [part for folder in folders for part in ("--media", str(folder))]
    _, text = told(capsys, command, CASES["dll-absent"], *media, *(QUICK if command == "examine" else ()))
    page = text[text.index("On the media\n") :]
    words = " ".join(page.split())
    assert "in cd, for x86, 2,048 bytes, version 4.2.622.1 Build: Windows NT 4.0 Option Pack" in words
    assert "in bad, 9 bytes Of no use: not a PE image: text" in words
    assert "cannot register" in words
    assert hashlib.sha256(X86).hexdigest() in page
    _, text = told(capsys, command, CASES["dll-absent"], *(QUICK if command == "examine" else ()))
    assert "On the media" not in text


def test_media_without_a_copy_are_shown_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = write_folder(
        tmp_path / "cd", {"iis4_1.cab": cab_bytes({"iisclex4.dll": X86})[:-60], "a.txt": b"a"}
    )
    _, text = told(capsys, "inspect", CASES["dll-absent"], "--media", str(folder), "--format", "json")
    inventory = json.loads(text)
    assert {one["path"] for one in inventory["media"]} == {"iis4_1.cab", "iis4_1.cab/iisclex4.dll"}
    assert all(one["problem"] and one["size"] is None for one in inventory["media"])
    _, text = told(capsys, "examine", CASES["dll-absent"], "--media", str(folder), *QUICK)
    assert "no copy of the file" in text
    assert "iis4_1.cab cannot be looked into: " in " ".join(text.split())


def test_the_kit_takes_the_file_from_the_media_and_its_plan_is_proved(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "kit"
    status, _ = told(
        capsys,
        *(
            "fix",
            CASES["everything-left-out-on-alpha"],
            "--output",
            str(target),
            "--media",
            str(cd(tmp_path)),
        ),
        *QUICK,
    )
    assert status == 1
    sheet = " ".join((target / "NODE1-steps.txt").read_text("ascii").split())
    assert r"Ntoptpak\En\Alpha\Winnt.SRV\iis4_01.cab" in sheet
    assert hashlib.sha256(ALPHA).hexdigest() in sheet
    report = json.loads((target / "report.json").read_text("ascii"))
    assert {proof["after"] for proof in report["remedy"]["proof"]} == {"ruled-out"}


def test_media_that_are_not_there_end_the_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["examine", CASES["dll-absent"], "--media", str(tmp_path / "missing"), *QUICK]) == 2
    err = capsys.readouterr().err
    assert "missing: No such file" in err
    assert err.count("\n") == 1
    with pytest.raises(CaseError):
        examine(CASES["dll-absent"], media=[tmp_path / "missing"], second_opinion=False)
