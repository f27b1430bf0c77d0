"""Two recipes on the same folds: equal ones tie, right rows help, wrong ones hurt."""

import random
from dataclasses import replace

import numpy as np
import pytest

from kpoclf.corpus.rows import LabelledRow
from kpoclf.errors import CorpusError
from kpoclf.learn import compare as module
from kpoclf.learn.compare import Comparison, Side, compare
from kpoclf.learn.figures import Figure
from kpoclf.learn.settings import Settings

SETTINGS = Settings(bigrams=False)
OBJECTS = (
    "tax loan claim visa invoice market patent river budget policy drug bridge crop hotel".split()
)
SWAPPED = {"KPO": "BPO", "BPO": "KPO"}


def rows_of(verbs, label, n, seed=0, service=""):
    """Rows whose verbs alone tell the label."""
    rng = random.Random(f"{seed} {label}")  # noqa: S311
    words = verbs.split()
    return [
        LabelledRow(" ".join(rng.sample(words, 2) + rng.sample(OBJECTS, 5)), label, service)
        for _ in range(n)
    ]


@pytest.fixture(scope="module")
def current():
    return rows_of("advise design assess devise", "KPO", 40) + rows_of(
        "key scan copy sort", "BPO", 40
    )


@pytest.fixture(scope="module")
def new_kind():
    """Work that the current rows say nothing of."""
    return rows_of("compose curate lecture", "KPO", 40, 1) + rows_of(
        "staple shred laminate", "BPO", 40, 1
    )


def by_name(comparison):
    return {side.name: side for side in comparison.sides}


def test_identical_recipes_differ_by_nought(current):
    other = rows_of("milk plough", "OTHER", 10)  # OTHER rows take no part in either recipe
    found = compare(current, other, SETTINGS)
    assert [side.name for side in found.sides] == ["current rows"]
    side = found.sides[0]
    assert (side.difference.value, side.difference.interval) == (0.0, (0.0, 0.0))
    assert side.current == side.candidate
    assert found.verdict == "no clear difference"
    assert (found.n_current, found.n_new) == (80, 10)


def test_rows_of_a_new_kind_help_on_their_kind_and_cost_nothing_on_the_rest(current, new_kind):
    found = compare(current, new_kind, SETTINGS)
    sides = by_name(found)
    assert found.verdict == "better"
    assert sides["new rows"].n == 80
    assert sides["new rows"].difference.interval[0] > 0.2
    assert sides["new rows"].candidate["macro_f1"].value > 0.9
    assert sides["current rows"].difference.interval[1] >= 0


def test_wrong_labels_hurt(current):
    swapped = [
        replace(r, label=SWAPPED[r.label])
        for r in rows_of("advise design assess devise", "KPO", 60, 2)
        + rows_of("key scan copy sort", "BPO", 60, 2)
    ]
    found = compare(current, swapped, SETTINGS)
    assert found.verdict == "worse"
    assert by_name(found)["current rows"].difference.interval[1] < 0


def test_new_labels_that_the_current_recipe_contradicts_are_counted_by_label(current):
    kpo = rows_of("advise design assess devise", "KPO", 12, 5)
    bpo = rows_of("key scan copy sort", "BPO", 8, 5)

    def counted(rows):
        sides = by_name(compare(current, rows, SETTINGS))
        assert sides["current rows"].contradicted == {}
        return sides[module.NEW_ROWS].contradicted

    wrong_kpo = [replace(row, label="KPO") for row in bpo]
    wrong_bpo = [replace(row, label="BPO") for row in kpo]
    assert counted([*kpo, *bpo]) == {"KPO": (0, 12), "BPO": (0, 8)}
    assert counted([*wrong_kpo, *wrong_bpo]) == {"KPO": (8, 8), "BPO": (12, 12)}
    assert counted([*kpo, *wrong_kpo]) == {"KPO": (8, 20), "BPO": (0, 0)}


def test_new_rows_out_of_scope_are_right_where_the_scope_head_says_so(current):
    inside = [*current, *rows_of("milk plough weld", "OTHER", 20)]
    new = {
        "right": rows_of("milk plough weld", "OTHER", 20, 3),
        "wrong": [replace(row, label="OTHER") for row in rows_of("key scan copy", "BPO", 9, 4)],
    }
    found = {name: by_name(compare(inside, rows, SETTINGS)) for name, rows in new.items()}
    sides = {name: found[name][module.NEW_OTHER] for name in new}
    assert [side.measure for side in sides.values()] == ["accuracy", "accuracy"]
    assert [side.n for side in sides.values()] == [20, 9]
    assert sides["right"].candidate["accuracy"].value > 0.9
    assert sides["wrong"].candidate["accuracy"].value < 0.5


def test_the_difference_is_that_of_the_figures_shown(current, new_kind):
    for side in compare(current, new_kind, SETTINGS).sides:
        before, after = side.current["macro_f1"].value, side.candidate["macro_f1"].value
        assert side.measure == "macro_f1"
        assert side.difference.value == pytest.approx(after - before)
        assert side.difference.n == side.n


def test_the_same_comparison_gives_the_same_figures(current, new_kind):
    assert compare(current, new_kind, SETTINGS) == compare(current, new_kind, SETTINGS)


def test_no_recipe_trains_on_a_tested_row_its_copies_or_the_other_recipes_rows(
    current, new_kind, monkeypatch
):
    copies = [replace(r, text=r.text.upper()) for r in current[:5]]
    seen = []
    plain = module.Recipes.label_decisions

    def spy(recipes, train, test):
        seen.append((set(train.tolist()), set(test.tolist())))
        return plain(recipes, train, test)

    monkeypatch.setattr(module.Recipes, "label_decisions", spy)
    compare(current, [*new_kind, *copies], SETTINGS)
    assert len(seen) == 10
    for i, (train, test) in enumerate(seen):
        assert not train & test
        for original, copy in zip(range(5), range(160, 165), strict=True):
            assert (original in test) == (copy in test)
        if i % 2 == 0:  # the current recipe
            assert max(train) < 80
    assert all(seen[i][1] == seen[i + 1][1] for i in range(0, 10, 2))
    assert set.union(*(test for _, test in seen)) == set(range(165))


def test_new_rows_alone_are_fitted_on_new_rows_alone(current, new_kind, monkeypatch):
    trained = []
    plain = module.Recipes.label_decisions
    monkeypatch.setattr(
        module.Recipes,
        "label_decisions",
        lambda recipes, train, test: trained.append(train) or plain(recipes, train, test),
    )
    found = compare(current, new_kind, SETTINGS, only_new=True)
    assert found.only_new
    assert all(train.max() < 80 for train in trained[::2])
    assert all(train.min() >= 80 for train in trained[1::2])
    assert by_name(found)["current rows"].difference.interval[1] < 0
    assert found.verdict == "worse"


def test_new_rows_of_one_label_are_measured_by_accuracy(current):
    side = by_name(compare(current, rows_of("compose curate lecture", "KPO", 20, 1), SETTINGS))[
        "new rows"
    ]
    assert side.measure == "accuracy"
    assert set(side.current) == {"accuracy"}
    assert side.difference.value > 0


@pytest.mark.parametrize("service", ["", "risk-analysis"])
def test_new_rows_are_spread_over_the_folds_so_that_they_can_train_alone(
    service, current, monkeypatch
):
    current = [
        replace(r, service="risk-analysis" if r.label == "KPO" else "payroll") for r in current
    ]
    new = rows_of("compose curate lecture", "KPO", 10, 1, service)
    new += rows_of("staple shred laminate", "BPO", 10, 1)
    tested = []
    plain = module.Recipes.label_decisions
    monkeypatch.setattr(
        module.Recipes,
        "label_decisions",
        lambda recipes, train, test: tested.append(test) or plain(recipes, train, test),
    )
    compare(current, new, SETTINGS, only_new=True)
    for test in tested:
        assert ((test >= 80) & (test < 90)).sum() == 2
        assert (test >= 90).sum() == 2


def test_new_rows_that_are_one_text_over_and_over_cannot_train_alone(current):
    new = [LabelledRow("compose and curate lectures on river law", "KPO")] * 10
    new += rows_of("staple shred laminate", "BPO", 10, 1)
    with pytest.raises(CorpusError, match="the new KPO rows are near-duplicates"):
        compare(current, new, SETTINGS, only_new=True)


@pytest.mark.parametrize(
    ("intervals", "verdict"),
    [
        ([(0.01, 0.02), (0.0, 0.1)], "better"),
        ([(0.01, 0.02), (-0.02, -0.01)], "worse"),
        ([(-0.01, 0.02), (0.0, 0.0)], "no clear difference"),
    ],
)
def test_a_loss_beyond_chance_outweighs_a_gain(intervals, verdict):
    figures = [Figure(float(np.mean(interval)), interval, 9) for interval in intervals]
    sides = tuple(Side("rows", 9, "macro_f1", {}, {}, figure) for figure in figures)
    assert Comparison(sides, 9, 9, only_new=False).verdict == verdict
