"""What these tests need is an extra; without it they are left out, with the reason."""

from __future__ import annotations

import argparse
import shlex
from typing import TYPE_CHECKING

import pytest

pytest.importorskip("duckdb", reason="the extra triage is not installed: no duckdb")

from iiscluster_kb.render import View
from iiscluster_kb.triage._command import add_arguments, run
from iiscluster_kb.triage._examination import carry_out
from iiscluster_kb.triage._wire import pack_result, pack_task, unpack_result, unpack_task

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from iiscluster_kb.triage._nouns import Result, Task


def _examine_in_this_process(tasks: Iterable[Task], _workers: int) -> Iterator[Result]:
    """What a worker does, with the same messages, but without the half second in which one starts."""
    for task in tasks:
        yield unpack_result(task.found, pack_result(carry_out(unpack_task(pack_task(task)))))


@pytest.fixture
def triage() -> Callable[..., int]:
    """The command, as the command line runs it: words of one text, then further arguments as they are.

    ``apart``: with workers, for what depends on them.
    """

    def called(words: str, *further: object, apart: bool = False) -> int:
        parser = argparse.ArgumentParser(prog="iiscluster-kb triage", exit_on_error=False)
        add_arguments(parser)
        parser.set_defaults(quiet=True)
        options = parser.parse_args([*shlex.split(words), *map(str, further)])
        with pytest.MonkeyPatch.context() as patch:
            if not apart:
                patch.setattr("iiscluster_kb.triage._run.examine_here", _examine_in_this_process)
            return run(options, View(200), lambda _text: None)

    return called
