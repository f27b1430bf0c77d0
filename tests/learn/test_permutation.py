"""The permutation test keeps to its false-alarm rate and sees real differences."""

import numpy as np
import pytest
from scipy.sparse import csr_matrix
from scipy.stats import ks_2samp

from kpoclf.learn.permutation import (
    mean_distance,
    numbers_distance,
    permutation_test,
    shares_distance,
)


def sides(n_first, n_second):
    return (np.arange(n_first + n_second) >= n_first).astype(np.float32)[:, None]


def three(rng, n):
    """Three measures of n rows, two of them nearly the same."""
    x = rng.normal(size=n)
    kinds = rng.integers(0, 3, n)[:, None] == np.arange(3)
    return {
        "x": numbers_distance(x),
        "like x": numbers_distance(x + rng.normal(size=n) / 5),
        "kind": shares_distance(kinds),
    }


def test_the_distance_of_numbers_is_that_of_kolmogorov_and_smirnov_with_ties():
    rng = np.random.default_rng(0)
    a, b = rng.integers(0, 6, 40).astype(float), rng.integers(1, 9, 25).astype(float)
    found = numbers_distance(np.concatenate((a, b)))(sides(40, 25))
    assert found[0] == pytest.approx(ks_2samp(a, b).statistic)


def test_the_distance_of_shares_passes_over_rows_of_no_class():
    members = np.array([[1, 0], [0, 1], [0, 0], [1, 0], [1, 0], [1, 0], [0, 1], [0, 0]], bool)
    found = shares_distance(members)(sides(4, 4))
    assert found[0] == pytest.approx(0)  # two to one on either side
    assert shares_distance(members[:, ::-1])(sides(2, 6))[0] == pytest.approx(0.25)


def test_the_distance_of_means_is_euclidean():
    rng = np.random.default_rng(1)
    X = rng.random((9, 4))
    gap = X[5:].mean(axis=0) - X[:5].mean(axis=0)
    found = mean_distance(csr_matrix(X))(sides(5, 4))
    assert found[0] == pytest.approx(gap @ gap, rel=1e-5)


def test_the_false_alarm_rate_is_kept_for_all_measures_together():
    alarms = 0
    for run in range(200):
        rng = np.random.default_rng(run)
        found = permutation_test(three(rng, 60), 35, 25, n_permutations=199, seed=run)
        alarms += min(f.adjusted_p for f in found.values()) <= 0.1
    # Binomial(200, .1): beyond these in less than one of ten thousand trials.
    assert 6 <= alarms <= 38


def test_a_difference_in_one_measure_is_seen_in_that_one():
    rng = np.random.default_rng(0)
    n = 200
    statistics = three(rng, n)
    statistics["shifted"] = numbers_distance(rng.normal(size=n) + (np.arange(n) >= 100))
    found = permutation_test(statistics, 100, 100, n_permutations=999)
    assert found["shifted"].adjusted_p <= 0.01
    assert found["shifted"].value > 3 * found["shifted"].by_chance
    assert min(found[name].adjusted_p for name in ("x", "like x", "kind")) > 0.05


def test_the_adjusted_p_is_never_less_than_that_of_one_measure():
    found = permutation_test(three(np.random.default_rng(3), 50), 30, 20, n_permutations=99)
    assert all(f.adjusted_p >= f.p > 0 for f in found.values())
