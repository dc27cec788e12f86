"""``case.toml``: what no file can tell and the operator stated."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING

from iiscluster_kb.errors import CaseError
from iiscluster_kb.model import Stated

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["FILE_NAME", "SYMPTOMS", "merge", "parse_statement"]

FILE_NAME = "case.toml"
"""Looked for at the root of a case only."""
LARGEST = 1 << 16
"""Bytes; a statement is some lines long."""
SYMPTOMS = ("finish-button",)
"""Symptoms that some article knows. finish-button: the Dependencies page offers Finish instead of Next."""


def parse_statement(data: bytes, shown: str) -> Stated:
    """Parse the file strictly: what is misspelt would otherwise be silently without effect.

    Args:
        data: UTF-8, with or without the mark that Notepad puts before it.
        shown: How messages call the file.

    Raises:
        CaseError: It is no TOML, or holds something that nobody reads; the message names place or key.
    """
    if len(data) > LARGEST:
        raise CaseError(f"{shown}: larger than {LARGEST:,} bytes")
    try:
        tables = tomllib.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise CaseError(f"{shown}: not UTF-8 at byte {error.start}") from error
    except tomllib.TOMLDecodeError as error:
        raise CaseError(f"{shown}: {error}") from error
    except RecursionError as error:
        raise CaseError(f"{shown}: nested too deeply") from error
    _only(tables, {"case", "machines"}, "", shown)
    case = _table(tables.get("case", {}), "case", shown)
    _only(case, {"symptom", "administered_from"}, "case.", shown)
    machines = _table(tables.get("machines", {}), "machines", shown)
    return Stated(
        _symptom(_text(case, "symptom", shown), f"{shown}: case.symptom"),
        _text(case, "administered_from", shown),
        {name: _paths(entry, f"machines.{name}", shown) for name, entry in machines.items()},
    )


def merge(stated: Stated, symptom: str | None, administered_from: str | None) -> Stated:
    """Lay the caller's options over the statement: they win.

    Raises:
        CaseError: The symptom is not known.
    """
    return Stated(
        _symptom(symptom, "symptom") or stated.symptom,
        administered_from or stated.administered_from,
        stated.machines,
    )


def _symptom(symptom: str | None, place: str) -> str | None:
    if symptom is not None and symptom not in SYMPTOMS:
        raise CaseError(f"{place}: unknown symptom {symptom!r}; known: {', '.join(SYMPTOMS)}")
    return symptom


def _table(value: object, name: str, shown: str) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise CaseError(f"{shown}: [{name}] must be a table")
    return value


def _only(table: Mapping[str, object], known: set[str], prefix: str, shown: str) -> None:
    for key in table:
        if key not in known:
            raise CaseError(f"{shown}: unknown key {prefix}{key}; known: {', '.join(sorted(known))}")


def _text(table: Mapping[str, object], key: str, shown: str) -> str | None:
    value = table.get(key)
    if value is not None and (not isinstance(value, str) or not value.strip()):
        raise CaseError(f"{shown}: case.{key} must be a text that is not empty")
    return value


def _paths(entry: object, name: str, shown: str) -> tuple[str, ...]:
    table = _table(entry, name, shown)
    _only(table, {"paths"}, f"{name}.", shown)
    paths = table.get("paths", [])
    if not isinstance(paths, list) or not all(isinstance(path, str) and path for path in paths):
        raise CaseError(f"{shown}: {name}.paths must be a list of texts that are not empty")
    return tuple(paths)
