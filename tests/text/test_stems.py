"""Stems: the forms of a word meet, and different words stay apart."""

import pytest

from kpoclf.text.stems import stem


@pytest.mark.parametrize(
    "family",
    [
        "invoice invoices invoicing invoiced",
        "reconcile reconciles reconciling reconciled",
        "advise advises advising advised",
        "company companies",
        "plan plans planning planned",
        "audit audits auditing audited",
        "organisation organize organising organizations",
        "analyse analyzing analyses",
    ],
)
def test_the_forms_of_a_word_have_one_stem(family):
    assert len({stem(word) for word in family.split()}) == 1


@pytest.mark.parametrize("pair", ["bill build", "file fill", "policy police", "cheque cheek"])
def test_different_words_have_different_stems(pair):
    one, other = pair.split()
    assert stem(one) != stem(other)


def test_a_word_of_another_language_has_a_stem():
    assert stem("überprüfung")
    assert stem("会計士") == "会計士"
