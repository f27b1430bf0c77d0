"""The linear heads on one TF-IDF vector."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.linear_model import LogisticRegression, RidgeClassifier
from threadpoolctl import threadpool_limits

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from kpoclf.learn.settings import Settings

__all__ = ["fit_label", "fit_scope", "fit_services", "naive_bayes_weights"]


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
    coef, intercept = _logistic_regression(X, kpo, settings.C, weight)
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
    return _logistic_regression(X, inside, settings.C, weight)


def _logistic_regression(
    X: Any, positive: NDArray[np.bool_], C: float, weight: NDArray[np.float64] | None
) -> tuple[NDArray[np.float64], float]:
    # The tolerance keeps solvers on different processors within a rounding step of float16.
    head = LogisticRegression(C=C, class_weight="balanced", tol=1e-7, max_iter=5000)
    with threadpool_limits(1):  # vectors this short are slower on many threads
        head.fit(X, positive, sample_weight=weight)
    return head.coef_[0], float(head.intercept_[0])


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


def fit_services(
    X: Any, service: NDArray[np.object_], alpha: float, weight: NDArray[np.float64] | None = None
) -> tuple[list[str], NDArray[np.float64], NDArray[np.float64]]:
    """Ridge-regression head over services: as right as a multinomial one at a tenth of its time.

    Parameters
    ----------
    X : sparse matrix of shape (n, n_features)
    service : ndarray of shape (n,)
        Slugs.
    alpha : float
        Strength of the L2 penalty.
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
    head = RidgeClassifier(alpha=alpha, solver="sparse_cg", tol=1e-8)
    head.fit(X, service.astype(str), sample_weight=weight)
    coef, intercept = head.coef_, head.intercept_
    if len(slugs) == 2:  # scikit-learn keeps one row for two classes
        coef, intercept = np.vstack((-coef, coef)), np.hstack((-intercept, intercept))
    return slugs, np.ascontiguousarray(coef.T), intercept
