"""Two recipes side by side and the gate's verdict, as text."""

from __future__ import annotations

from textwrap import fill
from typing import TYPE_CHECKING

from kpoclf.learn.gate import MIN_SERVICE_ROWS, SERVICE_MARGIN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kpoclf.learn.compare import Comparison, ServiceSide, Side
    from kpoclf.learn.figures import Figure
    from kpoclf.learn.gate import Gate

__all__ = ["shown"]

_WIDTH = 80
_SHOWN = 3  # services that lost most


def shown(comparison: Comparison, gate: Gate) -> str:
    """Table of both recipes, and what the gate says of them."""
    candidate, short = ("new only", "new") if comparison.only_new else ("current + new", "+ new")
    lines = [
        f"current data: {comparison.n_current:,} rows; new: {comparison.n_new:,} rows",
        "Both recipes refitted on the same folds, near-duplicates kept together.",
        "OTHER rows count in scope alone. Every service is known: figures are above",
        "those of models list.",
        "",
        f"{'scored on':<28}{'measure':<10}{'current':<8}{short:<9}difference (95 %)",
    ]
    for side in (*comparison.sides, comparison.scope, comparison.holdout):
        if side is not None:
            lines += _rows(side)
    lines += _services(gate.services)
    if comparison.n_known:
        lines.append(
            f"{comparison.n_known:,} of the holdout left out: near-duplicates of rows trained on"
        )
    verdict = {
        "better": f"{candidate} is better: a gain beyond chance on some rows, a loss on none",
        "worse": f"{candidate} is worse: on some rows its loss is beyond chance",
        "no clear difference": "no difference beyond chance",
    }[comparison.verdict]
    lines.append("")
    notes = [fill(f"note: {note}", _WIDTH, subsequent_indent="  ") for note in gate.notes]
    return "\n".join([*lines, verdict, *notes, _told_of(gate)])


def _rows(side: Side) -> Iterator[str]:
    names = {"scope": "scope, current rows"}
    first = f"{names.get(side.name, side.name)} ({side.n:,})"
    for name in ("macro_f1", "accuracy", "roc_auc"):
        if name not in side.current:
            continue
        told = _signed(side.difference) if name == side.measure else ""
        before, after = side.current[name].value, side.candidate[name].value
        yield f"{first:<28}{name:<10}{before:<8.3f}{after:<9.3f}{told}".rstrip()
        first = ""


def _services(services: tuple[ServiceSide, ...]) -> Iterator[str]:
    lost = [service for service in services if service.difference < 0][:_SHOWN]
    if not services:
        return
    yield ""
    yield (
        f"services of {MIN_SERVICE_ROWS} rows or more: {len(services)}; "
        + ("those that lost most:" if lost else "none lost")
    )
    for service in lost:
        first = f"{service.service} ({service.n:,})"
        yield (
            f"{first:<35} accuracy {service.current:.3f} → {service.candidate:.3f}, "
            f"{service.difference:+.3f} (p = {service.p_loss:.2g})"
        )


def _told_of(gate: Gate) -> str:
    if gate.passed:
        services = f", no service by more than {SERVICE_MARGIN:g}" if gate.services else ""
        told = f"gate: passed; no worse by more than {gate.margin:g}{services} beyond chance"
        return fill(told, _WIDTH, subsequent_indent="  ")
    return "\n".join(["gate: refused", *(_item(reason) for reason in gate.refusals)])


def _item(reason: str) -> str:
    return fill(f"- {reason}", _WIDTH, subsequent_indent="  ")


def _signed(figure: Figure) -> str:
    if figure.interval is None:
        return f"{figure.value:+.3f}"
    return f"{figure.value:+.3f} ({figure.interval[0]:+.3f} to {figure.interval[1]:+.3f})"
