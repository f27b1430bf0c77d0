"""Decision values to probabilities."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["Calibration", "ScopeCalibration", "sigmoid"]


def sigmoid(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Logistic function, without overflow."""
    small = np.exp(-np.abs(values))
    found: NDArray[np.float64] = np.where(values >= 0, 1.0, small) / (1.0 + small)
    return found


@dataclass(frozen=True)
class Calibration:
    """Probability of KPO from the decision value and the number of known terms.

    ``p = sigmoid(decision * exp(level + growth * log1p(n)) * n / (n + prior))`` with ``n`` the
    number of distinct known terms. It keeps the decision's sign. A Euclidean-normalised vector gives
    a long posting a smaller decision value than a sentence of the same clarity, which `growth` puts
    right where the data show it; with few known terms the probability shrinks to one half by `prior`.

    Attributes
    ----------
    level, growth : float
        Fitted by penalised maximum likelihood on out-of-fold decision values; `growth` is not
        negative.
    prior : float
        Number of known terms at which the evidence counts for half.
    """

    level: float = 0.0
    growth: float = 0.0
    prior: float = 0.25

    def probability(self, decision: ArrayLike, n_terms: ArrayLike) -> NDArray[np.float64]:
        """Probability of KPO.

        Parameters
        ----------
        decision : array-like of shape (n,)
        n_terms : array-like of shape (n,)
            Distinct known terms of each text.

        Returns
        -------
        ndarray of shape (n,)
            In [0, 1]; 0.5 where `n_terms` is 0.
        """
        n = np.asarray(n_terms, np.float64)
        slope = np.exp(self.level + self.growth * np.log1p(n)) * n / (n + self.prior)
        return sigmoid(np.asarray(decision, np.float64) * slope)

    def to_dict(self) -> dict[str, Any]:
        """Parameters by name."""
        return asdict(self)


@dataclass(frozen=True)
class ScopeCalibration:
    """Probability of being in scope: Platt's sigmoid of the scope head's decision value."""

    slope: float = 1.0
    offset: float = 0.0

    def probability(self, decision: ArrayLike) -> NDArray[np.float64]:
        """Probability of being in scope, in [0, 1]; one per decision value."""
        return sigmoid(np.asarray(decision, np.float64) * self.slope + self.offset)

    def to_dict(self) -> dict[str, Any]:
        """Parameters by name."""
        return asdict(self)
