"""Rows to TF-IDF vectors, refitted on any part of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.feature_extraction.text import CountVectorizer, TfidfTransformer

from kpoclf.errors import CorpusError
from kpoclf.text.stopwords import FUNCTION_WORDS, hiring_words
from kpoclf.text.terms import StemAnalyzer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from kpoclf.learn.settings import Settings

__all__ = ["STOP_WORDS", "TermCounts", "Vectorizer"]

_NO_WORDS = "the labelled rows have no usable words: are the texts in English?"

STOP_WORDS = FUNCTION_WORDS | hiring_words()


class TermCounts:
    """Term counts of all rows: words are split and stemmed once, whatever is refitted.

    Parameters
    ----------
    texts : sequence of str
    settings : Settings

    Attributes
    ----------
    matrix : sparse matrix of shape (n_rows, n_terms)
    terms : list of str
        Sorted.
    is_pair : ndarray of shape (n_terms,)
        Whether a term is a bigram.
    """

    def __init__(self, texts: Sequence[str], settings: Settings) -> None:
        analyzer = StemAnalyzer(STOP_WORDS, settings.bigrams)
        counter = CountVectorizer(analyzer=analyzer)
        try:
            self.matrix: Any = counter.fit_transform(texts)
        except ValueError:  # scikit-learn: empty vocabulary
            raise CorpusError(_NO_WORDS) from None
        self.terms: list[str] = counter.get_feature_names_out().tolist()
        self.is_pair: NDArray[np.bool_] = np.array([" " in term for term in self.terms])


class Vectorizer:
    """Vocabulary and idf of some rows, and the vectors of any.

    Parameters
    ----------
    counts : TermCounts
    rows : ndarray of int
        Rows to fit on.
    min_df : int

    Raises
    ------
    CorpusError
        If no term occurs in that many rows.

    Attributes
    ----------
    columns : ndarray of int
        Columns of the counts that are features.
    idf : ndarray of shape (n_features,), float32
    """

    def __init__(self, counts: TermCounts, rows: NDArray[np.int64], min_df: int) -> None:
        part = counts.matrix[rows]
        document_frequency = np.bincount(part.indices, minlength=part.shape[1])
        self.columns = np.flatnonzero(document_frequency >= min_df)
        if not len(self.columns):
            few = f"no term occurs in {min_df} of {len(rows)} rows: lower min_df"
            raise CorpusError(few if min_df > 1 else _NO_WORDS)
        self._counts = counts
        self._transformer = TfidfTransformer(sublinear_tf=True).fit(part[:, self.columns])
        self.idf = self._transformer.idf_.astype(np.float32)
        # What is stored is what is fitted with: float32.
        self._transformer.idf_ = self.idf.astype(np.float64)

    def vectors(self, rows: NDArray[np.int64]) -> Any:
        """TF-IDF vectors of rows, sparse, of Euclidean norm 1."""
        return self._transformer.transform(self.counts(rows))

    def counts(self, rows: NDArray[np.int64]) -> Any:
        """How often each feature occurs in rows, sparse."""
        return self._counts.matrix[rows][:, self.columns]

    def terms(self) -> list[str]:
        """Name of each feature."""
        return self.term_names(np.arange(len(self.columns)))

    def term_names(self, features: NDArray[np.integer]) -> list[str]:
        """Names of some features."""
        return [self._counts.terms[c] for c in self.columns[features].tolist()]

    def stem_features(self) -> NDArray[np.int64]:
        """Positions of the features that are single stems."""
        return np.flatnonzero(~self._counts.is_pair[self.columns])

    def service_features(self, glossary: NDArray[np.int64]) -> NDArray[np.int64]:
        """Positions of the features that the service head weighs.

        Those are the single stems, and the bigrams that an entry of the glossary holds: of the many
        other bigrams few say anything of the service.

        Parameters
        ----------
        glossary : ndarray of int
            Rows of the counts that are entries of the glossary.
        """
        held = self.counts(glossary).getnnz(axis=0) > 0
        pairs = np.flatnonzero(self._counts.is_pair[self.columns] & held)
        return np.concatenate((self.stem_features(), pairs))
