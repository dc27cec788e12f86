"""Rows as a data frame. The one door of pandas and polars, which are imported only when somebody asks."""

from __future__ import annotations

from dataclasses import astuple, fields
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from iiscluster_kb.model.rows import FindingRow

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["frame"]

_BACKENDS = ("pandas", "polars")
"""In order of preference."""
_PANDAS_TYPES = {"bool": "bool", "int": "int64", "str": "string", "str | None": "string"}
"""By annotation; what is not named here is a list."""


def frame(rows: Iterable[FindingRow], backend: str | None) -> Any:
    """The rows as a ``pandas.DataFrame`` or a ``polars.DataFrame``: a column for each field, typed without rows too.

    Raises:
        ImportError: The package asked for, or any of the two, is not installed.
        ValueError: There is no such backend.
    """
    if backend is not None and backend not in _BACKENDS:
        raise ValueError(f"no backend {backend!r}; there are {', '.join(_BACKENDS)}")
    chosen = backend or next((name for name in _BACKENDS if find_spec(name) is not None), None)
    if chosen is None or find_spec(chosen) is None:
        wanted = chosen or " or ".join(_BACKENDS)
        raise ImportError(
            f'a data frame needs {wanted}; python -m pip install "iiscluster-kb[notebook]" brings it'
        )
    told = [astuple(row) for row in rows]
    return _pandas(told) if chosen == "pandas" else _polars(told)


def _pandas(rows: list[tuple[Any, ...]]) -> Any:
    import pandas as pd  # noqa: PLC0415 - half a second that only a data frame needs

    columns = {field.name: _PANDAS_TYPES.get(str(field.type), "object") for field in fields(FindingRow)}
    cells = [[list(cell) if isinstance(cell, tuple) else cell for cell in row] for row in rows]
    return pd.DataFrame(cells, columns=list(columns)).astype(columns)


def _polars(rows: list[tuple[Any, ...]]) -> Any:
    import polars as pl  # noqa: PLC0415 - the same

    types = {"bool": pl.Boolean(), "int": pl.Int64(), "str": pl.String(), "str | None": pl.String()}
    columns = {field.name: types.get(str(field.type), pl.List(pl.String())) for field in fields(FindingRow)}
    return pl.DataFrame(rows, schema=columns, orient="row")
