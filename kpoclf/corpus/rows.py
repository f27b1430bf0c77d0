"""Labelled rows in memory, and the shipped corpus read from ``data/corpus``."""

from __future__ import annotations

import csv
import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from kpoclf.errors import CorpusError
from kpoclf.resources import shipped

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

__all__ = [
    "COLUMNS",
    "LabelledRow",
    "corpus_digest",
    "corpus_files",
    "read_corpus",
    "read_second_reading",
]

COLUMNS = ("id", "text", "label", "service", "register", "variety", "pair", "hard")
"""Columns of a corpus file."""


@dataclass(frozen=True)
class LabelledRow:
    """A text with the label that a person gave it.

    Attributes
    ----------
    text : str
    label : str
        ``"KPO"``, ``"BPO"`` or ``"OTHER"``.
    service : str
        Slug of the taxonomy, or empty if not known.
    pair : str
        The same for two postings written as a pair, else empty.
    register, variety : str
        How it is written: kind of text, language tag. Empty if not known.
    hard : bool
        Whether its wording leans to the other label.
    where : str
        File and row it came from, for messages.
    extra : mapping of str to str
        Further columns that were asked for.
    """

    text: str
    label: str
    service: str = ""
    pair: str = ""
    register: str = ""
    variety: str = ""
    hard: bool = False
    where: str = ""
    extra: Mapping[str, str] = field(default_factory=dict, compare=False)


def corpus_files() -> list[Path]:
    """Files of the shipped corpus, sorted by name."""
    return sorted(shipped("data", "corpus").glob("*.csv"))


def read_corpus(paths: Sequence[Path] | None = None) -> list[LabelledRow]:
    """Read corpus files that `kpoclf corpus check` passes.

    Parameters
    ----------
    paths : sequence of pathlib.Path, optional
        The shipped corpus if not given.

    Returns
    -------
    list of LabelledRow
        In the order of the files and their rows.

    Raises
    ------
    CorpusError
        If there is no file, or one lacks a column.

    Examples
    --------
    >>> rows = read_corpus()
    >>> sorted({row.label for row in rows})
    ['BPO', 'KPO', 'OTHER']
    """
    paths = corpus_files() if paths is None else paths
    if not paths:
        raise CorpusError(
            "the shipped corpus is missing: data/corpus has no CSV file; reinstall kpoclf"
        )
    rows = []
    for path in paths:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.DictReader(stream)
            missing = [c for c in COLUMNS if c not in (reader.fieldnames or ())]
            if missing:
                raise CorpusError(
                    f"{path}: no column {missing[0]!r}: run kpoclf corpus check {path}"
                )
            rows += [
                LabelledRow(
                    text=record["text"],
                    label=record["label"],
                    service=record["service"],
                    pair=record["pair"],
                    register=record["register"],
                    variety=record["variety"],
                    hard=record["hard"] == "1",
                    where=f"{path.name}, {record['id']}",
                )
                for record in reader
            ]
    return rows


def read_second_reading() -> list[dict[str, str]]:
    """Records of ``data/second-reading.csv``: rows that another reader labelled without their labels.

    Returns
    -------
    list of dict
        ``id``, ``label`` and ``service`` of the writer, ``second_label`` and ``second_service`` of the
        reader, ``remark`` (``doubtful``, ``other`` or empty) and ``settled``: what became of a row that
        the reader remarked on (``kept``, ``mended``, ``dropped``).
    """
    with shipped("data", "second-reading.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def corpus_digest(rows: Iterable[LabelledRow]) -> str:
    """SHA-256 over what training uses of the rows, in order; hexadecimal."""
    digest = hashlib.sha256()
    for row in rows:
        for part in (row.text, row.label, row.service, row.pair):
            encoded = part.encode("utf-8", "surrogatepass")
            digest.update(len(encoded).to_bytes(8, "big") + encoded)
    return digest.hexdigest()
