"""A hash table from numbers to numbers that looks up thousands of keys in one go."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    _Numbers = NDArray[np.unsignedinteger[Any]]

__all__ = ["HashTable"]

_FREE = np.uint64(0)
# 2**64 divided by the golden ratio: multiplying by it spreads neighbouring keys (Knuth 1973, 6.4).
_SPREAD = np.uint64(0x9E3779B97F4A7C15)
_HALF = np.uint64(32)
_ROOM = 2.25  # slots for each key at least: above one key for two slots they often do not fit
_MOST_ROOM = 8  # more are not made for keys that do not fit: they were chosen to collide
_ROUNDS = 100  # of moving keys to their other slot


class HashTable:
    """Cuckoo hashing (Pagh and Rodler 2004): a key lies in one of two slots, so that two looks do.

    Whole keys are kept and compared: keys that share a slot are never taken for each other.

    Parameters
    ----------
    parts : int
        Numbers that make up a key.
    dtype : dtype
        Of these numbers: unsigned, of 64 bits or fewer.

    Examples
    --------
    >>> table = HashTable(1)
    >>> table.insert([np.array([7, 9], np.uint64)], np.array([0, 1], np.int32))
    >>> table.find([np.array([9, 8, 7], np.uint64)]).tolist(), len(table)
    ([1, -1, 0], 2)
    """

    def __init__(self, parts: int, dtype: type[np.unsignedinteger[Any]] = np.uint64) -> None:
        self._dtype = dtype
        self._clear(parts, 10)

    def _clear(self, parts: int, bits: int) -> None:
        self._size = 0
        self._bits = bits
        self._keys = [np.zeros(1 << bits, self._dtype) for _ in range(parts)]
        self._values = np.zeros(1 << bits, np.int32)

    def __len__(self) -> int:
        return self._size

    def _slots(self, keys: Sequence[_Numbers], second: bool = False) -> NDArray[np.int64]:
        """First slot of each key, or the second."""
        mixed: NDArray[np.uint64] = keys[0] * _SPREAD
        for part in keys[1:]:
            mixed ^= mixed >> _HALF
            mixed ^= part
            mixed *= _SPREAD
        if second:
            mixed ^= mixed >> _HALF
            mixed *= _SPREAD
        mixed >>= np.uint64(64 - self._bits)
        return mixed.view(np.int64)

    def find(self, keys: Sequence[_Numbers]) -> NDArray[np.int32]:
        """Value of each key; -1 for a key that is not there.

        Parameters
        ----------
        keys : sequence of ndarray of shape (n,)
            The parts, of the table's type; the first is not 0.

        Returns
        -------
        ndarray of shape (n,)
        """
        slot = self._slots(keys)
        hit, other = self._compare(slot, keys)
        found = np.full(len(slot), -1, np.int32)
        found[hit] = self._values.take(slot.take(hit))
        # A free first slot ends the search: a key has left it only for one that came in its place.
        keys = [part.take(other) for part in keys]
        slot = self._slots(keys, second=True)
        hit, _ = self._compare(slot, keys)
        found[other.take(hit)] = self._values.take(slot.take(hit))
        return found

    def _compare(
        self, slot: NDArray[np.int64], keys: Sequence[_Numbers]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Which keys are in their slot; which find another key there."""
        there = self._keys[0].take(slot)
        same = there == keys[0]
        for stored, part in zip(self._keys[1:], keys[1:], strict=True):
            same &= stored.take(slot) == part
        return np.flatnonzero(same), np.flatnonzero(~same & (there != _FREE))

    def insert(self, keys: Sequence[_Numbers], values: NDArray[np.int32]) -> None:
        """Add keys.

        If too many share their slots, some are left out: `len` tells how many are there.

        Parameters
        ----------
        keys : sequence of ndarray of shape (n,)
            The parts; different keys that are not there yet; the first part is not 0.
        values : ndarray of shape (n,)
            Not negative.
        """
        bits = (math.ceil(_ROOM * (self._size + len(values))) - 1).bit_length()
        if bits > self._bits:
            keys, values = self._grow(bits, keys, values)
        keys, values = self._put(keys, values)
        while len(values) and _MOST_ROOM * (self._size + len(values)) > len(self._values):
            keys, values = self._put(*self._grow(self._bits + 1, keys, values))

    def _grow(
        self, bits: int, keys: Sequence[_Numbers], values: NDArray[np.int32]
    ) -> tuple[list[_Numbers], NDArray[np.int32]]:
        """Empty the table and give it more slots; what it held comes before the keys given."""
        held = np.flatnonzero(self._keys[0] != _FREE)
        every = [np.append(p.take(held), part) for p, part in zip(self._keys, keys, strict=True)]
        values = np.append(self._values.take(held), values)
        self._clear(len(self._keys), bits)
        return every, values

    def _put(
        self, keys: Sequence[_Numbers], values: NDArray[np.int32]
    ) -> tuple[Sequence[_Numbers], NDArray[np.int32]]:
        """Place keys, as far as that goes; what is left over."""
        slot = self._slots(keys)
        last = np.empty(len(self._values), np.int32)
        for _ in range(_ROUNDS):
            if not len(values):
                break
            # Of several keys for one slot the last has it; the others go to their other slot, and
            # so does the key that was there before.
            number = np.arange(len(values), dtype=np.int32)
            last[slot] = number
            won = last.take(slot) == number
            place = slot[won]
            before = self._keys[0].take(place) != _FREE
            moved = place[before]
            out = [part.take(moved) for part in self._keys], self._values.take(moved)
            for stored, part in zip(self._keys, keys, strict=True):
                stored[place] = part[won]
            self._values[place] = values[won]
            self._size += len(place) - len(moved)
            keys = [np.append(part[~won], o) for part, o in zip(keys, out[0], strict=True)]
            values = np.append(values[~won], out[1])
            left = np.append(slot[~won], moved)
            first = self._slots(keys)
            slot = np.where(left == first, self._slots(keys, second=True), first)
        return keys, values
