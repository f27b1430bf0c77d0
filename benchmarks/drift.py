"""False alarms and power of ``kpoclf drift``: ``python benchmarks/drift.py``.

The rows of the shipped corpus, scored out of fold as `kpoclf drift` scores its reference, are divided
at random into two sides of which nothing differs (false alarms), and into sides that do differ
(power). ``--held-out`` also trains a model on four fifths of the corpus and compares the rest with
what it was trained on, which is the default of the command: nothing differs there either.
"""

from __future__ import annotations

import click
import numpy as np
from tqdm import tqdm

from kpoclf.corpus.mixed import read_mixed
from kpoclf.corpus.rows import read_corpus
from kpoclf.judge.model import Model, load
from kpoclf.learn.drift import compare_profiles, drift
from kpoclf.learn.fit import fit_model
from kpoclf.learn.folds import duplicate_groups
from kpoclf.learn.text_profile import unseen_profile, word_table

LEVELS = (0.01, 0.05)


@click.command()
@click.option("--rows", "n", default=300, show_default=True, help="Texts of either side.")
@click.option("--runs", default=300, show_default=True, help="Divisions without a difference.")
@click.option("--shift-runs", default=20, show_default=True, help="Divisions with each difference.")
@click.option("--held-out", default=0, show_default=True, help="Models trained on four fifths.")
def main(n: int, runs: int, shift_runs: int, held_out: int) -> None:
    """Print how often drift is found where there is none, and where there is."""
    rows, model = read_corpus(), load()
    words = word_table(model, [row.text for row in rows])
    groups = duplicate_groups(rows)
    mixed = [m.text for m in read_mixed()]
    profile = unseen_profile(model, rows, groups, words, mixed)
    one_each = np.unique(groups)

    def alarms(pairs: list[tuple[np.ndarray, np.ndarray]], what: str) -> str:
        """Share of pairs called drift, at either level, by p alone; and with the least size."""
        smallest, usual = [], []
        for seed, (old, new) in enumerate(tqdm(pairs, desc=what, leave=False)):
            found = compare_profiles(
                profile.take(old), profile.take(new), words.take(old), words.take(new), seed=seed
            )
            smallest.append(min(measure.p for measure in found))
            usual.append(any(measure.changed for measure in found))
        by_p = "".join(f"{np.mean(np.array(smallest) <= level):>10.3f}" for level in LEVELS)
        return f"{what:<44}{len(pairs):>6}{by_p}{np.mean(usual):>14.3f}"

    def apart(seed: int, first: np.ndarray, second: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        rng = np.random.default_rng(seed)
        old = rng.choice(first, n, replace=False)
        return old, rng.choice(np.setdiff1d(second, old), n, replace=False)

    def mixture(seed: int, share: float, part: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        rng = np.random.default_rng(seed)
        rest = np.setdiff1d(one_each, part)
        drawn = rng.choice(rest, 2 * n, replace=False)
        added = rng.choice(part, round(share * n), replace=False)
        return drawn[:n], np.concatenate((drawn[n : 2 * n - len(added)], added))

    def of(test) -> np.ndarray:
        return np.array([i for i in one_each.tolist() if test(rows[i])])

    click.echo(f"{n} texts on either side; share of runs with drift\n")
    levels = "".join(f"{f'p ≤ {level}':>10}" for level in LEVELS)
    click.echo(f"{'difference':<44}{'runs':>6}{levels}{'as shipped':>14}")
    pairs = [apart(seed, one_each, one_each) for seed in range(runs)]
    click.echo(alarms(pairs, "none"))
    outside = of(lambda row: row.label == "OTHER")
    for share in (0.1, 0.2):
        pairs = [mixture(seed, share, outside) for seed in range(shift_runs)]
        click.echo(alarms(pairs, f"{share:.0%} out-of-scope texts added"))
    services = sorted({row.service for row in rows})
    for share in (0.1, 0.3):
        pairs = []
        for seed in range(shift_runs):
            drawn = np.random.default_rng(seed).permutation(services)
            gone = set(drawn[: round(share * len(services))].tolist())
            kept = of(lambda row, gone=gone: row.service not in gone)
            pairs.append(apart(seed, one_each, kept))
        click.echo(alarms(pairs, f"{share:.0%} of the services gone"))
    tasks, ads = (of(lambda row, r=r: row.register == r) for r in ("task", "full-posting"))
    pairs = [mixture(seed, 0.2, ads) for seed in range(shift_runs)]
    click.echo(alarms(pairs, "20% full postings added to the rest"))
    pairs = [apart(seed, tasks, ads) for seed in range(shift_runs)]
    click.echo(alarms(pairs, "full postings instead of tasks"))
    american = of(lambda row: row.variety == "en-US")
    others = of(lambda row: row.variety not in ("en-US", ""))
    if len(american) > n < len(others):
        pairs = [apart(seed, american, others) for seed in range(shift_runs)]
        click.echo(alarms(pairs, "other English instead of American"))
    for seed in range(held_out):
        every = np.random.default_rng(seed).permutation(len(rows))
        cut = len(rows) // 5
        trained = fit_model([rows[i] for i in np.sort(every[cut:])])
        found = drift(Model(trained), [rows[i].text for i in every[:cut]])
        told = ", ".join(f"{m.name} {m.p:.3f} (size {m.size:.2f})" for m in found.measures)
        click.echo(f"model {seed} trained on four fifths, the rest held out: {told}")


if __name__ == "__main__":
    main()
