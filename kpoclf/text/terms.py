"""Stems to terms: unigrams, and bigrams over stop terms."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from kpoclf.text.stems import stem
from kpoclf.text.words import split_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

__all__ = ["StemAnalyzer", "TableAnalyzer", "join_terms"]


def join_terms(stems: Sequence[str | None], bigrams: bool = True) -> list[str]:
    """Terms of a run of stems.

    Parameters
    ----------
    stems : sequence of str or None
        Stop terms already left out; None stands for a word that is not known.
    bigrams : bool
        Whether to add two stems in a row, joined by a space.

    Returns
    -------
    list of str

    Examples
    --------
    >>> join_terms(["key", "invoic", None, "ledger"])
    ['key', 'invoic', 'ledger', 'key invoic']
    """
    terms = [s for s in stems if s is not None]
    if bigrams:
        pairs = itertools.pairwise(stems)
        terms += [f"{a} {b}" for a, b in pairs if a is not None and b is not None]
    return terms


class StemAnalyzer:
    """Text to terms by NLTK's stemmer: what training uses.

    Parameters
    ----------
    stop_words : iterable of str
        Words whose stems are passed over.
    bigrams : bool
    """

    def __init__(self, stop_words: Iterable[str], bigrams: bool = True) -> None:
        self.stop_stems = frozenset(map(stem, stop_words))
        self.bigrams = bigrams

    def __call__(self, text: str) -> list[str]:
        """Terms of one text."""
        stems = [s for s in map(stem, split_words(text)) if s not in self.stop_stems]
        return join_terms(stems, self.bigrams)


class TableAnalyzer:
    """Text to terms by a model's table of surface forms, with neither NLTK nor NumPy.

    Parameters
    ----------
    stem_of : mapping of str to str or None
        Stem of each known form; None for a stop term.
    """

    def __init__(self, stem_of: Mapping[str, str | None]) -> None:
        self.stem_of = stem_of

    def __call__(self, text: str) -> list[str]:
        """Terms of one text."""
        table = self.stem_of
        stems = [table.get(w) for w in split_words(text) if table.get(w, "") is not None]
        return join_terms(stems)
