"""Registry text as Windows' programs print it, made of trees: Regedt32's, and that of ``reg query``."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from iiscluster_kb.cluster._registry import RegistryView
from iiscluster_kb.model import Absent, Present
from iiscluster_kb.registry import KeyPath, ValueType, upcase
from tests.support.regf_writer import KeySpec

if TYPE_CHECKING:
    from collections.abc import Iterator

    from iiscluster_kb.model import Fact, RegistryEvidence
    from iiscluster_kb.regf.keys import Key
    from iiscluster_kb.registry import RegistryValue

__all__ = [
    "ENGLISH",
    "FRENCH",
    "GERMAN",
    "VISTA",
    "XP",
    "Labels",
    "Style",
    "lies",
    "reg_query",
    "regedt32_text",
    "searched",
    "spec_of",
]

_TEXTS = frozenset({ValueType.REG_SZ, ValueType.REG_EXPAND_SZ})
_NUMBERS = frozenset({ValueType.REG_DWORD, ValueType.REG_QWORD})


@dataclass(frozen=True)
class Labels:
    """Regedt32's words in one language."""

    key: str = "Key Name:"
    class_: str = "Class Name:"
    time: str = "Last Write Time:"
    value: str = "Value"
    name: str = "Name:"
    type: str = "Type:"
    data: str = "Data:"
    no_class: str = "<NO CLASS>"
    no_name: str = "<NO NAME>"
    when: str = "6/16/00 - 10:13 AM"
    column: int = 19


ENGLISH = Labels()
GERMAN = Labels(
    "Schlüsselname:", "Klassenname:", "Letzte Schreibzeit:", "Wert", "Name:", "Typ:", "Daten:",
    "<KEINE KLASSE>", "<KEIN NAME>", "16.06.00 - 10:13", 21,
)  # fmt: skip
FRENCH = Labels(
    "Nom de la clé :", "Nom de classe :", "Dernière écriture :", "Valeur", "Nom :", "Type :", "Données :",
    "<PAS DE CLASSE>", "<SANS NOM>", "16/06/00 - 10:13", 21,
)  # fmt: skip


def _walk(path: str, key: KeySpec) -> Iterator[tuple[str, KeySpec]]:
    yield path, key
    for below in sorted(key.subkeys, key=lambda one: upcase(one.name)):
        yield from _walk(f"{path}\\{below.name}", below)


def regedt32_text(path: str, key: KeySpec, *, labels: Labels = ENGLISH, width: int | None = None) -> str:
    """The key and all below it; ``width``: names of keys are wrapped at blanks."""
    rows: list[str] = []
    for at, one in _walk(path, key):
        wrapped = textwrap.wrap(at, width, break_long_words=False) if width else [at]
        rows.append(f"{labels.key:<{labels.column}}{wrapped[0]}")
        rows += wrapped[1:]
        rows.append(f"{labels.class_:<{labels.column}}{labels.no_class}")
        rows.append(f"{labels.time:<{labels.column}}{labels.when}")
        for number, value in enumerate(one.values):
            rows.append(f"{labels.value} {number}")
            rows += _regedt32_value(value, labels)
            rows.append("")
        rows += [""]
    return "\r\n".join([*rows, ""])


def _regedt32_value(value: RegistryValue, labels: Labels) -> Iterator[str]:
    def row(label: str, text: str) -> str:
        return f"{f'  {label}':<{labels.column}}{text}"

    yield row(labels.name, value.name or labels.no_name)
    yield row(labels.type, value.type_name)
    if value.type in _TEXTS:
        yield row(labels.data, value.text() or "")
    elif value.type in _NUMBERS:
        yield row(labels.data, f"{value.integer():#x}")
    elif value.type == ValueType.REG_MULTI_SZ:
        first, *others = value.strings() or ("",)
        yield row(labels.data, first)
        for text in others:
            yield " " * labels.column + text
    else:
        yield row(labels.data, "")
        yield from _dump(value.data)


def _dump(data: bytes) -> Iterator[str]:
    for at in range(0, len(data), 16):
        row = data[at : at + 16]
        halves = [" ".join(f"{byte:02x}" for byte in half) for half in (row[:8], row[8:]) if half]
        shown = "".join(chr(byte) if 0x20 <= byte < 0x7F else "." for byte in row)
        yield f"{at:08x}   {' - '.join(halves):<51}{shown}"


@dataclass(frozen=True)
class Style:
    """How one generation of ``reg query`` prints."""

    header: str = ""
    gap: str = "    "
    no_name: str = "(Default)"
    list_end: str = ""


VISTA = Style()
XP = Style("! REG.EXE VERSION 3.0\r\n", "\t", "<NO NAME>", r"\0\0")


def spec_of(key: Key) -> KeySpec:
    """A key of a hive and all below it, to be written anew."""
    return KeySpec(
        key.name, tuple(key.values()), tuple(map(spec_of, key.subkeys())), class_name=key.class_name
    )


def reg_query(path: str, key: KeySpec, *, style: Style = VISTA, recursive: bool = True) -> str:
    """What ``reg query KEY`` prints, with ``/s`` where it is recursive."""
    if recursive:
        body = "".join(f"\r\n{_section(at, one, style)}" for at, one in _walk(path, key))
    else:
        names = sorted((below.name for below in key.subkeys), key=upcase)
        subkeys = "".join(f"{path}\\{name}\r\n" for name in names)
        body = f"\r\n{_section(path, key, style)}" + (f"\r\n{subkeys}" if subkeys else "")
    return (f"\r\n{style.header}" if style.header else "") + body + "\r\n"


def _section(path: str, key: KeySpec, style: Style) -> str:
    return f"{path}\r\n" + "".join(
        f"    {value.name or style.no_name}{style.gap}{value.type_name}{style.gap}{_shown(value, style)}\r\n"
        for value in key.values
    )


def _shown(value: RegistryValue, style: Style) -> str:
    if value.type in _TEXTS:
        return value.text() or ""
    if value.type in _NUMBERS:
        return f"{value.integer():#x}"
    if value.type == ValueType.REG_MULTI_SZ:
        return r"\0".join(value.strings()) + style.list_end
    return value.data.hex().upper()


def searched(path: str, key: KeySpec, pattern: str, *, style: Style = VISTA) -> str:
    """What ``reg query KEY /s /f PATTERN`` prints, but for the line at its end."""
    sections = []
    folded = pattern.casefold()
    for at, one in _walk(path, key):
        values = [
            value
            for value in one.values
            if folded in (value.name or style.no_name).casefold() or folded in _shown(value, style).casefold()
        ]
        if values or (at != path and folded in one.name.casefold()):
            sections.append(f"\r\n{_section(at, replace(one, values=values), style)}")
    return "".join(sections) + "\r\n"


def lies(evidence: RegistryEvidence, path: str, key: KeySpec) -> list[str]:
    """What the evidence tells of a tree that is not so. What it does not tell is no lie."""
    view = RegistryView("NODE1", (evidence,))
    told: list[str] = []
    for at, one in _walk(path, key):
        place = KeyPath.parse(at)
        if isinstance(view.key(place), Absent):
            told.append(f"{at} is absent")
        told += [
            f"{at} has {name}"
            for name in (*(value.name for value in one.values), "none of them")
            if _is_lie(view.value(place, name), one, name)
        ]
        told += [
            f"{at} has {name}"
            for name in ("Aaa", "Zzz")
            if isinstance(view.key(place / name), Present)
            and all(below.name != name for below in one.subkeys)
        ]
    return told


def _is_lie(fact: Fact[RegistryValue], key: KeySpec, name: str) -> bool:
    true = next((value for value in key.values if value.name == name), None)
    match fact:
        case Absent():
            return true is not None
        case Present(value=value):
            return value != true
        case _:
            return False
