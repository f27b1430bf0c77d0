"""A model measured on labelled rows: figures, groups, values of a column, the report."""

import re
import sys
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics

import kpoclf
from kpoclf.errors import CorpusError, InputError, MissingExtraError
from kpoclf.learn.evaluate import evaluate


@pytest.fixture(scope="module")
def model():
    return kpoclf.load()


@pytest.fixture(scope="module")
def frame(model):
    """Rows that the shipped model gets right and wrong, in known numbers."""
    kpo = "Advise counsel on {} patents and interpret case law."
    bpo = "Key {} invoice numbers from scanned forms into the ledger."
    other = "Milk the cows and drive the {} tractor to the field."
    things = "drug bridge hotel crop vessel museum".split()
    rows = [(kpo.format(t), "KPO", "ads", "one") for t in things]
    rows += [(bpo.format(t), "bpo ", "tasks", "two") for t in things]
    rows += [(kpo.format("insurance"), "BPO", "tasks", "two")]
    rows += [(other.format(t), "Other", "farm", "one") for t in things[:3]]
    return pd.DataFrame(rows, columns=["text", "label", "source", "employer"])


@pytest.fixture(scope="module")
def found(model, frame):
    return evaluate(model, frame, by="source", n_samples=200)


def test_figures_are_on_the_kpo_and_bpo_rows(found, model, frame):
    inside = frame[frame["label"] != "Other"]
    kpo = inside["label"] == "KPO"
    p = model.predict_proba(inside["text"])[:, 1]
    assert (found.model, found.n, found.n_other) == (model.id, 13, 3)
    assert found.accuracy.value == 12 / 13
    assert found.macro_f1.value == pytest.approx(metrics.f1_score(kpo, p > 0.5, average="macro"))
    assert found.roc_auc.value == pytest.approx(metrics.roc_auc_score(kpo, p))
    assert found.log_loss.value == pytest.approx(metrics.log_loss(kpo, p), abs=1e-6)
    assert found.brier.value == pytest.approx(metrics.brier_score_loss(kpo, p))
    assert found.per_class["BPO"]["recall"].value == 6 / 7
    assert found.per_class["KPO"]["precision"].value == 6 / 7
    assert found.accuracy.n == 13


def test_confusion_and_status_count_every_row(found):
    assert found.confusion["KPO"] == {"BPO": 0, "KPO": 6}
    assert found.confusion["BPO"] == {"BPO": 6, "KPO": 1}
    assert sum(found.confusion["OTHER"].values()) == 3
    assert found.status["OTHER"]["out_of_scope"] == 3
    assert {label: sum(given.values()) for label, given in found.status.items()} == {
        "BPO": 7,
        "KPO": 6,
        "OTHER": 3,
    }
    assert found.scope_roc_auc.value == 1.0
    assert found.scope_roc_auc.n == 16


def test_the_accuracy_of_sure_rows_is_on_the_rows_of_status_ok(found, model, frame):
    judged = model.label(frame["text"])
    inside = frame["label"] != "Other"
    ok = (judged["status"] == "ok") & inside
    right = judged["label"] == frame["label"].str.strip().str.upper()
    assert found.ok_accuracy.n == ok.sum()
    assert found.ok_accuracy.value == pytest.approx(right[ok].mean())


def test_reliability_holds_each_row_once(found):
    assert sum(b["n"] for b in found.reliability) == 13
    assert all(0.5 <= b["confidence"] <= 1 for b in found.reliability)


def test_each_value_of_a_column_has_figures_of_its_own(found):
    assert list(found.by) == ["ads", "farm", "tasks"]
    assert found.by["tasks"].accuracy.value == 6 / 7
    assert (found.by["ads"].n, found.by["ads"].macro_f1) == (6, None)
    assert (found.by["farm"].n, found.by["farm"].n_other, found.by["farm"].accuracy) == (0, 3, None)
    assert found.by["farm"].reliability == []
    assert all(part.by == {} for part in found.by.values())


def test_rows_of_a_group_are_resampled_together(model, frame):
    inside = frame[frame["label"] != "Other"]
    many = pd.concat([inside.assign(employer=f"{i} {e}") for i in range(20) for e in "a"])
    alone = evaluate(model, many, n_samples=300).accuracy.interval
    grouped = evaluate(model, many, group="source", n_samples=300).accuracy.interval
    assert grouped[1] - grouped[0] > 1.5 * (alone[1] - alone[0])
    assert evaluate(model, many, by="source", group="source", n_samples=50).by["tasks"].n == 140


def test_the_same_seed_gives_the_same_figures(model, frame, found):
    assert evaluate(model, frame, by="source", n_samples=200) == found
    other = evaluate(model, frame, n_samples=200, seed=1)
    assert other.accuracy.value == found.accuracy.value
    assert other.brier.interval != found.brier.interval


def test_a_file_gives_what_its_data_frame_gives(model, frame, found, tmp_path):
    frame.to_csv(tmp_path / "a.csv", index=False)
    assert evaluate(model, tmp_path / "a.csv", by="source", n_samples=200) == found
    renamed = frame.rename(columns={"text": "work", "label": "kind"})
    assert evaluate(model, renamed, text="work", label="kind", by="source", n_samples=200) == found


def test_everything_is_there_as_plain_types(found):
    import json

    plain = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert plain["accuracy"]["value"] == 0.923077
    assert plain["by"]["farm"]["accuracy"] is None
    assert plain["confusion"] == found.confusion
    assert set(plain) == set(vars(found))


def test_rows_of_one_label_have_no_figure_that_needs_both(model, frame):
    found = evaluate(model, frame[frame["label"] == "KPO"], n_samples=50)
    assert (found.accuracy.value, found.macro_f1, found.roc_auc) == (1.0, None, None)
    assert found.confusion == {"KPO": {"BPO": 0, "KPO": 6}}
    assert found.scope_roc_auc is None


def test_rows_labelled_other_alone_are_refused(model, frame):
    with pytest.raises(CorpusError, match="none of the 3 rows is labelled KPO or BPO"):
        evaluate(model, frame[frame["label"] == "Other"])


def test_no_rows_are_refused(model, frame):
    with pytest.raises(CorpusError, match="none of the 0 rows"):
        evaluate(model, frame[:0])


def test_a_column_that_is_not_there_lists_those_there_are(model, frame):
    columns = "columns: 'text', 'label', 'source', 'employer'"
    for options in ({"by": "sauce"}, {"group": "sauce"}, {"label": "sauce"}):
        with pytest.raises(InputError, match=f"no column 'sauce' .*; {columns}"):
            evaluate(model, frame, **options)


def test_a_model_that_knows_no_scope_is_measured_without_it(synthetic_rows):
    rows = [r for r in synthetic_rows if r.label != "OTHER"]
    clf = kpoclf.KPOClassifier(calibration_folds=2).fit(
        [r.text for r in rows], [r.label for r in rows]
    )
    rows = [(f"{r.text} today", r.label) for r in synthetic_rows]
    frame = pd.DataFrame(rows, columns=["text", "label"])
    found = evaluate(clf.model_, frame, n_samples=50)
    assert found.scope_roc_auc is None
    assert (found.n, found.n_other) == (50, 15)


@pytest.fixture(scope="module")
def trained(synthetic_rows):
    texts, labels = ([getattr(r, k) for r in synthetic_rows] for k in ("text", "label"))
    return kpoclf.KPOClassifier(calibration_folds=2).fit(texts, labels).model_


def test_rows_that_the_model_was_trained_on_are_left_out_and_counted(
    trained, frame, synthetic_rows, tmp_path
):
    seen = pd.DataFrame({"text": [f" {r.text.upper()}\n" for r in synthetic_rows]})
    seen = seen.assign(label=[r.label for r in synthetic_rows], source="ads", employer="one")
    found = evaluate(trained, pd.concat([frame, seen]), by="source", n_samples=50)
    alone = evaluate(trained, frame, by="source", n_samples=50)
    assert (found.n_trained, alone.n_trained) == (65, 0)
    assert found == replace(alone, n_trained=65)
    assert found.to_dict()["n_trained"] == 65
    found.to_html(tmp_path / "a.html")
    told = f"3 OTHER rows; 65 rows left out that model {trained.id} was trained on. "
    assert told in (tmp_path / "a.html").read_text(encoding="utf-8")


def test_rows_that_the_model_was_trained_on_are_no_measure_of_it(trained, frame, synthetic_rows):
    seen = pd.DataFrame([(r.text, r.label) for r in synthetic_rows], columns=["text", "label"])
    with pytest.raises(CorpusError, match="was trained on all 65 rows: nothing to measure"):
        evaluate(trained, seen)
    other = frame.loc[frame["label"] == "Other", ["text", "label"]]
    with pytest.raises(CorpusError, match="none of the 3 rows that the model was not trained on"):
        evaluate(trained, pd.concat([seen, other]))


def test_the_report_is_one_file_that_loads_nothing(found, tmp_path):
    path = tmp_path / "report.html"
    found.to_html(path)
    page = path.read_text(encoding="utf-8")
    assert page.startswith("<!doctype html>")
    assert not re.search(r"<(script|link|img|iframe|object|embed)\b", page)
    assert not re.search(r"(src|(?<!xlink:)href)\s*=|@import|url\((?!#)", page)
    assert not re.search(r"xlink:href=\"(?!#)", page)
    assert "<svg" in page
    assert "<td>Accuracy</td><td>0.923</td>" in page
    assert "<td>tasks</td><td>7</td>" in page


def test_the_report_shows_values_of_the_users_file_as_text(model, frame, tmp_path):
    evil = frame.assign(source="<script>alert(1)</script>")
    evaluate(model, evil, by="source", n_samples=20).to_html(tmp_path / "a.html")
    page = (tmp_path / "a.html").read_text(encoding="utf-8")
    assert "<script" not in page
    assert "&lt;script&gt;" in page


def test_a_report_without_matplotlib_names_the_extra_and_writes_nothing(
    found, tmp_path, monkeypatch
):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(MissingExtraError, match=r"kpoclf\[report\]"):
        found.to_html(tmp_path / "a.html")
    assert list(tmp_path.iterdir()) == []


def test_a_report_where_none_can_be_written_is_refused(found, tmp_path):
    with pytest.raises(InputError, match="cannot be written"):
        found.to_html(tmp_path / "none" / "a.html")


def test_intervals_hold_the_value(found):
    for name in ("accuracy", "macro_f1", "roc_auc", "log_loss", "brier"):
        figure = getattr(found, name)
        low, high = figure.interval
        assert low <= figure.value <= high, name
        assert np.isfinite([low, high]).all()
