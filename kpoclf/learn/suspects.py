"""Labelled rows whose label the other rows contradict, by confident learning."""

from __future__ import annotations

import itertools
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from sklearn.linear_model import LogisticRegression

from kpoclf.corpus.similarity import plain_text
from kpoclf.errors import CorpusError
from kpoclf.learn.fit import calibrate, calibrate_scope
from kpoclf.learn.folds import duplicate_groups
from kpoclf.learn.out_of_fold import fitted_folds
from kpoclf.learn.settings import Settings
from kpoclf.learn.vectors import STOP_WORDS, TermCounts
from kpoclf.taxonomy import CLASSES, LABELS
from kpoclf.text.stems import stem
from kpoclf.text.words import split_words

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from kpoclf.corpus.rows import LabelledRow
    from kpoclf.learn.out_of_fold import FittedFold

__all__ = [
    "Likeness",
    "Opinion",
    "Suspect",
    "SuspectWord",
    "confident_joint",
    "opinions",
    "suspects",
]

MIN_ROWS = 10
"""Rows of each of KPO and BPO, the other training rows included."""

_NEIGHBOURS = (5, 20)  # whose labels are counted: the nearest ones, and a wider ring
_SHOWN = 3
_SHOWN_WORDS = 5
_LEAST = (1e-3, 1e-2)  # probabilities and shares below count as these: their logarithm is taken
_SURE = 0.9  # thresholds are not above: in an easy corpus errors would lie below the mean
_CELLS = 20_000_000  # similarities held at once


class SuspectWord(NamedTuple):
    """A term as the text spells it, and how much it speaks for the suggested label."""

    term: str
    contribution: float


class Likeness(NamedTuple):
    """A row of the suggested label, and its cosine similarity to the suspect, in [0, 1]."""

    row: LabelledRow
    similarity: float


@dataclass(frozen=True)
class Suspect:
    """A row whose label the model doubts.

    Attributes
    ----------
    row : LabelledRow
    suggested : str
        The label that the other rows suggest.
    probability, own_probability : float
        Of the suggested label and of the row's own, by models that saw neither the row nor its
        near-duplicates.
    words : tuple of SuspectWord
        Those that speak most for the suggested label.
    nearest : tuple of Likeness
        The most similar rows that have the suggested label.
    """

    row: LabelledRow
    suggested: str
    probability: float
    own_probability: float
    words: tuple[SuspectWord, ...]
    nearest: tuple[Likeness, ...]


@dataclass(frozen=True, eq=False)
class Opinion:
    """What the other rows say of each row, whatever its own label says.

    Attributes
    ----------
    probability : ndarray of shape (n_rows, 3)
        Of each of `LABELS`.
    linear_probability : ndarray of shape (n_rows, 3)
        The same by the linear heads alone.
    neighbours : ndarray of shape (n_rows, 3)
        Share of each label among the nearest rows, weighted by similarity.
    near : ndarray of shape (n_rows, 3, n_shown), int64
        Positions of the nearest rows of each label; -1 where none is similar.
    similarity : ndarray of shape (n_rows, 3, n_shown)
    fold : ndarray of shape (n_rows,), int64
    fitted : list of FittedFold
        By the number of the fold.
    """

    probability: NDArray[np.float64]
    linear_probability: NDArray[np.float64]
    neighbours: NDArray[np.float64]
    near: NDArray[np.int64]
    similarity: NDArray[np.float64]
    fold: NDArray[np.int64]
    fitted: list[FittedFold]


def suspects(
    rows: Sequence[LabelledRow],
    others: Sequence[LabelledRow] = (),
    settings: Settings | None = None,
    tell: Callable[[str], None] = lambda step: None,
) -> list[Suspect]:
    """Rows whose label the other rows contradict, the most doubtful first.

    Confident learning (Northcutt, Jiang and Chuang 2021): a row is suspect if the probability of
    another label is at least the mean that this label has among the rows that carry it (or .9, if that
    is less), and larger than that of any other such label. Suspects are ranked by the margin between
    the two probabilities. The probabilities come from models that saw neither the row nor a
    near-duplicate of it. No services are looked at: they would give the label away.

    Parameters
    ----------
    rows : sequence of LabelledRow
        Those that are doubted.
    others : sequence of LabelledRow
        Further rows to learn from, which are not doubted; those that `rows` has too are passed over.
    settings : Settings, optional
    tell : callable
        Called with the name of each step.

    Returns
    -------
    list of Suspect

    Raises
    ------
    CorpusError
        If there is no row, or too few of KPO or BPO.
    """
    settings = settings or Settings()
    if not rows:
        raise CorpusError("no rows: there is no label to doubt")
    known = {plain_text(row.text) for row in rows}
    everything = [*rows, *(row for row in others if plain_text(row.text) not in known)]
    counted = Counter(row.label for row in everything)
    for name in CLASSES:
        if counted[name] < MIN_ROWS:
            raise CorpusError(
                f"{counted[name]} rows are labelled {name}: at least {MIN_ROWS} each of KPO and BPO are "
                "needed to doubt a label"
            )
    tell("reading words")
    counts = TermCounts([row.text for row in everything], settings)
    tell("cross-validating")
    found = opinions(everything, counts, settings)
    label = np.array([LABELS.index(row.label) for row in everything])
    suggested = confident_joint(found.probability, label)
    chosen = np.flatnonzero(suggested[: len(rows)] != label[: len(rows)])
    own = found.probability[chosen, label[chosen]]
    other = found.probability[chosen, suggested[chosen]]
    order = np.argsort(own - other, kind="stable")
    return [
        Suspect(
            row=everything[i],
            suggested=LABELS[suggested[i]],
            probability=float(found.probability[i, suggested[i]]),
            own_probability=float(found.probability[i, label[i]]),
            words=_words(i, everything, suggested[i], found),
            nearest=tuple(
                Likeness(everything[j], min(float(alike), 1.0))
                for j, alike in zip(
                    found.near[i, suggested[i]].tolist(),
                    found.similarity[i, suggested[i]].tolist(),
                    strict=True,
                )
                if j >= 0
            ),
        )
        for i in chosen[order].tolist()
    ]


def confident_joint(
    probability: NDArray[np.float64], label: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Label that each row is counted for in the confident joint; its own where none is reached.

    Parameters
    ----------
    probability : ndarray of shape (n_rows, n_labels)
        Out of fold.
    label : ndarray of shape (n_rows,)
        Column of the label given.

    Returns
    -------
    ndarray of shape (n_rows,), int64

    Examples
    --------
    >>> p = np.array([[0.9, 0.1], [0.2, 0.8], [0.1, 0.9], [0.4, 0.6]])
    >>> confident_joint(p, np.array([0, 1, 0, 0]))
    array([0, 1, 1, 0])
    """
    n_labels = probability.shape[1]
    threshold = np.full(n_labels, np.inf)
    for name in range(n_labels):
        carrying = label == name
        if carrying.any():
            threshold[name] = min(probability[carrying, name].mean(), _SURE)
    reached = np.where(probability >= threshold, probability, -1.0)
    best = reached.argmax(axis=1)
    return np.where(reached.max(axis=1) < 0, label, best)


def opinions(rows: Sequence[LabelledRow], counts: TermCounts, settings: Settings) -> Opinion:
    """What models and neighbours that know nothing of a row and its near-duplicates say of it.

    Linear heads are strong where many rows share a term, neighbours where few do; a multinomial
    logistic regression on both, fitted to the labels given, finds more planted errors than either.

    Parameters
    ----------
    rows : sequence of LabelledRow
    counts : TermCounts
        Of the same rows.
    settings : Settings

    Returns
    -------
    Opinion
    """
    n = len(rows)
    label = np.array([LABELS.index(row.label) for row in rows])
    linear = np.full((n, 2), np.nan)
    n_terms = np.zeros(n, np.int64)
    shares = np.zeros((n, len(_NEIGHBOURS), len(LABELS)))
    near = np.full((n, len(LABELS), _SHOWN), -1)
    similarity = np.zeros((n, len(LABELS), _SHOWN))
    of_fold = np.zeros(n, np.int64)
    fitted = list(fitted_folds(rows, duplicate_groups(rows), counts, settings))
    for number, fold in enumerate(fitted):
        of_fold[fold.test] = number
        X = fold.vectorizer.vectors(fold.train)
        step = max(_CELLS // len(fold.train), 1)
        for start in range(0, len(fold.test), step):
            part = fold.test[start : start + step]
            X_part = fold.vectorizer.vectors(part)
            linear[part] = np.column_stack(fold.decisions(X_part))
            n_terms[part] = X_part.getnnz(axis=1)
            alike = (X_part @ X.T).toarray()
            shares[part] = _label_shares(alike, label[fold.train])
            for name in range(len(LABELS)):
                columns = np.flatnonzero(label[fold.train] == name)
                place, value = _top(alike[:, columns], _SHOWN)
                width = place.shape[1]
                near[part, name, :width] = np.where(value > 0, fold.train[columns][place], -1)
                similarity[part, name, :width] = value
    by_heads = _linear_probability(linear, n_terms, label)
    return Opinion(
        _joined(by_heads, shares, label),
        by_heads,
        shares.mean(axis=1),
        near,
        similarity,
        of_fold,
        fitted,
    )


def _label_shares(alike: NDArray[np.float64], label: NDArray[np.int64]) -> NDArray[np.float64]:
    """Share of each label among the nearest rows, by similarity; one for each ring of neighbours."""
    place, value = _top(alike, max(_NEIGHBOURS))
    weight = value + 1e-9
    members = label[place][:, :, None] == np.arange(len(LABELS))
    rings = []
    for size in _NEIGHBOURS:
        ring = weight[:, :size]
        rings.append((ring[:, :, None] * members[:, :size]).sum(axis=1) / ring.sum(axis=1)[:, None])
    return np.stack(rings, axis=1)


def _top(values: NDArray[np.float64], n: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Columns of the n largest values of each row, largest first, and those values."""
    n = min(n, values.shape[1])
    place = np.argpartition(-values, n - 1, axis=1)[:, :n] if n else np.empty((len(values), 0), int)
    value = np.take_along_axis(values, place, axis=1)
    order = np.argsort(-value, axis=1, kind="stable")
    return np.take_along_axis(place, order, axis=1), np.take_along_axis(value, order, axis=1)


def _joined(
    by_heads: NDArray[np.float64], shares: NDArray[np.float64], label: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Probability of each label by the linear heads and the neighbours together."""
    names = np.unique(label)
    features = [np.log(np.maximum(by_heads[:, names], _LEAST[0]))]
    features += [
        np.log(np.maximum(shares[:, i][:, names], _LEAST[1])) for i in range(len(_NEIGHBOURS))
    ]
    head = LogisticRegression(max_iter=5000)
    X = np.hstack(features)
    found = np.zeros((len(label), len(LABELS)))
    found[:, names] = head.fit(X, label).predict_proba(X)
    return found


def _linear_probability(
    linear: NDArray[np.float64], n_terms: NDArray[np.int64], label: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Probability of each of `LABELS` by the linear heads alone, calibrated to the labels given."""
    inside = label != LABELS.index("OTHER")
    kpo = label == LABELS.index("KPO")
    calibration = calibrate(linear[inside, 0], kpo[inside], n_terms[inside])
    p_kpo = calibration.probability(linear[:, 0], n_terms)
    p_inside = np.ones(len(label))
    if not inside.all() and not np.isnan(linear[:, 1]).any():
        p_inside = calibrate_scope(linear[:, 1], inside).probability(linear[:, 1])
    by_name = {"KPO": p_kpo * p_inside, "BPO": (1 - p_kpo) * p_inside, "OTHER": 1 - p_inside}
    return np.column_stack([by_name[name] for name in LABELS])


def _words(
    i: int, rows: Sequence[LabelledRow], suggested: int, found: Opinion
) -> tuple[SuspectWord, ...]:
    """Terms of a row that speak most for the suggested label, by the head that tells the two apart."""
    fold = found.fitted[found.fold[i]]
    names = {rows[i].label, LABELS[suggested]}
    if "OTHER" in names and fold.scope is not None:
        coef, positive = fold.scope[0], LABELS[suggested] != "OTHER"
    else:
        coef, positive = fold.label[0], LABELS[suggested] == "KPO"
    vector = fold.vectorizer.vectors(np.array([i]))
    contribution = vector.data * coef[vector.indices] * (1 if positive else -1)
    best = np.argsort(-contribution, kind="stable")[:_SHOWN_WORDS].tolist()
    spelled = _spelled(rows[i].text)
    terms = fold.vectorizer.term_names(vector.indices)
    return tuple(
        SuspectWord(spelled.get(terms[k], terms[k]), float(contribution[k]))
        for k in best
        if contribution[k] > 0
    )


def _spelled(text: str) -> dict[str, str]:
    """How a text spells each of its terms the first time."""
    words = [(stem(word), word) for word in split_words(text)]
    told = [(s, word) for s, word in words if s not in _stop_stems()]
    found: dict[str, str] = {}
    for (first, a), (second, b) in itertools.pairwise(told):
        found.setdefault(f"{first} {second}", f"{a} {b}")
    for s, word in told:
        found.setdefault(s, word)
    return found


@lru_cache(maxsize=1)
def _stop_stems() -> frozenset[str]:
    return frozenset(map(stem, STOP_WORDS))
