"""CSV and TSV: every record comes back byte for byte, with fields behind it."""

import csv
import io
import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kpoclf.errors import InputError
from kpoclf.tables import csv_pieces
from kpoclf.tables.csv_table import CsvTable
from kpoclf.tables.encoding import Encoding
from kpoclf.tables.label_file import label_file
from kpoclf.tables.open_table import ReadOptions

ADDED = "kpoclf_label,kpoclf_confidence,kpoclf_status,kpoclf_service"
KEY = "Key invoice numbers from scanned forms"


def rows(content, delimiter=","):
    return list(csv.reader(io.StringIO(content.decode(), newline=""), delimiter=delimiter))


def test_each_record_is_followed_by_its_four_values(label_bytes, values):
    found = label_bytes(f"id,text\n007,{KEY}\n1e5,NA\n".encode())
    first, second = (",".join(values(t)) for t in (KEY, "NA"))
    assert found.text == f"id,text,{ADDED}\n007,{KEY},{first}\n1e5,NA,{second}\n"
    assert found.summary.rows == 2


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_the_delimiter_is_the_one_that_splits_the_header(label_bytes, values, delimiter):
    head = delimiter.join(["id", "text", "note, or; so" if delimiter == "\t" else "note"])
    body = delimiter.join(["1", KEY, "x"])
    found = label_bytes(f"{head}\n{body}\n".encode())
    assert found.text.splitlines()[1] == delimiter.join([body, *values(KEY)])


def test_the_delimiter_is_found_behind_blank_lines(label_bytes, values):
    found = label_bytes(b"\r\n\nid;text\n1;a, b\n")
    assert found.content.startswith(b"\r\n\nid;text;kpoclf_label;")
    assert rows(found.content, ";")[-1][:3] == ["1", "a, b", values("a, b")[0]]


def test_a_delimiter_may_be_named(label_bytes, values):
    found = label_bytes(f"id|text,kind\n1|{KEY}\n".encode(), delimiter="|", text=("text,kind",))
    assert found.text.splitlines()[1] == "|".join(["1", KEY, *values(KEY)])


@pytest.mark.parametrize("line", ["sep=;", "SEP=;", '"sep=;"'])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_a_first_line_that_tells_excel_the_delimiter_is_heeded_and_stays(
    label_bytes, values, line, mark
):
    given = mark + f"{line}\r\n\r\ntext;a,b,c\r\n{KEY};1\r\n".encode()
    told = ";".join(values(KEY))
    head = f"{line}\r\n\r\ntext;a,b,c;{ADDED.replace(',', ';')}\r\n"
    assert label_bytes(given).content == mark + f"{head}{KEY};1;{told}\r\n".encode()


def test_the_delimiter_that_a_first_line_tells_is_known_to_every_process(model, tmp_path):
    given, *targets = (tmp_path / name for name in ("in.csv", "one.csv", "two.csv"))
    given.write_text("sep=|\nid|text\n" + "".join(f"{i}|{KEY}, {i}\n" for i in range(3000)))
    for n, target in enumerate(targets, 1):
        label_file(model, str(given), str(target), processes=n)
    one, two = (target.read_bytes() for target in targets)
    assert one == two
    assert one.startswith(b"sep=|\nid|text|kpoclf_label|")


def test_lines_are_counted_from_the_one_that_tells_the_delimiter(refused):
    assert "in.csv, line 3: a quoted field" in refused(b'sep=;\ntext;a\n"never ends;1\n')


@pytest.mark.parametrize("header", ["sep=;x,text", "separator,text", "sep=a,text"])
def test_a_header_that_only_begins_like_it_is_a_header(label_bytes, values, header):
    told = ",".join(values(KEY))
    assert label_bytes(f"{header}\nx,{KEY}\n".encode()).text.endswith(f"x,{KEY},{told}\n")


def test_a_line_that_tells_the_delimiter_is_no_header(refused):
    assert refused(b"sep=;\n") == "in.csv: no columns: the file is empty"


def test_a_tsv_is_split_at_another_delimiter_if_the_user_says_so(label_bytes, values):
    found = label_bytes(f"id;text\n1;{KEY}\n".encode(), "in.tsv", delimiter=";")
    assert found.text.splitlines()[1] == ";".join(["1", KEY, *values(KEY)])


def test_a_tsv_is_split_at_tabs_only(label_bytes, values):
    found = label_bytes(f"text\tnote,a,b,c\n{KEY}\tx,y\n".encode(), "in.tsv")
    assert found.text.splitlines()[1] == "\t".join([KEY, "x,y", *values(KEY)])


def test_a_record_with_fewer_fields_than_the_header_gets_empty_ones(label_bytes, values):
    found = label_bytes(f"text,a,b\n{KEY}\n".encode())
    assert found.text.splitlines()[1] == ",".join([KEY, "", "", *values(KEY)])


def test_a_record_without_the_text_field_has_an_empty_text(label_bytes, values):
    assert rows(label_bytes(b"id,text\n1\n").content)[1] == ["1", "", *values("")]


def test_a_record_with_more_fields_than_the_header_keeps_them_beyond_it(label_bytes, values):
    found = label_bytes(f'text,a\n{KEY},1,"2,5",3\r\n{KEY},1\n{KEY},1,2\n'.encode())
    told = ",".join(values(KEY))
    assert found.content.split(b"\n")[1:] == [
        f'{KEY},1,{told},"2,5",3\r'.encode(),
        f"{KEY},1,{told}".encode(),
        f"{KEY},1,{told},2".encode(),
        b"",
    ]
    assert len(found.summary.notes) == 1
    assert (
        "2 rows have more fields than the header (first: line 2), which" in found.summary.notes[0]
    )


def test_line_ends_of_every_kind_stay(label_bytes, values):
    content = b"id,text\r\n1,a\n2,b\r3,c\r\n\r\n\n4,d"
    found = label_bytes(content).content
    a, b, c, d = (",".join(values(t)).encode() for t in "abcd")
    head = f"id,text,{ADDED}".encode()
    assert found == (head + b"\r\n1,a," + a + b"\n2,b," + b + b"\r3,c," + c + b"\r\n\r\n\n4,d," + d)


def test_quotes_and_line_ends_inside_a_field_stay(label_bytes, values):
    record = b'"1","He said ""key,\r\nthe"" forms\n\n"'
    found = label_bytes(b"id,text\n" + record + b"\n").content
    text = 'He said "key,\r\nthe" forms\n\n'
    assert found.split(b"\n", 1)[1] == record + f",{','.join(values(text))}\n".encode()


@pytest.mark.parametrize(
    "field", ['"a"b"c', 'a"b', ' "a"', '""', '"a" ', "'a'", "=1+1", "\x00a\x00"]
)
def test_odd_fields_stay_as_they_were_written(label_bytes, field):
    record = f"{field},{KEY}"
    assert (
        label_bytes(f"odd,text\n{record}\n".encode()).text.splitlines()[1].startswith(record + ",")
    )


def test_a_nul_byte_in_the_text_is_no_end_of_it(label_bytes, values):
    text = "Key\x00 invoices\x00"
    assert rows(label_bytes(f"text\n{text}\n".encode()).content)[1] == [text, *values(text)]


def test_a_cell_of_five_megabytes_is_labelled_whole(label_bytes, values):
    text = ("Key the, invoices\n" * 300_000)[: 5 << 20] + " advise"
    found = label_bytes(f'id,text\n1,"{text}"\n2,b\n'.encode())
    assert found.text.split("\n", 1)[1] == (
        f'1,"{text}",{",".join(values(text))}\n2,b,{",".join(values("b"))}\n'
    )


def test_a_header_alone_comes_back_with_the_added_names(label_bytes):
    for content in (b"id,text", b"id,text\r\n"):
        found = label_bytes(content)
        assert found.content == content.replace(b"text", f"text,{ADDED}".encode())
        assert found.summary.rows == 0


@pytest.mark.parametrize("content", [b"", b"\n\r\n", b"\xef\xbb\xbf"])
def test_an_empty_file_is_refused(refused, content):
    assert refused(content) == "in.csv: no columns: the file is empty"


@pytest.mark.parametrize("end", [b"", b"\n", b"\n3,c\n4,d\r\n"])
def test_a_quote_left_open_is_told_with_the_line_where_its_record_starts(refused, end):
    message = refused(b'id,text\n"1",a\n\n2,"Key the forms' + end)
    assert message == "in.csv, line 4: a quoted field of this record never ends; close the quote"


def test_a_quote_left_open_in_the_header_is_told(refused):
    assert refused(b'id,"text\n1,a\n').startswith("in.csv, line 1: a quoted field")


def test_a_closed_quote_at_the_end_of_the_file_is_no_open_one(label_bytes):
    for last in (b'"a"', b'"a"""', b'"a""b" "', b'"a\n"'):
        assert label_bytes(b"id,text\n1," + last).summary.rows == 1


def test_columns_of_the_same_name_come_back_both(label_bytes, values):
    found = label_bytes(f"id,text,id\n1,{KEY},2\n".encode())
    assert rows(found.content)[1] == ["1", KEY, "2", *values(KEY)]


@pytest.mark.parametrize(
    ("content", "left"),
    [
        ("kpoclf_label,id,text\nmine,1,{}\n", "id,text\n1,{}\n"),
        ('id,"kpoclf_status",text\n1,"my ""own""",{}\n', "id,text\n1,{}\n"),
        ('id,kpoclf_label,text\n"1"",x",mine,{}\n', 'id,text\n"1"",x",{}\n'),
        ('id,text,kpoclf_service,"a"\n"1","{}",x,"2"\n', 'id,text,"a"\n"1","{}","2"\n'),
        ("kpoclf_label,text,kpoclf_label\nx,{},y\n", "text\n{}\n"),
        ("id,text,kpoclf_label\n1,{}\n", "id,text\n1,{}\n"),
    ],
)
def test_overwriting_takes_the_old_columns_out_and_leaves_the_others(
    label_bytes, refused, values, content, left
):
    content, left = content.replace("{}", KEY).encode(), left.replace("{}", KEY).splitlines()
    assert "already; pass --overwrite to replace it, or rename it" in refused(content)
    found = label_bytes(content, overwrite=True).text.splitlines()
    assert found == [f"{left[0]},{ADDED}", ",".join([left[1], *values(KEY)])]


def test_labelling_what_was_labelled_gives_the_same_file(label_bytes):
    once = label_bytes(b'id,text\r\n1,"a, b"\r\n\r\n2,Advise the board\r\n,\r\n').content
    assert label_bytes(once, overwrite=True).content == once


def test_a_column_of_detail_is_a_clash_with_detail_only(label_bytes, refused):
    content = b"text,kpoclf_reasons\na,because\n"
    assert "'kpoclf_reasons'" in refused(content, detail=True)
    assert label_bytes(content).text.splitlines()[1].startswith("a,because,")


_character = st.one_of(
    st.sampled_from('",;\t |\n\r\x00aé'),
    st.characters(exclude_categories=["Cs"], exclude_characters="\ufeff"),
)
_text = st.text(_character, max_size=12)


@st.composite
def _csv_files(draw):
    """A header, records as lists of (raw, value), their ends, blank lines; some of it very odd."""
    delimiter = draw(st.sampled_from(",;\t"))
    plain = _text.map(lambda t: "".join(c for c in t if c not in delimiter + "\r\n"))
    outside = plain.map(lambda t: t.lstrip('"'))  # a quote may stand anywhere but at the start
    inside = st.tuples(_text, outside).map(
        lambda pair: ('"' + pair[0].replace('"', '""') + '"' + pair[1], pair[0] + pair[1])
    )
    field = st.one_of(outside.map(lambda t: (t, t)), inside)
    end = st.sampled_from(["\n", "\r\n", "\r"])
    header = [draw(st.sampled_from([c, f'"{c}"'])) for c in ("id", "text", "note")]
    records = draw(st.lists(st.lists(field, min_size=1, max_size=5), max_size=6))
    records = [r for r in records if len(r) > 1 or r[0][0]]  # else it is a blank line
    blank = st.lists(end, max_size=2).map("".join)
    ends = [draw(end) for _ in records]
    if records and draw(st.booleans()):
        ends[-1] = ""
    after = ["" if e == "" else draw(blank) for e in ends]
    return delimiter, header, records, draw(end), ends, draw(blank), after


@given(_csv_files())
@settings(
    max_examples=80,
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_for_every_csv_file_every_byte_comes_back_and_the_values_stand_under_their_names(
    model, values, tmp_path, file
):
    delimiter, header, records, head_end, ends, before, after = file
    given_text = before + delimiter.join(header) + head_end
    wanted = before + delimiter.join([*header, *ADDED.split(",")]) + head_end
    for record, end, blank in zip(records, ends, after, strict=True):
        raw = [r for r, _ in record]
        text = record[1][1] if len(record) > 1 else ""
        given_text += delimiter.join(raw) + end + blank
        padded = raw[:3] + [""] * (3 - len(raw))
        wanted += delimiter.join([*padded, *values(text), *raw[3:]]) + end + blank
    source, target = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_bytes(given_text.encode())
    summary = label_file(model, str(source), str(target), ReadOptions())
    assert target.read_bytes() == wanted.encode()
    assert summary.rows == len(records)


def test_however_pieces_are_cut_the_records_are_those_of_the_csv_module(monkeypatch):
    """Quotes in odd places, line ends of every kind, cuts anywhere."""
    monkeypatch.setattr(csv_pieces, "_READ", 7)
    monkeypatch.setattr(csv_pieces, "_LONGEST_PIECE", 40)
    monkeypatch.setattr(csv_pieces, "_SINGLE_LINES", 3)
    rng = random.Random(3)  # noqa: S311
    refused = 0
    for _ in range(4000):
        text = "h,i\n" + "".join(rng.choices('ab,"\n\r"x "', k=rng.randrange(90)))
        try:
            table = CsvTable(io.BytesIO(text.encode()), Encoding("utf-8"), ",", "in.csv")
            rows = list(table.records())
        except InputError as error:
            assert "never ends" in str(error)  # noqa: PT017
            refused += 1
            continue
        wanted = [row for row in csv.reader(io.StringIO(text, newline="")) if row][1:]
        assert [row.values for row in rows] == [row + [""] * (2 - len(row)) for row in wanted]
        raw = [table._header.raw, *(row.raw for row in rows)]
        table.finish(rest := io.BytesIO())
        assert "".join(r.before + r.body + r.end for r in raw) + rest.getvalue().decode() == text
    assert 500 < refused < 3500
