"""Fit the review score on out-of-fold answers, and set its threshold by risk control."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.linear_model import LogisticRegression

from kpoclf.learn.figures import bootstrap_weights
from kpoclf.model.review import (
    ReviewModel,
    RiskPoint,
    posting_share,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from kpoclf.learn.settings import Settings

__all__ = ["MIN_REVIEW_ROWS", "Answers", "fit_review"]

MIN_REVIEW_ROWS = 200
"""Rows below which no review score is fitted: the probability alone decides then."""

_LEAST_COVERED = 0.5  # the threshold is sought among those that review half of the rows at most
_CONFIDENCE = 0.9
_SAMPLES = 300  # of the bootstrap
_AT_ONCE = 100_000  # texts whose bound is found together
_MIXED = 0.05
_SHARES = np.concatenate((np.arange(0, 0.3, 0.01), np.arange(0.3, 0.81, 0.05)))


@dataclass(frozen=True, eq=False)
class Answers:
    """Out-of-fold answers on labelled rows and on mixed texts.

    Attributes
    ----------
    features : ndarray of shape (n, 3)
        From `kpoclf.model.review.review_features`.
    n_terms : ndarray of shape (n,)
    wrong : ndarray of shape (n,)
        Whether the label given is wrong; False for mixed texts.
    mixed : ndarray of shape (n,)
        Whether it is a mixed text.
    groups : ndarray of shape (n,)
    """

    features: NDArray[np.float64]
    n_terms: NDArray[np.int64]
    wrong: NDArray[np.bool_]
    mixed: NDArray[np.bool_]
    groups: NDArray[np.int64]

    def take(self, rows: NDArray[np.bool_]) -> Answers:
        """The same for some of the texts."""
        return Answers(
            self.features[rows],
            self.n_terms[rows],
            self.wrong[rows],
            self.mixed[rows],
            self.groups[rows],
        )


def fit_review(answers: Answers, settings: Settings) -> ReviewModel | None:
    """Review score and its risk curve.

    A logistic regression tells rows whose label is wrong and mixed texts from rows that are right, for
    statements and for postings apart. In either, the threshold is the largest at which the error among
    the rows that are not reviewed stays within `max_error`, by a one-sided 90 % bootstrap bound over
    groups, tested from the strictest threshold on (Angelopoulos et al. 2021, "Learn then Test", fixed
    sequence), and at which `mixed_recall` of the mixed texts go to review.

    Parameters
    ----------
    answers : Answers
    settings : Settings

    Returns
    -------
    ReviewModel or None
        None if there are too few rows or errors to fit one.
    """
    posting = posting_share(answers.n_terms) >= 0.5
    weights: list[tuple[float, ...]] = []
    for part, recall in (
        (~posting, settings.mixed_recall_short),
        (posting, settings.mixed_recall),
    ):
        found = _fit_part(answers.take(part), recall, settings)
        if found is None:
            return None
        weights.append(found)
    model = ReviewModel(weights[0], weights[1])
    return replace(model, curve=_curve(model, answers, settings.seed))


def _fit_part(answers: Answers, recall: float, settings: Settings) -> tuple[float, ...] | None:
    rows = ~answers.mixed
    doubtful = answers.wrong | answers.mixed
    if rows.sum() < MIN_REVIEW_ROWS or doubtful.sum() < MIN_REVIEW_ROWS // 10:
        return None
    X = answers.features
    mean, spread = X.mean(axis=0), X.std(axis=0)
    spread[spread == 0] = 1.0
    head = LogisticRegression(C=1.0, tol=1e-7, max_iter=5000)
    # As if one text in twenty were mixed.
    n_mixed = max(int(answers.mixed.sum()), 1)
    weight = np.where(answers.mixed, _MIXED * rows.sum() / n_mixed, 1.0)
    head.fit((X - mean) / spread, doubtful, sample_weight=weight)
    coef = head.coef_[0] / spread
    score = X @ coef
    thresholds = [_controlled(score[rows], answers.wrong[rows], answers.groups[rows], settings)]
    if answers.mixed.any():
        thresholds.append(float(np.quantile(score[answers.mixed], 1 - recall)))
    return tuple(float(f"{x:.4g}") for x in (*coef, -min(thresholds)))


def _controlled(
    score: NDArray[np.float64],
    wrong: NDArray[np.bool_],
    groups: NDArray[np.int64],
    settings: Settings,
) -> float:
    """Largest threshold whose bound, and that of all stricter ones, is within `max_error`."""
    order = np.argsort(score, kind="stable")
    bound = _bounds(wrong[order], groups[order], settings.seed)
    first = int(len(order) * _LEAST_COVERED)
    broken = np.flatnonzero(bound[first:] > settings.max_error)
    last = first + int(broken[0]) - 1 if len(broken) else len(order) - 1
    return float(score[order[last]])


def _bounds(wrong: NDArray[np.bool_], groups: NDArray[np.int64], seed: int) -> NDArray[np.float64]:
    """Upper bound of the error among the first k rows, for every k."""
    error = bootstrap_weights(groups, _SAMPLES, seed)
    for row in error:  # one by one, in place: of a million texts the matrix is large
        total = np.maximum(np.cumsum(row), 1.0)
        np.divide(np.cumsum(row * wrong), total, out=row)
    bound: NDArray[np.float64] = np.concatenate(
        [
            np.quantile(error[:, i : i + _AT_ONCE], _CONFIDENCE, axis=0)
            for i in range(0, len(wrong), _AT_ONCE)
        ]
    )
    found: NDArray[np.float64] = np.maximum(bound, _unseen(np.arange(1, len(wrong) + 1)))
    return found


def _bound(wrong: NDArray[np.bool_], groups: NDArray[np.int64], seed: int) -> float:
    """The last of `_bounds`: of all rows."""
    weights = bootstrap_weights(groups, _SAMPLES, seed)
    error = weights @ wrong / np.maximum(weights.sum(axis=1), 1.0)
    return max(float(np.quantile(error, _CONFIDENCE)), float(_unseen(len(wrong))))


def _unseen(n: Any) -> Any:
    """What `n` rows without an error rule out: a resample of such rows has none either."""
    return 1 - (1 - _CONFIDENCE) ** (1 / n)


def _curve(model: ReviewModel, answers: Answers, seed: int) -> tuple[RiskPoint, ...]:
    rows = answers.take(~answers.mixed)
    score = model.score(rows.features, rows.n_terms)
    posting = posting_share(rows.n_terms) >= 0.5
    found = []
    for share in _SHARES:
        threshold = float(np.quantile(score, 1 - share))
        kept = score <= threshold
        parts = [kept & posting, kept & ~posting]
        bound = max(
            _bound(rows.wrong[part], rows.groups[part], seed) for part in parts if part.any()
        )
        found.append(
            RiskPoint(
                round(threshold, 4),
                round(float((~kept).mean()), 4),
                round(float(rows.wrong[kept].mean()), 4),
                round(bound, 4),
            )
        )
    return tuple(found)
