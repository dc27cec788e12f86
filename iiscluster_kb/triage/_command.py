"""The command ``triage``: its arguments and what it does. Imports nothing heavy before it runs.

``triage ROOT…`` examines; ``triage report``, ``triage query`` and ``triage export`` ask the store. A folder with
one of these names is given as ``./report``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from iiscluster_kb.render import View

__all__ = ["add_arguments", "run"]

_FORMATS = {
    "report": ("text", "json", "html"),
    "query": ("text", "csv", "jsonl"),
    "export": ("parquet", "csv", "jsonl"),
}
"""The first is the default."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments; ``run`` takes what is parsed."""
    parser.usage = (
        "%(prog)s ROOT... --store FILE [options]\n"
        "       %(prog)s report STORE [--format text|json|html] [--output FILE|FOLDER/]\n"
        "       %(prog)s query STORE SELECT [--format text|csv|jsonl]\n"
        "       %(prog)s export STORE DIR [--format parquet|csv|jsonl]"
    )
    parser.add_argument(
        "roots",
        metavar="ROOT",
        nargs="+",
        help="a folder, an archive, a pattern, @list or a URL; or report, query, export (a folder of that name: ./report)",
    )
    parser.add_argument(
        "--store", metavar="FILE", help="the DuckDB file; made where it is missing, else gone on with"
    )
    parser.add_argument(
        "--dry-run", action="store_true", help="print what would be taken for a case, examine nothing"
    )
    parser.add_argument("--again", action="store_true", help="examine unchanged cases, too")
    _add_work(parser)
    _add_diagnosis(parser)
    _add_results(parser)


def _add_work(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--workers", metavar="N", type=int, help="processes; default: one for each core")
    parser.add_argument(
        "--scheduler", metavar="URL", help="let the workers of this Dask scheduler do it: tcp://host:8786"
    )
    parser.add_argument(
        "--case-timeout",
        metavar="SECONDS",
        type=float,
        default=120.0,
        help="for one case; default: %(default)g",
    )
    parser.add_argument(
        "--case-memory",
        metavar="SIZE",
        default="2G",
        help="of one worker, where the system can limit it; default: %(default)s",
    )
    parser.add_argument("--max-files", metavar="N", help="files of one case; default: 100000")
    parser.add_argument(
        "--max-size", metavar="SIZE", help="what the archives of one case may expand to; default: 1G"
    )
    parser.add_argument(
        "--max-archive-size",
        metavar="SIZE",
        default="64G",
        help="the same of an archive of cases; default: %(default)s",
    )
    parser.add_argument(
        "--spool", metavar="DIR", help="where archives of cases are unpacked; seen by every Dask worker"
    )


def _add_diagnosis(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--article",
        metavar="ID",
        action="append",
        help="ask this article alone; may be repeated; default: all",
    )
    parser.add_argument(
        "--second-opinion",
        choices=("faulty", "all", "none"),
        default="faulty",
        help="in which cases other readers check what is cited; default: %(default)s",
    )
    parser.add_argument(
        "--no-second-opinion",
        dest="second_opinion",
        action="store_const",
        const="none",
        help="the same as none",
    )


def _add_results(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--fix-into", metavar="DIR", help="write a fix kit for each faulty case, with an index"
    )
    parser.add_argument(
        "--facts",
        choices=("open", "all"),
        default="open",
        help="of which findings the store keeps the facts; open: confirmed, likely, undetermined; default: %(default)s",
    )
    parser.add_argument(
        "--reports",
        choices=("faulty", "all", "none"),
        default="faulty",
        help="of which cases the store keeps the HTML report; default: %(default)s",
    )
    parser.add_argument(
        "--progress",
        choices=("auto", "json", "none"),
        default="auto",
        help="on standard error; default: %(default)s",
    )
    parser.add_argument("--log", metavar="FILE", help="a line for each case is added to it")
    parser.add_argument(
        "--format", choices=sorted({f for forms in _FORMATS.values() for f in forms}), help="of what is asked"
    )
    parser.add_argument(
        "--output", metavar="FILE", help="write to FILE, or into FOLDER/ with each case's report beside it"
    )
    parser.add_argument("--force", action="store_true", help="replace files that are there already")


def run(options: argparse.Namespace, view: View, note: Callable[[str], None]) -> int:
    """Examine many cases, or ask about them.

    Args:
        options: What ``add_arguments`` declared.
        view: Columns and colour of the text.
        note: Told what people should know.

    Returns:
        0: every case is done and nothing was found. 1: at least one has a fault. 3: none has, but at least one is
        undetermined or has no answer. A question to a store: 0.

    Raises:
        KeyboardInterrupt: Somebody stopped it; what is done is in the store.
        OSError: A place cannot be read or written.
        ValueError: Wrong usage, or an extra is not installed.
    """
    first, *rest = options.roots
    match first:
        case "report" | "query" | "export":
            from iiscluster_kb.triage._verbs import answer  # noqa: PLC0415 - see the module

            form = options.format or _FORMATS[first][0]
            if form not in _FORMATS[first]:
                raise ValueError(f"triage {first}: --format {form}: there are {', '.join(_FORMATS[first])}")
            return answer(first, rest, form, options=options, view=view, note=note)
        case _:
            from iiscluster_kb.triage._verbs import examine_all, show_list  # noqa: PLC0415 - see the module

            return show_list(options) if options.dry_run else examine_all(options, note)
