"""A table of any format, opened for reading row by row."""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Protocol

from kpoclf.errors import InputError
from kpoclf.tables.blocks import Rows
from kpoclf.tables.content import check_content
from kpoclf.tables.csv_table import CsvTable
from kpoclf.tables.encoding import detect_encoding, named_encoding
from kpoclf.tables.jsonl_table import JsonlTable
from kpoclf.tables.lines_table import LinesTable
from kpoclf.tables.parquet_table import ParquetTable
from kpoclf.tables.source import STDIN, format_of, open_source, shown
from kpoclf.tables.xlsx_table import XlsxTable

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence

__all__ = ["ReadOptions", "Table", "check_options", "check_source", "open_table"]

_CSV = ("csv", "tsv")
_FITS = {
    "encoding": ("text, not for workbooks or Parquet", (*_CSV, "jsonl", "lines")),
    "delimiter": ("CSV", _CSV),
    "sheet": ("workbooks", ("xlsx",)),
}
_BINARY = ("parquet", "xlsx")
_DELIMITERS = {";": "semicolons", "\t": "tabs"}


class Table(Rows, Protocol):
    """What every format can do."""

    columns: list[str]

    def drop(self, names: Collection[str]) -> None:
        """Leave columns of these names out of what is written."""

    def start(self, out: IO[bytes], added: Sequence[str]) -> None:
        """Write what stands before the first row."""


@dataclass(frozen=True)
class ReadOptions:
    """How a file is read.

    Attributes
    ----------
    text : tuple of str
        Text columns, joined; the usual ones if empty.
    format : str or None
        One of `kpoclf.tables.source.FORMATS`; by the file's ending if None.
    encoding : str or None
        By byte order mark, UTF-8 or cp1252 if None.
    delimiter : str or None
        Of CSV; by the header if None.
    sheet : str or None
        Of a workbook.
    """

    text: tuple[str, ...] = ()
    format: str | None = None
    encoding: str | None = None
    delimiter: str | None = None
    sheet: str | None = None


def _kind(name: str, options: ReadOptions) -> str:
    if name != STDIN and not os.path.exists(name):
        raise InputError(f"{name}: no such file")
    return format_of(name, options.format)


def check_options(names: Sequence[str], options: ReadOptions) -> None:
    """Refuse files that are not there or of no format, and options that fit none of the files.

    Parameters
    ----------
    names : sequence of str
        Paths, or ``"-"`` for standard input.
    options : ReadOptions

    Raises
    ------
    InputError
        One line that says which.
    """
    kinds = [_kind(name, options) for name in names]
    for option, (what, fitting) in _FITS.items():
        if getattr(options, option) is not None and not set(kinds) & set(fitting):
            which = shown(names[0]) if len(names) == 1 else "the files"
            raise InputError(f"{which}: --{option} is for {what}; leave it out")


def check_source(name: str, options: ReadOptions) -> None:
    """Refuse what is to be seen before a table is read: a missing file, or one of another kind.

    Parameters
    ----------
    name : str
        A path.
    options : ReadOptions

    Raises
    ------
    InputError
        As `open_table`.
    """
    kind = _kind(name, options)
    if not os.path.isfile(name):
        return  # a pipe can be read once only
    with open_source(name) as stream:
        if kind in _BINARY:
            stream.read(1)
        else:
            check_content(stream, shown(name), options.encoding)


@contextmanager
def open_table(
    name: str, options: ReadOptions, tell: Callable[[int], object] = lambda position: None
) -> Iterator[tuple[Table, str]]:
    """Open a table.

    Parameters
    ----------
    name : str
        A path, or ``"-"`` for standard input.
    options : ReadOptions
    tell : callable
        Called with the position in the file, in bytes.

    Yields
    ------
    table : Table
    guessed : str
        Its encoding if not UTF-8 and its delimiter if not a comma, unless the user named them; such
        as ``"read as cp1252, fields separated by semicolons"``.

    Raises
    ------
    InputError
        If the file cannot be read; one line that says why.
    """
    kind = _kind(name, options)
    where = shown(name)
    reading = False
    # Finding the encoding reads the file to its end: that is no progress.
    with open_source(name, lambda position: tell(position) if reading else None) as stream:
        if kind == "xlsx":
            reading = True
            yield XlsxTable(stream, options.sheet, options.text, where), ""
            return
        if kind == "parquet":
            reading = True
            yield ParquetTable(stream, where), ""
            return
        check_content(stream, where, options.encoding)
        guessed = []
        if options.encoding:
            encoding = named_encoding(options.encoding, stream, where)
        else:
            encoding = detect_encoding(stream, where)
            guessed += [f"read as {encoding.name}"] if encoding.name != "utf-8" else []
        reading = True
        table: Table
        if kind == "jsonl":
            table = JsonlTable(stream, encoding, where)
        elif kind == "lines":
            table = LinesTable(stream, encoding, where)
        else:
            asked = options.delimiter or ("\t" if kind == "tsv" else None)
            table = CsvTable(stream, encoding, asked, where)
            if not asked and table.delimiter != ",":
                separator = _DELIMITERS.get(table.delimiter, repr(table.delimiter))
                guessed.append(f"fields separated by {separator}")
        yield table, ", ".join(guessed)
