"""Chapters to Markdown, with their charts beside it."""

from __future__ import annotations

import json
import os
import platform
import re
import subprocess
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks._chapters import figure
from benchmarks._charts import draw_bars, draw_growth
from benchmarks._race import ROOT, LeftOut, Result, Slower

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from benchmarks._chapters import Bar, Chapter, Growth, Table

_PACKAGES = (
    "iiscluster-kb",
    "python-registry",
    "regipy",
    "regipy-rs",
    "dissect.regf",
    "dissect.target",
    "libregf-python",
    "impacket",
)
_PROFILES = ROOT / "benchmarks/profiles.md"


def describe_machine() -> list[str]:
    """Date, machine, versions and load, before anything is measured."""
    installed = [*(f"{name} {_version(name)}" for name in _PACKAGES), f"hivex {_of_debian('python3-hivex')}"]
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    load = ", ".join(f"{one:.2f}" for one in os.getloadavg())
    return [
        f"- Date: {datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        f"- Machine: {platform.system()} {platform.release()}, {processor()}, {os.cpu_count()} processors, {memory:.0f} GiB",
        f"- Interpreter: {platform.python_implementation()} {platform.python_version()}",
        f"- Versions: {', '.join(installed)}",
        f"- Load at the start (1, 5, 15 minutes): {load}",
    ]


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def _of_debian(package: str) -> str:
    try:
        command = ["dpkg-query", "--show", "--showformat=${Version}", package]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return "of unknown version"
    return done.stdout or "not installed"


def processor() -> str:
    """What the processor calls itself."""
    try:
        told = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return platform.machine()
    names = (line.partition(":")[2].strip() for line in told.splitlines() if line.startswith("model name"))
    return next(names, platform.machine())


def write_document(path: Path, machine: Iterable[str], chapters: Iterable[Chapter], command: str) -> None:
    """Write the document, and its charts into ``images`` beside it."""
    chapters = list(chapters)
    images = path.parent / "images"
    images.mkdir(parents=True, exist_ok=True)
    lines = [
        "# Performance",
        "",
        f"Written by `{command}`, in one run on one machine.",
        "Ratios hold, absolute times do not: compare figures of one run only.",
        "",
        *machine,
        "",
        "## What is asked for",
        "",
        *_bars(bar for chapter in chapters for bar in chapter.bars),
    ]
    for chapter in chapters:
        lines += ["", f"## {chapter.title}", "", chapter.text]
        for table in chapter.tables:
            lines += ["", f"### {table.title}", "", *_table(table)]
            if isinstance(table.outcomes[table.reference], Result):
                name = _file_name(chapter.title, table.title)
                (images / name).write_text(draw_bars(table), encoding="utf-8")
                lines += ["", f"![{table.title}: bars of the ratios](images/{name})"]
        for growth in chapter.growths:
            name = _file_name(chapter.title, growth.title)
            (images / name).write_text(draw_growth(growth), encoding="utf-8")
            lines += ["", f"### {growth.title}", "", *_growth(growth)]
            lines += ["", f"![{growth.title}: seconds by size](images/{name})"]
    lines += ["", _PROFILES.read_text(encoding="utf-8").rstrip(), ""]
    path.write_text("\n".join(lines), encoding="utf-8")


def _file_name(*titles: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", "-".join(titles).lower()).strip("-")[:80] + ".svg"


def _bars(bars: Iterable[Bar]) -> Iterator[str]:
    yield "| what | measured | bar | |"
    yield "|---|--:|--:|---|"
    for bar in bars:
        sign = "at least" if bar.at_least else "at most"
        said = "reached" if bar.reached else "**missed**"
        yield f"| {bar.what} | {figure(bar.measured)} {bar.unit} | {sign} {figure(bar.limit)} {bar.unit} | {said} |"


def _table(table: Table) -> Iterator[str]:
    reference = table.outcomes[table.reference]
    yield f"| | median | runs | peak memory | time, {table.reference} = 1 | answer |"
    yield "|---|--:|--:|--:|--:|---|"
    for name, outcome in table.outcomes.items():
        match outcome:
            case Result():
                ratio = figure(outcome.seconds / reference.seconds) if isinstance(reference, Result) else ""
                yield (
                    f"| {name} | {duration(outcome.seconds)} | {len(outcome.times)} | {outcome.peak} MiB | {ratio}"
                    f" | {_answer(outcome.answer)} |"
                )
            case Slower():
                ratio = (
                    f"> {figure(outcome.seconds / reference.seconds)}"
                    if isinstance(reference, Result)
                    else ""
                )
                yield f"| {name} | > {outcome.seconds:g} s | 1 | | {ratio} | stopped |"
            case LeftOut():
                yield f"| {name} | | | | | left out: {_cell(outcome.reason)} |"
    if table.answers and (differing := _differing(table)):
        yield ""
        yield f"Found otherwise: {differing}."


def _differing(table: Table) -> str:
    """Who answered otherwise than the reference, and how."""
    answers = {name: one.answer for name, one in table.outcomes.items() if isinstance(one, Result)}
    wanted = answers.get(table.reference)
    told = [f"{name} {json.dumps(answer)}" for name, answer in answers.items() if answer != wanted]
    return _cell("; ".join([*told, f"{table.reference} {json.dumps(wanted)}"])) if told else ""


def _answer(answer: object) -> str:
    match answer:
        case None:
            return ""
        case [int(keys), int(values)]:
            return f"{keys:,} keys, {values:,} values"
        case list():
            return f"{sum(one >= 0 for one in answer)} of {len(answer)} found"
        case int():
            return f"{answer:,}"
        case _:
            return _cell(str(answer))


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def _growth(growth: Growth) -> Iterator[str]:
    yield f"| | {growth.unit} | median | for each | peak memory |"
    yield "|---|--:|--:|--:|--:|"
    for name, line in growth.lines.items():
        for size, result in line:
            each = result.seconds / size * 1e6
            yield f"| {name} | {size:,} | {duration(result.seconds)} | {figure(each)} µs | {result.peak} MiB |"


def duration(seconds: float) -> str:
    """In the unit that reads best."""
    if seconds >= 1:
        return f"{seconds:.2f} s"
    return f"{seconds * 1e3:.1f} ms" if seconds >= 0.01 else f"{seconds * 1e3:.3f} ms"
