"""The shipped model is what the shipped corpus gives, and a model that is not is told from it."""

from dataclasses import replace

import numpy as np
import pytest
from click.testing import CliRunner

import kpoclf
from kpoclf.corpus.rows import corpus_digest, read_corpus
from kpoclf.judge.model import Model
from kpoclf.learn import default_model, fit
from kpoclf.learn.default_model import differences
from kpoclf.learn.fit import fit_model
from kpoclf.learn.sentence_fit import shipped_sentences
from kpoclf.model.calibration import Calibration
from kpoclf.model.trained import Thresholds
from kpoclf.text.forms import surface_forms

TEXTS = ["key the tax forms", "advise on tax"]


@pytest.fixture(scope="module")
def model(synthetic_rows):
    return Model(fit_model(synthetic_rows))


def changed(model, trained=None, **weights):
    """The model with some of its weights or other parts changed."""
    new = replace(
        model.trained, weights=replace(model.trained.weights, **weights), **(trained or {})
    )
    return Model(new)


def moved(array, steps, at=10):
    """The array with one entry moved by rounding steps."""
    array = array.copy()
    array.flat[at] += array.dtype.type(steps) * np.spacing(
        max(abs(array.flat[at]), array.dtype.type(1))
    )
    return array


def test_equal_models_do_not_differ(model):
    assert differences(model, changed(model), TEXTS) == []


@pytest.mark.parametrize("name", ["idf", "label_coef", "scope_coef", "service_coef"])
def test_a_changed_weight_is_found(model, name):
    other = changed(model, **{name: moved(getattr(model.trained.weights, name), 40)})
    assert differences(model, other, TEXTS) == [f"{name} differ by more than one rounding step"]


@pytest.mark.parametrize("name", ["label_intercept", "scope_intercept", "service_intercept"])
def test_a_changed_intercept_is_found(model, name):
    other = changed(model, **{name: getattr(model.trained.weights, name) + 0.05})
    found = differences(model, other, [])
    assert found == [f"{name} differs by more than one rounding step"]


def test_a_weight_one_rounding_step_away_is_another_processors(model):
    coef = model.trained.weights.label_coef.copy()
    coef[:50] = np.nextafter(coef[:50], np.float16(np.inf))
    other = changed(model, label_coef=coef)
    assert other.id != model.id
    assert differences(model, other, TEXTS) == []


def test_changed_labels_are_counted(model):
    other = changed(model, label_coef=-model.trained.weights.label_coef)
    found = differences(model, other, TEXTS)
    assert "label_coef differ by more than one rounding step" in found
    assert "2 of 2 labels differ" in found


def test_other_words_services_or_shapes_are_found(model):
    weights = model.trained.weights
    stems = ("zebra", *weights.stems[1:])
    assert differences(model, changed(model, stems=stems), TEXTS) == ["stems differ"]
    pairs = weights.bigrams[::-1].copy()
    assert differences(model, changed(model, bigrams=pairs), TEXTS) == ["bigrams differ"]


@pytest.mark.parametrize(
    ("part", "told"),
    [
        ({"calibration": Calibration(9.0, 0.1)}, "calibration differs by more than 0.01"),
        ({"thresholds": Thresholds(0.9, 0.9)}, "thresholds differs by more than 0.01"),
        ({"settings": {"C": 99.0}}, "settings differ"),
    ],
)
def test_another_calibration_threshold_or_setting_is_found(model, part, told):
    assert differences(model, changed(model, part), TEXTS) == [told]


@pytest.fixture
def command(monkeypatch, synthetic_rows, tmp_path):
    """The command on a small corpus, with a folder of its own."""
    folder = tmp_path / "models" / "default"
    monkeypatch.setattr(default_model, "read_corpus", lambda: list(synthetic_rows))
    monkeypatch.setattr(fit, "fitted_sentences", shipped_sentences)  # quicker, and the same
    monkeypatch.setattr(default_model, "shipped", lambda *parts: folder)

    def run(*arguments):
        done = CliRunner().invoke(default_model.main, arguments)
        return done.exit_code, done.output

    return run, folder


def test_the_command_writes_the_model_that_its_check_then_passes(command):
    run, folder = command
    assert run()[0] == 0
    before = {file.name: file.read_bytes() for file in folder.iterdir()}
    code, said = run("--check")
    assert (code, said.splitlines()[-1]) == (
        0,
        f"models/default is what data/ gives: model {kpoclf.load(folder).id}",
    )
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == before


def test_the_check_ends_with_code_1_where_a_weight_was_changed(command, model):
    run, folder = command
    folder.parent.mkdir()
    changed(model, idf=moved(model.trained.weights.idf, 40)).save(folder)
    code, said = run("--check")
    assert code == 1
    assert "models/default is not what data/ gives: idf differ by more than one" in said


def test_the_check_ends_with_code_1_where_the_rows_are_others(command, synthetic_rows):
    run, folder = command
    folder.parent.mkdir()
    Model(fit_model(synthetic_rows[:-1])).save(folder)
    code, said = run("--check")
    assert code == 1
    assert "models/default was made from other rows" in said


def test_the_shipped_model_was_made_from_the_shipped_rows():
    rows, corpus = read_corpus(), kpoclf.load().trained.corpus
    assert corpus["digest"] == corpus_digest(rows)
    assert corpus["rows"] == len(rows)


@pytest.mark.slow  # that the shipped model is what data/ gives is a check of its own
def test_what_is_taken_from_the_shipped_model_is_what_would_be_found_anew(
    model, synthetic_rows, monkeypatch
):
    monkeypatch.setattr(fit, "surface_forms", surface_forms)  # not those that tests share
    anew = Model(fit_model(synthetic_rows, anew=True))
    assert differences(model, anew, TEXTS) == []
    assert anew.trained.sentences.splitter == model.trained.sentences.splitter
    assert anew.trained.figures.keys() == model.trained.figures.keys()


def test_other_sentence_weights_or_abbreviations_are_found(model):
    heads = model.trained.sentences
    coef = heads.coef.copy()
    coef[3, 0] += 1
    other = changed(model, {"sentences": replace(heads, coef=coef)})
    assert differences(model, other, TEXTS) == ["sentence weights differ by more than 0.05"]
    splitter = replace(heads.splitter, abbreviations=frozenset({"x"}))
    other = changed(model, {"sentences": replace(heads, splitter=splitter)})
    assert differences(model, other, TEXTS) == ["abbreviations or sentence openers differ"]
    other = changed(model, {"sentences": None})
    assert "the other not" in differences(model, other, TEXTS)[0]
