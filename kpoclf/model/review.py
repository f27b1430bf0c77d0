"""How much a person should look at a text: more than the probability of its label."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from kpoclf.model.calibration import sigmoid

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

__all__ = ["FEATURES", "ReviewModel", "RiskPoint", "posting_share", "review_features"]

FEATURES = ("margin", "log margin", "mixed")
_RAMP = (30, 60)  # known terms between which a text turns from a statement into a posting


def review_features(p_kpo: NDArray[np.float64], mixed: NDArray[np.float64]) -> NDArray[np.float64]:
    """What the review score is made of, columns as `FEATURES`.

    Parameters
    ----------
    p_kpo : ndarray of shape (n,)
        Calibrated probability of KPO; it shrinks to one half where few terms are known.
    mixed : ndarray of shape (n,)
        Decision value of the head that tells mixed texts from clear ones.

    Returns
    -------
    ndarray of shape (n, 3)
        The margin (log odds of the label given), its logarithm, and `mixed`.
    """
    p = np.clip(np.maximum(p_kpo, 1 - p_kpo), 0.5, 1 - 1e-9)
    margin = np.log(p / (1 - p))
    return np.column_stack((margin, np.log(margin + 0.1), mixed))


@dataclass(frozen=True)
class RiskPoint:
    """One setting of the review threshold, measured out of fold.

    Attributes
    ----------
    threshold : float
        Texts with a higher score are for review.
    share : float
        Share of the rows that are.
    error : float
        Share of wrong labels among the others.
    bound : float
        Upper end of its one-sided 90 % bootstrap interval, groups resampled; the larger of that of
        short texts and that of postings.
    """

    threshold: float
    share: float
    error: float
    bound: float


@dataclass(frozen=True)
class ReviewModel:
    """Review score: a logistic function of `review_features`, one for statements, one for postings.

    Between 30 and 60 known terms a text counts partly as the one, partly as the other. At 0.5 lies the
    threshold that was chosen in training.

    Attributes
    ----------
    short, long : tuple of float
        Weights of `FEATURES`, and the intercept: of statements, and of postings.
    curve : tuple of RiskPoint
        From few reviews to many.
    """

    short: tuple[float, ...]
    long: tuple[float, ...]
    curve: tuple[RiskPoint, ...] = ()

    def score(
        self, features: NDArray[np.float64], n_terms: NDArray[np.int64]
    ) -> NDArray[np.float64]:
        """Review scores in [0, 1].

        Parameters
        ----------
        features : ndarray of shape (n, 3)
            From `review_features`.
        n_terms : ndarray of shape (n,)
            Distinct known terms of each text.
        """
        posting = posting_share(n_terms)
        short = _linear(features, self.short)
        return sigmoid((1 - posting) * short + posting * _linear(features, self.long))

    def threshold_for(
        self, max_error: float | None = None, share: float | None = None
    ) -> float | None:
        """Threshold by the curve; None if no setting keeps to what is asked.

        Parameters
        ----------
        max_error : float, optional
            Largest error (its upper bound) among rows that are not reviewed.
        share : float, optional
            Largest share of rows to review.
        """
        if max_error is not None:
            kept = [p.threshold for p in self.curve if p.bound <= max_error]
            return max(kept, default=None)
        kept = [p.threshold for p in self.curve if share is not None and p.share <= share]
        return min(kept, default=None)

    def to_dict(self) -> dict[str, Any]:
        """Plain types; `from_dict` is the inverse."""
        return asdict(self)

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> ReviewModel:
        """The model that `to_dict` gave."""
        found = cls(
            tuple(map(float, content["short"])),
            tuple(map(float, content["long"])),
            tuple(RiskPoint(**point) for point in content["curve"]),
        )
        if {len(found.short), len(found.long)} != {len(FEATURES) + 1}:
            raise ValueError("the review score has weights too few or too many")
        return found


def posting_share(n_terms: NDArray[np.int64]) -> NDArray[np.float64]:
    """How far a text of so many known terms counts as a posting, from 0 to 1."""
    low, high = _RAMP
    found: NDArray[np.float64] = np.clip((n_terms - low) / (high - low), 0.0, 1.0)
    return found


def _linear(features: NDArray[np.float64], weights: tuple[float, ...]) -> NDArray[np.float64]:
    # Summed column by column: the same bits for a text whatever batch it comes in.
    total = np.full(len(features), weights[-1])
    for column, weight in zip(features.T, weights[:-1], strict=True):
        total += column * weight
    return total
