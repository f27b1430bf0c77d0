"""Text cut into pieces that are CSV records, by counting quotes."""

from __future__ import annotations

import itertools
import re
from collections import deque
from typing import TYPE_CHECKING

from kpoclf.tables.blocks import count_byte

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import TextIO

__all__ = ["Pieces", "last_record_end", "n_lines"]

_READ = 1 << 15  # characters that are read at once
_LONGEST_PIECE = 1 << 20  # characters that are taken together before the count of quotes is doubted
_SINGLE_LINES = 1000  # that are read one by one after the count was wrong
_LINE_END = re.compile(r"\r\n?|\n")
_LINE = re.compile(r"[^\r\n]*(?:\r\n?|\n)|[^\r\n]+\Z")


class Pieces:
    """Pieces of a text that are records, as far as counting quotes tells.

    The csv module decides where a record ends, and any pieces that end where lines do give it the same
    records, or an error where a piece holds more than one. Given line by line, a record of many
    lines takes it long; given whole, hardly longer than one line. Where quotes stand in unquoted
    fields the count is wrong: `line_by_line` takes back what was taken.

    Parameters
    ----------
    stream : text file object
        Opened with ``newline=""``.
    number : int
        Lines that stand before it.

    Attributes
    ----------
    number : int
        Lines before the next piece.
    """

    def __init__(self, stream: TextIO, number: int = 0) -> None:
        self._stream = stream
        self._ready: deque[str] = deque()
        self._rest = ""  # read, but the end of its record is not yet
        self._open = False  # whether the rest begins within quotes
        self._single = 0
        self._taken: list[str] = []
        self.number = number

    def _fill(self) -> bool:
        """Have a piece ready; False at the end of the text."""
        while not self._ready:
            block = self._stream.read(_READ)
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
        """Whether no piece is left."""
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
        self.number += n_lines(piece)
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


def n_lines(text: str) -> int:
    """Lines of a text; the last one may have no end."""
    ends = text.count("\n")
    first = text.find("\r")
    if first >= 0 and text[first:] != "\r\n":  # one at the very end is counted already
        ends += text.count("\r") - text.count("\r\n")
    return ends + (text[-1:] not in ("", "\n", "\r"))


def last_record_end(content: bytearray, stop: int) -> int:
    """Place after the last line end outside quotes, before a line end at most; 0 if there is none."""
    within_quotes = count_byte(content, b'"') % 2 == 1
    while stop >= 0:
        start = content.rfind(b'"', 0, stop) + 1
        if not within_quotes:
            end = max(content.rfind(b"\n", start, stop), content.rfind(b"\r", start, stop))
            if end >= 0:
                return end + 1
        stop = start - 1
        within_quotes = not within_quotes
    return 0


def _record_ends(text: str, within_quotes: bool) -> list[int]:
    """Places after line ends that stand outside quotes, if every quote opens or closes a field."""
    ends = []
    place = 0
    for i, part in enumerate(text.split('"')):
        if i % 2 == within_quotes and ("\n" in part or "\r" in part):
            ends += [place + end.end() for end in _LINE_END.finditer(part)]
        place += len(part) + 1
    return ends
