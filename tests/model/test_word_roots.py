"""Every word gets the root that the table of forms gives it, remembered or not."""

import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kpoclf.model import hash_table, word_roots
from kpoclf.model.form_table import FormTable
from kpoclf.model.word_roots import WordRoots
from kpoclf.text.byte_words import split_batch

FORMS = {
    "ledger": 0,
    "ledgers": 0,
    "eightlet": 1,
    "eightlets": 1,
    "sixteenlettersxx": 2,
    "seventeenletterss": 3,
    "größen": 4,
    "ab": 5,
}
TABLE = FormTable.of_forms(FORMS.items())


def roots(lookup, texts):
    return lookup(split_batch(texts)).tolist()


words = st.one_of(
    st.sampled_from([*FORMS]),
    st.text("abcdeßж", min_size=2, max_size=20),
    st.sampled_from([*FORMS]).map(lambda word: word + "x"),
)


@settings(derandomize=True, deadline=None, max_examples=100)
@given(st.lists(words, max_size=40))
def test_every_word_has_the_root_of_the_table(some):
    lookup = WordRoots(TABLE)
    expected = [TABLE.root(word) for word in some]
    for _ in range(3):  # new, then remembered
        assert roots(lookup, [" ".join(some)]) == expected


def test_what_is_forgotten_is_looked_up_anew(monkeypatch):
    monkeypatch.setattr(word_roots, "_REMEMBERED", 2)
    lookup = WordRoots(TABLE)
    for letter in "pqrstuvw":
        assert roots(lookup, [f"ledger ab {letter}z", f"größen {letter * 20}"]) == [0, 5, 6, 4, 6]
        assert len(lookup._short) + len(lookup._long) <= 2 + 5


def test_words_made_to_share_their_slots_keep_their_own_roots():
    """Words are chosen so that many fall on one slot: none may get the root of another."""
    rng = np.random.default_rng(0)
    letters = rng.integers(97, 123, (400_000, 8), np.uint8)
    probe = hash_table.HashTable(2)
    keys = [letters.view("<u8").ravel(), np.zeros(len(letters), np.uint64)]
    first, second = probe._slots(keys), probe._slots(keys, second=True)
    chosen = np.flatnonzero((first < 4) | (second < 4))
    hostile = sorted({bytes(letters[i]).decode() for i in chosen.tolist()})
    assert len(hostile) > 2000
    table = FormTable.of_forms((word, i) for i, word in enumerate(hostile[::2]))
    lookup = WordRoots(table)
    expected = [table.root(word) for word in hostile]
    for _ in range(2):
        assert [roots(lookup, [word])[0] for word in hostile[:50]] == expected[:50]
        assert roots(lookup, hostile) == expected


@pytest.mark.parametrize("text", ["", "7 & 9", "a b c"])
def test_a_text_without_words_has_no_roots(text):
    assert roots(WordRoots(TABLE), [text]) == []


def test_a_copy_in_another_process_would_find_the_same():
    lookup = WordRoots(TABLE)
    roots(lookup, ["ledger"])
    assert roots(pickle.loads(pickle.dumps(lookup)), ["ledger zz"]) == [0, 6]  # noqa: S301
