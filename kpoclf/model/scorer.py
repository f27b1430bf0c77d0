"""Texts to decision values with NumPy alone: what labelling runs on."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from kpoclf.model.weights import STOP, UNKNOWN, Weights
from kpoclf.text.words import split_words

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

__all__ = ["Features", "Scorer", "Scores"]

_REMEMBERED = 200_000  # words whose look-up is kept
_CHUNK_WORDS = 50_000  # bounds memory: every array below is a small multiple of this


@dataclass(frozen=True, eq=False)
class Features:
    """TF-IDF vectors of some texts, in coordinate form, sorted by text and feature.

    Attributes
    ----------
    n_texts : int
    text, feature : ndarray of shape (nnz,), int64
    value : ndarray of shape (nnz,), float64
        Of Euclidean norm 1 for each text.
    n_terms : ndarray of shape (n_texts,), int64
        Distinct known terms of each text.
    known_share : ndarray of shape (n_texts,), float64
        Known words over all words that are no stop terms; 0 without any.
    """

    n_texts: int
    text: NDArray[np.int64]
    feature: NDArray[np.int64]
    value: NDArray[np.float64]
    n_terms: NDArray[np.int64]
    known_share: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Scores:
    """Decision values of all heads for some texts.

    Attributes
    ----------
    label : ndarray of shape (n_texts,)
        Above 0 means KPO.
    scope : ndarray of shape (n_texts,)
        Higher means in scope; NaN if the model knows no scope.
    mixed : ndarray of shape (n_texts,)
        Higher means duties on both sides; NaN if the model knows no mixed texts.
    service : ndarray of shape (n_texts, n_services)
    n_terms : ndarray of shape (n_texts,)
    known_share : ndarray of shape (n_texts,)
    """

    label: NDArray[np.float64]
    scope: NDArray[np.float64]
    mixed: NDArray[np.float64]
    service: NDArray[np.float64]
    n_terms: NDArray[np.int64]
    known_share: NDArray[np.float64]


class Scorer:
    """Scores texts with a model's weights.

    The same text gets the same bits whatever batch it comes in: every sum runs over one text's
    features in their order.

    Parameters
    ----------
    weights : Weights
    """

    def __init__(self, weights: Weights) -> None:
        self.weights = weights
        self._looked_up: dict[str, int] = {}
        self._n_stems = len(weights.stems)
        self._bigram_keys = (
            weights.bigrams[:, 0].astype(np.int64) * self._n_stems + weights.bigrams[:, 1]
        )
        self._idf = weights.idf.astype(np.float64)
        # One more entry than forms: a word that is not in the table.
        self._form_stem = np.append(weights.form_stem.astype(np.int64), UNKNOWN)

    @cached_property
    def bigram_features(self) -> dict[tuple[int, int], int]:
        """Feature number of each known pair of stem numbers."""
        pairs = enumerate(self.weights.bigrams.tolist(), self._n_stems)
        return {(first, second): feature for feature, (first, second) in pairs}

    def form_numbers(self, words: Sequence[str]) -> list[int]:
        """Number of each word in the table of surface forms; `n_forms` for one that is not there."""
        known = self._looked_up
        try:
            return [known[word] for word in words]
        except KeyError:
            if len(known) > _REMEMBERED:
                known = self._looked_up = {}  # a new one: another thread may be reading the old
            known.update({word: self._look_up(word) for word in words if word not in known})
            return [known[word] for word in words]

    def stem_numbers(self, words: Sequence[str]) -> list[int]:
        """Stem number of each word; `STOP` for a stop term, `UNKNOWN` for a word without a stem."""
        numbers: list[int] = self._form_stem[np.array(self.form_numbers(words), np.int64)].tolist()
        return numbers

    def _look_up(self, word: str) -> int:
        """Binary search: a dict of all forms would take longer to build than most files to label."""
        forms = self.weights.forms
        place = bisect_left(forms, word)
        return place if place < len(forms) and forms[place] == word else len(forms)

    def tokens(self, words: Sequence[Sequence[str]]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Form number of every word of some texts, and the number of the text it stands in."""
        numbers = [self.form_numbers(found) for found in words]
        lengths = np.fromiter(map(len, numbers), np.int64, len(numbers))
        form = np.fromiter((f for text in numbers for f in text), np.int64, int(lengths.sum()))
        return form, np.repeat(np.arange(len(words)), lengths)

    def features(self, texts: Sequence[str]) -> Features:
        """TF-IDF vectors of texts.

        Parameters
        ----------
        texts : sequence of str

        Returns
        -------
        Features
        """
        return self.vectors([split_words(text) for text in texts])

    def vectors(self, words: Sequence[Sequence[str]]) -> Features:
        """TF-IDF vectors of texts that are split into words already."""
        form, text = self.tokens(words)
        stem = self._form_stem[form]
        n_texts = len(words)
        kept = stem != STOP
        stem, text = stem[kept], text[kept]
        known = stem != UNKNOWN

        n_words = np.bincount(text, minlength=n_texts)
        n_known = np.bincount(text[known], minlength=n_texts)
        known_share = np.divide(n_known, n_words, out=np.zeros(n_texts), where=n_words > 0)

        pair_text, pair = self._bigrams(text, stem, known)
        keys = np.concatenate((text[known], pair_text)) * self.weights.n_features
        keys += np.concatenate((stem[known], pair))
        keys, count = np.unique(keys, return_counts=True)
        text, feature = np.divmod(keys, self.weights.n_features)
        value = (1.0 + np.log(count)) * self._idf[feature]
        norm = np.sqrt(np.bincount(text, value * value, n_texts))
        value /= norm[text]
        n_terms = np.bincount(text, minlength=n_texts)
        return Features(n_texts, text, feature, value, n_terms, known_share)

    def _bigrams(
        self, text: NDArray[np.int64], stem: NDArray[np.int64], known: NDArray[np.bool_]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Text and feature number of each known bigram: two known words of one text in a row."""
        first = np.flatnonzero(known[:-1] & known[1:] & (text[:-1] == text[1:]))
        if not len(self._bigram_keys):
            return text[:0], stem[:0]
        key = stem[first] * self._n_stems + stem[first + 1]
        place = np.minimum(np.searchsorted(self._bigram_keys, key), len(self._bigram_keys) - 1)
        found = self._bigram_keys[place] == key
        return text[first[found]], self._n_stems + place[found]

    def label_decisions(self, words: Sequence[Sequence[str]]) -> NDArray[np.float64]:
        """Decision values of the label head of texts that are split into words already."""
        return (
            self._sum(self.vectors(words), self.weights.label_coef) + self.weights.label_intercept
        )

    def scores(self, texts: Sequence[str]) -> Scores:
        """Decision values of all heads.

        Parameters
        ----------
        texts : sequence of str

        Returns
        -------
        Scores
        """
        parts = [self._score(chunk) for chunk in _chunks(texts)] or [self._score([])]
        return Scores(
            label=np.concatenate([p.label for p in parts]),
            scope=np.concatenate([p.scope for p in parts]),
            mixed=np.concatenate([p.mixed for p in parts]),
            service=np.concatenate([p.service for p in parts]),
            n_terms=np.concatenate([p.n_terms for p in parts]),
            known_share=np.concatenate([p.known_share for p in parts]),
        )

    def _score(self, texts: Sequence[str]) -> Scores:
        features, weights = self.features(texts), self.weights
        label = self._sum(features, weights.label_coef) + weights.label_intercept
        mixed = np.full(len(texts), np.nan)
        if weights.knows_mixed:
            mixed = self._sum(features, weights.mixed_coef) + weights.mixed_intercept
        if weights.knows_scope:
            scope = self._sum(features, weights.scope_coef) + weights.scope_intercept
        else:
            scope = np.full(len(texts), np.nan)
        service = np.tile(weights.service_intercept, (len(texts), 1))
        single = np.flatnonzero(features.feature < self._n_stems)
        if len(single):
            text = features.text[single]
            start = np.flatnonzero(np.diff(text, prepend=-1))
            product = weights.service_coef[features.feature[single]] * features.value[single, None]
            service[text[start]] += np.add.reduceat(product, start, axis=0)
        return Scores(label, scope, mixed, service, features.n_terms, features.known_share)

    @staticmethod
    def _sum(features: Features, coef: NDArray[np.float16]) -> NDArray[np.float64]:
        """Sum of weight times value over the features of each text."""
        product = coef[features.feature] * features.value
        sums: NDArray[np.float64] = np.bincount(features.text, product, features.n_texts).astype(
            float
        )
        return sums


def _chunks(texts: Sequence[str]) -> Iterator[Sequence[str]]:
    """Runs of texts of about as many words as `_CHUNK_WORDS`, at six characters a word."""
    start = size = 0
    for end, text in enumerate(texts):
        size += len(text)
        if size > 6 * _CHUNK_WORDS:
            yield texts[start : end + 1]
            start, size = end + 1, 0
    if start < len(texts):
        yield texts[start:]
