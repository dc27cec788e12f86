from __future__ import annotations

import re
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from benchmarks.__main__ import main
from benchmarks._chapters import Bar, Table, faster, figure
from benchmarks._charts import draw_bars
from benchmarks._jobs import JOBS
from benchmarks._race import OURS, Contender, Effort, LeftOut, Result, Slower, race

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from benchmarks._race import Outcome

OUTCOMES: dict[str, Outcome] = {
    OURS: Result((0.1, 0.3, 0.2), 14),
    "quick": Result((0.1,), 9),
    "slow": Slower(20),
    "none": LeftOut("x"),
}


def test_a_quick_run_writes_every_chapter_and_its_charts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--quick", "--peers", "", "--out", str(tmp_path), "--data", str(tmp_path / "data")]) == 0
    text = (tmp_path / "performance.md").read_text(encoding="utf-8")
    assert capsys.readouterr().out == f"{tmp_path / 'performance.md'}\n"
    assert "Load at the start" in text
    assert "left out: fails" not in text
    assert "import above a bare interpreter" in text
    assert (
        len(re.findall("^## ", text, re.MULTILINE)) == len(JOBS) + 2
    )  # the bars before, the profiles behind
    drawn = re.findall(r"\]\((images/[^)]+\.svg)\)", text)
    assert len(drawn) == len(set(drawn)) > len(JOBS)
    for name in drawn:
        ET.parse(tmp_path / name)  # noqa: S314 - our own picture


def test_bars_count_a_stopped_peer_with_the_time_it_had() -> None:
    bars = faster("walk", OUTCOMES, {"quick": 1.0, "slow": 100.0, "none": 5.0})
    assert [(bar.measured, bar.reached) for bar in bars] == [(0.5, False), (100.0, True)]
    assert not Bar("import", 41.0, 40.0, at_least=False).reached


def test_pictures_are_the_same_for_the_same_figures() -> None:
    table = Table("SYSTEM <15 MB>", OUTCOMES)
    assert draw_bars(table) == draw_bars(table)
    shown = [text for text in ET.fromstring(draw_bars(table)).itertext() if text.strip()]  # noqa: S314 - our own picture
    assert {"SYSTEM <15 MB>", "quick", "0.5", "> 100"} <= set(shown)
    assert "none" not in shown


def test_who_is_not_installed_or_too_slow_is_told(tmp_path: Path) -> None:
    effort = Effort(turns=2, runs=1, warm=False, limit=0.5)
    command = {"ours": (["true"], None), "gone": (["no-such-program"], None), "slow": (["sleep", "9"], None)}
    contenders = [Contender(name, "_commands") for name in command]
    contenders.append(Contender("elsewhere", "_commands", str(tmp_path / "no-python")))
    outcomes = race("command", contenders, {"commands": command}, effort)
    assert isinstance(outcomes["ours"], Result)
    assert len(outcomes["ours"].times) == 2
    assert outcomes["gone"] == LeftOut("not installed: no-such-program")
    assert outcomes["slow"] == Slower(0.5)
    assert outcomes["elsewhere"] == LeftOut(
        f"not installed: {tmp_path / 'no-python'}: No such file or directory"
    )


def test_figures_have_three_digits_that_count() -> None:
    assert [figure(number) for number in (0, 0.01234, 0.455, 40.0, 999.9, 1.08e5)] == [
        "0", "0.0123", "0.455", "40", "1,000", "108,000",
    ]  # fmt: skip
