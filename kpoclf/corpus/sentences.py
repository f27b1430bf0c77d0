"""Labelled sentences of postings: whether each states a duty, and which criteria it shows."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kpoclf.errors import CorpusError
from kpoclf.resources import shipped
from kpoclf.taxonomy import CLASSES, CRITERIA, TASKS

if TYPE_CHECKING:
    from pathlib import Path

__all__ = [
    "DRAWN",
    "NATURAL",
    "SENTENCE_COLUMNS",
    "LabelledSentence",
    "parse_criteria",
    "read_sentences",
    "sentence_files",
]

SENTENCE_COLUMNS = (
    "id",
    "text",
    "task",
    "criteria",
    "first_task",
    "first_criteria",
    "second_task",
    "second_criteria",
)
"""Columns of a file of sentences: what was settled, what the writer gave, what the reader gave."""

DRAWN = "drawn-from-postings"
"""The file of sentences drawn at random from whole postings of the corpus."""

NATURAL = (DRAWN, "postings")
"""The files that were not written to show a criterion."""


@dataclass(frozen=True)
class LabelledSentence:
    """A sentence with its labels.

    Attributes
    ----------
    id : str
    text : str
    task : str
        ``"KPO"`` or ``"BPO"`` if it states such a duty, else ``"NONE"``.
    criteria : frozenset of (str, str)
        Criteria that its words show, each with the pole: ``("decisions", "BPO")``.
    source : str
        Name of its file, without ending.
    """

    id: str
    text: str
    task: str
    criteria: frozenset[tuple[str, str]]
    source: str = ""


def sentence_files() -> list[Path]:
    """Files of the shipped sentences, sorted by path."""
    return sorted(p for f in ("criteria", "sentences") for p in shipped("data", f).glob("*.csv"))


def read_sentences(paths: list[Path] | None = None) -> list[LabelledSentence]:
    """Read labelled sentences.

    Parameters
    ----------
    paths : list of pathlib.Path, optional
        The shipped sentences if not given.

    Returns
    -------
    list of LabelledSentence
        In the order of the files and their rows.

    Raises
    ------
    CorpusError
        If a task, criterion or pole is unknown.

    Examples
    --------
    >>> sentences = read_sentences()
    >>> sorted({sentence.task for sentence in sentences})
    ['BPO', 'KPO', 'NONE']
    """
    found = []
    for path in sentence_files() if paths is None else paths:
        with path.open(encoding="utf-8", newline="") as stream:
            for record in csv.DictReader(stream):
                try:
                    criteria = parse_criteria(record["criteria"])
                except CorpusError as error:
                    raise CorpusError(f"{path}, {record['id']}: {error}") from None
                if record["task"] not in TASKS or not {name for name, _ in criteria} <= set(
                    CRITERIA
                ):
                    raise CorpusError(f"{path}, {record['id']}: unknown task or criterion")
                found.append(
                    LabelledSentence(
                        record["id"], record["text"], record["task"], criteria, path.stem
                    )
                )
    return found


def parse_criteria(value: str) -> frozenset[tuple[str, str]]:
    """Criteria of a cell: ``criterion:POLE`` joined by semicolons.

    Examples
    --------
    >>> sorted(parse_criteria("nature:BPO;decisions:BPO"))
    [('decisions', 'BPO'), ('nature', 'BPO')]
    """
    found = set()
    for part in filter(None, value.split(";")):
        name, colon, pole = part.partition(":")
        if not colon or pole not in CLASSES:
            raise CorpusError(f"{part!r}: write criterion:POLE with one of {', '.join(CLASSES)}")
        found.add((name, pole))
    return frozenset(found)
