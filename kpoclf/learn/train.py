"""Train a model on the shipped corpus, new rows, or both, and say which recipe is better."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kpoclf.corpus.rows import LabelledRow, read_corpus
from kpoclf.corpus.similarity import plain_text
from kpoclf.errors import CorpusError
from kpoclf.judge.model import Model
from kpoclf.learn.compare import Comparison, compare
from kpoclf.learn.fit import MIN_ROWS, fit_model
from kpoclf.learn.settings import Settings
from kpoclf.tables.labelled import labelled_rows
from kpoclf.taxonomy import CLASSES
from kpoclf.text.words import split_words

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    import pandas as pd

__all__ = ["MIN_NEW_ROWS", "Training", "check_new_rows", "train"]

MIN_NEW_ROWS = 5
"""New rows of each of KPO and BPO that are asked for beside the shipped corpus."""


@dataclass(frozen=True, eq=False)
class Training:
    """A new model and how it was judged.

    Attributes
    ----------
    model : Model or None
        None if only the comparison was asked for.
    comparison : Comparison
        Current data against the candidate's data, on the same folds.
    """

    model: Model | None
    comparison: Comparison


def train(
    data: pd.DataFrame | str | Path | Sequence[str | Path],
    *,
    only_new: bool = False,
    allow_few: bool = False,
    settings: Settings | None = None,
    fit: bool = True,
    tell: Callable[[str], None] = lambda step: None,
    **options: Any,
) -> Training:
    """Train on the shipped corpus plus new labelled rows, and compare with the shipped corpus alone.

    Parameters
    ----------
    data : pandas.DataFrame, path, or sequence of paths
        Labelled rows: columns ``text`` and ``label`` (``KPO``, ``BPO`` or ``OTHER``, in any case),
        and optionally ``service``.
    only_new : bool
        Whether to leave the shipped corpus out of the new model.
    allow_few : bool
        Whether new rows of one label will do. Without rows of the other the comparison cannot see
        what the new rows cost.
    settings : Settings, optional
    fit : bool
        Whether to fit the model; False only compares.
    tell : callable
        Called with the name of each step.
    **options
        Passed to the reader of files: ``text``, ``label``, ``service`` (column names), ``encoding``.

    Returns
    -------
    Training

    Raises
    ------
    CorpusError
        If the new rows cannot be used; the message names rows.

    Examples
    --------
    >>> import kpoclf
    >>> training = kpoclf.train("new.csv")  # doctest: +SKIP
    >>> training.model.save("my-model")  # doctest: +SKIP
    """
    settings = settings or Settings()
    given = labelled_rows(data, **options)
    new = [row for row in given if split_words(row.text)]
    check_new_rows(new, only_new, allow_few)
    if len(new) < len(given):
        tell(f"{len(given) - len(new)} rows without words left out")
    current = read_corpus()
    if not only_new:
        unknown = _without_known(new, current)
        if len(unknown) < len(new):
            tell(f"{len(new) - len(unknown)} rows left out that the shipped corpus has already")
            check_new_rows(unknown, only_new, allow_few)
        new = unknown
    tell("comparing recipes")
    comparison = compare(current, new, settings, only_new=only_new)
    if not fit:
        return Training(None, comparison)
    trained = fit_model(new if only_new else [*current, *new], settings, tell=tell)
    return Training(Model(trained), comparison)


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


def _without_known(new: Sequence[LabelledRow], current: Sequence[LabelledRow]) -> list[LabelledRow]:
    """New rows less those whose text the shipped corpus has already; a conflict is an error."""
    known = {plain_text(row.text): row for row in current}
    kept = []
    for row in new:
        twin = known.get(plain_text(row.text))
        if twin is None:
            kept.append(row)
        elif twin.label != row.label:
            raise CorpusError(
                f"{row.where}: labelled {row.label}, but the shipped corpus has the same text as "
                f"{twin.label} ({twin.where}); correct the label or train with --only-new"
            )
    if not kept:
        raise CorpusError("no new rows: the shipped corpus has all of these texts already")
    return kept
