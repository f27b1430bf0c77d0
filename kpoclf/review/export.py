"""Reviewed texts as rows to train on."""

from __future__ import annotations

import csv
import io
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kpoclf.review.queue import Reviewed

__all__ = ["CONFLICT_COLUMNS", "LABELLED_COLUMNS", "write_conflicts", "write_labelled"]

LABELLED_COLUMNS = ("text", "label", "reviewers", "note", "source", "place")
"""Columns of labelled rows."""

CONFLICT_COLUMNS = ("text", "answers", "note", "source", "place")
"""Columns of texts on which reviewers differ."""


def write_labelled(reviewed: Sequence[Reviewed], out: IO[bytes]) -> None:
    """Write texts with the label that most of their reviewers gave, as CSV in UTF-8.

    Parameters
    ----------
    reviewed : sequence of Reviewed
        Those of `ReviewQueue.labelled`.
    out : binary file object
    """
    rows = [
        (
            found.item.text,
            found.label or "",
            "; ".join(d.reviewer for d in found.decisions),
            _notes(found),
            found.item.source,
            found.item.place,
        )
        for found in reviewed
    ]
    _write(LABELLED_COLUMNS, rows, out)


def write_conflicts(reviewed: Sequence[Reviewed], out: IO[bytes]) -> None:
    """Write texts with who answered what, as CSV in UTF-8; it has no column for training to take.

    Parameters
    ----------
    reviewed : sequence of Reviewed
        Those of `ReviewQueue.conflicts`.
    out : binary file object
    """
    rows = [
        (
            found.item.text,
            "; ".join(f"{d.reviewer} {d.answer}" for d in found.decisions),
            _notes(found),
            found.item.source,
            found.item.place,
        )
        for found in reviewed
    ]
    _write(CONFLICT_COLUMNS, rows, out)


def _notes(found: Reviewed) -> str:
    return "; ".join(f"{d.reviewer}: {d.note}" for d in found.decisions if d.note)


def _write(columns: Sequence[str], rows: Sequence[Sequence[str]], out: IO[bytes]) -> None:
    text = io.TextIOWrapper(out, encoding="utf-8", newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    text.flush()
    text.detach()
