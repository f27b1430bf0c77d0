"""A model says the same through every door, and what it says adds up."""

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import kpoclf
from kpoclf.corpus.rows import read_corpus
from kpoclf.errors import InputError, ModelError
from kpoclf.judge.status import STATUSES

KPO = "Research case law and advise counsel on precedent in a written opinion."
BPO = "Key invoice numbers from scanned forms into the ledger and file the forms by date."
COLUMNS = ["label", "confidence", "status", "service", "service_confidence"]
DETAIL = ["p_kpo", "p_in_scope", "review_score", "services", "kpo_share", "criteria", "reasons"]

# Any text at all, and texts of words that the model knows with anything between them.
known_words = """
advise auditing invoices ledger ORGANISATION Analyse research-led customers' keying the and salary
naïve straße ıİ ΑΣ ﬁle ǆ tax2025 b2b kpo/bpo
""".split()
any_text = st.text(st.characters())
word = st.sampled_from(known_words) | any_text
gap = st.sampled_from([" ", "\n", "\r\n", ", ", "\0", "_", "-", "\ud800", "\u200b", "\u00ad", ""])
mixed = st.lists(st.tuples(word, gap), max_size=30).map(lambda p: "".join(a + b for a, b in p))
texts = any_text | mixed
batches = st.lists(texts, max_size=8)
quick = settings(derandomize=True, deadline=None, max_examples=60)


@pytest.fixture(scope="module")
def corpus():
    return [row.text for row in read_corpus()]


@pytest.fixture(scope="module")
def pipeline(shipped_model):
    return shipped_model.to_sklearn()


# ---------------------------------------------------------------- one function, many doors


def test_the_pipeline_gives_the_probabilities_of_the_model_on_the_corpus(
    shipped_model, pipeline, corpus
):
    ours = shipped_model.predict_proba(corpus)
    assert np.abs(ours - pipeline.predict_proba(corpus)).max() < 1e-9
    assert shipped_model.predict(corpus).tolist() == pipeline.predict(corpus).tolist()
    decisions = shipped_model.decision_function(corpus) - pipeline.decision_function(corpus)
    assert np.abs(decisions).max() < 1e-9
    assert pipeline.classes_.tolist() == shipped_model.classes_.tolist() == ["BPO", "KPO"]


def test_for_every_text_the_pipeline_gives_the_probabilities_of_the_model(shipped_model, pipeline):
    @quick
    @given(batches.filter(len))
    @example(["\ud800 audit \udfff", "\0audit\0reports", "", "a" * 100_000, "audit " * 50_000])
    @example(["".join(chr(c) * 2 + " " for c in range(0, 0x110000, 17))])
    def check(batch):
        difference = shipped_model.predict_proba(batch) - pipeline.predict_proba(batch)
        assert np.abs(difference).max() < 1e-9

    check()


def test_every_code_point_beside_known_words_is_read_alike(shipped_model, pipeline):
    step = 256
    batch = [
        "".join(f"audit{chr(c)}reports " for c in range(start, start + step))
        for start in range(0, 0x30000, step)
    ]
    difference = shipped_model.predict_proba(batch) - pipeline.predict_proba(batch)
    assert np.abs(difference).max() < 1e-9


def every_figure(model, batch):
    """All that a model says of each text, as bytes."""
    judged = model.judge(batch, detail=True)
    return [
        (
            *(
                getattr(judged, name)[i : i + 1].tobytes()
                for name in (
                    "confidence",
                    "service_confidence",
                    "p_kpo",
                    "p_in_scope",
                    "review_score",
                )
            ),
            judged.label[i],
            judged.status[i],
            judged.service[i],
            judged.services[i],
        )
        for i in range(len(batch))
    ]


def test_for_every_text_it_is_the_same_bits_alone_in_a_batch_and_in_another_order(shipped_model):
    @quick
    @given(batches, st.randoms(use_true_random=False))
    def check(batch, rng):
        found = every_figure(shipped_model, batch)
        assert [every_figure(shipped_model, [text])[0] for text in batch] == found
        order = rng.sample(range(len(batch)), len(batch))
        shuffled = every_figure(shipped_model, [batch[i] for i in order])
        assert shuffled == [found[i] for i in order]

    check()


def test_the_corpus_gets_the_same_bits_alone_backwards_and_in_batches(shipped_model, corpus):
    found = every_figure(shipped_model, corpus)
    assert every_figure(shipped_model, corpus[::-1]) == found[::-1]
    assert every_figure(shipped_model, corpus[:7]) == found[:7]
    for i in range(0, len(corpus), 40):
        assert every_figure(shipped_model, [corpus[i]]) == found[i : i + 1]
        alone = shipped_model.predict_proba([corpus[i]])
        assert alone.tobytes() == shipped_model.predict_proba(corpus[i : i + 3])[:1].tobytes()


def test_every_method_gives_the_same_figures(shipped_model, corpus):
    some = [*corpus[::100], "", "zzzz"]
    p = shipped_model.predict_proba(some)
    table = shipped_model.label(some, detail=True)
    assert table["label"].tolist() == shipped_model.predict(some).tolist()
    assert table["p_kpo"].tolist() == p[:, 1].tolist()
    assert table["confidence"].tolist() == p.max(axis=1).tolist()
    for text, row in zip(some, table.itertuples(), strict=True):
        why = shipped_model.explain(text)
        assert (why.label, why.confidence, why.status) == (row.label, row.confidence, row.status)
        assert (why.service, why.p_kpo, why.p_in_scope) == (row.service, row.p_kpo, row.p_in_scope)
        assert why.decision == shipped_model.decision_function([text])[0]
        assert list(why.services[:3]) == row.services
        assert list(why.words[:5]) == row.reasons
    assert kpoclf.label(some, detail=True).equals(table)


def test_a_saved_and_loaded_model_gives_the_same_bits(shipped_model, corpus, tmp_path):
    shipped_model.save(tmp_path / "model")
    again = kpoclf.load(tmp_path / "model")
    assert every_figure(again, corpus[::10]) == every_figure(shipped_model, corpus[::10])


def test_another_process_gives_the_same_bits(shipped_model, corpus):
    code = """
import sys, kpoclf
texts = sys.stdin.buffer.read().decode().split("\\0")
model = kpoclf.load()
proba, judged = model.predict_proba(texts), model.judge(texts)
print(proba.tobytes().hex(), judged.service_confidence.tobytes().hex(), model.id)
"""
    some = corpus[::50]
    done = subprocess.run(
        [sys.executable, "-c", code],
        input="\0".join(some).encode(),
        env={"PYTHONHASHSEED": "7", "OMP_NUM_THREADS": "1", "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        check=True,
    )
    proba, services, name = done.stdout.decode().split()
    assert proba == shipped_model.predict_proba(some).tobytes().hex()
    assert services == shipped_model.judge(some).service_confidence.tobytes().hex()
    assert name == shipped_model.id


# ---------------------------------------------------------------- ranges


def test_for_every_text_the_figures_lie_in_their_ranges(shipped_model):
    services = set(shipped_model.trained.weights.services)

    @quick
    @given(batches)
    def check(batch):
        p = shipped_model.predict_proba(batch)
        assert p.shape == (len(batch), 2)
        assert p.dtype == np.float64
        assert ((p >= 0) & (p <= 1)).all()
        assert np.abs(p.sum(axis=1) - 1).max(initial=0) < 1e-12
        table = shipped_model.label(batch, detail=True)
        assert table["confidence"].between(0.5, 1).all()
        assert table["label"].isin(["KPO", "BPO"]).all()
        assert table["status"].isin(STATUSES).all()
        assert table["review_score"].between(0, 1).all()
        assert table["p_in_scope"].between(0, 1).all()
        out = table["status"] == "out_of_scope"
        assert (table.loc[out, "service"] == "").all()
        assert table.loc[out, "service_confidence"].isna().all()
        assert table.loc[~out, "service"].isin(services).all()
        assert table.loc[~out, "service_confidence"].between(0, 1).all()

    check()


def test_the_sign_of_the_decision_is_the_label_and_the_side_of_the_probability(
    shipped_model, corpus
):
    decision = shipped_model.decision_function(corpus)
    p_kpo = shipped_model.predict_proba(corpus)[:, 1]
    known = p_kpo != 0.5
    assert known.sum() > 2000
    assert ((decision > 0) == (p_kpo > 0.5))[known].all()
    assert ((decision > 0) == (shipped_model.predict(corpus) == "KPO")).all()


def test_a_text_without_a_known_term_is_an_even_guess(shipped_model):
    nothing = ["", " ", "12345", "zxqv qqzt", "the and our own", "\0", "会計士"]
    assert shipped_model.predict_proba(nothing).tolist() == [[0.5, 0.5]] * len(nothing)


# ---------------------------------------------------------------- explanations


def adds_up(why):
    return abs(sum(w.contribution for w in why.words) + why.intercept - why.decision) < 1e-9


def test_for_every_text_the_contributions_and_the_intercept_are_the_decision_value(shipped_model):
    @quick
    @given(texts)
    @example("audit " * 10_000)
    def check(text):
        assert adds_up(shipped_model.explain(text))

    check()


def test_the_contributions_add_up_on_the_corpus(shipped_model, corpus):
    for text in corpus[::40]:
        why = shipped_model.explain(text)
        assert adds_up(why)
        sizes = [abs(w.contribution) for w in why.words]
        assert sizes == sorted(sizes, reverse=True)
        assert len({w.term for w in why.words}) == len(why.words)


def test_terms_are_spelt_as_in_the_text(shipped_model):
    why = shipped_model.explain("Analysing the Behaviour of customers, and behaviors analysed.")
    terms = {w.term for w in why.words}
    assert {"analysing", "behaviour", "customers"} <= terms
    assert not terms & {"analyz", "behavior", "behaviors", "custom", "the"}
    assert any(" " in term for term in terms)


def test_a_term_that_speaks_for_a_label_has_its_sign(tiny_model):
    why = tiny_model.explain("advise keying keying")
    words = {w.term: w.contribution for w in why.words}
    assert words["advise"] > 0 > words["keying"]
    assert why.intercept == 0.25


def test_the_services_are_ranked_and_of_the_label(shipped_model):
    taxonomy = kpoclf.load_taxonomy()
    for text, label in ((KPO, "KPO"), (BPO, "BPO")):
        why = shipped_model.explain(text)
        assert why.label == label
        assert why.service == why.services[0].service
        probabilities = [s.probability for s in why.services]
        assert probabilities == sorted(probabilities, reverse=True)
        assert sum(probabilities) == pytest.approx(1)
        assert {taxonomy.label_of(s.service) for s in why.services} == {label}


@pytest.mark.parametrize("text", [None, float("nan"), pd.NA])
def test_a_missing_text_is_explained_as_the_empty_one(shipped_model, text):
    why = shipped_model.explain(text)
    assert (why.text, why.words, why.confidence) == ("", (), 0.5)
    assert (why.status, why.service, why.services) == ("out_of_scope", "", ())


@pytest.mark.parametrize("text", [["a"], 3, b"a"])
def test_what_is_no_text_is_not_explained(shipped_model, text):
    with pytest.raises(InputError, match="not text"):
        shipped_model.explain(text)


# ---------------------------------------------------------------- tables


def test_the_table_has_these_columns(shipped_model):
    assert list(shipped_model.label([KPO])) == COLUMNS
    assert list(shipped_model.label([KPO], detail=True)) == COLUMNS + DETAIL
    assert list(shipped_model.label([], detail=True)) == COLUMNS + DETAIL
    assert len(shipped_model.label([])) == 0


def test_the_details_are_the_three_likeliest_services_and_the_five_strongest_terms(shipped_model):
    row = shipped_model.label([BPO], detail=True).loc[0]
    assert len(row["services"]) == 3
    assert len(row["reasons"]) == 5
    assert row["services"][0] == (row["service"], row["service_confidence"])
    assert 0 <= row["review_score"] <= 0.5
    assert all(c.pole in ("KPO", "BPO") and 0 < c.strength <= 1 for c in row["criteria"])


def test_the_service_belongs_to_the_label(shipped_model, corpus):
    taxonomy = kpoclf.load_taxonomy()
    table = shipped_model.label(corpus)
    inside = table[table["status"] != "out_of_scope"]
    assert len(inside) > 1000
    assert inside["service"].map(taxonomy.label_of).tolist() == inside["label"].tolist()


@pytest.mark.parametrize(
    "index",
    [
        ["b", "a"],
        [7, 7],
        pd.MultiIndex.from_tuples([("x", 1), ("y", 2)]),
        pd.Index([3, 1], name="id"),
    ],
    ids=str,
)
def test_the_index_of_a_pandas_series_is_kept(shipped_model, index):
    series = pd.Series([KPO, None], index=index)
    table = shipped_model.label(series)
    assert table.index.equals(series.index)
    assert table.index.names == series.index.names
    assert table["label"].iloc[0] == "KPO"
    assert table["status"].iloc[1] == "out_of_scope"


@pytest.mark.parametrize(
    "kind",
    [
        list,
        tuple,
        iter,
        np.array,
        lambda t: np.array(t, object),
        pl.Series,
        pa.array,
        lambda t: pa.chunked_array([t[:1], t[1:]]),
    ],
)
def test_any_other_sequence_is_numbered_from_nought(shipped_model, kind):
    table = shipped_model.label(kind([KPO, BPO]))
    assert table.equals(shipped_model.label(pd.Series([KPO, BPO])))
    assert table.index.tolist() == [0, 1]
    assert shipped_model.predict(kind([KPO, BPO])).tolist() == ["KPO", "BPO"]


@pytest.mark.parametrize("method", ["predict", "predict_proba", "decision_function", "label"])
def test_a_single_text_is_refused_by_every_method(shipped_model, method):
    with pytest.raises(InputError, match="single string: pass a list"):
        getattr(shipped_model, method)(KPO)
    with pytest.raises(InputError, match="table: pass one column"):
        getattr(shipped_model, method)(pd.DataFrame({"text": [KPO]}))


def test_no_text_gives_arrays_of_no_rows(shipped_model):
    assert shipped_model.predict([]).shape == (0,)
    assert shipped_model.predict_proba([]).shape == (0, 2)


# ---------------------------------------------------------------- status, on the shipped model


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   \n\t",
        "\0\0\0",
        "1234 5678 !!",
        "vbnrt wpqouire zxcmvn lkdjhg wqpoi",
        "Der Buchhalter prüft täglich alle eingehenden Rechnungen und bucht sie im System.",
        "Le comptable vérifie chaque jour les factures reçues et les saisit dans le logiciel.",
        "El contable revisa cada día las facturas recibidas y las introduce en el programa.",
        "Бухгалтер ежедневно проверяет счета и вносит их в систему.",
        "会计每天核对发票并录入系统。",
        "the and of our with you",
    ],
)
def test_what_is_no_english_work_is_out_of_scope(shipped_model, text):
    row = shipped_model.label([text]).loc[0]
    assert row["status"] == "out_of_scope"
    assert row["label"] in ("KPO", "BPO")
    assert row["service"] == ""
    assert np.isnan(row["service_confidence"])


@pytest.mark.parametrize("text", ["audit", "invoices", "research"])
def test_one_known_word_is_for_review(shipped_model, text):
    assert shipped_model.label([text]).loc[0, "status"] == "review"


def test_clear_texts_are_ok(shipped_model):
    table = shipped_model.label([KPO, BPO])
    assert table["label"].tolist() == ["KPO", "BPO"]
    assert table["status"].tolist() == ["ok", "ok"]


def test_a_model_that_knows_no_scope_says_so(tiny_model, tmp_path):
    weights = replace(tiny_model.trained.weights, scope_coef=np.zeros(0, np.float16))
    model = kpoclf.Model(replace(tiny_model.trained, weights=weights))
    model.save(tmp_path / "model")
    for known in (model, kpoclf.load(tmp_path / "model")):
        row = known.label(["advise claims keying"], detail=True).loc[0]
        assert np.isnan(row["p_in_scope"])
        assert row["status"] in ("ok", "review")
        assert known.explain("advise").to_dict()["p_in_scope"] is None


def test_a_model_without_services_of_a_label_leaves_the_service_empty(tiny_model):
    weights = replace(tiny_model.trained.weights, service_labels=("KPO", "KPO"))
    table = kpoclf.Model(replace(tiny_model.trained, weights=weights)).label(
        ["advise claims", "keying keying claims"], detail=True
    )
    assert table["label"].tolist() == ["KPO", "BPO"]
    assert table["service"].tolist() == ["legal-research", ""]
    assert table["services"].tolist()[1] == []


# ---------------------------------------------------------------- load


def test_without_a_folder_the_shipped_model_is_loaded(shipped_model):
    assert kpoclf.load().id == shipped_model.id
    assert repr(shipped_model) == f"<kpoclf.Model {shipped_model.id}>"


def test_a_folder_may_be_a_text_or_a_path(tiny_model, tmp_path):
    tiny_model.save(str(tmp_path / "model"))
    assert kpoclf.load(str(tmp_path / "model")).id == kpoclf.load(tmp_path / "model").id


@pytest.mark.parametrize("path", ["", "nowhere", "."])
def test_what_is_no_model_folder_is_refused(path, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ModelError):
        kpoclf.load(path)
