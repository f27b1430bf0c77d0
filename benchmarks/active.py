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
from tqdm import tqdm

from kpoclf.corpus.rows import LabelledRow, read_corpus
from kpoclf.judge.status import plain_review_score
from kpoclf.learn.heads import fit_label
from kpoclf.learn.settings import Settings
from kpoclf.learn.vectors import TermCounts, Vectorizer
from kpoclf.model.calibration import sigmoid
from kpoclf.review.choose import diverse
from kpoclf.tables.labelled import labelled_rows

PLOT = Path(__file__).parent.parent / "docs" / "active.png"
SETTINGS = Settings()
ORDERS = {"review": 0.2, "uncertain only": 0.0, "random": 1.0}  # share drawn by chance
COLOURS = {"review": "#0b6e99", "uncertain only": "#d9822b", "random": "#777777"}


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


def labels_to(curve: Any, wanted: float, step: int) -> int | None:
    """Labels after which a curve first reaches an accuracy."""
    reached = np.flatnonzero(curve >= wanted - 1e-12)
    return int(reached[0]) * step if len(reached) else None


@click.command()
@click.argument("pool", metavar="POOL.csv")
@click.option("--labels", default="label", show_default=True, help="Column of the label.")
@click.option("--text", multiple=True, help="Column of the text; repeat it to join several.")
@click.option(
    "--start", default=20, show_default=True, help="Corpus rows of each label to begin with."
)
@click.option("--step", default=4, show_default=True, help="Labels between two fits.")
@click.option("--seeds", default=20, show_default=True, help="Splits and starts.")
@click.option("--write", is_flag=True, help="Draw the curves into docs/active.png.")
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
    curves: dict[str, list[list[float]]] = {order: [] for order in ORDERS}
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
    click.echo(
        f"{len(real)} texts: {size} in the pool, {len(real) - size} to measure; {seeds} seeds"
    )
    click.echo(f"start: {2 * start} rows of the corpus. Mean accuracy (standard error):")
    click.echo("labels  " + "".join(f"{order:<18}" for order in ORDERS))
    mean = {order: np.mean(curves[order], axis=0) for order in ORDERS}
    error = {order: np.std(curves[order], axis=0, ddof=1) / np.sqrt(seeds) for order in ORDERS}
    for i, n in enumerate(asked.tolist()):
        told = (f"{mean[order][i]:.3f} ({error[order][i]:.3f})" for order in ORDERS)
        click.echo(f"{n:<8}" + "".join(f"{cell:<18}" for cell in told))
    gained = mean["random"][0], mean["random"][-1]
    for share in (0.5, 0.75, 0.9):
        wanted = gained[0] + share * (gained[1] - gained[0])
        told = ", ".join(f"{o} {labels_to(mean[o], wanted, step)}" for o in ORDERS)
        click.echo(f"labels to {wanted:.3f}, {share:.0%} of what all the pool gives: {told}")
    for order in ("review", "uncertain only"):
        differences = np.mean(curves[order], axis=1) - np.mean(curves["random"], axis=1)
        middle, spread = np.mean(differences), np.std(differences, ddof=1) / np.sqrt(seeds)
        wins = (differences > 0).sum()
        click.echo(
            f"{order} ahead of random, mean over the curve: {middle:+.4f} "
            f"({middle - 1.96 * spread:+.4f} to {middle + 1.96 * spread:+.4f}), {wins} of {seeds} seeds"
        )
    if write:
        draw(asked, mean, error)
        click.echo(f"drawn into {PLOT.relative_to(PLOT.parent.parent)}", err=True)


def draw(asked: Any, mean: dict[str, Any], error: dict[str, Any]) -> None:
    """The curves as a picture."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 4.2), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    for order, colour in COLOURS.items():
        axes.plot(asked, mean[order], color=colour, label=f"{order} order")
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
