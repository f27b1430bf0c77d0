"""What is queued of a file: uncertain texts, none twice, and an honest random share."""

import numpy as np
import pytest
from scipy.sparse import csr_array

from kpoclf.judge.model import Judgements
from kpoclf.review.choose import Row, choose, diverse, urgency
from kpoclf.review.queue import ReviewQueue

MIXED = "Advise the board on tax strategy and key every invoice of the day into the ledger for {}."
CLEAR = "Reconcile the {} ledger with the bank statement and post the invoices."
WORDS = (
    "alder birch cedar damson elder fir gorse hazel ivy juniper kale larch maple nettle oak pine "
    "quince rowan sorrel thyme ulex violet willow yarrow zinnia"
).split()


def choice(model, texts, n, **options):
    rows = (Row(text, f"line {i + 2}") for i, text in enumerate(texts))
    return choose(model, rows, n, source="jobs.csv", **options)


def distinct_texts(n):
    """Texts that share no three words in a row."""
    rng = np.random.default_rng(0)
    return ["Post " + " ".join(rng.choice(WORDS, 8)) + " invoices." for _ in range(n)]


def test_uncertain_texts_come_before_certain_ones(shipped_model):
    texts = [
        "Key supplier invoices into the ledger and file the paper copies.",
        "Advise counsel on patent litigation strategy and research case law.",
        "Prepare tax returns, reconcile the accounts and advise clients on investment policy.",
        "Answer customer calls from the script and log each ticket.",
    ]
    scores = shipped_model.judge(texts).review_score
    found = choice(shipped_model, texts, 1, random_share=0.0)
    assert found.candidates[0].text == texts[scores.argmax()]
    every = choice(shipped_model, texts, 9, random_share=0.0)
    assert {c.text for c in every.candidates} == set(texts)
    assert [c.priority for c in every.candidates] == [0, 1, 2, 3]


def test_twenty_copies_of_one_ad_are_queued_once(shipped_model):
    copies = [f"{MIXED.format('a wholesale bakery in the north')} Ref {i}." for i in range(20)]
    others = [CLEAR.format(word) for word in ("bakery", "petty cash")]
    found = choice(shipped_model, [*copies, *others], 10, random_share=0.0)
    assert sum(c.text in copies for c in found.candidates) == 1
    assert (found.rows, found.distinct) == (22, 22)


def test_copies_do_not_crowd_out_the_rest(shipped_model):
    texts = distinct_texts(4)
    urgent = max(texts, key=lambda text: shipped_model.judge([text]).review_score[0])
    copies = [f"{urgent} {i}" for i in range(200)]
    found = choice(shipped_model, [*copies, *texts], 3, random_share=0.0)
    assert len({c.text.rstrip(" 0123456789") for c in found.candidates}) == len(found.candidates)


def test_a_share_is_drawn_by_chance_and_spread_over_the_queue(shipped_model):
    found = choice(shipped_model, distinct_texts(200), 20, random_share=0.25)
    random = [c.priority for c in found.candidates if c.chosen == "random"]
    assert len(found.candidates) == 20
    assert len(random) == 5
    assert all(4 * i <= priority < 4 * i + 4 for i, priority in enumerate(random))


def test_the_random_share_does_not_hang_on_urgency(shipped_model):
    texts = distinct_texts(300)
    score = dict(zip(texts, shipped_model.judge(texts).review_score, strict=True))
    found = choice(shipped_model, texts, 60, random_share=1.0)
    drawn = [score[c.text] for c in found.candidates]
    spread = np.std(list(score.values())) / np.sqrt(len(drawn))
    assert abs(np.mean(drawn) - np.mean(list(score.values()))) < 3 * spread


def test_the_same_file_gives_the_same_choice_in_any_order(shipped_model):
    texts = distinct_texts(50)
    first = choice(shipped_model, texts, 10)
    second = choice(shipped_model, texts[::-1], 10)
    assert [c.text for c in first.candidates] == [c.text for c in second.candidates]


def test_what_is_queued_is_not_queued_again_but_may_be_drawn(shipped_model, tmp_path):
    queue = ReviewQueue(tmp_path / "review.db", create=True)
    texts = distinct_texts(30)
    first = choice(shipped_model, texts, 10, random_share=0.0)
    queue.add(first.candidates)
    second = choice(shipped_model, texts, 40, random_share=0.75, queued=queue.items())
    queued = {c.text for c in first.candidates}
    assert not queued & {c.text for c in second.candidates}
    assert (second.known, second.distinct) == (10, 30)
    assert len(second.candidates) == 20
    queue.add(second.candidates, drawn=second.drawn)
    items = queue.items().values()
    assert len(items) == 30
    # All thirty were asked for by chance: each is marked so, whenever it was queued.
    assert [item.chosen for item in items].count("random") == 30


def test_as_many_new_texts_are_drawn_as_asked_for_whatever_is_queued(shipped_model, tmp_path):
    queue = ReviewQueue(tmp_path / "review.db", create=True)
    texts = distinct_texts(60)
    queue.add(choice(shipped_model, texts, 50, random_share=0.0).candidates)
    found = choice(shipped_model, texts, 2, random_share=1.0, queued=queue.items())
    assert [c.chosen for c in found.candidates] == ["random"] * 2
    assert found.drawn  # of fifty queued ones some came before the second of ten new ones
    assert len({c.draw for c in found.candidates} | set(found.drawn.values())) == 2 + len(
        found.drawn
    )


def test_a_text_that_another_model_answered_is_not_drawn_for_this_one(shipped_model, tmp_path):
    texts = distinct_texts(5)
    queue = ReviewQueue(tmp_path / "review.db", create=True)
    queue.add(choice(shipped_model, texts[:2], 5, random_share=0.0).candidates)
    items = {d: type(i)(**vars(i) | {"model": "old"}) for d, i in queue.items().items()}
    found = choice(shipped_model, texts, 5, random_share=1.0, queued=items)
    assert found.drawn == {}
    assert {c.text for c in found.candidates} == set(texts[2:])


def test_rows_without_words_and_repeated_rows_are_passed_over(shipped_model):
    texts = ["", "Two words", "Key the invoices into SAP.", " key the INVOICES\ninto sap.", "1 2 3"]
    found = choice(shipped_model, texts, 5)
    assert [c.text for c in found.candidates] == [texts[2]]
    assert (found.rows, found.distinct, found.too_short) == (5, 1, 3)
    assert (found.candidates[0].place, found.candidates[0].row) == ("line 4", 3)


def rows_of(texts, names=("text",)):
    """Rows whose text is the columns of these names; each has a title that tells nothing."""
    for i, text in enumerate(texts):
        own = {"id": str(i), "title": f"Clerk of the {WORDS[i]} office in town", "text": text}
        yield Row("\n".join(own[name] for name in names), "", lambda own=own: own.items())


def test_a_row_is_not_queued_again_with_the_text_of_other_columns(shipped_model, tmp_path):
    queue = ReviewQueue(tmp_path / "review.db", create=True)
    texts = distinct_texts(12)
    first = choose(shipped_model, rows_of(texts), 8, source="jobs.csv", random_share=0.0)
    queue.add(first.candidates)
    for names in (("title",), ("title", "text"), ("text",)):
        again = choose(
            shipped_model,
            rows_of(texts, names),
            20,
            source="jobs.csv",
            random_share=0.5,
            queued=queue.items(),
        )
        assert (again.known, again.distinct) == (8, 12)
        assert len(again.candidates) == 4
        assert {c.own for c in first.candidates}.isdisjoint(c.own for c in again.candidates)


def test_a_row_that_was_changed_in_the_file_is_a_new_one(shipped_model, tmp_path):
    queue = ReviewQueue(tmp_path / "review.db", create=True)
    first, second = distinct_texts(2)
    queue.add(choose(shipped_model, rows_of([first]), 1, source="jobs.csv").candidates)
    found = choose(shipped_model, rows_of([second]), 1, source="jobs.csv", queued=queue.items())
    assert [c.text for c in found.candidates] == [second]


def test_a_long_queue_does_not_hide_what_is_new_in_the_file(shipped_model, tmp_path):
    queue = ReviewQueue(tmp_path / "review.db", create=True)
    texts = distinct_texts(60)
    queue.add(choice(shipped_model, texts, 58, random_share=0.0).candidates)
    found = choice(shipped_model, texts, 2, random_share=0.0, queued=queue.items())
    assert len(found.candidates) == 2


def test_control_characters_become_spaces(shipped_model):
    found = choice(shipped_model, ["Key the\x1b[2J invoices\x00 into\tSAP.\n"], 1)
    assert found.candidates[0].text == "Key the [2J invoices  into\tSAP.\n"


def judged(**columns):
    names = Judgements.__dataclass_fields__
    return Judgements(**{name: columns.get(name, np.zeros(1)) for name in names})


@pytest.mark.parametrize(
    ("status", "review_score", "p_in_scope", "expected"),
    [
        ("review", 0.8, 0.9, 0.8),
        ("ok", 0.1, 0.7, 0.3),  # whether it is in scope is the larger doubt
        ("ok", 0.1, np.nan, 0.1),  # the model knows no scope
        ("out_of_scope", 0.9, 0.2, 0.2),
        ("out_of_scope", 0.9, 0.8, 0.0),  # another language
    ],
)
def test_urgency_is_the_larger_doubt(status, review_score, p_in_scope, expected):
    found = judged(
        status=np.array([status], object),
        review_score=np.array([review_score]),
        p_in_scope=np.array([p_in_scope]),
    )
    assert urgency(found, 0.6) == pytest.approx([expected])


def test_a_text_like_one_that_is_known_waits():
    X = csr_array([[1.0, 0.0], [0.0, 1.0]])
    assert diverse(np.array([0.9, 0.5]), X, 1, nearest=np.array([1.0, 0.0])) == [1]
    assert diverse(np.array([0.9, 0.5]), X, 5) == [0, 1]
    assert diverse(np.array([]), csr_array((0, 2)), 5) == []
