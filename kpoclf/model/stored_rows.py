"""The rows that a model was trained on, kept in it to show which of them a text is like."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from kpoclf.model.npz import write_npz
from kpoclf.model.packing import typed, within
from kpoclf.taxonomy import LABELS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from numpy.typing import NDArray

__all__ = ["PackedRows", "StoredRows"]


@dataclass(frozen=True, eq=False)
class StoredRows:
    """Labelled rows with their TF-IDF vectors, row after row.

    Attributes
    ----------
    start : ndarray of shape (n_rows + 1,), int32
        Where the vector of each row begins in the next two.
    feature : ndarray of shape (nnz,), int32
    value : ndarray of shape (nnz,), float16
        Of Euclidean norm 1 for each row, within rounding.
    texts, labels, services : tuple of str
    """

    start: NDArray[np.int32]
    feature: NDArray[np.int32]
    value: NDArray[np.float16]
    texts: tuple[str, ...]
    labels: tuple[str, ...]
    services: tuple[str, ...]

    def similarities(
        self, feature: NDArray[np.int64], value: NDArray[np.float64], n_features: int
    ) -> NDArray[np.float64]:
        """Cosine similarity of each row to one TF-IDF vector in coordinate form."""
        query = np.zeros(n_features)
        query[feature] = value
        product = np.append(query[self.feature] * self.value, 0.0)
        found: NDArray[np.float64] = np.add.reduceat(product, self.start[:-1])
        found[np.diff(self.start) == 0] = 0.0
        return found

    def to_bytes(self) -> bytes:
        """Content of a file; `from_bytes` is the inverse."""
        told = json.dumps([self.texts, self.labels, self.services], ensure_ascii=False)
        buffer = io.BytesIO()
        arrays: dict[str, NDArray[Any]] = {
            "start": self.start,
            "feature": self.feature,
            "value": self.value,
            "rows": np.frombuffer(told.encode("utf-8", "surrogatepass"), np.uint8),
        }
        write_npz(buffer, arrays)
        return buffer.getvalue()

    @classmethod
    def from_bytes(cls, content: bytes, n_features: int) -> StoredRows:
        """Rows of the content that `to_bytes` gave.

        Raises
        ------
        KeyError, ValueError
            If it does not hold rows of a model of so many features.
        """
        with np.load(io.BytesIO(content), allow_pickle=False) as loaded:
            arrays: Mapping[str, NDArray[Any]] = dict(loaded)
        told = arrays["rows"].tobytes().decode("utf-8", "surrogatepass")
        texts, labels, services = (tuple(map(str, part)) for part in json.loads(told))
        found = cls(
            typed(arrays, "start", np.int32, 1),
            typed(arrays, "feature", np.int32, 1),
            typed(arrays, "value", np.float16, 1),
            texts,
            labels,
            services,
        )
        n = len(texts)
        consistent = (
            len(labels) == len(services) == n
            and len(found.start) == n + 1
            and len(found.feature) == len(found.value)
            and (found.start[0], found.start[-1]) == (0, len(found.feature))
            and bool((np.diff(found.start) >= 0).all())
            and within(found.feature, 0, n_features)
            and set(labels) <= set(LABELS)
        )
        if not consistent:
            raise ValueError("the stored rows do not fit together")
        return found


@dataclass(frozen=True, eq=False)
class PackedRows:
    """Stored rows as the bytes of their file, unpacked when somebody asks for them.

    Attributes
    ----------
    content : bytes
    n_features : int
        Of the model.
    """

    content: bytes
    n_features: int

    @cached_property
    def rows(self) -> StoredRows:
        """The rows.

        Raises
        ------
        KeyError, ValueError
            If the bytes do not hold rows of this model.
        """
        return StoredRows.from_bytes(self.content, self.n_features)
