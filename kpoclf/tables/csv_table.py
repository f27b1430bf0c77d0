"""CSV and TSV: every record's own text is kept, and fields are put behind it."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import IO, TYPE_CHECKING, NamedTuple

from kpoclf.errors import InputError
from kpoclf.tables.blocks import BlockTable, Layout
from kpoclf.tables.csv_pieces import Pieces, last_record_end
from kpoclf.tables.record import Record

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from kpoclf.tables.encoding import Encoding

__all__ = ["CsvRows", "CsvTable"]

_FIELD_LIMIT = 32 << 20  # characters; a longer field is a quote left open
_HEADER_LINES = 50
_PENDING = 1 << 16  # characters that are encoded and written together
# A first line that tells Excel the delimiter.
_SEP_LINE = re.compile(r'("?)sep=([^\w\s"]|\t)\1[\r\n]*\Z', re.IGNORECASE)


class _Raw(NamedTuple):
    """The text of a record: blank lines before it, itself, its line end; and its number of fields."""

    before: str
    body: str
    end: str
    n_fields: int


@dataclass(frozen=True)
class _Layout(Layout):
    columns: tuple[str, ...]
    delimiter: str
    encoding: Encoding
    name: str
    dropped: frozenset[int] = frozenset()

    def rows(self, stream: IO[bytes], line: int) -> CsvRows:
        return CsvRows(Pieces(self.encoding.text(stream), line), self)

    def last_end(self, content: bytearray, stop: int) -> int:
        return last_record_end(content, stop)


class CsvRows:
    """Records of a CSV file, and how they are written back.

    Parameters
    ----------
    lines : Pieces
    layout : object
    """

    def __init__(self, lines: Pieces, layout: _Layout) -> None:
        csv.field_size_limit(_FIELD_LIMIT)
        self._lines = lines
        self._layout = layout
        self._pending: list[str] = []
        self._pending_size = 0
        self._start_reader()
        self._rest = ""

    def _start_reader(self) -> None:
        self._reader = csv.reader(self._lines, delimiter=self._layout.delimiter)

    def records(self) -> Iterator[Record]:
        """Rows after the header.

        Raises
        ------
        InputError
            If a quoted field never ends, or the bytes do not fit the encoding; with the line.
        """
        width = len(self._layout.columns)
        while (record := self.next_record()) is not None:
            record.overfull = len(record.values) > width
            record.values = [*record.values, *[""] * (width - len(record.values))]
            yield record

    def next_record(self) -> Record | None:
        """The next record as it stands, or None; errors as of `records`."""
        before = ""
        while True:
            start = f"line {self._lines.number + 1}"
            try:
                fields = self._next_fields()
                at_end = self._lines.at_end
            except csv.Error:
                raise self._open_quote(start) from None
            except UnicodeDecodeError as error:
                raise self._layout.encoding.misfit(self._layout.name, start, error) from None
            text = self._lines.take()
            if fields is None:
                self._rest = before + text
                return None
            if fields:
                break
            before += text  # a blank line
        body = text.rstrip("\r\n")
        if at_end and _fields(body, self._layout.delimiter)[1]:
            raise self._open_quote(start)
        return Record(fields, start, _Raw(before, body, text[len(body) :], len(fields)))

    def _next_fields(self) -> list[str] | None:
        try:
            return next(self._reader, None)
        except csv.Error:  # a quote in an unquoted field, or a quoted field that never ends
            self._lines.line_by_line()
            self._start_reader()
            return next(self._reader, None)

    def _open_quote(self, where: str) -> InputError:
        return InputError(
            f"{self._layout.name}, {where}: a quoted field of this record never ends; close the quote"
        )

    def write(self, out: IO[bytes], record: Record, added: Sequence[object]) -> None:
        """Write a record with the added fields behind its columns.

        A record with fewer fields than the header gets empty ones, so that what is added stands
        under its name; fields beyond the header stay beyond it.
        """
        before, body, end, n_fields = record.raw
        width = len(self._layout.columns)
        beyond = ""
        if self._layout.dropped or n_fields > width:
            fields, _ = _fields(body, self._layout.delimiter)
            beyond = "".join(self._layout.delimiter + field for field in fields[width:])
            kept = [f for i, f in enumerate(fields[:width]) if i not in self._layout.dropped]
            body = self._layout.delimiter.join(kept)
            n_fields = len(kept)
        delimiter = self._layout.delimiter
        padding = delimiter * (width - len(self._layout.dropped) - n_fields)
        new = "".join(delimiter + _quoted(str(value), delimiter) for value in added)
        self._put(out, before + body + padding + new + beyond + end)

    def finish(self, out: IO[bytes]) -> None:
        """Write what stands after the last record."""
        self._put(out, self._rest)
        self._flush(out)

    def _put(self, out: IO[bytes], text: str) -> None:
        self._pending.append(text)
        self._pending_size += len(text)
        if self._pending_size > _PENDING:
            self._flush(out)

    def _flush(self, out: IO[bytes]) -> None:
        text = "".join(self._pending)
        self._pending, self._pending_size = [], 0
        out.write(text.encode(self._layout.encoding.name, self._layout.encoding.errors))


class CsvTable(BlockTable):
    """A CSV file read record by record.

    Parameters
    ----------
    stream : binary file object
    encoding : Encoding
    delimiter : str or None
        If None, that of a first line such as ``sep=;``, else comma, semicolon or tab, whichever
        splits the header most.
    name : str
        Of the file, for messages.

    Attributes
    ----------
    columns : list of str
        The header; empty for an empty file.
    delimiter : str

    Raises
    ------
    InputError
        If the bytes do not fit the encoding.
    """

    _layout: _Layout

    def __init__(
        self, stream: IO[bytes], encoding: Encoding, delimiter: str | None, name: str
    ) -> None:
        csv.field_size_limit(_FIELD_LIMIT)
        stream.seek(len(encoding.mark))
        text = encoding.text(stream)
        lines = Pieces(text)
        try:
            first = lines.first_lines(_HEADER_LINES)
            if sep := _SEP_LINE.match(first[0] if first else ""):
                next(lines)
        except UnicodeDecodeError as error:
            raise encoding.misfit(name, "line 1", error) from None
        self.delimiter = delimiter or (sep[2] if sep else _guess_delimiter(first))
        before = lines.take()
        layout = _Layout((), self.delimiter, encoding, name)
        self._header = CsvRows(lines, layout).next_record()
        if self._header:
            self._header.raw = self._header.raw._replace(before=before + self._header.raw.before)
            before = "".join(self._header.raw[:3])
        self.columns: list[str] = list(self._header.values) if self._header else []
        offset = len(encoding.mark) + len(before.encode(encoding.name, encoding.errors))
        text.detach()
        layout = replace(layout, columns=tuple(self.columns))
        super().__init__(stream, layout, offset, lines.number)

    def drop(self, names: Collection[str]) -> None:
        """Leave columns of these names out of what is written."""
        dropped = frozenset(i for i, c in enumerate(self.columns) if c in names)
        self._layout = replace(self._layout, dropped=dropped)

    def start(self, out: IO[bytes], added: Sequence[str]) -> None:
        """Write the byte order mark and the header with the added columns."""
        out.write(self._layout.encoding.mark)
        if self._header is not None:
            rows = self._layout.rows(io.BytesIO(), 0)
            rows.write(out, self._header, added)
            rows.finish(out)


@lru_cache(10_000)
def _quoted(value: str, delimiter: str) -> str:
    if any(c in value for c in (delimiter, '"', "\n", "\r")):
        return '"' + value.replace('"', '""') + '"'
    return value


def _guess_delimiter(lines: Sequence[str]) -> str:
    """The one of comma, semicolon and tab that splits the first record most."""

    def width(delimiter: str) -> int:
        try:
            return len(next(filter(None, csv.reader(lines, delimiter=delimiter)), ()))
        except csv.Error:
            return 0

    return max(",;\t", key=width)


def _fields(body: str, delimiter: str) -> tuple[list[str], bool]:
    """Fields of a record as they are written, quotes and all; and whether a quote is left open."""
    fields: list[str] = []
    start = end = 0
    while True:
        if body.startswith('"', start):
            end = body.find('"', start + 1)
            while end >= 0 and body.startswith('"', end + 1):
                end = body.find('"', end + 2)
            if end < 0:
                return [*fields, body[start:]], True
        end = body.find(delimiter, end)
        if end < 0:
            return [*fields, body[start:]], False
        fields.append(body[start:end])
        start = end = end + 1
