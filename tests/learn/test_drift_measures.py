"""New texts are compared with earlier ones, or with what the model was trained on, fairly."""

from dataclasses import replace

import numpy as np
import pytest

from kpoclf.corpus.rows import LabelledRow, read_corpus
from kpoclf.errors import InputError
from kpoclf.judge.model import Model
from kpoclf.learn.drift import drift
from kpoclf.learn.fit import fit_model
from kpoclf.learn.folds import duplicate_groups
from kpoclf.learn.text_profile import (
    _known_elsewhere,
    judged_profile,
    unseen_profile,
    word_table,
)
from kpoclf.learn.text_sample import sample_texts, text_key
from kpoclf.model.stored_rows import PackedRows, StoredRows
from kpoclf.taxonomy import LABELS

TASKS = {
    label: [row.text for row in read_corpus() if row.label == label and row.register == "task"]
    for label in LABELS
}


def texts_of(label, n, seed, more=""):
    """Tasks of the corpus; those of different seeds are different."""
    return [text + more for text in TASKS[label][seed::4][:n]]


def mixture(n_kpo, n_bpo, seed, more=""):
    return texts_of("KPO", n_kpo, seed, more) + texts_of("BPO", n_bpo, seed, more)


def training_rows():
    labels = [label for label in LABELS for _ in range(40)]
    texts = [text for label in LABELS for text in texts_of(label, 40, 0)]
    return [LabelledRow(text, label) for text, label in zip(texts, labels, strict=True)]


@pytest.fixture(scope="module")
def model(shipped_model):
    """The shipped model, as if it had been trained on 120 tasks only."""
    rows = training_rows()
    n = len(rows)
    stored = StoredRows(
        np.zeros(n + 1, np.int32),
        np.empty(0, np.int32),
        np.empty(0, np.uint8),
        np.array([LABELS.index(row.label) for row in rows], np.uint8),
        np.zeros(n, np.int32),
        ("",),
        StoredRows.pack_texts([row.text for row in rows]),
    )
    packed = PackedRows(stored.to_bytes(), len(shipped_model.trained.weights.stems))
    return Model(replace(shipped_model.trained, rows=packed))


def changed(found):
    return {measure.name for measure in found.measures if measure.changed}


def test_texts_from_one_source_do_not_drift(model):
    found = drift(model, mixture(60, 60, 1), mixture(60, 60, 2))
    assert not found.found
    assert [m.name for m in found.measures] == [
        "known words",
        "words in a text",
        "confidence",
        "review score",
        "status",
        "label",
        "words used",
    ]
    assert (found.n_new, found.n_reference) == (120, 120)


def test_another_share_of_labels_is_seen(model):
    found = drift(model, mixture(100, 20, 1), mixture(60, 60, 2))
    assert "label" in changed(found)
    label = next(m for m in found.measures if m.name == "label")
    (line,) = label.lines
    low, high = line.difference.interval
    assert low < line.now - line.was < high
    assert label.size == pytest.approx(line.now - line.was)


def test_words_that_the_model_does_not_know_are_seen_and_told_with_their_counts(model):
    found = drift(model, mixture(40, 40, 1, " qzblock"), mixture(40, 40, 2))
    assert {"known words", "words used"} <= changed(found)
    assert [(t.term, t.was, t.now) for t in found.unknown] == [("qzblock", 0, 80)]
    assert found.rising[0].term == "qzblock"


def test_known_words_that_rise_are_told_in_the_texts_own_form(model):
    found = drift(model, mixture(40, 40, 1, " Bridges."), mixture(40, 40, 2))
    first = found.rising[0]
    assert first.term in ("bridge", "bridges")
    assert first.was < first.now == 80


def test_out_of_scope_texts_are_seen(model):
    new = mixture(30, 30, 1) + texts_of("OTHER", 60, 1)
    assert "status" in changed(drift(model, new, mixture(60, 60, 2)))


def test_copies_do_not_count_as_evidence(model):
    few = mixture(16, 12, 1)
    copies = [text + "." * i for text in few for i in range(20)]
    once, often = (drift(model, new, mixture(60, 60, 2)) for new in (few, copies))
    assert often.n_new == once.n_new == 28
    assert [m.p for m in often.measures] == [m.p for m in once.measures]
    assert any("532 near-duplicates left out" in note for note in often.notes)


def test_texts_that_the_model_was_trained_on_are_left_out_on_either_side(model):
    seen = model.trained.rows.rows.texts()
    found = drift(model, [*seen, *mixture(30, 30, 1)], [*seen[:10], *mixture(30, 30, 2)])
    assert (found.n_new, found.n_reference) == (60, 60)
    assert sum("trained on" in note for note in found.notes) == 2
    with pytest.raises(InputError, match="0 different texts that the model was not trained on"):
        drift(model, seen)


def test_without_a_reference_the_training_rows_are_it_unseen(model):
    found = drift(model, mixture(30, 30, 1))
    assert found.reference == "the rows that the model was trained on"
    assert found.n_reference == 120
    assert any("saw neither it nor its near-duplicates" in note for note in found.notes)
    rows = training_rows()
    texts = [row.text for row in rows]
    words = word_table(model, texts)
    unseen = unseen_profile(model, rows, duplicate_groups(rows), words, [])
    known = judged_profile(model, texts, words)
    assert unseen.confidence.mean() < known.confidence.mean()
    assert unseen.known_share.mean() < known.known_share.mean()


@pytest.mark.slow
def test_fresh_texts_from_the_source_of_the_training_rows_do_not_drift():
    rows = [row for row in read_corpus() if row.register == "task"]
    trained = Model(fit_model(rows[::2]))
    assert not drift(trained, [row.text for row in rows[1::2]]).found


def test_a_word_that_only_one_training_row_has_is_unknown_there(model):
    rows = [LabelledRow(t, "KPO") for t in ["advise bridge", "advise bridge claim", "advise tax"]]
    words = word_table(model, [row.text for row in rows])
    assert _known_elsewhere(words, np.arange(3)).tolist() == [1.0, pytest.approx(2 / 3), 0.5]
    # The first two as near-duplicates: "bridge" is known from nowhere else.
    assert _known_elsewhere(words, np.array([0, 0, 2]))[0] == 0.5


def test_a_model_without_rows_needs_a_reference(model):
    bare = Model(replace(model.trained, rows=None))
    with pytest.raises(InputError, match="name earlier texts with --reference"):
        drift(bare, mixture(30, 30, 1))
    assert drift(bare, mixture(30, 30, 1), mixture(30, 30, 2)).n_new == 60


def test_too_few_different_texts_are_refused(model):
    with pytest.raises(InputError, match=r"the new texts: 1 different texts .* at least 20"):
        drift(model, ["Advise on the tax of museums."] * 50, mixture(30, 30, 2))


def test_a_difference_below_the_least_size_is_no_drift(model):
    new, old = mixture(100, 20, 1), mixture(60, 60, 2)
    found = drift(model, new, old, least=0.9)
    assert not found.found
    assert min(m.p for m in found.measures) <= found.alpha


def test_a_sample_is_random_without_copies_and_the_same_each_time():
    texts = [f"advise on case {'abcdefghij'[i % 10]}{'klmnopqrst'[i // 10]}" for i in range(100)]
    found = sample_texts([*texts, "", *texts], 20, "a file")
    assert (len(found.texts), found.n_rows, found.n_empty, found.sampled) == (20, 201, 1, True)
    assert len(set(found.texts)) == 20
    assert found.texts != texts[:20]
    assert sample_texts(reversed(texts), 20, "a file").texts == found.texts[::-1]
    assert sample_texts(texts, 20, "a file", seed=1).texts != found.texts
    assert not sample_texts(texts, 100, "a file").sampled


def test_a_sample_leaves_out_texts_by_key():
    found = sample_texts(["Key forms", "Advise"], 5, "a file", {text_key(" KEY forms ")})
    assert (found.texts, found.n_trained) == (["Advise"], 1)


def test_the_report_holds_the_verdict_the_table_and_the_terms_escaped(model, tmp_path):
    pytest.importorskip("matplotlib")
    found = drift(model, mixture(40, 40, 1, " qzblock"), mixture(40, 40, 2))
    target = tmp_path / "drift.html"
    replace(found, new="<script>").to_html(target)
    page = target.read_text()
    assert "drift: known words" in page
    assert "qzblock" in page
    assert "&lt;script&gt;" in page
    assert "<script" not in page
    assert page.count("<svg") == 1
