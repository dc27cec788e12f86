"""What these tests need is an extra; without it they are left out, with the reason."""

from __future__ import annotations

import argparse
import shlex
from typing import TYPE_CHECKING

import pytest

pytest.importorskip("duckdb", reason="the extra triage is not installed: no duckdb")

from iiscluster_kb.render import View
from iiscluster_kb.triage._command import add_arguments, run

if TYPE_CHECKING:
    from collections.abc import Callable

Command = "Callable[..., int]"


@pytest.fixture
def triage() -> Callable[..., int]:
    """The command, as the command line runs it: words of one text, then further arguments as they are."""

    def called(words: str, *further: object) -> int:
        parser = argparse.ArgumentParser(prog="iiscluster-kb triage", exit_on_error=False)
        add_arguments(parser)
        parser.set_defaults(quiet=True)
        return run(
            parser.parse_args([*shlex.split(words), *map(str, further)]), View(200), lambda _text: None
        )

    return called
