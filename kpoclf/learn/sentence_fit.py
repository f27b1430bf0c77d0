"""The sentence heads: fitted on the shipped sentences, whatever rows the rest of a model is fitted on."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.feature_extraction.text import CountVectorizer, TfidfTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedGroupKFold
from threadpoolctl import threadpool_limits

from kpoclf.corpus.rows import read_corpus
from kpoclf.corpus.sentences import DRAWN, NATURAL, read_sentences
from kpoclf.corpus.similarity import near_duplicate_groups
from kpoclf.errors import ModelError
from kpoclf.judge.model import load
from kpoclf.learn.abbreviations import learn_splitter
from kpoclf.learn.figures import Figure, bootstrap_weights, f1_figure
from kpoclf.learn.heads import fit_logistic, fit_tasks, fit_temperature
from kpoclf.model.sentence_heads import SentenceHeads, stronger_pole
from kpoclf.taxonomy import POLES, TASKS
from kpoclf.text.stems import stem
from kpoclf.text.stopwords import FUNCTION_WORDS
from kpoclf.text.words import split_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from kpoclf.corpus.rows import LabelledRow
    from kpoclf.corpus.sentences import LabelledSentence
    from kpoclf.text.sentences import SentenceSplitter

__all__ = [
    "FittedSentences",
    "fit_sentences",
    "fitted_sentences",
    "sentence_terms",
    "shipped_sentences",
]

_C = 1.0
_C_CRITERIA = 10.0
_C_SECOND = 0.1
_FOLDS = 5
_SEED = 0
_ROW_WEIGHT = 0.5  # of a short row of the corpus beside a sentence
_SHORT = ("task", "posting-sentence", "bullets", "first-person", "statement-of-work", "brief")
_FIGURES = ("sentence task, macro-F1", "sentence criterion:pole, micro-F1")
_FIRST = "^"  # marks the stem of a sentence's first word


@dataclass(frozen=True, eq=False)
class FittedSentences:
    """Sentence heads before they are tied to a model's table of forms.

    Attributes
    ----------
    words : frozenset of str
        Every word of the sentences: the table needs their forms.
    stems, idf, coef, intercept, temperature, threshold, splitter
        As in `kpoclf.model.sentence_heads.SentenceHeads`.
    figures : dict of str to Figure
        What cross-validation gave.
    """

    words: frozenset[str]
    stems: tuple[str, ...]
    idf: NDArray[np.float32]
    coef: NDArray[np.float16]
    intercept: NDArray[np.float64]
    temperature: float
    threshold: NDArray[np.float64]
    splitter: SentenceSplitter
    figures: dict[str, Figure]

    def heads(self, root_stems: Sequence[str]) -> SentenceHeads:
        """Heads for a table of surface forms, given the stem of each."""
        number = {name: i for i, name in enumerate(self.stems)}
        return SentenceHeads(
            root_stem=np.array([number.get(s, -1) for s in root_stems], np.int32),
            stems=self.stems,
            idf=self.idf,
            coef=self.coef,
            intercept=self.intercept,
            temperature=self.temperature,
            threshold=self.threshold,
            splitter=self.splitter,
        )


def sentence_terms(text: str) -> list[str]:
    """Stems of a sentence without function words, and its first word's stem with a mark before it.

    Examples
    --------
    >>> sentence_terms("You will key the invoices.")
    ['key', 'invoic', '^you']
    """
    stems = [stem(word) for word in split_words(text)]
    marked = [_FIRST + stems[0]] if stems else []
    return [s for s in stems if s not in _function_stems()] + marked


@lru_cache(maxsize=1)
def _function_stems() -> frozenset[str]:
    return frozenset(map(stem, FUNCTION_WORDS))


@lru_cache(maxsize=1)
def fitted_sentences() -> FittedSentences:
    """Heads of the shipped sentences and the short rows of the shipped corpus, fitted."""
    rows = _english_rows()
    sentences = read_sentences()
    splitter = learn_splitter([row.text for row in rows] + [s.text for s in sentences])
    return fit_sentences(sentences, _short(rows), splitter)


@lru_cache(maxsize=1)
def shipped_sentences() -> FittedSentences:
    """The same, as the shipped model has them: no other row or setting has a part in them.

    Raises
    ------
    ModelError
        If the shipped model is broken.
    """
    model = load()
    heads = model.trained.sentences
    if heads is None:
        raise ModelError("the shipped model has no sentence heads: install kpoclf anew")
    return FittedSentences(
        words=_words(
            [s.text for s in read_sentences()] + [r.text for r in _short(_english_rows())]
        ),
        stems=heads.stems,
        idf=heads.idf,
        coef=heads.coef,
        intercept=heads.intercept,
        temperature=heads.temperature,
        threshold=heads.threshold,
        splitter=heads.splitter,
        figures={name: Figure.from_dict(model.trained.figures[name]) for name in _FIGURES},
    )


def _english_rows() -> list[LabelledRow]:
    return [row for row in read_corpus() if row.variety.startswith("en")]


def _short(rows: Sequence[LabelledRow]) -> list[LabelledRow]:
    return [row for row in rows if row.register in _SHORT]


def _words(texts: Iterable[str]) -> frozenset[str]:
    return frozenset(word for text in texts for word in split_words(text))


def fit_sentences(
    sentences: Sequence[LabelledSentence],
    short_rows: Sequence[LabelledRow],
    splitter: SentenceSplitter,
) -> FittedSentences:
    """Fit the heads, their calibration and their thresholds.

    Parameters
    ----------
    sentences : sequence of LabelledSentence
    short_rows : sequence of LabelledRow
        Rows of one sentence or little more: they teach the duty head, not the criteria.
    splitter : SentenceSplitter
        Passed on.

    Returns
    -------
    FittedSentences
    """
    n = len(sentences)
    texts = [s.text for s in sentences] + [row.text for row in short_rows]
    counter = CountVectorizer(analyzer=sentence_terms)
    transformer = TfidfTransformer(sublinear_tf=True)
    X = transformer.fit_transform(counter.fit_transform(texts))
    task = np.array(
        [s.task for s in sentences]
        + [row.label if row.label != "OTHER" else "NONE" for row in short_rows]
    )
    weight = np.where(np.arange(len(texts)) < n, 1.0, _ROW_WEIGHT)
    groups = np.array(near_duplicate_groups([s.text for s in sentences]))
    splits = list(
        StratifiedGroupKFold(_FOLDS, shuffle=True, random_state=_SEED).split(
            X[:n], task[:n], groups
        )
    )

    head = fit_tasks(X, task, TASKS, _C, weight)
    decision = np.zeros((n, len(TASKS)))
    for train, test in splits:
        part = np.concatenate((train, np.arange(n, len(texts))))
        coef, intercept = fit_tasks(X[part], task[part], TASKS, _C, weight[part])
        decision[test] = X[test] @ coef + intercept
    truth = np.array([TASKS.index(t) for t in task[:n].tolist()])
    temperature = fit_temperature(decision, truth)

    usual = _UsualShares(sentences, truth)
    criteria = []
    for pole in POLES:
        shown = np.array([pole in s.criteria for s in sentences])
        criteria.append(_fit_criterion(X[:n], shown, usual.of(shown), splits, head, decision))
    probability = stronger_pole(np.column_stack([c.out_of_fold for c in criteria]))
    threshold = np.array(
        [_threshold(probability[:, i], c.weight, c.shown) for i, c in enumerate(criteria)]
    )
    resampled = bootstrap_weights(groups, seed=_SEED)
    figures = {
        _FIGURES[0]: f1_figure(
            [truth == i for i in range(len(TASKS))],
            [decision.argmax(axis=1) == i for i in range(len(TASKS))],
            resampled,
            "macro",
        ),
        _FIGURES[1]: f1_figure(
            [c.shown for c in criteria], list((probability > threshold).T), resampled, "micro"
        ),
    }
    stems, place = _layout(counter.get_feature_names_out().tolist())
    coef = np.zeros((2 * len(stems), len(TASKS) + len(POLES)))
    coef[place] = np.column_stack((head[0], *(c.coef for c in criteria)))
    idf = np.zeros(2 * len(stems), np.float32)
    idf[place] = transformer.idf_
    return FittedSentences(
        words=_words(texts),
        stems=stems,
        idf=idf,
        coef=coef.astype(np.float16),
        intercept=np.concatenate((head[1], [c.intercept for c in criteria])).round(4),
        temperature=temperature,
        threshold=threshold,
        splitter=splitter,
        figures=figures,
    )


class _UsualShares:
    """How common a criterion is in ads, as far as the shipped sentences tell.

    The sentences were written to show each pole often; in ads most show none. Within the duties of
    either kind, and within the rest, a pole is taken to be as common as in the sentences drawn from whole
    postings; the duties are taken to be as common as in all files that were not written by pole.
    """

    def __init__(self, sentences: Sequence[LabelledSentence], task: NDArray[np.int64]) -> None:
        drawn = np.array([s.source == DRAWN for s in sentences])
        natural = np.array([s.source in NATURAL for s in sentences])
        self._parts = [
            (drawn & (task == i), (natural & (task == i)).sum()) for i in range(len(TASKS))
        ]

    def of(self, shown: NDArray[np.bool_]) -> float:
        total = sum(n for _, n in self._parts) or 1
        rates = [((shown & part).sum() + 0.5) / (part.sum() + 1) * n for part, n in self._parts]
        return float(sum(rates) / total) or 0.5


@dataclass(frozen=True, eq=False)
class _Criterion:
    coef: NDArray[np.float64]
    intercept: float
    shown: NDArray[np.bool_]
    weight: NDArray[np.float64]
    out_of_fold: NDArray[np.float64]


def _fit_criterion(
    X: Any,
    shown: NDArray[np.bool_],
    share: float,
    splits: list[tuple[NDArray[np.int64], NDArray[np.int64]]],
    task_head: tuple[NDArray[np.float64], NDArray[np.float64]],
    task_decision: NDArray[np.float64],
) -> _Criterion:
    """One linear head, whose sigmoid is the probability that a reader sees the criterion.

    Logistic regression on the sentences, then a second one on its out-of-fold decision value and
    those of the tasks: what states no duty seldom shows how duties are done. Both are linear, and so is
    what they make together. The second is weighted as if the pole were as common as `share`.
    """
    coef, intercept = fit_logistic(X, shown, _C_CRITERIA)
    decision = np.zeros(len(shown))
    for train, test in splits:
        c, b = fit_logistic(X[train], shown[train], _C_CRITERIA)
        decision[test] = X[test] @ c + b
    weight = np.where(shown, share / max(shown.sum(), 1), (1 - share) / max((~shown).sum(), 1))
    stacked = np.column_stack((decision, task_decision))
    spread = stacked.std(axis=0)
    second = LogisticRegression(C=_C_SECOND, solver="newton-cg", tol=1e-7, max_iter=5000)
    with threadpool_limits(1):
        second.fit(stacked / spread, shown, sample_weight=weight * len(shown))
    own, *tasks = second.coef_[0] / spread
    return _Criterion(
        own * coef + task_head[0] @ tasks,
        float(own * intercept + task_head[1] @ tasks + second.intercept_[0]),
        shown,
        weight,
        second.predict_proba(stacked / spread)[:, 1],
    )


def _threshold(
    probability: NDArray[np.float64], weight: NDArray[np.float64], shown: NDArray[np.bool_]
) -> float:
    """The probability above which F1 is highest."""
    order = np.argsort(-probability, kind="stable")
    hit = np.cumsum((weight * shown)[order])
    said = np.cumsum(weight[order])
    best = int(np.argmax(2 * hit / (said + (weight * shown).sum())))
    following = probability[order[min(best + 1, len(order) - 1)]]
    return round(float(probability[order[best]] + following) / 2, 4)


def _layout(terms: Sequence[str]) -> tuple[tuple[str, ...], NDArray[np.int64]]:
    """Stems in order, and the feature number of each term in the layout of `SentenceHeads`."""
    stems = sorted({term.removeprefix(_FIRST) for term in terms})
    number = {name: i for i, name in enumerate(stems)}
    first = [len(stems) * term.startswith(_FIRST) for term in terms]
    place = [number[term.removeprefix(_FIRST)] + f for term, f in zip(terms, first, strict=True)]
    return tuple(stems), np.array(place, np.int64)
