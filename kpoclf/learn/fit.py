"""Labelled rows to a trained model."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize, minimize_scalar

from kpoclf.corpus.rows import LabelledRow, corpus_digest
from kpoclf.errors import CorpusError
from kpoclf.learn.figures import Figure, bootstrap_weights, figures
from kpoclf.learn.folds import duplicate_groups, folds, service_groups
from kpoclf.learn.heads import fit_label, fit_scope, fit_services
from kpoclf.learn.settings import Settings
from kpoclf.learn.vectors import STOP_WORDS, TermCounts, Vectorizer
from kpoclf.model.calibration import Calibration, ScopeCalibration
from kpoclf.model.trained import Thresholds, TrainedModel
from kpoclf.model.weights import STOP, Weights
from kpoclf.taxonomy import CLASSES
from kpoclf.text.forms import surface_forms
from kpoclf.text.stems import stem
from kpoclf.text.words import split_words

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["MIN_ROWS", "OutOfFold", "fit_model", "out_of_fold"]

MIN_ROWS = 10
"""Rows of each of KPO and BPO that a model needs."""

_MIN_OTHER = 10


@dataclass(frozen=True, eq=False)
class OutOfFold:
    """What models that never saw a row, nor (see `service_groups`) its service, say of it.

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


def fit_model(
    rows: Sequence[LabelledRow],
    settings: Settings | None = None,
    weight: NDArray[np.float64] | None = None,
    tell: Callable[[str], None] = lambda step: None,
) -> TrainedModel:
    """Train, calibrate and pack a model.

    Parameters
    ----------
    rows : sequence of LabelledRow
    settings : Settings, optional
    weight : ndarray of shape (n_rows,), optional
        Weight of each row.
    tell : callable
        Called with the name of each step.

    Returns
    -------
    TrainedModel

    Raises
    ------
    CorpusError
        If a label has fewer than `MIN_ROWS` rows, or no words are usable.
    """
    settings = settings or Settings()
    labels = np.array([row.label for row in rows], object)
    counted = Counter(labels.tolist())
    for label in CLASSES:
        if counted[label] < MIN_ROWS:
            raise CorpusError(
                f"{counted[label]} rows are labelled {label}: at least {MIN_ROWS} each of KPO and BPO "
                "are needed to train"
            )
    tell("reading words")
    counts = TermCounts([row.text for row in rows], settings)
    tell("cross-validating")
    held_out = out_of_fold(rows, counts, settings, weight)
    in_scope = labels != "OTHER"
    kpo = labels == "KPO"
    calibration = _calibrate(held_out.label[in_scope], kpo[in_scope], held_out.n_terms[in_scope])
    scope_calibration = _calibrate_scope(held_out.scope, in_scope)
    p_kpo = calibration.probability(held_out.label, held_out.n_terms)
    p_in_scope = scope_calibration.probability(held_out.scope)
    thresholds = _thresholds(kpo[in_scope], p_kpo[in_scope], p_in_scope[in_scope], settings)
    service, temperature = _calibrate_services(rows, counts, held_out, settings, weight)
    tell("fitting")
    vectorizer = Vectorizer(counts, np.arange(len(rows)), settings.min_df)
    packed = _pack(rows, vectorizer, settings, weight)
    return TrainedModel(
        weights=packed,
        calibration=calibration,
        scope_calibration=scope_calibration,
        service_temperature=temperature,
        thresholds=thresholds,
        settings=settings.to_dict(),
        corpus={
            "rows": len(rows),
            "labels": {label: counted[label] for label in sorted(counted)},
            "digest": corpus_digest(rows),
        },
        figures={
            name: figure.to_dict()
            for name, figure in (
                _figures(held_out, kpo, in_scope, p_kpo, p_in_scope, settings.seed) | service
            ).items()
        },
        versions=_versions(),
    )


def out_of_fold(
    rows: Sequence[LabelledRow],
    counts: TermCounts,
    settings: Settings,
    weight: NDArray[np.float64] | None = None,
) -> OutOfFold:
    """Decision values of each row from models trained without its service.

    Parameters
    ----------
    rows : sequence of LabelledRow
    counts : TermCounts
        Of the same rows.
    settings : Settings
    weight : ndarray of shape (n_rows,), optional

    Returns
    -------
    OutOfFold
    """
    labels = [row.label for row in rows]
    groups = service_groups(rows, settings.folds)
    label = np.full(len(rows), np.nan)
    scope = np.full(len(rows), np.nan)
    n_terms = np.zeros(len(rows), np.int64)
    for train, test in folds(rows, labels, groups, settings.folds, settings.seed):
        vectorizer = Vectorizer(counts, train, settings.min_df)
        X, X_test = vectorizer.vectors(train), vectorizer.vectors(test)
        n_terms[test] = X_test.getnnz(axis=1)
        (coef, intercept), known_scope = _fit_label_and_scope(rows, X, train, settings, weight)
        label[test] = X_test @ coef + intercept
        if known_scope is not None:
            scope[test] = X_test @ known_scope[0] + known_scope[1]
    return OutOfFold(label, scope, n_terms, groups)


_Head = tuple[NDArray[np.float64], float]


def _fit_label_and_scope(
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


def _calibrate(
    decision: NDArray[np.float64], kpo: NDArray[np.bool_], n_terms: NDArray[np.int64]
) -> Calibration:
    sign = np.where(kpo, 1.0, -1.0)

    def loss(parameters: NDArray[np.float64]) -> float:
        p = Calibration(float(parameters[0]), float(parameters[1])).probability(
            decision * sign, n_terms
        )
        # A weak pull towards level 0, growth 0.5 keeps small or separable data finite.
        pull = 0.5 * (parameters[0] ** 2 + 4 * (parameters[1] - 0.5) ** 2)
        return float(-np.log(np.maximum(p, 1e-12)).sum() + pull)

    bounds = [(None, None), (0.0, None)]  # a longer text never counts for less
    level, growth = minimize(loss, np.array([0.0, 0.5]), method="Nelder-Mead", bounds=bounds).x
    return Calibration(round(float(level), 3), round(float(growth), 3))


def _calibrate_scope(
    decision: NDArray[np.float64], in_scope: NDArray[np.bool_]
) -> ScopeCalibration:
    if np.isnan(decision).any():
        return ScopeCalibration()

    def loss(parameters: NDArray[np.float64]) -> float:
        p = ScopeCalibration(float(np.exp(parameters[0])), float(parameters[1])).probability(
            decision
        )
        right = np.where(in_scope, p, 1 - p)
        return float(-np.log(np.maximum(right, 1e-12)).sum() + 0.5 * (parameters**2).sum())

    log_slope, offset = minimize(loss, np.zeros(2), method="Nelder-Mead").x
    return ScopeCalibration(round(float(np.exp(log_slope)), 3), round(float(offset), 3))


def _thresholds(
    kpo: NDArray[np.bool_],
    p_kpo: NDArray[np.float64],
    p_in_scope: NDArray[np.float64],
    settings: Settings,
) -> Thresholds:
    """Thresholds that keep to `scope_loss` and `max_error` on out-of-fold rows."""
    usual = Thresholds()
    scope = usual.scope
    if not np.isnan(p_in_scope).any():
        scope = min(float(np.quantile(p_in_scope, settings.scope_loss)), 0.5)
    score = 1.0 - np.abs(2.0 * p_kpo - 1.0)
    order = np.argsort(score, kind="stable")
    wrong = ((p_kpo > 0.5) != kpo)[order]
    error = np.cumsum(wrong) / np.arange(1, len(wrong) + 1)
    allowed = np.flatnonzero(error <= settings.max_error)
    review = float(score[order][allowed[-1]]) if len(allowed) else 0.0
    # A confidence below .6 is for a person whatever the error elsewhere.
    return Thresholds(
        round(min(review, 0.8), 3), round(scope, 3), usual.known_share, usual.min_terms
    )


def _calibrate_services(
    rows: Sequence[LabelledRow],
    counts: TermCounts,
    held_out: OutOfFold,
    settings: Settings,
    weight: NDArray[np.float64] | None,
) -> tuple[dict[str, Figure], float]:
    """Out-of-fold figures of the service head, near-duplicates kept together, and its temperature.

    A service counts as found only where the out-of-fold label is right too.
    """
    known = _with_service(rows)
    per_service = Counter(rows[i].service for i in known.tolist())
    enough = [per_service[rows[i].service] >= settings.folds for i in known.tolist()]
    part = known[np.array(enough, bool)]
    service = np.array([rows[i].service for i in part.tolist()], object)
    if len(set(service.tolist())) < 2:
        return {}, 1.0
    chosen: list[LabelledRow] = [rows[i] for i in part.tolist()]
    groups = duplicate_groups(chosen)
    slugs = sorted(set(service.tolist()))
    column = {slug: i for i, slug in enumerate(slugs)}
    decision = np.full((len(part), len(slugs)), -10.0)
    for train, test in folds(chosen, service.tolist(), groups, settings.folds, settings.seed):
        vectorizer = Vectorizer(counts, part[train], settings.min_df)
        stems = vectorizer.stem_features()
        w = None if weight is None else weight[part[train]]
        X, X_test = (
            vectorizer.vectors(part[train])[:, stems],
            vectorizer.vectors(part[test])[:, stems],
        )
        seen, coef, intercept = fit_services(X, service[train], settings.service_alpha, w)
        columns = np.array([column[slug] for slug in seen])
        decision[np.ix_(test, columns)] = X_test @ coef + intercept
    truth = np.array([column[s] for s in service.tolist()])
    # At run time the services of the label given compete; those of the other label do not.
    label_of = {row.service: row.label for row in chosen}
    labels = np.array([label_of[slug] for slug in slugs])
    decision[labels[truth][:, None] != labels] = -np.inf
    own = decision[np.arange(len(part)), truth]

    def loss(log_temperature: float) -> float:
        scaled = (decision - decision.max(axis=1, keepdims=True)) / np.exp(log_temperature)
        right = (own - decision.max(axis=1)) / np.exp(log_temperature)
        return float((np.log(np.exp(scaled).sum(axis=1)) - right).mean())

    fitted = minimize_scalar(loss, bounds=(-6.0, 2.0), method="bounded")
    rank = (decision > own[:, None]).sum(axis=1)
    right = (held_out.label[part] > 0) == (labels[truth] == "KPO")
    found = {f"service, top {k}": _share(right & (rank < k), groups, settings.seed) for k in (1, 3)}
    return found, float(f"{np.exp(fitted.x):.3g}")


def _share(hit: NDArray[np.bool_], groups: NDArray[np.int64], seed: int) -> Figure:
    weights = bootstrap_weights(groups, seed=seed)
    low, high = np.percentile(weights @ hit / weights.sum(axis=1), [2.5, 97.5])
    return Figure(float(hit.mean()), (float(low), float(high)), len(hit))


def _figures(
    held_out: OutOfFold,
    kpo: NDArray[np.bool_],
    in_scope: NDArray[np.bool_],
    p_kpo: NDArray[np.float64],
    p_in_scope: NDArray[np.float64],
    seed: int,
) -> dict[str, Figure]:
    weights = bootstrap_weights(held_out.groups[in_scope], seed=seed)
    found = figures(kpo[in_scope], p_kpo[in_scope], weights)
    chosen = ("macro_f1", "accuracy", "roc_auc", "log_loss", "brier", "ece")
    shown = {f"label, {name}": found[name] for name in chosen if name in found}
    if not np.isnan(p_in_scope).any() and not in_scope.all():
        weights = bootstrap_weights(held_out.groups, seed=seed)
        shown["scope, roc_auc"] = figures(in_scope, p_in_scope, weights)["roc_auc"]
    return shown


def _with_service(rows: Sequence[LabelledRow]) -> NDArray[np.int64]:
    """Positions of the KPO and BPO rows whose service is known."""
    return np.array([i for i, r in enumerate(rows) if r.service and r.label != "OTHER"], np.int64)


def _pack(
    rows: Sequence[LabelledRow],
    vectorizer: Vectorizer,
    settings: Settings,
    weight: NDArray[np.float64] | None,
) -> Weights:
    """Fit all heads on all rows and round them to what a model folder stores."""
    every = np.arange(len(rows))
    X = vectorizer.vectors(every)
    label, scope = _fit_label_and_scope(rows, X, every, settings, weight)
    known = _with_service(rows)
    services, service_coef, service_intercept = fit_services(
        X[known][:, vectorizer.stem_features()],
        np.array([rows[i].service for i in known.tolist()], object),
        settings.service_alpha,
        None if weight is None else weight[known],
    )
    label_of = {rows[i].service: rows[i].label for i in known.tolist()}
    terms = vectorizer.terms()
    singles = vectorizer.stem_features()
    stems = [terms[i] for i in singles.tolist()]
    number = {s: i for i, s in enumerate(stems)}
    split = [(t.split(" "), i) for i, t in enumerate(terms) if " " in t]
    pairs = sorted((number[first], number[second], i) for (first, second), i in split)
    order = np.concatenate((singles, np.array([i for *_, i in pairs], np.int64)))
    forms = _form_table(rows, number)
    return Weights(
        forms=tuple(forms),
        form_stem=np.array(list(forms.values()), np.int32),
        stems=tuple(stems),
        bigrams=np.array([(a, b) for a, b, _ in pairs], np.int32).reshape(-1, 2),
        idf=vectorizer.idf[order],
        label_coef=label[0][order].astype(np.float16),
        label_intercept=_rounded(label[1]),
        scope_coef=(scope[0][order] if scope else np.empty(0)).astype(np.float16),
        scope_intercept=_rounded(scope[1] if scope else 0.0),
        service_coef=service_coef.astype(np.float16),
        service_intercept=np.array([_rounded(x) for x in service_intercept.tolist()]),
        services=tuple(services),
        service_labels=tuple(label_of[slug] for slug in services),
    )


def _versions() -> dict[str, str]:
    from kpoclf import __version__

    libraries = ("scikit-learn", "numpy", "scipy", "nltk")
    return {"kpoclf": __version__} | {name: version(name) for name in libraries}


def _rounded(intercept: float) -> float:
    return float(np.float16(intercept))


def _form_table(rows: Sequence[LabelledRow], number: dict[str, int]) -> dict[str, int]:
    """Stem number of every surface form of the stems, and of the stop terms; sorted by form."""
    seen = defaultdict(set)
    for row in rows:
        for word in split_words(row.text):
            seen[stem(word)].add(word)
    stop_stems = {stem(word) for word in STOP_WORDS}
    for word in STOP_WORDS:
        seen[stem(word)].add(word)
    table = {form: i for s, i in number.items() for form in surface_forms(s, seen[s])}
    table |= {form: STOP for s in stop_stems for form in surface_forms(s, seen[s])}
    return dict(sorted(table.items()))
