"""Sentences, criteria, the words that turn a label, the nearest rows, and who should look."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import kpoclf
from kpoclf.corpus.mixed import read_mixed
from kpoclf.corpus.rows import read_corpus
from kpoclf.taxonomy import CRITERIA
from kpoclf.text.words import split_words

MIXED = (
    "Bookkeeper at a research firm.\n- Post supplier invoices and reconcile the bank\n"
    "- Key expense claims into the ledger\n- Forecast cash flow and advise the partners on pricing\n"
    "- Analyse why project margins differ and recommend what to change\nWe offer free fruit."
)
OUT_OF_SCOPE = {
    "gibberish": "asdkjh qwelkj zxcmnb poiuy lkjhg mnbvc",
    "numbers": "4711 0815 3.14 2,718 1999-12-31",
    "code": 'def load(path):\n    with open(path) as f:\n        return json.load(f)["items"]',
    "emoji": "🚀🚀🚀 🎉🎉 👍",
    "empty": "",
    "spaces": " \n\t ",
    "unknown word": "Rindfleischetikettierung",
    "soup": "Peel the onions, brown the butter, stir in the flour and let the soup simmer until thick.",
    "bread": "Knead the dough with yeast and salt, let it rise for an hour and bake until golden.",
    "de": "Sie buchen Rechnungen und beantworten die Fragen unserer Kunden am Telefon.",
    "fr": "Vous saisissez les factures et répondez aux questions des clients par téléphone.",
    "es": "Introducirás facturas y contestarás las llamadas de los clientes cada día.",
    "it": "Registrerai le fatture e risponderai alle telefonate dei clienti ogni giorno.",
    "pt": "Você lança as notas fiscais e responde às ligações dos clientes todos os dias.",
    "nl": "Je boekt facturen en beantwoordt elke dag de telefoontjes van onze klanten.",
    "pl": "Będziesz wprowadzać faktury i odbierać telefony od naszych klientów.",
    "tr": "Faturaları sisteme girecek ve müşterilerimizin sorularını yanıtlayacaksınız.",
    "ru": "Вы будете вносить счета и отвечать на звонки наших клиентов.",
    "zh": "您将录入发票并每天接听客户的电话。",
    "ja": "請求書を入力し、毎日お客様からの電話に応対します。",
    "hi": "आप चालान दर्ज करेंगे और हर दिन ग्राहकों के फ़ोन का जवाब देंगे।",
}


@pytest.mark.parametrize("kind", OUT_OF_SCOPE)
def test_what_is_no_english_work_is_out_of_scope(shipped_model, kind):
    assert shipped_model.judge([OUT_OF_SCOPE[kind]]).status[0] == "out_of_scope"


def test_one_known_word_is_for_review_with_the_highest_score(shipped_model):
    judged = shipped_model.judge(["payroll"])
    assert (judged.status[0], judged.review_score[0]) == ("review", 1.0)


def test_a_mixed_posting_shows_both_sides(shipped_model):
    why = shipped_model.explain(MIXED)
    labels = [s.label for s in why.sentences]
    assert {"KPO", "BPO", None} <= set(labels)
    assert 0.25 <= why.kpo_share <= 0.75
    assert why.status == "review"
    shown = {c.name: c for c in why.criteria}
    assert tuple(shown) == CRITERIA
    assert shown["geography"] == ("geography", None, 0.0, None)
    assert shown["decisions"].pole == "KPO"
    assert "advise" in shown["decisions"].sentence or "recommend" in shown["decisions"].sentence


texts = st.one_of(
    st.text(max_size=80),
    st.lists(
        st.sampled_from("audit Key forms. Advise the\n- invoices patents İ ! nurse".split(" ")),
        max_size=40,
    ).map(" ".join),
)


def test_for_every_text_words_and_sentences_stand_where_they_say(shipped_model):
    @settings(derandomize=True, deadline=None, max_examples=60)
    @given(texts)
    def check(text):
        why = shipped_model.explain(text)
        for word in why.words:
            start, end = word.places[0]
            there = split_words(text[start:end])
            assert [there[0], there[-1]] == [word.term.split()[0], word.term.split()[-1]]
        for sentence in why.sentences:
            assert text[sentence.start : sentence.end] == sentence.text
        duties = [s.label for s in why.sentences if s.label]
        assert (why.kpo_share is None) == (not duties)
        assert len(why.criteria) == 9

    check()


def test_without_the_turning_words_the_label_turns(shipped_model):
    turned = 0
    for row in read_corpus()[::150]:
        why = shipped_model.explain(row.text)
        stems = shipped_model._scorer.stem_numbers(list(why.turning_words))
        words = split_words(row.text)
        numbers = shipped_model._scorer.stem_numbers(words)
        rest = " ".join(w for w, s in zip(words, numbers, strict=True) if s not in stems)
        if why.turning_words:
            turned += 1
            assert shipped_model.predict([rest])[0] != why.label
    assert turned > 20


def test_the_nearest_row_of_a_training_text_is_itself(shipped_model):
    for row in read_corpus()[::500]:
        nearest = shipped_model.nearest(row.text)
        assert nearest[0].similarity == pytest.approx(1.0, abs=2e-3)
        assert (nearest[0].label, nearest[0].service) == (row.label, row.service)
        similarities = [n.similarity for n in nearest]
        assert similarities == sorted(similarities, reverse=True)
    assert shipped_model.nearest("zzzz") == ()


def test_a_stricter_error_sends_more_to_review(shipped_model):
    some = [row.text for row in read_corpus() if row.label != "OTHER"][::5]
    shares = [
        (shipped_model.with_review(max_error=e).judge(some).status == "review").mean()
        for e in (0.1, 0.02, 0.01)
    ]
    assert shares[0] <= shares[1] < shares[2]
    few = shipped_model.with_review(review_share=0.02)
    assert few.id != shipped_model.id
    assert (few.judge(some).status == "review").mean() < shares[1]
    assert few.judge(some).label.tolist() == shipped_model.judge(some).label.tolist()


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({}, "give either"),
        ({"max_error": 0.1, "review_share": 0.1}, "give either"),
        ({"max_error": 1e-6}, "no threshold keeps to this"),
    ],
)
def test_a_setting_that_cannot_be_kept_is_refused(shipped_model, asked, said):
    with pytest.raises(kpoclf.InputError, match=said):
        shipped_model.with_review(**asked)


def test_a_model_without_a_review_score_says_so(tiny_model):
    with pytest.raises(kpoclf.InputError, match="train it again with more rows"):
        tiny_model.with_review(max_error=0.1)


def test_mixed_texts_go_to_review_far_oftener_than_clear_ones(shipped_model):
    mixed = shipped_model.judge([m.text for m in read_mixed()])
    clear = shipped_model.judge([r.text for r in read_corpus() if r.label != "OTHER"][::10])
    assert (mixed.status == "review").mean() > 5 * (clear.status == "review").mean()


def test_the_risk_curve_of_the_model_falls_and_bounds_its_error(shipped_model):
    curve = shipped_model.trained.review.curve
    thresholds = [p.threshold for p in curve]
    assert thresholds == sorted(thresholds, reverse=True)
    assert all(p.bound >= p.error for p in curve)
    assert curve[0].error > curve[20].error
    shipped = [p for p in curve if p.threshold <= 0.5]
    assert shipped[0].bound <= shipped_model.trained.settings["max_error"] + 0.001


def test_the_page_escapes_the_text(shipped_model):
    page = shipped_model.explain(
        "<script>alert('audit')</script> Audit the <b>ledger</b>."
    )._repr_html_()
    assert "<script>" not in page
    assert "&lt;b&gt;" in page
    assert "Criteria" in page


def test_a_model_of_the_first_kind_explains_without_sentences(tiny_model):
    why = tiny_model.explain("advise claims keying")
    assert (why.sentences, why.criteria, why.kpo_share, why.nearest) == ((), (), None, ())
    assert np.isfinite(why.review_score)
    assert "<table>" in why._repr_html_()
