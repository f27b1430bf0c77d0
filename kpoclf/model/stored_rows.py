"""The rows that a model was trained on, kept in it to show which of them a text is like."""

from __future__ import annotations

import io
import json
import zlib
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from kpoclf.model.npz import read_npz, write_npz
from kpoclf.model.packing import narrow, pack, typed, unpack, widened, within
from kpoclf.taxonomy import LABELS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from numpy.typing import NDArray

__all__ = ["PackedRows", "StoredRows"]

_BLOCK = 64  # rows whose texts are compressed together: a few are shown, the others stay packed


@dataclass(frozen=True, eq=False)
class StoredRows:
    """Labelled rows and their single words, row after row.

    Pairs of words are left out: they would double the size and hardly change which row is nearest.

    Attributes
    ----------
    start : ndarray of shape (n_rows + 1,), int32
        Where the words of each row begin in the next two.
    stem : ndarray of shape (nnz,), int32
    count : ndarray of shape (nnz,), uint8
        How often the stem comes in the row, 255 at most.
    label : ndarray of shape (n_rows,), uint8
        Number of the label in `LABELS`.
    service : ndarray of shape (n_rows,), int32
        Number of the service in `services`.
    services : tuple of str
        Slugs, the empty one for rows without.
    blocks : tuple of bytes
        The texts, packed.
    """

    start: NDArray[np.int32]
    stem: NDArray[np.int32]
    count: NDArray[np.uint8]
    label: NDArray[np.uint8]
    service: NDArray[np.int32]
    services: tuple[str, ...]
    blocks: tuple[bytes, ...]

    @staticmethod
    def pack_texts(texts: Sequence[str]) -> tuple[bytes, ...]:
        """Texts as `blocks`."""
        parts = (texts[i : i + _BLOCK] for i in range(0, len(texts), _BLOCK))
        return tuple(zlib.compress(json.dumps(list(part)).encode(), 9) for part in parts)

    def text(self, row: int) -> str:
        """Text of a row.

        Raises
        ------
        ValueError
            If the block that holds it is broken.
        """
        try:
            texts = json.loads(zlib.decompress(self.blocks[row // _BLOCK]))
            return str(texts[row % _BLOCK])
        except (zlib.error, LookupError, TypeError) as error:
            raise ValueError(f"the texts are broken: {error}") from None

    def texts(self) -> list[str]:
        """Texts of all rows.

        Raises
        ------
        ValueError
            If a block is broken.
        """
        try:
            found = [t for block in self.blocks for t in json.loads(zlib.decompress(block))]
        except (zlib.error, TypeError) as error:
            raise ValueError(f"the texts are broken: {error}") from None
        return [str(text) for text in found]

    def similarities(
        self, stem: NDArray[np.int64], weight: NDArray[np.float64], idf: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Cosine similarity of each row to one text, by single words.

        Parameters
        ----------
        stem : ndarray of shape (n,)
            Stems of the text.
        weight : ndarray of shape (n,)
            Their TF-IDF weights, of any norm.
        idf : ndarray of shape (n_stems,)

        Returns
        -------
        ndarray of shape (n_rows,)
            In [0, 1]; 0 for a row without known words.
        """
        query = np.zeros(len(idf))
        query[stem] = weight
        value = (1.0 + np.log(self.count)) * idf.take(self.stem)
        row = np.repeat(np.arange(len(self.label)), np.diff(self.start))
        product = np.bincount(row, query.take(self.stem) * value, len(self.label))
        norm = np.sqrt(np.bincount(row, value * value, len(self.label)))
        norm *= np.sqrt(weight @ weight)
        return np.divide(product, norm, out=np.zeros(len(norm)), where=norm > 0)

    def to_bytes(self) -> bytes:
        """Content of a file; `from_bytes` is the inverse."""
        buffer = io.BytesIO()
        arrays: dict[str, NDArray[Any]] = {
            "start": self.start,
            "stem": narrow(self.stem),
            "count": self.count,
            "label": self.label,
            "service": narrow(self.service),
            "services": pack(self.services),
            "texts": np.frombuffer(b"".join(self.blocks), np.uint8),
            "block_size": np.array([len(block) for block in self.blocks], np.int64),
        }
        write_npz(buffer, arrays)
        return buffer.getvalue()

    @classmethod
    def from_bytes(cls, content: bytes, n_stems: int) -> StoredRows:
        """Rows of the content that `to_bytes` gave.

        Raises
        ------
        KeyError, ValueError
            If it does not hold rows of a model of so many stems.
        """
        arrays = read_npz(content)
        packed = typed(arrays, "texts", np.uint8, 1).tobytes()
        ends = np.cumsum(typed(arrays, "block_size", np.int64, 1)).tolist()
        found = cls(
            typed(arrays, "start", np.int32, 1),
            widened(arrays, "stem", 1),
            typed(arrays, "count", np.uint8, 1),
            typed(arrays, "label", np.uint8, 1),
            widened(arrays, "service", 1),
            unpack(arrays["services"]) or ("",),
            tuple(packed[a:b] for a, b in zip([0, *ends], ends, strict=False)),
        )
        n = len(found.label)
        consistent = (
            len(found.service) == n
            and len(found.start) == n + 1
            and len(found.stem) == len(found.count)
            and (found.start[0], found.start[-1]) == (0, len(found.stem))
            and bool((np.diff(found.start) >= 0).all())
            and within(found.stem, 0, n_stems)
            and within(found.label, 0, len(LABELS))
            and within(found.service, 0, len(found.services))
            and bool(found.count.all())
            and len(found.blocks) == -(-n // _BLOCK)
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
    n_stems : int
        Of the model.
    """

    content: bytes
    n_stems: int

    @cached_property
    def rows(self) -> StoredRows:
        """The rows.

        Raises
        ------
        KeyError, ValueError
            If the bytes do not hold rows of this model.
        """
        return StoredRows.from_bytes(self.content, self.n_stems)
