"""JSON Lines: every line's own text is kept, and members are put before its closing brace."""

from __future__ import annotations

import io
import json
from itertools import chain, islice
from typing import IO, TYPE_CHECKING, Any, NamedTuple

from kpoclf.errors import InputError
from kpoclf.tables.columns import already_there
from kpoclf.tables.record import Record

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from kpoclf.tables.encoding import Encoding

__all__ = ["JsonlTable"]

_SAMPLE = 100  # lines that tell the columns
_SPACE = " \t\r\n"


class _Raw(NamedTuple):
    """Blank lines before an object, its line, and the names of its members."""

    before: str
    line: str
    names: frozenset[str]


class JsonlTable:
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

    def __init__(self, stream: IO[bytes], encoding: Encoding, name: str) -> None:
        stream.seek(len(encoding.mark))
        self._encoding = encoding
        self._name = name
        # Only \n ends a line: JSON strings may hold other line separators as they are.
        self._text = io.TextIOWrapper(stream, encoding.name, errors=encoding.errors, newline="\n")
        self._rest = ""
        self._objects = self._read()
        sample = list(islice(self._objects, _SAMPLE))
        self.columns: list[str] = list(dict.fromkeys(k for _, _, o in sample for k in o))
        self._objects = chain(sample, self._objects)
        self._dropped: Collection[str] = ()

    def _read(self) -> Iterator[tuple[_Raw, str, dict[str, Any]]]:
        before = ""
        number = 0
        while True:
            where = f"line {number + 1}"
            try:
                line = self._text.readline()
            except UnicodeDecodeError as error:
                raise self._encoding.misfit(self._name, where, error) from None
            if not line:
                self._rest = before
                return
            number += 1
            if not line.strip():
                before += line
                continue
            try:
                found = json.loads(line.rstrip("\r\n"))  # so that an error is told at its end
            except ValueError as error:
                problem = getattr(error, "msg", error)
                column = getattr(error, "colno", 1)
                raise InputError(
                    f"{self._name}, {where}, column {column}: not JSON: {problem}; mend the line"
                ) from None
            except RecursionError:
                raise InputError(f"{self._name}, {where}: nested too deep to be read") from None
            if not isinstance(found, dict):
                raise InputError(
                    f"{self._name}, {where}: not an object but {type(found).__name__}; "
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
        for raw, where, found in self._objects:
            yield Record([_as_text(found.get(c)) for c in self.columns], where, raw)

    def drop(self, names: Collection[str]) -> None:
        """Leave members of these names out of what is written."""
        self._dropped = names

    def start(self, out: IO[bytes], added: Sequence[str]) -> None:
        """Remember the names of the added members; write the byte order mark."""
        self._added = list(added)
        out.write(self._encoding.mark)

    def write(self, out: IO[bytes], record: Record, added: Sequence[object]) -> None:
        """Write an object with the added members at its end.

        Raises
        ------
        InputError
            If it has a member of that name which is not to be left out.
        """
        before, line, names = record.raw
        close = line.rindex("}")
        head, tail = line[:close], line[close:]
        for name in self._added:
            if name in names and name not in self._dropped:
                raise already_there(f"{self._name}, {record.where}", name)
        if not names.isdisjoint(self._dropped):
            head = _without(head, self._dropped)
        empty = head.rstrip(_SPACE).endswith("{")
        members = ", ".join(
            f"{json.dumps(name)}: {json.dumps(_known(value))}"
            for name, value in zip(self._added, added, strict=True)
        )
        text = before + head + ("" if empty else ", ") + members + tail
        out.write(text.encode(self._encoding.name, self._encoding.errors))

    def finish(self, out: IO[bytes]) -> None:
        """Write what stands after the last object."""
        out.write(self._rest.encode(self._encoding.name, self._encoding.errors))


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
