"""Strings and numbers to the arrays of a model folder, and back with their types checked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

__all__ = ["narrow", "pack", "typed", "unpack", "widened", "within"]


def pack(strings: tuple[str, ...]) -> NDArray[np.uint8]:
    """Strings without line breaks as one array of bytes."""
    return np.frombuffer("\n".join(strings).encode(), np.uint8)


def unpack(packed: NDArray[np.uint8]) -> tuple[str, ...]:
    """The strings that `pack` was given."""
    joined = packed.tobytes().decode()
    return tuple(joined.split("\n")) if joined else ()


def typed(arrays: Mapping[str, NDArray[Any]], name: str, kind: type, ndim: int) -> NDArray[Any]:
    """The array of that name, if it has the type and the number of dimensions."""
    array = arrays[name]
    if array.dtype != kind or array.ndim != ndim:
        raise ValueError(f"{name} is {array.dtype} with {array.ndim} dimensions")
    return array


def narrow(numbers: NDArray[np.int32]) -> NDArray[Any]:
    """Numbers that are not negative, in half the room if all are below 65,536."""
    return numbers.astype(np.uint16 if within(numbers, 0, 1 << 16) else np.int32)


def widened(arrays: Mapping[str, NDArray[Any]], name: str, ndim: int) -> NDArray[np.int32]:
    """The numbers that `narrow` was given, from the array of that name."""
    kind = np.uint16 if arrays[name].dtype == np.uint16 else np.int32
    return typed(arrays, name, kind, ndim).astype(np.int32)


def within(numbers: NDArray[np.integer], low: int, high: int) -> bool:
    """Whether all numbers are at least `low` and below `high`."""
    return not len(numbers) or (int(numbers.min()) >= low and int(numbers.max()) < high)
