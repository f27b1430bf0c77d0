"""Texts may come in any of the sequences that callers have."""

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.dataset
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from kpoclf.errors import InputError
from kpoclf.judge.texts import as_texts, index_of

TEXTS = ["audit the books", "", "key", "audit the books"]


def from_duckdb(texts):
    table = pa.table({"text": pa.array(texts, pa.string())})
    with duckdb.connect() as connection:
        connection.register("texts", table)
        return connection.sql("SELECT text FROM texts").to_arrow_table()["text"]


def sliced(texts):
    return pa.array(["x", *texts, "y", "z"], pa.string()).slice(1, len(texts))


def in_chunks(array):
    half = len(array) // 2
    return pa.chunked_array([array[:half], array[:0], array[half:]], array.type)


def of_scalars(texts):
    return [pa.scalar(t, pa.string()) for t in texts]


# What can hold a missing value.
NULLABLE = {
    "list": list,
    "tuple": tuple,
    "generator": iter,
    "dict values": lambda t: dict(enumerate(t)).values(),
    "list of Arrow scalars": of_scalars,
    "NumPy array of objects": lambda t: np.array(t, object),
    "NumPy array of nullable StringDType": lambda t: np.array(
        t, np.dtypes.StringDType(na_object=None)
    ),
    "NumPy masked array": lambda t: np.ma.array(
        [x or "" for x in t], mask=[x is None for x in t], dtype=object
    ),
    "pandas Series": pd.Series,
    "pandas Series of objects": lambda t: pd.Series(t, dtype=object),
    "pandas Series of str": lambda t: pd.Series(t, dtype="str"),
    "pandas Series of Python strings": lambda t: pd.Series(t, dtype="string[python]"),
    "pandas Series of Arrow strings": lambda t: pd.Series(t, dtype="string[pyarrow]"),
    "pandas Series of ArrowDtype": lambda t: pd.Series(t, dtype=pd.ArrowDtype(pa.string())),
    "pandas Series of an Arrow dictionary": lambda t: pd.Series(
        pa.array(t, pa.string()).dictionary_encode(),
        dtype=pd.ArrowDtype(pa.dictionary(pa.int32(), pa.string())),
    ),
    "pandas Series of categories": lambda t: pd.Series(t, dtype="category"),
    "pandas Categorical": pd.Categorical,
    "pandas CategoricalIndex": pd.CategoricalIndex,
    "pandas Index": pd.Index,
    "pandas array": lambda t: pd.array(t, dtype="string"),
    "polars Series": lambda t: pl.Series(t, dtype=pl.String),
    "polars Series of objects": lambda t: pl.Series("", t, dtype=pl.Object),
    "polars Series of categories": lambda t: pl.Series(t, dtype=pl.Categorical),
    "polars Series of an Enum": lambda t: pl.Series(
        t, dtype=pl.Enum(list(dict.fromkeys(x for x in t if x is not None)))
    ),
    "Arrow Array": lambda t: pa.array(t, pa.string()),
    "Arrow large strings": lambda t: pa.array(t, pa.large_string()),
    "Arrow string views": lambda t: pa.array(t, pa.string_view()),
    "Arrow slice": sliced,
    "Arrow dictionary": lambda t: pa.array(t, pa.string()).dictionary_encode(),
    "Arrow slice of a dictionary": lambda t: pa.array(
        ["", *t, ""], pa.string()
    ).dictionary_encode()[1:-1],
    "Arrow slice of a larger dictionary": lambda t: pa.concat_arrays(
        [pa.array(["1", "2", "3", "4"]), pa.array(t, pa.string())]
    ).dictionary_encode()[4:],
    "Arrow run-end-encoded": lambda t: pa.compute.run_end_encode(pa.array(t, pa.string())),
    "Arrow ChunkedArray": lambda t: in_chunks(pa.array(t, pa.string())),
    "Arrow ChunkedArray of large strings": lambda t: in_chunks(pa.array(t, pa.large_string())),
    "Arrow ChunkedArray of string views": lambda t: in_chunks(pa.array(t, pa.string_view())),
    "Arrow ChunkedArray of dictionaries": lambda t: pa.chunked_array(
        [c.dictionary_encode() for c in in_chunks(pa.array(t, pa.string())).iterchunks()]
    ),
    "DuckDB's Arrow column": from_duckdb,
}
KINDS = NULLABLE | {
    "list of NumPy strings": lambda t: [np.str_(x) for x in t],
    "NumPy array of str": lambda t: np.array(t, np.str_),
    "NumPy array of StringDType": lambda t: np.array(t, np.dtypes.StringDType()),
}


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
@pytest.mark.parametrize("texts", [TEXTS, TEXTS[:1], []], ids=len)
def test_each_kind_of_sequence_becomes_the_same_list(kind, texts):
    found = as_texts(kind(texts))
    assert type(found) is list
    assert found == texts
    assert {type(t) for t in found} <= {str}


@pytest.mark.parametrize("kind", NULLABLE.values(), ids=NULLABLE)
@pytest.mark.parametrize("texts", [["a", None, "b"], [None, None]], ids=repr)
def test_a_missing_value_of_each_kind_becomes_the_empty_text(kind, texts):
    assert as_texts(kind(texts)) == [text or "" for text in texts]


def test_a_chunked_array_may_have_no_chunk():
    for kind in (pa.string(), pa.string_view(), pa.dictionary(pa.int8(), pa.string())):
        assert as_texts(pa.chunked_array([], kind)) == []


any_column = st.lists(
    st.none() | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")),
    max_size=5,
)


@settings(deadline=None, max_examples=20)
@given(any_column)
@example([*TEXTS, None, "Give medicines.", "naïve STRASSE İ"])
def test_the_same_texts_of_any_kind_get_the_same_frame(shipped_model, texts):
    expected = shipped_model.label([t or "" for t in texts])
    for name, kind in KINDS.items():
        column = kind(texts if name in NULLABLE else [t or "" for t in texts])
        frame = shipped_model.label(column)
        index = index_of(column)
        if index is not None:
            assert frame.index.equals(index)
            frame = frame.reset_index(drop=True)
        pd.testing.assert_frame_equal(frame, expected)


@pytest.mark.parametrize("n_values", [127, 128, 300])
def test_the_numbers_of_a_dictionary_may_use_up_their_type(n_values):
    values = [f"task {i}" for i in range(n_values)]
    index = pa.int8() if n_values <= 128 else pa.uint16()
    array = pa.array([*values, None]).cast(pa.dictionary(index, pa.string()))
    assert as_texts(array) == [*values, ""]
    assert as_texts(pd.Series([*values, None], dtype="category")) == [*values, ""]


def test_a_dictionary_may_hold_a_missing_value():
    array = pa.DictionaryArray.from_arrays(pa.array([0, 1, None]), pa.array(["a", None]))
    assert as_texts(array) == ["a", "", ""]


@pytest.mark.parametrize("name", ["Arrow dictionary", "pandas Series of categories"])
def test_equal_texts_of_a_dictionary_are_one_string(name):
    found = as_texts(KINDS[name](TEXTS))
    assert found[0] is found[3]


def test_a_list_is_copied_not_handed_on():
    texts = ["a"]
    assert as_texts(texts) is not texts


@pytest.mark.parametrize("name", ["columns", "schema", "to_pylist", "array", "as_py", "codes"])
def test_an_index_label_is_not_taken_for_an_attribute(name):
    series = pd.Series(["a", None], index=[name, "iloc"])
    assert as_texts(series) == ["a", ""]
    assert as_texts(series.astype("category")) == ["a", ""]
    assert index_of(series).tolist() == [name, "iloc"]


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
    ids=lambda texts: type(texts).__name__,  # a repr may hold an address: other in each process
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
    [
        pd.DataFrame({"a": ["x"]}),
        pl.DataFrame({"a": ["x"]}),
        pa.table({"a": ["x"]}),
        pa.record_batch({"a": ["x"]}),
        pyarrow.dataset.dataset(pa.table({"a": ["x"]})),
    ],
    ids=["pandas", "polars", "Arrow", "Arrow batch", "Arrow dataset"],
)
def test_a_table_says_to_pass_one_column(table):
    with pytest.raises(InputError, match="texts is a table: pass one column of it"):
        as_texts(table)


@pytest.mark.parametrize(
    ("table", "told"),
    [
        (
            lambda: pl.LazyFrame({"text": ["a"]}),
            r'LazyFrame: pass one column, (frame\.select\("text"\)\.collect\(\)\["text"\])$',
        ),
        (
            lambda: duckdb.sql("SELECT 'a' AS text"),
            r'DuckDBPyRelation: pass one column, (relation\.to_arrow_table\(\)\["text"\])$',
        ),
        (
            lambda: pa.table({"text": ["a"]}).to_reader(),
            r'RecordBatchReader: pass one column, (reader\.read_all\(\)\["text"\])$',
        ),
    ],
    ids=["polars", "DuckDB", "Arrow"],
)
def test_what_becomes_a_table_says_how_to_get_a_column(table, told):
    with pytest.raises(InputError, match=told) as error:
        as_texts(table())
    advice = error.value.args[0].partition("column, ")[2]
    names = dict.fromkeys(("frame", "relation", "reader"), table())
    assert as_texts(eval(advice, names)) == ["a"]  # noqa: S307


def test_a_duckdb_connection_says_how_to_get_a_column():
    with duckdb.connect() as connection:
        with pytest.raises(InputError, match="DuckDBPyConnection: pass one column") as error:
            as_texts(connection)
        advice = error.value.args[0].partition("column, ")[2]
        names = {"connection": connection, "query": "SELECT 'a' AS text"}
        assert as_texts(eval(advice, names)) == ["a"]  # noqa: S307


def test_an_array_of_other_than_one_dimension_says_so():
    with pytest.raises(InputError, match="texts has 2 dimensions: pass one column of texts"):
        as_texts(np.array([["a"]]))
    with pytest.raises(InputError, match="texts has 0 dimensions"):
        as_texts(np.array("a"))


@pytest.mark.parametrize(
    "texts", [3, None, 1.5, object(), len, {"text": "a"}, pl.col("text"), pa.scalar("a")], ids=type
)
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
        (pa.array([1, None]), r"texts\[0\] is int, not text"),
        (pa.chunked_array([[None], [2]], pa.int8()), r"texts\[1\] is int, not text"),
        (pa.array([None, b"b"]), r"texts\[1\] is bytes, not text"),
        (pa.array([["a"]]), r"texts\[0\] is list, not text"),
        (pa.array([1, 2]).dictionary_encode(), r"texts\[0\] is int, not text"),
        ([pa.scalar("a"), pa.scalar(2)], r"texts\[1\] is int, not text"),
        (np.array([b"b"]), r"texts\[0\] is bytes, not text"),
        (np.array([True]), r"texts\[0\] is bool, not text"),
        (pl.Series(["a", None]).str.len_bytes(), r"texts\[0\] is int, not text"),
        (pl.Series([None, b"b"]), r"texts\[1\] is bytes, not text"),
        (pl.Series([["a"]]), r"texts\[0\] is list, not text"),
        (pd.Series([np.nan, 2.5]), r"texts\[1\] is float, not text"),
        (pd.Series([None, b"b"]), r"texts\[1\] is bytes, not text"),
        (pd.Series([1, None], dtype="Int64"), r"texts\[0\] is int, not text"),
        (pd.Series([1, 2], dtype="category"), r"texts\[0\] is int, not text"),
        (pd.Series(["a", 2.5], dtype=object), r"texts\[1\] is float, not text"),
        (pd.Series(pd.to_datetime([None, "2026-01-01"])), r"texts\[1\] is Timestamp, not text"),
        (pd.MultiIndex.from_tuples([("a", "b")]), r"texts\[0\] is tuple, not text"),
    ],
)
def test_an_entry_that_is_no_text_is_named(texts, told):
    with pytest.raises(InputError, match=told):
        as_texts(texts)


def not_utf8(kind):
    size = np.int32 if kind == pa.string() else np.int64
    offsets = pa.py_buffer(np.array([0, 1, 2], size))
    return pa.Array.from_buffers(kind, 2, [None, offsets, pa.py_buffer(b"a\xff")])


@pytest.mark.parametrize(
    "texts",
    [
        not_utf8(pa.string()),
        not_utf8(pa.large_string()),
        pa.chunked_array([not_utf8(pa.string())]),
        pa.DictionaryArray.from_arrays(pa.array([0, 1]), not_utf8(pa.string())),
        pd.Series(pd.arrays.ArrowExtensionArray(not_utf8(pa.string()))),
    ],
    ids=["strings", "large strings", "chunked", "dictionary", "pandas"],
)
def test_bytes_that_are_not_utf8_are_named(texts):
    with pytest.raises(InputError, match=r"^texts\[1\] is not UTF-8: "):
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
