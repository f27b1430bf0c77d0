"""Words of a batch by its bytes are the words of each text by regular expression."""

import itertools
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kpoclf.text.byte_words import split_batch
from kpoclf.text.words import split_words


def words_of(texts):
    found = split_batch(texts)
    words = [found.word(i) for i in range(len(found.start))]
    first = found.first.tolist()
    assert first[0] == 0
    assert first[-1] == len(words)
    return [words[a:b] for a, b in itertools.pairwise(first)]


texts = st.lists(
    st.one_of(
        st.text(),
        st.text("aBc dÉéß7_-\nΣσİıǅ\ud800Ⅷ²中"),
        st.lists(st.text("abcXYZ", min_size=1)).map(" ".join),
    ),
    max_size=12,
)


@settings(derandomize=True, deadline=None, max_examples=300)
@given(texts)
def test_every_batch_has_the_words_of_its_texts(batch):
    assert words_of(batch) == [split_words(text) for text in batch]


@pytest.mark.parametrize("step", [1, 7])
def test_every_character_is_a_letter_or_none_as_it_is_for_one_text(step):
    batch = [f"{c}{c} {c} a{c}B" for c in map(chr, range(0, sys.maxunicode + 1, step * 11))]
    assert words_of(batch) == [split_words(text) for text in batch]


@pytest.mark.slow
def test_every_character_there_is():
    for start in range(0, sys.maxunicode + 1, 1 << 16):
        batch = [f"{c}{c} {c} a{c}B" for c in map(chr, range(start, start + (1 << 16)))]
        assert words_of(batch) == [split_words(text) for text in batch]


def test_a_huge_word_is_one_word():
    assert words_of(["a" * 1_000_000, "Bé" * 100_000]) == [["a" * 1_000_000], ["bé" * 100_000]]


def test_no_text_has_no_words():
    assert words_of([]) == []
    assert words_of([""]) == [[]]
