"""The command ``verify``: its arguments and what it does. Imports nothing heavy before it runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from iiscluster_kb.render import View

__all__ = ["add_arguments", "run"]

FORMATS = ("text", "json", "markdown")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments; ``run`` takes what is parsed."""
    parser.add_argument("before", metavar="BEFORE", nargs="?", help="the case from before the repair")
    parser.add_argument("after", metavar="AFTER", nargs="?", help="the case collected since")
    parser.add_argument(
        "--kit", metavar="DIR", help="the fix kit that was delivered; default: what BEFORE calls for"
    )
    parser.add_argument("--format", choices=FORMATS, default="text", help="default: %(default)s")
    parser.add_argument("--output", metavar="FILE", help="write to FILE, or into FOLDER/")
    parser.add_argument("--force", action="store_true", help="replace a file that is there already")
    parser.add_argument(
        "--article",
        metavar="ID",
        action="append",
        help="ask this article alone; may be repeated; default: all",
    )
    parser.add_argument(
        "--no-second-opinion", action="store_true", help="do not let other readers check what a finding cites"
    )
    for suffix, when in (("", "before the repair"), ("-after", "still, after it")):
        parser.add_argument(f"--symptom{suffix}", choices=("finish-button",), help=f"what was seen {when}")
        parser.add_argument(
            f"--administered-from{suffix}",
            metavar="MACHINE",
            help=f"the machine on which Cluster Administrator ran {when}",
        )
    parser.add_argument("--schema", action="store_true", help="print the JSON Schema of --format json")


def run(options: argparse.Namespace, view: View, note: Callable[[str], None]) -> int:
    """Compare two collections and tell it.

    Args:
        options: What ``add_arguments`` declared.
        view: Columns and colour of the text.
        note: Told which files were written.

    Returns:
        0: all is cured. 1: a fault remains or is new. 3: none is left, but something is not decided.

    Raises:
        IisClusterError: It could not run: a case or the kit cannot be read, or they do not belong together.
        OSError: The result cannot be written.
        ValueError: Wrong usage.
    """
    from iiscluster_kb._output import print_documents, print_text, write_documents  # noqa: PLC0415 - see the module
    from iiscluster_kb.comparison import render_comparison, verification_schema, verify  # noqa: PLC0415 - see the module

    if options.schema:
        print_text(verification_schema().decode("ascii"))
        return 0
    if options.after is None:
        raise ValueError("verify needs BEFORE and AFTER (see iiscluster-kb verify --help)")
    comparison = verify(
        options.before,
        options.after,
        kit=options.kit,
        symptom=options.symptom,
        symptom_after=options.symptom_after,
        administered_from=options.administered_from,
        administered_from_after=options.administered_from_after,
        articles=options.article,
        second_opinion=not options.no_second_opinion,
    )
    documents = (render_comparison(comparison, options.format, view),)
    if options.output is None:
        print_documents(documents)
    else:
        for path in write_documents(documents, options.output, force=options.force):
            note(f"wrote {path}")
    return comparison.status
