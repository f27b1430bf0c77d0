"""What labelling adds to rows: the values of `OUTPUT_COLUMNS`, in detail `DETAIL_COLUMNS` too."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kpoclf.judge.model import Model

__all__ = ["Answers", "Number", "RowError", "answer"]

_PLACES = 4
_TOP_SERVICES = 3
_TOP_WORDS = 5


class Number(float):
    """A probability as a table shows it: four places, nothing for what is not known."""

    def __new__(cls, value: float) -> Number:
        """The value at four places."""
        return super().__new__(cls, round(value, _PLACES))

    def __str__(self) -> str:
        return "" if self != self else f"{float(self):.{_PLACES}f}"


class Answers(NamedTuple):
    """Answers for a run of rows.

    Attributes
    ----------
    rows : list of list of (str or Number)
        Values of the added columns, row by row.
    labels : Counter of str
        Of the rows that are not out of scope.
    statuses : Counter of str
    """

    rows: list[list[object]]
    labels: Counter[str]
    statuses: Counter[str]


class RowError(Exception):
    """A text that could not be labelled.

    Attributes
    ----------
    row : int
        Its place in the run.
    reason : str
    """

    def __init__(self, row: int, reason: str) -> None:
        super().__init__(row, reason)
        self.row = row
        self.reason = reason


def answer(model: Model, texts: Sequence[str], detail: bool = False) -> Answers:
    """Label texts as a file shows it.

    Parameters
    ----------
    model : Model
    texts : sequence of str
    detail : bool

    Returns
    -------
    Answers

    Raises
    ------
    RowError
        If a text makes the model fail, which none should.
    """
    try:
        return _answer(model, texts, detail)
    except (MemoryError, OSError, RowError):
        raise
    except Exception:
        for i, text in enumerate(texts):
            try:
                _answer(model, [text], detail)
            except Exception as error:
                raise RowError(i, f"{type(error).__name__}: {error}") from error
        raise


def _answer(model: Model, texts: Sequence[str], detail: bool) -> Answers:
    judged = model.judge(texts, detail)
    confidence = map(Number, judged.confidence.tolist())
    columns = [judged.label.tolist(), confidence, judged.status.tolist(), judged.service.tolist()]
    rows: list[list[object]] = list(map(list, zip(*columns, strict=True)))
    if detail:
        for i, (row, text) in enumerate(zip(rows, texts, strict=True)):
            reading = model.read(text)
            share = reading.kpo_share
            row += [
                Number(judged.p_kpo[i]),
                Number(judged.p_in_scope[i]),
                Number(judged.review_score[i]),
                "; ".join(
                    f"{s.service} {s.probability:.2f}" for s in judged.services[i][:_TOP_SERVICES]
                ),
                Number(math.nan if share is None else share),
                "; ".join(
                    f"{c.name} {c.pole} {c.strength:.2f}" for c in reading.criteria if c.pole
                ),
                "; ".join(f"{w.term} {w.contribution:+.2f}" for w in reading.words[:_TOP_WORDS]),
            ]
    labels = Counter(judged.label[judged.status != "out_of_scope"].tolist())
    return Answers(rows, labels, Counter(judged.status.tolist()))
