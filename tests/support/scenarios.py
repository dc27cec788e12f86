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
    articles: tuple[str, ...]
    """The articles that are asked; empty: all."""
    media: tuple[Path, ...] = ()
    """What is given as media."""

    @property
    def name(self) -> str:
        return self.folder.name

    @property
    def options(self) -> dict[str, Any]:
        """Keyword arguments of ``examine`` and ``verify``."""
        return dict(self.stated)

    @property
    def arguments(self) -> list[str]:
        """What is typed after ``examine CASE``."""
        stated = [part for key, text in self.stated.items() for part in (f"--{key.replace('_', '-')}", text)]
        return stated + [part for path in self.media for part in ("--media", str(path))]

    @property
    def case(self) -> Path:
        return self.folder / "case"


def load(folder: Path) -> Scenario:
    told = tomllib.loads((folder / "scenario.toml").read_text(encoding="utf-8"))
    verdicts = tuple(told.get("verdict", ()))
    articles = tuple(told.get("articles", ("Q224553",)))
    media = tuple(folder / name for name in told.get("media", ()))
    return Scenario(folder, told["exit_status"], told.get("stated", {}), verdicts, articles, media)


FIXTURES = ROOT / "fixtures"
SCENARIOS = tuple(load(path) for path in sorted((FIXTURES / "scenarios").iterdir()))
RELATED = tuple(load(path.parent) for path in sorted((FIXTURES / "articles").glob("*/scenario.toml")))
"""Of the articles beside Q224553."""
