"""What a caller may pass as texts.

Libraries are known by the attributes of their classes, so that none is imported. Of the class, not
of the object: a pandas Series also has its index labels as attributes.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from numbers import Real
from typing import Any

import numpy as np

from kpoclf.errors import InputError

__all__ = ["as_texts", "index_of"]

_ARROW_TEXT = {"string", "large_string", "string_view"}
_COLUMN = {  # how to get one column of what is a table, or becomes one
    "LazyFrame": 'frame.select("text").collect()["text"]',
    "DuckDBPyRelation": 'relation.to_arrow_table()["text"]',
    "DuckDBPyConnection": 'connection.sql(query).to_arrow_table()["text"]',
    "RecordBatchReader": 'reader.read_all()["text"]',
}


def as_texts(texts: Any) -> list[str]:
    """List of strings from any of the sequences that callers have.

    Parameters
    ----------
    texts : sequence of str
        A list, tuple, NumPy array, pandas or polars Series, or Arrow array, chunked or not. None,
        NaN and pandas' NA become the empty text.

    Returns
    -------
    list of str
        A new list. Equal texts of a dictionary-encoded column or of pandas categories are one
        string in it.

    Raises
    ------
    InputError
        If `texts` is a single string, a table or no sequence, or an entry is no text.

    Examples
    --------
    >>> as_texts(["a", None])
    ['a', '']
    """
    _check_column(texts)
    kind = type(texts)
    if hasattr(kind, "to_pylist"):
        listed = _decoded(texts, _from_arrow)
    elif hasattr(kind, "isna"):
        listed = _decoded(texts, _from_pandas)
    elif hasattr(kind, "tolist"):  # NumPy
        listed = texts.tolist()
    elif hasattr(kind, "to_list"):  # polars
        listed = texts.to_list()
    else:
        listed = list(texts)
    if set(map(type, listed)) <= {str}:
        return listed
    return [t if type(t) is str else _as_text(t, i) for i, t in enumerate(listed)]


def _check_column(texts: Any) -> None:
    kind = type(texts)
    if isinstance(texts, str | bytes):
        raise InputError("texts is a single string: pass a list of texts, [text]")
    if kind.__name__ in _COLUMN:
        raise InputError(f"texts is a {kind.__name__}: pass one column, {_COLUMN[kind.__name__]}")
    if hasattr(kind, "columns") or hasattr(kind, "schema"):  # pandas, polars, Arrow
        raise InputError('texts is a table: pass one column of it, table["text"]')
    if getattr(kind, "ndim", None) is not None and texts.ndim != 1:
        raise InputError(f"texts has {texts.ndim} dimensions: pass one column of texts")
    if isinstance(texts, Mapping) or not isinstance(texts, Iterable):
        raise InputError(f"texts is {kind.__name__}: pass a list of texts")


def _decoded(texts: Any, convert: Any) -> list[Any]:
    """Entries of a column whose bytes nobody may have checked."""
    try:
        listed: list[Any] = convert(texts)
    except Exception:
        position = _first_not_utf8(texts)
        if position is None:
            raise
        raise InputError(
            f"texts[{position}] is not UTF-8: write the column again in UTF-8"
        ) from None
    return listed


def _first_not_utf8(column: Any) -> int | None:
    position = 0
    try:
        for entry in column:
            if hasattr(entry, "as_py"):
                entry.as_py()
            position += 1
    except UnicodeDecodeError:
        return position
    return None


def _from_arrow(array: Any) -> list[Any]:
    kind = str(getattr(array, "type", ""))
    if kind.startswith("dictionary"):
        if hasattr(array, "iterchunks"):  # each has a dictionary of its own
            return [t for chunk in array.iterchunks() for t in _from_arrow(chunk)]
        if len(array.dictionary) > len(array):  # a slice
            return _from_arrow(array.dictionary_decode())
        values = _from_arrow(array.dictionary)
        code = array.indices.cast("int64").fill_null(len(values))
        return _taken(values, code.to_numpy())
    if kind in _ARROW_TEXT:  # up to pyarrow 20 seven times as fast as to_pylist
        listed: list[Any] = array.to_numpy(zero_copy_only=False).tolist()
    else:
        listed = array.to_pylist()
    return listed


def _from_pandas(column: Any) -> list[Any]:
    if hasattr(column.dtype, "categories"):
        array = getattr(column, "array", column)
        return _taken(_from_pandas(array.categories), array.codes)
    options = {} if column.dtype == object else {"na_value": ""}
    listed: list[Any] = column.to_numpy(object, **options).tolist()
    return listed


def _taken(values: list[Any], code: Any) -> list[Any]:
    """Values by their number; none for the number past the last, or -1."""
    table = np.fromiter([*values, None], object, len(values) + 1)
    listed: list[Any] = table.take(code).tolist()
    return listed


def _as_text(entry: Any, position: int) -> str:
    if entry is None:
        return ""
    if isinstance(entry, str):
        return str(entry)
    if hasattr(type(entry), "as_py"):  # an Arrow scalar
        return _as_text(entry.as_py(), position)
    if isinstance(entry, Real) and math.isnan(entry):
        return ""
    if type(entry).__name__ in ("NAType", "NaTType"):
        return ""
    raise InputError(
        f"texts[{position}] is {type(entry).__name__}, not text: convert the column to strings"
    )


def index_of(texts: Any) -> Any:
    """Index of a pandas input; None for any other."""
    return texts.index if hasattr(type(texts), "iloc") else None
