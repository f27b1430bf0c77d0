"""How often the model is right, by the answers to texts that were drawn by chance."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kpoclf.learn.figures import wilson_interval

if TYPE_CHECKING:
    from kpoclf.review.queue import ReviewQueue

__all__ = ["MARGIN", "AccuracyEstimate", "estimate_accuracy", "labels_needed", "told_estimate"]

MARGIN = 0.02
"""Half of the interval's width at which an estimate is called good enough."""

_MOST = 1_000_000


@dataclass(frozen=True)
class AccuracyEstimate:
    """Accuracy of a model on the files that were added to the queue.

    Attributes
    ----------
    model : str
        Id of the model.
    n : int
        Random texts that were answered and whose turn it was.
    held : int
        Those that were answered before their turn; they count once it comes.
    waiting : int
        Random texts of the queue that nobody has answered.
    accuracy : float or None
        None without answers.
    interval : tuple of float or None
        95 %, by Wilson's score.
    more : int
        Random texts still to be answered until the interval is `MARGIN` to either side; an estimate
        itself.
    """

    model: str
    n: int
    held: int
    waiting: int
    accuracy: float | None
    interval: tuple[float, float] | None
    more: int


def estimate_accuracy(queue: ReviewQueue) -> AccuracyEstimate | None:
    """Accuracy of the model that texts were added with last.

    The model is right where it says what a reviewer answered, out of scope included; where reviewers
    differ it is right in part. Only texts drawn by chance count: those queued for their uncertainty
    are harder than the rest. And they count in the order of drawing, up to the first that nobody has
    answered yet: one that was drawn after it was answered must not come before its turn. Several files
    weigh as many distinct texts as they have.

    Parameters
    ----------
    queue : ReviewQueue

    Returns
    -------
    AccuracyEstimate or None
        None if the queue holds no random texts.
    """
    drawn = queue.drawn()
    if not drawn:
        return None
    model = drawn[-1].model
    right: dict[str, list[float]] = defaultdict(list)
    open_: set[str] = set()  # files with a text that waits
    waiting = held = 0
    for d in drawn:
        if d.model != model:
            continue
        if not d.answers:
            open_.add(d.source)
            waiting += 1
        labels = [answer for answer in d.answers if answer != "skip"]
        if labels and d.source in open_:
            held += 1
        elif labels:
            right[d.source].append(labels.count(d.said) / len(labels))
    n = sum(map(len, right.values()))
    sizes = queue.populations()
    population = {s: max(sizes.get((s, model), 0), len(found)) for s, found in right.items()}
    everything = sum(size for (_, m), size in sizes.items() if m == model)
    if not n:
        return AccuracyEstimate(model, 0, held, waiting, None, None, labels_needed(0, 0))
    total = sum(population.values())
    share = {source: size / total for source, size in population.items()}
    accuracy = sum(share[s] * sum(found) / len(found) for s, found in right.items())
    effective = 1 / sum(share[s] ** 2 / len(found) for s, found in right.items())  # Kish 1965
    low, high = wilson_interval(accuracy, effective)
    more = 0
    if (high - low) / 2 > MARGIN:
        needed = labels_needed(accuracy, effective) * n / effective
        more = max(1, min(round(needed) - n, max(everything, total) - n))
    if n >= max(everything, total):
        more = 0
    return AccuracyEstimate(model, n, held, waiting, accuracy, (low, high), more)


def labels_needed(accuracy: float, n: float, margin: float = MARGIN) -> int:
    """Answers in all until Wilson's interval is as narrow as `margin` to either side.

    Parameters
    ----------
    accuracy : float
        Share of right answers so far.
    n : float
        How many answers that is; two right and two wrong ones are added to them, so that a few
        answers promise nothing (Agresti and Coull 1998).
    margin : float

    Returns
    -------
    int

    Examples
    --------
    >>> labels_needed(0.95, 100), labels_needed(0.8, 100)
    (611, 1600)
    """
    expected = (accuracy * n + 2) / (n + 4)

    def narrow(size: int) -> bool:
        low, high = wilson_interval(expected, size)
        return high - low <= 2 * margin

    return 1 + bisect_left(range(1, _MOST), True, key=narrow)


def told_estimate(estimate: AccuracyEstimate | None) -> str:
    """An estimate of accuracy in a sentence."""
    if estimate is None:
        return "no random texts in the queue: the model's accuracy cannot be estimated"
    points = f"±{100 * MARGIN:g} points"
    held = (
        f"; {estimate.held:,} more count once the random texts before them are answered"
        if estimate.held
        else ""
    )
    if estimate.accuracy is None or estimate.interval is None:
        return f"the model's accuracy: not known before a random text is answered{held}"
    low, high = (f"{100 * end:.0f}" for end in estimate.interval)
    texts = "random text" if estimate.n == 1 else "random texts"
    more = (
        f"about {estimate.more:,} more for {points}"
        if estimate.more
        else f"that is {points} or less"
    )
    return (
        f"model right in {100 * estimate.accuracy:.0f} % of {estimate.n:,} {texts} "
        f"({low}–{high} %); {more}{held}"
    )
