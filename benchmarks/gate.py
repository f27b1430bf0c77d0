"""What the gate lets through, and what a row of one's own should weigh: ``python benchmarks/gate.py``.

Everything is measured on the shipped corpus, out of fold. ``noise`` hands the gate right rows that
were held out, ``noise-other`` right rows out of scope: a refusal is a false one. ``flipped`` hands it
rows of all services with the wrong label, ``service`` rows of one service with the wrong label,
``scope`` rows of office work labelled OTHER: a refusal is right. ``weights`` leaves out each service in
turn as a new kind of work, teaches 50 of its rows at several weights, and scores the rest of it and a
held-out fifth of all others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import click
import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from kpoclf.corpus.rows import LabelledRow, read_corpus
from kpoclf.learn.compare import Comparison, Recipes, sides_of
from kpoclf.learn.folds import duplicate_groups
from kpoclf.learn.gate import Gate, judge
from kpoclf.learn.heads import fit_label
from kpoclf.learn.settings import Settings
from kpoclf.learn.train import NEW_WEIGHT
from kpoclf.learn.vectors import TermCounts, Vectorizer

SETTINGS = Settings()
SWAPPED = {"KPO": "BPO", "BPO": "KPO"}
WEIGHTS = (0.0, 0.5, 1.0, 2.0, 3.0, 5.0, 10.0)
N_TAUGHT = 50
HARD = 0.9  # share right without a row of the service, below which a service counts as hard

Chosen = tuple[NDArray[np.int64], list[LabelledRow]]


def right(rows: list[LabelledRow], n: int, rng: np.random.Generator) -> Chosen:
    """Rows of all services as they are."""
    return rng.choice(_inside(rows), n, replace=False), rows


def right_other(rows: list[LabelledRow], n: int, rng: np.random.Generator) -> Chosen:
    """Rows out of scope as they are."""
    other = np.array([i for i, row in enumerate(rows) if row.label == "OTHER"])
    return rng.choice(other, n, replace=False), rows


def flipped(rows: list[LabelledRow], n: int, rng: np.random.Generator) -> Chosen:
    """Rows of all services with the wrong label."""
    chosen = rng.choice(_inside(rows), n, replace=False)
    return chosen, _labelled(rows, chosen, lambda row: SWAPPED[row.label])


def one_service(rows: list[LabelledRow], n: int, rng: np.random.Generator) -> Chosen:
    """Up to `n` rows, two thirds at most, of one service with the wrong label."""
    inside = _inside(rows)
    services = np.array([rows[i].service for i in inside.tolist()])
    own = inside[services == rng.choice(np.unique(services))]
    chosen = rng.choice(own, min(n, len(own) * 2 // 3), replace=False)
    return chosen, _labelled(rows, chosen, lambda row: SWAPPED[row.label])


def called_other(rows: list[LabelledRow], n: int, rng: np.random.Generator) -> Chosen:
    """Rows of all services labelled OTHER."""
    chosen = rng.choice(_inside(rows), n, replace=False)
    return chosen, _labelled(rows, chosen, lambda row: "OTHER")


KINDS = {
    "noise": right,
    "noise-other": right_other,
    "flipped": flipped,
    "service": one_service,
    "scope": called_other,
}


def _inside(rows: list[LabelledRow]) -> NDArray[np.int64]:
    return np.array([i for i, row in enumerate(rows) if row.label != "OTHER"])


def _labelled(
    rows: list[LabelledRow], chosen: NDArray[np.int64], label: Callable[[LabelledRow], str]
) -> list[LabelledRow]:
    new = {i: replace(rows[i], label=label(rows[i]), service="") for i in chosen.tolist()}
    return [new.get(i, row) for i, row in enumerate(rows)]


def judged(kind: str, n: int, seeds: range, weight: float) -> Iterator[tuple[Comparison, Gate]]:
    """What the gate says of one draw for each seed."""
    rows = read_corpus()
    counts, groups = TermCounts([row.text for row in rows], SETTINGS), duplicate_groups(rows)
    for seed in seeds:
        chosen, labelled = KINDS[kind](rows, n, np.random.default_rng(seed))
        is_new = np.isin(np.arange(len(rows)), chosen)
        weights = np.where(is_new, weight, 1.0)
        recipes = Recipes(labelled, is_new, counts, SETTINGS, weight=weights)
        sides, services, scope = sides_of(recipes, groups)
        n_new = len(chosen)
        comparison = Comparison(sides, len(rows) - n_new, n_new, False, services, scope)
        yield comparison, judge(comparison)


def taught() -> Iterator[tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """For each service, hits and rows of its own and of the others, at each weight."""
    rows = [row for row in read_corpus() if row.label != "OTHER"]
    counts, groups = TermCounts([row.text for row in rows], SETTINGS), duplicate_groups(rows)
    kpo = np.array([row.label == "KPO" for row in rows])
    service = np.array([row.service for row in rows])
    rng = np.random.default_rng(0)
    held = np.isin(groups, rng.choice(np.unique(groups), len(set(groups.tolist())) // 5, False))
    for slug in tqdm(sorted(set(service.tolist()))):
        own = np.flatnonzero(service == slug)
        order = rng.permutation(np.unique(groups[own]))
        own = own[np.argsort([order.tolist().index(g) for g in groups[own]], kind="stable")]
        new, rest = own[:N_TAUGHT], own[N_TAUGHT:]
        rest = rest[~np.isin(groups[rest], groups[new])]
        if len(rest) < 5:
            continue
        others = np.flatnonzero((service != slug) & ~held & ~np.isin(groups, groups[rest]))
        asked = np.flatnonzero((service != slug) & held & ~np.isin(groups, groups[new]))
        hits = []
        for weight in WEIGHTS:
            train = np.concatenate((others, new)) if weight else others
            weights = np.concatenate(
                (np.ones(len(others)), np.full(len(train) - len(others), weight))
            )
            vectorizer = Vectorizer(counts, train, SETTINGS.min_df)
            coef, intercept = fit_label(vectorizer.vectors(train), kpo[train], SETTINGS, weights)
            hits.append(
                [
                    ((vectorizer.vectors(part) @ coef + intercept > 0) == kpo[part]).sum()
                    for part in (rest, asked)
                ]
            )
        yield np.array(hits, float), np.array([len(rest), len(asked)], float)


@click.command()
@click.argument("kind", type=click.Choice([*KINDS, "weights"]))
@click.option("--rows", default=50, show_default=True, help="New rows of each draw.")
@click.option("--repeats", default=20, show_default=True, help="Draws.")
@click.option("--seed", default=0, show_default=True, help="Of the first draw.")
@click.option("--weight", default=NEW_WEIGHT, show_default=True, help="Weight of new rows.")
def main(kind: str, rows: int, repeats: int, seed: int, weight: float) -> None:
    """Print a table."""
    if kind == "weights":
        found = list(taught())
        hard = [(h, n) for h, n in found if h[0, 0] / n[0] < HARD]
        click.echo(f"{len(found)} services, {len(hard)} hard")
        click.echo("weight  own rows  own, hard  others")
        for i, w in enumerate(WEIGHTS):
            own, of_hard, others = (
                sum(h[i, j] for h, _ in part) / sum(n[j] for _, n in part)
                for part, j in ((found, 0), (hard, 0), (found, 1))
            )
            click.echo(f"{w:<8g}{own:<10.4f}{of_hard:<11.4f}{others:.4f}")
        return
    refused = 0
    for done, (comparison, gate) in enumerate(
        judged(kind, rows, range(seed, seed + repeats), weight), 1
    ):
        refused += not gate.passed
        overall, worst = comparison.sides[0].difference, gate.services[0]
        low, high = overall.interval or (overall.value,) * 2
        click.echo(
            f"{refused} of {done} refused; macro-F1 {overall.value:+.4f} ({low:+.4f} to {high:+.4f}), "
            f"worst service {worst.difference:+.3f}: {'; '.join(gate.refusals) or 'passed'}"
        )


if __name__ == "__main__":
    main()
