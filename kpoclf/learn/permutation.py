"""Two samples compared in several ways at once, by permutation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = [
    "Distance",
    "Statistic",
    "mean_distance",
    "numbers_distance",
    "permutation_test",
    "shares_distance",
]

Statistic = Callable[["NDArray[np.float32]"], "NDArray[np.float64]"]
"""Distance of two samples, for each way of dividing the rows into them.

Given a matrix of shape (n_rows, n_divisions), 1 where a row lies in the second sample and 0 elsewhere,
it answers with an array of shape (n_divisions,): 0 for samples that are alike.
"""

_CELLS = 2_000_000  # rows times divisions held at once


@dataclass(frozen=True)
class Distance:
    """One statistic of a test.

    Attributes
    ----------
    value : float
        Distance of the two samples.
    by_chance : float
        Mean distance of samples divided at random.
    p : float
        Chance of such a distance in this statistic.
    adjusted_p : float
        Chance of a distance as rare as this in any statistic of the test.
    """

    value: float
    by_chance: float
    p: float
    adjusted_p: float


def permutation_test(
    statistics: Mapping[str, Statistic],
    n_first: int,
    n_second: int,
    n_permutations: int = 1999,
    seed: int = 0,
) -> dict[str, Distance]:
    """Test that two samples come from one population.

    Each statistic is set against its values for rows divided at random, the same divisions for all;
    p values are adjusted for the number of statistics by the smallest p of each division (Westfall and
    Young 1993, single step). To call the samples different where an adjusted p is at most ``alpha`` is
    wrong with probability ``alpha`` at most, whatever the distribution, if the rows are independent.

    Parameters
    ----------
    statistics : mapping of str to Statistic
    n_first, n_second : int
        Rows of each sample; those of the first come first.
    n_permutations : int
    seed : int

    Returns
    -------
    dict of str to Distance

    Examples
    --------
    >>> values = np.arange(40.0)
    >>> found = permutation_test({"value": numbers_distance(values)}, 20, 20)
    >>> found["value"].value, found["value"].adjusted_p
    (1.0, 0.0005)
    """
    n = n_first + n_second
    rng = np.random.default_rng(seed)
    divided = (np.arange(n) >= n_first).astype(np.float32)
    values = {name: [statistic(divided[:, None])] for name, statistic in statistics.items()}
    step = max(_CELLS // n, 1)
    for start in range(0, n_permutations, step):
        shape = (min(step, n_permutations - start), n)
        at_random = rng.permuted(np.broadcast_to(divided, shape), axis=1)
        at_random = np.ascontiguousarray(at_random.T)
        for name, statistic in statistics.items():
            values[name].append(statistic(at_random))
    table = {name: np.concatenate(parts) for name, parts in values.items()}
    p = {name: _p_values(column) for name, column in table.items()}
    smallest = np.min(list(p.values()), axis=0)
    return {
        name: Distance(
            float(column[0]),
            float(column[1:].mean()),
            float(p[name][0]),
            float((smallest <= p[name][0]).mean()),
        )
        for name, column in table.items()
    }


def _p_values(column: NDArray[np.float64]) -> NDArray[np.float64]:
    """Share of the divisions whose distance is at least as large, for each of them."""
    rounded = np.round(column, 7)  # equal distances may differ in the last bits of float32
    ordered = np.sort(rounded)
    found: NDArray[np.float64] = 1 - np.searchsorted(ordered, rounded) / len(column)
    return found


def numbers_distance(values: NDArray[np.float64]) -> Statistic:
    """Kolmogorov-Smirnov distance: the largest gap between the two distribution functions, 0 to 1.

    Parameters
    ----------
    values : ndarray of shape (n_rows,)
    """
    order = np.argsort(values, kind="stable")
    last_of_ties = np.append(np.diff(values[order]) != 0, True)
    steps = np.flatnonzero(last_of_ties)

    def distance(second: NDArray[np.float32]) -> NDArray[np.float64]:
        n = len(second)
        n_second = float(second[:, 0].sum())
        below = np.cumsum(second[order], axis=0)[steps]  # whole numbers: exact in float32
        gap = below.astype(np.float64) * (1 / n_second + 1 / (n - n_second)) - (
            steps[:, None] + 1
        ) / (n - n_second)
        found: NDArray[np.float64] = np.abs(gap).max(axis=0)
        return found

    return distance


def shares_distance(members: NDArray[np.bool_]) -> Statistic:
    """Total variation distance between the shares of classes, 0 to 1.

    Parameters
    ----------
    members : ndarray of shape (n_rows, n_classes)
        A row belongs to one class, or to none and does not count.
    """
    weight = members.T.astype(np.float32)

    def distance(second: NDArray[np.float32]) -> NDArray[np.float64]:
        of_second = (weight @ second).astype(np.float64)
        of_first = weight.sum(axis=1)[:, None] - of_second
        share, before = (x / np.maximum(x.sum(axis=0), 1) for x in (of_second, of_first))
        found: NDArray[np.float64] = np.abs(share - before).sum(axis=0) / 2
        return found

    return distance


def mean_distance(X: Any) -> Statistic:
    """Squared Euclidean distance between the mean vectors.

    Parameters
    ----------
    X : sparse matrix of shape (n_rows, n_features)
        Few thousand rows: their similarities are held in memory.
    """
    alike = (X @ X.T).toarray().astype(np.float32)

    def distance(second: NDArray[np.float32]) -> NDArray[np.float64]:
        n_second = float(second[:, 0].sum())
        n_first = len(second) - n_second
        gap = second * np.float32(1 / n_second + 1 / n_first) - np.float32(1 / n_first)
        found: NDArray[np.float64] = np.einsum("ij,ij->j", gap, alike @ gap).astype(np.float64)
        return found

    return distance
