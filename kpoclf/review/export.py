"""Reviewed texts as rows to train on, each with the columns of the row that it came from."""

from __future__ import annotations

import csv
import io
from collections import Counter
from typing import IO, TYPE_CHECKING

from kpoclf.corpus.reviewed import REVIEWED_COLUMNS
from kpoclf.corpus.similarity import plain_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from kpoclf.review.queue import Item, Reviewed

__all__ = ["CONFLICT_COLUMNS", "write_conflicts", "write_labelled"]

CONFLICT_COLUMNS = ("text", "answers", *REVIEWED_COLUMNS[3:])
"""Columns of texts on which reviewers differ, behind those of their rows."""

_Key = tuple[str, int]  # name of a column, and which of that name in its file


def write_labelled(reviewed: Sequence[Reviewed], out: IO[bytes]) -> None:
    """Write texts with the label that most of their reviewers gave, as CSV in UTF-8.

    The columns of the files that they came from stand in front, those of one name as one.

    Parameters
    ----------
    reviewed : sequence of Reviewed
        Those of `ReviewQueue.labelled`.
    out : binary file object
    """
    told = [
        (found.label or "", "; ".join(d.reviewer for d in found.decisions)) for found in reviewed
    ]
    _write(REVIEWED_COLUMNS, reviewed, told, out)


def write_conflicts(reviewed: Sequence[Reviewed], out: IO[bytes]) -> None:
    """Write texts with who answered what, as CSV in UTF-8; no column of it is a label to train on.

    Parameters
    ----------
    reviewed : sequence of Reviewed
        Those of `ReviewQueue.conflicts`.
    out : binary file object
    """
    told = [("; ".join(f"{d.reviewer} {d.answer}" for d in found.decisions),) for found in reviewed]
    _write(CONFLICT_COLUMNS, reviewed, told, out)


def _write(
    columns: Sequence[str],
    reviewed: Sequence[Reviewed],
    told: Sequence[tuple[str, ...]],
    out: IO[bytes],
) -> None:
    rows = [_own(found.item) for found in reviewed]
    keys = _keys(found.item for found in reviewed)
    text = ("text", 0)
    if all(text not in own or plain_text(own[text]) == plain_text(found.item.text)
           for own, found in zip(rows, reviewed, strict=True)):  # fmt: skip
        keys = [key for key in keys if key != text]  # it would stand there twice
    _put(out, [*_names(keys, columns), *columns])
    for own, found, answer in zip(rows, reviewed, told, strict=True):
        item = found.item
        notes = "; ".join(f"{d.reviewer}: {d.note}" for d in found.decisions if d.note)
        place = (item.source, str(item.row or ""), item.place)
        _put(out, [*(own.get(key, "") for key in keys), item.text, *answer, notes, *place])


def _own(item: Item) -> dict[_Key, str]:
    """Values of the row that a text came from; columns of one name are told apart by their number."""
    seen: Counter[str] = Counter()
    found = {}
    for name, value in item.own:
        found[name, seen[name]] = value
        seen[name] += 1
    return found


def _keys(items: Iterable[Item]) -> list[_Key]:
    """Columns of all files, in the order in which their rows were queued."""
    in_order = sorted(items, key=lambda item: item.id)
    return list(dict.fromkeys(key for item in in_order for key in _own(item)))


def _names(keys: Sequence[_Key], columns: Sequence[str]) -> list[str]:
    """Names of the user's columns; one that is called like ours is told apart."""
    taken = {*columns, *(name for name, _ in keys)}
    ours = {}
    for column in columns:
        name = f"own_{column}"
        while name in taken:
            name = f"own_{name}"
        ours[column] = name
    return [ours.get(name, name) for name, _ in keys]


def _put(out: IO[bytes], fields: Sequence[str]) -> None:
    line = io.StringIO(newline="")
    # With this end, fields are quoted that hold either half of it.
    csv.writer(line, lineterminator="\r\n").writerow(fields)
    out.write(line.getvalue().removesuffix("\r\n").encode() + b"\n")
