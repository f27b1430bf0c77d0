"""Planted label errors: how many of them ``kpoclf corpus suspects`` finds.

``python benchmarks/noise.py`` puts 5 % of the labels of the shipped corpus wrong, then those of small
files: 500 of its rows, from a third of its services, alone, beside the corpus without those services,
and beside the rest of the corpus. Rankings are compared at as many rows as were planted.

The rows that were not planted are taken for right; the few of them that are wrong or arguable count
as false finds.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace

import click
import numpy as np
from sklearn.metrics import average_precision_score
from tqdm import tqdm

from kpoclf.corpus.rows import LabelledRow, read_corpus
from kpoclf.learn.settings import Settings
from kpoclf.learn.suspects import confident_joint, opinions
from kpoclf.learn.vectors import TermCounts
from kpoclf.taxonomy import LABELS

RANKINGS = ("kpoclf", "linear heads alone", "probability of own label", "neighbours")


def planted(
    rows: list[LabelledRow], rate: float, rng: np.random.Generator
) -> tuple[list[LabelledRow], np.ndarray]:
    """Rows of which a share carries another label, drawn evenly from the others; and which."""
    wrong = np.zeros(len(rows), bool)
    wrong[rng.choice(len(rows), round(rate * len(rows)), replace=False)] = True
    labels = {row.label for row in rows}
    return [
        replace(row, label=str(rng.choice(sorted(labels - {row.label}))), service="") if w else row
        for row, w in zip(rows, wrong, strict=True)
    ], wrong


def measured(
    rows: list[LabelledRow], others: list[LabelledRow], wrong: np.ndarray, settings: Settings
) -> dict[str, list[float]]:
    """Figures of one set of planted errors."""
    everything = [*rows, *others]
    told = opinions(everything, TermCounts([r.text for r in everything], settings), settings)
    label = np.array([LABELS.index(row.label) for row in everything])
    chosen = (confident_joint(told.probability, label) != label)[: len(rows)]
    k = int(wrong.sum())
    hits = int((chosen & wrong).sum())
    found = {"suspects": [chosen.sum(), hits / max(chosen.sum(), 1), hits / k]}
    own = np.arange(len(rows)), label[: len(rows)]
    scores = (
        told.probability[: len(rows)],
        told.linear_probability[: len(rows)],
        None,
        told.neighbours[: len(rows)],
    )
    for name, probability in zip(RANKINGS, scores, strict=True):
        if probability is None:
            doubt = -told.linear_probability[own]
        else:
            rest = probability.copy()
            rest[own] = -1
            doubt = rest.max(axis=1) - probability[own]
        first = np.argsort(-doubt, kind="stable")[:k]
        found[name] = [wrong[first].mean(), average_precision_score(wrong, doubt)]
    return found


@click.command()
@click.option("--rate", default=0.05, show_default=True, help="Share of labels put wrong.")
@click.option("--rows", "n", default=500, show_default=True, help="Rows of a small file.")
@click.option("--seeds", default=5, show_default=True, help="Small files.")
@click.option("--full-seeds", default=2, show_default=True, help="Runs on the whole corpus.")
def main(rate: float, n: int, seeds: int, full_seeds: int) -> None:
    """Print precision and recall of suspects on planted label errors."""
    corpus, settings = read_corpus(), Settings()
    found: dict[str, list[dict[str, list[float]]]] = defaultdict(list)
    for seed in tqdm(range(full_seeds), desc="whole corpus"):
        rows, wrong = planted(corpus, rate, np.random.default_rng(seed))
        found["whole corpus"].append(measured(rows, [], wrong, settings))
    services = sorted({row.service for row in corpus})
    for seed in tqdm(range(seeds), desc="small files"):
        rng = np.random.default_rng(seed)
        own = set(rng.permutation(services)[: len(services) // 3].tolist())
        inside = [row for row in corpus if row.service in own]
        places = rng.choice(len(inside), n, replace=False)
        rows, wrong = planted([inside[i] for i in places], rate, rng)
        taken = {row.where for row in rows}
        for name, others in (
            ("alone", []),
            ("beside other services", [row for row in corpus if row.service not in own]),
            ("beside the rest", [row for row in corpus if row.where not in taken]),
        ):
            found[f"{n} rows {name}"].append(measured(rows, others, wrong, settings))
    click.echo(f"{rate:.0%} of the labels planted wrong; mean over seeds\n")
    click.echo(
        f"{'rows':<34}{'suspects':>9}{'precision':>11}{'recall':>8}   precision at k / AP of"
    )
    click.echo(" " * 62 + "   " + "".join(f"{name:<26}" for name in RANKINGS))
    for name, runs in found.items():
        count, precision, recall = np.mean([run["suspects"] for run in runs], axis=0)
        told = "".join(
            "{:.3f} / {:.3f}             ".format(*np.mean([run[r] for run in runs], axis=0))
            for r in RANKINGS
        )
        click.echo(f"{name:<34}{count:>9.1f}{precision:>11.3f}{recall:>8.3f}   {told}".rstrip())


if __name__ == "__main__":
    main()
