"""A table of any format, opened for reading row by row."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Protocol

from kpoclf.tables.csv_table import CsvTable
from kpoclf.tables.encoding import detect_encoding, named_encoding
from kpoclf.tables.jsonl_table import JsonlTable
from kpoclf.tables.label_rows import Rows
from kpoclf.tables.lines_table import LinesTable
from kpoclf.tables.parquet_table import ParquetTable
from kpoclf.tables.source import format_of, open_source, shown
from kpoclf.tables.xlsx_table import XlsxTable

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence

__all__ = ["ReadOptions", "Table", "open_table"]


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
    format : str

    Raises
    ------
    InputError
        If the file cannot be read; one line that says why.
    """
    kind = format_of(name, options.format)
    where = shown(name)
    reading = False
    # Finding the encoding reads the file to its end: that is no progress.
    with open_source(name, lambda position: tell(position) if reading else None) as stream:
        if kind == "xlsx":
            reading = True
            yield XlsxTable(stream, options.sheet, options.text, where), kind
            return
        if kind == "parquet":
            reading = True
            yield ParquetTable(stream, where), kind
            return
        if options.encoding:
            encoding = named_encoding(options.encoding, stream, where)
        else:
            encoding = detect_encoding(stream, where)
        reading = True
        table: Table
        if kind == "jsonl":
            table = JsonlTable(stream, encoding, where)
        elif kind == "lines":
            table = LinesTable(stream, encoding, where)
        else:
            table = CsvTable(stream, encoding, "\t" if kind == "tsv" else options.delimiter, where)
        yield table, kind
