"""Text to words: the first step of every path, in training and in labelling alike."""

from __future__ import annotations

import re

__all__ = ["split_words"]

# Digits carry nothing over from one posting to the next, and a single letter is no word.
_WORD = re.compile(r"[^\W\d_]{2,}")


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
