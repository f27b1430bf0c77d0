"""The gate: whether a retrained model may take the place of the current one.

How often it errs is measured by ``python benchmarks/gate.py KIND`` on the shipped corpus: 50 right rows
were refused in 0 of 20 draws, 50 right rows out of scope in 0 of 4; 200 rows with flipped labels in 4
of 4, 50 rows of one service with flipped labels in 9 of 10, 200 rows of office work labelled OTHER in
3 of 3.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kpoclf.errors import InputError
from kpoclf.learn.compare import NEW_OTHER, NEW_ROWS
from kpoclf.taxonomy import CLASSES

if TYPE_CHECKING:
    from kpoclf.learn.compare import Comparison, ServiceSide, Side

__all__ = [
    "MARGIN",
    "MIN_LABEL_ROWS",
    "MIN_SERVICE_ROWS",
    "SERVICE_MARGIN",
    "Gate",
    "check_margin",
    "judge",
]

MARGIN = 0.01
"""Loss that is allowed overall: macro-F1 on current rows, ROC AUC of scope."""

SERVICE_MARGIN = 0.05
"""Loss of accuracy that is allowed in a service, whatever chance says."""

MIN_SERVICE_ROWS = 20
"""Current rows of a service from which it is judged on its own."""

MIN_LABEL_ROWS = 5
"""New rows of a label from which it counts that the current data contradict most of them."""

_LEVEL = 0.05  # of the tests over all services together


@dataclass(frozen=True)
class Gate:
    """What the gate says of a comparison.

    Attributes
    ----------
    margin : float
    services : tuple of ServiceSide
        Those with enough rows to be judged; the greatest loss first.
    refusals : tuple of str
        Why the candidate is refused; none if it passes.
    notes : tuple of str
        What to look at, though it is no reason to refuse.
    """

    margin: float
    services: tuple[ServiceSide, ...]
    refusals: tuple[str, ...]
    notes: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether the candidate may be promoted."""
        return not self.refusals


def judge(comparison: Comparison, margin: float = MARGIN) -> Gate:
    """Refuse a candidate that is, or may well be, worse than the current recipe.

    Where rows are many the candidate has to show that it is no worse: on the current rows, and in
    scope, the lower end of the 95 % interval of the difference must not be below the margin. Where
    they are few it is refused for a loss that is both above the margin and beyond chance: on new rows
    and on the holdout by the interval, in each service with at least `MIN_SERVICE_ROWS` current rows
    by a sign test, corrected for the number of services, with `SERVICE_MARGIN`. New rows that the
    candidate gets wrong more often than not, beyond chance, contradict the current data and one
    another: their labels are wrong. So do new ``OTHER`` rows that it calls work.

    New rows may agree with one another and still be wrong: a file whose labels are swapped. It is
    refused where the current recipe, out of fold, gives more than half of the new KPO rows and more
    than half of the new BPO rows the other label, at least `MIN_LABEL_ROWS` of each. If that holds for
    one label alone it may as well be a new kind of work: the gate notes it and lets it pass.

    Parameters
    ----------
    comparison : Comparison
    margin : float
        In [0, 1).

    Returns
    -------
    Gate

    Raises
    ------
    InputError
        If the margin is out of its range.
    """
    check_margin(margin)
    refusals, notes = [], []
    for side in (*comparison.sides, comparison.scope, comparison.holdout):
        if side is None:
            continue
        if side.name in ("current rows", "scope"):
            refusals += _not_shown_to_hold(side, margin)
        else:
            refusals += _lost_beyond_chance(side, margin)
        doubted = _doubted(side)
        if len(doubted) == len(CLASSES):
            refusals.append(_swapped(side))
        elif side.name in (NEW_ROWS, NEW_OTHER):
            refusals += _contradictory(side)
            notes += [_one_sided(side, label) for label in doubted]
    services = tuple(s for s in comparison.services if s.n >= MIN_SERVICE_ROWS)
    allowed = max(SERVICE_MARGIN, margin)
    refusals += [
        f"{s.service}: {-s.difference:.3f} of accuracy lost, beyond chance"
        for s in _beyond_chance(services)
        if -s.difference > allowed
    ]
    return Gate(margin, services, tuple(refusals), tuple(notes))


def check_margin(margin: float) -> None:
    """Refuse a margin that is none.

    Raises
    ------
    InputError
    """
    if not 0 <= margin < 1:
        raise InputError(f"the margin is {margin!r}: give a number from 0 to below 1, such as 0.01")


def _not_shown_to_hold(side: Side, margin: float) -> list[str]:
    low, high = side.difference.interval or (side.difference.value,) * 2
    if low >= -margin:
        return []
    if high < 0:
        return [f"{side.name}: {-side.difference.value:.3f} of {side.measure} lost, beyond chance"]
    return [f"{side.name}: up to {-low:.3f} of {side.measure} may be lost"]


def _lost_beyond_chance(side: Side, margin: float) -> list[str]:
    high = side.difference.interval[1] if side.difference.interval else side.difference.value
    if side.difference.value >= -margin or high >= 0:
        return []
    return [f"{side.name}: {-side.difference.value:.3f} of {side.measure} lost, beyond chance"]


def _doubted(side: Side) -> list[str]:
    """Labels of which the current data contradict more than half."""
    return [
        label
        for label, (wrong, n) in side.contradicted.items()
        if n >= MIN_LABEL_ROWS and 2 * wrong > n
    ]


def _swapped(side: Side) -> str:
    counts = " and ".join(f"{w} of {n} {label}" for label, (w, n) in side.contradicted.items())
    return (
        f"the current data contradict {counts} labels of the {side.name}: are they swapped? look "
        "with: kpoclf corpus suspects FILE"
    )


def _one_sided(side: Side, label: str) -> str:
    wrong, n = side.contradicted[label]
    return (
        f"the current data contradict {wrong} of {n} of the new {label} labels: new work, or wrong "
        "labels? kpoclf corpus suspects FILE"
    )


def _contradictory(side: Side) -> list[str]:
    accuracy = side.candidate["accuracy"]
    if accuracy.interval is None or accuracy.interval[1] >= 0.5:
        return []
    return [
        f"{side.name}: {1 - accuracy.value:.0%} of their labels contradict all other rows: are they "
        "swapped?"
    ]


def _beyond_chance(services: tuple[ServiceSide, ...]) -> list[ServiceSide]:
    """Services whose loss is significant when all are tested together.

    Tarone (1990): where few groups changed, no loss could be significant, and such a service does not
    count among the tests that are corrected for.
    """
    for n_tests in range(1, len(services) + 1):
        level = _LEVEL / n_tests
        testable = [s for s in services if 0.5**s.n_changed <= level]
        if len(testable) <= n_tests:
            return [s for s in testable if s.p_loss <= level]
    return []
