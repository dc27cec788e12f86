"""The store's tables, and the steps from each version of them to the next.

``TABLES`` is what workers send rows for; the same description makes the columns, checks what a worker sent and
is printed in ``docs/triage.md``.
"""

from __future__ import annotations

__all__ = ["MIGRATIONS", "TABLES", "VERSION"]

VERSION = 1

TABLES: dict[str, dict[str, str]] = {
    "machines": {
        "name": "VARCHAR",
        "role": "VARCHAR",
        "windows": "VARCHAR",
        "service_pack": "VARCHAR",
        "architecture": "VARCHAR",
        "system_root": "VARCHAR",
        "current_control_set": "BIGINT",
    },
    "artifacts": {
        "path": "VARCHAR",
        "format": "VARCHAR",
        "machine": "VARCHAR",
        "size": "BIGINT",
        "sha256": "VARCHAR",
        "state": "VARCHAR",
        "holds": "VARCHAR[]",
        "notes": "VARCHAR[]",
    },
    "findings": {
        "number": "BIGINT",
        "finding": "VARCHAR",
        "article": "VARCHAR",
        "machine": "VARCHAR",
        "verdict": "VARCHAR",
        "detail": "VARCHAR",
        "explanation": "VARCHAR",
        "weighs": "BOOLEAN",
        "collect": "VARCHAR[]",
    },
    "facts": {
        "number": "BIGINT",
        "subject": "VARCHAR",
        "state": "VARCHAR",
        "value": "VARCHAR",
        "reason": "VARCHAR",
        "path": "VARCHAR",
        "sha256": "VARCHAR",
        "key": "VARCHAR",
        "cell_offset": "BIGINT",
        "line": "BIGINT",
        "last_written": "VARCHAR",
        "python_registry": "VARCHAR",
        "regipy": "VARCHAR",
    },
    "patches": {
        "machine": "VARCHAR",
        "file": "VARCHAR",
        "dialect": "VARCHAR",
        "key": "VARCHAR",
        "name": "VARCHAR",
        "before_type": "VARCHAR",
        "before_data": "VARCHAR",
        "after_type": "VARCHAR",
        "after_data": "VARCHAR",
    },
    "errors": {"kind": "VARCHAR", "path": "VARCHAR", "reason": "VARCHAR"},
}
"""Column and type, by table; each begins with ``case_key``. ``facts.number`` is ``findings.number`` of its finding.
``errors.kind``: ``case`` (the whole case) or ``file`` (one file of it became no evidence)."""

_CASES = """
CREATE TABLE cases (
    case_key VARCHAR NOT NULL, source VARCHAR NOT NULL, name VARCHAR NOT NULL,
    outcome VARCHAR NOT NULL, reason VARCHAR, verdict VARCHAR, cluster VARCHAR,
    stamp VARCHAR, content VARCHAR, files BIGINT, size BIGINT, collected TIMESTAMP,
    examined TIMESTAMP, seconds DOUBLE, memory BIGINT, run BIGINT, seen_in_run BIGINT,
    tool VARCHAR, settings VARCHAR, kit VARCHAR)
"""
_RUNS = """
CREATE TABLE runs (
    run BIGINT NOT NULL, started TIMESTAMP, ended TIMESTAMP, tool VARCHAR, settings VARCHAR,
    roots VARCHAR[], state VARCHAR)
"""


_DUPLICATES = """
CREATE VIEW duplicates AS SELECT content, count(*) AS copies, list(source ORDER BY source) AS sources
FROM cases WHERE content IS NOT NULL GROUP BY content HAVING count(*) > 1
"""


def _create(table: str, columns: dict[str, str]) -> str:
    listed = ", ".join(f'"{name}" {kind}' for name, kind in columns.items())
    return f"CREATE TABLE {table} (case_key VARCHAR NOT NULL, {listed})"


MIGRATIONS: dict[int, tuple[str, ...]] = {
    1: (
        _CASES,
        _RUNS,
        *(_create(table, columns) for table, columns in TABLES.items()),
        "CREATE TABLE pages (case_key VARCHAR NOT NULL, page BLOB NOT NULL)",
        "CREATE TABLE left_out (run BIGINT NOT NULL, source VARCHAR, reason VARCHAR)",
        "CREATE INDEX cases_by_key ON cases (case_key)",
        _DUPLICATES,
    ),
}
"""Statements that lead to each version from the one before it; never changed once released."""
