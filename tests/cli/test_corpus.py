"""`kpoclf corpus check` and `suspects`: what is found is told, exit code 1 where there is any."""

import csv
import subprocess
import sys

import pytest

from kpoclf.corpus import rows as corpus_rows

GOOD = "text,label\nAnswer the phone politely,BPO\n"


def test_the_shipped_corpus_passes(run):
    done = run("corpus", "check")
    assert (done.code, done.out) == (0, "")
    assert done.err.endswith(" files: 0 findings\n")


def test_a_finding_is_a_line_with_file_and_row_and_the_code_is_1(run, tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(GOOD + "Key the forms,knowledge\n")
    done = run("corpus", "check", path)
    assert done.code == 1
    assert done.out == f"{path}:3: unknown label 'knowledge': use BPO, KPO, OTHER\n"
    assert done.err == "2 rows in 1 file: 1 finding\n"


def test_files_are_checked_against_each_other(run, tmp_path):
    first, second = tmp_path / "a.csv", tmp_path / "b.csv"
    first.write_text(GOOD)
    second.write_text(GOOD.replace("BPO", "KPO"))
    done = run("corpus", "check", first, second)
    assert (done.code, done.out) == (1, f"{second}:2: the same text is labelled BPO at {first}:2\n")


def test_a_file_that_is_not_there_is_code_2(run, tmp_path):
    done = run("corpus", "check", tmp_path / "none.csv")
    assert (done.code, done.out) == (2, "")
    assert done.err == f"kpoclf: {tmp_path / 'none.csv'}: no such file\n"


def test_a_file_is_checked_by_the_options_of_train(run, tmp_path):
    path = tmp_path / "a.dat"
    path.write_bytes("job|class\nAnswer the café's phone|bpo\nKey the forms|x\n".encode("cp437"))
    options = ["--format", "csv", "--delimiter", "|", "--encoding", "cp437", "--text", "job"]
    done = run("corpus", "check", path, *options, "--label", "class")
    assert (done.code, done.out) == (1, f"{path}:3: unknown label 'x': use BPO, KPO, OTHER\n")
    assert "--sheet is for workbooks" in run("corpus", "check", path, *options, "--sheet", "A").err


def test_what_was_guessed_is_told(run, tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(GOOD.replace(",", ";"))
    done = run("corpus", "check", path)
    assert (done.code, done.out) == (0, "")
    assert done.err.startswith(f"kpoclf: {path}: fields separated by semicolons\n1 row in 1 file")


def test_the_process_ends_with_the_code(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(GOOD + "\nKey the forms,\n")
    command = [sys.executable, "-m", "kpoclf", "corpus", "check", path.name]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (
        1,
        "a.csv:4: unknown label '': use BPO, KPO, OTHER\n",
    )


WRONG = "Advise counsel on insurance patents and interpret case law before the claim is filed."


@pytest.fixture
def few_rows(monkeypatch):
    """A tenth of the shipped corpus, to be quick."""
    rows = corpus_rows.read_corpus()[::10]
    monkeypatch.setattr(corpus_rows, "read_corpus", lambda: rows)


@pytest.fixture
def doubtful(tmp_path):
    path = tmp_path / "labelled.csv"
    path.write_text(
        f"text,label\nKey invoice numbers from forms into the ledger.,bpo\n{WRONG},BPO\n"
    )
    return path


def test_suspects_are_told_with_reasons_and_the_file_stays_as_it_was(run, doubtful, few_rows):
    before = doubtful.read_bytes()
    done = run("corpus", "suspects", doubtful)
    assert done.code == 1
    assert done.out.startswith(f"1. {doubtful}, line 3: labelled BPO, KPO suggested")
    assert WRONG[:40] in done.out
    assert "words for KPO: " in done.out
    assert "like KPO " in done.out
    assert done.err.splitlines()[-1].endswith("1 suspect; nothing was changed")
    assert doubtful.read_bytes() == before


def test_suspects_go_to_a_file_or_to_standard_output_as_csv(run, doubtful, tmp_path, few_rows):
    target = tmp_path / "suspects.csv"
    done = run("corpus", "suspects", doubtful, "-o", target, "-q")
    assert (done.code, done.out, done.err) == (1, "", "")
    (row,) = csv.DictReader(target.read_text().splitlines())
    assert (row["label"], row["suggested_label"], row["text"]) == ("BPO", "KPO", WRONG)
    assert run("corpus", "suspects", doubtful, "--csv", "-q").out == target.read_text()


def test_no_suspect_is_exit_code_0(run, tmp_path, few_rows):
    path = tmp_path / "right.csv"
    path.write_text("text,label\nKey invoice numbers from forms into the ledger.,BPO\n")
    done = run("corpus", "suspects", path)
    assert (done.code, done.out) == (0, "")


def test_suspects_never_replace_their_input(run, doubtful):
    done = run("corpus", "suspects", doubtful, "-o", doubtful)
    assert done.code == 2
    assert "would replace the input" in done.err


def test_suspects_of_a_file_alone_need_rows_enough(run, doubtful):
    done = run("corpus", "suspects", doubtful, "--only-new")
    assert done.code == 2
    assert "at least 10 each of KPO and BPO" in done.err.splitlines()[-1]
