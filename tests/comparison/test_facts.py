from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from iiscluster_kb.comparison._facts import alike, all_alike
from iiscluster_kb.model import Absent, FileEntry, KeySubject, Present, Source, Unknown
from iiscluster_kb.registry import HKLM, RegistryValue
from tests.support.evidence import case_file

if TYPE_CHECKING:
    from iiscluster_kb.model import AnyFact

SUBJECT = KeySubject("NODE1", HKLM)
SOURCE = Source(case_file("SYSTEM"))
ABSENT = Absent(SUBJECT, SOURCE)
UNKNOWN = Unknown(SUBJECT, "nobody knows")


def there(value: object) -> AnyFact:
    return Present(SUBJECT, value, SOURCE)


def entry(size: int | None = 1, version: str | None = None) -> AnyFact:
    return there(FileEntry("C:\\a.dll", size, version=version))


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (ABSENT, ABSENT, True),
        (ABSENT, UNKNOWN, None),
        (UNKNOWN, there("key"), None),
        (ABSENT, there("key"), False),
        (there("Key"), there("KEY"), True),
        (there(RegistryValue("a", 1, b"x")), there(RegistryValue("A", 1, b"x")), True),
        (there(RegistryValue("a", 1, b"x")), there(RegistryValue("a", 7, b"x")), False),
        (there(RegistryValue("a", 1, b"x")), there(RegistryValue("a", 1, b"y")), False),
        (entry(1), entry(2), False),
        (entry(1), entry(None), True),
        (entry(1, "4.2"), entry(1, "4.3"), False),
        (entry(1, "4.2"), entry(1, None), True),
    ],
)
def test_two_places(one: AnyFact, other: AnyFact, *, expected: bool | None) -> None:
    assert alike(one, other) is expected
    assert alike(other, one) is expected


def test_many_places() -> None:
    assert all_alike([ABSENT, ABSENT, ABSENT]) is True
    assert all_alike([ABSENT, UNKNOWN, ABSENT]) is None
    assert all_alike([ABSENT, UNKNOWN, there("key")]) is False
