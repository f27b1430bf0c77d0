"""Texts may come in any of the sequences that callers have."""

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from kpoclf.errors import InputError
from kpoclf.judge.texts import as_texts, index_of

TEXTS = ["audit the books", "", "key"]

KINDS = {
    "list": list,
    "tuple": tuple,
    "generator": iter,
    "dict values": lambda t: dict(enumerate(t)).values(),
    "list of NumPy strings": lambda t: [np.str_(x) for x in t],
    "NumPy array of str": np.array,
    "NumPy array of objects": lambda t: np.array(t, object),
    "NumPy array of StringDType": lambda t: np.array(t, np.dtypes.StringDType()),
    "pandas Series": pd.Series,
    "pandas Series of objects": lambda t: pd.Series(t, dtype=object),
    "pandas Series of Arrow strings": lambda t: pd.Series(t, dtype="string[pyarrow]"),
    "pandas Series of categories": lambda t: pd.Series(t, dtype="category"),
    "pandas Index": pd.Index,
    "pandas array": lambda t: pd.array(t, dtype="string"),
    "polars Series": pl.Series,
    "polars Series of categories": lambda t: pl.Series(t, dtype=pl.Categorical),
    "Arrow Array": pa.array,
    "Arrow ChunkedArray": lambda t: pa.chunked_array([t[:1], t[1:]]),
    "Arrow dictionary": lambda t: pa.array(t).dictionary_encode(),
    "Arrow large strings": lambda t: pa.array(t, pa.large_string()),
}


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_each_kind_of_sequence_becomes_the_same_list(kind):
    found = as_texts(kind(TEXTS))
    assert found == TEXTS
    assert {type(t) for t in found} == {str}


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_each_kind_of_sequence_may_be_empty(kind):
    if kind is KINDS["Arrow ChunkedArray"]:
        assert as_texts(pa.chunked_array([], pa.string())) == []
    elif kind is KINDS["NumPy array of StringDType"]:
        assert as_texts(np.zeros(0, np.dtypes.StringDType())) == []
    elif kind in (KINDS["Arrow Array"], KINDS["Arrow dictionary"]):
        assert as_texts(pa.array([], pa.string())) == []
    else:
        assert as_texts(kind([])) == []


@pytest.mark.parametrize(
    "texts",
    [
        ["a", None],
        ["a", float("nan")],
        ["a", np.nan],
        ["a", np.float32("nan")],
        ["a", pd.NA],
        ["a", pd.NaT],
        np.array(["a", None], object),
        np.array(["a", np.nan], object),
        pd.Series(["a", None]),
        pd.Series(["a", pd.NA], dtype="string"),
        pd.Series(["a", None], dtype="string[pyarrow]"),
        pd.Series(["a", np.nan], dtype=object),
        pd.Series(["a", None], dtype="category"),
        pl.Series(["a", None]),
        pa.array(["a", None]),
        pa.chunked_array([["a"], [None]]),
    ],
    ids=repr,
)
def test_a_missing_value_becomes_the_empty_text(texts):
    assert as_texts(texts) == ["a", ""]


def test_a_column_without_a_single_value_is_empty_texts():
    for column in (pd.Series([None, np.nan]), pl.Series([None, None]), pa.nulls(2), [None, None]):
        assert as_texts(column) == ["", ""]


def test_a_single_text_says_to_pass_a_list():
    for text in ("audit", b"audit", np.str_("audit")):
        with pytest.raises(InputError, match=r"texts is a single string: pass a list .*\[text\]"):
            as_texts(text)


@pytest.mark.parametrize(
    "table",
    [pd.DataFrame({"a": ["x"]}), pl.DataFrame({"a": ["x"]}), pa.table({"a": ["x"]})],
    ids=["pandas", "polars", "Arrow"],
)
def test_a_table_says_to_pass_one_column(table):
    with pytest.raises(InputError, match="texts is a table: pass one column of it"):
        as_texts(table)


def test_an_array_of_other_than_one_dimension_says_so():
    with pytest.raises(InputError, match="texts has 2 dimensions: pass one column of texts"):
        as_texts(np.array([["a"]]))
    with pytest.raises(InputError, match="texts has 0 dimensions"):
        as_texts(np.array("a"))


@pytest.mark.parametrize("texts", [3, None, 1.5, object(), len], ids=repr)
def test_what_is_no_sequence_is_refused(texts):
    with pytest.raises(InputError, match="pass a list of texts"):
        as_texts(texts)


@pytest.mark.parametrize(
    ("texts", "told"),
    [
        (["a", 3], r"texts\[1\] is int, not text"),
        (["a", b"b"], r"texts\[1\] is bytes, not text"),
        ([["a"]], r"texts\[0\] is list, not text"),
        (np.array([1.5]), r"texts\[0\] is float, not text"),
        (pd.Series([1, 2]), r"texts\[0\] is int, not text"),
        (pl.Series([1, 2]), r"texts\[0\] is int, not text"),
        (pa.array([1, 2]), r"texts\[0\] is int, not text"),
        (pd.Series(["a", 2.5], dtype=object), r"texts\[1\] is float, not text"),
    ],
)
def test_an_entry_that_is_no_text_is_named(texts, told):
    with pytest.raises(InputError, match=told):
        as_texts(texts)


def test_only_pandas_has_an_index():
    series = pd.Series(["a"], index=["x"])
    assert index_of(series).tolist() == ["x"]
    for texts in (
        ["a"],
        ("a",),
        np.array(["a"]),
        pl.Series(["a"]),
        pa.array(["a"]),
        pd.Index(["a"]),
    ):
        assert index_of(texts) is None
