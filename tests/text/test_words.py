"""Words are lower-case runs of two or more letters, in every script."""

import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kpoclf.text.words import split_words

ANY_TEXT = st.text(st.characters())  # lone surrogates and NULs included
quick = settings(derandomize=True, deadline=None, max_examples=60)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", []),
        (" \t\r\n\0", []),
        ("Key INVOICES, daily.", ["key", "invoices", "daily"]),
        ("a I x y2k", []),
        ("B2B e-mail", ["mail"]),
        ("KPO/BPO", ["kpo", "bpo"]),
        ("snake_case_word", ["snake", "case", "word"]),
        ("clients' don't", ["clients", "don"]),
        ("3rd 12th Q4", ["rd", "th"]),
        ("soft\xadware", ["soft", "ware"]),
        ("naïve Überprüfung", ["naïve", "überprüfung"]),
        ("STRASSE straße", ["strasse", "straße"]),
        ("бухгалтер 会計士", ["бухгалтер", "会計士"]),
        ("a\u0301udit", ["udit"]),
        ("ab\0cd", ["ab", "cd"]),
        ("ab\ud800cd", ["ab", "cd"]),
        ("end.Start", ["end", "start"]),
    ],
)
def test_a_text_is_split_into_these_words(text, words):
    assert split_words(text) == words


@quick
@given(ANY_TEXT)
def test_for_every_text_each_word_is_two_or_more_letters(text):
    for word in split_words(text):
        assert len(word) >= 2
        assert not any(c.isspace() or c.isdecimal() or c == "_" for c in word)


@quick
@given(ANY_TEXT)
def test_for_every_text_its_words_joined_by_spaces_have_the_same_words(text):
    words = split_words(text)
    assert split_words(" ".join(words)) == words


@quick
@given(ANY_TEXT, ANY_TEXT)
def test_for_every_two_texts_a_line_between_them_keeps_their_words_apart(one, other):
    assert split_words(f"{one}\n\n{other}") == split_words(one) + split_words(other)


def test_every_code_point_is_taken_without_error():
    split_words(" ".join(chr(c) * 2 for c in range(sys.maxunicode + 1)))


def test_a_word_of_a_million_letters_is_one_word():
    assert split_words("a" * 1_000_000) == ["a" * 1_000_000]
