"""``kpoclf review``: what is queued, asked, saved, told and exported."""

import csv
import io
import json
import os
import subprocess
import sys
import time

import pytest

from kpoclf.cli import review_session
from kpoclf.review.queue import ReviewQueue
from kpoclf.tables.check import check_files
from kpoclf.tables.labelled import labelled_rows

TEXTS = [
    "Prepare tax returns, reconcile the accounts and advise clients on investment policy.",
    "Key supplier invoices into the ledger and file the paper copies.",
    "Advise counsel on patent litigation strategy and research case law.",
    "Answer customer calls from the script and log each ticket.",
    "Nurse patients on the ward and dress wounds.",
]


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A working directory with five rows and a queue of them."""
    monkeypatch.chdir(tmp_path)
    with (tmp_path / "jobs.csv").open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([["description"], *([text] for text in TEXTS)])
    return tmp_path


@pytest.fixture
def press(run, monkeypatch):
    """Run a session with these keys."""

    def call(keys, *arguments):
        stdin = io.TextIOWrapper(io.BytesIO(keys.encode()), encoding="utf-8")
        monkeypatch.setattr("sys.stdin", stdin)
        return run("review", "--reviewer", "ada", *arguments)

    return call


@pytest.fixture
def queued(here, run):
    """The same, all queued, one of them by chance."""
    done = run("review", "add", "jobs.csv", "-n", "5")
    assert done.code == 0, done.err
    return here


def order():
    """The texts as the queue hands them out."""
    queue = ReviewQueue("kpoclf-review.db")
    return [i.text for i in sorted(queue.items().values(), key=lambda i: i.priority)]


def test_add_says_what_it_did(here, run):
    done = run("review", "add", "jobs.csv", "-n", "4", "--random-share", "0.5")
    assert (done.code, done.out) == (0, "")
    assert done.err == (
        "jobs.csv: 5 rows, 5 different texts\n"
        "kpoclf-review.db: 4 texts queued, 2 uncertain and 2 random\n"
    )


def test_add_again_queues_what_is_left_and_says_where_it_ends(queued, run):
    (queued / "more.csv").write_text(
        "text\nReview loan files and assess the credit risk.\nTwo words\n"
    )
    done = run("review", "add", "more.csv", "-n", "9")
    assert done.err == (
        "more.csv: 2 rows, 1 different text, 1 of fewer than three words\n"
        "kpoclf-review.db: 1 text queued, 0 uncertain and 1 random\n"
        "no more that differ enough from each other and from what is queued\n"
    )
    done = run("review", "add", "more.csv", "-n", "9")
    assert "1 different text, 1 of them in the queue already, 1 of fewer" in done.err
    assert "kpoclf-review.db: 0 texts queued" in done.err
    assert done.err.endswith("every text of it is in the queue already\n")


def test_add_reads_what_label_reads(here, run):
    (here / "jobs.tsv.txt").write_text("a\tb\nx\t" + TEXTS[0] + "\n")
    done = run("review", "add", "jobs.tsv.txt", "--format", "tsv", "--text", "b", "--queue", "q.db")
    assert done.code == 0
    (item,) = ReviewQueue("q.db").items().values()
    assert (item.text, item.where) == (TEXTS[0], "jobs.tsv.txt, row 1, line 2")
    assert item.own == (("a", "x"), ("b", TEXTS[0]))


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["add", "none.csv"], "none.csv"),
        (["add", "jobs.csv", "--text", "duty"], "no column 'duty'"),
        (["add", "empty.csv"], "empty.csv: no text of three words or more to review"),
        (["add", "jobs.csv", "--queue", "jobs.csv"], "jobs.csv: is no review queue"),
        (["add", "jobs.csv", "-n", "0"], "'-n'"),
        (
            ["status"],
            "kpoclf-review.db: no review queue here; make one with kpoclf review add FILE",
        ),
        ([], "no review queue here"),
        (["export"], "no review queue here"),
        (["conflicts"], "no review queue here"),
        (["nonsense"], "No such command 'nonsense'"),
        (["--only", "odd"], "'odd' is not one of"),
    ],
)
def test_what_cannot_be_is_one_line_and_leaves_no_queue(here, run, arguments, told):
    (here / "empty.csv").write_text("text\n\n")
    done = run("review", *arguments)
    assert (done.code, done.out) == (2, "")
    assert told in done.err
    assert done.err.count("\n") == 1
    assert not (here / "kpoclf-review.db").exists()


def test_each_key_gives_its_answer_and_is_saved_before_the_next_text(queued, press):
    done = press("kbosk")
    assert (done.code, done.err) == (0, "")
    texts = order()
    lines = done.out.splitlines()
    told = [
        line for line in lines if line.startswith(("saved: ", "every text")) or " of 5  " in line
    ]
    assert [line.split("  ")[0] for line in told] == [
        "1 of 5",
        "saved: KPO",
        "2 of 5",
        "saved: BPO",
        "3 of 5",
        "saved: out of scope",
        "4 of 5",
        "saved: skipped",
        "5 of 5",
        "saved: KPO",
        "every text is reviewed: kpoclf review export",
    ]
    assert done.out.endswith(
        "kpoclf review --only skipped: 1 that you skipped\n"
        "ada: 2 KPO, 1 BPO, 1 out of scope, 1 skipped; every answer is saved\n"
    )
    found = {r.item.text: r.label for r in ReviewQueue("kpoclf-review.db").reviewed()}
    assert found == dict(zip([*texts[:3], texts[4]], ["KPO", "BPO", "OTHER", "KPO"], strict=True))


def test_a_text_comes_with_the_models_answer_and_its_words_marked(queued, press):
    done = press("q")
    assert "model: " in done.out
    assert "{+" in done.out or "[-" in done.out


def test_blind_keeps_answer_and_marks_back(queued, press):
    done = press("kkkkk", "--blind")
    assert "model: " not in done.out
    assert "{+" not in done.out
    assert "[-" not in done.out
    assert " ".join(TEXTS[0].split()) in " ".join(done.out.split())


def test_undo_brings_the_text_back(queued, press):
    done = press("kbuuoq")
    assert done.out.count("taken back") == 2
    assert done.out.count(order()[0].split()[0]) >= 2
    found = ReviewQueue("kpoclf-review.db").reviewed()
    assert [(r.item.text, r.label) for r in found] == [(order()[0], "OTHER")]
    assert "nothing to take back" in press("uuq").out


def test_a_note_goes_with_the_answer(queued, press):
    press("nboth sides, half and half\nkq")
    (found,) = ReviewQueue("kpoclf-review.db").reviewed()
    assert found.decisions[0].note == "both sides, half and half"


def test_help_and_unknown_keys_answer_nothing(queued, press):
    done = press("?x\x1b q")
    assert "k  KPO: knowledge work" in done.out
    assert done.out.count("no such key") == 2
    assert "ada: nothing answered; every answer is saved" in done.out


def test_capital_letters_are_keys_too(queued, press):
    assert "ada: 1 KPO, 1 BPO;" in press("KB").out


def test_a_session_goes_on_where_the_last_one_ended(queued, press):
    assert "1 of 5" in press("k").out
    done = press("q")
    assert done.out.startswith("2 of 5")


def test_who_quits_leaves_the_text_to_others(queued, press):
    first = press("q").out
    assert press("q", "--reviewer", "bob").out.splitlines()[:4] == first.splitlines()[:4]


def test_ctrl_c_ends_a_session_as_quit_does(queued, press, monkeypatch):
    keys = iter("kb")

    def getchar(_self):
        try:
            return next(keys)
        except StopIteration:
            raise KeyboardInterrupt from None

    monkeypatch.setattr(review_session.Session, "_key", getchar)
    done = press("")
    assert (done.code, done.err) == (0, "")
    assert done.out.endswith("ada: 1 KPO, 1 BPO; every answer is saved\n")


def test_second_readings_and_conflicts_are_handed_out_when_asked_for(queued, press, run):
    press("kbo")
    done = press("bbo", "--only", "second", "--reviewer", "bob")
    assert "3 left" in done.out
    assert "no text that only others have read is left" in done.out
    listed = run("review", "conflicts")
    assert listed.code == 0
    assert listed.err == "1 conflict: kpoclf review --only conflicts hands them out again\n"
    assert "  ada: KPO\n  bob: BPO\n" in listed.out
    assert order()[0].split()[0] in listed.out
    done = press("b", "--only", "conflicts", "--reviewer", "eve")
    assert "ada: KPO\nbob: BPO\n" in done.out
    assert run("review", "conflicts").err == "0 conflicts\n"


def test_status_tells_labels_agreement_and_accuracy(queued, press, run):
    press("kbok")
    press("kko", "--only", "second", "--reviewer", "bob")
    done = run("review", "status")
    assert (done.code, done.err) == (0, "")
    assert "kpoclf-review.db: 5 texts, 4 labelled, 1 to do\n" in done.out
    assert "labels     0 BPO + 2 KPO + 1 OTHER + 1 in conflict = 4 labelled\n" in done.out
    assert "conflicts  1: kpoclf review conflicts\n" in done.out
    assert "reviewer   ada, 4 texts\n" in done.out
    assert "ada and bob: the same answer to 2 of 3 texts, kappa 0.50\n" in done.out
    assert "accuracy   " in done.out


def test_status_and_session_say_the_same_of_the_accuracy(queued, run, press):
    told = "model right: too early to say (1 random text answered; from 10 on it is told)"
    assert told in press("kbbk").out
    assert f"accuracy   {told}\n" in run("review", "status").out


def test_status_says_where_more_random_texts_come_from(queued, run):
    assert (
        "1 random text left in the queue; kpoclf review add FILE --random-share 1 draws more\n"
    ) in run("review", "status").out


def test_random_texts_alone_are_queued_where_they_alone_are_asked_for(here, run):
    run("review", "add", "jobs.csv", "-n", "3", "--random-share", "0")
    done = run("review", "add", "jobs.csv", "-n", "2", "--random-share", "1")
    assert "2 texts queued, 0 uncertain and 2 random" in done.err


def test_the_export_is_what_train_and_corpus_check_take(queued, press, run):
    press('knplain, "really"\nbobk')
    done = run("review", "export", "-o", "reviewed.csv")
    assert (done.code, done.out) == (0, "")
    assert done.err == "5 rows written to reviewed.csv\n"
    assert check_files([queued / "reviewed.csv"]) == ([], 5, [])
    assert run("corpus", "check", "reviewed.csv").code == 0
    rows = labelled_rows("reviewed.csv")
    assert [(row.text, row.label) for row in rows] == list(
        zip(order(), ["KPO", "BPO", "OTHER", "BPO", "KPO"], strict=True)
    )
    with open("reviewed.csv", encoding="utf-8", newline="") as stream:
        records = list(csv.DictReader(stream))
    assert list(records[0]) == [
        "description",
        "text",
        "label",
        "reviewers",
        "note",
        "source",
        "row",
        "place",
    ]
    assert {(r["row"], r["place"]) for r in records} == {
        (str(i + 1), f"line {i + 2}") for i in range(5)
    }
    assert records[1]["note"] == 'ada: plain, "really"'
    assert {r["source"] for r in records} == {"jobs.csv"}
    assert {r["reviewers"] for r in records} == {"ada"}
    printed = run("review", "export")
    assert printed.out == (queued / "reviewed.csv").read_text(encoding="utf-8")


def test_conflicts_stay_out_of_the_export_and_have_one_of_their_own(queued, press, run):
    press("kb")
    press("bb", "--only", "second", "--reviewer", "bob")
    done = run("review", "export", "-o", "reviewed.csv")
    assert done.err == (
        "1 row written to reviewed.csv\n"
        "1 text on which reviewers differ is left out: kpoclf review conflicts\n"
    )
    done = run("review", "export", "--conflicts")
    (record,) = csv.DictReader(io.StringIO(done.out))
    assert record["answers"] == "ada KPO; bob BPO"
    assert "label" not in record


OWN = """ID,Title,Body,label,service,text,note,x,x
007,Clerk,"Key supplier invoices,
into the ledger.",old,our own,,"=1+1",a,b
0x8,Counsel,Advise counsel on patent litigation strategy.,NA,,,,,c
"""


def exported(run, *options):
    """Header and rows of an export."""
    done = run("review", "export", *options)
    assert done.code == 0, done.err
    header, *rows = csv.reader(io.StringIO(done.out, newline=""))
    return header, sorted(rows)


def test_the_users_own_columns_come_back_in_front_under_their_names(here, run, press):
    (here / "own.csv").write_text(OWN, encoding="utf-8")
    run("review", "add", "own.csv", "--text", "Title", "--text", "Body", "-q")
    press("kk")
    header, rows = exported(run)
    ours = ["text", "label", "reviewers", "note", "source", "row", "place"]
    own = ["ID", "Title", "Body", "own_label", "service", "own_text", "own_note", "x", "x"]
    assert header == own + ours
    body = "Key supplier invoices,\ninto the ledger."
    assert rows[0] == ["007", "Clerk", body, "old", "our own", "", "=1+1", "a", "b",
                       f"Clerk\n{body}", "KPO", "ada", "", "own.csv", "1", "line 2"]  # fmt: skip
    assert rows[1][:5] == [
        "0x8", "Counsel", "Advise counsel on patent litigation strategy.", "NA", ""
    ]  # fmt: skip
    assert rows[1][-2:] == ["2", "line 4"]


def test_train_reads_text_and_label_alone_of_an_export_with_own_columns(here, run, press):
    (here / "own.csv").write_text(OWN.replace(",x,x\n", ",x,register\n"), encoding="utf-8")
    run("review", "add", "own.csv", "--text", "Title", "--text", "Body", "-q")
    press("kb")
    run("review", "export", "-o", "reviewed.csv")
    rows = labelled_rows("reviewed.csv")
    assert {(row.text.split("\n")[0], row.service) for row in rows} == {
        ("Clerk", ""), ("Counsel", "")
    }  # fmt: skip
    assert sorted(row.label for row in rows) == ["BPO", "KPO"]
    assert run("corpus", "check", "reviewed.csv").code == 0
    assert "read from text:" in run("label", "reviewed.csv", "-o", "labelled.csv").err


def test_files_of_different_columns_share_one_export(here, run, press):
    (here / "a.csv").write_text(f"id,text\n1,{TEXTS[1]}\n", encoding="utf-8")
    (here / "b.jsonl").write_text(
        json.dumps({"ref": 9, "tags": {"a": None}, "text": TEXTS[2], "id": "x\ry"}) + "\n"
    )
    (here / "c.txt").write_text(TEXTS[3] + "\n")
    for name in ("a.csv", "b.jsonl", "c.txt"):
        assert run("review", "add", name, "-q").code == 0
    press("bkb")
    header, rows = exported(run)
    assert header[:3] == ["id", "ref", "tags"]
    assert header[3:5] == ["text", "label"]
    assert [row[:4] for row in rows] == [
        ["", "", "", TEXTS[3]],
        ["1", "", "", TEXTS[1]],
        ["x\ry", "9", '{"a": null}', TEXTS[2]],
    ]
    assert [row[-3:] for row in rows] == [
        ["c.txt", "1", "line 1"], ["a.csv", "1", "line 2"], ["b.jsonl", "1", "line 1"]
    ]  # fmt: skip


def test_columns_that_hold_no_text_come_back_too(here, run, press):
    import openpyxl
    import pandas as pd

    stamp = pd.Timestamp("2026-03-01")
    frame = pd.DataFrame({"id": [17], "day": [stamp], "text": [TEXTS[0]], "tags": [["a", "b"]]})
    frame.to_parquet(here / "jobs.parquet")
    book = openpyxl.Workbook()
    book.active.append(["ref", "day", "text", "sum"])
    book.active.append([5, stamp.to_pydatetime(), TEXTS[1], "=1+1"])
    book.save(here / "jobs.xlsx")
    for name in ("jobs.parquet", "jobs.xlsx"):
        done = run("review", "add", name, "-q")
        assert done.code == 0, done.err
    press("kb")
    header, rows = exported(run)
    assert header[:5] == ["id", "day", "tags", "ref", "sum"]
    assert [row[:5] + row[-3:] for row in rows] == [
        ["", "2026-03-01 00:00:00", "", "5", "=1+1", "jobs.xlsx", "1", "sheet row 2"],
        ["17", "2026-03-01 00:00:00", '["a", "b"]', "", "", "jobs.parquet", "1", "row 1"],
    ]


@pytest.mark.parametrize("columns", [["--text", "title"], ["--text", "title", "--text", "text"]])
def test_a_file_added_again_with_other_text_columns_queues_no_row_twice(here, run, columns):
    rows = [
        f"Senior clerk of our office number {w},{t}" for w, t in zip("abcde", TEXTS, strict=True)
    ]
    rows = [row.replace(", ", " ") for row in rows]
    (here / "two.csv").write_text("\n".join(["title,text", *rows]) + "\n")
    run("review", "add", "two.csv", "--text", "text", "-q")
    done = run("review", "add", "two.csv", *columns)
    assert "5 rows, 5 different texts, 5 of them in the queue already" in done.err
    assert len(ReviewQueue("kpoclf-review.db").items()) == 5


@pytest.mark.parametrize(
    ("output", "told"),
    [
        ("reviewed.xlsx", "the rows are written as CSV"),
        ("kpoclf-review.db", "would replace the queue"),
        ("nowhere/reviewed.csv", "cannot be written"),
    ],
)
def test_an_export_that_cannot_be_written_is_one_line(queued, press, run, output, told):
    press("k")
    before = (queued / "kpoclf-review.db").read_bytes()
    done = run("review", "export", "-o", output)
    assert (done.code, done.out) == (2, "")
    assert told in done.err
    assert done.err.count("\n") == 1
    assert (queued / "kpoclf-review.db").read_bytes() == before


@pytest.mark.parametrize("option", [(), ("--conflicts",)])
def test_an_export_of_nothing_is_wrong_usage(queued, run, option):
    done = run("review", "export", *option)
    assert (done.code, done.out) == (2, "")
    assert "kpoclf review status says how far" in done.err


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="needs a terminal of POSIX")
def test_on_a_terminal_one_key_is_enough_and_the_screen_is_cleared(queued):
    import pty

    terminal, end = pty.openpty()
    environment = os.environ | {"TERM": "xterm", "LINES": "24", "COLUMNS": "80"}
    environment.pop("NO_COLOR", None)
    process = subprocess.Popen(
        [sys.executable, "-m", "kpoclf", "review", "--reviewer", "ada"],
        stdin=end,
        stdout=end,
        env=environment,
    )
    os.close(end)
    shown = ""

    def wait_for(text):
        nonlocal shown
        while text not in shown:
            shown += os.read(terminal, 4096).decode()
        before, shown = shown, ""
        return before

    keys = "? help"
    first = wait_for(keys)
    assert "1 of 5" in first
    assert "\x1b[" in first  # colours
    for key, told in ((b"k", "saved: KPO"), (b"u", "taken back"), (b"\x1b[A", "no such key")):
        time.sleep(0.3)  # what is typed ahead is dropped
        os.write(terminal, key)
        screen = wait_for(keys)
        assert told in screen
        assert "\x1b[2J" in screen
    time.sleep(0.3)
    os.write(terminal, b"\x03")
    assert "ada: nothing answered" in wait_for("is saved")
    assert process.wait() == 0
    os.close(terminal)
