"""The shipped glossary keeps its promises."""

from collections import Counter

import pytest

from kpoclf.corpus.glossary import read_glossary
from kpoclf.errors import CorpusError
from kpoclf.taxonomy import load_taxonomy


def test_every_service_has_four_hundred_entries_and_none_twice():
    entries = read_glossary()
    counted = Counter(entry.service for entry in entries)
    assert set(counted) == set(load_taxonomy().services)
    assert min(counted.values()) >= 400
    assert len(set(entries)) == len(entries)


def test_an_entry_is_one_to_five_words_in_lower_case():
    for _, term in read_glossary():
        assert term == " ".join(term.lower().split())
        assert 1 <= len(term.split()) <= 5, term


def test_a_service_that_is_none_is_refused(tmp_path):
    path = tmp_path / "terms.csv"
    path.write_text("service,term\npayrol,net pay\n")
    with pytest.raises(CorpusError, match=r"terms.csv, 'net pay': no service 'payrol'"):
        read_glossary([path])
