"""Train a model on the current data, new rows, or both, and say whether it may take over."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from kpoclf.corpus.rows import LabelledRow, read_corpus
from kpoclf.corpus.similarity import plain_text
from kpoclf.errors import CorpusError, InputError
from kpoclf.judge.model import Model
from kpoclf.learn.compare import Comparison, compare
from kpoclf.learn.current import rows_of
from kpoclf.learn.fit import MIN_ROWS, fit_model
from kpoclf.learn.gate import MARGIN, Gate, check_margin, judge
from kpoclf.learn.settings import Settings
from kpoclf.tables.labelled import labelled_rows
from kpoclf.taxonomy import CLASSES
from kpoclf.text.words import split_words

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    import pandas as pd
    from numpy.typing import NDArray

__all__ = ["MIN_NEW_ROWS", "NEW_WEIGHT", "Training", "check_new_rows", "train"]

MIN_NEW_ROWS = 5
"""New rows of each of KPO and BPO that are asked for beside the current data."""

NEW_WEIGHT = 3.0
"""Weight of a row of one's own beside a row of the shipped corpus.

A kind of work left out of the corpus is right in .930 of its rows; with 50 of its rows taught at weight
1, 2, 3, 5 and 10 in .959, .967, .972, .977 and .981, all other rows in .9658, .9658, .9657, .9651 and
.9639 (``python benchmarks/gate.py weights``).
"""


@dataclass(frozen=True, eq=False)
class Training:
    """A new model and how it was judged.

    Attributes
    ----------
    model : Model or None
        None if none was asked for.
    comparison : Comparison
        Current data against the candidate's data, on the same folds.
    gate : Gate
        Whether the candidate may take the current model's place.
    """

    model: Model | None
    comparison: Comparison
    gate: Gate


def train(
    data: pd.DataFrame | str | Path | Sequence[str | Path],
    *,
    only_new: bool = False,
    allow_few: bool = False,
    current: Model | None = None,
    weight: float = NEW_WEIGHT,
    holdout: pd.DataFrame | str | Path | None = None,
    margin: float = MARGIN,
    settings: Settings | None = None,
    fit: bool | Callable[[Training], bool] = True,
    tell: Callable[[str], None] = lambda step: None,
    **options: Any,
) -> Training:
    """Train on the current data plus new labelled rows, and compare with the current data alone.

    Parameters
    ----------
    data : pandas.DataFrame, path, or sequence of paths
        Labelled rows: columns ``text`` and ``label`` (``KPO``, ``BPO`` or ``OTHER``, in any case),
        and optionally ``service``.
    only_new : bool
        Whether to leave the current data out of the new model.
    allow_few : bool
        Whether new rows of one label will do. Without rows of the other the comparison cannot see
        what the new rows cost.
    current : Model, optional
        Its rows are the current data; the shipped corpus if not given, or if it kept none.
    weight : float
        Weight of every row that is not of the shipped corpus beside one that is, above 0.
    holdout : pandas.DataFrame or path, optional
        Further labelled rows that both recipes are scored on.
    margin : float
        Loss that the gate allows overall; see `kpoclf.learn.gate.judge`.
    settings : Settings, optional
    fit : bool or callable
        Whether to fit the model; a callable is asked once the comparison is there, with a `Training`
        without a model.
    tell : callable
        Called with the name of each step, and with the number of each fold (``"…, fold 2"``).
    **options
        Passed to the reader of files: ``text``, ``label``, ``service`` (column names), ``encoding``.

    Returns
    -------
    Training

    Raises
    ------
    CorpusError
        If the new rows or the holdout cannot be used; the message names rows.
    InputError
        If a number is out of its range.
    ModelError
        If the rows of the current model cannot be read.

    Examples
    --------
    >>> import kpoclf
    >>> training = kpoclf.train("new.csv")  # doctest: +SKIP
    >>> training.model.save("my-model")  # doctest: +SKIP
    """
    settings = settings or Settings()
    check_margin(margin)
    if not 0 < weight < math.inf:
        raise InputError(f"the weight is {weight!r}: give a number above 0, such as 1")
    given = labelled_rows(data, **options)
    new = [row for row in given if split_words(row.text)]
    check_new_rows(new, only_new, allow_few)
    if len(new) < len(given):
        tell(f"{len(given) - len(new)} rows without words left out")
    held = [] if holdout is None else labelled_rows(holdout, **options)
    held = [row for row in held if split_words(row.text)]
    if holdout is not None and not held:
        raise CorpusError("the holdout has no usable rows: every row's text is empty")
    corpus = read_corpus()
    rows, whose = corpus, "the shipped corpus"
    if current is not None:
        kept = rows_of(current, corpus)
        if kept is None:
            tell(f"model {current.id} kept no rows: compared with the shipped corpus instead")
        elif kept is not corpus:
            rows, whose = kept, f"the current model ({current.id})"
    if not only_new:
        unknown = _without_known(new, rows, whose, corpus)
        if len(unknown) < len(new):
            tell(f"{len(new) - len(unknown)} rows left out that {whose} has already")
            check_new_rows(unknown, only_new, allow_few)
        new = unknown
    weights = _weights([*rows, *new], corpus, weight)
    comparison = compare(rows, new, settings, only_new, weights, held, tell)
    found = Training(None, comparison, judge(comparison, margin))
    if not (fit(found) if callable(fit) else fit):
        return found
    if only_new:
        trained = fit_model(new, settings, tell=tell)
    else:
        trained = fit_model([*rows, *new], settings, weights, tell)
    return replace(found, model=Model(trained))


def _weights(
    rows: Sequence[LabelledRow], corpus: Sequence[LabelledRow], weight: float
) -> NDArray[np.float64] | None:
    """Weight of each row: 1 where the shipped corpus has it."""
    if weight == 1:
        return None
    shipped = {(row.text, row.label, row.service) for row in corpus}
    return np.array(
        [1.0 if (row.text, row.label, row.service) in shipped else weight for row in rows]
    )


def check_new_rows(rows: Sequence[LabelledRow], alone: bool, allow_few: bool = False) -> None:
    """Refuse rows that cannot train.

    Parameters
    ----------
    rows : sequence of LabelledRow
    alone : bool
        Whether they are all there is to train on.
    allow_few : bool
        Whether, beside the shipped corpus, rows of one label will do.

    Raises
    ------
    CorpusError
        If there is no row, a text has two labels, or (alone) a label has too few rows.
    """
    if not rows:
        raise CorpusError("no usable rows: every row's text is empty")
    first: dict[str, LabelledRow] = {}
    clashes = []
    for row in rows:
        known = first.setdefault(plain_text(row.text), row)
        if known.label != row.label:
            clashes.append(f"{known.where} says {known.label}, {row.where} says {row.label}")
    if clashes:
        more = f" (and {len(clashes) - 1} more)" if len(clashes) > 1 else ""
        raise CorpusError(f"the same text has two labels: {clashes[0]}{more}; correct one of them")
    counted = Counter(row.label for row in rows)
    needed = MIN_ROWS if alone else 0 if allow_few else MIN_NEW_ROWS
    for label in CLASSES:
        if counted[label] < needed:
            raise CorpusError(
                f"{counted[label]} of {len(rows)} rows ({rows[0].where} to {rows[-1].where}) are "
                f"labelled {label}, too few to tell the two apart: give at least {needed} rows each of "
                "KPO and BPO" + ("" if alone else ", or pass --allow-few")
            )


def _without_known(
    new: Sequence[LabelledRow],
    current: Sequence[LabelledRow],
    whose: str,
    corpus: Sequence[LabelledRow],
) -> list[LabelledRow]:
    """New rows less those whose text the current data have already; a conflict is an error."""
    known = {plain_text(row.text): row for row in current}
    kept = []
    for row in new:
        twin = known.get(plain_text(row.text))
        if twin is None:
            kept.append(row)
        elif twin.label != row.label:
            back = "" if twin in corpus else ", or go back first: kpoclf models rollback"
            raise CorpusError(
                f"{row.where}: labelled {row.label}, but {whose} has the same text as "
                f"{twin.label} ({twin.where}); correct the label or train with --only-new{back}"
            )
    if not kept:
        raise CorpusError(f"no new rows: {whose} has all of these texts already")
    return kept
