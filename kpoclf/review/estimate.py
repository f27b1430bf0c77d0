"""How often the model is right, by the answers to texts that were drawn by chance."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kpoclf.learn.figures import wilson_interval

if TYPE_CHECKING:
    from kpoclf.review.queue import ReviewQueue

__all__ = [
    "FEWEST",
    "MARGIN",
    "AccuracyEstimate",
    "estimate_accuracy",
    "labels_needed",
    "told_estimate",
]

FEWEST = 10
"""Answers below which no estimate is told, unless there are no more texts."""

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
        Random texts still to be answered until the interval is `MARGIN` to either side, or none is
        left in the files; an estimate itself.
    files : int
        Files with texts that count.
    former : int
        Random texts that were answered and do not count: another model was asked about them.
    """

    model: str
    n: int
    held: int
    waiting: int
    accuracy: float | None
    interval: tuple[float, float] | None
    more: int
    files: int = 0
    former: int = 0

    @property
    def early(self) -> bool:
        """Whether there are too few answers to tell anything."""
        return self.n == 0 or (self.n < FEWEST and self.more > 0)


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
    waiting = held = former = 0
    for d in drawn:
        labels = [answer for answer in d.answers if answer != "skip"]
        if d.model != model:
            former += bool(labels)
            continue
        if not d.answers:
            open_.add(d.source)
            waiting += 1
        if labels and d.source in open_:
            held += 1
        elif labels:
            right[d.source].append(labels.count(d.said) / len(labels))
    n = sum(map(len, right.values()))
    sizes = queue.populations()
    population = {s: max(sizes.get((s, model), 0), len(found)) for s, found in right.items()}
    everything = sum(size for (_, m), size in sizes.items() if m == model)
    if not n:
        more = labels_needed(0, 0)
        return AccuracyEstimate(model, 0, held, waiting, None, None, more, 0, former)
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
    interval = (low, high)
    return AccuracyEstimate(model, n, held, waiting, accuracy, interval, more, len(right), former)


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


def told_estimate(estimate: AccuracyEstimate | None, full: bool = False) -> str:
    """An estimate of accuracy in words, the same on the terminal and on the page.

    Parameters
    ----------
    estimate : AccuracyEstimate or None
    full : bool
        Whether to say how several files weigh, and which answers are left out.

    Returns
    -------
    str

    Examples
    --------
    >>> told_estimate(AccuracyEstimate("m", 1, 0, 3, 0.0, (0.0, 0.79), 1600))
    'model right: too early to say (1 random text answered; from 10 on it is told)'
    >>> told_estimate(AccuracyEstimate("m", 40, 0, 3, 0.9, (0.77, 0.96), 0))
    'model right in about 90 % (77–96 %, from 40 random texts); those are all there are'
    """
    if estimate is None:
        return "no random texts in the queue: the model's accuracy cannot be estimated"
    texts = f"{estimate.n:,} random {'text' if estimate.n == 1 else 'texts'}"
    if estimate.early or estimate.accuracy is None or estimate.interval is None:
        parts = [f"model right: too early to say ({texts} answered; from {FEWEST} on it is told)"]
    else:
        low, high = (f"{100 * end:.0f}" for end in estimate.interval)
        weighted = ", weighted by file" if full and estimate.files > 1 else ""
        parts = [
            f"model right in about {100 * estimate.accuracy:.0f} % "
            f"({low}–{high} %, from {texts}{weighted})",
            _told_more(estimate.more, estimate.interval),
        ]
    if estimate.held:
        count = "1 answer counts" if estimate.held == 1 else f"{estimate.held:,} answers count"
        parts.append(f"{count} later: random texts count in the order they were drawn")
    if full and estimate.former:
        count = "1 text does" if estimate.former == 1 else f"{estimate.former:,} texts do"
        parts.append(f"{count} not count: queued with another model")
    return "; ".join(parts)


def _told_more(more: int, interval: tuple[float, float]) -> str:
    points = f"±{100 * MARGIN:g} points"
    if more:
        bring = (
            "1 more random text brings"
            if more == 1
            else (f"about {float(f'{more:.2g}'):,.0f} more random texts bring")
        )
        return f"{bring} it to {points}"
    low, high = interval
    return f"that is {points} or less" if high - low <= 2 * MARGIN else "those are all there are"
