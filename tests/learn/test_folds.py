"""Folds keep together what is alike, and never train on a tested posting's pair."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kpoclf.corpus.rows import LabelledRow
from kpoclf.errors import CorpusError
from kpoclf.learn.folds import duplicate_groups, folds, service_groups

KPO_SERVICES = ("legal-research", "market-research", "data-analysis", "risk-analysis")


def row(text, label="KPO", service="", pair=""):
    return LabelledRow(text, label, service, pair)


def words(number, n=8):
    """A text that shares no word with that of another number."""
    return " ".join(
        "x" + chr(97 + number // 26) + chr(97 + number % 26) + c * 2 for c in "abcdefgh"[:n]
    )


@st.composite
def cases(draw):
    """Rows with strata, groups and pairs."""
    n = draw(st.integers(8, 40))
    labels = ["KPO", "BPO", *draw(st.lists(st.sampled_from("KPO BPO OTHER".split()), min_size=n))]
    labels += ["KPO", "BPO"]
    pairs = [draw(st.sampled_from(["", "", "", "p1", "p2", "p3"])) for _ in labels]
    groups = [draw(st.integers(10, 25)) for _ in labels]
    groups[:2], groups[-2:] = [0, 1], [2, 3]  # two groups of either label at least
    rows = [row(words(i), x, pair=p) for i, (x, p) in enumerate(zip(labels, pairs, strict=True))]
    return rows, np.array(groups), draw(st.integers(2, 6)), draw(st.integers(0, 3))


@settings(max_examples=40, derandomize=True, deadline=None)
@given(cases())
def test_for_every_set_of_rows_a_row_is_tested_once_and_its_group_and_pair_are_not_trained_on(case):
    rows, groups, n_folds, seed = case
    tested = []
    for train, test in folds(rows, [r.label for r in rows], groups, n_folds, seed):
        tested += test.tolist()
        assert not set(groups[train].tolist()) & set(groups[test].tolist())
        pairs = {rows[i].pair for i in test.tolist()} - {""}
        assert not pairs & {rows[i].pair for i in train.tolist()}
        dropped = set(range(len(rows))) - set(train.tolist()) - set(test.tolist())
        assert all(rows[i].pair in pairs for i in dropped)
    assert sorted(tested) == list(range(len(rows)))


def test_a_stratum_is_spread_evenly_over_the_folds():
    rows = [row(words(i), "KPO" if i % 2 else "BPO", "s" + str(i % 4)) for i in range(80)]
    strata = [r.service for r in rows]
    for _, test in folds(rows, strata, np.arange(80), 5, 0):
        assert Counter(strata[i] for i in test.tolist()) == {"s0": 4, "s1": 4, "s2": 4, "s3": 4}


def test_a_stratum_smaller_than_the_folds_is_spread_without_a_warning():
    rows = [row(words(i), "KPO" if i % 2 else "BPO") for i in range(40)]
    strata = ["few" if i < 4 else "many" for i in range(40)]
    tested = [test for _, test in folds(rows, strata, np.arange(40), 5, 0)]
    assert len(tested) == 5


def test_the_seed_moves_rows_between_folds_and_nothing_else_does():
    rows = [row(words(i), "KPO" if i % 2 else "BPO") for i in range(40)]

    def tested(seed):
        parts = folds(rows, [r.label for r in rows], np.arange(40), 5, seed)
        return [test.tolist() for _, test in parts]

    assert tested(0) == tested(0)
    assert tested(0) != tested(1)


def test_a_label_of_few_groups_makes_fewer_folds():
    rows = [row(words(i), "KPO" if i < 20 else "BPO") for i in range(40)]
    groups = np.array([i % 3 if i < 20 else i for i in range(40)])
    assert len(list(folds(rows, [r.label for r in rows], groups, 5, 0))) == 3


@pytest.mark.parametrize("label", ["KPO", "BPO"])
def test_a_label_that_is_one_text_over_and_over_is_refused(label):
    other = {"KPO": "BPO", "BPO": "KPO"}[label]
    rows = [row(words(0), label)] * 10 + [row(words(i), other) for i in range(1, 11)]
    with pytest.raises(CorpusError, match=f"the {label} rows are near-duplicates of one text"):
        list(folds(rows, [r.label for r in rows], duplicate_groups(rows), 5, 0))


def test_a_single_other_row_is_no_reason_to_refuse():
    rows = [row(words(i), "KPO" if i % 2 else "BPO") for i in range(20)] + [row(words(99), "OTHER")]
    assert len(list(folds(rows, [r.label for r in rows], np.arange(21), 5, 0))) == 5


def test_near_duplicates_share_a_group():
    first = "Key the supplier invoices into the ledger before noon every day"
    rows = [row(first), row(words(1)), row(first.upper() + "!"), row(words(2))]
    assert duplicate_groups(rows).tolist() == [0, 1, 0, 3]


def test_rows_of_a_service_share_a_group_and_services_do_not():
    rows = [row(words(i), "KPO", KPO_SERVICES[i % 4]) for i in range(12)]
    groups = service_groups(rows, 4, duplicate_groups(rows))
    assert len(set(groups.tolist())) == 4
    for i in range(4, 12):
        assert groups[i] == groups[i - 4]


def test_a_label_with_fewer_services_than_folds_is_grouped_by_near_duplication():
    rows = [row(words(i), "KPO", KPO_SERVICES[i % 4]) for i in range(12)]
    assert len(set(service_groups(rows, 5, duplicate_groups(rows)).tolist())) == 12
    rows += [row(words(20), "KPO", "data-analysis"), row(words(20), "KPO", "legal-research")]
    groups = service_groups(rows, 5, duplicate_groups(rows))
    assert groups[12] == groups[13]


def test_each_label_falls_back_by_itself_and_so_does_a_row_without_a_service():
    rows = [row(words(i), "KPO", KPO_SERVICES[i % 4]) for i in range(8)]
    rows += [row(words(i), "BPO", "payroll") for i in range(8, 12)]
    rows += [row(words(i), "KPO") for i in range(12, 14)]
    groups = service_groups(rows, 4, duplicate_groups(rows)).tolist()
    assert len(set(groups[:8])) == 4
    assert len(set(groups[8:])) == 6
    assert not set(groups[:8]) & set(groups[8:])
