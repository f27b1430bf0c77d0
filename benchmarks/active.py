"""Labels saved by asking for the right ones: ``python benchmarks/active.py POOL.csv --labels COL``.

POOL.csv holds labelled real text. Half of it, drawn anew for each seed, is the pool, the other half
measures. A throw-away model, its label head alone, starts from a few rows of the corpus; then the
labels of the pool are given to it, some at a time: in the order of `kpoclf review` (most uncertain
first, unlike what was asked before, a fifth by chance), in that order without the fifth, and by chance.
No setting of kpoclf is chosen from this.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import numpy as np
from accuracy import table
from tqdm import tqdm

from kpoclf.corpus.rows import LabelledRow, read_corpus
from kpoclf.judge.status import plain_review_score
from kpoclf.learn.heads import fit_label
from kpoclf.learn.settings import Settings
from kpoclf.learn.vectors import TermCounts, Vectorizer
from kpoclf.model.calibration import sigmoid
from kpoclf.review.choose import diverse
from kpoclf.tables.labelled import labelled_rows

REPORT = Path(__file__).parent.parent / "docs" / "active.md"
PLOT = Path(__file__).parent.parent / "docs" / "active.png"
SETTINGS = Settings()
ORDERS = {"review": 0.2, "uncertain only": 0.0, "random": 1.0}  # share drawn by chance
HEAD = """# Labels saved by the review queue

Made by `python benchmarks/active.py POOL.csv --write`; do not edit.

![accuracy by labels given](active.png)

A small model learns from real job ads, label by label: in the order of `kpoclf review` (most uncertain
first, unlike what was asked before, one in five by chance), in that order without chance, and by chance
alone. Its accuracy is that on other ads. No setting of kpoclf was chosen from this.
"""
COLOURS = {"review": "#0b6e99", "uncertain only": "#d9822b", "random": "#777777"}

Curves = dict[str, list[list[float]]]
Means = dict[str, Any]


def curve(
    counts: TermCounts, kpo: Any, start: Any, pool: Any, test: Any, order: str, step: int, seed: int
) -> list[float]:
    """Accuracy on the test rows after each step."""
    rng = np.random.default_rng(seed)
    known, left = list(start), list(pool)
    found = []
    while True:
        rows = np.array(known)
        vectorizer = Vectorizer(counts, rows, SETTINGS.min_df)
        coef, intercept = fit_label(vectorizer.vectors(rows), kpo[rows], SETTINGS)
        decision = vectorizer.vectors(test) @ coef + intercept
        found.append(float(((decision > 0) == kpo[test]).mean()))
        if not left:
            return found
        n = min(step, len(left))
        n_random = rng.binomial(n, ORDERS[order])
        asked = rng.choice(left, n_random, replace=False).tolist()
        rest = np.array([i for i in left if i not in asked])
        if n > n_random:
            X = vectorizer.vectors(rest)
            doubt = plain_review_score(sigmoid(X @ coef + intercept))
            seen = np.array([*known[len(start) :], *asked], np.int64)
            near = None
            if len(seen):
                near = (X @ vectorizer.vectors(seen).T).max(axis=1).toarray().ravel()
            asked += rest[diverse(doubt, X, n - n_random, near)].tolist()
        known += asked
        left = [i for i in left if i not in asked]


@click.command()
@click.argument("pool", metavar="POOL.csv")
@click.option("--labels", default="label", show_default=True, help="Column of the label.")
@click.option("--text", multiple=True, help="Column of the text; repeat it to join several.")
@click.option(
    "--start", default=20, show_default=True, help="Corpus rows of each label to begin with."
)
@click.option("--step", default=4, show_default=True, help="Labels between two fits.")
@click.option("--seeds", default=40, show_default=True, help="Splits and starts.")
@click.option("--write", is_flag=True, help="Write docs/active.md and docs/active.png.")
def main(
    pool: str, labels: str, text: tuple[str, ...], start: int, step: int, seeds: int, write: bool
) -> None:
    """Give labels of POOL.csv to a small model in several orders and print its accuracy."""
    real = [
        row
        for row in labelled_rows(pool, label=labels, text=text, services=False)
        if row.label != "OTHER"
    ]
    corpus = [row for row in read_corpus() if row.label != "OTHER" and not row.hard]
    rows: list[LabelledRow] = [*real, *corpus]
    counts = TermCounts([row.text for row in rows], SETTINGS)
    kpo = np.array([row.label == "KPO" for row in rows])
    curves: Curves = {order: [] for order in ORDERS}
    for seed in tqdm(range(seeds), disable=None):
        rng = np.random.default_rng(seed)
        first = np.concatenate(
            [
                len(real) + rng.choice(np.flatnonzero(kpo[len(real) :] == side), start, False)
                for side in (True, False)
            ]
        )
        mixed = rng.permutation(len(real))
        half = len(real) // 2
        for order in ORDERS:
            curves[order].append(
                curve(counts, kpo, first, mixed[:half], mixed[half:], order, step, seed)
            )
    size = len(real) // 2
    asked = np.minimum(np.arange(len(curves["random"][0])) * step, size)
    mean = {order: np.mean(curves[order], axis=0) for order in ORDERS}
    error = {order: np.std(curves[order], axis=0, ddof=1) / np.sqrt(seeds) for order in ORDERS}
    told = (
        f"{len(real)} texts: {size} to ask for, {len(real) - size} to measure on, drawn anew {seeds} "
        f"times. The model starts with {2 * start} rows of the corpus.\n\n"
        f"{shown(curves, mean, error, asked)}"
    )
    click.echo(told)
    if write:
        draw(asked, mean, error)
        REPORT.write_text(f"{HEAD}\n{told}\n", encoding="utf-8")


def shown(curves: Curves, mean: Means, error: Means, asked: Any) -> str:
    """Labels needed, the lead over chance and the curves, as Markdown."""
    low, high = mean["random"][0], mean["random"][-1]
    needed = []
    for share in (0.5, 0.75, 0.9):
        wanted = low + share * (high - low)
        reached = [np.flatnonzero(mean[order] >= wanted - 1e-12) for order in ORDERS]
        counted = [str(asked[r[0]]) if len(r) else "not reached" for r in reached]
        needed.append([f"{wanted:.3f} ({share:.0%} of the gain)", *counted])
    lines = [table(["labels to an accuracy of", *ORDERS], needed), ""]
    for order in ("review", "uncertain only"):
        lead = np.mean(curves[order], axis=1) - np.mean(curves["random"], axis=1)
        spread = 1.96 * np.std(lead, ddof=1) / np.sqrt(len(lead))
        lines.append(
            f"Mean lead of {order} over random along the curve: {lead.mean():+.3f} "
            f"({lead.mean() - spread:+.3f} to {lead.mean() + spread:+.3f}, over draws of the same "
            f"texts); ahead in {(lead > 0).sum()} of {len(lead)} draws."
        )
    rows = [
        [str(n), *(f"{mean[order][i]:.3f} ({error[order][i]:.3f})" for order in ORDERS)]
        for i, n in enumerate(asked.tolist())
    ]
    lines += ["", "Mean accuracy (its standard error):", "", table(["labels", *ORDERS], rows)]
    return "\n".join(lines)


def draw(asked: Any, mean: dict[str, Any], error: dict[str, Any]) -> None:
    """The curves as a picture."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 4.2), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    for order, colour in COLOURS.items():
        axes.plot(asked, mean[order], color=colour, label=order)
        axes.fill_between(
            asked, mean[order] - error[order], mean[order] + error[order], color=colour, alpha=0.15
        )
    axes.set_xlabel("labels given")
    axes.set_ylabel("accuracy on the other half")
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, loc="lower right")
    figure.savefig(PLOT, dpi=110, metadata={"Software": None})


if __name__ == "__main__":
    main()
