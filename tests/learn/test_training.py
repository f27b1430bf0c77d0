"""New rows to a new model: what is refused, what is left out, and what the model then knows."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from kpoclf.corpus.rows import LabelledRow, corpus_digest
from kpoclf.errors import CorpusError
from kpoclf.judge.model import load
from kpoclf.learn import train as module
from kpoclf.learn.settings import Settings
from kpoclf.learn.train import MIN_NEW_ROWS, check_new_rows, train

QUICK = Settings(folds=2)
OBJECTS = (
    "tax loan claim visa invoice market patent river budget policy drug bridge crop hotel".split()
)


def new_frame(kpo="compose curate lecture", bpo="staple shred laminate", n=6):
    """New rows of work whose verbs the corpus does not know."""
    rows = [
        (f"{verbs} {OBJECTS[i]} {OBJECTS[i + 1]} {OBJECTS[i + 4]} {OBJECTS[(i * 5) % 14]}", label)
        for verbs, label in ((kpo, "KPO"), (bpo, "BPO"))
        for i in range(n)
    ]
    return pd.DataFrame(rows, columns=["text", "label"])


@pytest.fixture(autouse=True)
def _small_corpus(monkeypatch, synthetic_rows):
    monkeypatch.setattr(module, "read_corpus", lambda: list(synthetic_rows))


def test_the_new_model_knows_the_new_rows_and_the_old_ones(synthetic_rows, tmp_path):
    training = train(new_frame(), settings=QUICK)
    training.model.save(tmp_path / "model")
    model = load(tmp_path / "model")
    assert model.predict(["compose curate lecture", "staple shred laminate"]).tolist() == [
        "KPO",
        "BPO",
    ]
    inside = [r for r in synthetic_rows if r.label != "OTHER"]
    assert (model.predict([r.text for r in inside]) == [r.label for r in inside]).all()
    assert model.trained.corpus["rows"] == len(synthetic_rows) + 12
    assert training.comparison.n_new == 12
    assert training.comparison.n_current == len(synthetic_rows)


def test_the_comparison_scores_both_recipes_on_current_and_on_new_rows():
    comparison = train(new_frame(), settings=QUICK, fit=False).comparison
    assert [side.name for side in comparison.sides] == ["current rows", "new rows"]
    assert [side.n for side in comparison.sides] == [50, 12]
    assert comparison.sides[1].difference.value > 0


def test_without_a_fit_there_is_no_model():
    steps = []
    assert train(new_frame(), settings=QUICK, fit=False, tell=steps.append).model is None
    assert steps[0] == "comparing recipes"
    assert {step.partition(", fold ")[0] for step in steps} == {"comparing recipes"}


def test_only_new_leaves_the_shipped_corpus_out():
    frame = new_frame(n=10)
    training = train(frame, only_new=True, settings=QUICK)
    assert training.comparison.only_new
    rows = [LabelledRow(text, label) for text, label in frame.itertuples(index=False)]
    assert training.model.trained.corpus["digest"] == corpus_digest(rows)
    assert "advis" not in training.model.trained.weights.stems


def test_new_rows_without_other_or_services_still_label():
    model = train(new_frame(n=10), only_new=True, settings=QUICK).model
    table = model.label(["compose curate lecture tax", "staple shred laminate tax"], detail=True)
    assert table["label"].tolist() == ["KPO", "BPO"]
    assert table["p_in_scope"].isna().all()
    assert table["service"].tolist() == ["", ""]


def test_new_other_rows_teach_scope():
    text = "unicycle juggle somersault trapeze"
    frame = new_frame()
    circus = [(f"juggle somersault trapeze {a} {b}", "other") for a, b in pairwise(OBJECTS)]
    other = pd.DataFrame(circus, columns=["text", "label"])
    before = train(frame, settings=QUICK).model
    after = train(pd.concat([frame, other]), settings=QUICK).model
    assert after.classes_.tolist() == ["BPO", "KPO"]
    assert after.judge([text]).p_in_scope[0] < before.judge([text]).p_in_scope[0] - 0.1
    assert after.judge([text]).status[0] == "out_of_scope"


def test_a_service_of_a_new_row_is_taught():
    frame = new_frame().assign(service=["intellectual-property"] * 6 + ["records-management"] * 6)
    model = train(frame, settings=QUICK).model
    assert model.label(frame["text"])["service"].tolist() == frame["service"].tolist()


def test_empty_texts_are_passed_over():
    frame = pd.concat([new_frame(), pd.DataFrame({"text": ["", "24/7", None], "label": "KPO"})])
    assert train(frame, settings=QUICK, fit=False).comparison.n_new == 12


def test_rows_that_the_corpus_has_are_counted_once(synthetic_rows):
    known = [r for r in synthetic_rows if r.label == "KPO"][:3]
    again = pd.DataFrame({"text": [r.text.upper() + " " for r in known], "label": "KPO"})
    assert train(pd.concat([new_frame(), again]), settings=QUICK, fit=False).comparison.n_new == 12


def test_rows_that_the_corpus_all_has_are_refused(synthetic_rows):
    inside = [(r.text, r.label) for r in synthetic_rows if r.label != "OTHER"]
    with pytest.raises(CorpusError, match="no new rows: the shipped corpus has all"):
        train(pd.DataFrame(inside, columns=["text", "label"]))


def test_a_label_that_contradicts_the_corpus_is_refused_with_both_places(synthetic_rows):
    frame = new_frame()
    frame.loc[3, "text"] = synthetic_rows[40].text  # a BPO row
    with pytest.raises(CorpusError) as refused:
        train(frame)
    assert str(refused.value) == (
        "row 3: labelled KPO, but the shipped corpus has the same text as BPO (synthetic, 40); "
        "correct the label or train with --only-new"
    )


def test_a_label_that_contradicts_the_corpus_is_the_users_own_business_with_only_new(
    synthetic_rows,
):
    frame = new_frame(n=10)
    frame.loc[3, "text"] = synthetic_rows[40].text
    assert train(frame, only_new=True, settings=QUICK).model.trained.corpus["rows"] == 20


def row(text, label, where):
    return LabelledRow(text, label, where=where)


ROWS = [row(f"x{'y' * i} key", x, f"new.csv, line {i}") for i, x in enumerate(["KPO", "BPO"] * 10)]


def test_usable_rows_pass():
    check_new_rows(ROWS, alone=True)
    check_new_rows(ROWS[:10], alone=False)


@pytest.mark.parametrize(
    ("rows", "alone", "message"),
    [
        ([], False, "no usable rows: every row's text is empty"),
        (
            [*ROWS, row("XYY  key", "BPO", "b.csv, line 9")],
            False,
            "the same text has two labels: new.csv, line 2 says KPO, b.csv, line 9 says BPO; "
            "correct one of them",
        ),
        (
            [
                *ROWS,
                row("xyy key", "OTHER", "b.csv, line 9"),
                row("xy key", "KPO", "b.csv, line 10"),
            ],
            False,
            "the same text has two labels: new.csv, line 2 says KPO, b.csv, line 9 says OTHER "
            "(and 1 more); correct one of them",
        ),
        (
            ROWS[::2],
            False,
            "0 of 10 rows (new.csv, line 0 to new.csv, line 18) are labelled BPO, too few to tell "
            "the two apart: give at least 5 rows each of KPO and BPO, or pass --allow-few",
        ),
        (
            ROWS[1:6:2],
            False,
            "3 of 3 rows (new.csv, line 1 to new.csv, line 5) are labelled BPO, too few to tell "
            "the two apart: give at least 5 rows each of KPO and BPO, or pass --allow-few",
        ),
        (
            [*ROWS[1::2], ROWS[0]],
            True,
            "1 of 11 rows (new.csv, line 1 to new.csv, line 0) are labelled KPO, too few to tell "
            "the two apart: give at least 10 rows each of KPO and BPO",
        ),
    ],
)
def test_rows_that_cannot_train_are_refused_by_name(rows, alone, message):
    with pytest.raises(CorpusError) as refused:
        check_new_rows(rows, alone)
    assert str(refused.value) == message


def test_few_rows_of_a_label_pass_beside_the_corpus_if_asked_for_but_never_alone():
    check_new_rows(ROWS[::2], alone=False, allow_few=True)
    check_new_rows(ROWS[: 2 * MIN_NEW_ROWS], alone=False)
    with pytest.raises(CorpusError, match="at least 10"):
        check_new_rows(ROWS[::2], alone=True, allow_few=True)


def test_rows_of_one_label_train_beside_the_corpus_if_asked_for():
    frame = new_frame().query("label == 'KPO'")
    training = train(frame, allow_few=True, settings=QUICK)
    assert training.model.predict(["compose curate lecture"]).tolist() == ["KPO"]
    assert training.comparison.sides[1].measure == "accuracy"


def test_new_rows_of_one_text_over_and_over_cannot_train_alone():
    frame = new_frame(n=10)
    frame.loc[:9, "text"] = [
        f"compose and curate lectures on the law of rivers {i}" for i in range(10)
    ]
    with pytest.raises(CorpusError, match="the new KPO rows are near-duplicates"):
        train(frame, only_new=True)


def test_pairs_of_the_corpus_do_not_cross_into_its_own_test(synthetic_rows, monkeypatch):
    paired = [replace(r, pair=str(i % 25)) for i, r in enumerate(synthetic_rows[:50])]
    monkeypatch.setattr(module, "read_corpus", lambda: paired)
    found = train(new_frame(), settings=QUICK, fit=False).comparison.sides[0]
    assert found.n == 50
    assert np.isfinite(found.current["accuracy"].value)
