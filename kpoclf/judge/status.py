"""Whether a person should look, and whether the text is work of either kind at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from kpoclf.model.scorer import Scores
    from kpoclf.model.trained import Thresholds

__all__ = ["STATUSES", "STATUS_MEANINGS", "plain_review_score", "statuses"]

STATUSES = ("ok", "review", "out_of_scope")
"""The values of a status."""

STATUS_MEANINGS = {
    "ok": "ok",
    "review": "review: a person should look",
    "out_of_scope": "out of scope: not work of either kind",
}
"""What each says to a person."""


def plain_review_score(p_kpo: NDArray[np.float64]) -> NDArray[np.float64]:
    """How much a person should look, by the probability alone: 0 if certain, 1 at an even guess.

    Examples
    --------
    >>> plain_review_score(np.array([0.5, 0.05])).round(2).tolist()
    [1.0, 0.1]
    """
    found: NDArray[np.float64] = 1.0 - np.abs(2.0 * p_kpo - 1.0)
    return found


def statuses(
    scores: Scores,
    review_score: NDArray[np.float64],
    p_in_scope: NDArray[np.float64],
    thresholds: Thresholds,
) -> NDArray[np.object_]:
    """Status of each text.

    Parameters
    ----------
    scores : Scores
    review_score : ndarray of shape (n_texts,)
        Above the threshold a person should look.
    p_in_scope : ndarray of shape (n_texts,)
        Calibrated probability; NaN where the model knows no scope.
    thresholds : Thresholds

    Returns
    -------
    ndarray of shape (n_texts,)
        Values of `STATUSES`. A text with few known terms goes to a person, unless next to none of
        its words is known: that is another language or no language.
    """
    few = scores.n_terms < thresholds.min_terms
    foreign = (scores.n_terms == 0) | (scores.known_share < thresholds.known_share)
    beyond = ~few & (p_in_scope < thresholds.scope)
    unsure = few | (review_score > thresholds.review_score)
    return np.select([foreign | beyond, unsure], ["out_of_scope", "review"], "ok").astype(object)
