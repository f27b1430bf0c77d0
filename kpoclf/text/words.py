"""Text to words: the first step of every path, in training and in labelling alike."""

from __future__ import annotations

import itertools
import re
from bisect import bisect_left, bisect_right

__all__ = ["is_letter", "split_words", "word_spans"]

# Digits carry nothing over from one posting to the next, and a single letter is no word.
_LETTER = r"[^\W\d_]"
_WORD = re.compile(_LETTER + "{2,}")
_IS_LETTER = re.compile(_LETTER).fullmatch


def is_letter(character: str) -> bool:
    """Whether a character can stand in a word."""
    return _IS_LETTER(character) is not None


def split_words(text: str) -> list[str]:
    """Lower-case words of a text: runs of two or more letters.

    Parameters
    ----------
    text : str

    Returns
    -------
    list of str
        In the order of the text.

    Examples
    --------
    >>> split_words("Tier-1 agents RESET users' 2FA tokens.")
    ['tier', 'agents', 'reset', 'users', 'fa', 'tokens']
    """
    return _WORD.findall(text.lower())


def word_spans(text: str) -> list[tuple[str, int, int]]:
    """Words as `split_words` gives them, each with its start and end in the text as it stands.

    Examples
    --------
    >>> word_spans("RESET 2FA")
    [('reset', 0, 5), ('fa', 7, 9)]
    """
    lower = text.lower()
    found = [(match[0], match.start(), match.end()) for match in _WORD.finditer(lower)]
    if len(lower) == len(text):
        return found
    # A capital may have two characters in lower case: count the places back to the text.
    ends = list(itertools.accumulate(len(c.lower()) for c in text))
    return [(word, bisect_right(ends, a), bisect_left(ends, b) + 1) for word, a, b in found]
