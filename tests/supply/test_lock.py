"""The lock fits pyproject.toml, leaves nothing that is needed open, and names no place to fetch from."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from packaging.utils import canonicalize_name

from tests.supply.dependencies import LOCK, PROJECT, closure, direct, read_pins

if TYPE_CHECKING:
    from tests.supply.dependencies import Pin

PINS = read_pins(LOCK.read_text("utf-8"))
VERSIONS = [
    row.rpartition(" ")[2] for row in PROJECT["project"]["classifiers"] if re.search(r":: 3\.\d+$", row)
]


def pins_on(python: str, pins: list[Pin] = PINS) -> dict[str, Pin]:
    where = {
        "python_version": python,
        "python_full_version": f"{python}.9",
        "sys_platform": "linux",
        "platform_system": "Linux",
        "implementation_name": "cpython",
        "platform_python_implementation": "CPython",
        "os_name": "posix",
        "platform_machine": "x86_64",
    }
    found = [pin for pin in pins if (marker := pin.requirement.marker) is None or marker.evaluate(where)]
    by_name: dict[str, Pin] = {canonicalize_name(pin.requirement.name): pin for pin in found}
    assert len(by_name) == len(found), "two versions of one distribution"
    return by_name


@pytest.mark.parametrize("python", VERSIONS)
def test_what_pyproject_names_is_pinned_within_its_range(python: str) -> None:
    pins = pins_on(python)
    for requirement in direct():
        if (marker := requirement.marker) is None or marker.evaluate({"python_version": python, "extra": ""}):
            pin = pins[canonicalize_name(requirement.name)]
            assert requirement.specifier.contains(pin.version), f"{requirement} against {pin.version}"


def test_what_they_need_in_turn_is_pinned() -> None:
    pinned = {canonicalize_name(pin.requirement.name) for pin in PINS}
    assert set(closure(direct())) <= pinned


def test_each_file_is_known_by_its_hash() -> None:
    assert len(PINS) > len(PROJECT["project"]["dependencies"])
    assert [pin.requirement.name for pin in PINS if not pin.is_hashed] == []


def test_no_place_to_fetch_from_is_named() -> None:
    text = LOCK.read_text("utf-8")
    assert "//" not in text
    assert re.search(r"^-|\s--(?!hash=)", "\n".join(text.splitlines()[2:]), re.MULTILINE) is None


def test_an_entry_without_a_hash_is_seen() -> None:
    bare, hashed, two = read_pins(
        "a==1.0\nb==2 ; python_version < '3.12' \\\n    --hash=sha256:"
        + "0" * 64
        + "\nb==3 \\\n    --hash=md5:00\n"
    )
    assert [pin.is_hashed for pin in (bare, hashed, two)] == [False, True, False]
    assert pins_on("3.11", [bare, hashed])["b"] is hashed
    assert set(pins_on("3.12", [bare, hashed, two])) == {"a", "b"}
