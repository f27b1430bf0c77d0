"""The NumPy scorer: figures reckoned by hand, and the same bits in every batch."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kpoclf.corpus.rows import read_corpus
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


def scores_of(scorer, texts):
    return scorer.scores(scorer.features(texts))


def services_of(scorer, label, texts):
    features = scorer.features(texts)
    return scorer.services(features, label, np.arange(len(texts)))


def test_the_decision_values_are_weights_times_values_plus_intercepts(scorer):
    v = np.array([1, 2, 1]) / np.sqrt(6)
    scores = scores_of(scorer, ["advise claims"])
    assert scores.label == pytest.approx([v @ [2, 0.5, 1] + 0.25])
    assert scores.scope == pytest.approx([v @ [1, 1, 0] - 0.5])
    assert services_of(scorer, "KPO", ["advise claims"])[0] == pytest.approx(v[:2] @ [3, 1])
    assert services_of(scorer, "BPO", ["advise claims"])[0] == pytest.approx(v[:2] @ [0, 1])


def test_a_text_without_known_words_gets_the_intercepts(scorer):
    texts = ["", "unheard words", "the"]
    scores = scores_of(scorer, texts)
    assert scores.label.tolist() == [0.25] * 3
    assert scores.scope.tolist() == [-0.5] * 3
    assert services_of(scorer, "KPO", texts).tolist() == [[0.0]] * 3
    assert scores.n_terms.tolist() == [0] * 3


def test_the_services_of_some_texts_are_those_that_all_get(scorer):
    texts = ["advise claims", "keying", "", "claim keying claim"]
    features = scorer.features(texts)
    every = scorer.services(features, "BPO", np.arange(4))
    assert every.shape == (4, 1)
    assert scorer.services(features, "BPO", np.array([1, 3])).tolist() == every[[1, 3]].tolist()
    assert scorer.services(features, "BPO", np.array([], int)).shape == (0, 1)


def test_no_text_gives_empty_scores_of_the_right_shapes(scorer):
    scores = scores_of(scorer, [])
    assert scores.label.shape == scores.scope.shape == scores.n_terms.shape == (0,)
    assert services_of(scorer, "KPO", []).shape == (0, 1)
    assert scorer.label_decisions([]).shape == (0,)


def test_words_are_looked_up_in_the_table_only(scorer):
    words = ["advising", "the", "advises", "zebra", "", "aaa", "advise"]
    assert scorer.stem_numbers(words) == [0, STOP, -2, -2, -2, -2, 0]


def test_a_model_without_bigrams_scores(tiny_model):
    weights = replace(
        tiny_model.trained.weights,
        bigrams=np.zeros((0, 2), np.int32),
        idf=np.ones(3, np.float32),
        label_coef=np.array([2, 0.5, -2], np.float16),
        scope_coef=np.zeros(0, np.float16),
    )
    scores = scores_of(Scorer(weights), ["advise claims", "keying"])
    assert scores.label == pytest.approx([2.5 / np.sqrt(2) + 0.25, -1.75])
    assert np.isnan(scores.scope).all()


some_texts = st.lists(
    st.lists(
        st.sampled_from("advise advising claim claims keying the unheard 3 \ud800 \0".split(" "))
    ).map(" ".join),
    max_size=12,
)


def test_for_every_batch_the_bits_do_not_depend_on_where_it_is_cut(tiny_model):
    def judged(texts):
        found = tiny_model.judge(texts, detail=True)
        ranked = [[(s.service, s.probability) for s in row] for row in found.services]
        arrays = (found.p_kpo, found.p_in_scope, found.review_score, found.service_confidence)
        return [a.tobytes() for a in arrays], ranked, found.label.tolist(), found.status.tolist()

    @settings(derandomize=True, deadline=None, max_examples=50)
    @given(some_texts, st.integers(1, 40), st.integers(1, 4))
    def check(texts, characters, n):
        whole = judged(texts)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(scorer_module, "_CHUNK_CHARACTERS", characters)
            patch.setattr(scorer_module, "_CHUNK_TEXTS", n)
            assert judged(texts) == whole

    check()


def test_a_term_that_comes_very_often_counts_by_its_logarithm_too(scorer):
    features = scorer.features(["keying " * 5000 + "advise"])
    tf = np.array([1.0, 1.0 + np.log(5000)])
    assert features.value == pytest.approx(tf / np.sqrt((tf**2).sum()))


def test_a_vocabulary_too_large_for_short_keys_scores_alike(scorer, monkeypatch):
    texts = ["advise claims keying claims", "keying", ""]
    expected = scorer.label_decisions(texts)
    scorer._feature_bits = 40
    assert scorer.label_decisions(texts).tobytes() == expected.tobytes()


def test_few_texts_are_scored_as_many_are(shipped_model, monkeypatch):
    """For few look-ups no tables are made; the bits are the same."""
    texts = [row.text for row in read_corpus()[::150]]
    some = Scorer(shipped_model.trained.weights)
    monkeypatch.setattr(scorer_module, "_FEW", 1_000_000)
    few = [some.features([text]) for text in texts]
    assert "_bigrams" not in some.__dict__
    of_few = [some.services(f, "KPO", np.array([0]))[0].tobytes() for f in few]
    monkeypatch.setattr(scorer_module, "_FEW", 0)
    many = some.features(texts)
    assert "_bigrams" in some.__dict__
    assert np.concatenate([f.feature for f in few]).tolist() == many.feature.tolist()
    assert np.concatenate([f.value for f in few]).tobytes() == many.value.tobytes()
    of_many = some.services(many, "KPO", np.arange(len(texts)))
    assert [row.tobytes() for row in of_many] == of_few


def test_the_services_weights_of_a_feature_lie_side_by_side(shipped_model):
    """Else every batch would copy all of them to take some rows."""
    for coef in shipped_model._scorer._service_coef.values():
        assert coef.flags.c_contiguous
