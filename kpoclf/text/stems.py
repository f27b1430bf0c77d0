"""Words to stems, by NLTK. Used in training only: a trained model carries a table instead."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from kpoclf.text.spelling import american

__all__ = ["plain_stem", "stem"]


@lru_cache(maxsize=1)
def _stemmer() -> Any:
    from nltk.stem.snowball import SnowballStemmer  # over a second to import

    return SnowballStemmer("english")


@lru_cache(maxsize=1_000_000)
def stem(word: str) -> str:
    """Stem of a lower-case word, the same for its British and American spellings.

    Snowball's English stemmer (Porter2) after `kpoclf.text.spelling.american`.

    Examples
    --------
    >>> stem("organisations") == stem("organized")
    True
    """
    return plain_stem(american(word))


def plain_stem(word: str) -> str:
    """Snowball's stem of a lower-case word as it is spelled."""
    found: str = _stemmer().stem(word)
    return found
