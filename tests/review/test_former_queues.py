"""A queue that a former kpoclf made is read, and grows on, with nothing lost."""

import sqlite3

import pytest

from kpoclf.errors import InputError
from kpoclf.review.database import VERSION
from kpoclf.review.queue import Candidate, ReviewQueue, text_digest

# The tables of version 1, as they were.
VERSION_1 = """
CREATE TABLE items (
    id INTEGER PRIMARY KEY,
    digest BLOB NOT NULL UNIQUE,
    text TEXT NOT NULL,
    source TEXT NOT NULL,
    place TEXT NOT NULL,
    model TEXT NOT NULL,
    label TEXT NOT NULL,
    confidence REAL NOT NULL,
    status TEXT NOT NULL,
    service TEXT NOT NULL,
    review_score REAL NOT NULL,
    chosen TEXT NOT NULL CHECK (chosen IN ('uncertain', 'random')),
    draw INTEGER NOT NULL,
    priority INTEGER NOT NULL
);
CREATE INDEX items_by_priority ON items (priority, id);

CREATE TABLE populations (
    source TEXT NOT NULL,
    model TEXT NOT NULL,
    size INTEGER NOT NULL,
    PRIMARY KEY (source, model)
);

CREATE TABLE decisions (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    item INTEGER NOT NULL REFERENCES items (id),
    reviewer TEXT NOT NULL,
    answer TEXT NOT NULL CHECK (answer IN ('KPO', 'BPO', 'OTHER', 'skip', 'undo')),
    note TEXT NOT NULL,
    time TEXT NOT NULL,
    undoes INTEGER UNIQUE REFERENCES decisions (id),
    CHECK ((answer = 'undo') = (undoes IS NOT NULL))
);
CREATE INDEX decisions_by_item ON decisions (item, reviewer);
CREATE INDEX decisions_by_reviewer ON decisions (reviewer, id);
CREATE TRIGGER decisions_stay BEFORE DELETE ON decisions
BEGIN SELECT RAISE(ABORT, 'decisions are never deleted'); END;
CREATE TRIGGER decisions_are_final BEFORE UPDATE ON decisions
BEGIN SELECT RAISE(ABORT, 'decisions are never changed'); END;

CREATE VIEW kept AS
SELECT * FROM decisions AS d
WHERE d.answer != 'undo' AND NOT EXISTS (SELECT 1 FROM decisions AS u WHERE u.undoes = d.id);

-- The last answer of each reviewer to each text; a skip takes no label's place.
CREATE VIEW standing AS
SELECT * FROM kept AS d
WHERE NOT EXISTS (
    SELECT 1 FROM kept AS other
    WHERE other.item = d.item AND other.reviewer = d.reviewer
    AND CASE WHEN (other.answer = 'skip') = (d.answer = 'skip')
        THEN other.id > d.id ELSE d.answer = 'skip' END
);

CREATE TABLE claims (
    reviewer TEXT PRIMARY KEY,
    item INTEGER NOT NULL REFERENCES items (id),
    until REAL NOT NULL
);
"""


@pytest.fixture
def former(tmp_path):
    """A queue of version 1: two texts, one of them answered twice and taken back once."""
    path = tmp_path / "review.db"
    db = sqlite3.connect(path)
    db.executescript(VERSION_1)
    db.execute("PRAGMA application_id = 0x6B706F71")
    db.execute("PRAGMA user_version = 1")
    for number, text in enumerate(("Key the invoices.", "Advise the board.")):
        values = (text_digest(text), text, "jobs.csv", f"line {number + 2}", "abc", "KPO", 0.6)
        db.execute(
            "INSERT INTO items (digest, text, source, place, model, label, confidence, status, "
            "service, review_score, chosen, draw, priority) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, 'review', '', 0.5, 'random', 0, ?)",
            (*values, number),
        )
    answers = [("KPO", None), ("undo", 1), ("BPO", None)]
    for answer, undoes in answers:
        db.execute(
            "INSERT INTO decisions (item, reviewer, answer, note, time, undoes) "
            "VALUES (1, 'ada', ?, 'so', '2026-01-01T00:00:00+00:00', ?)",
            (answer, undoes),
        )
    db.execute("INSERT INTO populations VALUES ('jobs.csv', 'abc', 2)")
    db.commit()
    db.close()
    return path


def version(path):
    db = sqlite3.connect(path)
    (found,) = db.execute("PRAGMA user_version").fetchone()
    db.close()
    return found


def test_texts_and_answers_of_a_former_queue_are_all_there(former):
    queue = ReviewQueue(former)
    assert version(former) == VERSION
    assert [d.answer for d in queue.decisions()] == ["KPO", "undo", "BPO"]
    (found,) = queue.labelled()
    assert (found.label, found.item.where) == ("BPO", "jobs.csv, line 2")
    assert (found.item.row, found.item.own) == (0, ())
    assert queue.populations() == {("jobs.csv", "abc"): 2}


def test_a_former_queue_takes_new_texts_and_answers(former):
    queue = ReviewQueue(former, create=True)
    new = Candidate(text="Paint the fence.", row=7, own=(("id", "0017"),), priority=2)
    assert queue.add([new, Candidate(text="key the INVOICES.")]) == 1
    queue.decide(2, "ada", "KPO")
    item = queue.next("ada")
    assert (item.text, item.row, item.own) == ("Paint the fence.", 7, (("id", "0017"),))
    assert len(ReviewQueue(former).items()) == 3


def test_rows_of_a_former_queue_are_exported_beside_new_ones(former, run):
    queue = ReviewQueue(former)
    queue.add([Candidate(text="Paint the fence.", row=7, own=(("id", "0017"),), priority=2)])
    queue.decide(3, "ada", "OTHER")
    done = run("review", "export", "--queue", former)
    assert done.out.splitlines() == [
        "id,text,label,reviewers,note,source,row,place",
        ",Key the invoices.,BPO,ada,ada: so,jobs.csv,,line 2",
        "0017,Paint the fence.,OTHER,ada,,,7,",
    ]


def test_a_step_that_fails_leaves_the_queue_as_it_was(former, monkeypatch):
    step = "ALTER TABLE items ADD COLUMN row INTEGER;\nALTER TABLE nothing ADD COLUMN own TEXT;\n"
    monkeypatch.setattr("kpoclf.review.database._STEPS", {1: step})
    before = former.read_bytes()
    with pytest.raises(InputError, match="nothing"):
        ReviewQueue(former)
    assert former.read_bytes() == before
