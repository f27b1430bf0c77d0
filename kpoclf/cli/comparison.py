"""Two recipes side by side, as text."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kpoclf.learn.compare import Comparison
    from kpoclf.learn.figures import Figure

__all__ = ["shown"]


def shown(comparison: Comparison) -> str:
    """Table of both recipes on current and on new rows."""
    candidate = "new only" if comparison.only_new else "current + new"
    lines = [
        f"current data: {comparison.n_current:,} rows; new: {comparison.n_new:,} rows",
        "Both recipes refitted on the same folds, near-duplicates kept together; 95 % intervals.",
        "KPO and BPO rows only: what OTHER rows do to the scope is not compared.",
        "",
        f"{'scored on':<22}{'measure':<10}{'current data':<22}{candidate:<22}difference",
    ]
    for side in comparison.sides:
        first = f"{side.name} ({side.n:,})"
        for name in ("macro_f1", "accuracy", "roc_auc"):
            if name not in side.current:
                continue
            told = _signed(side.difference) if name == side.measure else ""
            before, after = _told(side.current[name]), _told(side.candidate[name])
            lines.append(f"{first:<22}{name:<10}{before:<22}{after:<22}{told}".rstrip())
            first = ""
    verdict = {
        "better": f"{candidate} is better: on some rows its gain is beyond chance, on none its loss",
        "worse": f"{candidate} is worse: on some rows its loss is beyond chance",
        "no clear difference": "no difference beyond chance",
    }[comparison.verdict]
    lines.append("")
    new = comparison.sides[-1]
    if new.name == "new rows" and new.current["accuracy"].value < 0.5:
        lines.append("the current data contradict most labels of the new rows: are they swapped?")
    return "\n".join([*lines, verdict])


def _told(figure: Figure) -> str:
    if figure.interval is None:
        return f"{figure.value:.3f}"
    return f"{figure.value:.3f} ({figure.interval[0]:.3f}–{figure.interval[1]:.3f})"


def _signed(figure: Figure) -> str:
    if figure.interval is None:
        return f"{figure.value:+.3f}"
    return f"{figure.value:+.3f} ({figure.interval[0]:+.3f} to {figure.interval[1]:+.3f})"
