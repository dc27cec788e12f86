"""What a store tells, as a report of it needs: totals, faulty cases, trends, errors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from iiscluster_kb.triage._store import foreign_errors

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

__all__ = ["FaultyCase", "Summary", "Trouble", "page_of", "summarise"]

_MOST = 5000
"""Lines of a table in a report; the rest is for ``triage query`` and ``triage export``."""


@dataclass(frozen=True, slots=True)
class FaultyCase:
    """A case with a confirmed or likely cause."""

    key: str
    name: str
    source: str
    cluster: str | None
    verdict: str
    causes: tuple[str, ...]
    """``NODE1: Q224553/dll-missing (absent)``."""
    patches: int
    """Values that the patches change."""
    collected: str | None
    """Day: ``2003-05-04``."""
    kit: str | None
    has_page: bool


@dataclass(frozen=True, slots=True)
class Trouble:
    """A case without an answer."""

    name: str
    source: str
    outcome: str
    reason: str


@dataclass(frozen=True, slots=True)
class Summary:
    """All that a report says."""

    cases: int
    outcomes: tuple[tuple[str, int], ...]
    verdicts: tuple[tuple[str, int], ...]
    articles: tuple[tuple[str, str, int], ...]
    """Cause, verdict, and in how many cases."""
    months: tuple[tuple[str, int, int], ...]
    """Month of the newest file, cases, and how many of them are faulty."""
    faulty: tuple[FaultyCase, ...]
    faulty_count: int
    troubles: tuple[Trouble, ...]
    trouble_count: int
    reasons: tuple[tuple[str, int], ...]
    """Why files could not be used, the commonest first."""
    duplicates: int
    """Cases that hold the same bytes as an earlier one."""
    left_out: int
    runs: tuple[tuple[int, str, str], ...]
    """Number, day and state."""


_FAULTY = """
SELECT c.case_key, c.name, c.source, c.cluster, c.verdict,
    (SELECT coalesce(list(coalesce(f.machine, 'cluster') || ': ' || f.finding || ' (' || f.detail || ')' ORDER BY f.number), [])
     FROM findings f WHERE f.case_key = c.case_key AND f.weighs AND f.verdict IN ('confirmed', 'likely')),
    (SELECT count(*) FROM patches p WHERE p.case_key = c.case_key),
    strftime(c.collected, '%Y-%m-%d'), c.kit,
    EXISTS (SELECT 1 FROM pages g WHERE g.case_key = c.case_key)
FROM cases c WHERE c.verdict IN ('confirmed', 'likely') ORDER BY c.name, c.source LIMIT ?
"""
_QUERIES = {
    "outcomes": "SELECT outcome, count(*) FROM cases GROUP BY 1 ORDER BY 2 DESC, 1",
    "verdicts": "SELECT coalesce(verdict, 'none'), count(*) FROM cases GROUP BY 1 ORDER BY 2 DESC, 1",
    "articles": "SELECT finding, verdict, count(DISTINCT case_key) FROM findings GROUP BY 1, 2 ORDER BY 1, 3 DESC, 2",
    "months": "SELECT coalesce(strftime(collected, '%Y-%m'), 'unknown'), count(*), "
    "count(*) FILTER (verdict IN ('confirmed', 'likely')) FROM cases GROUP BY 1 ORDER BY 1",
    "reasons": "SELECT regexp_replace(reason, '[0-9][0-9,]*', 'N', 'g'), count(*) FROM errors WHERE kind = 'file' "
    "GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 20",
    "runs": "SELECT run, strftime(started, '%Y-%m-%d'), state FROM runs ORDER BY run",
}


def summarise(connection: DuckDBPyConnection) -> Summary:
    """Ask a store, opened with ``connect``."""

    def rows(query: str, *values: object) -> tuple[Any, ...]:
        with foreign_errors("report"):
            return tuple(connection.execute(query, list(values)).fetchall())

    told = {name: rows(query) for name, query in _QUERIES.items()}
    ((cases, faulty, troubled),) = rows(
        "SELECT count(*), count(*) FILTER (verdict IN ('confirmed', 'likely')), count(*) FILTER (outcome <> 'done') FROM cases"
    )
    return Summary(
        cases=cases,
        faulty=tuple(
            FaultyCase(key, name, source, cluster, verdict, tuple(causes), patches, day, kit, has_page)
            for key, name, source, cluster, verdict, causes, patches, day, kit, has_page in rows(
                _FAULTY, _MOST
            )
        ),
        faulty_count=faulty,
        troubles=tuple(
            Trouble(*row)
            for row in rows(
                "SELECT name, source, outcome, coalesce(reason, '') FROM cases WHERE outcome <> 'done' "
                "ORDER BY name, source LIMIT ?",
                _MOST,
            )
        ),
        trouble_count=troubled,
        duplicates=rows("SELECT coalesce(sum(copies - 1), 0)::BIGINT FROM duplicates")[0][0],
        left_out=rows("SELECT count(*) FROM left_out WHERE run = (SELECT max(run) FROM runs)")[0][0],
        **told,
    )


def page_of(connection: DuckDBPyConnection, key: str) -> bytes:
    """The HTML report of one case, still compressed."""
    with foreign_errors("report"):
        row = connection.execute("SELECT page FROM pages WHERE case_key = ?", [key]).fetchone()
    return b"" if row is None else bytes(row[0])
