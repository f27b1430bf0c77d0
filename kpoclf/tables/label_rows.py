"""Rows of a table labelled and written, in order: one by one, or in blocks that processes share."""

from __future__ import annotations

import shutil
from collections import Counter, deque
from contextlib import closing
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, NamedTuple

from kpoclf.errors import InputError
from kpoclf.tables.answers import Answers, RowError, answer
from kpoclf.tables.columns import joined_text
from kpoclf.tables.parallel import Workers

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from kpoclf.judge.model import Model
    from kpoclf.tables.blocks import Block, BlockTable, Place, Rows
    from kpoclf.tables.record import Record

__all__ = ["Counts", "How", "label_blocks", "label_rows"]

_BATCH_ROWS = 512
_BATCH_CHARACTERS = 160_000  # more take more memory and save hardly any time
_COPIED = 1 << 18  # bytes at once

_Batch = list[tuple["Record", str]]


@dataclass(frozen=True)
class How:
    """How rows are labelled.

    Attributes
    ----------
    texts : tuple of int
        Places of the columns whose values, joined, are the text.
    detail : bool
    name : str
        Of the file, for messages.
    """

    texts: tuple[int, ...]
    detail: bool
    name: str


@dataclass
class Counts:
    """What was labelled.

    Attributes
    ----------
    rows : int
    labels : Counter of str
        Of the rows that are not out of scope.
    statuses : Counter of str
    overfull : int
        Rows with more values than the table has columns.
    first_overfull : str
        Place of the first of them.
    """

    rows: int = 0
    labels: Counter[str] = field(default_factory=Counter)
    statuses: Counter[str] = field(default_factory=Counter)
    overfull: int = 0
    first_overfull: str = ""

    def add(self, other: Counts) -> None:
        """Count some more, that come behind."""
        self.rows += other.rows
        self.labels.update(other.labels)
        self.statuses.update(other.statuses)
        self.overfull += other.overfull
        self.first_overfull = self.first_overfull or other.first_overfull


def label_rows(workers: Workers, table: Rows, out: IO[bytes], how: How, counts: Counts) -> None:
    """Label the rows that are left of a table and write them.

    Parameters
    ----------
    workers : Workers
        They label; this process reads and writes.
    table : Rows
    out : binary file object
    how : How
    counts : Counts
        Added to.

    Raises
    ------
    InputError
        If a row cannot be read or labelled; with its place.
    """
    for batch, answers in _answered(workers, _batches(table, how.texts), how):
        for (record, _), values in zip(batch, answers.rows, strict=True):
            table.write(out, record, values)
        overfull = [record.where for record, _ in batch if record.overfull]
        first = overfull[0] if overfull else ""
        counts.add(Counts(len(batch), answers.labels, answers.statuses, len(overfull), first))
    table.finish(out)


class _Texts(NamedTuple):
    texts: list[str]
    detail: bool


def _answer(model: Model, job: _Texts) -> Answers:
    return answer(model, job.texts, job.detail)


def _answered(
    workers: Workers, batches: Iterator[_Batch], how: How
) -> Iterator[tuple[_Batch, Answers]]:
    """Batches with their answers; a text that cannot be labelled is told by its place."""
    taken: deque[_Batch] = deque()  # those that no answer has come for

    def jobs() -> Iterator[tuple[_Batch, _Texts]]:
        for batch in batches:
            taken.append(batch)
            yield batch, _Texts([text for _, text in batch], how.detail)

    try:
        for found in workers.results(_answer, jobs()):
            taken.popleft()
            yield found
    except RowError as error:
        where = taken[0][error.row][0].where
        raise InputError(f"{how.name}, {where}: cannot be labelled ({error.reason})") from error


def _batches(table: Rows, texts: Sequence[int]) -> Iterator[_Batch]:
    batch: _Batch = []
    size = 0
    for record in table.records():
        text = joined_text(record.values, texts)
        batch.append((record, text))
        size += len(text)
        if len(batch) >= _BATCH_ROWS or size >= _BATCH_CHARACTERS:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


class _BlockJob(NamedTuple):
    block: Block
    how: How
    part: Path


def _label_block(model: Model, job: _BlockJob) -> Counts | None:
    """Write a block with its labels; None if it has to be read with what follows it.

    Where no more can be written to the temporary files, the rows are still labelled, one by one.
    """
    counts = Counts()
    try:
        with job.block.rows() as rows, job.part.open("wb") as out:
            label_rows(Workers(model, 1), rows, out, job.how, counts)
    except (InputError, OSError):
        return None
    return counts


def label_blocks(
    workers: Workers, table: BlockTable, out: IO[bytes], how: How, counts: Counts, folder: Path
) -> None:
    """Label rows in blocks that the workers read, label and write to files, which are put together.

    What is no whole block of rows is left to `label_rows`: after an error too, so that it is told
    with its place.

    Parameters
    ----------
    workers : Workers
    table : BlockTable
    out : binary file object
    how : How
    counts : Counts
        Added to.
    folder : pathlib.Path
        For those files; workers may write to it until they end.
    """

    def jobs() -> Iterator[tuple[tuple[Place, Path], _BlockJob]]:
        for number, block in enumerate(table.blocks()):
            part = folder / f"part-{number}"
            yield (block.place, part), _BlockJob(block, how, part)

    with closing(workers.results(_label_block, jobs())) as done:
        for (place, part), labelled in done:
            if labelled is None:
                table.read_from(place)
                return
            with part.open("rb") as content:
                shutil.copyfileobj(content, out, _COPIED)
            part.unlink()
            counts.add(labelled)
    table.read_from(None)
