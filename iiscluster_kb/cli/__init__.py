"""The command line: arguments to a library call, its result to standard output or files, an exit status.

0: nothing found. 1: a cause is confirmed or likely. 2: could not run. 3: nothing found, but the evidence
leaves a cause open. Results go to standard output, everything else to standard error.

Nothing heavy is imported before a command needs it: ``--help`` and ``--version`` answer at once.
"""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING

from iiscluster_kb.cli._terminal import complain, message
from iiscluster_kb.errors import IisClusterError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

__all__ = ["main"]

_COULD_NOT_RUN = 2
_RARELY = 20_000
"""Objects made between two looks for garbage. What is imported and read stays until the process ends: looking
through it as often as usual is a twentieth of an examination, and more where a listing is long."""
_INTERRUPTED = 130
"""128 and the number of SIGINT, as shells report it."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        argv: Arguments without the program's name; default: those of the process.

    Returns:
        The exit status.

    Raises:
        SystemExit: ``--help`` and ``--version`` (0), wrong usage (2).
    """
    gc.set_threshold(_RARELY, *gc.get_threshold()[1:])
    options: argparse.Namespace | None = None
    try:
        from iiscluster_kb.cli._parser import command_line  # in here, as Ctrl-C may come while it is imported

        options = command_line().parse_args(argv)
        status: int = options.run(options)
    except KeyboardInterrupt:
        complain("interrupted")
        return _INTERRUPTED
    except MemoryError:
        complain("out of memory")
        return _COULD_NOT_RUN
    except (IisClusterError, OSError, ValueError) as error:
        from iiscluster_kb.cli._advice import advice

        complain(message(error), advice(error, options))
        return _COULD_NOT_RUN
    return status
