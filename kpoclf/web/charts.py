"""Plots of a model's figures as SVG."""

from __future__ import annotations

from typing import TYPE_CHECKING

from markupsafe import Markup

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kpoclf.model.review import RiskPoint

__all__ = ["review_curve"]

_WIDTH, _HEIGHT = 360, 230
_LEFT, _RIGHT, _TOP, _BOTTOM = 46, 20, 12, 46
_STEPS = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2)
_TICKS = 6


def review_curve(curve: Sequence[RiskPoint]) -> Markup:
    """Error among the rows that are not reviewed, by the share that is.

    Parameters
    ----------
    curve : sequence of RiskPoint

    Returns
    -------
    markupsafe.Markup
        An SVG element; its style is in ``page.css``.
    """
    widest = max((p.share for p in curve), default=0) or 1.0
    step = next((s for s in _STEPS if s * _TICKS >= max(p.bound for p in curve)), 1.0)
    highest = step * _TICKS

    def x(share: float) -> float:
        return _LEFT + (_WIDTH - _LEFT - _RIGHT) * share / widest

    def y(error: float) -> float:
        return _HEIGHT - _BOTTOM - (_HEIGHT - _TOP - _BOTTOM) * error / highest

    parts = []
    for i in range(0, _TICKS + 1, 2):
        at = y(i * step)
        parts.append(
            f'<line class="axis" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{at:.1f}" y2="{at:.1f}"/>'
        )
        parts.append(
            f'<text x="{_LEFT - 6}" y="{at + 4:.1f}" text-anchor="end">{i * step:.1%}</text>'
        )
    for i in range(5):
        share, low = widest * i / 4, _HEIGHT - _BOTTOM + 18
        parts.append(f'<text x="{x(share):.1f}" y="{low}" text-anchor="middle">{share:.0%}</text>')
    parts.append(
        f'<text class="dim" x="{(_LEFT + _WIDTH - _RIGHT) / 2}" y="{_HEIGHT - 8}" text-anchor="middle">'
        "rows reviewed</text>"
    )
    for name, values in (("bound", [p.bound for p in curve]), ("line", [p.error for p in curve])):
        points = " ".join(
            f"{x(p.share):.1f},{y(value):.1f}" for p, value in zip(curve, values, strict=True)
        )
        parts.append(f'<polyline class="{name}" points="{points}"/>')
    return Markup(  # noqa: S704  (numbers only)
        f'<svg class="chart" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" '
        f'aria-label="Error of the rows not reviewed falls from {curve[0].error:.1%} to '
        f'{curve[-1].error:.1%} as {curve[-1].share:.0%} are reviewed">{"".join(parts)}</svg>'
    )
