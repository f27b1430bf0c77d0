"""A queue whose processes are killed at any moment keeps every answer that was told as saved."""

import csv
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter

import pytest

from kpoclf.corpus.rows import read_corpus
from kpoclf.review.queue import ReviewQueue

KILLS = int(os.environ.get("KPOCLF_KILLS", "8"))
ANSWERS = {"k": "KPO", "b": "BPO", "o": "OTHER", "s": "skip", "u": "undo"}
TOLD = {"KPO": "KPO", "BPO": "BPO", "out of scope": "OTHER", "skipped": "skip"}

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(os.name != "posix", reason="SIGKILL is POSIX"),
]


def begin(folder, *arguments, **pipes):
    return subprocess.Popen(
        [sys.executable, "-m", "kpoclf", "review", *arguments], cwd=folder, **pipes
    )


def check(path):
    """The file is sound; its answers, oldest first."""
    # Opened as the next user of the queue would: that rolls back what a kill has left.
    found = ReviewQueue(path, create=True).decisions()
    db = sqlite3.connect(path)
    assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert db.execute("PRAGMA foreign_key_check").fetchall() == []
    db.close()
    return [d.answer for d in found]


@pytest.fixture
def rows(tmp_path):
    """A file of 600 rows."""
    texts = [row.text for row in read_corpus() if row.label != "OTHER"][:600]
    with (tmp_path / "jobs.csv").open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([["text"], *([text] for text in texts)])
    return tmp_path


def test_every_answer_told_as_saved_outlives_a_kill(rows):
    assert begin(rows, "add", "jobs.csv", "-n", "400", "-q").wait() == 0
    path = rows / "kpoclf-review.db"
    rng = random.Random(0)  # noqa: S311
    screen = rows / "screen.txt"
    before = []
    hits = Counter()
    for _ in range(KILLS):
        keys = "".join(rng.choices("kbosu", (8, 8, 2, 2, 4), k=rng.randint(1, 60)))
        with screen.open("wb") as out:
            process = begin(rows, "--reviewer", "ada", stdin=subprocess.PIPE, stdout=out)
            process.stdin.write(keys.encode())
            process.stdin.flush()  # left open: the session waits for more
            early = rng.random() < 0.1
            while not early and not screen.stat().st_size:
                time.sleep(0.01)
            time.sleep(rng.uniform(0.0, 2.0))
            process.send_signal(signal.SIGKILL)
            process.wait()
            process.stdin.close()
        saved = []
        for words in screen.read_text(encoding="utf-8").splitlines():
            if words.startswith("saved: "):
                saved.append(TOLD[words.removeprefix("saved: ")])
            elif words == "taken back":
                saved.append("undo")
        log = check(path)
        assert log[: len(before)] == before
        new = log[len(before) :]
        # One more may be saved than was told: killed between the two.
        assert new[: len(saved)] == saved
        assert len(new) - len(saved) in (0, 1)
        hits["idle" if len(saved) == len(keys) else "busy" if saved else "early"] += 1
        before = log
    print(dict(hits), len(before), "answers")  # noqa: T201
    assert hits["busy"]


def test_a_kill_while_texts_are_added_leaves_all_of_them_or_none(rows):
    path = rows / "kpoclf-review.db"
    journal = rows / "kpoclf-review.db-journal"
    rng = random.Random(0)  # noqa: S311
    hits = Counter()
    total = 0
    for _ in range(KILLS):
        if total == 300:
            path.unlink()
            total = 0
        process = begin(rows, "add", "jobs.csv", "-n", "100", "-q")
        if rng.random() < 0.2:
            time.sleep(rng.uniform(0.0, 1.0))
        else:  # while it writes
            while process.poll() is None and not journal.exists():
                time.sleep(0.0005)
            time.sleep(rng.random() * rng.choice((0.0, 0.05, 0.4)))
        process.send_signal(signal.SIGKILL)
        process.wait()
        if not path.exists():
            hits["before it began"] += 1
            continue
        hits["with a journal left"] += journal.exists()
        check(path)
        journal.unlink(missing_ok=True)  # what `check` left of it holds nothing
        after = ReviewQueue(path).progress().total
        assert after in (total, total + 100)
        hits["all" if after > total else "none"] += 1
        total = after
    print(dict(hits))  # noqa: T201
    assert hits["with a journal left"]
    assert hits["all"] or KILLS < 50
