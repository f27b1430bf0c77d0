"""Where rows come from: files, gzip, standard input, pipes."""

import gzip
import io
import os
import sys
import threading
from types import SimpleNamespace

import pytest

from kpoclf.errors import InputError
from kpoclf.tables.open_table import ReadOptions, open_table
from kpoclf.tables.source import FORMATS, format_of, open_source, promised

CSV = b"id,text\n" + b"".join(b"%d,Key the forms\n" % i for i in range(60_000))


def read(name, **how):
    with open_table(str(name), ReadOptions(**how)) as (table, _):
        return [list(r.values) for r in table.records()]


def refusal(name):
    with pytest.raises(InputError) as error, open_source(str(name)) as stream:
        stream.read()
    assert "\n" not in str(error.value)
    return str(error.value).replace(str(name), "F")


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("a.csv", "csv"),
        ("A.CSV", "csv"),
        ("a.csv.gz", "csv"),
        ("a.TSV.GZ", "tsv"),
        ("a.tab", "tsv"),
        ("a.b.jsonl", "jsonl"),
        ("a.ndjson", "jsonl"),
        ("a.txt", "lines"),
        ("a.xlsx", "xlsx"),
        ("a.xlsm", "xlsx"),
        ("a.jsonl.zst", "jsonl"),
        ("a.parquet", "parquet"),
    ],
)
def test_the_ending_tells_the_format(name, found):
    assert format_of(name, None) == promised(name) == found


@pytest.mark.parametrize("asked", FORMATS)
def test_the_word_of_the_user_goes_before_the_ending(asked):
    assert format_of("a.csv", asked) == format_of("-", asked) == asked


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("a", "a: no ending; say what it holds"),
        ("a.dat", "its ending '.dat' tells no format"),
        ("a.gz", "a.gz: no ending; say what it holds"),
        ("a.json", "write JSON Lines, one object a line, named .jsonl"),
        ("a.XLS", "save it as .xlsx"),
        ("a.csv.zip", "unpack it"),
        ("a.zst", "a.zst: no ending; say what it holds"),
        ("-", "say what it holds with --format csv, tsv, jsonl or lines"),
    ],
)
def test_a_name_that_tells_no_format_is_refused_with_what_to_do(name, says):
    with pytest.raises(InputError, match="--format") as error:
        format_of(name, None)
    assert says in str(error.value)


def test_gzip_is_read_with_several_members_too(tmp_path):
    path = tmp_path / "a.csv.gz"
    path.write_bytes(gzip.compress(b"text\na\n") + gzip.compress(b"b\n"))
    assert read(path) == [["a"], ["b"]]


@pytest.mark.parametrize(
    "content",
    [
        gzip.compress(CSV, mtime=0)[:-20],
        gzip.compress(CSV, mtime=0)[: len(gzip.compress(CSV, mtime=0)) // 2],
        gzip.compress(CSV, mtime=0)[:-8] + bytes(8),
        gzip.compress(CSV, mtime=0) + b"rubbish",
        gzip.compress(CSV, mtime=0)[:12] + b"\xff" * 40,
        b"id,text\n",
    ],
)
def test_a_broken_gzip_file_is_told(tmp_path, content):
    path = tmp_path / "a.csv.gz"
    path.write_bytes(content)
    assert refusal(path).startswith("F: broken gzip file (")


def test_gzip_under_another_name_is_told(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes(gzip.compress(b"text\n"))
    assert refusal(path) == "F: is gzip; give it a name that ends in .gz"


def test_a_missing_file_and_a_folder_are_told(tmp_path):
    assert refusal(tmp_path / "none.csv") == "F: no such file"
    assert refusal(tmp_path) == "F: is a folder; name the files in it"


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read all")
def test_a_file_without_permission_is_told(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes(b"text\n")
    path.chmod(0)
    assert refusal(path) == "F: cannot be read (permission denied)"


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_standard_input_is_read_gzip_or_not(monkeypatch, pack):
    stdin = SimpleNamespace(buffer=io.BytesIO(pack(CSV)))
    monkeypatch.setattr(sys, "stdin", stdin)
    rows = read("-", format="csv")
    assert len(rows) == 60_000
    assert rows[-1] == ["59999", "Key the forms"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_pipe_is_read_though_it_cannot_be_read_twice(tmp_path):
    path = tmp_path / "a.csv"
    os.mkfifo(path)
    writer = threading.Thread(target=path.write_bytes, args=(CSV,))
    writer.start()
    rows = read(path)
    writer.join()
    assert len(rows) == 60_000


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
@pytest.mark.parametrize("encoding", [None, "utf-8", "latin2"])
def test_progress_is_told_of_the_reading_not_of_the_search_for_the_encoding(
    tmp_path, pack, encoding
):
    path = tmp_path / ("a.csv" if pack is bytes else "a.csv.gz")
    path.write_bytes(pack(CSV))
    told = []
    with open_table(str(path), ReadOptions(encoding=encoding), told.append) as (table, _):
        records = table.records()
        next(records)
        first = list(told)
        for _ in records:
            pass
    size = path.stat().st_size
    assert told == sorted(told)
    assert told[-1] == size
    assert max(first, default=0) < size or pack is not bytes
