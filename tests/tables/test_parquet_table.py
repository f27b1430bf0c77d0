"""Parquet: every column, type and note of the schema comes back, with columns behind them."""

import datetime
import decimal
import sys

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from kpoclf.errors import InputError, MissingExtraError
from kpoclf.tables import parquet_table
from kpoclf.tables.columns import DETAIL_COLUMNS, NUMBER_COLUMNS, OUTPUT_COLUMNS
from kpoclf.tables.label_file import label_file
from kpoclf.tables.labelled import labelled_rows
from kpoclf.tables.open_table import ReadOptions

TEXTS = ["Key invoice numbers from scanned forms", None, "", "Advise the board on case law"]
ODD = pa.table(
    {
        "id": pa.array([1, None, 3, 4], pa.int64()),
        "text": pa.array(TEXTS, pa.large_string()),
        "pay": pa.array([decimal.Decimal("1.50"), None, None, decimal.Decimal("-2.00")]),
        "when": pa.array([datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)] * 4),
        "tags": pa.array([["a", None], [], None, ["b"]]),
        "place": pa.array([{"city": "Leeds", "n": 1}, None, {"city": None, "n": 2}, None]),
        "photo": pa.array([b"\x00\xff", None, b"", b"x"]),
        "kind": pa.array(["x", "y", None, "x"]).dictionary_encode(),
    }
).replace_schema_metadata({"maker": "a test", "pandas": "{}"})


def labelled(model, tmp_path, table, options=ReadOptions(), **how):  # noqa: B008
    source, target = tmp_path / "in.parquet", tmp_path / "out.parquet"
    write = {"row_group_size": 3, "compression": "zstd", **how.pop("write", {})}
    pq.write_table(table, source, **write)
    summary = label_file(model, str(source), str(target), options, **how)
    return pq.ParquetFile(target), summary


def test_columns_of_every_type_come_back_and_the_labels_are_those_of_python(model, tmp_path):
    found, summary = labelled(model, tmp_path, ODD)
    out = found.read()
    given = pq.read_table(tmp_path / "in.parquet")
    assert given.schema.metadata[b"maker"] == b"a test"
    assert out.select(ODD.column_names).equals(given, check_metadata=True)
    assert out.column_names[-4:] == list(OUTPUT_COLUMNS)
    judged = model.judge([t or "" for t in TEXTS])
    assert out["kpoclf_label"].to_pylist() == judged.label.tolist()
    assert out["kpoclf_confidence"].to_pylist() == judged.confidence.round(4).tolist()
    assert out["kpoclf_service"].to_pylist() == [s or None for s in judged.service.tolist()]
    assert out.schema.field("kpoclf_confidence").type == pa.float64()
    assert summary.rows == 4


def test_row_groups_and_packing_stay(model, tmp_path):
    found, _ = labelled(model, tmp_path, ODD)
    groups = [found.metadata.row_group(i) for i in range(found.num_row_groups)]
    assert [group.num_rows for group in groups] == [3, 1]
    assert {group.column(0).compression for group in groups} == {"ZSTD"}
    plain, _ = labelled(model, tmp_path, ODD, write={"compression": "none"})
    assert plain.metadata.row_group(0).column(0).compression == "UNCOMPRESSED"


def test_a_large_row_group_is_written_as_several(model, tmp_path, monkeypatch):
    monkeypatch.setattr(parquet_table, "_BATCH_ROWS", 10)
    monkeypatch.setattr(parquet_table, "_GROUP_BYTES", 1)
    table = pa.table({"text": [f"Key form {i}" for i in range(35)]})
    found, _ = labelled(model, tmp_path, table, write={"row_group_size": 100})
    assert [found.metadata.row_group(i).num_rows for i in range(4)] == [10, 10, 10, 5]
    assert found.read()["text"].to_pylist() == table["text"].to_pylist()


@pytest.mark.parametrize("rows", [0, 1, 5000])
def test_files_of_every_length(model, tmp_path, rows):
    table = pa.table({"text": pa.array(["Key forms"] * rows, pa.string())})
    found, summary = labelled(model, tmp_path, table, write={"row_group_size": 2000})
    assert (found.read().num_rows, summary.rows) == (rows, rows)
    assert found.schema_arrow.names == ["text", *OUTPUT_COLUMNS]


def test_detail_and_several_text_columns(model, tmp_path):
    table = pa.table({"title": ["Clerk"], "text": ["Key the forms"], "n": [1]})
    options = ReadOptions(text=("title", "text"))
    out = labelled(model, tmp_path, table, options, detail=True)[0].read()
    assert out.column_names == [*table.column_names, *OUTPUT_COLUMNS, *DETAIL_COLUMNS]
    (score,) = model.judge(["Clerk\nKey the forms"]).review_score.round(4).tolist()
    assert out["kpoclf_review_score"].to_pylist() == [score]
    for name in (*OUTPUT_COLUMNS, *DETAIL_COLUMNS):
        kind = out.schema.field(name).type
        assert kind == (pa.float64() if name in NUMBER_COLUMNS else pa.string())


def test_columns_of_the_same_names_are_replaced_when_asked(model, tmp_path):
    table = pa.table({"kpoclf_label": ["old"], "text": ["Key the forms"]})
    with pytest.raises(InputError, match="has a column 'kpoclf_label' already"):
        labelled(model, tmp_path, table)
    out = labelled(model, tmp_path, table, overwrite=True)[0].read()
    assert out.column_names == ["text", *OUTPUT_COLUMNS]


@pytest.mark.parametrize(
    ("column", "kind"), [([1, 2], "int64"), ([b"a", b"b"], "binary"), ([["a"], []], "list")]
)
def test_a_text_column_that_holds_no_text_is_told(model, tmp_path, column, kind):
    with pytest.raises(InputError, match=f"in.parquet: column 'text' is {kind}.*, not text"):
        labelled(model, tmp_path, pa.table({"text": column}))
    assert [p.name for p in tmp_path.iterdir()] == ["in.parquet"]


@pytest.mark.parametrize("content", [b"", b"PAR1", b"PAR1" + bytes(40) + b"PAR1", b"text\na\n"])
def test_what_is_no_parquet_file_is_told_in_one_line(model, tmp_path, content):
    path = tmp_path / "in.parquet"
    path.write_bytes(content)
    with pytest.raises(InputError, match="not a readable Parquet file") as error:
        label_file(model, str(path), str(tmp_path / "out.parquet"))
    assert "\n" not in str(error.value)


def test_a_broken_page_is_told_and_nothing_written(model, tmp_path):
    path = tmp_path / "in.parquet"
    texts = [f"Key form number {i} into the ledger" for i in range(9000)]
    pq.write_table(pa.table({"text": texts}), path, compression="zstd", use_dictionary=False)
    content = bytearray(path.read_bytes())
    content[5000:5200] = bytes(200)
    path.write_bytes(content)
    with pytest.raises(InputError, match="not a readable Parquet file"):
        label_file(model, str(path), str(tmp_path / "out.parquet"))
    assert [p.name for p in tmp_path.iterdir()] == ["in.parquet"]


def test_parquet_does_not_go_to_standard_output(model, tmp_path):
    path = tmp_path / "in.parquet"
    pq.write_table(ODD, path)
    with pytest.raises(InputError, match="Parquet cannot go to standard output"):
        label_file(model, str(path), None)


def test_without_pyarrow_the_extra_is_named(model, tmp_path, monkeypatch):
    path = tmp_path / "in.parquet"
    pq.write_table(ODD, path)
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(MissingExtraError, match=r"parquet: pyarrow is missing: pip install 'py"):
        label_file(model, str(path), str(tmp_path / "out.parquet"))


def test_labelled_rows_are_read_for_training(tmp_path):
    path = tmp_path / "in.parquet"
    table = pa.table({"text": ["Key the forms"], "label": pa.array(["bpo"]).dictionary_encode()})
    pq.write_table(table, path)
    (row,) = labelled_rows(path)
    assert (row.text, row.label) == ("Key the forms", "BPO")
