import numpy as np
import pytest
import scipy.sparse as sp
from sklearn.naive_bayes import MultinomialNB

from kpoclf.learn import heads
from kpoclf.learn.heads import (
    fit_label,
    fit_scope,
    fit_services,
    fit_temperature,
    naive_bayes_weights,
)
from kpoclf.learn.settings import Settings


@pytest.fixture
def problem():
    rng = np.random.default_rng(0)
    X = rng.random((60, 20)) * (rng.random((60, 20)) < 0.3)
    kpo = rng.random(60) < 0.4
    X[np.flatnonzero(kpo)[:20], 3] = 1.0
    return sp.csr_matrix(X), kpo


def test_naive_bayes_weights_are_those_of_scikit_learn(problem):
    X, kpo = problem
    reference = MultinomialNB(alpha=0.3, fit_prior=False).fit(X, kpo)
    expected = reference.feature_log_prob_[1] - reference.feature_log_prob_[0]
    np.testing.assert_allclose(naive_bayes_weights(X, kpo, 0.3), expected, atol=1e-12)


def test_a_row_of_weight_two_counts_for_naive_bayes_as_if_it_were_there_twice(problem):
    X, kpo = problem
    weight = np.where(np.arange(60) < 10, 2.0, 1.0)
    twice = np.concatenate([np.arange(60), np.arange(10)])
    np.testing.assert_allclose(
        naive_bayes_weights(X, kpo, 0.3, weight),
        naive_bayes_weights(X[twice], kpo[twice], 0.3),
        atol=1e-12,
    )


def test_without_a_share_of_naive_bayes_the_label_head_is_logistic_regression(problem):
    X, kpo = problem
    settings = Settings(naive_bayes=0.0)
    alone = fit_label(X, kpo, settings)
    plain = fit_scope(X, kpo, settings)
    np.testing.assert_array_equal(alone[0], plain[0])
    assert alone[1] == plain[1]


def test_the_label_head_is_between_logistic_regression_and_naive_bayes(problem):
    X, kpo = problem
    mean, logistic, bayes = (
        fit_label(X, kpo, Settings(naive_bayes=share)) for share in (0.5, 0.0, 1.0)
    )
    np.testing.assert_allclose(mean[0], (logistic[0] + bayes[0]) / 2, atol=1e-12)
    assert mean[1] == pytest.approx(logistic[1] / 2)
    assert np.std(X @ bayes[0]) == pytest.approx(np.std(X @ logistic[0]))
    assert np.corrcoef(logistic[0], bayes[0])[0, 1] < 0.999


@pytest.mark.parametrize("n_services", [2, 3])
def test_services_are_found_by_their_words(problem, n_services):
    X, _ = problem
    service = np.array(["audit", "billing", "claims"], object)[np.arange(60) % n_services]
    X = X.tolil()
    for i in range(60):
        X[i, i % n_services] = 2.0
    nothing = sp.csr_matrix((0, X.shape[1])), np.array([], object)
    slugs, coef, intercept = fit_services(X.tocsr(), service, *nothing, Settings())
    assert slugs == ["audit", "billing", "claims"][:n_services]
    found = (X.tocsr() @ coef + intercept).argmax(axis=1)
    assert found.tolist() == [i % n_services for i in range(60)]


def test_rows_and_classes_give_the_same_whether_some_or_all_are_worked_on_at_once(
    problem, monkeypatch
):
    X, kpo = problem
    service = np.array([f"{'ab'[int(k)]}-{i % 5}" for i, k in enumerate(kpo)], object)
    nothing = sp.csr_matrix((0, X.shape[1])), np.empty(0, object)

    def found():
        slugs, coef, intercept = fit_services(X, service, *nothing, Settings())
        decision = X @ coef + intercept
        decision[0, 3] = -np.inf
        temperature = fit_temperature(decision, np.array([slugs.index(s) for s in service]))
        return np.append(coef, [*intercept, temperature])

    whole = found()
    monkeypatch.setattr(heads, "_ROWS_AT_ONCE", 7)
    monkeypatch.setattr(heads, "_CLASSES_AT_ONCE", 3)
    np.testing.assert_allclose(found(), whole, rtol=1e-9)


def test_the_temperature_makes_the_right_classes_likeliest():
    rng = np.random.default_rng(0)
    decision = rng.normal(size=(400, 4))
    p = np.exp(decision / 0.4)
    p /= p.sum(axis=1, keepdims=True)
    truth = np.array([rng.choice(4, p=row) for row in p])
    assert fit_temperature(decision, truth) == pytest.approx(0.4, rel=0.15)
