"""Near-duplicates: texts that share most of their word shingles."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING

import numpy as np

from kpoclf.text.words import split_words

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

__all__ = ["near_duplicate_groups", "near_duplicates", "plain_text"]

_HOLDERS = (
    50  # texts that one shingle is looked up in: boilerplate must not make the search quadratic
)
_SIZE = 3  # words in a shingle
_AT_ONCE = 1_000_000  # candidate pairs, to bound the memory


def plain_text(text: str) -> str:
    """What two texts share that count as the same: case and white space do not matter.

    Examples
    --------
    >>> plain_text(" Key  the\\nINVOICES ")
    'key the invoices'
    """
    return " ".join(text.lower().split())


def _shingles(text: str, size: int) -> frozenset[int]:
    words = split_words(text)
    if len(words) < size:
        return frozenset([hash(tuple(words))]) if words else frozenset()
    return frozenset(hash(tuple(words[i : i + size])) for i in range(len(words) - size + 1))


def near_duplicates(
    texts: Sequence[str], threshold: float = 0.6, size: int = _SIZE
) -> list[tuple[int, int, float]]:
    """Pairs of texts whose word shingles overlap.

    Parameters
    ----------
    texts : sequence of str
    threshold : float
        Smallest overlap to report, in (0, 1]: shingles shared over shingles of the shorter text
        for texts of like length (the longer at most twice the shorter), over the union otherwise.
    size : int
        Words in a shingle.

    Returns
    -------
    list of (int, int, float)
        Positions ``i < j`` and their overlap, in order of ``j``. Case, punctuation and digits do
        not count. A pair is found if they share a shingle that the first is among the first 50 texts
        to hold.

    Examples
    --------
    >>> near_duplicates(["Key the invoices into SAP by noon.", "Key the invoices into SAP!", "No."])
    [(0, 1, 1.0)]
    """
    return [
        pair
        for first, second, overlap in _pairs(texts, threshold, size)
        for pair in zip(first.tolist(), second.tolist(), overlap.tolist(), strict=True)
    ]


def _pairs(
    texts: Sequence[str], threshold: float, size: int
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]]:
    """The pairs of `near_duplicates`, some at a time."""
    from scipy.sparse import csr_array

    hashes = array("q")
    n_shingles = np.zeros(len(texts), np.int64)
    for i, text in enumerate(texts):
        shingles = _shingles(text, size)
        hashes.extend(shingles)
        n_shingles[i] = len(shingles)
    _, shingle, n_holders = np.unique(
        np.frombuffer(hashes, np.int64), return_inverse=True, return_counts=True
    )
    shared = n_holders[shingle] > 1  # the others cannot make a pair
    holder = np.repeat(np.arange(len(texts)), n_shingles)[shared]
    shingle = np.unique(shingle[shared], return_inverse=True)[1]
    if not len(shingle):
        return
    start = np.concatenate(([0], np.cumsum(np.bincount(holder, minlength=len(texts)))))
    held = csr_array((np.ones(len(shingle), np.int32), shingle, start))
    held.sort_indices()
    # By shingle, its holders in order; of each, how many of the first holders come before it.
    order = np.argsort(shingle, kind="stable")
    place = np.searchsorted(shingle[order], shingle)
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))
    before = np.minimum(rank - place, _HOLDERS)
    total = np.concatenate(([0], np.cumsum(before)))
    holders, a = holder[order], 0
    while a < len(before):
        # To the end of a text, so that all of its pairs are found at once.
        b = int(np.searchsorted(total, total[a] + _AT_ONCE))
        b = max(int(start[np.searchsorted(start, b, side="right") - 1]), start[holder[a] + 1])
        each = before[a:b]
        within = np.arange(each.sum()) - np.repeat(total[a:b] - total[a], each)
        found = holders[np.repeat(place[a:b], each) + within]
        key = np.unique(np.repeat(holder[a:b], each) * len(texts) + found)
        second, first = np.divmod(key, len(texts))
        common = held[first].multiply(held[second]).sum(axis=1)
        small, large = np.sort((n_shingles[first], n_shingles[second]), axis=0)
        overlap = common / np.where(large <= 2 * small, small, small + large - common)
        near = overlap >= threshold
        yield first[near], second[near], overlap[near]
        a = b


def near_duplicate_groups(texts: Sequence[str], threshold: float = 0.6) -> list[int]:
    """Group number of each text: texts linked by near-duplication share one.

    Parameters
    ----------
    texts : sequence of str
    threshold : float
        As in `near_duplicates`.

    Returns
    -------
    list of int
        One per text; the position of the group's first text.

    Examples
    --------
    >>> near_duplicate_groups(["Key the invoices by noon.", "Other text.", "key the invoices by noon"])
    [0, 1, 0]
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    found = [
        (first.astype(np.int32), second.astype(np.int32))
        for first, second, _ in _pairs(texts, threshold, _SIZE)
    ]
    first, second = np.concatenate(found, axis=1) if found else np.empty((2, 0), np.int32)
    n = len(texts)
    links = coo_array((np.ones(len(first), np.bool_), (first, second)), (n, n))
    group = connected_components(links, directed=False)[1] if n else np.empty(0, np.int32)
    positions: list[int] = np.unique(group, return_index=True)[1][group].tolist()
    return positions
