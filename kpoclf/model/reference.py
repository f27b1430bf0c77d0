"""The same model as a scikit-learn pipeline: the reference that the NumPy scorer is held to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.pipeline import Pipeline

from kpoclf.model.weights import UNKNOWN
from kpoclf.taxonomy import CLASSES
from kpoclf.text.terms import TableAnalyzer

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from kpoclf.model.calibration import Calibration
    from kpoclf.model.trained import TrainedModel

__all__ = ["CalibratedLinearClassifier", "to_pipeline"]


class CalibratedLinearClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """A fitted linear classifier of TF-IDF vectors, with kpoclf's calibration.

    Parameters
    ----------
    coef : ndarray of shape (n_features,)
    intercept : float
    calibration : Calibration
    """

    def __init__(
        self, coef: NDArray[np.float64], intercept: float, calibration: Calibration
    ) -> None:
        self.coef = coef
        self.intercept = intercept
        self.calibration = calibration

    @property
    def classes_(self) -> NDArray[np.str_]:
        """The labels, in the order of the columns of `predict_proba`."""
        return np.array(CLASSES)

    def __sklearn_is_fitted__(self) -> bool:
        return True

    def fit(self, X: Any, y: Any = None) -> CalibratedLinearClassifier:  # noqa: ARG002
        """Do nothing: the weights are given. To train, use `kpoclf.KPOClassifier`."""
        return self

    def decision_function(self, X: Any) -> NDArray[np.float64]:
        """Decision values of TF-IDF vectors, shape (n,); above 0 means KPO."""
        found: NDArray[np.float64] = X @ self.coef + self.intercept
        return found

    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """Calibrated probabilities, shape (n, 2), columns as `classes_`."""
        p = self.calibration.probability(self.decision_function(X), X.getnnz(axis=1))
        return np.column_stack((1.0 - p, p))

    def predict(self, X: Any) -> NDArray[np.str_]:
        """Labels, shape (n,)."""
        labels: NDArray[np.str_] = self.classes_[(self.decision_function(X) > 0).astype(int)]
        return labels


def to_pipeline(model: TrainedModel) -> Pipeline:
    """Label head of a model as ``TfidfVectorizer`` and a linear classifier.

    Parameters
    ----------
    model : TrainedModel

    Returns
    -------
    sklearn.pipeline.Pipeline
        Its ``predict_proba`` equals the model's to 1e-9.
    """
    weights = model.weights
    stems = (*weights.stems, None)  # the last, at index -1, for stop terms
    root_stem = weights.root_stem.tolist()
    numbers = ((form, root_stem[root]) for form, root in weights.forms.forms())
    table = {form: stems[s] for form, s in numbers if s != UNKNOWN}
    vectorizer = TfidfVectorizer(
        analyzer=TableAnalyzer(table),
        vocabulary={name: index for index, name in enumerate(weights.feature_names())},
        sublinear_tf=True,
    )
    vectorizer.idf_ = weights.idf.astype(np.float64)
    classifier = CalibratedLinearClassifier(
        weights.label_coef.astype(np.float64), weights.label_intercept, model.calibration
    )
    return Pipeline([("tfidf", vectorizer), ("classify", classifier)])
