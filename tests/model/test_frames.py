from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any, Literal

import pytest

from iiscluster_kb.model import _frames
from iiscluster_kb.model.rows import FindingRow
from tests.support.reports import empty_report, full_report, infested

if TYPE_CHECKING:
    from collections.abc import Callable

COLUMNS = [field.name for field in fields(FindingRow)]


def without(*missing: str) -> Callable[[str], object]:
    return lambda name: None if name in missing else object()


@pytest.mark.parametrize("backend", ["pandas", "polars"])
def test_a_row_for_each_finding_and_a_column_for_each_field(backend: Literal["pandas", "polars"]) -> None:
    pytest.importorskip(backend, reason=f"{backend} is not installed")
    table: Any = full_report().to_dataframe(backend)
    assert list(table.columns) == COLUMNS
    assert list(table["verdict"]) == [str(one.verdict) for one in full_report().findings]
    assert list(table["evidence"][0]) == ["NODE1/dir.txt", "NODE1/iisclex4.dll"]
    assert not table["weighs"][6]
    assert int(table["facts_present"].sum()) == 6


def test_pandas_knows_the_types_without_rows_too() -> None:
    pytest.importorskip("pandas", reason="pandas is not installed")
    empty, full = empty_report().to_dataframe("pandas"), full_report().to_dataframe("pandas")
    assert list(empty.columns) == COLUMNS
    assert len(empty) == 0
    assert list(empty.dtypes) == list(full.dtypes)
    assert str(full.dtypes["weighs"]) == "bool"
    assert full["machine"].isna().sum() == 1


def test_polars_knows_the_types_without_rows_too() -> None:
    polars = pytest.importorskip("polars", reason="polars is not installed")
    empty, full = empty_report().to_dataframe("polars"), full_report().to_dataframe("polars")
    assert empty.schema == full.schema
    assert full.schema["collect"] == polars.List(polars.String)
    assert full["machine"].null_count() == 1


@pytest.mark.parametrize("backend", ["pandas", "polars"])
def test_hostile_text_does_not_break_a_frame(backend: Literal["pandas", "polars"]) -> None:
    pytest.importorskip(backend, reason=f"{backend} is not installed")
    report = infested(full_report(), "\ud800\x00\u202e")
    assert report.to_dataframe(backend)["case"][0] == "webclus.zip\\ud800\x00\u202e"


def test_pandas_comes_first_where_nothing_is_asked_for() -> None:
    pandas = pytest.importorskip("pandas", reason="pandas is not installed")
    assert isinstance(full_report().to_dataframe(), pandas.DataFrame)


def test_polars_serves_where_pandas_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    polars = pytest.importorskip("polars", reason="polars is not installed")
    monkeypatch.setattr(_frames, "find_spec", without("pandas"))
    assert isinstance(full_report().to_dataframe(), polars.DataFrame)


@pytest.mark.parametrize(("backend", "named"), [(None, "pandas or polars"), ("polars", "needs polars")])
def test_what_is_missing_is_named(
    monkeypatch: pytest.MonkeyPatch, backend: Literal["polars"] | None, named: str
) -> None:
    monkeypatch.setattr(_frames, "find_spec", without("pandas", "polars"))
    with pytest.raises(ImportError, match=named) as caught:
        full_report().to_dataframe(backend)
    assert "iiscluster-kb[notebook]" in str(caught.value)


def test_an_unknown_backend_is_refused() -> None:
    wrong: Any = "excel"
    with pytest.raises(ValueError, match="no backend 'excel'; there are pandas, polars"):
        full_report().to_dataframe(wrong)
