"""An evaluation as one HTML file."""

from __future__ import annotations

import html
import io
from typing import TYPE_CHECKING, Any

from kpoclf.errors import MissingExtraError
from kpoclf.files import whole_file

if TYPE_CHECKING:
    from pathlib import Path

    from kpoclf.learn.evaluate import Evaluation
    from kpoclf.learn.figures import Figure

__all__ = ["write_report"]

_STYLE = """
body{font:16px/1.5 system-ui,sans-serif;max-width:52rem;margin:2rem auto;padding:0 1rem;color:#1b1b1b}
table{border-collapse:collapse;margin:1rem 0}td,th{padding:.25rem .75rem;text-align:right;
border-bottom:1px solid #ccc}td:first-child,th:first-child{text-align:left}svg{max-width:100%;height:auto}
"""
_MEASURES = (
    ("accuracy", "Accuracy"),
    ("macro_f1", "Macro-F1"),
    ("roc_auc", "ROC AUC"),
    ("log_loss", "Log loss"),
    ("brier", "Brier score"),
    ("ece", "Calibration error (debiased)"),
    ("ok_accuracy", "Accuracy where the status is ok"),
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
    body = [
        "<h1>Evaluation</h1>",
        f"<p>Model {html.escape(found.model)}; {found.n:,} KPO and BPO rows, "
        f"{found.n_other:,} OTHER rows. Intervals: 95 %, bootstrap.</p>",
        _table(
            ("measure", "value", "95 % interval", "rows"),
            [
                _figure_row(name, getattr(found, key))
                for key, name in _MEASURES
                if getattr(found, key)
            ]
            + [
                _figure_row(f"{label} {key}", figure)
                for label, figures in found.per_class.items()
                for key, figure in figures.items()
            ],
        ),
        "<h2>Labels and statuses given</h2>",
        _table(
            ("true label", "labelled BPO", "labelled KPO", "ok", "review", "out of scope"),
            [
                (label, *(f"{n:,}" for n in (*given.values(), *found.status[label].values())))
                for label, given in found.confusion.items()
            ],
        ),
        "<h2>Reliability</h2>",
        "<p>Each point is a tenth of the rows, by confidence. On the line the confidence is right.</p>",
        _reliability(found),
    ]
    if found.by:
        body += [
            "<h2>By value</h2>",
            _table(
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
    page = (
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>kpoclf evaluation</title><style>{_STYLE}</style>{''.join(body)}</html>\n"
    )
    with whole_file(path) as stream:
        stream.write(page.encode())


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    cells = "".join(f"<th>{html.escape(h)}</th>" for h in head)
    lines = "".join(
        "<tr>" + "".join(f"<td>{html.escape(c)}</td>" for c in row) + "</tr>" for row in rows
    )
    return f"<table><tr>{cells}</tr>{lines}</table>"


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
    try:
        from matplotlib.figure import Figure as Canvas
    except ImportError:
        raise MissingExtraError("matplotlib", "report") from None
    canvas = Canvas(figsize=(5, 4), layout="constrained")
    axes: Any = canvas.subplots()
    axes.plot([0.5, 1], [0.5, 1], color="0.6", linewidth=1)
    axes.plot(
        [b["confidence"] for b in found.reliability],
        [b["accuracy"] for b in found.reliability],
        "o-",
        color="#1f5fa8",
    )
    axes.set(xlabel="confidence", ylabel="share of right labels", xlim=(0.48, 1.02), ylim=(0, 1.05))
    buffer = io.StringIO()
    canvas.savefig(buffer, format="svg", metadata={"Date": None})
    drawn = buffer.getvalue()
    return drawn[drawn.index("<svg") :]
