"""Passes all checks, one after another: ``python -m tests`` in the project's root. Fails at the first that fails."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SCRIPTS = Path(sysconfig.get_path("scripts"))

CHECKS = (
    (SCRIPTS / "ruff", "check"),
    (SCRIPTS / "ruff", "format", "--check"),
    (SCRIPTS / "mypy",),
    (SCRIPTS / "lint-imports",),
    (sys.executable, "-m", "pytest", "-q", "-n", "auto", "--dist", "loadgroup", "--cov"),
)


def main() -> int:
    # The tests start the program some hundred times; without its byte code it would be compiled each time.
    surroundings = {name: text for name, text in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    for check in CHECKS:
        line = [str(part) for part in check]
        print("+", Path(line[0]).name, *line[1:], flush=True)
        status = subprocess.run(line, cwd=ROOT, check=False, env=surroundings).returncode
        if status:
            return status
    return 0


if __name__ == "__main__":
    sys.exit(main())
