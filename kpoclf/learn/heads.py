"""The linear heads on one TF-IDF vector."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from joblib import Parallel, cpu_count, delayed
from scipy.optimize import minimize, minimize_scalar
from scipy.sparse import csr_array, vstack
from sklearn.linear_model import LogisticRegression, Ridge
from threadpoolctl import threadpool_limits

from kpoclf.model.calibration import sigmoid

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from kpoclf.learn.settings import Settings

__all__ = [
    "fit_label",
    "fit_logistic",
    "fit_mixed",
    "fit_platt",
    "fit_scope",
    "fit_services",
    "fit_tasks",
    "fit_temperature",
    "naive_bayes_weights",
]

_TASK_ALPHA = 0.1  # TF-IDF mass added to every term of every task
_CLASSES_AT_ONCE = 8
_ROWS_AT_ONCE = 100_000
_LONG = 60  # known terms of a text that counts as long


def fit_label(
    X: Any,
    kpo: NDArray[np.bool_],
    settings: Settings,
    weight: NDArray[np.float64] | None = None,
) -> tuple[NDArray[np.float64], float]:
    """Label head: logistic regression, averaged with naive Bayes.

    Logistic regression gives a rare term little weight where common terms already explain its rows.
    Naive Bayes gives each term the evidence it has alone, which carries over to texts where those
    common terms are missing. The mean of both ranks unseen services better than either.

    Parameters
    ----------
    X : sparse matrix of shape (n, n_features)
    kpo : ndarray of shape (n,)
        Whether a row is KPO, else it is BPO.
    settings : Settings
    weight : ndarray of shape (n,), optional
        Weight of each row.

    Returns
    -------
    coef : ndarray of shape (n_features,)
    intercept : float
    """
    coef, intercept = fit_logistic(X, kpo, settings.C, weight)
    share = settings.naive_bayes
    if not share:
        return coef, intercept
    bayes = naive_bayes_weights(X, kpo, settings.naive_bayes_alpha, weight)
    # Both on one scale: decision values of the same standard deviation.
    spread = float(np.std(X @ bayes))
    bayes *= float(np.std(X @ coef)) / spread if spread > 0 else 0.0
    return (1 - share) * coef + share * bayes, (1 - share) * intercept


def fit_scope(
    X: Any,
    inside: NDArray[np.bool_],
    settings: Settings,
    weight: NDArray[np.float64] | None = None,
) -> tuple[NDArray[np.float64], float]:
    """Scope head: logistic regression of KPO and BPO rows against the rest; as `fit_label`."""
    return fit_logistic(X, inside, settings.C, weight)


def fit_logistic(
    X: Any, positive: NDArray[np.bool_], C: float, weight: NDArray[np.float64] | None = None
) -> tuple[NDArray[np.float64], float]:
    """Logistic regression with balanced classes: weights and intercept."""
    # The tolerance keeps solvers on different processors within a rounding step of float16.
    head = LogisticRegression(
        C=C, class_weight="balanced", solver="newton-cg", tol=1e-7, max_iter=5000
    )
    with threadpool_limits(1):  # vectors this short are slower on many threads
        head.fit(X, positive, sample_weight=weight)
    return head.coef_[0], float(head.intercept_[0])


def fit_tasks(
    X: Any, y: NDArray[np.str_], classes: Sequence[str], C: float, weight: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Duty head of sentences: multinomial logistic regression averaged with naive Bayes.

    For the reason given at `fit_label`, and by the same share.

    Returns
    -------
    coef : ndarray of shape (n_features, n_classes)
        Columns in the order of `classes`.
    intercept : ndarray of shape (n_classes,)
    """
    head = LogisticRegression(C=C, solver="newton-cg", tol=1e-7, max_iter=5000)
    with threadpool_limits(1):
        head.fit(X, y, sample_weight=weight)
    order = [head.classes_.tolist().index(name) for name in classes]
    coef, intercept = head.coef_[order].T, head.intercept_[order]
    members = csr_array((y[:, None] == np.array(classes)) * weight[:, None])
    bayes = _log_shares(X, members, _TASK_ALPHA)
    bayes *= _spread(X, coef) / _spread(X, bayes)
    return np.ascontiguousarray((coef + bayes) / 2), intercept / 2


def fit_platt(
    decision: NDArray[np.float64],
    positive: NDArray[np.bool_],
    weight: NDArray[np.float64] | None = None,
) -> tuple[float, float]:
    """Slope and offset of the sigmoid that makes decision values probabilities (Platt 1999).

    Penalised a little, so that few or separable values give finite parameters; the slope is above 0.
    """
    w = np.ones(len(decision)) if weight is None else weight

    def loss(parameters: NDArray[np.float64]) -> float:
        p = sigmoid(decision * np.exp(parameters[0]) + parameters[1])
        right = np.where(positive, p, 1 - p)
        return float(-(w * np.log(np.maximum(right, 1e-12))).sum() + 0.5 * (parameters**2).sum())

    log_slope, offset = minimize(loss, np.zeros(2), method="Nelder-Mead").x
    return round(float(np.exp(log_slope)), 3), round(float(offset), 3)


def fit_temperature(decision: NDArray[np.float64], truth: NDArray[np.int64]) -> float:
    """Divisor of decision values that makes their softmax likeliest (Guo et al. 2017).

    Parameters
    ----------
    decision : ndarray of shape (n, n_classes)
        Minus infinity where a class does not compete.
    truth : ndarray of shape (n,)
        Column of the right class.
    """
    below_best = decision - decision.max(axis=1, keepdims=True)
    right = below_best[np.arange(len(truth)), truth]

    def loss(log_temperature: float) -> float:
        temperature = np.exp(log_temperature)
        parts = range(0, len(truth), _ROWS_AT_ONCE)
        total = sum(
            float(np.log(np.exp(below_best[i : i + _ROWS_AT_ONCE] / temperature).sum(axis=1)).sum())
            for i in parts
        )
        return (total - float(right.sum()) / float(temperature)) / len(truth)

    fitted = minimize_scalar(loss, bounds=(-6.0, 4.0), method="bounded")
    return float(f"{np.exp(fitted.x):.3g}")


def naive_bayes_weights(
    X: Any,
    positive: NDArray[np.bool_],
    alpha: float,
    weight: NDArray[np.float64] | None = None,
) -> NDArray[np.float64]:
    """Multinomial naive Bayes: log ratio of each term's share in the two classes.

    Parameters
    ----------
    X : sparse matrix of shape (n, n_features)
        Not negative.
    positive : ndarray of shape (n,)
    alpha : float
        Added to the mass of every term in either class (Lidstone smoothing).
    weight : ndarray of shape (n,), optional

    Returns
    -------
    ndarray of shape (n_features,)
        Natural logarithms, above 0 where a term leans to the positive class.

    Examples
    --------
    >>> X = np.array([[1.0, 0.0], [0.0, 1.0]])
    >>> naive_bayes_weights(X, np.array([True, False]), alpha=1.0).round(2)
    array([ 0.69, -0.69])
    """
    w = np.ones(len(positive)) if weight is None else weight
    share = []
    for rows in (positive, ~positive):
        mass = alpha + X.T @ (w * rows)
        share.append(np.log(mass / mass.sum()))
    difference: NDArray[np.float64] = share[0] - share[1]
    return difference


def fit_mixed(
    X: Any, mixed: NDArray[np.bool_], settings: Settings
) -> tuple[NDArray[np.float64], float]:
    """Head that tells mixed texts from clear rows: logistic regression.

    Among short and among long texts apart, both classes weigh the same, so that length says nothing.

    Parameters
    ----------
    X : sparse matrix of shape (n, n_features)
    mixed : ndarray of shape (n,)
    settings : Settings

    Returns
    -------
    coef : ndarray of shape (n_features,)
    intercept : float
    """
    long = X.getnnz(axis=1) > _LONG
    weight = np.ones(len(mixed))
    for part in (long & mixed, long & ~mixed, ~long & mixed, ~long & ~mixed):
        weight[part] = 1 / max(part.sum(), 1)
    head = LogisticRegression(C=settings.C_mixed, solver="newton-cg", tol=1e-7, max_iter=5000)
    with threadpool_limits(1):
        head.fit(X, mixed, sample_weight=weight * len(mixed) / weight.sum())
    return head.coef_[0], float(head.intercept_[0])


def fit_services(
    X: Any,
    service: NDArray[np.object_],
    glossary: Any,
    glossary_service: NDArray[np.object_],
    settings: Settings,
    weight: NDArray[np.float64] | None = None,
) -> tuple[list[str], NDArray[np.float64], NDArray[np.float64]]:
    """Service head: ridge regression and naive Bayes, each brought to one scale, added.

    Ridge regression is as right as a multinomial head at a tenth of its time; naive Bayes adds the
    terms that few rows of a service hold.

    Parameters
    ----------
    X : sparse matrix of shape (n, n_features)
        Not negative.
    service : ndarray of shape (n,)
        Slugs.
    glossary : sparse matrix of shape (n_entries, n_features)
    glossary_service : ndarray of shape (n_entries,)
        Entries of a service that no row has are passed over.
    settings : Settings
    weight : ndarray of shape (n,), optional

    Returns
    -------
    services : list of str
        Sorted slugs; one column of the weights for each.
    coef : ndarray of shape (n_features, n_services)
    intercept : ndarray of shape (n_services,)
    """
    slugs = sorted(set(service.tolist()))
    if len(slugs) < 2:
        return slugs, np.zeros((X.shape[1], len(slugs))), np.zeros(len(slugs))
    told = np.flatnonzero(np.isin(glossary_service.astype(str), slugs) & (glossary.getnnz(1) > 0))
    every = vstack((X, glossary[told]), format="csr")
    number = {slug: i for i, slug in enumerate(slugs)}
    y = np.array([number[s] for s in (*service.tolist(), *glossary_service[told].tolist())])
    of_rows = np.ones(len(service)) if weight is None else weight
    w = np.concatenate((of_rows, np.full(len(told), settings.glossary_weight)))
    coef, intercept = _fit_ridge(every, y, len(slugs), settings.service_alpha, w)
    w = np.concatenate((of_rows, np.ones(len(told))))
    members = csr_array((w, y, np.arange(len(y) + 1)), shape=(len(y), len(slugs)))
    bayes = _log_shares(every, members, settings.service_naive_bayes_alpha)
    scale = _spread(X, coef), _spread(X, bayes) / settings.service_naive_bayes
    return slugs, np.ascontiguousarray(coef / scale[0] + bayes / scale[1]), intercept / scale[0]


def _fit_ridge(
    X: Any, y: NDArray[np.int64], n_classes: int, alpha: float, weight: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Ridge regression of 1 for a class and -1 for the others; weights in columns, and intercepts.

    scikit-learn solves class by class, whatever the others are: they are shared out to threads, each
    with few at a time, since it holds several numbers for each row and class.
    """

    def fitted(classes: NDArray[np.int64]) -> Ridge:
        head = Ridge(alpha=alpha, solver="sparse_cg", tol=1e-8)
        return head.fit(X, np.where(y[:, None] == classes, 1.0, -1.0), sample_weight=weight)

    parts = np.array_split(np.arange(n_classes), -(-n_classes // _CLASSES_AT_ONCE))
    with threadpool_limits(1):  # of BLAS: ten times as fast as on two
        heads = Parallel(n_jobs=cpu_count(), prefer="threads")(map(delayed(fitted), parts))
    return (
        np.vstack([np.atleast_2d(head.coef_) for head in heads]).T,
        np.concatenate([np.atleast_1d(head.intercept_) for head in heads]),
    )


def _log_shares(X: Any, members: Any, alpha: float) -> NDArray[np.float64]:
    """Multinomial naive Bayes of several classes: log of each term's share, less the classes' mean.

    Parameters
    ----------
    X : sparse matrix of shape (n, n_features)
    members : sparse array of shape (n, n_classes)
        Weight of each row in each class.
    alpha : float
    """
    mass = alpha + (X.T @ members).toarray(order="C")
    shares = np.log(mass / mass.sum(axis=0))
    found: NDArray[np.float64] = shares - shares.mean(axis=1, keepdims=True)
    return found


def _spread(X: Any, coef: NDArray[np.float64]) -> float:
    """Standard deviation of the classes' decision values around the mean of their row; 1 if it is 0."""
    square = 0.0
    for start in range(0, X.shape[0], _ROWS_AT_ONCE):
        decision = X[start : start + _ROWS_AT_ONCE] @ coef
        decision -= decision.mean(axis=1, keepdims=True)
        square += float((decision**2).sum())
    return float(np.sqrt(square / (X.shape[0] * coef.shape[1]))) or 1.0
