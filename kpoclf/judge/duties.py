"""What the sentences of a text state: duties of either kind, and the nine criteria."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from kpoclf.judge.explanation import CriterionReading, Sentence
from kpoclf.taxonomy import CRITERIA, POLES, TASKS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from kpoclf.model.sentence_scorer import SentenceScores

__all__ = ["criteria_of", "kpo_share", "sentences_of"]


def sentences_of(text: str, scores: SentenceScores) -> tuple[Sentence, ...]:
    """Sentences of one text with their labels."""
    found = []
    for i in range(len(scores.text)):
        start, end = int(scores.start[i]), int(scores.end[i])
        task = int(scores.task[i].argmax())
        label = None if TASKS[task] == "NONE" else TASKS[task]
        found.append(Sentence(text[start:end], start, end, label, float(scores.task[i, task])))
    return tuple(found)


def kpo_share(sentences: Sequence[Sentence]) -> float | None:
    """Share of the sentences with a duty whose duty is KPO; None without any."""
    duties = [s.label for s in sentences if s.label is not None]
    return duties.count("KPO") / len(duties) if duties else None


def criteria_of(
    sentences: Sequence[Sentence],
    probability: NDArray[np.float64],
    threshold: NDArray[np.float64],
) -> tuple[CriterionReading, ...]:
    """The nine criteria of one text.

    A criterion is stated where a sentence's probability is above the threshold of the pole. If
    sentences speak for both poles, the pole with more evidence above its threshold is given.

    Parameters
    ----------
    sentences : sequence of Sentence
    probability : ndarray of shape (n_sentences, 18)
        Columns as `kpoclf.taxonomy.POLES`.
    threshold : ndarray of shape (18,)

    Returns
    -------
    tuple of CriterionReading
        In the order of `kpoclf.taxonomy.CRITERIA`.
    """
    above = np.maximum(probability - threshold, 0.0)
    evidence = above.sum(axis=0)
    found = []
    for name in CRITERIA:
        columns = [i for i, (criterion, _) in enumerate(POLES) if criterion == name]
        best = max(columns, key=lambda i: evidence[i])
        if evidence[best] <= 0:
            found.append(CriterionReading(name, None, 0.0, None))
            continue
        row = int(probability[:, best].argmax())
        strength = float(probability[row, best])
        found.append(CriterionReading(name, POLES[best][1], strength, sentences[row].text))
    return tuple(found)
