"""Texts as a drift test sees them: their words, and what a model says of them."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.sparse import csr_matrix

from kpoclf.judge.status import plain_review_score, statuses
from kpoclf.learn.heads import fit_mixed
from kpoclf.learn.out_of_fold import fitted_folds
from kpoclf.learn.settings import Settings
from kpoclf.learn.vectors import TermCounts
from kpoclf.model.review import review_features
from kpoclf.model.scorer import Scorer, Scores
from kpoclf.model.weights import STOP
from kpoclf.text.words import split_words

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from kpoclf.corpus.rows import LabelledRow
    from kpoclf.judge.model import Model

__all__ = ["Profile", "WordTable", "judged_profile", "unseen_profile", "word_table"]


@dataclass(frozen=True, eq=False)
class Profile:
    """What a model says of some texts, one array entry per text.

    Attributes
    ----------
    known_share : ndarray of float64
        Known words over all words that are no stop terms.
    confidence, review_score : ndarray of float64
    kpo : ndarray of bool
    status : ndarray of str objects
    """

    known_share: NDArray[np.float64]
    confidence: NDArray[np.float64]
    review_score: NDArray[np.float64]
    kpo: NDArray[np.bool_]
    status: NDArray[np.object_]

    def take(self, texts: NDArray[np.int64]) -> Profile:
        """The same for some of the texts."""
        return Profile(**{f.name: getattr(self, f.name)[texts] for f in fields(self)})


@dataclass(frozen=True, eq=False)
class WordTable:
    """How often each term occurs in each text; stop terms left out, forms of one stem together.

    Attributes
    ----------
    counts : sparse matrix of shape (n_texts, n_terms)
    terms : list of str
        The commonest form of each.
    known : ndarray of shape (n_terms,), bool
        Whether the model knows the term.
    """

    counts: Any
    terms: list[str]
    known: NDArray[np.bool_]

    def take(self, texts: NDArray[np.int64]) -> WordTable:
        """The same terms in some of the texts."""
        return WordTable(self.counts[texts], self.terms, self.known)

    @property
    def n_words(self) -> NDArray[np.float64]:
        """Words of each text."""
        return np.asarray(self.counts.sum(axis=1), np.float64).ravel()

    def known_share(self) -> NDArray[np.float64]:
        """Share of known words of each text; 0 without words."""
        n_known = np.asarray(self.counts @ self.known, np.float64).ravel()
        found: NDArray[np.float64] = n_known / np.maximum(self.n_words, 1)
        return found


def word_table(model: Model, texts: Sequence[str]) -> WordTable:
    """Words of texts, by the stems of a model.

    Parameters
    ----------
    model : Model
    texts : sequence of str

    Returns
    -------
    WordTable
    """
    scorer = Scorer(model.trained.weights)
    term_of: dict[str, int] = {}  # of each word; -1 for a stop term
    of_stem: dict[int, int] = {}
    forms: dict[int, Counter[str]] = defaultdict(Counter)
    known: list[bool] = []
    rows, columns, values = [], [], []
    for row, text in enumerate(texts):
        counted = Counter(split_words(text))
        new = [word for word in counted if word not in term_of]
        for word, stem in zip(new, scorer.stem_numbers(new), strict=True):
            if stem == STOP:
                term_of[word] = -1
            elif stem >= 0 and stem in of_stem:
                term_of[word] = of_stem[stem]
            else:
                term_of[word] = len(known)
                known.append(stem >= 0)
                if stem >= 0:
                    of_stem[stem] = term_of[word]
        for word, count in counted.items():
            term = term_of[word]
            if term >= 0:
                forms[term][word] += count
                rows.append(row)
                columns.append(term)
                values.append(count)
    shape = (len(texts), len(known))
    counts = csr_matrix((values, (rows, columns)), shape, dtype=np.float64)
    counts.sum_duplicates()
    terms = [max(sorted(forms[i]), key=lambda form: forms[i][form]) for i in range(len(known))]
    return WordTable(counts, terms, np.array(known, np.bool_))


def judged_profile(model: Model, texts: Sequence[str], words: WordTable) -> Profile:
    """What a model says of texts that it was not trained on."""
    judged = model.judge(texts)
    return Profile(
        words.known_share(),
        judged.confidence,
        judged.review_score,
        judged.label == "KPO",
        judged.status,
    )


def unseen_profile(
    model: Model,
    rows: Sequence[LabelledRow],
    groups: NDArray[np.int64],
    words: WordTable,
    mixed: Sequence[str],
    tell: Callable[[str], None] = lambda step: None,
) -> Profile:
    """What a model would say of the rows it was trained on, had it seen none of their near-duplicates.

    Of rows that it knows a model is too sure. Its heads are fitted anew for each fold; its calibration
    and thresholds, which were fitted out of fold, stay. A word counts as known if a row that is no
    near-duplicate has it.

    Parameters
    ----------
    model : Model
    rows : sequence of LabelledRow
        All that it was trained on.
    groups : ndarray of shape (n_rows,)
        Near-duplicates share one.
    words : WordTable
        Of the same rows.
    mixed : sequence of str
        Mixed texts that it was trained on.
    tell : callable

    Returns
    -------
    Profile
    """
    trained = model.trained
    names = {f.name for f in fields(Settings)} & set(trained.settings)
    settings = Settings(**{name: trained.settings[name] for name in names})
    tell("reading words of the training rows")
    counts = TermCounts([*(row.text for row in rows), *mixed], settings)
    tell("cross-validating the training rows")
    n = len(rows)
    label, scope, of_mixed = np.full(n, np.nan), np.full(n, np.nan), np.full(n, np.nan)
    n_terms = np.zeros(n, np.int64)
    inside = np.array([row.label != "OTHER" for row in rows])
    for fold in fitted_folds(rows, groups, counts, settings):
        X = fold.vectorizer.vectors(fold.test)
        label[fold.test], scope[fold.test] = fold.decisions(X)
        n_terms[fold.test] = X.getnnz(axis=1)
        if len(mixed):
            learned = np.concatenate((fold.train[inside[fold.train]], n + np.arange(len(mixed))))
            coef, intercept = fit_mixed(fold.vectorizer.vectors(learned), learned >= n, settings)
            of_mixed[fold.test] = X @ coef + intercept
    known_share = _known_elsewhere(words, groups)
    p_kpo = trained.calibration.probability(label, n_terms)
    p_in_scope = trained.scope_calibration.probability(scope)
    review_score = plain_review_score(p_kpo)
    if trained.review is not None:
        features = review_features(p_kpo, np.nan_to_num(of_mixed))
        review_score = trained.review.score(features, n_terms)
        review_score[n_terms < trained.thresholds.min_terms] = 1.0
    scores = Scores(label, scope, of_mixed, n_terms, known_share)
    kpo = label > 0
    return Profile(
        known_share,
        np.where(kpo, p_kpo, 1 - p_kpo),
        review_score,
        kpo,
        statuses(scores, review_score, p_in_scope, trained.thresholds),
    )


def _known_elsewhere(words: WordTable, groups: NDArray[np.int64]) -> NDArray[np.float64]:
    """Share of the words of each text that a text of another group has too."""
    held = words.counts.copy()
    held.data[:] = 1.0
    number = np.unique(groups, return_inverse=True)[1]
    n = len(number)
    by_group = csr_matrix((np.ones(n), (number, np.arange(n))), (int(number.max()) + 1, n)) @ held
    n_groups = by_group.getnnz(axis=0)
    elsewhere = WordTable(words.counts, words.terms, (n_groups > 1) & words.known)
    return elsewhere.known_share()
