"""Which encoding a file is in, and every byte of it back."""

import codecs
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kpoclf.errors import InputError
from kpoclf.tables.encoding import Encoding, detect_encoding, named_encoding

MARKS = {
    "utf-8": codecs.BOM_UTF8,
    "utf-16-le": codecs.BOM_UTF16_LE,
    "utf-16-be": codecs.BOM_UTF16_BE,
    "utf-32-le": codecs.BOM_UTF32_LE,
    "utf-32-be": codecs.BOM_UTF32_BE,
}


def detect(content):
    return detect_encoding(io.BytesIO(content), "a.csv")


def named(name, content):
    return named_encoding(name, io.BytesIO(content), "a.csv")


@pytest.mark.parametrize(("name", "mark"), MARKS.items())
def test_a_byte_order_mark_tells_the_encoding(name, mark):
    assert detect(mark + "text".encode(name)) == Encoding(name, mark)


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b"", "utf-8"),
        (b"plain", "utf-8"),
        ("Prüfen – 検証".encode(), "utf-8"),
        ("Prüfen – “so”".encode("cp1252"), "cp1252"),
        ("é".encode()[:1], "cp1252"),
    ],
)
def test_without_a_mark_it_is_utf_8_and_else_cp1252(content, name):
    assert detect(content) == Encoding(name)


def test_a_character_across_two_blocks_is_one():
    for shift in range(4):
        assert detect(b"a" * ((1 << 20) - shift) + "😀".encode()) == Encoding("utf-8")


@pytest.mark.parametrize("far", [0, 3 << 20])
def test_the_whole_file_is_looked_at(far):
    assert detect(b"a" * far + b"\xff") == Encoding("cp1252")
    with pytest.raises(InputError, match=r"^a\.csv: neither UTF-8 \(see line 3\) nor cp1252;"):
        detect(b"\n\n" + b"a" * far + b"\xff\n" + b"a" * far + b"\x81")


@pytest.mark.parametrize(("name", "mark"), MARKS.items())
def test_a_named_encoding_takes_its_mark_from_the_file(name, mark):
    content = mark + "text".encode(name)
    family = "-".join(name.split("-")[:2])
    assert named(name, content) == named(family.upper(), content) == Encoding(name, mark)
    assert named(name, content[len(mark) :]) == Encoding(name)


@pytest.mark.parametrize("name", ["utf-16", "cp1252", "latin1"])
def test_a_named_encoding_that_the_mark_contradicts_is_refused(name):
    with pytest.raises(InputError) as error:
        named(name, codecs.BOM_UTF8 + b"text")
    told = f"a.csv: begins with the byte order mark of utf-8; leave --encoding {name} out"
    assert str(error.value) == told


def test_names_are_read_as_python_knows_them():
    assert named("UTF8", b"") == named("utf-8-sig", b"") == Encoding("utf-8")
    assert named("utf-16", b"") == Encoding("utf-16-le")
    assert named("latin1", b"\x81") == Encoding("iso8859-1")
    assert named("windows-1252", b"\x80") == Encoding("cp1252")


@pytest.mark.parametrize(
    "name", ["nope", "", "base64", "rot13", "idna", "punycode", "undefined", "é"]
)
def test_what_is_no_encoding_of_files_is_refused(name):
    with pytest.raises(InputError) as error:
        named(name, b"a")
    assert str(error.value) == (
        f"--encoding {name}: no such encoding; common ones: utf-8, cp1252, utf-16"
    )


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("shift_jis", "検証する\n".encode("shift_jis")),
        ("gb18030", "核实\r\n".encode("gb18030")),
        ("euc-kr", "확인\n".encode("euc-kr")),
        ("koi8-r", bytes(range(256))),
        ("cp437", bytes(range(256))),
        ("iso2022_jp", "検証\nする\n".encode("iso2022_jp")),
    ],
)
def test_other_encodings_are_taken(name, content):
    assert named(name, content) == Encoding(codecs.lookup(name).name)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("cp932", b"\x81\xca\n\xfa\x54\n"),  # two spellings of the same sign
        ("utf-7", b"a\n+AGE-\n"),
        ("unicode_escape", b"a\n\\u0061\n"),
    ],
)
def test_a_file_that_would_not_come_back_byte_for_byte_is_refused(name, content):
    with pytest.raises(InputError, match="would not come back byte for byte"):
        named(name, content)


def test_bytes_that_cannot_be_decoded_are_left_to_the_reader():
    assert named("shift_jis", b"a\n\xff\xff") == Encoding("shift_jis")


@given(st.binary(max_size=60), st.sampled_from([b"", *MARKS.values()]))
@settings(max_examples=300, derandomize=True, deadline=None)
def test_for_every_file_that_can_be_decoded_every_byte_comes_back(content, mark):
    content = mark + content
    try:
        found = detect(content)
        text = content[len(found.mark) :].decode(found.name, found.errors)
    except (InputError, UnicodeDecodeError):
        return
    assert found.mark + text.encode(found.name, found.errors) == content
