"""What a file holds by the way it begins, where that is not what its name says."""

from __future__ import annotations

import zipfile
from typing import IO

from kpoclf.errors import InputError
from kpoclf.tables.encoding import MARKS

__all__ = ["check_content"]

_START = 4096  # bytes that are looked at
_NULS = 0.1  # share of NUL bytes that no text has
_ADVICE = "give a file of rows, such as CSV"

# How files begin that are no tables of text, and the format of those that are read.
_SIGNS = (
    (b"PAR1", "a Parquet file", "parquet"),
    (b"PK\x03\x04", "a ZIP archive", None),
    (b"\xd0\xcf\x11\xe0", "an old Excel or Word file, or one with a password", None),
    (b"\x89PNG", "a PNG picture", None),
    (b"\xff\xd8\xff", "a JPEG picture", None),
    (b"%PDF-", "a PDF", None),
    (b"SQLite format 3\0", "an SQLite database", None),
    (b"<!doctype html", "a web page", None),
    (b"<html", "a web page", None),
)
# A part by which a kind of ZIP archive is known.
_PARTS = (
    ("xl/workbook.xml", "an XLSX workbook", "xlsx"),
    ("word/document.xml", "a Word file", None),
    ("content.xml", "an OpenDocument file", None),
)


def check_content(stream: IO[bytes], name: str, encoding: str | None) -> None:
    """Refuse what is no text.

    Parameters
    ----------
    stream : binary file object
        Unpacked, seekable; left at its start.
    name : str
        Of the file, for messages.
    encoding : str or None
        That the user named; NUL bytes may be part of it.

    Raises
    ------
    InputError
        If it begins like a file of another kind, or has the NUL bytes of one; says which.
    """
    start = stream.read(_START)
    stream.seek(0)
    lower = start.lstrip().lower()
    for sign, kind, known in _SIGNS:
        if start.startswith(sign) or lower.startswith(sign):
            what, asked = _zip_kind(stream) if sign == b"PK\x03\x04" else (kind, known)
            do = f"name it .{asked}, or pass --format {asked}" if asked else _ADVICE
            raise InputError(f"{name}: is {what}, not text; {do}")
    marked = start.startswith(tuple(mark for mark, _ in MARKS))
    if not encoding and not marked and start.count(0) > _NULS * len(start):
        odd, even = start[1::2].count(0), start[::2].count(0)
        if min(odd, even) * 10 < max(odd, even):
            asked = "utf-16-le" if odd > even else "utf-16-be"
            raise InputError(f"{name}: seems to be UTF-16; pass --encoding {asked}")
        raise InputError(f"{name}: is a binary file, not text; {_ADVICE}")


def _zip_kind(stream: IO[bytes]) -> tuple[str, str | None]:
    try:
        with zipfile.ZipFile(stream) as archive:
            names = set(archive.namelist())
    except (zipfile.BadZipFile, OSError):
        names = set()
    for part, kind, asked in _PARTS:
        if part in names:
            return kind, asked
    return "a ZIP archive", None
