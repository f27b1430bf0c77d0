"""Tables of text whose rows are read in one run, or cut into blocks for other processes."""

from __future__ import annotations

import io
from abc import ABC, abstractmethod
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np

from kpoclf.tables.file_part import FilePart
from kpoclf.tables.source import disk_file

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from kpoclf.tables.encoding import Encoding
    from kpoclf.tables.file_part import DiskFile
    from kpoclf.tables.record import Record

__all__ = ["Block", "BlockTable", "Layout", "Place", "Rows", "count_byte"]

_BLOCK = 1 << 20  # bytes that are read at once
_SENT = 1 << 18  # bytes, where they are sent to other processes, of which each holds some blocks
_LONGEST = 1 << 24  # bytes without the end of a row before no more is cut
# Encodings in which the bytes of quotes and line ends are nothing else.
_BYTEWISE = ("utf-8", "cp1252", "iso8859-1", "ascii")


class Rows(Protocol):
    """What is read and written row by row: a table, or a block of one."""

    def records(self) -> Iterator[Record]:
        """Rows in order."""

    def write(self, out: IO[bytes], record: Record, added: Sequence[object]) -> None:
        """Write a row and what is added to it."""

    def finish(self, out: IO[bytes]) -> None:
        """Write what stands after the last row."""


class Layout(ABC):
    """What is to be known of a file to read any run of its rows.

    Attributes
    ----------
    encoding : Encoding
    """

    encoding: Encoding

    @abstractmethod
    def rows(self, stream: IO[bytes], line: int) -> Rows:
        """The rows of a stream, from where it stands, behind so many lines."""

    def last_end(self, content: bytes) -> int:
        """Place after the last row that ends in some bytes; 0 if none does."""
        return content.rfind(b"\n") + 1

    def n_lines(self, content: bytes) -> int:
        """Lines of some bytes, as places of rows count them; the last one may have no end."""
        ends = count_byte(content, b"\n")
        if b"\r" in content:
            values = np.frombuffer(content, np.uint8)
            after = np.flatnonzero(values == ord("\r")) + 1
            ends += len(after) - int(np.count_nonzero(values.take(after, mode="clip") == ord("\n")))
        return ends + (content[-1:] not in (b"", b"\n", b"\r"))


class Place(NamedTuple):
    """Bytes and lines of a file before a row."""

    offset: int
    line: int


@dataclass(frozen=True)
class Block:
    """A run of rows that another process can read.

    Attributes
    ----------
    content : bytes or FilePart
    place : Place
    layout : Layout
    """

    content: bytes | FilePart
    place: Place
    layout: Layout

    @contextmanager
    def rows(self) -> Iterator[Rows]:
        """The rows, to be read and written back.

        Raises
        ------
        InputError
            If the file is not there any more.
        """
        held = self.content
        with io.BytesIO(held) if isinstance(held, bytes) else held.open() as stream:
            yield self.layout.rows(stream, self.place.line)


class BlockTable:
    """A table of text.

    Parameters
    ----------
    stream : binary file object
        Seekable.
    layout : Layout
    offset, line : int
        Bytes and lines before the first row.
    """

    def __init__(self, stream: IO[bytes], layout: Any, offset: int, line: int) -> None:
        self._stream = stream
        self._layout = layout
        self._place = Place(offset, line)
        self._reader: Rows | None = None

    def _rows(self) -> Rows:
        if self._reader is None:
            self._stream.seek(self._place.offset)
            self._reader = self._layout.rows(self._stream, self._place.line)
        return self._reader

    def records(self) -> Iterator[Record]:
        """Rows in order.

        Raises
        ------
        InputError
            If one cannot be read; with its line.
        """
        return self._rows().records()

    def write(self, out: IO[bytes], record: Record, added: Sequence[object]) -> None:
        """Write a row and what is added to it."""
        self._rows().write(out, record, added)

    def finish(self, out: IO[bytes]) -> None:
        """Write what stands after the last row."""
        self._rows().finish(out)

    @property
    def has_blocks(self) -> bool:
        """Whether `blocks` can be cut: in an encoding where a line end is one byte."""
        return self._layout.encoding.name in _BYTEWISE

    def blocks(self) -> Iterator[Block]:
        """The rows in runs, as far as the layout tells where one ends.

        Reading a block that was cut in the wrong place, or whose bytes do not fit the encoding,
        raises an error, at the latest at its end. What the blocks leave is to be read by `records`,
        after `read_from`.
        """
        file = disk_file(self._stream)
        self._stream.seek(self._place.offset)
        rest = b""
        while len(rest) < _LONGEST and (read := self._stream.read(_BLOCK if file else _SENT)):
            rest += read
            # A line may end in \r\n of which only the first is read.
            whole = rest[:-1] if rest.endswith(b"\r") else rest
            if end := self._layout.last_end(whole):
                yield self._block(rest[:end], file)
                rest = rest[end:]
        if rest and not read:
            yield self._block(rest, file)

    def _block(self, content: bytes, file: DiskFile | None) -> Block:
        place = self._place
        end = place.offset + len(content)
        self._place = Place(end, place.line + self._layout.n_lines(content))
        held = FilePart(file, place.offset, len(content)) if file else content
        return Block(held, place, self._layout)

    def read_from(self, place: Place | None) -> None:
        """Have `records` go on at the start of a block, or behind the last one."""
        self._place = place or self._place
        self._reader = None


def count_byte(content: bytes, byte: bytes) -> int:
    """As ``content.count(byte)``, several times as fast."""
    return int(np.count_nonzero(np.frombuffer(content, np.uint8) == ord(byte)))
