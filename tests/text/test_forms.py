"""Surface forms: each is confirmed by the stemmer, and the usual ones are there."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kpoclf.learn.fit import shipped_forms
from kpoclf.model.weights import STOP, UNKNOWN
from kpoclf.text.forms import surface_forms
from kpoclf.text.stems import stem
from kpoclf.text.stopwords import FUNCTION_WORDS, hiring_words
from kpoclf.text.words import split_words


@pytest.mark.parametrize(
    ("seen", "forms"),
    [
        ("invoice", "invoices invoiced invoicing"),
        ("plan", "plans planned planning"),
        ("company", "companies"),
        ("file", "files filed filing filings"),
        ("organize", "organise organised organises organising organizes organized organizing"),
        ("label", "labelled labelling labeled labeling labels"),
        ("behavior", "behaviour behaviours behaviors"),
        ("center", "centre centres centers"),
        ("reconcile", "reconciled reconciling reconciles"),
        ("demonstrate", "demonstrates demonstrated demonstrating demonstration"),
        ("collaborate", "collaboration collaborative collaborating"),
        ("classify", "classified classifies classifying"),
        ("analyze", "analyse analysed analysing analyses analyzing"),
    ],
)
def test_the_usual_forms_of_a_word_seen_once_are_known(seen, forms):
    assert set(forms.split()) <= surface_forms(stem(seen), [seen])


def test_an_irregular_form_is_known_only_if_it_was_seen():
    assert "data" not in surface_forms(stem("datum"), ["datum"])
    assert "xyzzied" in surface_forms("xyzzi", ["xyzzied"])


@settings(derandomize=True, deadline=None, max_examples=60)
@given(st.text("abdeghilmnoprstuyz", min_size=2, max_size=9))
def test_for_every_word_each_form_of_it_has_its_stem(word):
    forms = surface_forms(stem(word), [word])
    assert word in forms
    assert {stem(form) for form in forms} == {stem(word)}


def test_forms_taken_from_another_table_are_those_that_the_stemmer_confirms(shipped_model):
    confirmed = shipped_forms()
    stems = sorted(confirmed)[::97]
    assert set(shipped_model.trained.weights.stems) < set(confirmed)
    for word_stem in stems:
        found = surface_forms(word_stem, ["colours", word_stem], confirmed[word_stem])
        assert found == surface_forms(word_stem, ["colours", word_stem])


def test_a_single_letter_is_no_form():
    assert "a" not in surface_forms("a", ["aing"])


def confirm(model, forms):
    """Whether the stemmer confirms what the table says of some forms."""
    weights = model.trained.weights
    stop_stems = {stem(word) for word in FUNCTION_WORDS | hiring_words()}
    root_stem = weights.root_stem.tolist()
    for form, root in forms:
        number = root_stem[root]
        if number == UNKNOWN:
            assert stem(form) in model.trained.sentences.stems, form
        elif number == STOP:
            assert stem(form) in stop_stems, form
        else:
            assert stem(form) == weights.stems[number], form


def test_the_table_of_the_shipped_model_says_what_the_stemmer_says(shipped_model):
    confirm(
        shipped_model, itertools.islice(shipped_model.trained.weights.forms.forms(), 0, None, 61)
    )


@pytest.mark.slow
def test_every_form_of_the_shipped_model_has_the_stem_that_the_stemmer_gives(shipped_model):
    confirm(shipped_model, shipped_model.trained.weights.forms.forms())


def test_the_table_of_the_shipped_model_holds_each_form_once_and_words_only(shipped_model):
    weights = shipped_model.trained.weights
    forms = dict(weights.forms.forms())
    assert len(forms) == len(weights.forms)
    assert list(weights.stems) == sorted(set(weights.stems))
    known = [form for form, root in forms.items() if weights.root_stem[root] != STOP]
    for form in known[::61]:
        assert split_words(form) == [form]


def test_every_stop_word_is_a_stop_term_of_the_shipped_model(shipped_model):
    weights = shipped_model.trained.weights
    number = {form: weights.root_stem[root] for form, root in weights.forms.forms()}
    words = [w for w in FUNCTION_WORDS | hiring_words() if split_words(w) == [w]]
    assert len(words) > 400
    assert {number[word] for word in words} == {STOP}
