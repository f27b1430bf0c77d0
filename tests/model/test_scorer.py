"""The NumPy scorer: figures reckoned by hand, and the same bits in every batch."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kpoclf.model import scorer as scorer_module
from kpoclf.model.scorer import Scorer
from kpoclf.model.weights import STOP


@pytest.fixture
def scorer(tiny_model):
    return Scorer(tiny_model.trained.weights)


def test_a_text_becomes_a_vector_of_length_one(scorer):
    features = scorer.features(["Advising claims"])
    assert features.feature.tolist() == [0, 1, 3]
    assert features.value == pytest.approx(np.array([1, 2, 1]) / np.sqrt(6))
    assert features.n_terms.tolist() == [3]
    assert features.known_share.tolist() == [1.0]


def test_a_term_counts_by_its_logarithm(scorer):
    features = scorer.features(["keying keying keying advise"])
    tf = np.array([1.0, 1.0 + np.log(3)])
    assert features.feature.tolist() == [0, 2]
    assert features.value == pytest.approx(tf / np.sqrt((tf**2).sum()))


def test_a_stop_term_is_passed_over_and_an_unknown_word_is_not(scorer):
    assert 3 in scorer.features(["advise the claim"]).feature
    assert 3 not in scorer.features(["advise unheard claim"]).feature
    shares = scorer.features(["advise the claim", "advise unheard claim", "the the"]).known_share
    assert shares == pytest.approx([1.0, 2 / 3, 0.0])


def test_no_bigram_reaches_from_one_text_into_the_next(scorer):
    assert scorer.features(["advise", "claim"]).feature.tolist() == [0, 1]


def test_the_decision_values_are_weights_times_values_plus_intercepts(scorer):
    scores = scorer.scores(["advise claims"])
    v = np.array([1, 2, 1]) / np.sqrt(6)
    assert scores.label == pytest.approx([v @ [2, 0.5, 1] + 0.25])
    assert scores.scope == pytest.approx([v @ [1, 1, 0] - 0.5])
    assert scores.service[0] == pytest.approx(v[:2] @ [[3, 0], [1, 1]])


def test_a_text_without_known_words_gets_the_intercepts(scorer):
    scores = scorer.scores(["", "unheard words", "the"])
    assert scores.label.tolist() == [0.25] * 3
    assert scores.scope.tolist() == [-0.5] * 3
    assert scores.service.tolist() == [[0.0, 0.0]] * 3
    assert scores.n_terms.tolist() == [0] * 3


def test_no_text_gives_empty_scores_of_the_right_shapes(scorer):
    scores = scorer.scores([])
    assert scores.label.shape == scores.scope.shape == scores.n_terms.shape == (0,)
    assert scores.service.shape == (0, 2)


def test_words_are_looked_up_in_the_table_only(scorer):
    words = ["advising", "the", "advises", "zebra", "", "aaa", "advise"]
    assert scorer.stem_numbers(words) == [0, STOP, -2, -2, -2, -2, 0]


def test_words_beyond_what_is_remembered_are_looked_up_anew(scorer, monkeypatch):
    monkeypatch.setattr(scorer_module, "_REMEMBERED", 2)
    for _ in range(3):
        assert scorer.stem_numbers(["the", "claim", "unheard", "claims"]) == [STOP, 1, -2, 1]
        assert scorer.stem_numbers(["keying"]) == [2]


def test_a_model_without_bigrams_scores(tiny_model):
    weights = replace(
        tiny_model.trained.weights,
        bigrams=np.zeros((0, 2), np.int32),
        idf=np.ones(3, np.float32),
        label_coef=np.array([2, 0.5, -2], np.float16),
        scope_coef=np.zeros(0, np.float16),
    )
    scores = Scorer(weights).scores(["advise claims", "keying"])
    assert scores.label == pytest.approx([2.5 / np.sqrt(2) + 0.25, -1.75])
    assert np.isnan(scores.scope).all()


some_texts = st.lists(
    st.lists(
        st.sampled_from("advise advising claim claims keying the unheard 3 \ud800 \0".split(" "))
    ).map(" ".join),
    max_size=12,
)


def test_for_every_batch_the_bits_do_not_depend_on_where_it_is_cut(tiny_model):
    weights = tiny_model.trained.weights

    @settings(derandomize=True, deadline=None, max_examples=50)
    @given(some_texts, st.integers(0, 8))
    def check(texts, limit):
        whole = Scorer(weights).scores(texts)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(scorer_module, "_CHUNK_WORDS", limit)
            cut = Scorer(weights).scores(texts)
        for name in ("label", "scope", "service", "n_terms", "known_share"):
            assert getattr(whole, name).tobytes() == getattr(cut, name).tobytes()

    check()
