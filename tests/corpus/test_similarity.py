"""Near-duplicates: symmetric, whatever the order, and quick among many copies."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kpoclf.corpus.similarity import near_duplicate_groups, near_duplicates

QUICK = settings(max_examples=40, derandomize=True, deadline=None)
TEXTS = st.lists(
    st.lists(st.sampled_from("key the tax forms by noon daily".split()), max_size=9).map(" ".join),
    min_size=2,
    max_size=12,
)
POSTING = "Check each supplier invoice against its purchase order and post it to the ledger by noon"


@QUICK
@given(TEXTS.flatmap(lambda texts: st.tuples(st.just(texts), st.permutations(range(len(texts))))))
def test_for_every_order_of_the_texts_the_same_pairs_are_found(case):
    texts, order = case
    found = {(frozenset((i, j)), overlap) for i, j, overlap in near_duplicates(texts)}
    shuffled = near_duplicates([texts[i] for i in order])
    assert {(frozenset((order[i], order[j])), overlap) for i, j, overlap in shuffled} == found


@QUICK
@given(TEXTS.flatmap(lambda texts: st.tuples(st.just(texts), st.permutations(range(len(texts))))))
def test_for_every_order_of_the_texts_the_same_groups_are_found(case):
    texts, order = case

    def parts(groups, names):
        return {
            frozenset(names[i] for i, g in enumerate(groups) if g == group) for group in set(groups)
        }

    shuffled = near_duplicate_groups([texts[i] for i in order])
    assert parts(shuffled, order) == parts(near_duplicate_groups(texts), range(len(texts)))


@QUICK
@given(TEXTS)
def test_for_every_list_of_texts_a_group_bears_the_position_of_its_first_text(texts):
    groups = near_duplicate_groups(texts)
    assert all(groups.index(group) == group for group in groups)


@QUICK
@given(TEXTS)
def test_for_every_list_of_texts_pairs_come_in_order_with_an_overlap_above_the_threshold(texts):
    pairs = near_duplicates(texts, threshold=0.5)
    assert [(j, i) for i, j, _ in pairs] == sorted((j, i) for i, j, _ in pairs)
    assert all(i < j and 0.5 <= overlap <= 1 for i, j, overlap in pairs)


def test_case_punctuation_and_digits_do_not_tell_texts_apart():
    assert near_duplicates([POSTING, POSTING.upper().replace(" ", ", 7 ")]) == [(0, 1, 1.0)]


def test_a_word_changed_is_a_near_duplicate_and_another_text_is_not():
    changed, other = POSTING.replace("noon", "Friday"), "Answer the phone and transfer callers"
    assert [(i, j) for i, j, _ in near_duplicates([POSTING, changed, other])] == [(0, 1)]


def test_a_sentence_within_a_long_posting_is_no_near_duplicate_of_it():
    long = POSTING + " " + " ".join("unlike " + chr(97 + i) * 3 for i in range(26))
    assert near_duplicates([POSTING, long]) == []


def test_texts_shorter_than_a_shingle_match_only_when_they_are_equal():
    assert near_duplicate_groups(["Payroll clerk", "payroll clerk!", "Payroll", "", ""]) == [
        0,
        0,
        2,
        3,
        4,
    ]


def test_a_chain_of_near_duplicates_is_one_group():
    w = [chr(97 + i) * 3 for i in range(20)]
    chain = [" ".join(w[k : k + 12]) for k in (0, 2, 4, 6, 8)]
    assert (0, 4) not in [(i, j) for i, j, _ in near_duplicates(chain)]
    assert near_duplicate_groups(chain) == [0] * 5


def test_a_text_that_comes_last_joins_the_groups_of_both_its_neighbours():
    w = [chr(97 + i) * 3 for i in range(20)]
    first, third, second = (" ".join(w[k : k + 12]) for k in (0, 6, 3))
    assert near_duplicate_groups([first, third]) == [0, 1]
    assert near_duplicate_groups([first, third, second]) == [0, 0, 0]


@pytest.mark.parametrize("n", [51, 3000])
def test_many_exact_copies_are_one_group_in_little_time(n):
    start = time.perf_counter()
    assert near_duplicate_groups([POSTING] * n) == [0] * n
    assert time.perf_counter() - start < 5


def test_boilerplate_in_every_posting_links_none_of_them():
    boilerplate = "we are an equal opportunity employer apply with your resume today "
    texts = [
        boilerplate
        + " ".join(chr(97 + i // 26) * 2 + chr(97 + i % 26) * 2 + c for c in "abcdefghijkl")
        for i in range(300)
    ]
    assert near_duplicates(texts) == []
