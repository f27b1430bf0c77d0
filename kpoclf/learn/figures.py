"""Figures of a classifier with confidence intervals by resampling groups of rows."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

__all__ = [
    "Figure",
    "bootstrap_weights",
    "calibration_bins",
    "f1_figure",
    "figures",
    "paired_difference",
    "risk_coverage",
    "share_figure",
    "wilson_interval",
]

_BINS = 10
_MOST_WEIGHTS = 50_000_000  # numbers in the matrix of bootstrap weights
_AT_ONCE = 20_000_000  # of them that are worked on together
_COVERAGES = (0.8, 0.9, 0.95)
_CLIP = 1e-6  # log loss of a sure and wrong answer stays finite


@dataclass(frozen=True)
class Figure:
    """A value, its 95 % interval and the rows it was measured on.

    Attributes
    ----------
    value : float
    interval : tuple of float or None
        2.5 and 97.5 percentiles of the bootstrap.
    n : int
    """

    value: float
    interval: tuple[float, float] | None
    n: int

    def to_dict(self) -> dict[str, Any]:
        """Plain types, rounded to six places."""
        interval = None if self.interval is None else [round(x, 6) for x in self.interval]
        return {"value": round(self.value, 6), "interval": interval, "n": self.n}

    @classmethod
    def from_dict(cls, given: Mapping[str, Any]) -> Figure:
        """The figure of the plain types that `to_dict` gave."""
        interval = given["interval"]
        return cls(given["value"], None if interval is None else tuple(interval), given["n"])


def bootstrap_weights(
    groups: NDArray[np.int64], n_samples: int = 1000, seed: int = 0
) -> NDArray[np.float64]:
    """How often each row is drawn when its groups are drawn with replacement.

    Parameters
    ----------
    groups : ndarray of shape (n,)
    n_samples : int
        Fewer, but at least 100, above 50,000 rows, to bound the memory.
    seed : int

    Returns
    -------
    ndarray of shape (n_samples, n)
    """
    n_samples = min(n_samples, max(_MOST_WEIGHTS // max(len(groups), 1), 100))
    _, group = np.unique(groups, return_inverse=True)
    n_groups = int(group.max()) + 1
    drawn = np.random.default_rng(seed).multinomial(
        n_groups, np.full(n_groups, 1 / n_groups), n_samples
    )
    return drawn.astype(np.float64)[:, group]


def share_figure(hit: NDArray[np.bool_], weights: NDArray[np.float64]) -> Figure:
    """Share of rows that are hits."""
    low, high = np.percentile(weights @ hit / weights.sum(axis=1), [2.5, 97.5])
    return Figure(float(hit.mean()), (float(low), float(high)), len(hit))


def f1_figure(
    truth: Sequence[NDArray[np.bool_]],
    said: Sequence[NDArray[np.bool_]],
    weights: NDArray[np.float64],
    average: str,
) -> Figure:
    """F1 over several labels that rows may have.

    Parameters
    ----------
    truth, said : sequence of ndarray of shape (n,)
        For each label whether a row has it, and whether it was given.
    weights : ndarray of shape (n_samples, n)
        From `bootstrap_weights`.
    average : str
        ``"micro"``: over all decisions; ``"macro"``: mean of the labels' F1.
    """
    both = np.column_stack([t & s for t, s in zip(truth, said, strict=True)])
    either = np.column_stack([t + 1.0 * s for t, s in zip(truth, said, strict=True)])
    parts = list(_samples(weights, weights.shape[1]))
    hits = np.concatenate([w @ both for w in parts]).T
    sizes = np.concatenate([w @ either for w in parts]).T
    if average == "micro":
        values = 2 * hits.sum(axis=0) / np.maximum(sizes.sum(axis=0), 1e-12)
    else:
        values = (2 * hits / np.maximum(sizes, 1e-12)).mean(axis=0)
    low, high = np.percentile(values[1:], [2.5, 97.5])
    return Figure(float(values[0]), (float(low), float(high)), weights.shape[1])


def figures(
    kpo: NDArray[np.bool_],
    p_kpo: NDArray[np.float64],
    weights: NDArray[np.float64] | None,
    said: NDArray[np.bool_] | None = None,
    wanted: Collection[str] | None = None,
) -> dict[str, Figure]:
    """Figures of predicted probabilities.

    Parameters
    ----------
    kpo : ndarray of shape (n,)
        Whether the row is KPO in truth.
    p_kpo : ndarray of shape (n,)
        Predicted probability of KPO.
    weights : ndarray of shape (n_samples, n) or None
        From `bootstrap_weights`; without it there are no intervals.
    said : ndarray of shape (n,), optional
        Whether the label given is KPO; a probability above one half if not given.
    wanted : collection of str, optional
        Names of figures; all if not given.

    Returns
    -------
    dict of str to Figure
        ``accuracy``, ``macro_f1``, ``precision_``, ``recall_`` and ``f1_`` of each label,
        ``roc_auc``, ``log_loss`` (natural logarithm), ``brier`` (mean squared error of the
        probability of KPO, 0 to 1) and ``ece`` (see `calibration_bins`). Those that one label alone
        cannot give are left out.
    """
    found: dict[str, Figure] = {}
    given = p_kpo > 0.5 if said is None else said
    for name, values in _measures(kpo, p_kpo, given, weights, wanted).items():
        if not np.isfinite(values[0]):
            continue
        sampled = values[1:][np.isfinite(values[1:])]
        interval = None
        if len(sampled):
            low, high = np.percentile(sampled, [2.5, 97.5])
            interval = (float(low), float(high))
        found[name] = Figure(float(values[0]), interval, len(kpo))
    return found


def paired_difference(
    measure: str,
    kpo: NDArray[np.bool_],
    first: NDArray[np.float64],
    second: NDArray[np.float64],
    weights: NDArray[np.float64],
) -> Figure:
    """A measure of the second classifier less that of the first, on the same resampled rows."""
    before, after = (
        _measures(kpo, p, p > 0.5, weights, (measure,))[measure] for p in (first, second)
    )
    values = after - before
    sampled = values[1:][np.isfinite(values[1:])]
    low, high = np.percentile(sampled, [2.5, 97.5])
    return Figure(float(values[0]), (float(low), float(high)), len(kpo))


def _samples(weights: NDArray[np.float64] | None, n: int) -> Iterator[NDArray[np.float64]]:
    """Weights of rows in the sample itself, all ones, and then in its resamples, some at a time.

    Parameters
    ----------
    weights : ndarray of shape (n_samples, n) or None
        From `bootstrap_weights`.
    n : int

    Yields
    ------
    ndarray of shape (n_some, n)
    """
    yield np.ones((1, n))
    if weights is not None:
        some = max(_AT_ONCE // max(n, 1), 1)
        yield from (weights[i : i + some] for i in range(0, len(weights), some))


def _measures(
    kpo: NDArray[np.bool_],
    p: NDArray[np.float64],
    said: NDArray[np.bool_],
    weights: NDArray[np.float64] | None,
    wanted: Collection[str] | None = None,
) -> dict[str, NDArray[np.float64]]:
    """Each measure on the sample itself, and then on its resamples."""
    parts = [
        _measures_under(w, kpo, p, said, wanted, resampled=i > 0)
        for i, w in enumerate(_samples(weights, len(kpo)))
    ]
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _measures_under(
    w: NDArray[np.float64],
    kpo: NDArray[np.bool_],
    p: NDArray[np.float64],
    said: NDArray[np.bool_],
    wanted: Collection[str] | None,
    *,
    resampled: bool,
) -> dict[str, NDArray[np.float64]]:
    """Each measure under each row of weights."""
    total = w.sum(axis=1)
    clipped = np.clip(np.where(kpo, p, 1 - p), _CLIP, 1.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        found = {"accuracy": w @ (said == kpo) / total}
        scores = []
        for name, truth, guess in (("KPO", kpo, said), ("BPO", ~kpo, ~said)):
            hit, actual, given = w @ (truth & guess), w @ truth, w @ guess
            found[f"precision_{name}"] = hit / given
            found[f"recall_{name}"] = hit / actual
            found[f"f1_{name}"] = np.where(actual > 0, 2 * hit / (actual + given), np.nan)
            scores.append(found[f"f1_{name}"])
        found["macro_f1"] = (scores[0] + scores[1]) / 2
        if wanted is None or "roc_auc" in wanted:
            found["roc_auc"] = _auc(kpo, p, w)
        found["log_loss"] = w @ -np.log(clipped) / total
        found["brier"] = w @ (p - kpo) ** 2 / total
    if wanted is None or "ece" in wanted:
        found["ece"] = _ece(said == kpo, p, w, resampled)
    return found if wanted is None else {name: found[name] for name in found if name in wanted}


def _auc(
    kpo: NDArray[np.bool_], p: NDArray[np.float64], w: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Area under the ROC curve, ties counted half (Mann-Whitney)."""
    order = np.argsort(p, kind="stable")
    starts = np.flatnonzero(np.diff(p[order], prepend=np.nan) != 0)
    positive = np.add.reduceat(w[:, order] * kpo[order], starts, axis=1)
    negative = np.add.reduceat(w[:, order] * ~kpo[order], starts, axis=1)
    below = np.cumsum(negative, axis=1) - negative / 2
    found: NDArray[np.float64] = (positive * below).sum(axis=1) / (
        positive.sum(axis=1) * negative.sum(axis=1)
    )
    return found


def calibration_bins(
    kpo: NDArray[np.bool_],
    p: NDArray[np.float64],
    n_bins: int = _BINS,
    said: NDArray[np.bool_] | None = None,
) -> list[dict[str, float]]:
    """Reliability of the confidence, in bins of equal mass.

    Parameters
    ----------
    kpo : ndarray of shape (n,)
    p : ndarray of shape (n,)
        Probability of KPO.
    n_bins : int
    said : ndarray of shape (n,), optional
        As for `figures`.

    Returns
    -------
    list of dict
        ``confidence`` (mean), ``accuracy``, ``low`` and ``high`` (its 95 % interval by Wilson's score)
        and ``n`` of each bin, least confident first.
    """
    confidence, right = np.maximum(p, 1 - p), (p > 0.5 if said is None else said) == kpo
    parts = np.array_split(np.argsort(confidence, kind="stable"), min(n_bins, len(p)))
    return [
        {
            "confidence": float(confidence[part].mean()),
            "accuracy": float(right[part].mean()),
            **dict(
                zip(
                    ("low", "high"),
                    wilson_interval(float(right[part].mean()), len(part)),
                    strict=True,
                )
            ),
            "n": len(part),
        }
        for part in parts
    ]


def wilson_interval(share: float, n: float) -> tuple[float, float]:
    """95 % interval of a share by Wilson's score (1927).

    Examples
    --------
    >>> low, high = wilson_interval(0.9, 100)
    >>> round(low, 3), round(high, 3)
    (0.826, 0.945)
    """
    z = 1.959964
    middle = share + z * z / (2 * n)
    spread = z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return (middle - spread) / (1 + z * z / n), (middle + spread) / (1 + z * z / n)


def risk_coverage(
    wrong: NDArray[np.bool_], score: NDArray[np.float64], weights: NDArray[np.float64]
) -> tuple[Figure, dict[str, Figure], list[dict[str, float]]]:
    """Error of the rows that a review score leaves to the model, for every share of rows left.

    Parameters
    ----------
    wrong : ndarray of shape (n,)
    score : ndarray of shape (n,)
        Rows with the highest are reviewed first.
    weights : ndarray of shape (n_samples, n)
        From `bootstrap_weights`.

    Returns
    -------
    aurc : Figure
        Mean of the error over all coverages.
    error_at : dict of str to Figure
        Error at coverage ``"0.8"``, ``"0.9"`` and ``"0.95"``.
    curve : list of dict
        ``coverage`` and ``risk`` at a hundred coverages.
    """
    order = np.argsort(score, kind="stable")
    areas, errors, curve = [], [], []
    for i, part in enumerate(_samples(weights, len(wrong))):
        w = part[:, order]
        kept = np.cumsum(w, axis=1)
        risk = np.cumsum(w * wrong[order], axis=1) / np.maximum(kept, 1.0)
        coverage = kept / kept[:, -1:]
        areas.append((risk * w).sum(axis=1) / w.sum(axis=1))
        places = [(coverage < share - 1e-12).sum(axis=1) for share in _COVERAGES]
        errors.append([risk[np.arange(len(risk)), place] for place in places])
        if i == 0:
            shown = np.unique(np.linspace(0, len(wrong) - 1, min(100, len(wrong))).astype(int))
            curve = [{"coverage": float(coverage[0, k]), "risk": float(risk[0, k])} for k in shown]

    def figure(parts: Sequence[NDArray[np.float64]]) -> Figure:
        values = np.concatenate(parts)
        low, high = np.percentile(values[1:], [2.5, 97.5])
        return Figure(float(values[0]), (float(low), float(high)), len(wrong))

    error_at = {
        f"{share:g}": figure(parts)
        for share, parts in zip(_COVERAGES, zip(*errors, strict=True), strict=True)
    }
    return figure(areas), error_at, curve


def _ece(
    right: NDArray[np.bool_], p: NDArray[np.float64], w: NDArray[np.float64], resampled: bool
) -> NDArray[np.float64]:
    """Expected calibration error of the confidence, ten equal-mass bins, most of its bias taken off.

    A perfectly calibrated model shows a plain error above 0 because each bin's accuracy is a sample.
    Taking a bin's accuracy for normal around its true value, the expected gap is the mean of a folded
    normal; what that exceeds the gap by is taken off (the debiased estimator of Kumar, Liang and Ma
    2019). Some is left: about .03 for a perfect model at n = 500. A resample carries the noise of
    the sample and its own, so twice the variance is taken off there.
    """
    confidence = np.maximum(p, 1 - p)
    noise = 2.0 if resampled else 1.0
    parts = np.array_split(np.argsort(confidence, kind="stable"), min(_BINS, len(p)))
    error = np.zeros(len(w))
    for part in parts:
        mass = w[:, part].sum(axis=1)
        safe = np.maximum(mass, 1)
        accuracy = w[:, part] @ right[part] / safe
        gap = w[:, part] @ confidence[part] / safe - accuracy
        spread = np.sqrt(noise * np.maximum(accuracy * (1 - accuracy), 1e-12) / safe)
        ratio = gap / spread
        erf = np.array([math.erf(r / math.sqrt(2)) for r in ratio])
        folded = spread * math.sqrt(2 / math.pi) * np.exp(-ratio * ratio / 2) + gap * erf
        error += mass * (2 * np.abs(gap) - folded)
    debiased: NDArray[np.float64] = np.maximum(error / np.maximum(w.sum(axis=1), 1), 0.0)
    return debiased
