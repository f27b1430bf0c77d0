"""The queue keeps every answer, hands out each text once, and refuses files that are not its own."""

import sqlite3
import threading
from collections import Counter

import pytest

from kpoclf.errors import InputError
from kpoclf.review.database import VERSION
from kpoclf.review.queue import Candidate, ReviewQueue, text_digest


def answer_all(queue, reviewer, answer, which="new"):
    n = 0
    while (item := queue.next(reviewer, which)) is not None:
        queue.decide(item.id, reviewer, answer)
        n += 1
    return n


def test_texts_come_in_the_order_of_their_priority_until_all_are_answered(queue):
    places = []
    while (item := queue.next("ada")) is not None:
        places.append(item.place)
        queue.decide(item.id, "ada", "KPO")
    assert places == [f"line {i}" for i in range(2, 7)]


def test_the_next_text_is_the_same_until_it_is_answered(queue):
    first = queue.next("ada")
    assert queue.next("ada") == first
    queue.decide(first.id, "ada", "skip")
    assert queue.next("ada") != first


def test_two_reviewers_are_never_handed_the_same_new_text(queue):
    ada, bob = queue.next("ada"), queue.next("bob")
    assert ada.id != bob.id
    queue.decide(ada.id, "ada", "KPO")
    queue.decide(bob.id, "bob", "KPO")
    assert answer_all(queue, "ada", "KPO") == 3
    assert queue.next("bob") is None


def test_a_text_that_its_reader_left_goes_to_another_after_a_while(queue, monkeypatch):
    first = queue.next("ada")
    assert queue.next("bob").id != first.id
    monkeypatch.setattr("kpoclf.review.queue.time.time", lambda: 9e9)
    assert queue.next("bob").id == first.id


def test_a_text_that_its_reader_gave_back_goes_to_another_at_once(queue):
    first = queue.next("ada")
    queue.release("ada")
    assert queue.next("bob").id == first.id


def test_a_skipped_text_goes_to_others_and_back_to_its_reader_when_asked_for(queue):
    first = queue.next("ada")
    queue.decide(first.id, "ada", "skip")
    assert queue.next("ada").id != first.id
    assert queue.next("ada", "skipped").id == first.id
    assert queue.next("bob").id != first.id  # ada holds it
    answer_all(queue, "ada", "KPO")
    assert queue.next("bob").id == first.id


def test_a_text_skipped_again_goes_to_the_end(queue):
    for item in (1, 2, 3):
        queue.decide(item, "ada", "skip")
    handed = []
    for _ in range(4):
        item = queue.next("ada", "skipped")
        handed.append(item.id)
        queue.decide(item.id, "ada", "skip")
    assert handed == [1, 2, 3, 1]


def test_a_skip_takes_no_answers_place(queue):
    queue.decide(1, "ada", "KPO")
    queue.decide(1, "bob", "BPO")
    queue.decide(1, "ada", "skip")
    assert [r.item.id for r in queue.conflicts()] == [1]
    assert queue.next("ada", "conflicts") is None  # but the last word is hers
    assert queue.undo("ada").id == 1
    assert queue.next("ada", "conflicts").id == 1
    queue.decide(2, "ada", "skip")
    queue.decide(2, "ada", "KPO")
    assert [(r.item.id, r.label) for r in queue.labelled()] == [(2, "KPO")]


def test_a_second_reading_is_of_texts_that_others_have_answered(queue):
    assert queue.next("bob", "second") is None
    first = queue.next("ada")
    queue.decide(first.id, "ada", "KPO")
    assert queue.next("bob", "second").id == first.id
    assert queue.next("ada", "second") is None


def test_the_last_answer_of_a_reviewer_stands(queue):
    for answer in ("KPO", "BPO"):
        queue.decide(1, "ada", answer)
    (found,) = queue.reviewed()
    assert found.label == "BPO"
    assert [d.answer for d in queue.decisions()] == ["KPO", "BPO"]


def test_undo_takes_back_one_answer_after_another_and_loses_none(queue):
    for item, answer in ((1, "KPO"), (2, "BPO"), (1, "OTHER")):
        queue.decide(item, "ada", answer)
    queue.decide(3, "bob", "KPO")
    assert queue.undo("ada").id == 1
    assert {r.item.id: r.label for r in queue.reviewed()} == {1: "KPO", 2: "BPO", 3: "KPO"}
    assert queue.undo("ada").id == 2
    assert queue.next("ada").id == 2
    assert queue.undo("ada").id == 1
    assert queue.undo("ada") is None
    assert [r.item.id for r in queue.reviewed()] == [3]
    answers = [d.answer for d in queue.decisions("ada")]
    assert answers == ["KPO", "BPO", "OTHER", "undo", "undo", "undo"]


def test_the_answer_of_most_reviewers_is_the_label_and_a_tie_is_a_conflict(queue):
    queue.decide(1, "ada", "KPO")
    queue.decide(1, "bob", "BPO")
    queue.decide(2, "ada", "KPO")
    queue.decide(2, "bob", "skip")
    assert [r.item.id for r in queue.conflicts()] == [1]
    assert [(r.item.id, r.label) for r in queue.labelled()] == [(2, "KPO")]
    assert queue.next("eve", "conflicts").id == 1
    queue.decide(1, "eve", "BPO")
    assert queue.conflicts() == []
    assert [(r.item.id, r.label) for r in queue.labelled()] == [(1, "BPO"), (2, "KPO")]


def test_a_conflict_goes_to_those_who_have_not_had_the_last_word(queue):
    queue.decide(1, "ada", "KPO")
    queue.decide(1, "bob", "BPO")
    assert queue.next("bob", "conflicts") is None
    assert queue.next("ada", "conflicts").id == 1
    queue.decide(1, "ada", "KPO")
    assert queue.next("ada", "conflicts") is None
    assert queue.next("bob", "conflicts").id == 1


def test_progress_counts_each_kind_of_text(queue):
    queue.decide(1, "ada", "KPO")
    queue.decide(1, "bob", "BPO")
    queue.decide(2, "bob", "OTHER")
    queue.decide(3, "ada", "skip")
    found = queue.progress("ada")
    assert (found.total, found.answered, found.left) == (5, 2, 2)
    assert (found.skipped, found.second, found.conflicts) == (1, 1, 1)
    assert found.mine == Counter(KPO=1, skip=1)
    assert found.reviewers == {"ada": 1, "bob": 2}


@pytest.mark.parametrize("which", ["new", "second", "skipped", "conflicts"])
def test_progress_counts_what_next_hands_out(queue, which):
    for item, reviewer, answer in (
        (1, "ada", "KPO"),
        (1, "bob", "BPO"),
        (2, "bob", "OTHER"),
        (3, "ada", "skip"),
        (3, "bob", "skip"),
        (4, "bob", "skip"),
    ):
        queue.decide(item, reviewer, answer)
    progress = queue.progress("ada")
    counted = progress.left if which == "new" else getattr(progress, which)
    handed = 0
    while (item := queue.next("ada", which)) is not None:
        queue.decide(item.id, "ada", "OTHER")
        handed += 1
    assert handed == counted


def test_a_text_is_queued_once_whatever_its_case_and_spaces(queue):
    again = [Candidate(text="text  NUMBER one.\n"), Candidate(text="Text number six.")]
    assert queue.add(again) == 1
    assert queue.progress("ada").total == 6
    assert queue.item(1).model == "abc"


def test_a_queued_text_that_is_drawn_later_counts_as_random(queue):
    queue.add([], drawn={text_digest("Text number two."): 0})
    assert queue.item(2).chosen == "random"
    assert queue.item(1).chosen == "uncertain"


def test_texts_are_added_all_or_not_at_all(queue):
    def failing():
        yield Candidate(text="Text number six.")
        raise OSError

    with pytest.raises(OSError):  # noqa: PT011
        queue.add(failing())
    with pytest.raises(InputError, match="CHECK constraint failed"):
        queue.add([Candidate(text="Text number six."), Candidate(text="x", chosen="odd")])
    assert queue.progress("ada").total == 5


def test_the_log_cannot_be_rewritten(queue):
    queue.decide(1, "ada", "KPO")
    with sqlite3.connect(queue.path) as db:
        for statement in ("DELETE FROM decisions", "UPDATE decisions SET answer = 'BPO'"):
            with pytest.raises(sqlite3.IntegrityError, match="decisions are never"):
                db.execute(statement)
    db.close()


def test_a_note_is_kept_in_one_line(queue):
    queue.decide(1, "ada", "KPO", note=" half\n half \ud800")
    assert queue.decisions()[0].note == "half half ?"


@pytest.mark.parametrize(
    ("item", "reviewer", "answer", "told"),
    [
        (1, "ada", "kpo", "use BPO, KPO, OTHER, skip"),
        (1, "ada", "undo", "use BPO, KPO, OTHER, skip"),
        (9, "ada", "KPO", "no text number 9"),
        (1, " ", "KPO", "give a name"),
        (1, "x" * 81, "KPO", "give a name"),
        (1, "a\x1b[2J", "KPO", "control characters"),
    ],
)
def test_an_answer_that_cannot_be_is_refused(queue, item, reviewer, answer, told):
    with pytest.raises(InputError, match=told):
        queue.decide(item, reviewer, answer)
    assert queue.decisions() == []


def test_a_queue_that_is_not_there_says_how_to_make_one(tmp_path):
    with pytest.raises(InputError, match="no review queue here; make one with kpoclf review add"):
        ReviewQueue(tmp_path / "review.db")
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_no_database_is_refused_and_left_alone(tmp_path):
    path = tmp_path / "review.db"
    path.write_text("text,label\n" * 200)
    with pytest.raises(InputError, match="is no review queue"):
        ReviewQueue(path, create=True)
    assert path.read_text() == "text,label\n" * 200


def test_the_database_of_another_program_is_refused_and_left_alone(tmp_path):
    path = tmp_path / "review.db"
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE items (id)")
    db.close()
    before = path.read_bytes()
    with pytest.raises(InputError, match="is no review queue"):
        ReviewQueue(path, create=True)
    assert path.read_bytes() == before


def test_a_queue_of_a_newer_format_asks_for_an_upgrade(queue):
    with sqlite3.connect(queue.path) as db:
        db.execute(f"PRAGMA user_version = {VERSION + 1}")
    db.close()
    with pytest.raises(InputError, match="format 3, this kpoclf reads up to 2: upgrade"):
        ReviewQueue(queue.path)


@pytest.mark.parametrize("place", ["nowhere/review.db", "."])
def test_a_queue_that_cannot_be_made_is_one_line(tmp_path, place):
    with pytest.raises(InputError, match="unable to open database file") as told:
        ReviewQueue(tmp_path / place, create=True)
    assert "\n" not in str(told.value)


def test_a_file_cut_in_half_is_one_line(queue):
    content = queue.path.read_bytes()
    queue.path.write_bytes(content[: len(content) // 2])
    with pytest.raises(InputError, match="malformed"):
        queue.reviewed()


def test_an_empty_file_becomes_a_queue_only_where_one_is_made(tmp_path):
    path = tmp_path / "review.db"
    path.touch()
    with pytest.raises(InputError, match="an empty file, no review queue; fill it with"):
        ReviewQueue(path)
    assert path.read_bytes() == b""
    assert ReviewQueue(path, create=True).add([Candidate(text="Text.")]) == 1


def test_a_name_with_signs_that_an_address_would_read_is_a_name(tmp_path):
    path = tmp_path / "a b?mode=ro#%41.db"
    assert ReviewQueue(path, create=True).add([Candidate(text="Text.")]) == 1
    assert path.is_file()


def test_reviewers_at_once_answer_each_text_once(tmp_path):
    path = tmp_path / "review.db"
    ReviewQueue(path, create=True).add(Candidate(text=f"Text {i}.") for i in range(40))
    failed = []

    def work(name):
        try:
            answer_all(ReviewQueue(path), name, "KPO")
        except Exception as error:
            failed.append(error)

    threads = [threading.Thread(target=work, args=(name,)) for name in ("ada", "bob", "eve")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    found = ReviewQueue(path).decisions()
    assert sorted(d.item for d in found) == list(range(1, 41))


def test_the_last_answer_is_the_one_that_undo_takes_back(queue):
    assert queue.last("ada") is None
    for answer in ("KPO", "skip"):
        queue.decide(queue.next("ada").id, "ada", answer)
    queue.decide(queue.next("bob").id, "bob", "BPO")
    assert queue.last("ada").answer == "skip"
    queue.undo("ada")
    assert queue.last("ada").answer == "KPO"
    queue.undo("ada")
    assert queue.last("ada") is None
