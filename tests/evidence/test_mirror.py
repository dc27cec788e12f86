from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iiscluster_kb.evidence._mirror import windows_path


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("NODE1/C/WINNT/system32/inetsrv/iisclex4.dll", r"C:\WINNT\system32\inetsrv\iisclex4.dll"),
        ("NODE1/c/WINNT/a.dll", r"C:\WINNT\a.dll"),
        ("node1.zip/D:/NTSRV/a.dll", r"D:\NTSRV\a.dll"),
        ("C:/a.dll", r"C:\a.dll"),
        ("NODE1/c$/WINNT/a.dll", r"C:\WINNT\a.dll"),
        ("uploads/auto/C%3A/Windows/a.dll", r"C:\Windows\a.dll"),
        ("uploads/auto/c%3a/Program%20Files/100%25.dll", r"C:\Program Files\100%.dll"),
        ("uploads/ntfs/%5C%5C.%5CC%3A/Windows/a.dll", r"C:\Windows\a.dll"),
        ("C:/100%25/a.dll", r"C:\100%25\a.dll"),
        ("kape/2024-05-01/C/Windows/a.dll", r"C:\Windows\a.dll"),
        ("N/C/WINNT/a.dll", r"C:\WINNT\a.dll"),
        ("C/Inetpub/d/x/a.dll", r"C:\Inetpub\d\x\a.dll"),
        ("E/C:/WINNT/a.dll", r"C:\WINNT\a.dll"),
    ],
)
def test_a_mirrored_tree_tells_the_path(path: str, expected: str) -> None:
    assert windows_path(path) == expected


@pytest.mark.parametrize(
    "path",
    [
        "iisclex4.dll",
        "NODE1/iisclex4.dll",
        "C/iisclex4.dll",
        "NODE1/C",
        "a/WINNT/x.dll",
        "NODE1/WINNT/system32/x.dll",
        "C_/WINNT/x.dll",
        "CC:/WINNT/x.dll",
        "C:",
        "",
    ],
)
def test_without_a_drive_nothing_is_claimed(path: str) -> None:
    assert windows_path(path) is None


@given(st.text(st.sampled_from("aC:$%3A/5\\."), max_size=40))
def test_any_path_gives_a_windows_path_or_none(path: str) -> None:
    found = windows_path(path)
    assert found is None or (found[0].isalpha() and found[1:3] == ":\\")
