"""Asks pip-audit whether advisories are known of what the lock pins: ``python -m tests.supply.audit``.

pip-audit counts what its service does not know as skipped and then calls the whole sound. Here that is an answer of its
own: nothing was answered at all (no service within reach), or some was (then what is left out is worth a look).
"""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from enum import Enum
from importlib.util import find_spec
from typing import Any

from tests.supply.dependencies import LOCK
from tests.support.scenarios import ROOT


class Answer(Enum):
    SOUND = "no advisory is known"
    VULNERABLE = "advisories are known"
    PARTIAL = "part of it is unknown to the service"
    UNKNOWN = "nobody answered"


@dataclass(frozen=True, slots=True)
class Audit:
    answer: Answer
    lines: tuple[str, ...]

    @property
    def status(self) -> int:
        """What the process leaves with: a service out of reach stops nobody's work."""
        return int(self.answer in {Answer.VULNERABLE, Answer.PARTIAL})


def judge(report: str, reason: str) -> Audit:
    """Read pip-audit's JSON; `reason` is what it said beside it."""
    try:
        packages: list[dict[str, Any]] = json.loads(report)["dependencies"]
    except (ValueError, KeyError, TypeError):
        return Audit(Answer.UNKNOWN, (reason or "pip-audit left no report",))
    skipped = tuple(package["skip_reason"] for package in packages if "skip_reason" in package)
    known = tuple(
        f"{package['name']} {package['version']}: {advisory['id']}, mended in {advisory['fix_versions'] or 'no release'}"
        for package in packages
        for advisory in package.get("vulns", [])
    )
    if known:
        return Audit(Answer.VULNERABLE, known + skipped)
    if len(skipped) == len(packages):
        return Audit(
            Answer.UNKNOWN, (f"none of {len(packages)} packages, the first: {skipped[0]}",) if skipped else ()
        )
    return Audit(Answer.PARTIAL, skipped) if skipped else Audit(Answer.SOUND, (f"{len(packages)} packages",))


def main() -> int:
    if find_spec("pip_audit") is None:
        print("audit: skipped, pip-audit is not installed (dependency group supply)")
        return 0
    what = ("--requirement", str(LOCK), "--require-hashes", "--disable-pip")
    asked = subprocess.run(
        [sys.executable, "-m", "pip_audit", *what, "--format", "json", "--progress-spinner", "off"],
        cwd=ROOT,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    said = asked.stderr.strip().splitlines()
    audit = judge(asked.stdout, said[-1] if said else "")
    print("audit:", audit.answer.value, *audit.lines, sep="\n  ")
    return audit.status


if __name__ == "__main__":
    sys.exit(main())
