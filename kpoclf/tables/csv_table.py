"""CSV and TSV: every record's own text is kept, and fields are put behind it."""

from __future__ import annotations

import csv
import io
import itertools
import re
from collections import deque
from functools import lru_cache
from typing import IO, TYPE_CHECKING, NamedTuple

from kpoclf.errors import InputError
from kpoclf.tables.record import Record

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from kpoclf.tables.encoding import Encoding

__all__ = ["CsvTable"]

_FIELD_LIMIT = 32 << 20  # characters; a longer field is a quote left open
_HEADER_LINES = 50
_BLOCK = 1 << 18  # characters that are read at once
_LONGEST_PIECE = 1 << 20  # characters that are taken together before the count of quotes is doubted
_SINGLE_LINES = 1000  # that are read one by one after the count was wrong
_PENDING = 1 << 18  # characters that are encoded and written together
_LINE_END = re.compile(r"\r\n?|\n")
_LINE = re.compile(r"[^\r\n]*(?:\r\n?|\n)|[^\r\n]+\Z")


class _Raw(NamedTuple):
    """The text of a record: blank lines before it, itself, its line end; and its number of fields."""

    before: str
    body: str
    end: str
    n_fields: int


class _Pieces:
    """Pieces of a text that are records, as far as counting quotes tells.

    The csv module decides where a record ends, and any pieces that end where lines do give it the same
    records, or an error where a piece holds more than one. Given line by line, a record of many
    lines takes it long; given whole, hardly longer than one line. Where quotes stand in unquoted
    fields the count is wrong: `line_by_line` takes back what was taken.
    """

    def __init__(self, stream: io.TextIOWrapper) -> None:
        self._stream = stream
        self._ready: deque[str] = deque()
        self._rest = ""  # read, but the end of its record is not yet
        self._open = False  # whether the rest begins within quotes
        self._single = 0
        self._taken: list[str] = []
        self.number = 0  # of lines given out

    def _fill(self) -> bool:
        """Have a piece ready; False at the end of the text."""
        while not self._ready:
            block = self._stream.read(_BLOCK)
            if block.endswith("\r"):
                block += self._stream.read(1)
            text = self._rest + block
            if not text:
                return False
            if not block:
                ends = [len(text)]
            else:
                ends = _record_ends(text, self._open)
                if not ends and len(text) > _LONGEST_PIECE:
                    ends = [len(text)]
                    while text[-1] not in "\r\n" and (more := self._stream.readline()):
                        text += more
                        ends = [len(text)]
                    self._open ^= text.count('"') % 2 == 1
                elif ends:
                    self._open = False
            self._ready.extend(text[a:b] for a, b in itertools.pairwise((0, *ends)))
            self._rest = text[ends[-1] :] if ends else text
        return True

    @property
    def at_end(self) -> bool:
        return not self._ready and not self._fill()

    def first_lines(self, n: int) -> list[str]:
        """The lines that a text begins with; they are not taken."""
        self._fill()
        return _LINE.findall("".join(itertools.islice(self._ready, n)))[:n]

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        if not self._ready and not self._fill():
            raise StopIteration
        piece = self._ready.popleft()
        if self._single:
            piece, *others = _LINE.findall(piece)
            self._ready.extendleft(reversed(others))
            self._single -= 1
        ends = piece.count("\n") + piece.count("\r") - piece.count("\r\n")
        self.number += max(ends, 1)
        self._taken.append(piece)
        return piece

    def line_by_line(self) -> None:
        """Give back what was taken, and go on line by line for a while."""
        lines = _LINE.findall("".join(self._taken))
        self.number -= len(lines)
        self._ready.extendleft(reversed(lines))
        self._single = len(lines) + _SINGLE_LINES
        self._taken = []

    def take(self) -> str:
        """What was taken since the last call."""
        text = "".join(self._taken)
        self._taken = []
        return text


def _record_ends(text: str, within_quotes: bool) -> list[int]:
    """Places after line ends that stand outside quotes, if every quote opens or closes a field."""
    ends = []
    place = 0
    for i, part in enumerate(text.split('"')):
        if i % 2 == within_quotes and ("\n" in part or "\r" in part):
            ends += [place + end.end() for end in _LINE_END.finditer(part)]
        place += len(part) + 1
    return ends


class CsvTable:
    """A CSV file read record by record.

    Parameters
    ----------
    stream : binary file object
    encoding : Encoding
    delimiter : str or None
        Comma, semicolon or tab, whichever splits the header most, if None.
    name : str
        Of the file, for messages.

    Attributes
    ----------
    columns : list of str
        The header; empty for an empty file.
    overfull : int
        Number of records with more fields than the header, so far.
    first_overfull : str
        Place of the first of them.

    Raises
    ------
    InputError
        If the bytes do not fit the encoding.
    """

    def __init__(
        self, stream: IO[bytes], encoding: Encoding, delimiter: str | None, name: str
    ) -> None:
        csv.field_size_limit(_FIELD_LIMIT)
        stream.seek(len(encoding.mark))
        self._encoding = encoding
        self._name = name
        text = io.TextIOWrapper(stream, encoding.name, errors=encoding.errors, newline="")
        try:
            self._lines = _Pieces(text)
            self._delimiter = delimiter or _guess_delimiter(self._lines.first_lines(_HEADER_LINES))
        except UnicodeDecodeError as error:
            raise encoding.misfit(name, "line 1", error) from None
        self._quoted = lru_cache(10_000)(self._quote)
        self._pending: list[str] = []
        self._pending_size = 0
        self._start_reader()
        self._header = self._next()
        self.columns: list[str] = list(self._header.values) if self._header else []
        self.overfull = 0
        self.first_overfull = ""
        self._dropped: frozenset[int] = frozenset()
        self._rest = ""

    def _start_reader(self) -> None:
        self._reader = csv.reader(self._lines, delimiter=self._delimiter)

    def records(self) -> Iterator[Record]:
        """Rows after the header.

        Raises
        ------
        InputError
            If a quoted field never ends, or the bytes do not fit the encoding; with the line.
        """
        width = len(self.columns)
        while (record := self._next()) is not None:
            if len(record.values) > width:
                self.overfull += 1
                self.first_overfull = self.first_overfull or record.where
            record.values = [*record.values, *[""] * (width - len(record.values))]
            yield record

    def _next(self) -> Record | None:
        before = ""
        while True:
            start = f"line {self._lines.number + 1}"
            try:
                fields = self._next_fields()
                at_end = self._lines.at_end
            except csv.Error:
                raise self._open_quote(start) from None
            except UnicodeDecodeError as error:
                raise self._encoding.misfit(self._name, start, error) from None
            text = self._lines.take()
            if fields is None:
                self._rest = before + text
                return None
            if fields:
                break
            before += text  # a blank line
        body = text.rstrip("\r\n")
        if at_end and _fields(body, self._delimiter)[1]:
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
            f"{self._name}, {where}: a quoted field of this record never ends; close the quote"
        )

    def drop(self, names: Collection[str]) -> None:
        """Leave columns of these names out of what is written."""
        self._dropped = frozenset(i for i, c in enumerate(self.columns) if c in names)

    def start(self, out: IO[bytes], added: Sequence[str]) -> None:
        """Write the byte order mark and the header with the added columns."""
        out.write(self._encoding.mark)
        if self._header is not None:
            self.write(out, self._header, added)

    def write(self, out: IO[bytes], record: Record, added: Sequence[object]) -> None:
        """Write a record with the added fields behind its columns.

        A record with fewer fields than the header gets empty ones, so that what is added stands
        under its name; fields beyond the header stay beyond it.
        """
        before, body, end, n_fields = record.raw
        width = len(self.columns)
        beyond = ""
        if self._dropped or n_fields > width:
            fields, _ = _fields(body, self._delimiter)
            beyond = "".join(self._delimiter + field for field in fields[width:])
            kept = [f for i, f in enumerate(fields[:width]) if i not in self._dropped]
            body = self._delimiter.join(kept)
            n_fields = len(kept)
        padding = self._delimiter * (width - len(self._dropped) - n_fields)
        new = "".join(self._delimiter + self._quoted(str(value)) for value in added)
        self._put(out, before + body + padding + new + beyond + end)

    def finish(self, out: IO[bytes]) -> None:
        """Write what stands after the last record."""
        self._put(out, self._rest)
        self._flush(out)

    def _quote(self, value: str) -> str:
        if any(c in value for c in (self._delimiter, '"', "\n", "\r")):
            return '"' + value.replace('"', '""') + '"'
        return value

    def _put(self, out: IO[bytes], text: str) -> None:
        self._pending.append(text)
        self._pending_size += len(text)
        if self._pending_size > _PENDING:
            self._flush(out)

    def _flush(self, out: IO[bytes]) -> None:
        text = "".join(self._pending)
        self._pending, self._pending_size = [], 0
        out.write(text.encode(self._encoding.name, self._encoding.errors))


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
