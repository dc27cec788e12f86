"""The fixture scenarios, as tests see them."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
CORPUS = ROOT.parent / "shared" / "corpus"


@dataclass(frozen=True)
class Scenario:
    folder: Path
    exit_status: int
    stated: dict[str, str]
    verdicts: tuple[dict[str, Any], ...]

    @property
    def name(self) -> str:
        return self.folder.name

    @property
    def options(self) -> dict[str, Any]:
        """Keyword arguments of ``examine``."""
        return dict(self.stated)

    @property
    def case(self) -> Path:
        return self.folder / "case"


def load(folder: Path) -> Scenario:
    told = tomllib.loads((folder / "scenario.toml").read_text(encoding="utf-8"))
    return Scenario(folder, told["exit_status"], told.get("stated", {}), tuple(told.get("verdict", ())))


SCENARIOS = tuple(load(path) for path in sorted((ROOT / "fixtures" / "scenarios").iterdir()))
