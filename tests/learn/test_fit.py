"""Rows to a model: the same bytes each time, calibrated, and with the heads that the rows can teach."""

import json
import os
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from kpoclf.corpus.rows import LabelledRow, corpus_digest
from kpoclf.errors import CorpusError
from kpoclf.judge.model import Model
from kpoclf.learn.fit import MIN_ROWS, _thresholds, calibrate, calibrate_scope, fit_model
from kpoclf.learn.settings import Settings

ROW_FIELDS = ("text", "label", "service")
DOZEN = np.full(2000, 12)


@pytest.fixture(scope="module")
def trained(synthetic_rows):
    return fit_model(synthetic_rows)


def folder_bytes(model, path):
    Model(model).save(path)
    return {file.name: file.read_bytes() for file in path.iterdir()}


def test_the_same_rows_give_the_same_bytes(trained, synthetic_rows, tmp_path):
    again = fit_model(list(synthetic_rows), Settings())
    assert folder_bytes(trained, tmp_path / "a") == folder_bytes(again, tmp_path / "b")


def test_another_process_with_another_hash_seed_gives_the_same_model(synthetic_rows):
    fields = ([getattr(r, k) for r in synthetic_rows] for k in ROW_FIELDS)
    rows = json.dumps(list(fields))
    code = (
        "import json, sys; from kpoclf import KPOClassifier\n"
        "print(KPOClassifier().fit(*json.load(sys.stdin)).model_.id)"
    )
    said = [
        subprocess.run(
            [sys.executable, "-c", code],
            input=rows,
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "12345")
    ]
    assert said[0] == said[1] != ""


def test_other_rows_seeds_and_settings_give_another_model(trained, synthetic_rows):
    first = Model(trained).id
    assert Model(fit_model(synthetic_rows[:-1])).id != first
    assert Model(fit_model(synthetic_rows, Settings(C=1.0))).id != first


def test_the_model_tells_what_it_was_made_from(trained, synthetic_rows):
    assert trained.corpus == {
        "rows": 65,
        "labels": {"BPO": 25, "KPO": 25, "OTHER": 15},
        "digest": corpus_digest(synthetic_rows),
    }
    assert trained.settings == Settings().to_dict()
    assert {"kpoclf", "scikit-learn", "numpy", "nltk"} <= set(trained.versions)
    assert {"label, macro_f1", "label, log_loss", "scope, roc_auc", "service, top 1"} <= set(
        trained.figures
    )
    assert trained.figures["label, accuracy"]["n"] == 50
    assert trained.figures["scope, roc_auc"]["n"] == 65


def test_the_steps_are_told(synthetic_rows):
    steps = []
    fit_model(synthetic_rows, Settings(folds=2), tell=steps.append)
    assert steps == [
        "reading words",
        "reading sentences",
        "comparing rows",
        *(f"cross-validating without services{fold}" for fold in ("", ", fold 1", ", fold 2")),
        *(f"cross-validating{fold}" for fold in ("", ", fold 1", ", fold 2")),
        "fitting",
    ]


def test_a_class_of_few_rows_is_refused(synthetic_rows):
    rows = [r for r in synthetic_rows if r.label != "BPO"] + [
        r for r in synthetic_rows if r.label == "BPO"
    ][: MIN_ROWS - 1]
    with pytest.raises(CorpusError, match=f"9 rows are labelled BPO: at least {MIN_ROWS} each"):
        fit_model(rows)


def with_other(rows, n):
    return [r for r in rows if r.label != "OTHER"] + [r for r in rows if r.label == "OTHER"][:n]


@pytest.mark.parametrize(("n", "knows"), [(0, False), (1, False), (9, False), (10, True)])
def test_scope_is_learned_from_ten_other_rows_on(synthetic_rows, n, knows):
    model = fit_model(with_other(synthetic_rows, n), Settings(folds=5))
    assert model.weights.knows_scope == knows
    p = Model(model).judge(["milk cow plough lift drive"]).p_in_scope
    assert np.isnan(p).all() != knows
    assert ("scope, roc_auc" in model.figures) == knows


def test_other_rows_that_are_one_text_over_and_over_still_train(synthetic_rows):
    cows = [LabelledRow("milk the cows and lift the calves", "OTHER")] * 12
    model = Model(fit_model(with_other(synthetic_rows, 0) + cows))
    assert model.judge([cows[0].text]).p_in_scope[0] < 0.5


def test_a_service_of_one_label_alone_leaves_the_other_without(synthetic_rows):
    rows = [r if r.label == "KPO" else replace(r, service="") for r in synthetic_rows]
    model = Model(fit_model(rows))
    kpo, bpo = (next(r for r in rows if r.label == x) for x in ("KPO", "BPO"))
    judged = model.judge([kpo.text, bpo.text])
    assert judged.label.tolist() == ["KPO", "BPO"]
    assert judged.service[0] in {r.service for r in rows if r.label == "KPO"}
    assert judged.service[1] == ""


def simulated(slope, n=2000, seed=0):
    """Decision values whose true log odds are `slope` times as large, and the truth."""
    rng = np.random.default_rng(seed)
    decision = rng.normal(0, 1, n)
    return decision, rng.random(n) < 1 / (1 + np.exp(-slope * decision))


@pytest.mark.parametrize("slope", [0.5, 1.0, 3.0])
def test_calibration_finds_the_slope_of_the_truth(slope):
    decision, kpo = simulated(slope)
    p = calibrate(decision, kpo, DOZEN).probability(decision, DOZEN)
    assert np.abs(p - 1 / (1 + np.exp(-slope * decision))).mean() < 0.03


def test_decisions_that_are_right_oftener_gain_confidence():
    confidence = []
    for slope in (0.5, 2.0, 8.0):
        decision, kpo = simulated(slope)
        p = calibrate(decision, kpo, DOZEN).probability(decision, DOZEN)
        confidence.append(np.maximum(p, 1 - p).mean())
    assert confidence[0] < confidence[1] - 0.1 < confidence[2] - 0.2


def test_long_texts_gain_confidence_where_they_are_right_oftener():
    decision, _ = simulated(1.0)
    n_terms = np.where(np.arange(2000) % 2, 200, 8)
    slope = np.where(n_terms == 200, 6.0, 1.0)
    kpo = np.random.default_rng(1).random(2000) < 1 / (1 + np.exp(-slope * decision))
    calibration = calibrate(decision, kpo, n_terms)
    assert calibration.growth > 0.2
    assert calibration.probability(0.5, 200) > calibration.probability(0.5, 8) + 0.1


def test_calibration_keeps_the_sign_of_the_decision_and_stays_finite_when_all_are_right():
    decision, _ = simulated(1.0)
    calibration = calibrate(decision, decision > 0, DOZEN)
    p = calibration.probability(decision, DOZEN)
    assert ((p > 0.5) == (decision > 0)).all()
    assert np.isfinite([calibration.level, calibration.growth]).all()


def test_scope_calibration_finds_slope_and_offset_and_passes_over_the_unknown():
    decision, inside = simulated(3.0)
    found = calibrate_scope(decision, inside)
    assert found.slope == pytest.approx(3.0, rel=0.2)
    assert found.offset == pytest.approx(0.0, abs=0.3)
    unknown = calibrate_scope(np.full(3, np.nan), np.array([True, True, True]))
    assert (unknown.slope, unknown.offset) == (1.0, 0.0)


def test_the_review_threshold_keeps_the_error_of_sure_rows_and_the_scope_threshold_its_loss():
    rng = np.random.default_rng(0)
    p = rng.random(4000)
    kpo = rng.random(4000) < p
    scope = rng.uniform(0.1, 1.0, 4000)
    settings = Settings(max_error=0.05, scope_loss=0.03)
    found = _thresholds(scope, None, p, kpo, settings)
    sure = 1 - np.abs(2 * p - 1) <= found.review_score
    assert ((p > 0.5) != kpo)[sure].mean() == pytest.approx(0.05, abs=0.01)
    assert (scope < found.scope).mean() == pytest.approx(0.03, abs=0.005)


def test_a_confidence_below_point_six_is_for_a_person_however_few_the_errors():
    p = np.full(100, 0.55)
    found = _thresholds(np.full(100, np.nan), None, p, np.ones(100, bool), Settings())
    assert found.review_score == 0.8
    assert 1 - abs(2 * 0.55 - 1) > found.review_score
