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

    from numpy.typing import NDArray

    from kpoclf.tables.encoding import Encoding
    from kpoclf.tables.file_part import DiskFile
    from kpoclf.tables.record import Record

    Bytes = NDArray[np.uint8]

__all__ = ["Block", "BlockTable", "Layout", "Place", "Rows", "count_byte"]

_BLOCK = 1 << 20  # bytes that are read at once
_SENT = 1 << 18  # bytes, where they are sent to other processes, of which each holds some blocks
_PIECE = 1 << 16  # bytes that are looked at together
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

    def last_end(self, content: bytearray, stop: int) -> int:
        """Place after the last row that ends in some bytes, before a place; 0 if none does."""
        return content.rfind(b"\n", 0, stop) + 1

    def n_lines(self, content: bytes | memoryview) -> int:
        """Lines of some bytes, as places of rows count them; the last one may have no end."""
        ends = 0
        for values, beyond in _pieces(content):
            ends += int(np.count_nonzero(values == ord("\n")))
            after = np.flatnonzero(values == ord("\r")) + 1
            if len(after):
                next_to = beyond.take(after, mode="clip")
                ends += len(after) - int(np.count_nonzero(next_to == ord("\n")))
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
        # All in the same memory: new pieces of this length would be cleared by the system each time.
        read = memoryview(bytearray(_BLOCK if file else _SENT))
        rest = bytearray()
        while len(rest) < _LONGEST and (n_read := self._stream.readinto(read)):  # type: ignore[attr-defined]
            rest += read[:n_read]
            # A line may end in \r\n of which only the first is read.
            stop = len(rest) - rest.endswith(b"\r")
            if end := self._layout.last_end(rest, stop):
                yield self._block(rest, end, file)
                del rest[:end]
        if rest and not n_read:
            yield self._block(rest, len(rest), file)

    def _block(self, read: bytearray, size: int, file: DiskFile | None) -> Block:
        place = self._place
        with memoryview(read) as whole, whole[:size] as content:
            lines = self._layout.n_lines(content)
            held = FilePart(file, place.offset, size) if file else bytes(content)
        self._place = Place(place.offset + size, place.line + lines)
        return Block(held, place, self._layout)

    def read_from(self, place: Place | None) -> None:
        """Have `records` go on at the start of a block, or behind the last one."""
        self._place = place or self._place
        self._reader = None


def count_byte(content: bytes | bytearray | memoryview, byte: bytes) -> int:
    """As ``content.count(byte)``, several times as fast."""
    return sum(int(np.count_nonzero(values == ord(byte))) for values, _ in _pieces(content))


def _pieces(content: bytes | bytearray | memoryview) -> Iterator[tuple[Bytes, Bytes]]:
    """Some bytes in pieces, and each with the byte behind it.

    The system clears the memory of longer results of NumPy every time: that takes as long as to
    make them.
    """
    values = np.frombuffer(content, np.uint8)
    for start in range(0, len(values), _PIECE):
        yield values[start : start + _PIECE], values[start : start + _PIECE + 1]
