"""`kpoclf corpus check`: a finding a line, exit code 1 where there is one."""

import subprocess
import sys

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
    assert (
        done.err == f"kpoclf: {tmp_path / 'none.csv'}: cannot be read (No such file or directory)\n"
    )


def test_the_process_ends_with_the_code(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(GOOD + "\nKey the forms,\n")
    command = [sys.executable, "-m", "kpoclf", "corpus", "check", path.name]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (
        1,
        "a.csv:4: unknown label '': use BPO, KPO, OTHER\n",
    )
