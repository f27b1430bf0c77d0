"""Figures equal scikit-learn's, weighted or not; the calibration error is right in simulations."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics

from kpoclf.learn.figures import (
    Figure,
    bootstrap_weights,
    calibration_bins,
    f1_figure,
    figures,
    paired_difference,
    risk_coverage,
)
from kpoclf.learn.figures import _measures as measures

EXACT = pytest.approx
QUICK = settings(max_examples=25, derandomize=True, deadline=None)


@st.composite
def judged(draw):
    """True labels of both kinds, probabilities with many ties, whole-number weights."""
    n = draw(st.integers(2, 40))
    kpo = draw(st.lists(st.booleans(), min_size=n, max_size=n).filter(lambda x: len(set(x)) == 2))
    tenth = st.integers(0, 10).map(lambda x: x / 10)
    p = draw(st.lists(tenth, min_size=n, max_size=n))
    w = draw(st.lists(st.integers(1, 4), min_size=n, max_size=n))
    return np.array(kpo), np.array(p), np.array(w, float)


def reference(kpo, p, w):
    said = p > 0.5
    precision, recall, f1, _ = metrics.precision_recall_fscore_support(
        kpo, said, sample_weight=w, labels=[True, False], zero_division=np.nan
    )
    clipped = np.clip(p, 1e-6, 1 - 1e-6)
    return {
        "accuracy": metrics.accuracy_score(kpo, said, sample_weight=w),
        "macro_f1": metrics.f1_score(kpo, said, average="macro", sample_weight=w, zero_division=0),
        "precision_KPO": precision[0],
        "precision_BPO": precision[1],
        "recall_KPO": recall[0],
        "recall_BPO": recall[1],
        "f1_KPO": f1[0],
        "f1_BPO": f1[1],
        "roc_auc": metrics.roc_auc_score(kpo, p, sample_weight=w),
        "log_loss": metrics.log_loss(kpo, clipped, sample_weight=w),
        "brier": metrics.brier_score_loss(kpo, p, sample_weight=w),
    }


@QUICK
@given(judged())
def test_for_every_set_of_rows_the_figures_are_those_of_scikit_learn(rows):
    kpo, p, _ = rows
    found = figures(kpo, p, None)
    for name, value in reference(kpo, p, None).items():
        if np.isfinite(value):
            assert found[name].value == EXACT(value, abs=1e-5), name
        else:
            assert name not in found
    assert all(figure.n == len(kpo) and figure.interval is None for figure in found.values())


@QUICK
@given(judged())
def test_for_every_weighting_the_measures_are_those_of_scikit_learn(rows):
    kpo, p, w = rows
    found = measures(kpo, p, p > 0.5, w[None, :])
    for name, value in reference(kpo, p, w).items():
        if np.isfinite(value):
            assert found[name][1] == EXACT(value, abs=1e-5), name


@QUICK
@given(judged())
def test_for_every_weighting_a_weight_counts_as_so_many_copies(rows):
    kpo, p, w = rows
    copies = np.repeat(np.arange(len(w)), w.astype(int))
    weighted, copied = measures(kpo, p, p > 0.5, w[None, :]), figures(kpo[copies], p[copies], None)
    for name in set(copied) - {"ece"}:
        assert weighted[name][1] == EXACT(copied[name].value, abs=1e-9), name


def test_resamples_give_the_same_whether_some_or_all_are_worked_on_at_once(monkeypatch):
    rng = np.random.default_rng(0)
    kpo, p = rng.random(60) < 0.5, rng.random(60)
    weights = bootstrap_weights(np.arange(60), n_samples=50)

    def found():
        area, errors, _ = risk_coverage(~kpo, p, weights)
        given = [*figures(kpo, p, weights).values(), area, *errors.values()]
        given.append(f1_figure([kpo, ~kpo], [p > 0.5, p > 0.2], weights, "macro"))
        return [x for f in given for x in (f.value, *f.interval)]

    whole = found()
    monkeypatch.setattr("kpoclf.learn.figures._AT_ONCE", 180)
    assert found() == EXACT(whole, abs=1e-12)


def test_roc_auc_counts_a_tie_as_half():
    kpo, p = np.array([True, False]), np.array([0.7, 0.7])
    assert figures(kpo, p, None)["roc_auc"].value == 0.5


def test_a_probability_of_one_half_is_the_label_bpo_as_in_predict():
    assert figures(np.array([False]), np.array([0.5]), None)["accuracy"].value == 1.0


def test_a_sure_and_wrong_answer_has_a_finite_log_loss():
    loss = figures(np.array([True]), np.array([0.0]), None)["log_loss"].value
    assert loss == EXACT(-np.log(1e-6))


def test_rows_of_one_label_leave_out_what_one_label_cannot_give():
    found = figures(np.ones(20, bool), np.linspace(0.1, 0.9, 20), bootstrap_weights(np.arange(20)))
    assert {"macro_f1", "roc_auc", "recall_BPO", "f1_BPO"}.isdisjoint(found)
    assert {"accuracy", "recall_KPO", "f1_KPO", "log_loss", "brier", "ece"} <= set(found)


def test_a_resample_draws_whole_groups_as_often_as_there_are_groups():
    groups = np.array([7, 7, 7, 2, 2, 9])
    weights = bootstrap_weights(groups, n_samples=200, seed=1)
    assert weights.shape == (200, 6)
    assert (weights[:, 0] == weights[:, 1]).all()
    assert (weights[:, 0] == weights[:, 2]).all()
    assert (weights[:, 3] == weights[:, 4]).all()
    assert (weights[:, 0] + weights[:, 3] + weights[:, 5] == 3).all()
    assert np.ptp(weights[:, 0]) > 0


def test_resamples_are_the_same_for_a_seed_and_others_for_another():
    groups = np.arange(30)
    assert (bootstrap_weights(groups, 10, 3) == bootstrap_weights(groups, 10, 3)).all()
    assert (bootstrap_weights(groups, 10, 3) != bootstrap_weights(groups, 10, 4)).any()


def test_an_interval_has_about_the_width_that_the_binomial_gives():
    rng = np.random.default_rng(0)
    right = rng.random(400) < 0.8
    p = np.where(right, 0.9, 0.1)
    found = figures(np.ones(400, bool), p, bootstrap_weights(np.arange(400)))["accuracy"]
    low, high = found.interval
    assert low < found.value < high
    assert high - low == EXACT(2 * 1.96 * np.sqrt(0.8 * 0.2 / 400), rel=0.15)


def test_rows_alike_in_groups_widen_the_interval():
    kpo = np.ones(400, bool)
    p = np.repeat(np.random.default_rng(0).random(40), 10)
    alone, grouped = (
        figures(kpo, p, bootstrap_weights(g))["accuracy"].interval
        for g in (np.arange(400), np.arange(400) // 10)
    )
    assert grouped[1] - grouped[0] > 2 * (alone[1] - alone[0])


def test_a_paired_difference_of_a_classifier_with_itself_is_nought():
    rng = np.random.default_rng(0)
    kpo, p = rng.random(50) < 0.5, rng.random(50)
    found = paired_difference("macro_f1", kpo, p, p, bootstrap_weights(np.arange(50)))
    assert (found.value, found.interval) == (0.0, (0.0, 0.0))


def test_a_paired_difference_is_narrower_than_the_two_intervals():
    rng = np.random.default_rng(0)
    kpo = rng.random(300) < 0.5
    first = np.where(rng.random(300) < 0.8, kpo, ~kpo) * 0.8 + 0.1
    second = first.copy()
    wrong = np.flatnonzero((first > 0.5) != kpo)[:10]
    second[wrong] = 1 - first[wrong]
    weights = bootstrap_weights(np.arange(300))
    found = paired_difference("accuracy", kpo, first, second, weights)
    before = figures(kpo, first, weights)["accuracy"].interval
    assert found.value == EXACT(10 / 300)
    assert found.interval[0] > 0
    assert found.interval[1] - found.interval[0] < before[1] - before[0]


def simulated(n, seed, sharpened=1.0):
    """Labels drawn from the true probabilities, and the probabilities told."""
    rng = np.random.default_rng(seed)
    logit = rng.normal(0, 2, n)
    kpo = rng.random(n) < 1 / (1 + np.exp(-logit))
    return kpo, 1 / (1 + np.exp(-sharpened * logit))


def plain_ece(kpo, p):
    bins = calibration_bins(kpo, p)
    return sum(b["n"] * abs(b["confidence"] - b["accuracy"]) for b in bins) / len(p)


def test_the_calibration_error_of_a_perfectly_calibrated_model_is_near_nought():
    found = [figures(*simulated(500, s), None)["ece"].value for s in range(60)]
    plain = [plain_ece(*simulated(500, s)) for s in range(60)]
    assert np.mean(found) < 0.03
    assert np.mean(found) < 0.7 * np.mean(plain)
    assert figures(*simulated(200_000, 0), None)["ece"].value < 0.003


def test_the_calibration_error_of_an_overconfident_model_is_its_true_one():
    kpo, p = simulated(400_000, 1, sharpened=3.0)
    true = figures(kpo, p, None)["ece"].value
    assert true == EXACT(plain_ece(kpo, p), abs=0.002)
    assert true > 0.05
    small = [figures(*simulated(500, s, sharpened=3.0), None)["ece"].value for s in range(60)]
    assert np.mean(small) == EXACT(true, abs=0.01)


def test_the_calibration_error_of_a_constant_overstatement_is_the_overstatement():
    rng = np.random.default_rng(0)
    kpo = rng.random(100_000) < 0.7
    found = figures(kpo, np.full(100_000, 0.9), None)["ece"].value
    assert found == EXACT(0.2, abs=0.01)


def test_calibration_bins_have_like_mass_and_hold_every_row():
    kpo, p = simulated(1003, 0)
    bins = calibration_bins(kpo, p)
    assert len(bins) == 10
    assert {b["n"] for b in bins} == {100, 101}
    assert sum(b["n"] for b in bins) == 1003
    confidences = [b["confidence"] for b in bins]
    assert confidences == sorted(confidences)
    assert confidences[0] >= 0.5


def test_fewer_rows_than_bins_give_a_bin_each():
    assert [b["n"] for b in calibration_bins(np.array([True] * 3), np.array([0.6, 0.7, 0.8]))] == [
        1,
        1,
        1,
    ]


def test_a_figure_as_plain_types_is_rounded():
    assert Figure(1 / 3, (0.0, 2 / 3), 9).to_dict() == {
        "value": 0.333333,
        "interval": [0.0, 0.666667],
        "n": 9,
    }
    assert Figure(1.0, None, 1).to_dict()["interval"] is None
