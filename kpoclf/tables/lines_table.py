"""Plain text, one text a line; what is written is CSV."""

from __future__ import annotations

import csv
import io
from typing import IO, TYPE_CHECKING

from kpoclf.tables.record import Record

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from kpoclf.tables.encoding import Encoding

__all__ = ["LinesTable"]


class LinesTable:
    """A text file read line by line; blank lines are rows with no text.

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

    def __init__(self, stream: IO[bytes], encoding: Encoding, name: str) -> None:
        stream.seek(len(encoding.mark))
        self._encoding = encoding
        self._name = name
        self._text = io.TextIOWrapper(stream, encoding.name, errors=encoding.errors)
        self.columns = ["text"]

    def records(self) -> Iterator[Record]:
        """Lines without their ends.

        Raises
        ------
        InputError
            If the bytes do not fit the encoding; with the line.
        """
        number = 0
        while True:
            where = f"line {number + 1}"
            try:
                line = self._text.readline()
            except UnicodeDecodeError as error:
                raise self._encoding.misfit(self._name, where, error) from None
            if not line:
                return
            number += 1
            yield Record([line.removesuffix("\n")], where, None)

    def drop(self, names: Collection[str]) -> None:
        """Nothing: the one column is the text."""

    def start(self, out: IO[bytes], added: Sequence[str]) -> None:
        """Write the header."""
        out.write(self._encoding.mark)
        self._put(out, ["text", *added])

    def write(self, out: IO[bytes], record: Record, added: Sequence[object]) -> None:
        """Write a text and the added fields."""
        self._put(out, [*record.values, *added])

    def finish(self, out: IO[bytes]) -> None:
        """Nothing stands after the last line."""

    def _put(self, out: IO[bytes], fields: Sequence[object]) -> None:
        line = io.StringIO(newline="")
        csv.writer(line, lineterminator="\n").writerow(fields)
        out.write(line.getvalue().encode(self._encoding.name, self._encoding.errors))
