"""Status: when a person should look, and when a text is no work of either kind."""

import numpy as np
import pytest

from kpoclf.judge.status import STATUSES, plain_review_score, statuses
from kpoclf.model.scorer import Scores
from kpoclf.model.trained import Thresholds

THRESHOLDS = Thresholds(review_score=0.4, scope=0.5, known_share=0.2, min_terms=3)


def status(p_kpo=0.99, p_in_scope=0.9, n_terms=10, known_share=0.9):
    nothing = np.zeros(1)
    counts = np.array([n_terms]), np.array([known_share])
    scores = Scores(nothing, nothing, nothing, *counts)
    doubt = plain_review_score(np.array([p_kpo]))
    (found,) = statuses(scores, doubt, np.array([p_in_scope]), THRESHOLDS)
    assert found in STATUSES
    return found


@pytest.mark.parametrize("p_kpo", [0.99, 0.01, 0.8, 0.2])
def test_a_clear_text_is_ok_whichever_its_label(p_kpo):
    assert status(p_kpo) == "ok"


@pytest.mark.parametrize("p_kpo", [0.5, 0.79, 0.21])
def test_a_text_near_the_boundary_is_for_review(p_kpo):
    assert status(p_kpo) == "review"


def test_a_text_with_few_known_terms_is_for_review_however_clear():
    assert status(n_terms=2) == "review"
    assert status(n_terms=3) == "ok"
    assert status(n_terms=2, p_in_scope=0.1) == "review"


def test_a_text_beyond_scope_is_out_of_scope_however_unsure():
    assert status(p_in_scope=0.49) == "out_of_scope"
    assert status(p_kpo=0.5, p_in_scope=0.49) == "out_of_scope"
    assert status(p_in_scope=0.5) == "ok"


def test_a_text_of_unknown_words_is_out_of_scope():
    assert status(n_terms=0) == "out_of_scope"
    assert status(known_share=0.19) == "out_of_scope"
    assert status(known_share=0.19, n_terms=2) == "out_of_scope"
    assert status(known_share=0.2) == "ok"


def test_a_model_that_knows_no_scope_still_finds_unknown_words():
    assert status(p_in_scope=np.nan) == "ok"
    assert status(p_in_scope=np.nan, n_terms=0) == "out_of_scope"


def test_without_more_to_go_by_the_review_score_is_highest_at_an_even_guess():
    assert plain_review_score(np.array([0.0, 0.25, 0.5, 0.75, 1.0])).tolist() == [0, 0.5, 1, 0.5, 0]
