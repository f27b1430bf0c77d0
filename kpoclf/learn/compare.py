"""Two recipes, current data and candidate data, refitted on the same folds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from kpoclf.errors import CorpusError
from kpoclf.learn.figures import Figure, bootstrap_weights, figures, paired_difference
from kpoclf.learn.folds import duplicate_groups, folds
from kpoclf.learn.heads import fit_label
from kpoclf.learn.vectors import TermCounts, Vectorizer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from kpoclf.corpus.rows import LabelledRow
    from kpoclf.learn.settings import Settings

__all__ = ["Comparison", "Side", "compare"]


@dataclass(frozen=True)
class Side:
    """Both recipes on one kind of rows.

    Attributes
    ----------
    name : str
        ``"current rows"`` or ``"new rows"``.
    n : int
        KPO and BPO rows scored.
    current, candidate : dict of str to Figure
        ``macro_f1``, ``accuracy``, ``roc_auc`` of either recipe.
    measure : str
        ``"macro_f1"``, or ``"accuracy"`` where all rows have one label.
    difference : Figure
        That measure of the candidate less that of the current recipe, paired.
    """

    name: str
    n: int
    measure: str
    current: dict[str, Figure]
    candidate: dict[str, Figure]
    difference: Figure


@dataclass(frozen=True)
class Comparison:
    """Current recipe against candidate recipe.

    Attributes
    ----------
    sides : tuple of Side
    n_current, n_new : int
        Rows of the shipped corpus and new ones, all labels.
    only_new : bool
        Whether the candidate leaves the shipped corpus out.
    """

    sides: tuple[Side, ...]
    n_current: int
    n_new: int
    only_new: bool

    @property
    def verdict(self) -> str:
        """``"better"``, ``"worse"`` or ``"no clear difference"``, by the intervals of the sides."""
        intervals = [s.difference.interval for s in self.sides if s.difference.interval]
        if any(high < 0 for _, high in intervals):
            return "worse"
        if any(low > 0 for low, _ in intervals):
            return "better"
        return "no clear difference"


def compare(
    current: Sequence[LabelledRow],
    new: Sequence[LabelledRow],
    settings: Settings,
    only_new: bool = False,
) -> Comparison:
    """Cross-validate both recipes on the same folds.

    Folds keep near-duplicates together and spread services evenly. In each fold the current recipe
    is fitted on the current rows of the training part, the candidate on those and the new ones (or
    the new ones alone), and both are scored on the same test part. No stored model takes part, so no
    row is scored by weights that saw it.

    Parameters
    ----------
    current, new : sequence of LabelledRow
    settings : Settings
    only_new : bool

    Returns
    -------
    Comparison

    Raises
    ------
    CorpusError
        If the texts of a label are so alike that a recipe has none of it to train on in some fold.
    """
    rows = [*current, *new]
    is_new = np.arange(len(rows)) >= len(current)
    counts = TermCounts([row.text for row in rows], settings)
    groups = duplicate_groups(rows)
    labels = np.array([row.label for row in rows], object)
    inside, kpo = labels != "OTHER", labels == "KPO"
    first = np.full(len(rows), np.nan)
    second = np.full(len(rows), np.nan)
    # New rows are spread apart from current ones, so that they can train alone.
    strata = [f"{new} {row.service or row.label}" for row, new in zip(rows, is_new, strict=True)]
    for train, test in folds(rows, strata, groups, settings.folds, settings.seed):
        train = train[inside[train]]
        for found, part in (
            (first, train[~is_new[train]]),
            (second, train[is_new[train]] if only_new else train),
        ):
            found[test] = _decide(counts, part, test, kpo, settings)
    sides = [
        _side(name, chosen & inside, kpo, first, second, groups, settings.seed)
        for name, chosen in (("current rows", ~is_new), ("new rows", is_new))
        if (chosen & inside).any()
    ]
    return Comparison(tuple(sides), len(current), len(new), only_new)


def _decide(
    counts: TermCounts,
    train: NDArray[np.int64],
    test: NDArray[np.int64],
    kpo: NDArray[np.bool_],
    settings: Settings,
) -> NDArray[np.float64]:
    for name, there in (("KPO", kpo[train]), ("BPO", ~kpo[train])):
        if not there.any():
            raise CorpusError(
                f"the new {name} rows are near-duplicates of few texts, and a fold was left without "
                "any: give more different ones"
            )
    vectorizer = Vectorizer(counts, train, settings.min_df)
    coef, intercept = fit_label(vectorizer.vectors(train), kpo[train], settings)
    decision: NDArray[np.float64] = vectorizer.vectors(test) @ coef + intercept
    return decision


def _side(
    name: str,
    chosen: NDArray[np.bool_],
    kpo: NDArray[np.bool_],
    first: NDArray[np.float64],
    second: NDArray[np.float64],
    groups: NDArray[np.int64],
    seed: int,
) -> Side:
    weights = bootstrap_weights(groups[chosen], seed=seed)
    truth = kpo[chosen]
    # Only the order and the sign are compared, so any squashing of the decision will do.
    p_first, p_second = (0.5 + 0.5 * np.tanh(d[chosen]) for d in (first, second))
    wanted = ("macro_f1", "accuracy", "roc_auc")
    before, after = (
        {k: v for k, v in figures(truth, p, weights).items() if k in wanted}
        for p in (p_first, p_second)
    )
    measure = "macro_f1" if "macro_f1" in before else "accuracy"
    difference = paired_difference(measure, truth, p_first, p_second, weights)
    return Side(name, len(truth), measure, before, after, difference)
