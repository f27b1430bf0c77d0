"""Two recipes, current data and candidate data, refitted on the same rows and scored on others."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import binomtest

from kpoclf.errors import CorpusError
from kpoclf.learn.figures import Figure, bootstrap_weights, figures, paired_difference
from kpoclf.learn.folds import duplicate_groups, folds
from kpoclf.learn.heads import fit_label, fit_scope
from kpoclf.learn.vectors import TermCounts, Vectorizer

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from kpoclf.corpus.rows import LabelledRow
    from kpoclf.learn.settings import Settings

__all__ = [
    "NEW_OTHER",
    "NEW_ROWS",
    "Comparison",
    "Recipes",
    "ServiceSide",
    "Side",
    "compare",
    "sides_of",
]

NEW_ROWS = "new rows"
"""Name of the side of new rows that are KPO or BPO."""

NEW_OTHER = "new OTHER rows"
"""Name of the side of new rows that are out of scope."""

_MIN_OTHER = 10  # current rows that are OTHER, for scope to be compared


@dataclass(frozen=True)
class Side:
    """Both recipes on one kind of rows.

    Attributes
    ----------
    name : str
        ``"current rows"``, ``"new rows"`` or ``"holdout"``: KPO and BPO rows; ``"scope"``: all
        current rows, KPO and BPO against OTHER; `NEW_OTHER`: new rows out of scope.
    n : int
        Rows scored.
    current, candidate : dict of str to Figure
        ``macro_f1``, ``accuracy``, ``roc_auc`` of either recipe; of scope ``roc_auc`` alone.
    measure : str
        ``"macro_f1"``, ``"accuracy"`` where all rows have one label, ``"roc_auc"`` of scope.
    difference : Figure
        That measure of the candidate less that of the current recipe, paired.
    contradicted : dict of str to tuple of (int, int)
        Of new rows, for ``KPO`` and ``BPO``: those that the current recipe gives the other label, and
        all.
    """

    name: str
    n: int
    measure: str
    current: dict[str, Figure]
    candidate: dict[str, Figure]
    difference: Figure
    contradicted: dict[str, tuple[int, int]] = field(default_factory=dict)


@dataclass(frozen=True)
class ServiceSide:
    """Both recipes on the current rows of one service.

    Attributes
    ----------
    service : str
    n : int
    current, candidate : float
        Share of right labels.
    n_changed : int
        Groups of near-duplicates in which one recipe has more labels right than the other.
    p_loss : float
        Probability of as many losses among them, or more, if gains were as likely: one-sided sign
        test.
    """

    service: str
    n: int
    current: float
    candidate: float
    n_changed: int
    p_loss: float

    @property
    def difference(self) -> float:
        """Share of right labels of the candidate less that of the current recipe."""
        return self.candidate - self.current


@dataclass(frozen=True)
class Comparison:
    """Current recipe against candidate recipe.

    Attributes
    ----------
    sides : tuple of Side
        Current rows, then new rows, as far as there are KPO or BPO rows among them; then new ``OTHER``
        rows, right where the scope head calls them out of scope.
    n_current, n_new : int
        Rows of the current data and new ones, all labels.
    only_new : bool
        Whether the candidate leaves the current data out.
    services : tuple of ServiceSide
        Of the current rows; the greatest loss first.
    scope : Side or None
        None with fewer than ten ``OTHER`` rows in the current data.
    holdout : Side or None
    n_known : int
        Rows of the holdout left out: near-duplicates of rows trained on.
    """

    sides: tuple[Side, ...]
    n_current: int
    n_new: int
    only_new: bool
    services: tuple[ServiceSide, ...] = ()
    scope: Side | None = None
    holdout: Side | None = None
    n_known: int = 0

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
    weight: NDArray[np.float64] | None = None,
    holdout: Sequence[LabelledRow] = (),
    tell: Callable[[str], None] = lambda step: None,
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
    weight : ndarray of shape (n_current + n_new,), optional
        Weight of each row in either recipe.
    holdout : sequence of LabelledRow
        Both recipes are refitted on all their rows and scored on these as well, those left out that
        are near-duplicates of a row trained on.
    tell : callable
        Called with the name of the step, and with the number of each fold.

    Returns
    -------
    Comparison

    Raises
    ------
    CorpusError
        If the texts of a label are so alike that a recipe has none of it to train on in some fold,
        or no KPO or BPO row of the holdout is left.
    """
    tell("comparing recipes")
    rows = [*current, *new]
    counts = TermCounts([row.text for row in (*rows, *holdout)], settings)
    groups = duplicate_groups([*rows, *holdout])
    is_new = np.arange(len(rows)) >= len(current)
    recipes = Recipes(rows, is_new, counts, settings, only_new, weight)
    sides, services, scope = sides_of(recipes, groups[: len(rows)], tell)
    held, n_known = None, 0
    if holdout:
        fresh = ~np.isin(groups[len(rows) :], groups[: len(rows)])
        n_known = int((~fresh).sum())
        held = _holdout(recipes, holdout, fresh, groups[len(rows) :])
    return Comparison(
        sides, len(current), len(new), only_new, services, scope, held, n_known=n_known
    )


@dataclass(frozen=True, eq=False)
class Recipes:
    """Rows of which the current recipe knows some and the candidate others.

    Attributes
    ----------
    rows : sequence of LabelledRow
    is_new : ndarray of shape (n_rows,)
    counts : TermCounts
        Of the rows, then of any further texts.
    settings : Settings
    only_new : bool
    weight : ndarray of shape (n_rows,) or None
    """

    rows: Sequence[LabelledRow]
    is_new: NDArray[np.bool_]
    counts: TermCounts
    settings: Settings
    only_new: bool = False
    weight: NDArray[np.float64] | None = None

    @property
    def labels(self) -> NDArray[np.object_]:
        """Label of each row."""
        return np.array([row.label for row in self.rows], object)

    def parts(self, train: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """What of a training part the current recipe knows, and what the candidate."""
        new = self.is_new[train]
        return train[~new], train[new] if self.only_new else train

    def label_decisions(
        self, train: NDArray[np.int64], test: NDArray[np.int64]
    ) -> NDArray[np.float64]:
        """Decision values of texts by the label head of some rows; above 0 means KPO."""
        labels = self.labels[train]
        for name in ("KPO", "BPO"):
            if not (labels == name).any():
                raise CorpusError(
                    f"the new {name} rows are near-duplicates of few texts, and a fold was left "
                    "without any: give more different ones"
                )
        train = train[labels != "OTHER"]
        vectorizer = Vectorizer(self.counts, train, self.settings.min_df)
        coef, intercept = fit_label(
            vectorizer.vectors(train), self.labels[train] == "KPO", self.settings, self._of(train)
        )
        decision: NDArray[np.float64] = vectorizer.vectors(test) @ coef + intercept
        return decision

    def scope_decisions(
        self, train: NDArray[np.int64], test: NDArray[np.int64]
    ) -> NDArray[np.float64]:
        """Decision values of texts by the scope head of some rows, 0 where they are of one kind."""
        inside = self.labels[train] != "OTHER"
        if inside.all() or not inside.any():
            return np.zeros(len(test))
        vectorizer = Vectorizer(self.counts, train, self.settings.min_df)
        coef, intercept = fit_scope(
            vectorizer.vectors(train), inside, self.settings, self._of(train)
        )
        decision: NDArray[np.float64] = vectorizer.vectors(test) @ coef + intercept
        return decision

    def _of(self, train: NDArray[np.int64]) -> NDArray[np.float64] | None:
        return None if self.weight is None else self.weight[train]


def sides_of(
    recipes: Recipes,
    groups: NDArray[np.int64],
    tell: Callable[[str], None] = lambda step: None,
) -> tuple[tuple[Side, ...], tuple[ServiceSide, ...], Side | None]:
    """Both recipes out of fold: on current and new rows, on each service, and their scope.

    Parameters
    ----------
    recipes : Recipes
    groups : ndarray of shape (n_rows,)
        Rows of one group are kept together.
    tell : callable
        As in `compare`.

    Returns
    -------
    sides : tuple of Side
    services : tuple of ServiceSide
    scope : Side or None
        As in `Comparison`.
    """
    rows, settings, labels, is_new = (
        recipes.rows,
        recipes.settings,
        recipes.labels,
        recipes.is_new,
    )
    inside, kpo = labels != "OTHER", labels == "KPO"
    with_scope = (~inside & ~is_new).sum() >= _MIN_OTHER and inside.any()
    label = np.full((2, len(rows)), np.nan)
    scope = np.full((2, len(rows)), np.nan)
    # New rows are spread apart from current ones, so that they can train alone.
    strata = [f"{new} {row.service or row.label}" for row, new in zip(rows, is_new, strict=True)]
    splits = folds(rows, strata, groups, settings.folds, settings.seed)
    for number, (train, test) in enumerate(splits, 1):
        tell(f"comparing recipes, fold {number}")
        for i, part in enumerate(recipes.parts(train)):
            label[i, test] = recipes.label_decisions(part, test)
            if with_scope:
                scope[i, test] = recipes.scope_decisions(part, test)
    sides = tuple(
        _side(name, kpo[part], label[:, part], groups[part], settings.seed)
        for name, part in (("current rows", ~is_new & inside), (NEW_ROWS, is_new & inside))
        if part.any()
    )
    if with_scope and (part := is_new & ~inside).any():
        sides += (_side(NEW_OTHER, inside[part], scope[:, part], groups[part], settings.seed),)
    current = np.flatnonzero(~is_new)
    of_scope = None
    if with_scope:
        of_scope = _side(
            "scope", inside[current], scope[:, current], groups[current], settings.seed, "roc_auc"
        )
    right = (label > 0) == kpo
    services = np.array([row.service for row in rows], object)
    found = [
        _service(slug, right[:, part], groups[part])
        for slug in sorted({*services[~is_new & inside].tolist()} - {""})
        for part in [(services == slug) & ~is_new & inside]
    ]
    found.sort(key=lambda side: (side.difference, side.service))
    return sides, tuple(found), of_scope


def _side(
    name: str,
    truth: NDArray[np.bool_],
    decisions: NDArray[np.float64],
    groups: NDArray[np.int64],
    seed: int,
    measure: str = "macro_f1",
) -> Side:
    weights = bootstrap_weights(groups, seed=seed)
    # Only the order and the sign are compared, so any squashing of the decision will do.
    first, second = 0.5 + 0.5 * np.tanh(decisions)
    wanted = ("roc_auc",) if measure == "roc_auc" else ("macro_f1", "accuracy", "roc_auc")
    before, after = (figures(truth, p, weights, wanted=wanted) for p in (first, second))
    if measure not in before:
        measure = "accuracy"
    difference = paired_difference(measure, truth, first, second, weights)
    contradicted = _contradicted(truth, decisions[0]) if name == NEW_ROWS else {}
    return Side(name, len(truth), measure, before, after, difference, contradicted)


def _contradicted(
    kpo: NDArray[np.bool_], decision: NDArray[np.float64]
) -> dict[str, tuple[int, int]]:
    wrong = (decision > 0) != kpo
    return {
        label: (int(wrong[rows].sum()), int(rows.sum()))
        for label, rows in (("KPO", kpo), ("BPO", ~kpo))
    }


def _service(slug: str, right: NDArray[np.bool_], groups: NDArray[np.int64]) -> ServiceSide:
    first, second = right.astype(np.int64)
    _, group = np.unique(groups, return_inverse=True)
    change = np.bincount(group, second - first)
    lost, gained = int((change < 0).sum()), int((change > 0).sum())
    p = binomtest(lost, lost + gained, alternative="greater").pvalue if lost else 1.0
    return ServiceSide(
        slug, len(first), float(first.mean()), float(second.mean()), lost + gained, float(p)
    )


def _holdout(
    recipes: Recipes,
    holdout: Sequence[LabelledRow],
    fresh: NDArray[np.bool_],
    groups: NDArray[np.int64],
) -> Side:
    labels = np.array([row.label for row in holdout], object)
    chosen = np.flatnonzero(fresh & (labels != "OTHER"))
    if not len(chosen):
        raise CorpusError(
            f"the holdout has no KPO or BPO row ({holdout[0].where} to {holdout[-1].where}) that is "
            "not nearly the text of a row trained on: give others"
        )
    n = len(recipes.rows)
    decisions = np.array(
        [recipes.label_decisions(part, n + chosen) for part in recipes.parts(np.arange(n))]
    )
    return _side(
        "holdout", labels[chosen] == "KPO", decisions, groups[chosen], recipes.settings.seed
    )
