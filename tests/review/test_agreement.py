"""Cohen's kappa of reviewers, where it is defined."""

import pytest

from kpoclf.review.agreement import agreements


def answer(queue, reviewer, answers):
    for item, letter in enumerate(answers, 1):
        if letter != ".":
            queue.decide(
                item, reviewer, {"k": "KPO", "b": "BPO", "o": "OTHER", "s": "skip"}[letter]
            )


def test_kappa_is_agreement_beyond_chance(queue):
    answer(queue, "ada", "kkbbo")
    answer(queue, "bob", "kkbko")
    (found,) = agreements(queue.reviewed())
    assert (found.first, found.second, found.n, found.same) == ("ada", "bob", 5, 4)
    expected = (2 * 3 + 2 * 1 + 1 * 1) / 25
    assert found.kappa == pytest.approx((0.8 - expected) / (1 - expected))


def test_only_texts_that_both_labelled_count(queue):
    answer(queue, "ada", "kkb.s")
    answer(queue, "bob", "kb.bo")
    (found,) = agreements(queue.reviewed())
    assert (found.n, found.same) == (2, 1)


def test_kappa_is_not_defined_where_both_gave_one_answer_only(queue):
    answer(queue, "ada", "kkk")
    answer(queue, "bob", "kkk")
    (found,) = agreements(queue.reviewed())
    assert (found.n, found.same, found.kappa) == (3, 3, None)


def test_it_is_defined_where_they_never_agree(queue):
    answer(queue, "ada", "kkk")
    answer(queue, "bob", "bbb")
    (found,) = agreements(queue.reviewed())
    assert (found.same, found.kappa) == (0, 0.0)


def test_every_two_of_three_reviewers_are_compared(queue):
    answer(queue, "ada", "kb")
    answer(queue, "bob", "kb")
    answer(queue, "eve", ".b..k")
    assert [(a.first, a.second) for a in agreements(queue.reviewed())] == [
        ("ada", "bob"),
        ("ada", "eve"),
        ("bob", "eve"),
    ]


def test_reviewers_with_no_text_in_common_are_not_compared(queue):
    answer(queue, "ada", "kb...")
    answer(queue, "bob", "..bko")
    assert agreements(queue.reviewed()) == []
