"""kpoclf as a scikit-learn estimator."""

from __future__ import annotations

from numbers import Integral, Real
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.validation import check_is_fitted

from kpoclf.corpus.rows import LabelledRow
from kpoclf.errors import CorpusError, InputError
from kpoclf.judge.model import Model
from kpoclf.judge.texts import as_texts
from kpoclf.learn.fit import fit_model
from kpoclf.learn.settings import Settings
from kpoclf.taxonomy import LABELS, load_taxonomy, tidy_label

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["KPOClassifier"]


class KPOClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Classifier of texts into BPO and KPO.

    TF-IDF over stems and pairs of stems, logistic regression averaged with naive Bayes, and a
    calibration fitted on out-of-fold decision values.

    Parameters
    ----------
    C : float, default=3.0
        Inverse strength of the L2 penalty.
    naive_bayes : float, default=0.5
        Share of naive Bayes in the weights, in [0, 1]; the rest is logistic regression's.
    bigrams : bool, default=True
        Whether pairs of stems are terms too.
    min_df : int, default=1
        Texts that a term must occur in.
    calibration_folds : int, default=5
        Folds of the cross-validation that calibrates.
    random_state : int, default=0
        Shuffles the folds.

    Attributes
    ----------
    classes_ : ndarray of shape (2,)
        ``['BPO', 'KPO']``. ``OTHER`` rows teach what is out of scope and are no class.
    model_ : kpoclf.Model
        The trained model: it labels, explains and saves.

    Examples
    --------
    >>> from kpoclf import KPOClassifier
    >>> texts = [f"Key {x} forms into the register." for x in "tax loan claim visa entry".split() * 2]
    >>> texts += [f"Advise on {x} strategy and risk." for x in "tax loan claim visa entry".split() * 2]
    >>> clf = KPOClassifier().fit(texts, ["BPO"] * 10 + ["KPO"] * 10)
    >>> clf.predict(["Key parking forms into the register."]).tolist()
    ['BPO']
    """

    def __init__(
        self,
        C: float = 3.0,
        naive_bayes: float = 0.5,
        bigrams: bool = True,
        min_df: int = 1,
        calibration_folds: int = 5,
        random_state: int = 0,
    ) -> None:
        self.C = C
        self.naive_bayes = naive_bayes
        self.bigrams = bigrams
        self.min_df = min_df
        self.calibration_folds = calibration_folds
        self.random_state = random_state

    def fit(
        self,
        texts: Any,
        labels: Any,
        services: Any = None,
        sample_weight: Any = None,
    ) -> KPOClassifier:
        """Train on labelled texts.

        Parameters
        ----------
        texts : sequence of str of shape (n,)
        labels : sequence of str of shape (n,)
            ``KPO``, ``BPO`` or ``OTHER``; case and surrounding space do not matter.
        services : sequence of str of shape (n,), optional
            Slugs of the taxonomy, empty where not known. They train the service head, and group the
            folds of the calibration.
        sample_weight : array-like of shape (n,), optional
            Positive weights of the rows in the heads; vocabulary, idf and calibration count each
            row once.

        Returns
        -------
        KPOClassifier
            Itself.

        Raises
        ------
        CorpusError
            If a label or service is unknown or they contradict each other, lengths differ, or a
            class has fewer than ten rows.
        InputError
            If a parameter is out of its range.
        """
        tidy = self._labels(labels)
        listed = as_texts(texts)
        service = [""] * len(listed) if services is None else as_texts(services)
        if not len(listed) == len(tidy) == len(service):
            raise CorpusError(
                f"{len(listed)} texts, {len(tidy)} labels and {len(service)} services"
            )
        for i, (slug, label) in enumerate(zip(service, tidy, strict=True)):
            if slug and load_taxonomy().label_of(slug) != label:
                raise CorpusError(f"services[{i}] is {slug!r}: no slug of the taxonomy for {label}")
        weight = None if sample_weight is None else np.asarray(sample_weight, np.float64)
        if weight is not None and (
            weight.shape != (len(listed),) or not (np.isfinite(weight) & (weight > 0)).all()
        ):
            raise CorpusError("sample_weight must hold one positive number per text")
        settings = self._settings()
        rows = [LabelledRow(t, x, s) for t, x, s in zip(listed, tidy, service, strict=True)]
        self.model_ = Model(fit_model(rows, settings, weight))
        self.classes_ = self.model_.classes_
        return self

    def _settings(self) -> Settings:
        """Parameters as plain numbers, checked."""
        limits = {"C": (Real, 0.0), "min_df": (Integral, 1), "calibration_folds": (Integral, 2)}
        limits["random_state"] = (Integral, 0)
        for name, (kind, low) in limits.items():
            value = getattr(self, name)
            if not isinstance(value, kind) or value < low or (kind is Real and value == low):
                told = f"a number above {low:g}" if kind is Real else f"a whole number from {low:g}"
                raise InputError(f"{name} is {value!r}: give {told}")
        share: Any = self.naive_bayes
        if not (isinstance(share, Real) and 0 <= float(share) <= 1):
            raise InputError(f"naive_bayes is {share!r}: give a number from 0 to 1")
        return Settings(
            C=float(self.C),
            naive_bayes=float(share),
            bigrams=bool(self.bigrams),
            min_df=int(self.min_df),
            folds=int(self.calibration_folds),
            seed=int(self.random_state),
        )

    @staticmethod
    def _labels(labels: Any) -> list[str]:
        if labels is None:
            raise CorpusError(
                "requires y to be passed, but the target y is None: give one label per text"
            )
        found = []
        for i, label in enumerate(labels):
            tidy = tidy_label(label)
            if tidy is None:
                raise CorpusError(f"labels[{i}] is {label!r}: use one of {', '.join(LABELS)}")
            found.append(tidy)
        return found

    def _fitted(self) -> Model:
        check_is_fitted(self, "model_")
        model: Model = self.model_
        return model

    def predict(self, texts: Any) -> NDArray[np.str_]:
        """Labels, shape (n,)."""
        return self._fitted().predict(texts)

    def predict_proba(self, texts: Any) -> NDArray[np.float64]:
        """Calibrated probabilities, shape (n, 2), columns as ``classes_``."""
        return self._fitted().predict_proba(texts)

    def decision_function(self, texts: Any) -> NDArray[np.float64]:
        """Decision values, shape (n,); above 0 means KPO."""
        return self._fitted().decision_function(texts)

    def score(self, texts: Any, labels: Any, sample_weight: Any = None) -> float:
        """Accuracy on the KPO and BPO texts; ``OTHER`` texts are passed over.

        Parameters
        ----------
        texts : sequence of str of shape (n,)
        labels : sequence of str of shape (n,)
        sample_weight : array-like of shape (n,), optional

        Returns
        -------
        float
            In [0, 1]; NaN if all are ``OTHER``.
        """
        given, truth = self.predict(texts), np.array(self._labels(labels))
        weight = np.ones(len(truth)) if sample_weight is None else np.asarray(sample_weight)
        if not given.shape == truth.shape == weight.shape:
            raise CorpusError(f"{len(given)} texts, {len(truth)} labels and {weight.size} weights")
        inside = truth != "OTHER"
        if not inside.any():
            return float("nan")
        return float(np.average(given[inside] == truth[inside], weights=weight[inside]))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.string = True
        tags.input_tags.two_d_array = False
        tags.input_tags.one_d_array = True
        tags.classifier_tags.multi_class = False
        return tags
