"""What the command does with its arguments."""

from __future__ import annotations

import csv
import io
import os
import shutil
import sys
import tempfile
import zlib
from contextlib import ExitStack
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING

from iiscluster_kb._output import print_documents, print_text, write_documents
from iiscluster_kb.articles import choose
from iiscluster_kb.case import parse_limits
from iiscluster_kb.model import Document
from iiscluster_kb.render._escape import cell, printable
from iiscluster_kb.triage._asking import as_json, ask, export
from iiscluster_kb.triage._kits import KitFolder
from iiscluster_kb.triage._nouns import Found, Settings
from iiscluster_kb.triage._progress import Progress
from iiscluster_kb.triage._report import summary_html, summary_json, summary_text
from iiscluster_kb.triage._run import Counts, Spool, triage
from iiscluster_kb.triage._store import Store, connect
from iiscluster_kb.triage._summary import page_of, summarise
from iiscluster_kb.triage._worklist import find_cases

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterable, Iterator

    from duckdb import DuckDBPyConnection

    from iiscluster_kb.render import View
    from iiscluster_kb.triage._nouns import Result
    from iiscluster_kb.triage._summary import Summary

__all__ = ["answer", "examine_all", "show_list"]

_TOGETHER = 1000
"""Lines that are printed at once."""
_LARGEST_PAGE = 64 << 20


# --- many cases -------------------------------------------------------------------------------------


def show_list(options: argparse.Namespace) -> int:
    """Print the work list: what is a case, and what is none and why."""
    with _spool(options, _settings(options, 1)) as spool:
        lines = (
            f"case\t{printable(item.source)}\n"
            if isinstance(item, Found)
            else f"none\t{printable(item.source)}\t{printable(item.reason)}\n"
            for item in find_cases(options.roots, spool.cases)
        )
        _print(lines)
    return 0


def examine_all(options: argparse.Namespace, note: Callable[[str], None]) -> int:
    """Examine every case into the store."""
    if options.store is None:
        raise ValueError("triage needs --store FILE (see iiscluster-kb triage --help)")
    workers = _workers(options)
    settings = _settings(options, 0 if options.scheduler else workers)
    with ExitStack() as stack:
        kits = None if options.fix_into is None else KitFolder(options.fix_into, options.roots)
        log = None
        if options.log is not None:
            log = stack.enter_context(
                Path(options.log).open("a", encoding="utf-8", errors="backslashreplace")
            )
        progress = stack.enter_context(Progress(_progress_form(options), log))
        store = stack.enter_context(Store(options.store))
        spool = stack.enter_context(_spool(options, settings))
        counts, state = Counts(), "stopped"

        def tell(now: Counts, result: Result | None) -> None:
            nonlocal counts
            counts = now
            progress(now, result)

        try:
            counts = triage(
                options.roots,
                store,
                settings,
                workers=workers,
                scheduler=options.scheduler,
                again=options.again,
                kits=kits,
                spool=spool,
                progress=tell,
            )
            state = "complete"
        finally:
            progress.finish(counts, state)
    if kits is not None:
        _write_index(options.store, kits, note)
    if not counts.found:
        note("no case was found; --dry-run shows why")
    return counts.exit_status


def _workers(options: argparse.Namespace) -> int:
    if options.workers is not None and options.workers < 1:
        raise ValueError(f"--workers {options.workers}: wanted a number above zero")
    if options.workers is not None:
        return int(options.workers)
    usable = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else None
    return len(usable) if usable else os.cpu_count() or 1


def _settings(options: argparse.Namespace, workers: int) -> Settings:
    if options.case_timeout <= 0:
        raise ValueError(f"--case-timeout {options.case_timeout:g}: wanted seconds above zero")
    articles = options.article and tuple(sorted({rule.article.id for rule in choose(options.article)}))
    limits = parse_limits(options.max_files, options.max_size or "1G")
    return Settings(
        articles=articles or None,
        second_opinion=options.second_opinion,
        seconds=options.case_timeout,
        memory=_size("--case-memory", options.case_memory),
        files=limits.files,
        size=_affordable(limits.total, workers, is_asked=options.max_size is not None),
        kits=options.fix_into is not None,
        facts=options.facts,
        pages=options.reports,
    )


def _size(option: str, text: str) -> int:
    try:
        return parse_limits(None, text).total
    except ValueError as error:
        raise ValueError(str(error).replace("--max-size", option)) from error


def _affordable(size: int, workers: int, *, is_asked: bool) -> int:
    """As much as every worker may expand at once without filling the temporary directory."""
    free = shutil.disk_usage(tempfile.gettempdir()).free
    if size * workers <= free:
        return size
    if is_asked:
        raise ValueError(
            f"--max-size: {workers} workers may need {size * workers >> 20:,} MiB in {tempfile.gettempdir()}, which has "
            f"{free >> 20:,} MiB; fewer --workers, a smaller --max-size, or another TMPDIR"
        )
    while size * workers > free and size > 1 << 20:
        size >>= 1
    return size


def _spool(options: argparse.Namespace, settings: Settings) -> Spool:
    return Spool(settings, _size("--max-archive-size", options.max_archive_size), options.spool)


def _progress_form(options: argparse.Namespace) -> str:
    if options.progress != "auto":
        return str(options.progress)
    if options.quiet:
        return "none"
    return "live" if sys.stderr.isatty() else "plain"


def _write_index(store: str, kits: KitFolder, note: Callable[[str], None]) -> None:
    connection = connect(store, only_asks=True)
    try:
        summary = summarise(connection)
        _, rows = ask(
            connection,
            "SELECT kit, name, source, cluster, verdict FROM cases WHERE kit IS NOT NULL ORDER BY kit",
        )
        lines = list(_csv_lines(("kit", "case", "source", "cluster", "verdict"), rows))
    finally:
        connection.close()
    links = {case.key: f"{case.kit}/report.html" for case in summary.faulty if kits.has(case.kit)}
    documents = (
        Document("index.csv", "".join(lines).encode("utf-8")),
        Document("index.html", summary_html(summary, "Fix kits", links)),
    )
    write_documents(documents, f"{kits.path}{os.sep}", force=True)
    note(f"wrote {len(lines) - 1} kits and their index to {kits.path}")


# --- questions --------------------------------------------------------------------------------------


def answer(  # noqa: PLR0913 - what the command line knows
    verb: str,
    rest: list[str],
    form: str,
    *,
    options: argparse.Namespace,
    view: View,
    note: Callable[[str], None],
) -> int:
    """``report STORE``, ``query STORE SELECT`` or ``export STORE DIR``."""
    match verb, rest:
        case "report", [store]:
            return _report(store, form, options, view, note)
        case "query", [store, query]:
            return _query(store, query, form)
        case "export", [store, folder]:
            for path in export(store, folder, form):
                note(f"wrote {path}")
            return 0
        case _:
            wanted = {"report": "STORE", "query": "STORE SELECT", "export": "STORE DIR"}[verb]
            raise ValueError(f"usage: triage {verb} {wanted} (a folder of that name: ./{verb})")


def _report(
    store: str, form: str, options: argparse.Namespace, view: View, note: Callable[[str], None]
) -> int:
    connection = connect(store, only_asks=True)
    try:
        summary = summarise(connection)
        documents = list(_documents(connection, summary, store, form, options=options, view=view))
    finally:
        connection.close()
    if options.output is None:
        print_documents(documents)
    else:
        for path in write_documents(documents, options.output, force=options.force)[:1]:
            note(
                f"wrote {path}"
                if len(documents) == 1
                else f"wrote {path} and {len(documents) - 1} reports of cases"
            )
    return 0


def _documents(  # noqa: PLR0913 - what the command line knows
    connection: DuckDBPyConnection,
    summary: Summary,
    store: str,
    form: str,
    *,
    options: argparse.Namespace,
    view: View,
) -> Iterator[Document]:
    match form:
        case "text":
            yield Document("triage.txt", summary_text(summary, view).encode("utf-8"))
        case "json":
            yield Document("triage.json", summary_json(summary))
        case _:
            into_folder = options.output is not None and (
                options.output.endswith(("/", os.sep)) or Path(options.output).is_dir()
            )
            linked = [case.key for case in summary.faulty if case.has_page] if into_folder else []
            links = {key: f"case-{key}.html" for key in linked}
            yield Document("index.html", summary_html(summary, Path(store).stem, links))
            for key in linked:
                yield Document(links[key], _expanded(page_of(connection, key)), printed=False)


def _expanded(page: bytes) -> bytes:
    engine = zlib.decompressobj()
    try:
        return engine.decompress(page, _LARGEST_PAGE)
    except zlib.error as error:
        raise ValueError(f"the store holds a damaged page: {error}") from error


def _query(store: str, query: str, form: str) -> int:
    connection = connect(store, only_asks=True)
    try:
        heads, rows = ask(connection, query)
        match form:
            case "csv":
                _print(_csv_lines(heads, rows))
            case "jsonl":
                _print(f"{as_json(dict(zip(heads, row, strict=True)))}\n" for row in rows)
            case _:
                _print(f"{line}\n" for line in _tabbed(heads, rows))
    finally:
        connection.close()
    return 0


def _tabbed(heads: Iterable[str], rows: Iterable[tuple[object, ...]]) -> Iterator[str]:
    yield "\t".join(map(printable, heads))
    for row in rows:
        yield "\t".join("" if value is None else printable(str(value)) for value in row)


def _csv_lines(heads: Iterable[str], rows: Iterable[tuple[object, ...]]) -> Iterator[str]:
    for row in chain([tuple(heads)], rows):
        line = io.StringIO()
        csv.writer(line, lineterminator="\n").writerow([_safe(value) for value in row])
        yield line.getvalue()


def _safe(value: object) -> object:
    """What no spreadsheet takes for a formula, and no terminal for an order."""
    if isinstance(value, list | tuple):
        return as_json(value)
    return cell(value) if isinstance(value, str) else value


def _print(lines: Iterable[str]) -> None:
    source = iter(lines)
    while chunk := "".join(islice(source, _TOGETHER)):
        print_text(chunk)
