"""A file of any format, labelled whole or not at all."""

import csv
import gzip
import io
import json
import os
import stat
import sys
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest

from kpoclf.errors import InputError
from kpoclf.tables.answers import Number
from kpoclf.tables.columns import DETAIL_COLUMNS, OUTPUT_COLUMNS
from kpoclf.tables.label_file import label_file
from kpoclf.tables.open_table import ReadOptions

KEY = "Key invoice numbers from scanned forms"
TEXTS = [
    KEY,
    "Advise the board on the tax consequences of a merger and write the opinion.",
    "",
    "Wash and dress patients on the ward.",
    "Answer calls; log tickets. Research the market and forecast demand.",
    "xyzzy",
]
CSV = f"id,text\n1,{KEY}\n".encode()


def read(content, delimiter=","):
    return list(csv.DictReader(io.StringIO(content.decode(), newline=""), delimiter=delimiter))


@pytest.mark.parametrize("name", ["in.csv", "in.tsv", "in.jsonl", "in.txt", "in.csv.gz"])
def test_labels_in_a_file_are_those_of_python_at_four_places(model, label_bytes, name):
    if name == "in.jsonl":
        content = "\n".join(json.dumps({"text": t}) for t in TEXTS)
    elif name == "in.txt":
        content = "\n".join(TEXTS) + "\n"
    else:
        content = "text\tx\n" if name == "in.tsv" else "text,x\n"
        content += "".join(f'"{t}"\n' for t in TEXTS)
    packed = gzip.compress(content.encode()) if name.endswith(".gz") else content.encode()
    written = label_bytes(
        packed, name, "out.csv" if name == "in.txt" else None, detail=True
    ).content
    if name.endswith(".gz"):
        written = gzip.decompress(written)
    if name == "in.jsonl":
        found = [json.loads(line) for line in written.splitlines()]
    else:
        found = read(written, "\t" if name == "in.tsv" else ",")
    wanted = model.label(TEXTS, detail=True)
    assert len(found) == len(TEXTS)
    for row, told in zip(found, wanted.itertuples(), strict=True):
        assert [row[f"kpoclf_{c}"] for c in ("label", "status", "service")] == [
            told.label,
            told.status,
            told.service,
        ]
        for column in ("confidence", "p_kpo", "p_in_scope"):
            value = row[f"kpoclf_{column}"]
            assert f"{float(value):.4f}" == f"{getattr(told, column):.4f}"
            if name != "in.jsonl":
                assert value == f"{getattr(told, column):.4f}"


def test_detail_adds_its_columns_behind_the_four(label_bytes):
    header = label_bytes(CSV, detail=True).text.splitlines()[0].split(",")
    assert header == ["id", "text", *OUTPUT_COLUMNS, *DETAIL_COLUMNS]


def test_reasons_are_the_strongest_words_and_services_three_at_most(model, label_bytes):
    row = read(label_bytes(CSV, detail=True).content)[0]
    services = row["kpoclf_services"].split("; ")
    assert services[0].startswith(row["kpoclf_service"] + " 0.")
    assert len(services) == 3
    words = [(w.term, w.contribution) for w in model.words(KEY)[:5]]
    assert row["kpoclf_reasons"] == "; ".join(f"{t} {c:+.2f}" for t, c in words)


def test_the_summary_counts_rows_labels_and_statuses(model, label_bytes):
    content = "text,title\n" + "".join(f'"{t}",\n' for t in TEXTS)
    summary = label_bytes(content.encode()).summary
    wanted = model.label(TEXTS)
    assert summary.rows == len(TEXTS)
    in_scope = wanted[wanted.status != "out_of_scope"]
    assert summary.labels == dict(in_scope.label.value_counts())
    assert summary.statuses == dict(wanted.status.value_counts())
    assert summary.columns == ["title", "text"]
    assert summary.notes == []


@pytest.mark.parametrize(
    ("content", "how", "note"),
    [
        (
            "id;text\n1;Büro\n".encode("cp1252"),
            {},
            "read as cp1252, fields separated by semicolons",
        ),
        ("id\ttext\n1\tBüro\n".encode("utf-16"), {}, "read as utf-16-le, fields separated by tabs"),
        (b"sep=|\nid|text\n1|a\n", {}, "fields separated by '|'"),
        ("id;text\n1;Büro\n".encode("cp1252"), {"delimiter": ";"}, "read as cp1252"),
        (
            "id;text\n1;Büro\n".encode("cp1252"),
            {"encoding": "cp1252"},
            "fields separated by semicolons",
        ),
        (b"\xef\xbb\xbfid,text\n1,a\n", {}, ""),
    ],
)
def test_what_was_guessed_of_the_file_is_told(label_bytes, content, how, note):
    notes = label_bytes(content, **how).summary.notes
    assert [n.partition("in.csv: ")[2] for n in notes] == ([note] if note else [])


def test_a_tab_in_a_tsv_is_no_guess(label_bytes):
    assert label_bytes(b"id\ttext\n1\ta\n", "in.tsv").summary.notes == []


def test_a_file_with_no_row_that_is_ok_is_noted(label_bytes):
    (note,) = label_bytes(b"task,a\n" + b"xyzzy,1\n" * 10).summary.notes
    assert note.endswith("in.csv: no row is ok; does 'task' hold the English text?")
    assert label_bytes(b"task,a\n").summary.notes == []


def test_rows_stay_in_order_over_many_batches(label_bytes):
    content = "id,text\n" + "".join(f"{i},row {i}\n" for i in range(2_000))
    found = label_bytes(content.encode())
    assert [row["id"] for row in read(found.content)] == [str(i) for i in range(2_000)]
    assert found.summary.rows == 2_000


def test_joined_columns_are_labelled_as_their_values_line_by_line(label_bytes, values):
    content = f"a,b,c\n{KEY},,Advise\n,,\n".encode()
    found = label_bytes(content, text=("c", "b", "a")).text.splitlines()[1:]
    assert found == [
        ",".join([KEY, "", "Advise", *values(f"Advise\n{KEY}")]),
        ",".join([",,", *values("")]),
    ]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16-le", "utf-16-be", "utf-32-le"])
@pytest.mark.parametrize("asked", [None, "plain"])
def test_a_byte_order_mark_and_its_encoding_come_back(label_bytes, values, encoding, asked):
    text = "Prüfen – “検証” 😀"
    mark = "" if encoding == "utf-8-sig" else "\ufeff"
    content = f'{mark}id,text\r\n1,"{text}"\r\n'.encode(encoding)
    option = None if asked is None else encoding.rsplit("-", 1)[0]
    found = label_bytes(content, encoding=option).content
    wanted = f'{mark}id,text,{",".join(OUTPUT_COLUMNS)}\r\n1,"{text}",{",".join(values(text))}\r\n'
    assert found == wanted.encode(encoding)


@pytest.mark.parametrize(
    ("content", "encoding", "text"),
    [
        (b"Pr\xfcfen \x96 \x93so\x94", None, "Prüfen – “so”"),
        (b"Pr\xfcfen \x81", "latin-1", "Prüfen \x81"),
        ("Prüfen".encode("cp437"), "cp437", "Prüfen"),
        ("検証".encode("shift_jis"), "shift_jis", "検証"),
        ("Prüfen".encode("utf-16-le"), "utf-16-le", "Prüfen"),
    ],
)
@pytest.mark.parametrize("name", ["in.csv", "in.jsonl"])
def test_bytes_of_other_encodings_come_back(label_bytes, values, name, content, encoding, text):
    coded = encoding or "cp1252"
    before, after = ("text\n", "\n") if name == "in.csv" else ('{"text": "', '"}\n')
    given = before.encode(coded) + content + after.encode(coded)
    found = label_bytes(given, name, encoding=encoding).content
    if name == "in.csv":
        assert found.endswith(content + ("," + ",".join(values(text)) + "\n").encode(coded))
    else:
        row = json.loads(found.decode(coded))
        assert row["text"] == text
        assert row["kpoclf_label"] == values(text)[0]
        assert found.startswith(given[: -len("}\n".encode(coded))])


def test_half_of_a_utf_16_pair_comes_back(label_bytes, values):
    text = "Key \ud83d forms"
    found = label_bytes(f"\ufefftext\n{text}\n".encode("utf-16-be", "surrogatepass")).content
    row = f"\n{text},{','.join(values(text))}\n"
    assert found.endswith(row.encode("utf-16-be", "surrogatepass"))


@pytest.mark.parametrize("name", ["in.csv", "in.jsonl", "in.txt"])
@pytest.mark.parametrize("far", [0, 5_000])
def test_a_wrong_encoding_is_told_and_nothing_written(refused, name, far):
    row = b'{"text": "a"}\n' if name == "in.jsonl" else b"a,b\n"
    first = b"text,id\n" if name == "in.csv" else b""
    content = first + row * far + row.replace(b"a", b"\xe9", 1) + row
    told = refused(content, name, to="out.csv" if name == "in.txt" else None, encoding="utf-8")
    assert told.startswith(f"{name}, near line ")
    assert "not utf-8 (invalid continuation byte); leave out --encoding, or name another" in told


def test_bytes_of_no_encoding_are_told(refused):
    told = refused(b"text\n\xe9 \x81\n")
    assert told == (
        "in.csv: neither UTF-8 (see line 2) nor cp1252; mend that line, or name the encoding with "
        "--encoding"
    )


@pytest.mark.parametrize(("name", "to"), [("in.csv", "o.csv.gz"), ("in.csv.gz", "o.csv")])
def test_gzip_comes_and_goes_by_the_endings(label_bytes, name, to):
    plain = label_bytes(CSV).content
    found = label_bytes(
        gzip.compress(CSV, mtime=0) if name.endswith(".gz") else CSV, name, to
    ).content
    assert (gzip.decompress(found) if to.endswith(".gz") else found) == plain


def test_the_same_file_gives_the_same_gzip_whatever_its_name_and_the_time(label_bytes):
    found = label_bytes(CSV, to="a.csv.gz").content
    assert found == label_bytes(CSV, to="b.csv.gz").content
    assert found[4:8] == bytes(4)  # the time of writing


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (CSV + b"2,a\n" * 3000 + b'3,"open\n', "in.csv"),
        (b'{"text": "a"}\n' * 3000 + b"{\n", "in.jsonl"),
        (gzip.compress(CSV * 3000, mtime=0)[:-9], "in.csv.gz"),
    ],
)
def test_an_input_that_breaks_off_midway_leaves_the_old_output(
    label_bytes, tmp_path, content, name
):
    target = tmp_path / f"out-{name}"
    target.write_bytes(b"old")
    with pytest.raises(InputError):
        label_bytes(content, name)
    assert target.read_bytes() == b"old"
    assert sorted(p.name for p in tmp_path.iterdir()) == [name, target.name]


@pytest.mark.parametrize("fail", [KeyboardInterrupt(), MemoryError(), OSError(28, "No space")])
@pytest.mark.parametrize("to", ["out.csv", "out.csv.gz"])
def test_whatever_happens_midway_leaves_the_old_output(model, tmp_path, monkeypatch, fail, to):
    judge = type(model).judge
    calls = []

    def broken(self, *given):
        calls.append(1)
        if len(calls) == 3:
            raise fail
        return judge(self, *given)

    monkeypatch.setattr(type(model), "judge", broken)
    source, target = tmp_path / "in.csv", tmp_path / to
    source.write_bytes(b"text\n" + b"a\n" * 3000)
    target.write_bytes(b"old")
    with pytest.raises(type(fail)):
        label_file(model, str(source), str(target))
    assert target.read_bytes() == b"old"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["in.csv", to]


@pytest.mark.parametrize(
    ("name", "to"),
    [
        ("in.csv", "out.jsonl"),
        ("in.csv", "out.tsv"),
        ("in.csv", "out.xlsx"),
        ("in.csv", "out.txt"),
        ("in.csv", "out.json"),
        ("in.csv", "out.parquet"),
        ("in.csv", "out.parquet.zst"),
        ("in.csv", "out.csv.zip"),
        ("in.tsv", "out.csv"),
        ("in.jsonl", "out.csv.gz"),
        ("in.txt", "out.jsonl"),
    ],
)
def test_an_ending_of_the_output_that_does_not_fit_is_refused(refused, name, to):
    written = "csv" if name == "in.txt" else name[3:]
    told = refused(CSV, name, to=to)
    assert told.endswith(
        f"{to}: the output has the format of the input ({written}); "
        f"name a file that ends in .{written}"
    )


@pytest.mark.parametrize("to", ["out", "out.labelled", "out.CSV", "out.gz"])
def test_an_ending_that_promises_nothing_is_taken(label_bytes, to):
    found = label_bytes(CSV, to=to).content
    assert (gzip.decompress(found) if to == "out.gz" else found).startswith(b"id,text,kpoclf_")


@pytest.mark.parametrize("how", ["same", "dotted", "link", "linked"])
def test_an_output_that_is_the_input_is_refused(model, tmp_path, how):
    (tmp_path / "sub").mkdir()
    source = target = tmp_path / "in.csv"
    source.write_bytes(CSV)
    if how == "dotted":
        target = tmp_path / "sub" / ".." / "in.csv"
    elif how == "link":
        target = tmp_path / "sub" / "out.csv"
        target.symlink_to(source)
    elif how == "linked":
        source, target = tmp_path / "link.csv", source
        source.symlink_to(target)
    with pytest.raises(InputError, match="the output would replace the input; name another file"):
        label_file(model, str(source), str(target))
    assert (tmp_path / "in.csv").read_bytes() == CSV


@pytest.mark.skipif(os.name != "posix", reason="POSIX permissions and devices")
def test_permissions_of_an_existing_output_stay(label_bytes, tmp_path):
    target = tmp_path / "out.csv"
    target.write_bytes(b"old")
    target.chmod(0o640)
    label_bytes(CSV, to="out.csv")
    assert stat.S_IMODE(target.stat().st_mode) == 0o640


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_named_pipe_is_written_to_and_stays_one(model, tmp_path):
    source, pipe = tmp_path / "in.csv", tmp_path / "pipe"
    source.write_bytes(CSV)
    os.mkfifo(pipe)
    with ThreadPoolExecutor() as pool:
        content = pool.submit(pipe.read_bytes)
        assert label_file(model, str(source), str(pipe)).rows == 1
        assert content.result().startswith(CSV[:4])
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_a_missing_folder_and_a_folder_are_told(model, tmp_path):
    source = tmp_path / "in.csv"
    source.write_bytes(CSV)
    for target, told in (
        (tmp_path / "none" / "out.csv", "cannot be written"),
        (tmp_path, "is a folder; give the name of a file"),
    ):
        with pytest.raises(InputError, match=told):
            label_file(model, str(source), str(target))
    assert [p.name for p in tmp_path.iterdir()] == ["in.csv"]


@pytest.mark.parametrize("target", [None, "-"])
@pytest.mark.parametrize("name", ["csv", "tsv", "jsonl", "lines"])
def test_standard_input_and_output(model, values, monkeypatch, target, name):
    content = {
        "csv": f"text\n{KEY}\n",
        "tsv": f"text\tn\n{KEY}\t1\n",
        "jsonl": json.dumps({"text": KEY}),
        "lines": KEY,
    }[name]
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(content.encode())))
    out = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", SimpleNamespace(buffer=out))
    assert label_file(model, "-", target, ReadOptions(format=name)).rows == 1
    assert values(KEY)[0].encode() in out.getvalue()
    assert KEY.encode() in out.getvalue()


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"a\nb\n", ": no column has a usual name"),
        (b'text\n"a\n', ", line 2: a quoted field"),
        (b"\x81\xff", ": neither UTF-8"),
        (gzip.compress(CSV, mtime=0)[:-9], ": broken gzip file"),
        (b"text,kpoclf_label\n", ": has a column 'kpoclf_label' already"),
    ],
)
def test_errors_of_standard_input_name_it(model, monkeypatch, content, told):
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(content)))
    with pytest.raises(InputError, match="^standard input" + told):
        label_file(model, "-", None, ReadOptions(format="csv"))


def test_numbers_have_four_places_and_what_is_not_known_has_none():
    assert [str(Number(x)) for x in (0.5, 1, 0.97426, 2e-9, float("nan"))] == [
        "0.5000",
        "1.0000",
        "0.9743",
        "0.0000",
        "",
    ]
