"""A comparison of new texts with earlier ones as one HTML file."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING

import numpy as np

from kpoclf.learn.html_page import canvas, svg, table, write_page

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from kpoclf.learn.drift import Drift, Term

__all__ = ["change_rows", "verdict", "write_drift_report"]

HEAD = ("measure", "was", "is", "difference (95 %)", "size", "p")
"""Columns of `change_rows`."""


def verdict(found: Drift) -> str:
    """One line: what has changed, if anything."""
    changed = [measure.name for measure in found.measures if measure.changed]
    if changed:
        return f"drift: {', '.join(changed)} changed"
    small = [measure.name for measure in found.measures if measure.p <= found.alpha]
    if small:
        return (
            f"no drift: {', '.join(small)} differ beyond chance, but by less than {found.least:g}"
        )
    return "no drift: no difference beyond chance"


def change_rows(found: Drift) -> list[tuple[str, ...]]:
    """Cells of the table of measures, columns as `HEAD`."""
    rows: list[tuple[str, ...]] = []
    for measure in found.measures:
        mark = "*" if measure.changed else " "
        test = (f"{measure.size:.2f}", _chance(measure.p) + mark)
        for line in measure.lines:
            interval = line.difference.interval or (np.nan, np.nan)
            low, high = (_number(x, line.was, "+") for x in interval)
            rows.append(
                (
                    line.name,
                    _number(line.was, line.was),
                    _number(line.now, line.was),
                    f"{_number(line.difference.value, line.was, '+')} ({low} to {high})",
                    *test,
                )
            )
            test = ("", " ")
        if not measure.lines:
            rows.append((measure.name, "", "", "", *test))
    return rows


def write_drift_report(found: Drift, path: Path) -> None:
    """Write the comparison as HTML with plots.

    Parameters
    ----------
    found : Drift
    path : pathlib.Path

    Raises
    ------
    MissingExtraError
        If matplotlib is not installed.
    InputError
        If the file cannot be written.
    """
    body = [
        "<h1>Drift</h1>",
        f"<p><b>{html.escape(verdict(found))}</b></p>",
        f"<p>Model {html.escape(found.model)}. Is: {html.escape(found.new)}, {found.n_new:,} texts. "
        f"Was: {html.escape(found.reference)}, {found.n_reference:,} texts.</p>",
        table(HEAD, change_rows(found)),
        f"<p>* changed: p at most {found.alpha:g} and size at least {found.least:g}. p: chance of such "
        "a difference in any of the measures, were all texts from one source (permutation test). If "
        f"nothing has changed, a change is reported with probability {found.alpha:g} at most.</p>",
        *(f"<p>{html.escape(note)}</p>" for note in found.notes),
        "<h2>Distributions</h2>",
        _distributions(found),
        "<h2>Terms that rise</h2>",
        _terms(found, found.rising),
        "<h2>Terms that the model does not know</h2>",
        _terms(found, found.unknown),
    ]
    write_page("kpoclf drift", body, path)


def _terms(found: Drift, terms: Sequence[Term]) -> str:
    if not terms:
        return "<p>none</p>"
    head = ("term", f"of {found.n_reference:,} texts", f"of {found.n_new:,} texts")
    return table(head, [(t.term, f"{t.was:,}", f"{t.now:,}") for t in terms])


def _distributions(found: Drift) -> str:
    """Distribution functions of either side as SVG."""
    names = {
        "known_share": "share of known words",
        "confidence": "confidence",
        "review_score": "review score",
    }
    drawing, axes = canvas(10, 3.2, len(names))
    for axis, (key, name) in zip(axes, names.items(), strict=True):
        for profile, colour, side in zip(
            found.profiles, ("0.55", "#1f5fa8"), ("was", "is"), strict=True
        ):
            values = np.sort(getattr(profile, key))
            share = np.arange(1, len(values) + 1) / len(values)
            axis.step(values, share, where="post", color=colour, label=side)
        axis.set(xlabel=name, ylim=(0, 1))
    axes[0].set_ylabel("share of texts at most so high")
    axes[0].legend(frameon=False)
    return svg(drawing)


def _number(value: float, like: float, sign: str = "") -> str:
    """A number with as many decimals as one of the size of `like` needs."""
    return f"{value:{sign}.1f}" if abs(like) >= 2 else f"{value:{sign}.3f}"


def _chance(p: float) -> str:
    return "<.001" if p < 0.001 else f"{p:.3f}"
