"""Questions to a store: one SELECT at a time, and its tables as files for other programs."""

from __future__ import annotations

import errno
import json
from pathlib import Path
from typing import TYPE_CHECKING

from iiscluster_kb._kit import new_folder
from iiscluster_kb.triage._schema import TABLES
from iiscluster_kb.triage._store import connect, foreign_errors

if TYPE_CHECKING:
    from collections.abc import Iterator

    from duckdb import DuckDBPyConnection

__all__ = ["EXPORTS", "Answer", "as_json", "ask", "export"]

EXPORTS = ("parquet", "csv", "jsonl")
_ROWS = 1000
_PARTITIONED = "cases"
_FORMULA = r"(^|[;,])([\t\r\n]|\s*[=+\-@\x{ff1d}\x{ff0b}\x{ff0d}\x{ff20}])"
"""What a spreadsheet takes for a formula, as in ``render._escape``; an apostrophe before it makes it text."""

Answer = tuple[tuple[str, ...], "Iterator[tuple[object, ...]]"]
"""Names of the columns, and the rows."""


def ask(connection: DuckDBPyConnection, query: str) -> Answer:
    """Put one question to a store that was opened with ``connect``.

    Raises:
        ValueError: It is no single SELECT, or DuckDB does not understand it.
    """
    import duckdb  # noqa: PLC0415 - an extra

    with foreign_errors("query"):
        statements = connection.extract_statements(query)
        if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
            raise ValueError("query: wanted one SELECT (or WITH, FROM, DESCRIBE, SUMMARIZE, VALUES)")
        connection.execute(statements[0])
        heads = tuple(column[0] for column in connection.description or ())
    return heads, _rows(connection)


def _rows(connection: DuckDBPyConnection) -> Iterator[tuple[object, ...]]:
    while True:
        with foreign_errors("query"):
            rows = connection.fetchmany(_ROWS)
        if not rows:
            return
        yield from rows


def export(store: str, folder: str, form: str) -> tuple[Path, ...]:
    """Write every table but the pages into a new folder.

    Args:
        store: The DuckDB file.
        folder: New, or empty.
        form: ``parquet`` (``cases`` is partitioned by outcome and year), ``csv`` or ``jsonl``.

    Returns:
        The files and folders written.

    Raises:
        OSError: The store cannot be read, the folder is not empty, or it cannot be written; then it is not there.
        ValueError: It is no store.
    """
    target = Path(folder)
    with_rows = ("cases", "runs", "left_out", *TABLES)
    # Reads nothing but the store and writes nothing but the folder, so external access is needed, but no query is foreign.
    connect(store, only_asks=True).close()
    if target.exists() and any(target.iterdir()):
        raise FileExistsError(errno.EEXIST, "is not empty", folder)
    import duckdb  # noqa: PLC0415 - an extra

    with (
        new_folder(target.resolve(), force=False) as place,
        foreign_errors(store),
        duckdb.connect(store, read_only=True) as connection,
    ):
        made = [_export(connection, table, place, form) for table in with_rows]
    return tuple(target / path.name for path in made)


def _export(connection: DuckDBPyConnection, table: str, target: Path, form: str) -> Path:
    if form == "parquet" and table == _PARTITIONED:
        place, options = target / table, "FORMAT parquet, COMPRESSION zstd, PARTITION_BY (outcome, year)"
        query = f"SELECT *, coalesce(year(collected), 0) AS year FROM {table} ORDER BY case_key"  # noqa: S608 - a name of ours
    else:
        place = target / f"{table}.{form}"
        options = {
            "parquet": "FORMAT parquet, COMPRESSION zstd",
            "csv": "FORMAT csv, HEADER",
            "jsonl": "FORMAT json",
        }[form]
        query = _select(connection, table, form)
    connection.execute(f"COPY ({query}) TO {_quoted(str(place))} ({options})")
    return place


def _select(connection: DuckDBPyConnection, table: str, form: str) -> str:
    columns = connection.execute(
        "SELECT column_name, data_type FROM duckdb_columns() WHERE table_name = ? ORDER BY column_index",
        [table],
    ).fetchall()
    listed = ", ".join(_column(name, kind) if form == "csv" else f'"{name}"' for name, kind in columns)
    return f"SELECT {listed} FROM {table} ORDER BY ALL"  # noqa: S608 - names of ours


def _column(name: str, kind: str) -> str:
    if kind == "VARCHAR[]":
        return f'CAST(to_json("{name}") AS VARCHAR) AS "{name}"'
    if kind != "VARCHAR":
        return f'"{name}"'
    return f"""regexp_replace("{name}", '{_FORMULA}', '\\1''\\2', 'g') AS "{name}\""""


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def as_json(value: object) -> str:
    """One cell as JSON: times and bytes as text."""
    return json.dumps(value, default=lambda other: other.hex() if isinstance(other, bytes) else str(other))
