"""Cross-validation that keeps what is alike together."""

from __future__ import annotations

import warnings
from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
from sklearn.model_selection import StratifiedGroupKFold

from kpoclf.corpus.similarity import near_duplicate_groups
from kpoclf.errors import CorpusError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from kpoclf.corpus.rows import LabelledRow

__all__ = ["duplicate_groups", "folds", "service_groups"]


def duplicate_groups(rows: Sequence[LabelledRow]) -> NDArray[np.int64]:
    """Group number of each row; near-duplicates share one."""
    return np.array(near_duplicate_groups([row.text for row in rows]), np.int64)


def service_groups(
    rows: Sequence[LabelledRow], n_folds: int, duplicates: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Group number of each row by service, so that a fold holds services never trained on.

    A model is wanted that knows KPO from BPO in work that the corpus does not name; random folds
    flatter it. Rows without a service, and all rows of a label with fewer services than folds, are
    grouped by near-duplication instead; with those of a service where one of them is near.

    Parameters
    ----------
    rows : sequence of LabelledRow
    n_folds : int
    duplicates : ndarray of shape (n_rows,)
        From `duplicate_groups`.

    Returns
    -------
    ndarray of shape (n_rows,)
    """
    services = {(row.label, row.service) for row in rows if row.service}
    per_label = Counter(label for label, _ in services)
    number = {name: i for i, name in enumerate(sorted(services), len(rows))}
    by_service = [
        number[row.label, row.service] if row.service and per_label[row.label] >= n_folds else None
        for row in rows
    ]
    both = list(zip(duplicates.tolist(), by_service, strict=True))
    near = {d: s for d, s in both if s is not None}
    return np.array([near.get(d, d) if s is None else s for d, s in both], np.int64)


def folds(
    rows: Sequence[LabelledRow],
    strata: Sequence[str],
    groups: NDArray[np.int64],
    n_folds: int,
    seed: int,
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Train and test positions of each fold.

    A posting whose pair is in the test part is left out of the training part: the two share their
    prose, and prose must carry no label.

    Parameters
    ----------
    rows : sequence of LabelledRow
    strata : sequence of str
        Spread evenly over the folds as far as the groups allow.
    groups : ndarray of shape (n_rows,)
    n_folds : int
        At most; fewer if KPO or BPO has fewer groups.
    seed : int

    Yields
    ------
    train, test : ndarray of int

    Raises
    ------
    CorpusError
        If KPO or BPO has rows of one group only.
    """
    labels = np.array([row.label for row in rows])
    for label in sorted({*labels.tolist()} - {"OTHER"}):
        n_groups = len(set(groups[labels == label].tolist()))
        if n_groups < 2:
            raise CorpusError(
                f"the {label} rows are near-duplicates of one text: "
                "cross-validation needs at least two different ones"
            )
        n_folds = min(n_folds, n_groups)
    common = Counter(strata)
    stratum = [
        s if common[s] >= n_folds else label for s, label in zip(strata, labels, strict=True)
    ]
    splitter = StratifiedGroupKFold(n_folds, shuffle=True, random_state=seed)
    with warnings.catch_warnings():
        # A stratum of fewer rows than folds is spread as far as it goes.
        warnings.filterwarnings("ignore", "The least populated class", UserWarning)
        splits = list(splitter.split(np.zeros(len(rows)), stratum, groups))
    for train, test in splits:
        tested = {rows[i].pair for i in test.tolist()} - {""}
        kept = [i for i in train.tolist() if rows[i].pair not in tested]
        yield np.array(kept, np.int64), test
