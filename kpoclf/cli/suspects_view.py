"""Suspect rows as text for a person, and as CSV."""

from __future__ import annotations

import csv
import io
import os
from typing import TYPE_CHECKING

from kpoclf.errors import InputError
from kpoclf.files import whole_file

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from kpoclf.learn.suspects import Suspect

__all__ = ["SHOWN", "as_csv", "as_text", "check_target", "write_csv"]

SHOWN = 20
"""Suspects shown as text unless another number is asked for."""

_WIDTH = 88
_COLUMNS = (
    "place",
    "label",
    "suggested_label",
    "suggested_probability",
    "label_probability",
    "words",
    "nearest",
    "nearest_similarity",
    "nearest_text",
    "text",
)


def as_text(suspects: Sequence[Suspect], n_all: int) -> str:
    """Suspects one below the other, the most doubtful first.

    Parameters
    ----------
    suspects : sequence of Suspect
        Those to show.
    n_all : int
        How many there are in all.
    """
    lines = []
    for number, suspect in enumerate(suspects, 1):
        row = suspect.row
        lines += [
            f"{number}. {row.where}: labelled {row.label}, {suspect.suggested} suggested "
            f"(probability {suspect.probability:.2f}; {row.label} {suspect.own_probability:.2f})",
            f"   {_start(row.text, _WIDTH)}",
        ]
        if suspect.words:
            words = ", ".join(word.term for word in suspect.words)
            lines.append(f"   words for {suspect.suggested}: {words}")
        for near in suspect.nearest:
            place = f"   like {near.row.label} {near.row.where} ({near.similarity:.2f}): "
            lines.append(place + _start(near.row.text, max(_WIDTH - len(place), 30)))
        lines.append("")
    if n_all > len(suspects):
        lines.append(f"… and {n_all - len(suspects):,} more: --limit, or -o OUT.csv for all")
    return "".join(f"{line}\n" for line in lines)


def as_csv(suspects: Sequence[Suspect]) -> str:
    """Suspects as CSV with a header, the most doubtful first."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(_COLUMNS)
    for suspect in suspects:
        row, near = suspect.row, suspect.nearest[:1]
        writer.writerow(
            (
                row.where,
                row.label,
                suspect.suggested,
                f"{suspect.probability:.4f}",
                f"{suspect.own_probability:.4f}",
                "; ".join(word.term for word in suspect.words),
                "; ".join(n.row.where for n in suspect.nearest),
                *(f"{n.similarity:.4f}" for n in near),
                *(n.row.text for n in near),
                *([""] * 2 * (1 - len(near))),
                row.text,
            )
        )
    return stream.getvalue()


def write_csv(suspects: Sequence[Suspect], path: Path) -> None:
    """Write `as_csv` to a file, whole or not at all."""
    with whole_file(path) as stream:
        stream.write(as_csv(suspects).encode("utf-8", "surrogatepass"))


def check_target(output: str, files: Sequence[str]) -> None:
    """Refuse a file to write that is one of those to read."""
    if os.path.realpath(output) in {os.path.realpath(file) for file in files}:
        raise InputError(f"{output}: the output would replace the input; name another file with -o")


def _start(text: str, width: int) -> str:
    plain = " ".join(text.split())
    return plain if len(plain) <= width else plain[: width - 1] + "…"
