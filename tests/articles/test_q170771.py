from __future__ import annotations

from typing import TYPE_CHECKING

from fixtures._case import healthy, raw
from fixtures.planted.q170771 import adapters
from iiscluster_kb.articles import q170771
from iiscluster_kb.articles.q170771 import RULE
from iiscluster_kb.errors import EvidenceError
from iiscluster_kb.model import Verdict
from iiscluster_kb.registry import MemoryKey, ValueType
from tests.support.judged import only, services_of

if TYPE_CHECKING:
    import pytest

    from iiscluster_kb.registry import RegistryValue


def test_a_number_of_the_wrong_size_tells_nothing() -> None:
    case = healthy()
    adapters(case, 0)
    services_of(case.nodes[0])["E100B1"]["Parameters"]["Tcpip"]["EnableDHCP"] = raw(
        ValueType.REG_DWORD, b"\1"
    )
    assert only(RULE, case).verdict is Verdict.UNDETERMINED


def test_more_services_than_any_system_has_leave_it_open(monkeypatch: pytest.MonkeyPatch) -> None:
    case = healthy()
    adapters(case, 0)
    services = services_of(case.nodes[0])
    services["A"] = services.pop("E100B1")
    assert only(RULE, case).verdict is Verdict.RULED_OUT
    monkeypatch.setattr(q170771, "_MOST", len(services) - 1)
    services["B"] = {}
    assert only(RULE, case).verdict is Verdict.UNDETERMINED


def test_an_adapter_that_cannot_be_read_leaves_it_open(monkeypatch: pytest.MonkeyPatch) -> None:
    case = healthy()
    adapters(case, 0)
    original = MemoryKey.value

    def value(self: MemoryKey, name: str) -> RegistryValue | None:
        if name == "EnableDHCP":
            raise EvidenceError("NODE1/SYSTEM", "the key is damaged")
        return original(self, name)

    monkeypatch.setattr(MemoryKey, "value", value)
    finding = only(RULE, case)
    assert finding.verdict is Verdict.UNDETERMINED
    assert "the key is damaged" in finding.explanation


def test_a_system_without_services_leaves_it_open() -> None:
    case = healthy()
    system = case.nodes[0].system
    assert system is not None
    system["Select"] = {}
    assert only(RULE, case).verdict is Verdict.UNDETERMINED


def test_the_step_is_for_its_node() -> None:
    case = healthy()
    adapters(case, 1, 1)
    finding = only(RULE, case, machine="NODE2")
    assert [step.machine for step in finding.steps] == ["NODE2"]
    assert finding.explanation.count("the adapter") == 1
    assert len(finding.facts) == 2
