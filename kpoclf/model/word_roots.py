"""The root of every word of a batch, by a hash table of the words that came before."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import numpy as np

from kpoclf.model.hash_table import HashTable
from kpoclf.text.byte_words import PADDING

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from kpoclf.model.form_table import FormTable
    from kpoclf.text.byte_words import ByteWords

__all__ = ["WordRoots"]

_PIECE = PADDING  # bytes that are read in one step
_LONGEST = 2 * _PIECE  # bytes of a word that the hash table can hold
_REMEMBERED = 1 << 17  # different words; when so many have come, all are forgotten
# Keeps the first n bytes of a piece.
_FIRST_BYTES = np.array([(1 << (8 * n)) - 1 for n in range(_PIECE + 1)], np.uint64)


class WordRoots:
    """Looks words up in a `FormTable`, each different word once.

    Nearly every word of a batch was in one before. A word of up to 16 bytes is read as two numbers of
    eight bytes, which are its key in a hash table; whole keys are compared, so that no word is taken
    for another. A word that is not there, or is longer, is looked up by its letters.

    Parameters
    ----------
    forms : FormTable
    """

    def __init__(self, forms: FormTable) -> None:
        self._forms = forms
        self._lock = threading.Lock()
        self._forget()

    def __reduce__(self) -> tuple[Any, ...]:
        return WordRoots, (self._forms,)

    def _forget(self) -> None:
        self._short = HashTable(parts=2)
        self._long: dict[str, int] = {}

    def __call__(self, words: ByteWords) -> NDArray[np.int32]:
        """Root of each word of a batch; `FormTable.n_roots` for one that is not in the table."""
        keys = _keys(words)
        with self._lock:
            found = self._short.find(keys)
            found[words.length > _LONGEST] = -1
            new = np.flatnonzero(found < 0)
            if len(new):
                found[new] = self._learn(words, keys, new)
        return found

    def _learn(
        self,
        words: ByteWords,
        keys: tuple[NDArray[np.uint64], NDArray[np.uint64]],
        new: NDArray[np.int64],
    ) -> NDArray[np.int64]:
        """Roots of words that are not in the hash table; they are remembered from now on."""
        if len(self._short) + len(self._long) > _REMEMBERED:
            self._forget()
        short: dict[str, int] = {}
        fresh, found = [], []
        is_long = words.length.take(new) > _LONGEST
        for i, long in zip(new.tolist(), is_long.tolist(), strict=True):
            word = words.word(i)
            known = self._long if long else short
            root = known.get(word)
            if root is None:
                root = known[word] = self._forms.root(word)
                if not long:
                    fresh.append(i)
            found.append(root)
        place = np.array(fresh, np.int64)
        roots = np.fromiter(short.values(), np.int32, len(short))
        self._short.insert([part.take(place) for part in keys], roots)
        return np.array(found, np.int64)


def _keys(words: ByteWords) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """The first eight bytes of each word as a number, and the next eight."""
    # One entry for every place in the buffer: the eight bytes from there on.
    pieces = np.ndarray((len(words.buffer) - _PIECE + 1,), "<u8", words.buffer, strides=(1,))
    first = pieces[words.start] & _FIRST_BYTES.take(words.length, mode="clip")
    second = np.zeros(len(first), np.uint64)
    longer = np.flatnonzero(words.length > _PIECE)
    start, length = words.start.take(longer) + _PIECE, words.length.take(longer) - _PIECE
    second[longer] = pieces[start] & _FIRST_BYTES.take(length, mode="clip")
    return first, second
