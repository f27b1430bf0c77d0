"""Fifty rows of work that the corpus does not know: archaeological finds, studied and registered."""

from pathlib import Path

import pandas as pd
import pytest

from kpoclf.judge.model import load
from kpoclf.learn.train import train

FINDS = Path(__file__).parents[1] / "data" / "finds.csv"


@pytest.mark.slow
def test_fifty_rows_teach_a_new_kind_and_hurt_nothing_else():
    finds = pd.read_csv(FINDS)
    parts = dict(list(finds.groupby("part")))
    teach, ask = parts["teach"], parts["ask"]
    assert (len(teach), len(ask)) == (50, 20)
    assert (load().predict(ask["text"]) == ask["label"]).mean() < 0.75

    found = train(teach, holdout=ask, fit=False)
    assert found.gate.passed
    holdout, (current, new) = found.comparison.holdout, found.comparison.sides
    assert holdout.candidate["accuracy"].value >= 0.85
    assert holdout.difference.value > 0.2
    assert new.difference.interval[0] > 0
    assert abs(current.difference.value) < 0.003
