"""Texts whose work lies on both sides, read from ``data/mixed``: they teach when a person should look."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kpoclf.errors import CorpusError
from kpoclf.resources import shipped
from kpoclf.taxonomy import CLASSES

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["MixedText", "mixed_files", "read_mixed"]


@dataclass(frozen=True)
class MixedText:
    """A text on which two careful readers may differ.

    Attributes
    ----------
    id : str
    text : str
    lean : str
        ``"KPO"`` or ``"BPO"``: the side that its writer would just prefer.
    """

    id: str
    text: str
    lean: str


def mixed_files() -> list[Path]:
    """Files of the shipped mixed texts, sorted by name."""
    return sorted(shipped("data", "mixed").glob("*.csv"))


def read_mixed(paths: list[Path] | None = None) -> list[MixedText]:
    """Read mixed texts.

    Parameters
    ----------
    paths : list of pathlib.Path, optional
        The shipped ones if not given.

    Returns
    -------
    list of MixedText
        In the order of the files and their rows.

    Raises
    ------
    CorpusError
        If a lean is neither KPO nor BPO.

    Examples
    --------
    >>> sorted({mixed.lean for mixed in read_mixed()})
    ['BPO', 'KPO']
    """
    found = []
    for path in mixed_files() if paths is None else paths:
        with path.open(encoding="utf-8", newline="") as stream:
            for record in csv.DictReader(stream):
                if record["lean"] not in CLASSES:
                    raise CorpusError(f"{path}, {record['id']}: lean is {record['lean']!r}")
                found.append(MixedText(record["id"], record["text"], record["lean"]))
    return found
