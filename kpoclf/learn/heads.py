"""The linear heads on one TF-IDF vector."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.linear_model import LogisticRegression, RidgeClassifier
from threadpoolctl import threadpool_limits

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["fit_binary", "fit_services"]


def fit_binary(
    X: Any, positive: NDArray[np.bool_], C: float, weight: NDArray[np.float64] | None = None
) -> tuple[NDArray[np.float64], float]:
    """Logistic regression: weights and intercept of a binary head, classes balanced.

    Parameters
    ----------
    X : sparse matrix of shape (n, n_features)
    positive : ndarray of shape (n,)
    C : float
    weight : ndarray of shape (n,), optional
        Weight of each row.

    Returns
    -------
    coef : ndarray of shape (n_features,)
    intercept : float
    """
    # The tolerance keeps solvers on different processors within a rounding step of float16.
    head = LogisticRegression(C=C, class_weight="balanced", tol=1e-7, max_iter=5000)
    with threadpool_limits(1):  # vectors this short are slower on many threads
        head.fit(X, positive, sample_weight=weight)
    return head.coef_[0], float(head.intercept_[0])


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
