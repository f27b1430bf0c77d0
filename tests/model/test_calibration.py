"""Calibration turns decision values into probabilities and never turns a label round."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kpoclf.model.calibration import Calibration, ScopeCalibration, sigmoid

quick = settings(derandomize=True, deadline=None, max_examples=100)
decisions = st.floats(-1e6, 1e6)
calibrations = st.builds(
    Calibration, st.floats(-3, 3), st.floats(-1, 1), st.floats(0, 20, exclude_min=True)
)


@quick
@given(calibrations, decisions, st.integers(0, 10_000))
def test_for_every_decision_the_probability_is_one_and_on_its_side(calibration, decision, n):
    (p,) = calibration.probability([decision], [n])
    assert 0.0 <= p <= 1.0
    assert p >= 0.5 if decision > 0 else p <= 0.5


@quick
@given(calibrations, st.floats(0.01, 10), st.integers(1, 1000))
def test_for_every_clear_decision_with_known_terms_the_probability_is_off_one_half(c, decision, n):
    low, high = c.probability([-decision, decision], [n, n])
    assert low < 0.5 < high
    assert low == pytest.approx(1.0 - high, abs=1e-12)


@quick
@given(calibrations, decisions)
def test_for_every_decision_without_a_known_term_it_is_one_half(calibration, decision):
    assert calibration.probability([decision], [0]).tolist() == [0.5]


@quick
@given(calibrations, decisions, decisions, st.integers(0, 1000))
def test_for_two_texts_of_one_length_a_higher_decision_is_no_less_probable(c, one, other, n):
    low, high = sorted((one, other))
    p_low, p_high = c.probability([low, high], [n, n])
    assert p_low <= p_high


def test_few_known_terms_pull_towards_one_half():
    p = Calibration(prior=2.0).probability([1.0] * 4, [0, 1, 5, 100])
    assert sorted(p) == p.tolist()
    assert p[0] == 0.5


def test_the_probability_is_the_documented_formula():
    calibration = Calibration(level=0.3, growth=0.2, prior=4.0)
    slope = np.exp(0.3 + 0.2 * np.log1p(12)) * 12 / 16
    assert calibration.probability([0.7], [12])[0] == pytest.approx(1 / (1 + np.exp(-0.7 * slope)))


def test_scope_is_platts_sigmoid():
    p = ScopeCalibration(slope=2.0, offset=-1.0).probability([0.5, 0.0])
    assert p[0] == 0.5
    assert p[1] == pytest.approx(1 / (1 + np.e))


def test_a_scope_that_is_not_known_stays_unknown():
    assert np.isnan(ScopeCalibration().probability([np.nan])).all()


def test_the_sigmoid_does_not_overflow():
    values = sigmoid(np.array([-1e308, -800.0, 0.0, 800.0, 1e308]))
    assert values.tolist() == [0.0, 0.0, 0.5, 1.0, 1.0]


def test_the_parameters_make_the_same_calibration_again():
    calibration = Calibration(0.1, 0.2, 3.0)
    assert Calibration(**calibration.to_dict()) == calibration
    scope = ScopeCalibration(2.0, 0.5)
    assert ScopeCalibration(**scope.to_dict()) == scope
