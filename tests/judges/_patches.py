"""What every judge is asked to import: the scenarios' patches, and one that registers a COM server too."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

from iiscluster_kb import examine
from iiscluster_kb.model import Dialect, Patch, ValueChange
from iiscluster_kb.registry import HKLM, RegistryValue, ValueType, multi_sz, sz
from iiscluster_kb.registry.reg_text import KeyEntry, ValueEntry, parse_reg
from tests.support.scenarios import SCENARIOS

if TYPE_CHECKING:
    from iiscluster_kb.model import Report
    from iiscluster_kb.registry import KeyPath
    from tests.support.scenarios import Scenario

CLSID = HKLM / r"SOFTWARE\Classes\CLSID\{92BF7500-974C-11D0-A5F2-00A0C922E752}"
PATCHED = [
    scenario
    for scenario in SCENARIOS
    if any(
        v["cause"].endswith("admin-extensions-missing") and v["verdict"] == "confirmed"
        for v in scenario.verdicts
    )
]


def report_of(scenario: Scenario) -> Report:
    return _report_of(scenario.name)


@cache
def _report_of(name: str) -> Report:
    (scenario,) = (scenario for scenario in SCENARIOS if scenario.name == name)
    return examine(scenario.case, second_opinion=False, articles=["Q224553"], **scenario.options)


def patches_of(scenario: Scenario) -> list[Patch]:
    """The changes to each machine, whether its own Windows takes them as a file or not."""
    findings = report_of(scenario).findings
    return [Patch(str(f.machine), Dialect.VERSION_5, f.changes) for f in findings if f.changes]


def patch_of(scenario: Scenario, dialect: Dialect) -> Patch:
    """The changes to the first machine, in a dialect."""
    return replace(patches_of(scenario)[0], dialect=dialect)


def registration(dialect: Dialect) -> Patch:
    """A patch that makes a key, writes a path, and lists two CLSIDs where one was."""
    path = RegistryValue("", ValueType.REG_SZ, sz(r"C:\WINNT\system32\inetsrv\iisclex4.dll"))
    before = RegistryValue("AdminExtensions", ValueType.REG_MULTI_SZ, multi_sz("{A}"))
    after = RegistryValue("AdminExtensions", ValueType.REG_MULTI_SZ, multi_sz("{A}", "{B}"))
    return Patch(
        "NODE1",
        dialect,
        (
            ValueChange(CLSID / "InprocServer32", "", None, path, makes=CLSID),
            ValueChange(
                HKLM / r"Cluster\ResourceTypes\IIS Server Instance", "AdminExtensions", before, after
            ),
        ),
        ("A warning that stands in a comment of the file and is longer than one line of eighty columns.",),
    )


def exported_value(content: bytes, key: KeyPath, name: str) -> RegistryValue | None:
    """A value in .reg text that another program wrote."""
    for entry in parse_reg(content).entries if content else ():
        match entry:
            case ValueEntry(key=there, value=value) if there == key and value.name.upper() == name.upper():
                return value
            case _:
                pass
    return None


def exported_key(content: bytes, key: KeyPath) -> bool:
    """Whether .reg text that another program wrote has the key."""
    return any(isinstance(entry, KeyEntry) and entry.key == key for entry in parse_reg(content).entries)
