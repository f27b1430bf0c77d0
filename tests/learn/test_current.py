"""The rows of a model come back as they were, so that the next training builds on them."""

from dataclasses import replace

import numpy as np
import pytest

from kpoclf.corpus.rows import LabelledRow, corpus_digest
from kpoclf.errors import ModelError
from kpoclf.judge.model import Model
from kpoclf.learn.current import rows_of, stored_rows
from kpoclf.learn.fit import _stored
from kpoclf.learn.settings import Settings
from kpoclf.learn.vectors import TermCounts, Vectorizer
from kpoclf.model.stored_rows import PackedRows

OWN = [
    LabelledRow("Compose the\nlecture — “curate” \ud83d it, €5", "KPO", "learning-design"),
    LabelledRow("Staple and shred", "BPO"),
    LabelledRow("Juggle", "OTHER", where="new.csv, line 4"),
]


@pytest.fixture
def holding(tiny_model):
    """A model that keeps the given rows."""

    def make(rows):
        counts = TermCounts([row.text for row in rows], Settings())
        stored = _stored(rows, Vectorizer(counts, np.arange(len(rows)), 1))
        corpus = {"digest": corpus_digest(rows)}
        return Model(replace(tiny_model.trained, rows=stored, corpus=corpus), "0123456789ab")

    return make


def test_text_label_and_service_come_back_exactly(holding, synthetic_rows):
    rows = [*synthetic_rows[60:], *OWN]
    found = rows_of(holding(rows), list(synthetic_rows))
    assert [(r.text, r.label, r.service) for r in found] == [
        (r.text, r.label, r.service) for r in rows
    ]
    assert found[-1].where == "model 0123456789ab, row 8"


def test_rows_that_the_corpus_has_keep_what_it_says_of_them(holding, synthetic_rows):
    corpus = [replace(row, pair="p1", where="law.csv, 7") for row in synthetic_rows]
    found = rows_of(holding([*corpus[:3], *OWN]), corpus)
    assert found[:3] == corpus[:3]
    assert [row.pair for row in found[3:]] == ["", "", ""]


def test_a_model_of_the_corpus_has_the_corpus(holding, synthetic_rows):
    corpus = list(synthetic_rows)
    assert rows_of(holding(corpus), corpus) is corpus


def test_a_model_that_kept_no_rows_has_none(tiny_model, synthetic_rows):
    assert rows_of(tiny_model, list(synthetic_rows)) is None


def test_broken_rows_are_told_in_one_line(tiny_model, synthetic_rows):
    broken = Model(replace(tiny_model.trained, rows=PackedRows(b"PK", 3)), "0123456789ab")
    with pytest.raises(ModelError, match="model 0123456789ab: its stored rows are not usable"):
        rows_of(broken, list(synthetic_rows))
    with pytest.raises(ModelError, match="model 0123456789ab: its stored rows are not usable"):
        stored_rows(broken)
