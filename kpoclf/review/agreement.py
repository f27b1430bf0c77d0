"""How well reviewers agree: Cohen's kappa."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kpoclf.review.queue import Reviewed

__all__ = ["Agreement", "agreements"]


@dataclass(frozen=True)
class Agreement:
    """Two reviewers on the texts that both labelled.

    Attributes
    ----------
    first, second : str
    n : int
        Texts that both labelled.
    same : int
        Those of them with the same answer.
    kappa : float or None
        Cohen's kappa over KPO, BPO and OTHER; None where it is not defined: both gave one and the same
        answer throughout.
    """

    first: str
    second: str
    n: int
    same: int
    kappa: float | None


def agreements(reviewed: Sequence[Reviewed]) -> list[Agreement]:
    """Agreement of every two reviewers who labelled a text in common.

    Parameters
    ----------
    reviewed : sequence of Reviewed
        From `ReviewQueue.reviewed`.

    Returns
    -------
    list of Agreement
        By name.
    """
    answers: dict[str, dict[str, str]] = {}
    for found in reviewed:
        for decision in found.decisions:
            answers.setdefault(decision.reviewer, {})[str(found.item.id)] = decision.answer
    told = []
    for first, second in combinations(sorted(answers), 2):
        pairs = [
            (answer, answers[second][item], item)
            for item, answer in answers[first].items()
            if item in answers[second]
        ]
        if pairs:
            same = sum(a == b for a, b, _ in pairs)
            told.append(Agreement(first, second, len(pairs), same, _kappa(pairs)))
    return told


def _kappa(pairs: Sequence[tuple[str, str, str]]) -> float | None:
    if len({answer for a, b, _ in pairs for answer in (a, b)}) == 1:
        return None  # agreement by chance is certain
    from nltk.metrics.agreement import AnnotationTask

    task = AnnotationTask(
        [entry for a, b, item in pairs for entry in (("first", item, a), ("second", item, b))]
    )
    return float(task.kappa())
