"""The store: one DuckDB file, one writer, batches that appear whole or not at all. The one door of ``duckdb``.

Every batch is one transaction; DuckDB's write-ahead log gives back what was committed before a kill.
"""

from __future__ import annotations

import errno
import json
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from iiscluster_kb.triage._nouns import Known, Outcome
from iiscluster_kb.triage._schema import MIGRATIONS, TABLES, VERSION
from iiscluster_kb.triage._wire import plain

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from duckdb import DuckDBPyConnection

    from iiscluster_kb.triage._nouns import LeftOut, Result

__all__ = ["Store", "connect", "foreign_errors"]

_LOCKED_DOWN = {
    "enable_external_access": "false",
    "autoload_known_extensions": "false",
    "autoinstall_known_extensions": "false",
    "allow_community_extensions": "false",
    "python_enable_replacements": "false",
    "lock_configuration": "true",
}
"""For whoever only asks: no file, no network, no extension, no variable of this program; and none of it undone."""

_FRUGAL = {"memory_limit": "512MB", "threads": "2"}
"""For the writer, beside whose work the workers' is what counts; the pages of a growing store are not kept."""


_NO_JSON = frozenset({"BLOB", "TIMESTAMP"})
"""Types of columns that JSON has no words for."""


_INTERRUPTED = "Query interrupted"
"""What DuckDB says, as a plain ``RuntimeError``, where Ctrl-C ends a query (seen of 2.0.1)."""


@contextmanager
def foreign_errors(place: str) -> Iterator[None]:
    """Turn DuckDB's errors into ours.

    Raises:
        OSError: The file cannot be opened or written; another process has it.
        ValueError: What was asked makes no sense to it.
        KeyboardInterrupt: Ctrl-C came while it was at work.
    """
    import duckdb  # noqa: PLC0415 - an extra, and 50 ms

    try:
        yield
    except duckdb.InterruptException as error:
        raise KeyboardInterrupt from error
    except RuntimeError as error:
        if str(error) != _INTERRUPTED:
            raise
        raise KeyboardInterrupt from error
    except duckdb.IOException as error:
        text = str(error)
        if "lock" in text.lower():
            raise OSError(errno.EBUSY, "another run has the store open", place) from error
        raise OSError(errno.EIO, text, place) from error
    except duckdb.Error as error:
        raise ValueError(f"{place}: {error}") from error


def connect(file: str, *, only_asks: bool) -> DuckDBPyConnection:
    """Open the DuckDB file.

    Args:
        file: Its path.
        only_asks: Read-only, with everything locked that leads out of the file.

    Raises:
        OSError: It cannot be opened, or another process writes it.
        ValueError: It is no store, or ``duckdb`` is not installed.
    """
    try:
        import duckdb  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise ValueError("triage needs DuckDB: pip install 'iiscluster-kb[triage]'") from error
    if only_asks and not Path(file).is_file():
        raise FileNotFoundError(errno.ENOENT, "no such store", file)
    with foreign_errors(file):
        if only_asks:
            connection = duckdb.connect(file, read_only=True, config=dict(_LOCKED_DOWN))
            if (version := _version(connection)) != VERSION:
                connection.close()
                raise ValueError(
                    f"{file}: is of version {version}, wanted {VERSION}; triage brings it up to date"
                )
            return connection
        return duckdb.connect(file, config=dict(_FRUGAL))


def _version(connection: DuckDBPyConnection) -> int:
    """0: there are no tables yet."""
    (tables,) = _one(connection, "SELECT count(*) FROM duckdb_tables() WHERE table_name = 'schema_versions'")
    if not tables:
        return 0
    (version,) = _one(connection, "SELECT max(version) FROM schema_versions")
    return int(version)


def _one(connection: DuckDBPyConnection, query: str, values: Sequence[object] = ()) -> tuple[Any, ...]:
    row = connection.execute(query, list(values)).fetchone()
    return row if row is not None else (None,)


class Store:
    """The only writer.

    Args:
        file: Path; made where it is missing, brought up to date where it is of an older version.
    """

    def __init__(self, file: str) -> None:
        self._file = file
        is_new = not Path(file).exists()
        try:
            self._connection = connect(file, only_asks=False)
        except OSError as error:
            if is_new and error.errno != errno.EBUSY:  # a beginning that DuckDB itself would not open again
                Path(file).unlink(missing_ok=True)
            raise
        try:
            with foreign_errors(file):
                self._migrate()
        except BaseException:
            self._connection.close()
            raise
        self.run = 0
        self._columns: dict[str, tuple[str, ...]] = {}
        """Types of a table's columns, by its name."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Write the log back into the file and close it."""
        self._connection.close()

    def _migrate(self) -> None:
        if (version := _version(self._connection)) > VERSION:
            raise ValueError(
                f"{self._file}: was written by a later version of this program (schema {version})"
            )
        (others,) = _one(self._connection, "SELECT count(*) FROM duckdb_tables()")
        if version == 0 and others:
            raise ValueError(f"{self._file}: is a database, but no store of triage")
        for following in range(version + 1, VERSION + 1):
            with self._transaction():
                self._connection.execute(
                    "CREATE TABLE IF NOT EXISTS schema_versions (version BIGINT, applied TIMESTAMP)"
                )
                for statement in MIGRATIONS[following]:
                    self._connection.execute(statement)
                self._connection.execute("INSERT INTO schema_versions VALUES (?, ?)", [following, _now()])

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._connection.begin()
        try:
            yield
        except BaseException:
            self._connection.rollback()
            raise
        self._connection.commit()

    def begin_run(self, tool: str, settings: str, roots: Sequence[str]) -> int:
        """Note that a run begins; returns its number."""
        with foreign_errors(self._file), self._transaction():
            (last,) = _one(self._connection, "SELECT coalesce(max(run), 0) FROM runs")
            self.run = int(last) + 1
            self._tool, self._settings = tool, settings
            self._connection.execute(
                "INSERT INTO runs VALUES (?, ?, NULL, ?, ?, ?, 'under way')",
                [self.run, _now(), tool, settings, [plain(root) for root in roots]],
            )
        return self.run

    def end_run(self, state: str) -> None:
        """Note how it ended: ``complete`` or ``stopped``; a run that was killed stays ``under way``."""
        with foreign_errors(self._file), self._transaction():
            self._connection.execute(
                "UPDATE runs SET ended = ?, state = ? WHERE run = ?", [_now(), state, self.run]
            )

    def known(self, keys: Sequence[str]) -> Mapping[str, Known]:
        """What is there of these cases."""
        with foreign_errors(self._file):
            rows = self._connection.execute(
                "SELECT case_key, stamp, content, tool, settings, outcome, verdict, seen_in_run, kit FROM cases "
                "WHERE case_key IN (SELECT unnest(?::VARCHAR[]))",
                [list(keys)],
            ).fetchall()
        return {
            key: Known(
                stamp,
                content,
                Outcome(outcome).is_final and (tool, settings) == (self._tool, self._settings),
                Outcome(outcome),
                verdict,
                run,
                kit,
            )
            for key, stamp, content, tool, settings, outcome, verdict, run, kit in rows
        }

    def write(self, results: Sequence[Result], left_out: Sequence[LeftOut], kits: Mapping[str, str]) -> None:
        """Write a batch, in one transaction; what was there of these cases goes.

        Args:
            results: At most one for each case.
            left_out: Places without a case.
            kits: Folder of the fix kit, by key of the case.
        """
        examined = [result for result in results if not result.unchanged]
        keyed = [(result.found.key, result) for result in examined]
        same = [result for result in results if result.unchanged]
        with foreign_errors(self._file), self._transaction():
            self._forget(examined)
            self._insert("cases", [self._case(result, kits) for result in examined])
            for table in TABLES:
                rows = [(key, *row) for key, result in keyed for row in result.rows.get(table, ())]
                if table == "errors":
                    rows += [
                        (key, "case", plain(result.found.source), result.reason)
                        for key, result in keyed
                        if result.reason is not None
                    ]
                self._insert(table, rows)
            self._insert("pages", [(key, result.page) for key, result in keyed if result.page is not None])
            self._insert("left_out", [(self.run, plain(one.source), plain(one.reason)) for one in left_out])
            if same:
                self._connection.execute(
                    "UPDATE cases SET seen_in_run = ?, stamp = new.stamp FROM "
                    "(SELECT unnest(?::VARCHAR[]) AS case_key, unnest(?::VARCHAR[]) AS stamp) AS new "
                    "WHERE cases.case_key = new.case_key",
                    [self.run, [result.found.key for result in same], [result.stamp for result in same]],
                )

    def _forget(self, results: Sequence[Result]) -> None:
        keys = [result.found.key for result in results]
        old = [
            key
            for (key,) in self._connection.execute(
                "SELECT case_key FROM cases WHERE case_key IN (SELECT unnest(?::VARCHAR[]))", [keys]
            ).fetchall()
        ]
        if old:
            for table in ("cases", *TABLES, "pages"):
                self._connection.execute(
                    f"DELETE FROM {table} WHERE case_key IN (SELECT unnest(?::VARCHAR[]))",  # noqa: S608 - a name of ours
                    [old],
                )

    def _case(self, result: Result, kits: Mapping[str, str]) -> tuple[object, ...]:
        found = result.found
        return (
            found.key,
            plain(found.source),
            plain(found.name),
            result.outcome.value,
            result.reason,
            result.verdict,
            result.cluster,
            result.stamp,
            result.content,
            result.files,
            result.size,
            None if result.collected is None else _moment(result.collected),
            _now(),
            result.seconds,
            result.memory,
            self.run,
            self.run,
            self._tool,
            self._settings,
            kits.get(found.key),
        )

    def _insert(self, table: str, rows: Sequence[tuple[object, ...]]) -> None:
        if not rows:
            return
        kinds = self._kinds(table)
        # One value for each column: hundreds of times as fast as a statement for each row.
        picked = ", ".join(f"unnest({_list_of(kind)})" for kind in kinds)
        columns = zip(kinds, zip(*rows, strict=True), strict=True)
        self._connection.execute(
            f"INSERT INTO {table} SELECT {picked}",
            [list(column) if kind in _NO_JSON else json.dumps(column) for kind, column in columns],
        )

    def _kinds(self, table: str) -> tuple[str, ...]:
        if table not in self._columns:
            rows = self._connection.execute(
                "SELECT data_type FROM duckdb_columns() WHERE table_name = ? ORDER BY column_index", [table]
            ).fetchall()
            self._columns[table] = tuple(kind for (kind,) in rows)
        return self._columns[table]


def _list_of(kind: str) -> str:
    """An expression for a parameter that holds a column."""
    if kind in _NO_JSON:
        return f"?::{kind}[]"
    # DuckDB reads JSON twice as fast as it looks at Python's objects one by one.
    shape = '[["VARCHAR"]]' if kind == "VARCHAR[]" else f'["{kind}"]'
    return f"from_json(?::VARCHAR, '{shape}')"


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None)
