"""The surface forms that a model knows, packed: 800,000 words in less than 2 MB."""

from __future__ import annotations

import itertools
from bisect import bisect_left
from collections import Counter, defaultdict
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from kpoclf.model.packing import pack, typed, unpack, within

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

__all__ = ["FormTable"]

_SHORTEST = 3  # letters that the forms of a bundle begin with, if it holds more than one
_MOST_ENDINGS = (
    65_535  # and the empty one: a number fits 16 bits; forms with rarer ones stand alone
)


class FormTable:
    """Surface forms and the root of each: the number that all forms of one stem share.

    The forms of a root begin alike, and the same endings come again and again. So the forms are
    bundled by root and beginning, and of each form only the number of its ending is kept. A word is
    found by trying each of its beginnings: the letters themselves are compared, never a hash alone.

    Parameters
    ----------
    beginnings : tuple of str
        Of each bundle; sorted.
    endings : tuple of str
        Sorted; the empty one is among them.
    first : ndarray of shape (n_bundles + 1,), int32
        The forms of bundle ``b`` are those from ``first[b]`` up to ``first[b + 1]``.
    bundle_root : ndarray of shape (n_bundles,), int32
    ending : ndarray of shape (n_forms,), uint16
        Number of each form's ending, ascending within a bundle.

    Examples
    --------
    >>> table = FormTable.of_forms([("ledger", 0), ("ledgers", 0), ("keying", 1), ("keys", 1)])
    >>> table.root("keys"), table.root("key"), len(table)
    (1, 2, 4)
    """

    def __init__(
        self,
        beginnings: tuple[str, ...],
        endings: tuple[str, ...],
        first: NDArray[np.int32],
        bundle_root: NDArray[np.int32],
        ending: NDArray[np.uint16],
    ) -> None:
        self.beginnings = beginnings
        self.endings = endings
        self._first = first
        self._bundle_root = bundle_root
        self._ending = ending

    def __reduce__(self) -> tuple[Any, ...]:
        parts = (self.beginnings, self.endings, self._first, self._bundle_root, self._ending)
        return FormTable, parts

    def __len__(self) -> int:
        return len(self._ending)

    @cached_property
    def n_roots(self) -> int:
        """Number of roots; the root of a word that is not in the table."""
        return int(self._bundle_root.max(initial=-1)) + 1

    @classmethod
    def of_forms(cls, forms: Iterable[tuple[str, int]]) -> FormTable:
        """Pack forms.

        Parameters
        ----------
        forms : iterable of (str, int)
            Form and root, each form once; roots count from 0.

        Returns
        -------
        FormTable
        """
        by_root = defaultdict(list)
        for form, root in forms:
            by_root[root].append(form)
        bundles: list[tuple[str, int, list[str]]] = []
        for root, listed in by_root.items():
            for start, members in _bundles(sorted(listed)):
                bundles.append((start, root, [form[len(start) :] for form in members]))
        counted = Counter(tail for _, _, tails in bundles for tail in tails)
        counted[""] += 1
        common = {tail for tail, _ in counted.most_common(_MOST_ENDINGS)} | {""}
        whole = [
            (s + t, root, [""]) for s, root, tails in bundles for t in tails if t not in common
        ]
        bundles = [(s, root, [t for t in tails if t in common]) for s, root, tails in bundles]
        bundles = sorted(bundle for bundle in bundles + whole if bundle[2])
        endings = tuple(sorted(common))
        number = {ending: i for i, ending in enumerate(endings)}
        return cls(
            tuple(start for start, _, _ in bundles),
            endings,
            np.cumsum([0, *(len(tails) for _, _, tails in bundles)]).astype(np.int32),
            np.array([root for _, root, _ in bundles], np.int32),
            np.array([number[t] for _, _, tails in bundles for t in sorted(tails)], np.uint16),
        )

    @cached_property
    def _index(self) -> tuple[dict[str, int], dict[str, int], Sequence[int], Sequence[int], int]:
        """First bundle of each beginning, number of each ending, and plain numbers for `root`."""
        n = len(self.beginnings)
        # Backwards: of bundles that begin alike the first is kept.
        bundle = dict(zip(reversed(self.beginnings), range(n - 1, -1, -1), strict=True))
        number = dict(zip(self.endings, range(len(self.endings)), strict=True))
        longest = max(map(len, self.beginnings), default=0)
        return bundle, number, self._first.tolist(), memoryview(self._ending.data), longest

    def root(self, word: str) -> int:
        """Root of a word; `n_roots` for one that is not in the table."""
        bundle, number, first, ending, longest = self._index
        for cut in range(min(len(word), longest), -1, -1):
            start = word[:cut]
            i = bundle.get(start)
            if i is None:
                continue
            tail = number.get(word[cut:])
            if tail is None:
                continue
            while i < len(self.beginnings) and self.beginnings[i] == start:
                place = bisect_left(ending, tail, first[i], first[i + 1])
                if place < first[i + 1] and ending[place] == tail:
                    return int(self._bundle_root[i])
                i += 1
        return self.n_roots

    def forms(self) -> Iterator[tuple[str, int]]:
        """Every form with its root."""
        spans = itertools.pairwise(self._first.tolist())
        roots = self._bundle_root.tolist()
        for start, root, (a, b) in zip(self.beginnings, roots, spans, strict=True):
            for number in self._ending[a:b].tolist():
                yield start + self.endings[number], root

    def same_as(self, other: FormTable) -> bool:
        """Whether the other table has the same forms with the same roots."""
        ours, theirs = self.to_arrays(), other.to_arrays()
        return all(np.array_equal(ours[name], theirs[name]) for name in ours)

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Arrays of a model folder; `from_arrays` is the inverse."""
        return {
            "form_beginnings": pack(self.beginnings),
            "form_endings": pack(self.endings),
            "form_first": self._first,
            "form_root": self._bundle_root,
            "form_ending": self._ending,
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> FormTable:
        """Table of the arrays that `to_arrays` gave.

        Raises
        ------
        KeyError, ValueError
            If an array is missing, or shapes or types do not fit together.
        """
        found = cls(
            unpack(arrays["form_beginnings"]),
            unpack(arrays["form_endings"]) or ("",),  # the empty ending is always there
            typed(arrays, "form_first", np.int32, 1),
            typed(arrays, "form_root", np.int32, 1),
            typed(arrays, "form_ending", np.uint16, 1),
        )
        first, n = found._first, len(found)
        consistent = (
            len(first) == len(found.beginnings) + 1 == len(found._bundle_root) + 1
            and (int(first[0]), int(first[-1])) == (0, n)
            and bool((np.diff(first) > 0).all())
            and within(found._ending, 0, len(found.endings))
            and within(found._bundle_root, 0, len(found.beginnings))
        )
        if not consistent:
            raise ValueError("the arrays of the surface forms do not fit together")
        return found


def _bundles(forms: list[str], shared: int = 0) -> Iterator[tuple[str, list[str]]]:
    """Sorted forms in bundles, each with the letters that its forms begin with."""
    pairs = zip(forms[0], forms[-1], strict=False)  # what these share, all that are between share
    beginning = "".join(a for a, _ in itertools.takewhile(lambda pair: pair[0] == pair[1], pairs))
    if len(forms) == 1 or len(beginning) >= _SHORTEST:
        yield beginning, forms
        return
    for _, part in itertools.groupby(forms, lambda form: form[: shared + 1]):
        yield from _bundles(list(part), shared + 1)
