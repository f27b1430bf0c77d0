"""A file that holds something else than its name says is told by what it seems to be."""

import gzip
import io
import zipfile

import pytest

from kpoclf.tables.label_file import label_file
from kpoclf.tables.open_table import ReadOptions

NO_ROWS = "give a file of rows, such as CSV"


def archive(*names):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as made:
        for name in names:
            made.writestr(name, "x")
    return stream.getvalue()


OTHER = {
    "an XLSX workbook, not text; name it .xlsx, or pass --format xlsx": archive("xl/workbook.xml"),
    "a Parquet file, not text; name it .parquet, or pass --format parquet": b"PAR1\0\0\0PAR1",
    f"a Word file, not text; {NO_ROWS}": archive("word/document.xml"),
    f"an OpenDocument file, not text; {NO_ROWS}": archive("content.xml"),
    f"a ZIP archive, not text; {NO_ROWS}": archive("jobs.csv"),
    f"an old Excel or Word file, or one with a password, not text; {NO_ROWS}": (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(100)
    ),
    f"a PNG picture, not text; {NO_ROWS}": b"\x89PNG\r\n\x1a\n" + bytes(100),
    f"a PDF, not text; {NO_ROWS}": b"%PDF-1.7\n%\xe2\xe3\n",
    f"a web page, not text; {NO_ROWS}": b"\n<!DOCTYPE html>\n<title>Log in</title>",
    f"a binary file, not text; {NO_ROWS}": bytes(range(10)) * 5 + bytes(20),
}


@pytest.mark.parametrize(("what", "content"), OTHER.items(), ids=lambda x: str(x)[:12])
@pytest.mark.parametrize("name", ["in.csv", "in.jsonl"])
def test_what_is_no_text_is_told_by_its_kind(refused, name, what, content):
    assert refused(content, name) == f"{name}: is {what}"


def test_what_is_no_text_is_told_when_it_is_packed_too(refused):
    content = gzip.compress(b"PAR1\0\0")
    assert refused(content, "in.csv.gz").startswith("in.csv.gz: is a Parquet file, not text;")


def test_a_workbook_of_another_name_is_read_as_one_if_the_user_says_so(model, tmp_path):
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    book.active.append(["text"])
    book.active.append(["Key the forms"])
    book.save(tmp_path / "jobs.xlsx")
    given = (tmp_path / "jobs.xlsx").rename(tmp_path / "jobs.csv")
    target = str(tmp_path / "out.xlsx")
    assert label_file(model, str(given), target, ReadOptions(format="xlsx")).rows == 1


@pytest.mark.parametrize("order", ["le", "be"])
def test_utf_16_without_a_mark_is_told_with_the_name_to_give(label_bytes, refused, order):
    content = "text\nPrüfe the forms\n".encode(f"utf-16-{order}")
    message = f"in.csv: seems to be UTF-16; pass --encoding utf-16-{order}"
    assert refused(content) == message
    assert label_bytes(content, encoding=f"utf-16-{order}").summary.rows == 1


def test_a_nul_byte_in_a_text_is_no_binary_file(label_bytes):
    assert label_bytes(b"text\nKey the forms\0 of claims into the ledger\n").summary.rows == 1


def test_a_web_page_within_a_field_is_a_text(label_bytes):
    assert label_bytes(b"text\n<html>Key the forms</html>\n").summary.rows == 1
