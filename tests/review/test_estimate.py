"""Accuracy is estimated from random texts alone, with an interval that says how well it is known."""

import numpy as np
import pytest

from kpoclf.learn.figures import wilson_interval
from kpoclf.review.estimate import (
    AccuracyEstimate,
    estimate_accuracy,
    labels_needed,
    told_estimate,
)
from kpoclf.review.queue import Candidate, ReviewQueue, text_digest


def filled(path, n, chosen="random", source="a.csv", model="m", population=1000, **more):
    queue = ReviewQueue(path / "review.db", create=True)
    given = {"label": "KPO", "status": "ok", **more}
    before = queue.progress().total
    queue.add(
        [
            Candidate(text=f"{source} {model} {chosen} {i}", source=source, model=model,
                      chosen=chosen, draw=i, **given)
            for i in range(n)
        ],
        populations={(source, model): population},
    )  # fmt: skip
    return queue, range(before + 1, before + n + 1)


def test_an_empty_queue_and_one_of_uncertain_texts_give_no_estimate(tmp_path):
    queue, ids = filled(tmp_path, 3, chosen="uncertain")
    for i in ids:
        queue.decide(i, "ada", "KPO")
    assert estimate_accuracy(queue) is None


def test_before_the_first_answer_it_says_how_many_wait(tmp_path):
    queue, _ = filled(tmp_path, 3)
    found = estimate_accuracy(queue)
    assert (found.n, found.waiting, found.accuracy, found.interval) == (0, 3, None, None)


def test_only_random_texts_count(tmp_path):
    queue, random = filled(tmp_path, 10)
    _, uncertain = filled(tmp_path, 10, chosen="uncertain")
    for i in uncertain:
        queue.decide(i, "ada", "BPO")
    for i in random:
        queue.decide(i, "ada", "KPO" if i > 1 else "BPO")
    found = estimate_accuracy(queue)
    assert (found.n, found.waiting) == (10, 0)
    assert found.accuracy == pytest.approx(0.9)
    assert found.interval == pytest.approx(wilson_interval(0.9, 10))


def test_a_text_that_was_answered_before_it_was_drawn_waits_for_its_turn(tmp_path):
    queue, (hard,) = filled(tmp_path, 1, chosen="uncertain")
    queue.decide(hard, "ada", "BPO")
    queue.add(
        [Candidate(text=f"drawn {i}", source="a.csv", model="m", label="KPO", chosen="random",
                   draw=i) for i in (0, 2)],
        drawn={text_digest("a.csv m uncertain 0"): 1},
    )  # fmt: skip
    assert estimate_accuracy(queue).n == 0
    queue.decide(2, "ada", "KPO")
    found = estimate_accuracy(queue)
    assert (found.n, found.waiting, found.accuracy) == (2, 1, pytest.approx(0.5))


def test_answers_before_their_turn_are_told(tmp_path):
    queue, ids = filled(tmp_path, 4)
    queue.decide(ids[0], "ada", "KPO")
    queue.decide(ids[2], "ada", "KPO")
    queue.decide(ids[3], "ada", "KPO")
    found = estimate_accuracy(queue)
    assert (found.n, found.held, found.waiting) == (1, 2, 1)
    later = "; 2 answers count later: random texts count in the order they were drawn"
    assert told_estimate(found).endswith(later)
    queue.decide(ids[1], "ada", "KPO")
    found = estimate_accuracy(queue)
    assert (found.n, found.held) == (4, 0)
    assert "count" not in told_estimate(found)


def test_a_skipped_random_text_holds_up_none(tmp_path):
    queue, ids = filled(tmp_path, 3)
    queue.decide(ids[0], "ada", "skip")
    queue.decide(ids[1], "ada", "KPO")
    found = estimate_accuracy(queue)
    assert (found.n, found.waiting) == (1, 1)


def test_out_of_scope_is_an_answer_of_the_model(tmp_path):
    queue, ids = filled(tmp_path, 2, status="out_of_scope")
    queue.decide(ids[0], "ada", "OTHER")
    queue.decide(ids[1], "ada", "KPO")
    assert estimate_accuracy(queue).accuracy == pytest.approx(0.5)


def test_where_reviewers_differ_the_model_is_right_in_part_and_skips_say_nothing(tmp_path):
    queue, ids = filled(tmp_path, 2)
    queue.decide(ids[0], "ada", "KPO")
    queue.decide(ids[0], "bob", "BPO")
    queue.decide(ids[1], "ada", "skip")
    found = estimate_accuracy(queue)
    assert (found.n, found.accuracy) == (1, pytest.approx(0.5))


def test_the_estimate_is_of_the_model_that_added_last(tmp_path):
    queue, old = filled(tmp_path, 3, model="old")
    for i in old:
        queue.decide(i, "ada", "BPO")
    assert estimate_accuracy(queue).model == "old"
    _, new = filled(tmp_path, 2, model="new")
    queue.decide(new[0], "ada", "KPO")
    found = estimate_accuracy(queue)
    assert (found.model, found.n, found.accuracy) == ("new", 1, pytest.approx(1.0))


def test_files_weigh_as_many_texts_as_they_have(tmp_path):
    queue, small = filled(tmp_path, 10, source="a.csv", population=100)
    _, large = filled(tmp_path, 10, source="b.csv", population=900)
    for i in small:
        queue.decide(i, "ada", "BPO")
    for i in large:
        queue.decide(i, "ada", "KPO")
    found = estimate_accuracy(queue)
    assert found.accuracy == pytest.approx(0.9)
    low, high = found.interval
    plain = wilson_interval(0.9, 20)
    assert high - low > plain[1] - plain[0]


def test_the_interval_covers_the_truth_as_often_as_it_says():
    rng = np.random.default_rng(0)
    for truth in (0.8, 0.95):
        hits = 0
        for right in rng.binomial(60, truth, 2000):
            low, high = wilson_interval(right / 60, 60)
            hits += low <= truth <= high
        assert 0.92 < hits / 2000 < 0.98


def test_so_many_labels_as_it_asks_for_give_two_points():
    for accuracy in (0.6, 0.9, 0.97):
        n = labels_needed(accuracy, 10_000_000)
        low, high = wilson_interval(accuracy, n)
        assert high - low <= 0.04
        low, high = wilson_interval(accuracy, n - 2)
        assert high - low > 0.04


def test_few_right_answers_promise_little():
    assert labels_needed(1.0, 3) > labels_needed(1.0, 30) > labels_needed(1.0, 300)
    assert labels_needed(1.0, 3) > 1000


def test_a_narrow_interval_asks_for_no_more(tmp_path):
    queue, ids = filled(tmp_path, 120, population=10_000)
    for i in ids:
        queue.decide(i, "ada", "KPO")
    found = estimate_accuracy(queue)
    assert found.interval[1] - found.interval[0] < 0.04
    assert found.more == 0


def test_no_more_are_asked_for_than_the_file_has(tmp_path):
    queue, ids = filled(tmp_path, 10, population=12)
    for i in ids:
        queue.decide(i, "ada", "KPO")
    assert estimate_accuracy(queue).more == 2


def test_below_ten_answers_it_is_too_early_to_say(tmp_path):
    queue, ids = filled(tmp_path, 10)
    assert told_estimate(estimate_accuracy(queue)) == (
        "model right: too early to say (0 random texts answered; from 10 on it is told)"
    )
    for i in ids[:9]:
        queue.decide(i, "ada", "KPO")
        told = told_estimate(estimate_accuracy(queue))
        assert told.startswith("model right: too early to say (")
        assert "%" not in told
    queue.decide(ids[9], "ada", "BPO")
    assert told_estimate(estimate_accuracy(queue)) == (
        "model right in about 90 % (60–98 %, from 10 random texts); "
        "about 990 more random texts bring it to ±2 points"
    )


def test_a_small_file_of_which_every_text_is_answered_is_told(tmp_path):
    queue, ids = filled(tmp_path, 4, population=4)
    for i in ids:
        queue.decide(i, "ada", "KPO" if i > 1 else "BPO")
    assert told_estimate(estimate_accuracy(queue)) == (
        "model right in about 75 % (30–95 %, from 4 random texts); those are all there are"
    )


@pytest.mark.parametrize(
    ("more", "told"),
    [
        (1, "1 more random text brings it"),
        (7, "about 7 more random texts bring it"),
        (146, "about 150 more random texts bring it"),
        (1543, "about 1,500 more random texts bring it"),
    ],
)
def test_what_is_still_needed_is_told_in_two_digits(more, told):
    estimate = AccuracyEstimate("m", 40, 0, 3, 0.9, (0.77, 0.96), more)
    assert told_estimate(estimate).endswith(f"; {told} to ±2 points")


def test_the_long_form_says_how_files_weigh_and_what_is_left_out(tmp_path):
    queue, old = filled(tmp_path, 2, model="old")
    queue.decide(old[0], "ada", "KPO")
    queue.decide(old[1], "ada", "skip")
    _, small = filled(tmp_path, 5, source="a.csv", population=100)
    _, large = filled(tmp_path, 5, source="b.csv", population=900)
    for i in (*small, *large):
        queue.decide(i, "ada", "KPO" if i in large else "BPO")
    found = estimate_accuracy(queue)
    told = told_estimate(found, full=True)
    assert told.startswith("model right in about 90 % (")
    assert ", from 10 random texts, weighted by file)" in told
    assert told.endswith("; 1 text does not count: queued with another model")
    assert "weighted" not in told_estimate(found)
    assert "not count" not in told_estimate(found)
