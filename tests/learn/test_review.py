"""The review score: its threshold keeps the error, and its curve says what each threshold costs."""

import numpy as np
import pytest

from kpoclf.learn import review
from kpoclf.learn.figures import bootstrap_weights, f1_figure, risk_coverage, share_figure
from kpoclf.learn.review import MIN_REVIEW_ROWS, Answers, fit_review
from kpoclf.learn.settings import Settings
from kpoclf.model.review import ReviewModel, posting_share, review_features


def answers(n=4000, n_mixed=200, seed=0):
    """Rows whose label is wrong as often as their probability says, and mixed texts."""
    rng = np.random.default_rng(seed)
    p = rng.beta(4, 0.6, n + n_mixed) / 2 + 0.5
    mixed = np.arange(n + n_mixed) >= n
    hint = rng.normal(0, 1, n + n_mixed) + 2.0 * mixed
    n_terms = np.where(rng.random(n + n_mixed) < 0.5, 12, 90)
    wrong = (rng.random(n + n_mixed) > p) & ~mixed
    groups = np.arange(n + n_mixed) // 2
    return Answers(review_features(p, hint), n_terms, wrong, mixed, groups)


def test_the_error_among_rows_not_reviewed_keeps_to_its_bound_on_other_rows():
    review = fit_review(answers(seed=0), Settings(max_error=0.05))
    fresh = answers(seed=1)
    kept = (review.score(fresh.features, fresh.n_terms) <= 0.5) & ~fresh.mixed
    assert fresh.wrong[kept].mean() <= 0.05
    assert kept.mean() > 0.3


def test_mixed_texts_go_to_review_as_often_as_asked():
    found = answers()
    review = fit_review(found, Settings(max_error=0.5, mixed_recall=0.6, mixed_recall_short=0.2))
    caught = review.score(found.features, found.n_terms) > 0.5
    assert caught[found.mixed & (found.n_terms == 90)].mean() == pytest.approx(0.6, abs=0.03)
    assert caught[found.mixed & (found.n_terms == 12)].mean() == pytest.approx(0.2, abs=0.03)


def test_a_stricter_bound_reviews_more():
    found = answers()
    shares = []
    for most in (0.1, 0.05, 0.02):
        review = fit_review(found, Settings(max_error=most))
        shares.append((review.score(found.features, found.n_terms) > 0.5).mean())
    assert shares[0] < shares[1] < shares[2]


def test_few_rows_or_few_errors_fit_no_review_score():
    assert fit_review(answers(n=MIN_REVIEW_ROWS // 2), Settings()) is None
    easy = answers()
    right = Answers(
        easy.features, easy.n_terms, easy.wrong & False, easy.mixed & False, easy.groups
    )
    assert fit_review(right, Settings()) is None


def test_the_curve_is_written_and_read_back():
    review = fit_review(answers(), Settings())
    assert ReviewModel.from_dict(review.to_dict()) == review
    with pytest.raises(ValueError, match="too few or too many"):
        ReviewModel.from_dict({**review.to_dict(), "short": [1.0]})


def test_a_text_turns_from_a_statement_into_a_posting_between_thirty_and_sixty_terms():
    assert posting_share(np.array([0, 30, 45, 60, 500])).tolist() == [0, 0, 0.5, 1, 1]


def test_a_score_that_ranks_the_errors_last_has_the_smallest_area():
    wrong = np.array([False, False, False, True])
    weights = bootstrap_weights(np.arange(4))
    best, error_at, curve = risk_coverage(wrong, np.array([0.1, 0.2, 0.3, 0.9]), weights)
    worst, _, _ = risk_coverage(wrong, np.array([0.2, 0.3, 0.9, 0.1]), weights)
    assert best.value == pytest.approx((0 + 0 + 0 + 1 / 4) / 4)
    assert worst.value == pytest.approx((1 + 1 / 2 + 1 / 3 + 1 / 4) / 4)
    assert error_at["0.8"].value == pytest.approx(0.25)
    assert [(p["coverage"], p["risk"]) for p in curve][-1] == (1.0, 0.25)


def test_f1_is_micro_or_macro():
    truth = [np.array([1, 1, 0, 0], bool), np.array([0, 0, 1, 0], bool)]
    said = [np.array([1, 0, 0, 0], bool), np.array([0, 0, 1, 1], bool)]
    weights = bootstrap_weights(np.arange(4))
    assert f1_figure(truth, said, weights, "micro").value == pytest.approx(2 * 2 / (3 + 3))
    assert f1_figure(truth, said, weights, "macro").value == pytest.approx((2 / 3 + 2 / 3) / 2)
    assert share_figure(truth[0], weights).value == 0.5


def test_the_bounds_are_those_of_every_first_part_of_the_rows(monkeypatch):
    rng = np.random.default_rng(0)
    wrong, groups = rng.random(50) < 0.3, rng.integers(0, 30, 50)
    weights = bootstrap_weights(groups, 300, 1)
    monkeypatch.setattr(review, "_AT_ONCE", 7)
    found = review._bounds(wrong, groups, 1)
    for k in (1, 7, 8, 50):
        some = weights[:, :k]
        error = (some @ wrong[:k]) / np.maximum(some.sum(axis=1), 1)
        expected = max(np.quantile(error, 0.9), 1 - 0.1 ** (1 / k))
        assert found[k - 1] == pytest.approx(expected)
