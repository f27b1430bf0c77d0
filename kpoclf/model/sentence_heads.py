"""The heads that read single sentences: which duty each states, and which criteria it shows."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from kpoclf.model.packing import pack, typed, unpack, within
from kpoclf.taxonomy import POLES, TASKS
from kpoclf.text.sentences import SentenceSplitter

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

__all__ = ["SentenceHeads", "stronger_pole"]


@dataclass(frozen=True, eq=False)
class SentenceHeads:
    """Vocabulary and linear heads of single sentences.

    Feature ``s`` below ``len(stems)`` is that stem anywhere in the sentence, feature
    ``len(stems) + s`` the same stem as its first word. All heads read one TF-IDF vector (sublinear tf,
    Euclidean norm). Unlike the vector of whole texts it keeps the prose of hiring, which tells a
    requirement from a duty.

    Attributes
    ----------
    root_stem : ndarray of shape (n_roots,), int32
        Stem number of each root of the model's table of forms; -1 where no sentence of the training
        data had that stem.
    stems : tuple of str
        Stems, sorted.
    idf : ndarray of shape (2 * n_stems,), float32
        0 where the stem is no feature in that place.
    coef : ndarray of shape (2 * n_stems, 3 + 18), float16
        Columns: `TASKS`, then `POLES`.
    intercept : ndarray of shape (3 + 18,), float64
    temperature : float
        Divides the decision values of the tasks before the softmax.
    threshold : ndarray of shape (18,), float64
        A criterion is shown where its probability, the sigmoid of its decision value, is above this and
        above that of its other pole.
    splitter : SentenceSplitter
    """

    root_stem: NDArray[np.int32]
    stems: tuple[str, ...]
    idf: NDArray[np.float32]
    coef: NDArray[np.float16]
    intercept: NDArray[np.float64]
    temperature: float
    threshold: NDArray[np.float64]
    splitter: SentenceSplitter = field(default_factory=SentenceSplitter)

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Arrays of a model folder; `from_arrays` is the inverse."""
        return {
            "sentence_root_stem": self.root_stem,
            "sentence_stems": pack(self.stems),
            "sentence_idf": self.idf,
            "sentence_coef": self.coef,
            "sentence_intercept": self.intercept,
            "sentence_temperature": np.array([self.temperature]),
            "criterion_threshold": self.threshold,
            "abbreviations": pack(tuple(sorted(self.splitter.abbreviations))),
            "sentence_starters": pack(tuple(sorted(self.splitter.starters))),
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]], n_roots: int) -> SentenceHeads | None:
        """Heads of the arrays that `to_arrays` gave; None where there are none.

        Raises
        ------
        KeyError, ValueError
            If an array is missing, or shapes or types do not fit together.
        """
        if "sentence_coef" not in arrays:
            return None
        found = cls(
            root_stem=typed(arrays, "sentence_root_stem", np.int32, 1),
            stems=unpack(arrays["sentence_stems"]),
            idf=typed(arrays, "sentence_idf", np.float32, 1),
            coef=typed(arrays, "sentence_coef", np.float16, 2),
            intercept=typed(arrays, "sentence_intercept", np.float64, 1),
            temperature=float(arrays["sentence_temperature"][0]),
            threshold=typed(arrays, "criterion_threshold", np.float64, 1),
            splitter=SentenceSplitter(
                frozenset(unpack(arrays["abbreviations"])),
                frozenset(unpack(arrays["sentence_starters"])),
            ),
        )
        n_features, n_columns = 2 * len(found.stems), len(TASKS) + len(POLES)
        consistent = (
            len(found.root_stem) == n_roots
            and within(found.root_stem, -1, len(found.stems))
            and found.idf.shape == (n_features,)
            and found.coef.shape == (n_features, n_columns)
            and found.intercept.shape == (n_columns,)
            and found.threshold.shape == (len(POLES),)
            and found.temperature > 0
        )
        if not consistent:
            raise ValueError("the arrays of the sentence heads do not fit together")
        return found


def stronger_pole(probability: NDArray[np.float64]) -> NDArray[np.float64]:
    """Probabilities of the 18 poles, 0 where the other pole of the criterion is likelier.

    Examples
    --------
    >>> stronger_pole(np.array([[0.7, 0.2]])).tolist()
    [[0.7, 0.0]]
    """
    pairs = probability.reshape(len(probability), probability.shape[1] // 2, 2)
    stronger = pairs >= pairs[:, :, ::-1]
    found: NDArray[np.float64] = (pairs * stronger).reshape(probability.shape)
    return found
