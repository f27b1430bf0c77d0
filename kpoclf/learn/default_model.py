"""Rebuild the shipped model from the shipped corpus, or check that it is what the corpus gives.

``python -m kpoclf.learn.default_model`` writes ``models/default``;
``python -m kpoclf.learn.default_model --check`` compares instead, and ends with code 1 if they
differ.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click
import numpy as np

from kpoclf.corpus.rows import corpus_digest, read_corpus
from kpoclf.judge.model import Model, load
from kpoclf.learn.fit import fit_model
from kpoclf.resources import shipped

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["differences", "main"]


def differences(committed: Model, rebuilt: Model, texts: list[str]) -> list[str]:
    """What two builds from the same data do not share; empty if nothing.

    The same machine gives the same bytes. On another processor, or with another release of a
    library, sums may differ in their last bits, so weights may differ by one rounding step.

    Parameters
    ----------
    committed, rebuilt : Model
    texts : list of str
        Texts whose labels must be equal.

    Returns
    -------
    list of str
    """
    if committed.id == rebuilt.id:
        return []
    found = []
    a, b = committed.trained.weights, rebuilt.trained.weights
    for name in ("stems", "services"):
        if getattr(a, name) != getattr(b, name):
            found.append(f"{name} differ")
    if not a.forms.same_as(b.forms):
        found.append("forms differ")
    for name in ("root_stem", "bigrams"):
        if not np.array_equal(getattr(a, name), getattr(b, name)):
            found.append(f"{name} differ")
    if found:
        return found
    for name in ("idf", "label_coef", "scope_coef", "service_coef"):
        if not _within_one_step(getattr(a, name), getattr(b, name)):
            found.append(f"{name} differ by more than one rounding step")
    found += _other_heads(committed, rebuilt)
    for name in ("label_intercept", "scope_intercept", "service_intercept"):
        first, second = (np.atleast_1d(getattr(w, name)).astype(np.float16) for w in (a, b))
        if not _within_one_step(first, second):
            found.append(f"{name} differs by more than one rounding step")
    for name in ("calibration", "scope_calibration", "thresholds"):
        first, second = (
            np.array([*getattr(m.trained, name).to_dict().values()]) for m in (committed, rebuilt)
        )
        if not np.allclose(first, second, rtol=0.01, atol=0.01):
            found.append(f"{name} differs by more than 0.01")
    if a.service_labels != b.service_labels:
        found.append("service labels differ")
    before, after = (m.trained.service_temperature for m in (committed, rebuilt))
    if not np.isclose(before, after, rtol=0.01):
        found.append("service temperature differs by more than 1 %")
    changed = int((committed.predict(texts) != rebuilt.predict(texts)).sum())
    if changed:
        found.append(f"{changed} of {len(texts)} labels differ")
    if committed.trained.settings != rebuilt.trained.settings:
        found.append("settings differ")
    return found


def _other_heads(committed: Model, rebuilt: Model) -> list[str]:
    """Differences of what decides status and reasons, but for what a solver's tolerance explains."""
    found = []
    first, second = committed.trained, rebuilt.trained
    mixed = (first.weights.mixed_coef.astype(float), second.weights.mixed_coef.astype(float))
    if len(mixed[0]) != len(mixed[1]) or not np.allclose(mixed[0], mixed[1], atol=0.02):
        found.append("mixed_coef differs by more than 0.02")
    a, b = first.sentences, second.sentences
    if (a is None) != (b is None) or (first.review is None) != (second.review is None):
        return [*found, "one has sentence heads or a review score, the other not"]
    if a is not None and b is not None:
        if a.stems != b.stems or not np.array_equal(a.root_stem, b.root_stem):
            return [*found, "the stems of sentences differ"]
        if not np.allclose(a.coef.astype(float), b.coef.astype(float), atol=0.05):
            found.append("sentence weights differ by more than 0.05")
        if a.splitter != b.splitter:
            found.append("abbreviations or sentence openers differ")
    if first.review is not None and second.review is not None:
        weights = [np.array([*r.short, *r.long]) for r in (first.review, second.review)]
        if not np.allclose(weights[0], weights[1], rtol=0.05, atol=0.05):
            found.append("the review score differs by more than 0.05")
    return found


def _within_one_step(a: NDArray[np.floating], b: NDArray[np.floating]) -> bool:
    if a.shape != b.shape:
        return False
    # Near zero a step is tiny while a solver's error is not: one step of 1/64 counts at least.
    step = np.spacing(np.maximum(np.maximum(np.abs(a), np.abs(b)), a.dtype.type(1 / 64)))
    return bool((np.abs(a.astype(float) - b.astype(float)) <= step.astype(float)).all())


@click.command()
@click.option("--check", is_flag=True, help="Compare with models/default; write nothing.")
def main(check: bool) -> None:
    """Rebuild models/default from data/."""
    rows = read_corpus()
    folder = shipped("models", "default")
    if check and load(folder).trained.corpus["digest"] != corpus_digest(rows):
        sys.exit("models/default was made from other rows: python -m kpoclf.learn.default_model")
    rebuilt = Model(fit_model(rows, tell=lambda step: click.echo(step, err=True), anew=True))
    if not check:
        Path(folder).parent.mkdir(exist_ok=True)
        rebuilt.save(folder)
        click.echo(f"{folder}: model {rebuilt.id}", err=True)
        return
    found = differences(load(folder), rebuilt, [row.text for row in rows])
    if found:
        sys.exit(f"models/default is not what data/ gives: {'; '.join(found)}")
    click.echo(f"models/default is what data/ gives: model {rebuilt.id}", err=True)


if __name__ == "__main__":
    main()
