"""JSON Lines: every line's own text is kept, and members are put before its closing brace."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from itertools import islice
from typing import IO, TYPE_CHECKING, Any, NamedTuple

from kpoclf.errors import InputError
from kpoclf.tables.blocks import BlockTable, Layout, count_byte
from kpoclf.tables.columns import already_there
from kpoclf.tables.record import Record

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from kpoclf.tables.encoding import Encoding

__all__ = ["JsonlRows", "JsonlTable"]

_SAMPLE = 100  # lines that tell the columns
_SPACE = " \t\r\n"


class _Raw(NamedTuple):
    """Blank lines before an object, its line, and the names of its members."""

    before: str
    line: str
    names: frozenset[str]


@dataclass(frozen=True)
class _Layout(Layout):
    columns: tuple[str, ...]
    encoding: Encoding
    name: str
    added: tuple[str, ...] = ()
    dropped: frozenset[str] = frozenset()

    def rows(self, stream: IO[bytes], line: int) -> JsonlRows:
        return JsonlRows(stream, line, self)

    def n_lines(self, content: bytes | memoryview) -> int:
        return count_byte(content, b"\n")


class JsonlRows:
    """Objects of a JSON Lines file, and how they are written back.

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
        # Only \n ends a line: JSON strings may hold other line separators as they are.
        self._text = layout.encoding.text(stream, newline="\n")
        self._rest = ""

    def detach(self) -> None:
        """Leave the stream open and alone."""
        self._text.detach()

    def objects(self) -> Iterator[tuple[_Raw, str, dict[str, Any]]]:
        """Each object: how to write it back, its place, and itself."""
        before = ""
        name = self._layout.name
        while True:
            where = f"line {self._number + 1}"
            try:
                line = self._text.readline()
            except UnicodeDecodeError as error:
                raise self._layout.encoding.misfit(name, where, error) from None
            if not line:
                self._rest = before
                return
            self._number += 1
            if not line.strip():
                before += line
                continue
            try:
                found = json.loads(line.rstrip("\r\n"))  # so that an error is told at its end
            except ValueError as error:
                problem = getattr(error, "msg", error)
                column = getattr(error, "colno", 1)
                raise InputError(
                    f"{name}, {where}, column {column}: not JSON: {problem}; mend the line"
                ) from None
            except RecursionError:
                raise InputError(f"{name}, {where}: nested too deep to be read") from None
            if not isinstance(found, dict):
                raise InputError(
                    f"{name}, {where}: not an object but {type(found).__name__}; "
                    'each line must be like {"text": "…"}'
                )
            yield _Raw(before, line, frozenset(found)), where, found
            before = ""

    def records(self) -> Iterator[Record]:
        """Rows; a member that is missing or null is empty, a list of texts is joined by line breaks.

        Raises
        ------
        InputError
            If a line is no JSON object; with the line.
        """
        for raw, where, found in self.objects():
            yield Record([_as_text(found.get(c)) for c in self._layout.columns], where, raw)

    def write(self, out: IO[bytes], record: Record, added: Sequence[object]) -> None:
        """Write an object with the added members at its end.

        Raises
        ------
        InputError
            If it has a member of that name which is not to be left out.
        """
        before, line, names = record.raw
        layout = self._layout
        close = line.rindex("}")
        head, tail = line[:close], line[close:]
        for name in layout.added:
            if name in names and name not in layout.dropped:
                raise already_there(f"{layout.name}, {record.where}", name)
        if not names.isdisjoint(layout.dropped):
            head = _without(head, layout.dropped)
        empty = head.rstrip(_SPACE).endswith("{")
        members = ", ".join(
            f"{json.dumps(name)}: {json.dumps(_known(value))}"
            for name, value in zip(layout.added, added, strict=True)
        )
        self._put(out, before + head + ("" if empty else ", ") + members + tail)

    def finish(self, out: IO[bytes]) -> None:
        """Write what stands after the last object."""
        self._put(out, self._rest)

    def _put(self, out: IO[bytes], text: str) -> None:
        encoding = self._layout.encoding
        out.write(text.encode(encoding.name, encoding.errors))


class JsonlTable(BlockTable):
    """A JSON Lines file read line by line.

    Parameters
    ----------
    stream : binary file object
    encoding : Encoding
    name : str
        Of the file, for messages.

    Attributes
    ----------
    columns : list of str
        Names of the members of the first hundred objects, in order of appearance.

    Raises
    ------
    InputError
        If one of these lines is no JSON object; with the line.
    """

    _layout: _Layout

    def __init__(self, stream: IO[bytes], encoding: Encoding, name: str) -> None:
        offset = len(encoding.mark)
        stream.seek(offset)
        layout = _Layout((), encoding, name)
        sample = layout.rows(stream, 0)
        names = (name for _, _, o in islice(sample.objects(), _SAMPLE) for name in o)
        self.columns: list[str] = list(dict.fromkeys(names))
        sample.detach()
        super().__init__(stream, replace(layout, columns=tuple(self.columns)), offset, 0)

    def drop(self, names: Collection[str]) -> None:
        """Leave members of these names out of what is written."""
        self._layout = replace(self._layout, dropped=frozenset(names))

    def start(self, out: IO[bytes], added: Sequence[str]) -> None:
        """Remember the names of the added members; write the byte order mark."""
        self._layout = replace(self._layout, added=tuple(added))
        out.write(self._layout.encoding.mark)


def _as_text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, list) and all(isinstance(v, str) for v in value):
        return "\n".join(value)
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _known(value: object) -> object:
    """A value as JSON knows it: a number that is not known is null."""
    return None if value != value else value


def _without(head: str, names: Collection[str]) -> str:
    """An object's text up to its closing brace, less some of its members."""
    decoder = json.JSONDecoder()

    def skip_space(place: int) -> int:
        while place < len(head) and head[place] in _SPACE:
            place += 1
        return place

    opening = head.index("{") + 1
    kept: list[str] = []
    start = opening
    while (place := skip_space(start)) < len(head):
        name, place = decoder.raw_decode(head, place)
        place = skip_space(head.index(":", place) + 1)
        _, place = decoder.raw_decode(head, place)
        place = skip_space(place)  # a comma or the end
        if name not in names:
            kept.append(head[start:place])
        start = place + 1
    return head[:opening] + ",".join(kept)
