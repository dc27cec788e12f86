from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from iiscluster_kb.errors import RemedyError
from iiscluster_kb.model import Cause, Dialect, Finding, Patch, Proof, ValueChange, Verdict
from iiscluster_kb.registry import HKLM, RegistryValue, ValueType, multi_sz
from iiscluster_kb.registry.overlay import lay_over
from iiscluster_kb.remedy.proof import prove
from tests.support.evidence import memory

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from iiscluster_kb.registry.reg_text import Entry

KEY = HKLM / "Cluster"
BEFORE = RegistryValue("V", ValueType.REG_SZ, "old\0".encode("utf-16-le"))
AFTER = RegistryValue("V", ValueType.REG_MULTI_SZ, multi_sz("{A}"))
CAUSE, OTHER = Cause("Q1/a", "A"), Cause("Q1/b", "B")


def patch(after: RegistryValue = AFTER) -> Patch:
    return Patch("NODE1", Dialect.REGEDIT4, (ValueChange(KEY, "V", BEFORE, after),))


def diagnosis(
    other: Callable[[RegistryValue | None], Verdict] = lambda _: Verdict.RULED_OUT,
) -> Callable[[Mapping[str, Sequence[Entry]]], list[Finding]]:
    """A diagnosis that wants V to hold AFTER's data, and another that looks at V as told."""

    def rediagnose(changes: Mapping[str, Sequence[Entry]]) -> list[Finding]:
        root = lay_over(memory("ROOT", {"V": BEFORE}), KEY, changes.get("NODE1", ()))
        value = root.value("V")
        verdict = Verdict.RULED_OUT if value == AFTER else Verdict.CONFIRMED
        wanted = () if value == AFTER else (ValueChange(KEY, "V", value, AFTER),)
        return [
            Finding(CAUSE, "NODE1", verdict, "", "X.", changes=wanted),
            Finding(OTHER, "NODE1", other(value), "", "Y."),
        ]

    return rediagnose


def test_a_cure_is_proved() -> None:
    assert prove([patch()], diagnosis()) == (Proof("NODE1", "Q1/a", Verdict.CONFIRMED, Verdict.RULED_OUT),)


def test_nothing_to_prove() -> None:
    assert prove([], diagnosis()) == ()


def test_a_patch_that_cures_nothing_is_refused() -> None:
    wrong = RegistryValue("V", ValueType.REG_MULTI_SZ, multi_sz("{B}"))

    def rediagnose(changes: Mapping[str, Sequence[Entry]]) -> list[Finding]:
        del changes
        return [Finding(CAUSE, "NODE1", Verdict.CONFIRMED, "", "X.", changes=patch(wrong).changes)]

    with pytest.raises(RemedyError, match="does not cure Q1/a"):
        prove([patch(wrong)], rediagnose)


def test_a_patch_that_harms_something_else_is_refused() -> None:
    def harmed(value: RegistryValue | None) -> Verdict:
        return Verdict.LIKELY if value == AFTER else Verdict.RULED_OUT

    with pytest.raises(RemedyError, match="make Q1/b on NODE1 worse: ruled-out becomes likely"):
        prove([patch()], diagnosis(harmed))


def test_an_undo_that_does_not_lead_back_is_refused() -> None:
    seen: list[int] = []

    def moody(_value: RegistryValue | None) -> Verdict:
        seen.append(1)
        return Verdict.RULED_OUT if len(seen) < 3 else Verdict.UNDETERMINED

    with pytest.raises(RemedyError, match="undo does not lead back"):
        prove([patch()], diagnosis(moody))
