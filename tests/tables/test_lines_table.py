"""Plain text: a line is a row, and what is written is CSV."""

import csv
import io

import pytest


def rows(content):
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def test_every_line_is_a_row_in_order(label_bytes, values):
    found = label_bytes(b'Key the forms\r\n\nAdvise, "and" sign\rlast', "in.txt", "out.csv")
    texts = ["Key the forms", "", 'Advise, "and" sign', "last"]
    assert rows(found.content)[1:] == [[t, *values(t)] for t in texts]
    assert rows(found.content)[0][0] == "text"
    assert found.summary.columns == ["text"]


def test_other_separators_do_not_end_a_line(label_bytes):
    text = "a\x0bb\x0cc\u2028d\x85e\x00f"
    assert rows(label_bytes(text.encode(), "in.txt", "out.csv").content)[1][0] == text


def test_space_at_the_ends_of_a_line_stays(label_bytes):
    assert rows(label_bytes(b" \ta  \n", "in.txt", "out.csv").content)[1][0] == " \ta  "


def test_an_empty_file_gives_the_header(label_bytes):
    found = label_bytes(b"", "in.txt", "out.csv")
    assert found.content.startswith(b"text,kpoclf_label,")
    assert found.summary.rows == 0


@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_a_byte_order_mark_is_no_text_and_comes_back(label_bytes, mark):
    content = label_bytes(f"{mark}Prüfen\n".encode(), "in.txt", "out.csv").content
    assert content.startswith(f"{mark}text,".encode())
    assert rows(content)[1][0] == "Prüfen"


def test_lines_cannot_be_written_as_plain_text(refused):
    told = refused(b"a\n", "in.txt", to="out.txt")
    assert told.endswith("labelled lines are written as CSV; name a file that ends in .csv")


def test_bytes_that_do_not_fit_the_encoding_are_told(refused):
    told = refused(b"a\n\xff\n", "in.txt", to="out.csv", encoding="utf-8")
    assert told.startswith("in.txt, near line 1: not utf-8 (")
