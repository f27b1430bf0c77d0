"""Sentences to decision values with NumPy alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from kpoclf.model.calibration import sigmoid
from kpoclf.model.scorer import text_numbers
from kpoclf.model.sentence_heads import stronger_pole
from kpoclf.taxonomy import TASKS
from kpoclf.text.byte_words import split_batch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from kpoclf.model.scorer import Scorer
    from kpoclf.model.sentence_heads import SentenceHeads

__all__ = ["SentenceScorer", "SentenceScores"]


@dataclass(frozen=True, eq=False)
class SentenceScores:
    """Where the sentences of some texts stand and what each states.

    Attributes
    ----------
    text, start, end : ndarray of shape (n_sentences,), int64
        Number of the text; ``texts[text][start:end]`` is the sentence.
    task : ndarray of shape (n_sentences, 3)
        Probabilities, columns as `kpoclf.taxonomy.TASKS`; rows add up to 1.
    criteria : ndarray of shape (n_sentences, 18)
        Probabilities that a reader sees each of `kpoclf.taxonomy.POLES`; 0 where the other pole of
        the criterion is likelier.
    """

    text: NDArray[np.int64]
    start: NDArray[np.int64]
    end: NDArray[np.int64]
    task: NDArray[np.float64]
    criteria: NDArray[np.float64]


class SentenceScorer:
    """Splits texts into sentences and scores each.

    A sentence gets the same bits whatever stands around it.

    Parameters
    ----------
    scorer : Scorer
        Of the same model; looks words up.
    heads : SentenceHeads
    """

    def __init__(self, scorer: Scorer, heads: SentenceHeads) -> None:
        self.heads = heads
        self._scorer = scorer
        self._root_stem = np.append(heads.root_stem, np.int32(-1))
        self._idf = heads.idf.astype(np.float64)

    def scores(self, texts: Sequence[str]) -> SentenceScores:
        """Sentences of texts, in order, with their scores.

        Parameters
        ----------
        texts : sequence of str

        Returns
        -------
        SentenceScores
        """
        number, places, sentences = self._split(texts)
        task, criteria = self.read(sentences)
        return SentenceScores(number, places[:, 0], places[:, 1], task, criteria)

    def read(self, sentences: Sequence[str]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Scores of sentences as they are given, without splitting.

        Parameters
        ----------
        sentences : sequence of str

        Returns
        -------
        task, criteria : ndarray
            As in `SentenceScores`.
        """
        decision = self._decisions(sentences)
        n = len(TASKS)
        criteria = stronger_pole(sigmoid(decision[:, n:]))
        return self._probabilities(decision[:, :n]), criteria

    def _split(
        self, texts: Sequence[str]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], list[str]]:
        """Number of the text, place and wording of every sentence."""
        spans = [self.heads.splitter.spans(text) for text in texts]
        number = np.repeat(np.arange(len(texts)), [len(found) for found in spans])
        places = np.array([span for found in spans for span in found], np.int64).reshape(-1, 2)
        pairs = zip(texts, spans, strict=True)
        return number, places, [text[a:b] for text, found in pairs for a, b in found]

    def _probabilities(self, decision: NDArray[np.float64]) -> NDArray[np.float64]:
        scaled = decision / self.heads.temperature
        power = np.exp(scaled - scaled.max(axis=1, keepdims=True)) if len(scaled) else scaled
        found: NDArray[np.float64] = power / power.sum(axis=1, keepdims=True)
        return found

    def _decisions(self, sentences: Sequence[str]) -> NDArray[np.float64]:
        """Decision values of all heads, shape (n_sentences, 3 + 18)."""
        words = split_batch(sentences)
        stem = self._root_stem.take(self._scorer.roots(words)).astype(np.int64)
        sentence = text_numbers(words)
        first = np.diff(sentence, prepend=-1) != 0
        n_stems, n_features = len(self.heads.stems), len(self._idf)
        owner = np.concatenate((sentence, sentence[first]))
        feature = np.concatenate((stem, np.where(stem[first] >= 0, stem[first] + n_stems, -1)))
        used = feature >= 0
        used[used] = self._idf[feature[used]] > 0
        keys, count = np.unique(owner[used] * n_features + feature[used], return_counts=True)
        owner, feature = np.divmod(keys, n_features)
        value = (1.0 + np.log(count)) * self._idf[feature]
        norm = np.sqrt(np.bincount(owner, value * value, len(sentences)))
        value /= norm[owner]
        found = np.tile(self.heads.intercept, (len(sentences), 1))
        if len(owner):
            start = np.flatnonzero(np.diff(owner, prepend=-1))
            product = self.heads.coef[feature] * value[:, None]
            found[owner[start]] += np.add.reduceat(product, start, axis=0)
        return found
