"""Plain text, one text a line; what is written is CSV."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

from kpoclf.tables.blocks import BlockTable, Layout
from kpoclf.tables.record import Record

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from kpoclf.tables.encoding import Encoding

__all__ = ["LinesRows", "LinesTable"]


@dataclass(frozen=True)
class _Layout(Layout):
    encoding: Encoding
    name: str

    def rows(self, stream: IO[bytes], line: int) -> LinesRows:
        return LinesRows(stream, line, self)


class LinesRows:
    """Lines of a text file, and how they are written as CSV; blank lines are rows with no text.

    Parameters
    ----------
    stream : binary file object
    line : int
        Lines before it.
    layout : object
    """

    def __init__(self, stream: IO[bytes], line: int, layout: _Layout) -> None:
        self._number = line
        self._layout = layout
        self._text = layout.encoding.text(stream, newline=None)

    def records(self) -> Iterator[Record]:
        """Lines without their ends.

        Raises
        ------
        InputError
            If the bytes do not fit the encoding; with the line.
        """
        while True:
            where = f"line {self._number + 1}"
            try:
                line = self._text.readline()
            except UnicodeDecodeError as error:
                raise self._layout.encoding.misfit(self._layout.name, where, error) from None
            if not line:
                return
            self._number += 1
            yield Record([line.removesuffix("\n")], where, None)

    def write(self, out: IO[bytes], record: Record, added: Sequence[object]) -> None:
        """Write a text and the added fields."""
        self.put(out, [*record.values, *added])

    def finish(self, out: IO[bytes]) -> None:
        """Nothing stands after the last line."""

    def put(self, out: IO[bytes], fields: Sequence[object]) -> None:
        """Write a record."""
        line = io.StringIO(newline="")
        csv.writer(line, lineterminator="\n").writerow(fields)
        encoding = self._layout.encoding
        out.write(line.getvalue().encode(encoding.name, encoding.errors))


class LinesTable(BlockTable):
    """A text file read line by line.

    Parameters
    ----------
    stream : binary file object
    encoding : Encoding
    name : str
        Of the file, for messages.

    Attributes
    ----------
    columns : list of str
        ``["text"]``.
    """

    _layout: _Layout

    def __init__(self, stream: IO[bytes], encoding: Encoding, name: str) -> None:
        super().__init__(stream, _Layout(encoding, name), len(encoding.mark), 0)
        self.columns = ["text"]

    def drop(self, names: Collection[str]) -> None:
        """Nothing: the one column is the text."""

    def start(self, out: IO[bytes], added: Sequence[str]) -> None:
        """Write the header."""
        out.write(self._layout.encoding.mark)
        self._layout.rows(io.BytesIO(), 0).put(out, ["text", *added])
