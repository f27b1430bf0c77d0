"""Texts to decision values with NumPy alone: what labelling runs on.

Every step takes all texts of a chunk at once: text to bytes, bytes to words, words to stems, stems
to terms, terms to sums of weights. `kpoclf.model.reference` does the same one text at a time.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from kpoclf.errors import ModelError
from kpoclf.model.hash_table import HashTable
from kpoclf.model.weights import STOP, UNKNOWN, Weights
from kpoclf.model.word_roots import WordRoots
from kpoclf.taxonomy import CLASSES
from kpoclf.text.byte_words import split_batch

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from kpoclf.text.byte_words import ByteWords

    _Keys = NDArray[np.unsignedinteger[Any]]

__all__ = ["Features", "Scorer", "Scores", "chunks", "text_numbers"]

_CHUNK_CHARACTERS = 400_000  # the arrays of a chunk stay in the processor's cache
_CHUNK_TEXTS = 4096
_FEW = 1000  # look-ups for which no table is made
_HEADS = ("label", "scope", "mixed")  # with one value for each text
_TF = 1.0 + np.log(
    np.arange(1, 1000)
)  # sublinear term frequency of a term that occurs 1, 2, … times


@dataclass(frozen=True, eq=False)
class Features:
    """TF-IDF vectors of some texts, in coordinate form, sorted by text and feature.

    Attributes
    ----------
    n_texts : int
    text, feature : ndarray of shape (nnz,), int64
    tf : ndarray of shape (nnz,), float64
        Sublinear term frequency: ``1 + log(count)``.
    per_tf : ndarray of shape (nnz, 4), float64
        Idf, and idf times the weight of the label, scope and mixed heads.
    weight : ndarray of shape (nnz,), float64
        `tf` times idf.
    norm : ndarray of shape (n_texts,), float64
        Euclidean norm of each text's weights; 1 where it has none.
    n_terms : ndarray of shape (n_texts,), int64
        Distinct known terms of each text.
    known_share : ndarray of shape (n_texts,), float64
        Known words over all words that are no stop terms; 0 without any.
    """

    n_texts: int
    text: NDArray[np.int64]
    feature: NDArray[np.int64]
    tf: NDArray[np.float64]
    per_tf: NDArray[np.float64]
    weight: NDArray[np.float64]
    norm: NDArray[np.float64]
    n_terms: NDArray[np.int64]
    known_share: NDArray[np.float64]

    @cached_property
    def value(self) -> NDArray[np.float64]:
        """Weights over the norm of their text: of Euclidean norm 1 for each text."""
        return self.weight / self.norm.take(self.text)


@dataclass(frozen=True, eq=False)
class Scores:
    """Decision values of the heads with one value for each text.

    Attributes
    ----------
    label : ndarray of shape (n_texts,)
        Above 0 means KPO.
    scope : ndarray of shape (n_texts,)
        Higher means in scope; NaN if the model knows no scope.
    mixed : ndarray of shape (n_texts,)
        Higher means duties on both sides; NaN if the model knows no mixed texts.
    n_terms : ndarray of shape (n_texts,)
    known_share : ndarray of shape (n_texts,)
    """

    label: NDArray[np.float64]
    scope: NDArray[np.float64]
    mixed: NDArray[np.float64]
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
        self.roots = WordRoots(weights.forms)
        self._n_stems = len(weights.stems)
        # One more root than the table has: that of a word that is not in it.
        self._root_stem = np.append(weights.root_stem, np.int32(UNKNOWN))
        self._feature_bits = max(weights.n_features - 1, 1).bit_length()
        self._pair_type = np.uint32 if self._n_stems**2 < 1 << 32 else np.uint64

    # What follows is made of the weights when it is first needed: `explain` needs little of it.

    @cached_property
    def _per_tf(self) -> NDArray[np.float64]:
        """What a feature adds for each unit of its term frequency; columns as in `_per_tf_of`."""
        return self._weighed(slice(None))

    def _per_tf_of(self, feature: NDArray[np.int64]) -> NDArray[np.float64]:
        """Idf of features, and their weights in the label, scope and mixed heads times idf."""
        if len(feature) < _FEW and "_per_tf" not in self.__dict__:
            return self._weighed(feature)
        return self._per_tf.take(feature, axis=0)  # what belongs together lies in one cache line

    def _weighed(self, which: Any) -> NDArray[np.float64]:
        weights = self.weights
        idf = weights.idf[which].astype(np.float64)
        found = np.zeros((len(idf), 1 + len(_HEADS)))
        found[:, 0] = idf
        for column, name in enumerate(_HEADS, 1):
            if len(coef := getattr(weights, f"{name}_coef")):
                np.multiply(coef[which], idf, out=found[:, column])
        return found

    @cached_property
    def _service_columns(self) -> dict[str, tuple[NDArray[np.int64], NDArray[np.float64]]]:
        """Columns of the service head that belong to each label, and their intercepts."""
        labels = np.array(self.weights.service_labels)
        of_label = {name: np.flatnonzero(labels == name) for name in CLASSES}
        intercept = self.weights.service_intercept
        return {name: (columns, intercept[columns]) for name, columns in of_label.items()}

    @cached_property
    def _service_coef(self) -> dict[str, NDArray[np.float32]]:
        """Weights of the services of each label."""
        coef = self.weights.service_coef
        return {
            name: coef[:, columns].astype(np.float32, order="C")  # rows are taken
            for name, (columns, _) in self._service_columns.items()
        }

    @cached_property
    def _bigram_keys(self) -> _Keys:
        pairs = self.weights.bigrams
        return self._pair_keys(pairs[:, 0], pairs[:, 1])

    @cached_property
    def _bigrams(self) -> HashTable:
        """Feature of each known pair of stems."""
        keys = self._bigram_keys
        table = HashTable(1, self._pair_type)
        table.insert([keys], np.arange(self._n_stems, self.weights.n_features, dtype=np.int32))
        if len(table) < len(keys):
            raise ModelError("the model's pairs of words are made to collide; train it anew")
        return table

    def _pair_keys(self, first: NDArray[np.int32], second: NDArray[np.int32]) -> _Keys:
        """One number for each pair of stems, different for different pairs, never 0."""
        return ((first.astype(np.int64) * self._n_stems + second) + 1).astype(self._pair_type)

    def _find_bigrams(
        self, first: NDArray[np.int32], second: NDArray[np.int32]
    ) -> NDArray[np.int32]:
        """Feature of each pair of stems; -1 for a pair that is none."""
        keys = self._pair_keys(first, second)
        if len(keys) >= _FEW or "_bigrams" in self.__dict__:
            return self._bigrams.find([keys])
        # To search takes less time than to make the table: the bigrams lie in two sorted runs, those
        # that the service head weighs and the others.
        found = np.full(len(keys), -1, np.int32)
        cut = len(self.weights.service_coef) - self._n_stems
        for run, start in ((self._bigram_keys[:cut], 0), (self._bigram_keys[cut:], cut)):
            if len(run):
                place = np.minimum(np.searchsorted(run, keys), len(run) - 1)
                hit = run.take(place) == keys
                found[hit] = self._n_stems + start + place[hit]
        return found

    def stem_numbers(self, words: Sequence[str]) -> list[int]:
        """Stem number of each word; `STOP` for a stop term, `UNKNOWN` for a word without a stem."""
        root = self.weights.forms.root
        return [int(self._root_stem[root(word)]) for word in words]

    def bigram_numbers(self, first: Sequence[int], second: Sequence[int]) -> list[int]:
        """Feature of each pair of stem numbers; -1 for a pair that is none."""
        found: list[int] = self._find_bigrams(
            np.array(first, np.int32), np.array(second, np.int32)
        ).tolist()
        return found

    def features(self, texts: Sequence[str]) -> Features:
        """TF-IDF vectors of texts.

        Parameters
        ----------
        texts : sequence of str

        Returns
        -------
        Features
        """
        n_texts = len(texts)
        words = split_batch(texts)
        stem = self._root_stem.take(self.roots(words))
        text = text_numbers(words)
        kept = np.flatnonzero(stem != STOP)
        stem, text = stem.take(kept), text.take(kept)
        known = stem != UNKNOWN
        n_words = np.bincount(text, minlength=n_texts)

        # Bigrams: two known words of one text, next to each other but for stop terms.
        pair = np.flatnonzero(known[:-1] & known[1:] & (text[:-1] == text[1:]))
        bigram = self._find_bigrams(stem.take(pair), stem.take(pair + 1))
        found = np.flatnonzero(bigram >= 0)

        # One number for text and feature: sorting it brings equal terms of a text together.
        single = np.flatnonzero(known)
        n_known = np.bincount(text.take(single), minlength=n_texts)
        key_type: Any = np.uint32 if n_texts << self._feature_bits <= 1 << 32 else np.uint64
        keys = text.take(np.concatenate((single, pair.take(found)))).astype(key_type)
        keys <<= key_type(self._feature_bits)
        keys |= np.concatenate((stem.take(single), bigram.take(found))).astype(key_type)
        keys.sort()
        start = np.flatnonzero(_differs_from_last(keys))
        count = np.diff(start, append=len(keys))
        keys = keys.take(start)
        of_text = (keys >> key_type(self._feature_bits)).astype(np.int64)
        feature = (keys & key_type((1 << self._feature_bits) - 1)).astype(np.int64)

        tf = _TF.take(count - 1) if count.max(initial=0) <= len(_TF) else 1.0 + np.log(count)
        per_tf = self._per_tf_of(feature)
        weight = per_tf[:, 0] * tf
        norm = np.sqrt(np.bincount(of_text, weight * weight, n_texts))
        norm[norm == 0.0] = 1.0
        return Features(
            n_texts,
            of_text,
            feature,
            tf,
            per_tf,
            weight,
            norm,
            n_terms=np.bincount(of_text, minlength=n_texts),
            known_share=n_known / np.maximum(n_words, 1),
        )

    def label(self, features: Features) -> NDArray[np.float64]:
        """Decision values of the label head; above 0 means KPO."""
        return self._sum(features, "label") + self.weights.label_intercept

    def label_decisions(self, texts: Sequence[str]) -> NDArray[np.float64]:
        """Decision values of the label head of any number of texts."""
        parts = [self.label(self.features(part)) for part in chunks(texts)]
        return np.concatenate(parts) if parts else np.empty(0)

    def scores(self, features: Features) -> Scores:
        """Decision values of the label, scope and mixed heads.

        Parameters
        ----------
        features : Features

        Returns
        -------
        Scores
        """
        weights = self.weights
        scope = mixed = np.full(features.n_texts, np.nan)
        if weights.knows_scope:
            scope = self._sum(features, "scope") + weights.scope_intercept
        if weights.knows_mixed:
            mixed = self._sum(features, "mixed") + weights.mixed_intercept
        return Scores(self.label(features), scope, mixed, features.n_terms, features.known_share)

    def services(
        self, features: Features, label: str, texts: NDArray[np.int64]
    ) -> NDArray[np.float64]:
        """Decision values of the services of one label, for some of the texts.

        Parameters
        ----------
        features : Features
        label : str
        texts : ndarray of shape (n,), int64
            Numbers of texts, ascending.

        Returns
        -------
        ndarray of shape (n, n_services)
            Columns: the services of that label, in the order of ``weights.services``.
        """
        columns, intercept = self._service_columns[label]
        asked = np.zeros(features.n_texts, np.bool_)
        asked[texts] = True
        n_weighed = len(self.weights.service_coef)
        used = np.flatnonzero((features.feature < n_weighed) & asked.take(features.text))
        feature = features.feature.take(used)
        if len(used) >= _FEW or "_service_coef" in self.__dict__:
            product = self._service_coef[label].take(feature, axis=0)
        else:
            rows = self.weights.service_coef.take(feature, axis=0)
            product = rows[:, columns].astype(np.float32)
        product *= features.weight.take(used).astype(np.float32)[:, None]
        of_text = features.text.take(used)
        start = np.flatnonzero(_differs_from_last(of_text))
        sums = np.zeros((features.n_texts, len(intercept)))
        if len(start):
            sums[of_text.take(start)] = np.add.reduceat(product, start, axis=0)
        found: NDArray[np.float64] = sums.take(texts, axis=0)
        found /= features.norm.take(texts)[:, None]
        return found + intercept

    @staticmethod
    def _sum(features: Features, head: str) -> NDArray[np.float64]:
        """Sum over the features of each text, over the norm of its vector."""
        product = features.per_tf[:, 1 + _HEADS.index(head)] * features.tf
        sums = np.bincount(features.text, product, features.n_texts)
        return np.divide(sums, features.norm)


def text_numbers(words: ByteWords) -> NDArray[np.int64]:
    """Number of the text of each word."""
    return np.repeat(np.arange(len(words.first) - 1), np.diff(words.first))


def chunks(texts: Sequence[str]) -> Iterator[Sequence[str]]:
    """Runs of texts small enough to be scored at once in bounded memory."""
    start = size = 0
    for end, text in enumerate(texts, 1):
        size += len(text)
        if size >= _CHUNK_CHARACTERS or end - start >= _CHUNK_TEXTS:
            yield texts[start:end]
            start, size = end, 0
    if start < len(texts):
        yield texts[start:]


def _differs_from_last(keys: NDArray[np.integer]) -> NDArray[np.bool_]:
    """Whether each of sorted keys is the first of its kind."""
    differs = np.ones(len(keys), np.bool_)
    np.not_equal(keys[1:], keys[:-1], out=differs[1:])
    return differs
