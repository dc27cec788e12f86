from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iiscluster_kb.case._statement import LARGEST, merge, parse_statement
from iiscluster_kb.errors import CaseError
from iiscluster_kb.model import Stated

WHOLE = b"""\
[case]
symptom = "finish-button"
administered_from = "ADMINPC"
[machines.NODE1]
paths = ["n1/*", "extra/node1.txt"]
[machines.NODE2]
"""


def test_everything_that_can_be_stated() -> None:
    assert parse_statement(WHOLE, "case.toml") == Stated(
        "finish-button", "ADMINPC", {"NODE1": ("n1/*", "extra/node1.txt"), "NODE2": ()}
    )


@pytest.mark.parametrize("data", [b"", b"# nothing\r\n", b"\xef\xbb\xbf[case]\r\n"])
def test_nothing_need_be_stated(data: bytes) -> None:
    assert parse_statement(data, "case.toml") == Stated()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[cases]", "case.toml: unknown key cases; known: case, machines"),
        ("[case]\nsymtom = 'x'", "unknown key case.symtom; known: administered_from, symptom"),
        (
            "[case]\nsymptom = 'hiccup'",
            "case.toml: case.symptom: unknown symptom 'hiccup'; known: finish-button",
        ),
        ("[case]\nsymptom = 1", "case.symptom must be a text that is not empty"),
        ("[case]\nadministered_from = ' '", "case.administered_from must be a text that is not empty"),
        ("case = 1", r"\[case\] must be a table"),
        ("[case]\n[case]", r"case.toml: .*line 2"),
        ("[machines]\nNODE1 = 'x'", r"\[machines.NODE1\] must be a table"),
        ("[machines.NODE1]\npath = []", "unknown key machines.NODE1.path; known: paths"),
        ("[machines.NODE1]\npaths = 'n1/*'", "machines.NODE1.paths must be a list of texts"),
        ("[machines.NODE1]\npaths = [1]", "machines.NODE1.paths must be a list of texts"),
        ("[machines.NODE1]\npaths = ['']", "machines.NODE1.paths must be a list of texts"),
        ("x = " + "[" * 20_000, "nested too deeply"),
    ],
)
def test_what_nobody_reads_is_refused(text: str, message: str) -> None:
    with pytest.raises(CaseError, match=message):
        parse_statement(text.encode(), "case.toml")


def test_other_encodings_and_sizes_are_refused() -> None:
    with pytest.raises(CaseError, match="not UTF-8 at byte 0"):
        parse_statement("[case]".encode("utf-16"), "case.toml")
    with pytest.raises(CaseError, match="larger than 65,536 bytes"):
        parse_statement(b" " * (LARGEST + 1), "case.toml")


@given(st.binary(max_size=60) | st.text(alphabet='[]{}case.="\n1mhp', max_size=60).map(str.encode))
def test_any_bytes_give_a_statement_or_a_case_error(data: bytes) -> None:
    try:
        parse_statement(data, "case.toml")
    except CaseError as error:
        assert str(error).startswith("case.toml: ")  # noqa: PT017 - either outcome is right


def test_options_win() -> None:
    stated = Stated("finish-button", "ADMINPC", {"NODE1": ("*",)})
    assert merge(stated, None, None) == stated
    assert merge(stated, "finish-button", "OTHER") == Stated("finish-button", "OTHER", {"NODE1": ("*",)})
    assert merge(Stated(), "finish-button", None).symptom == "finish-button"
    with pytest.raises(CaseError, match="unknown symptom 'cough'; known: finish-button"):
        merge(stated, "cough", None)
