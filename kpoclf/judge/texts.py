"""What a caller may pass as texts."""

from __future__ import annotations

import math
from collections.abc import Iterable
from numbers import Real
from typing import Any

from kpoclf.errors import InputError

__all__ = ["as_texts", "index_of"]


def as_texts(texts: Any) -> list[str]:
    """List of strings from any of the sequences that callers have.

    Parameters
    ----------
    texts : sequence of str
        A list, tuple, NumPy array, pandas or polars Series, or Arrow array. None, NaN and pandas'
        NA become the empty text.

    Returns
    -------
    list of str

    Raises
    ------
    InputError
        If `texts` is a single string or no sequence, or an entry is no text.

    Examples
    --------
    >>> as_texts(["a", None])
    ['a', '']
    """
    if isinstance(texts, str | bytes):
        raise InputError("texts is a single string: pass a list of texts, [text]")
    if hasattr(texts, "columns"):  # pandas, polars, Arrow
        raise InputError("texts is a table: pass one column of it")
    if hasattr(texts, "to_pylist"):  # Arrow
        texts = texts.to_pylist()
    elif hasattr(texts, "ndim") and texts.ndim != 1:
        raise InputError(f"texts has {texts.ndim} dimensions: pass one column of texts")
    elif hasattr(texts, "tolist"):  # NumPy, pandas
        texts = texts.tolist()
    elif not isinstance(texts, Iterable):
        raise InputError(f"texts is {type(texts).__name__}: pass a list of texts")
    return [t if type(t) is str else _as_text(t, i) for i, t in enumerate(texts)]


def _as_text(entry: Any, position: int) -> str:
    if isinstance(entry, str):
        return str(entry)
    missing = entry is None or (isinstance(entry, Real) and math.isnan(entry))
    if missing or type(entry).__name__ in ("NAType", "NaTType"):
        return ""
    raise InputError(
        f"texts[{position}] is {type(entry).__name__}, not text: convert the column to strings"
    )


def index_of(texts: Any) -> Any:
    """Index of a pandas input; None for any other."""
    return getattr(texts, "index", None) if hasattr(texts, "iloc") else None
