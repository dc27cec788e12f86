from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iiscluster_kb.triage._nouns import Found, Outcome, Result, Settings, Task
from iiscluster_kb.triage._wire import pack_result, pack_task, plain, unpack_result, unpack_task

FOUND = Found("/a/b\udcff", "/a/b\udcff", "b\udcff")
RESULT = Result(
    FOUND,
    Outcome.DONE,
    verdict="confirmed",
    cluster="WEB",
    stamp="s",
    content="c",
    files=3,
    size=5,
    collected=1.5,
    seconds=0.25,
    memory=7,
    rows={"errors": (("file", "x", "y"),), "machines": (("N", "node", None, None, None, None, 1),)},
    page=b"\x00page",
    kit=(("NODE1.reg", b"\xff\xfe"),),
)


def broken(**changes: Any) -> bytes:
    return json.dumps(json.loads(pack_result(RESULT)) | changes).encode()


def test_both_ways() -> None:
    task = Task(FOUND, Settings(articles=("Q224553",)), "s", "c", "/into")
    assert unpack_task(pack_task(task)) == task
    assert unpack_result(FOUND, pack_result(RESULT)) == RESULT


def test_text_that_utf_8_cannot_carry() -> None:
    told = unpack_result(
        FOUND, broken(cluster="a\ud800b", rows={"errors": [["file", "\udcff", "\U0001f600"]]})
    )
    assert told.cluster == "a\\ud800b"
    assert told.rows["errors"] == (("file", "\\udcff", "\U0001f600"),)
    assert plain("plain") == "plain"


def test_a_time_that_no_calendar_has() -> None:
    assert unpack_result(FOUND, broken(collected=1e300)).collected == 253_402_300_799.0
    assert unpack_result(FOUND, broken(collected=-1e300)).collected == -62_135_596_800.0


@pytest.mark.parametrize(
    "changes",
    [
        {"outcome": "splendid"},
        {"verdict": "guilty"},
        {"unchanged": 1},
        {"files": -1},
        {"files": True},
        {"files": 1 << 80},
        {"seconds": "x"},
        {"seconds": float("nan")},
        {"collected": float("inf")},
        {"cluster": 5},
        {"page": "!"},
        {"page": 5},
        {"kit": [["../evil", ""]]},
        {"kit": [["a\\b", ""]]},
        {"kit": [["a\0", ""]]},
        {"kit": [["..", ""]]},
        {"kit": [["", ""]]},
        {"kit": [["x" * 201, ""]]},
        {"kit": [[5, ""]]},
        {"kit": ["ab", "c"]},
        {"rows": {"cases": []}},
        {"rows": []},
        {"rows": {"errors": [["file", "x"]]}},
        {"rows": {"errors": [["file", "x", 5]]}},
        {"rows": {"errors": [5]}},
        {"rows": {"machines": [["N", "n", None, None, None, None, True]]}},
        {"rows": {"machines": [["N", "n", None, None, None, None, 1 << 63]]}},
        {"rows": {"artifacts": [["p", "f", "m", 1, "s", "c", "holds", []]]}},
        {"rows": {"artifacts": [["p", "f", "m", 1, "s", "c", [1], []]]}},
    ],
)
def test_what_no_sound_worker_says(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        unpack_result(FOUND, broken(**changes))


@given(
    st.binary()
    | st.recursive(st.none() | st.text() | st.integers(), st.lists).map(lambda v: json.dumps(v).encode())
)
def test_no_bytes_raise_anything_else(message: bytes) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        unpack_result(FOUND, message)
