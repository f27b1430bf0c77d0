"""What models that never saw a row say of it: by services left out, and by near-duplicates left out."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from kpoclf.learn.folds import folds, service_groups
from kpoclf.learn.heads import fit_label, fit_mixed, fit_scope, fit_services
from kpoclf.learn.vectors import Vectorizer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from kpoclf.corpus.glossary import GlossaryEntry
    from kpoclf.corpus.rows import LabelledRow
    from kpoclf.learn.settings import Settings
    from kpoclf.learn.vectors import TermCounts

__all__ = [
    "FittedFold",
    "KnownWork",
    "NewWork",
    "fit_label_and_scope",
    "fitted_folds",
    "known_work",
    "new_work",
    "with_service",
]

_MIN_OTHER = 10
_ABSENT = -10.0  # decision value of a service that a fold was trained without


@dataclass(frozen=True, eq=False)
class NewWork:
    """Answers of models that saw neither a row nor (see `service_groups`) its service.

    Attributes
    ----------
    label, scope : ndarray of shape (n_rows,)
        Decision values; `scope` is NaN without ``OTHER`` rows.
    n_terms : ndarray of shape (n_rows,)
    groups : ndarray of shape (n_rows,)
        What was kept together.
    """

    label: NDArray[np.float64]
    scope: NDArray[np.float64]
    n_terms: NDArray[np.int64]
    groups: NDArray[np.int64]


def new_work(
    rows: Sequence[LabelledRow],
    duplicates: NDArray[np.int64],
    counts: TermCounts,
    settings: Settings,
    weight: NDArray[np.float64] | None = None,
    tell: Callable[[str], None] = lambda step: None,
) -> NewWork:
    """Decision values of each row from models trained without its service.

    Parameters
    ----------
    rows : sequence of LabelledRow
    duplicates : ndarray of shape (n_rows,)
        From `duplicate_groups`.
    counts : TermCounts
        Of the same rows; texts after them are passed over.
    settings : Settings
    weight : ndarray of shape (n_rows,), optional
    tell : callable
        Called with the number of each fold.

    Returns
    -------
    NewWork
    """
    groups = service_groups(rows, settings.folds, duplicates)
    label = np.full(len(rows), np.nan)
    scope = np.full(len(rows), np.nan)
    n_terms = np.zeros(len(rows), np.int64)
    for number, fold in enumerate(fitted_folds(rows, groups, counts, settings, weight), 1):
        tell(f"cross-validating without services, fold {number}")
        X = fold.vectorizer.vectors(fold.test)
        n_terms[fold.test] = X.getnnz(axis=1)
        label[fold.test], scope[fold.test] = fold.decisions(X)
    return NewWork(label, scope, n_terms, groups)


_Head = tuple["NDArray[np.float64]", float]


@dataclass(frozen=True, eq=False)
class FittedFold:
    """Label and scope heads of one fold's training part.

    Attributes
    ----------
    train, test : ndarray of int
        Positions of rows.
    vectorizer : Vectorizer
        Fitted on the training part.
    label : (ndarray of shape (n_features,), float)
        Weights and intercept.
    scope : (ndarray of shape (n_features,), float) or None
        None with too few ``OTHER`` rows.
    """

    train: NDArray[np.int64]
    test: NDArray[np.int64]
    vectorizer: Vectorizer
    label: _Head
    scope: _Head | None

    def decisions(self, X: Any) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Decision values of the label head and of the scope head (NaN without) for vectors."""
        label: NDArray[np.float64] = X @ self.label[0] + self.label[1]
        if self.scope is None:
            return label, np.full(X.shape[0], np.nan)
        return label, X @ self.scope[0] + self.scope[1]


def fitted_folds(
    rows: Sequence[LabelledRow],
    groups: NDArray[np.int64],
    counts: TermCounts,
    settings: Settings,
    weight: NDArray[np.float64] | None = None,
) -> Iterator[FittedFold]:
    """Heads fitted anew for each fold, groups kept together, labels spread evenly.

    Parameters
    ----------
    rows : sequence of LabelledRow
    groups : ndarray of shape (n_rows,)
    counts : TermCounts
        Of the same rows; texts after them are passed over.
    settings : Settings
    weight : ndarray of shape (n_rows,), optional

    Yields
    ------
    FittedFold
    """
    labels = [row.label for row in rows]
    for train, test in folds(rows, labels, groups, settings.folds, settings.seed):
        vectorizer = Vectorizer(counts, train, settings.min_df)
        X = vectorizer.vectors(train)
        label, scope = fit_label_and_scope(rows, X, train, settings, weight)
        yield FittedFold(train, test, vectorizer, label, scope)


def fit_label_and_scope(
    rows: Sequence[LabelledRow],
    X: Any,
    positions: NDArray[np.int64],
    settings: Settings,
    weight: NDArray[np.float64] | None,
) -> tuple[_Head, _Head | None]:
    """Label head on the KPO and BPO rows; scope head on all, if enough of them are OTHER."""
    labels = np.array([rows[i].label for i in positions.tolist()], object)
    w = None if weight is None else weight[positions]
    inside = labels != "OTHER"
    enough = sum(row.label == "OTHER" for row in rows) >= _MIN_OTHER
    label = fit_label(
        X[inside], labels[inside] == "KPO", settings, None if w is None else w[inside]
    )
    if not enough or inside.all():
        return label, None
    return label, fit_scope(X, inside, settings, w)


@dataclass(frozen=True, eq=False)
class KnownWork:
    """Answers of models that saw no near-duplicate of a row, but others of its service.

    Attributes
    ----------
    label, mixed : ndarray of shape (n_rows + n_mixed,)
        Decision values of the KPO and BPO rows and of the mixed texts; NaN for ``OTHER`` rows.
    n_terms : ndarray of shape (n_rows + n_mixed,)
    groups : ndarray of shape (n_rows + n_mixed,)
    services : tuple of str
        Those with a row for every fold.
    service : ndarray of shape (n_rows, n_services)
        Decision values.
    """

    label: NDArray[np.float64]
    mixed: NDArray[np.float64]
    n_terms: NDArray[np.int64]
    groups: NDArray[np.int64]
    services: tuple[str, ...]
    service: NDArray[np.float64]


def known_work(
    rows: Sequence[LabelledRow],
    duplicates: NDArray[np.int64],
    n_mixed: int,
    glossary: Sequence[GlossaryEntry],
    counts: TermCounts,
    settings: Settings,
    weight: NDArray[np.float64] | None = None,
    tell: Callable[[str], None] = lambda step: None,
) -> KnownWork:
    """Decision values of each row from models trained without its near-duplicates.

    Parameters
    ----------
    rows : sequence of LabelledRow
    duplicates : ndarray of shape (n_rows,)
        From `duplicate_groups`.
    n_mixed : int
        Mixed texts.
    glossary : sequence of GlossaryEntry
        It was written without sight of the rows, so that no fold has to leave any of it out.
    counts : TermCounts
        Of the rows, then of the mixed texts, then of the entries of the glossary.
    settings : Settings
    weight : ndarray of shape (n_rows,), optional
    tell : callable
        Called with the number of each fold.

    Returns
    -------
    KnownWork
    """
    n = len(rows)
    kpo = np.array([row.label == "KPO" for row in rows])
    inside = np.array([row.label != "OTHER" for row in rows])
    known = with_service(rows)
    per_service = Counter(rows[i].service for i in known.tolist())
    services = sorted(slug for slug, count in per_service.items() if count >= settings.folds)
    column = {slug: i for i, slug in enumerate(services)}
    mixed_fold = np.random.default_rng(settings.seed).integers(0, settings.folds, n_mixed)
    label, mixed = np.full(n + n_mixed, np.nan), np.full(n + n_mixed, np.nan)
    n_terms = np.zeros(n + n_mixed, np.int64)
    service = np.full((n, len(services)), _ABSENT)
    entries = n + n_mixed + np.arange(len(glossary))
    entry_service = np.array([entry.service for entry in glossary], object)
    strata = [row.service or row.label for row in rows]
    splits = folds(rows, strata, duplicates, settings.folds, settings.seed)
    for number, (train, test) in enumerate(splits):
        tell(f"cross-validating, fold {number + 1}")
        vectorizer = Vectorizer(counts, train, settings.min_df)
        X, work = vectorizer.vectors(train), train[inside[train]]
        tested = np.concatenate((test[inside[test]], n + np.flatnonzero(mixed_fold == number)))
        X_test = vectorizer.vectors(tested)
        n_terms[tested] = X_test.getnnz(axis=1)
        w = None if weight is None else weight[work]
        coef, intercept = fit_label(X[inside[train]], kpo[work], settings, w)
        label[tested] = X_test @ coef + intercept
        if n_mixed:
            learned = np.concatenate((work, n + np.flatnonzero(mixed_fold != number)))
            coef, intercept = fit_mixed(vectorizer.vectors(learned), learned >= n, settings)
            mixed[tested] = X_test @ coef + intercept
        taught = work[[rows[i].service in column for i in work.tolist()]]
        asked = test[
            [rows[i].service in column and rows[i].label != "OTHER" for i in test.tolist()]
        ]
        names = np.array([rows[i].service for i in taught.tolist()], object)
        if len(set(names.tolist())) > 1 and len(asked):
            used = vectorizer.service_features(entries)
            X, X_entries, X_asked = (
                vectorizer.vectors(part)[:, used] for part in (taught, entries, asked)
            )
            w = None if weight is None else weight[taught]
            seen, coefs, intercepts = fit_services(X, names, X_entries, entry_service, settings, w)
            columns = np.array([column[slug] for slug in seen])
            found = X_asked @ coefs + intercepts
            service[np.ix_(asked, columns)] = found
    return KnownWork(
        label,
        mixed,
        n_terms,
        np.concatenate((duplicates, n + np.arange(n_mixed))),
        tuple(services),
        service,
    )


def with_service(rows: Sequence[LabelledRow]) -> NDArray[np.int64]:
    """Positions of the KPO and BPO rows whose service is known."""
    return np.array([i for i, r in enumerate(rows) if r.service and r.label != "OTHER"], np.int64)
