"""The process in which atheris guides a search: ``python -m tests.fuzz.guided.guide TARGET FINDINGS OPTION…``."""

from __future__ import annotations

import importlib
import sys
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

from tests.fuzz.guided.watch import Watch, limit_memory

_TRIED = 8
"""Seeds that are run before the search, by which what a target needs is imported as the guide wants it."""
_PATIENCE = 60
"""Seconds of CPU time for one of these, since importing takes its part."""


def main(name: str, findings: str, *options: str) -> None:
    """Search until an option of libFuzzer ends it; it ends the process too."""
    atheris: Any = importlib.import_module("atheris")  # untyped, and absent where there is no wheel of it
    limit_memory()
    with atheris.instrument_imports(include=["iiscluster_kb"], enable_loader_override=False):
        target = importlib.import_module(f"tests.fuzz.guided.targets.{name}").TARGET
        patient = Watch(replace(target, seconds=_PATIENCE), Path(findings))
        for seed in islice(target.seeds(), _TRIED):
            patient(seed)
        atheris.Setup([sys.argv[0], *options], Watch(target, Path(findings)))
        atheris.Fuzz()


if __name__ == "__main__":
    main(*sys.argv[1:])
