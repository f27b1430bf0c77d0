"""An evaluation as one HTML file."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING

from kpoclf.learn.current import trained_on
from kpoclf.learn.html_page import canvas, svg, table, write_page

if TYPE_CHECKING:
    from pathlib import Path

    from kpoclf.learn.evaluate import Evaluation
    from kpoclf.learn.figures import Figure

__all__ = ["write_report"]

_MEASURES = (
    ("accuracy", "Accuracy"),
    ("macro_f1", "Macro-F1"),
    ("roc_auc", "ROC AUC"),
    ("log_loss", "Log loss"),
    ("brier", "Brier score"),
    ("ece", "Calibration error (debiased)"),
    ("ok_accuracy", "Accuracy where the status is ok"),
    ("aurc", "Area under the risk-coverage curve"),
    ("scope_roc_auc", "ROC AUC of scope (OTHER or not)"),
)


def write_report(found: Evaluation, path: Path) -> None:
    """Write an evaluation as HTML with plots in it; nothing is loaded from elsewhere.

    Parameters
    ----------
    found : Evaluation
    path : pathlib.Path

    Raises
    ------
    MissingExtraError
        If matplotlib is not installed.
    InputError
        If the file cannot be written.
    """
    left_out = f"; {trained_on(found.n_trained, found.model)}" if found.n_trained else ""
    body = [
        "<h1>Evaluation</h1>",
        f"<p>Model {html.escape(found.model)}; {found.n:,} KPO and BPO rows, "
        f"{found.n_other:,} OTHER rows{html.escape(left_out)}. Intervals: 95 %, bootstrap.</p>",
        table(
            ("measure", "value", "95 % interval", "rows"),
            [
                _figure_row(name, getattr(found, key))
                for key, name in _MEASURES
                if getattr(found, key)
            ]
            + [
                _figure_row(f"{label} {key}", figure)
                for label, figures in (
                    *found.per_class.items(),
                    *([("error at coverage", found.error_at)] if found.error_at else []),
                )
                for key, figure in figures.items()
            ],
        ),
        "<h2>Labels and statuses given</h2>",
        table(
            ("true label", "labelled BPO", "labelled KPO", "ok", "review", "out of scope"),
            [
                (label, *(f"{n:,}" for n in (*given.values(), *found.status[label].values())))
                for label, given in found.confusion.items()
            ],
        ),
        "<h2>Reliability</h2>",
        "<p>Each point is a tenth of the rows, by confidence; bars: 95 % intervals of the share "
        "(Wilson). Where the grey line crosses the bar, the confidence may be right.</p>",
        _reliability(found),
        "<h2>Risk and coverage</h2>",
        "<p>Error among the rows left to the model when those with the highest review score go to a "
        "person.</p>",
        _risk_coverage(found),
    ]
    if found.by:
        body += [
            "<h2>By value</h2>",
            table(
                ("value", "rows", "OTHER", "accuracy", "macro-F1"),
                [
                    (
                        value,
                        f"{part.n:,}",
                        f"{part.n_other:,}",
                        _told(part.accuracy),
                        _told(part.macro_f1),
                    )
                    for value, part in found.by.items()
                ],
            ),
        ]
    write_page("kpoclf evaluation", body, path)


def _figure_row(name: str, figure: Figure) -> tuple[str, ...]:
    return name, f"{figure.value:.3f}", _interval(figure), f"{figure.n:,}"


def _interval(figure: Figure) -> str:
    return (
        "" if figure.interval is None else f"{figure.interval[0]:.3f} to {figure.interval[1]:.3f}"
    )


def _told(figure: Figure | None) -> str:
    return "" if figure is None else f"{figure.value:.3f} ({_interval(figure)})"


def _reliability(found: Evaluation) -> str:
    """Reliability plot as SVG."""
    drawing, axes = canvas()
    axes.plot([0.5, 1], [0.5, 1], color="0.6", linewidth=1)
    bins = found.reliability
    accuracy = [b["accuracy"] for b in bins]
    reach = [
        [max(b["accuracy"] - b["low"], 0) for b in bins],
        [max(b["high"] - b["accuracy"], 0) for b in bins],
    ]
    confidence = [b["confidence"] for b in bins]
    axes.errorbar(confidence, accuracy, yerr=reach, fmt="o-", color="#1f5fa8", capsize=3)
    axes.set(xlabel="confidence", ylabel="share of right labels", xlim=(0.48, 1.02), ylim=(0, 1.05))
    return svg(drawing)


def _risk_coverage(found: Evaluation) -> str:
    """Risk-coverage curve as SVG."""
    drawing, axes = canvas()
    axes.plot(
        [p["coverage"] for p in found.risk_coverage],
        [p["risk"] for p in found.risk_coverage],
        color="#1f5fa8",
    )
    axes.set(xlabel="share of rows left to the model", ylabel="share of wrong labels", xlim=(0, 1))
    axes.set_ylim(bottom=0)
    return svg(drawing)
