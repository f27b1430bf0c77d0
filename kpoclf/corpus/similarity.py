"""Near-duplicates: texts that share most of their word shingles."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from kpoclf.text.words import split_words

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["near_duplicate_groups", "near_duplicates", "plain_text"]

_HOLDERS = (
    50  # texts that one shingle is looked up in: boilerplate must not make the search quadratic
)


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
    texts: Sequence[str], threshold: float = 0.6, size: int = 3
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
    sets = [_shingles(text, size) for text in texts]
    holders: dict[int, list[int]] = defaultdict(list)
    pairs = []
    for j, shingles in enumerate(sets):
        for i in {i for s in shingles for i in holders[s]}:
            small, large = sorted((len(sets[i]), len(shingles)))
            common = len(sets[i] & shingles)
            overlap = common / (small if large <= 2 * small else small + large - common)
            if overlap >= threshold:
                pairs.append((i, j, overlap))
        for s in shingles:
            if len(holders[s]) < _HOLDERS:
                holders[s].append(j)
    return sorted(pairs, key=lambda pair: (pair[1], pair[0]))


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
    parent = list(range(len(texts)))

    def root(i: int) -> int:
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = parent[i]
        return i

    for i, j, _ in near_duplicates(texts, threshold):
        first, second = sorted((root(i), root(j)))
        parent[second] = first
    return [root(i) for i in range(len(texts))]
