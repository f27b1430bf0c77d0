"""Answers as Arrow columns, typed by their names; for Parquet and Spark."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kpoclf.tables.answers import Number
from kpoclf.tables.columns import NUMBER_COLUMNS

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["answer_arrays", "answer_fields"]


def answer_fields(names: Sequence[str]) -> list[Any]:
    """Arrow fields of added columns.

    Parameters
    ----------
    names : sequence of str

    Returns
    -------
    list of pyarrow.Field
        ``float64`` for numbers, ``string`` for the others.
    """
    import pyarrow as pa

    return [pa.field(n, pa.float64() if n in NUMBER_COLUMNS else pa.string()) for n in names]


def answer_arrays(rows: Sequence[Sequence[object]], fields: Sequence[Any]) -> list[Any]:
    """Arrow arrays of answers, one for each field.

    Parameters
    ----------
    rows : sequence of sequence
        As in `Answers.rows`.
    fields : sequence of pyarrow.Field

    Returns
    -------
    list of pyarrow.Array
        A number that is not known, and an empty text, are null.
    """
    import pyarrow as pa

    columns = zip(*rows, strict=True) if rows else ((),) * len(fields)
    return [
        pa.array([_plain(v) for v in values], field.type)
        for values, field in zip(columns, fields, strict=True)
    ]


def _plain(value: object) -> object:
    if isinstance(value, Number):
        return None if value != value else float(value)
    return value or None
