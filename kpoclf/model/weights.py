"""The numbers of a trained model: vocabulary, idf and the weights of its linear heads."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from kpoclf.model.form_table import FormTable
from kpoclf.model.packing import narrow, pack, typed, unpack, widened, within
from kpoclf.taxonomy import CLASSES

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["STOP", "UNKNOWN", "Weights"]

STOP = -1
"""Stem number of a stop term: it is passed over, and its neighbours become a bigram."""

UNKNOWN = -2
"""Stem number of a word that no labelled row holds; only the sentence heads may know it."""


@dataclass(frozen=True, eq=False)
class Weights:
    """Vocabulary and heads.

    Feature ``f`` below ``len(stems)`` is the unigram of that stem; feature ``len(stems) + b`` is
    bigram ``b``. All heads read the same TF-IDF vector (sublinear tf, Euclidean norm).

    Attributes
    ----------
    forms : FormTable
        Surface forms; a word that is not among them is unknown.
    root_stem : ndarray of shape (n_roots,), int32
        Stem number of each root of `forms`, or `STOP`, or `UNKNOWN`.
    stems : tuple of str
        Stems, sorted.
    bigrams : ndarray of shape (n_bigrams, 2), int32
        Pairs of stem numbers: first those that the service head weighs, sorted, then the others,
        sorted.
    idf : ndarray of shape (n_features,), float32
    label_coef : ndarray of shape (n_features,), float16
        Decision weights towards KPO.
    label_intercept : float
    scope_coef : ndarray of shape (n_features,), float16
        Decision weights towards in scope; empty if the model knows no scope.
    scope_intercept : float
    service_coef : ndarray of shape (n_service_features, n_services), float16
        Of the first features: all stems and some bigrams. The others have no weights here.
    service_intercept : ndarray of shape (n_services,), float64
    services : tuple of str
        Slugs of the columns of `service_coef`.
    service_labels : tuple of str
        ``"KPO"`` or ``"BPO"`` for each of them.
    mixed_coef : ndarray of shape (n_features,), float16
        Decision weights towards duties on both sides; empty if the model knows no mixed texts.
    mixed_intercept : float
    """

    forms: FormTable
    root_stem: NDArray[np.int32]
    stems: tuple[str, ...]
    bigrams: NDArray[np.int32]
    idf: NDArray[np.float32]
    label_coef: NDArray[np.float16]
    label_intercept: float
    scope_coef: NDArray[np.float16]
    scope_intercept: float
    service_coef: NDArray[np.float16]
    service_intercept: NDArray[np.float64]
    services: tuple[str, ...]
    service_labels: tuple[str, ...]
    mixed_coef: NDArray[np.float16] = field(default_factory=lambda: np.empty(0, np.float16))
    mixed_intercept: float = 0.0

    @property
    def n_features(self) -> int:
        """Number of features."""
        return len(self.idf)

    @property
    def knows_scope(self) -> bool:
        """Whether the model was trained with ``OTHER`` rows."""
        return len(self.scope_coef) > 0

    @property
    def knows_mixed(self) -> bool:
        """Whether the model was trained with mixed texts."""
        return len(self.mixed_coef) > 0

    def feature_names(self) -> list[str]:
        """Name of each feature: a stem, or two stems with a space between."""
        pairs = self.bigrams.tolist()
        return [*self.stems, *(f"{self.stems[i]} {self.stems[j]}" for i, j in pairs)]

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Arrays of a model folder; `from_arrays` is the inverse."""
        return self.forms.to_arrays() | {
            "root_stem": self.root_stem,
            "stems": pack(self.stems),
            "bigrams": narrow(self.bigrams),
            "idf": self.idf,
            "label_coef": self.label_coef,
            "label_intercept": np.array([self.label_intercept]),
            "scope_coef": self.scope_coef,
            "scope_intercept": np.array([self.scope_intercept]),
            "service_coef": self.service_coef,
            "service_intercept": self.service_intercept,
            "services": pack(self.services),
            "service_labels": pack(self.service_labels),
            "mixed_coef": self.mixed_coef,
            "mixed_intercept": np.array([self.mixed_intercept]),
        }

    @classmethod
    def from_arrays(cls, arrays: dict[str, NDArray[Any]]) -> Weights:
        """Weights of the arrays that `to_arrays` gave.

        Raises
        ------
        KeyError, ValueError
            If an array is missing, or shapes or types do not fit together.
        """
        found = cls(
            forms=FormTable.from_arrays(arrays),
            root_stem=typed(arrays, "root_stem", np.int32, 1),
            stems=unpack(arrays["stems"]),
            bigrams=widened(arrays, "bigrams", 2),
            idf=typed(arrays, "idf", np.float32, 1),
            label_coef=typed(arrays, "label_coef", np.float16, 1),
            label_intercept=float(arrays["label_intercept"][0]),
            scope_coef=typed(arrays, "scope_coef", np.float16, 1),
            scope_intercept=float(arrays["scope_intercept"][0]),
            service_coef=typed(arrays, "service_coef", np.float16, 2),
            service_intercept=typed(arrays, "service_intercept", np.float64, 1),
            services=unpack(arrays["services"]),
            service_labels=unpack(arrays["service_labels"]),
            mixed_coef=(
                typed(arrays, "mixed_coef", np.float16, 1)
                if "mixed_coef" in arrays  # the first format of model folders had none
                else np.empty(0, np.float16)
            ),
            mixed_intercept=float(arrays.get("mixed_intercept", np.zeros(1))[0]),
        )
        n_stems, n_features = len(found.stems), found.n_features
        consistent = (
            found.forms.n_roots == len(found.root_stem)
            and n_stems + len(found.bigrams) == n_features
            and found.bigrams.shape[1:] == (2,)
            and within(found.root_stem, UNKNOWN, n_stems)
            and within(found.bigrams, 0, n_stems)
            and _sorted_runs(found.bigrams, len(found.service_coef) - n_stems)
            and len(found.label_coef) == n_features
            and len(found.scope_coef) in (0, n_features)
            and len(found.mixed_coef) in (0, n_features)
            and n_stems <= len(found.service_coef) <= n_features
            and found.service_coef.shape[1:] == (len(found.services),)
            and len(found.service_intercept) == len(found.services) == len(found.service_labels)
            and set(found.service_labels) <= set(CLASSES)
        )
        if not consistent:
            raise ValueError("the arrays do not fit together")
        return found


def _sorted_runs(pairs: NDArray[np.int32], cut: int) -> bool:
    """Whether the pairs before the cut ascend, and those from there on."""
    keys = pairs[:, 0].astype(np.int64) << 32 | pairs[:, 1]
    ascends = keys[1:] > keys[:-1]
    if 0 < cut < len(keys):
        ascends[cut - 1] = True
    return bool(ascends.all())
