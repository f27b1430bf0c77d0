"""``kpoclf label``: files in, labelled files out, talk on stderr."""

import csv
import gzip
import io
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

import kpoclf
from kpoclf.corpus.rows import read_corpus
from kpoclf.judge.model import Model
from kpoclf.resources import shipped
from kpoclf.tables.columns import DETAIL_COLUMNS, OUTPUT_COLUMNS

KPOCLF = [sys.executable, "-m", "kpoclf"]
KEY = "Key invoice numbers from scanned forms"
ADVISE = "Advise the board on the tax consequences of a merger and write the opinion."
CSV = f"id,text\n1,{KEY}\n2,{ADVISE}\n"

posix = pytest.mark.skipif(os.name != "posix", reason="signals, pipes and terminals of POSIX")


@pytest.fixture
def here(tmp_path, monkeypatch):
    """An empty current folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(name, content=CSV):
    path = Path(name)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def names(folder="."):
    return sorted(p.name for p in Path(folder).iterdir())


def read(content):
    return list(csv.DictReader(io.StringIO(content, newline="")))


def test_without_an_output_rows_go_to_stdout_and_talk_to_stderr(here, run):
    write("a.csv")
    done = run("label", "a.csv")
    assert done.code == 0
    assert done.out.splitlines()[0] == ",".join(["id", "text", *OUTPUT_COLUMNS])
    assert [row["kpoclf_label"] for row in read(done.out)] == ["BPO", "KPO"]
    assert re.fullmatch(
        r"a\.csv: 2 rows read from text: in scope 1 KPO, 1 BPO; \d ok, \d review, \d out_of_scope\n",
        done.err,
    )
    assert run("label", "a.csv", "-o", "-").out == done.out
    assert names() == ["a.csv"]


def test_an_output_is_written_and_named(here, run):
    write("a.csv")
    to_stdout = run("label", "a.csv").out
    done = run("label", "a.csv", "--output", "out.csv")
    assert (done.code, done.out) == (0, "")
    assert done.err.endswith("\nwritten to out.csv\n")
    assert Path("out.csv").read_text() == to_stdout


def test_labels_are_those_of_python(here, run):
    texts = [KEY, ADVISE, "", "Wash and dress patients on the ward.", "xyzzy"]
    write("a.csv", "text\n" + "".join(f'"{t}"\n' for t in texts))
    wanted = kpoclf.load().label(texts)
    found = read(run("label", "a.csv").out)
    assert [list(row.values())[1:] for row in found] == [
        [w.label, f"{w.confidence:.4f}", w.status, w.service] for w in wanted.itertuples()
    ]


def test_quiet_says_nothing(here, run):
    write("a.csv", "text\na,too,many\n")
    assert run("label", "a.csv", "-q", "-o", "out.csv").err == ""
    assert run("label", "a.csv", "--quiet").err == ""


def test_extra_fields_are_noted(here, run):
    write("a.csv", "text\na,too,many\n")
    assert run("label", "a.csv").err.startswith("kpoclf: a.csv: 1 row has more fields than the")


def test_detail_and_overwrite_are_passed_on(here, run):
    write("a.csv", "text,kpoclf_p_kpo\na,mine\n")
    refused = run("label", "a.csv", "--detail")
    assert (refused.code, refused.out) == (2, "")
    assert refused.err == (
        "kpoclf: a.csv: has a column 'kpoclf_p_kpo' already; pass --overwrite to replace it, "
        "or rename it\n"
    )
    done = run("label", "a.csv", "--detail", "--overwrite")
    assert done.out.splitlines()[0] == ",".join(["text", *OUTPUT_COLUMNS, *DETAIL_COLUMNS])


def test_options_of_reading_are_passed_on(here, run):
    write("a.dat", f"x|Text B|Text A\n1|{KEY}|Clérk\n".encode("cp437"))
    done = run(
        *("label", "a.dat", "--format", "csv", "--delimiter", "pipe", "--encoding", "cp437"),
        *("--text", "Text A", "--text", "text b", "-o", "out.csv"),
    )
    assert done.code == 0
    assert "1 row read from Text A + Text B:" in done.err
    assert "|Clérk|BPO|".encode("cp437") in Path("out.csv").read_bytes()


@pytest.mark.parametrize("name", [";", "semicolon", "Semicolon"])
def test_a_delimiter_is_given_by_its_name_or_as_it_is(here, run, name):
    write("a.csv", f"id;text,a,b\n1;{KEY}\n")
    done = run("label", "a.csv", "--delimiter", name, "--text", "text,a,b")
    assert done.code == 0
    assert done.out.splitlines()[1].startswith(f"1;{KEY};BPO;")


@pytest.mark.parametrize("delimiter", ["x", "", ";;", '"', " ", "2", "colon"])
def test_what_cannot_separate_fields_is_no_delimiter(here, run, delimiter):
    write("a.csv")
    done = run("label", "a.csv", "--delimiter", delimiter)
    assert done.code == 2
    assert "is no delimiter: give comma, semicolon, tab, pipe or the character" in done.err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("a.csv --sheet One", "a.csv: --sheet is for workbooks; leave it out"),
        ("a.jsonl --delimiter ;", "a.jsonl: --delimiter is for CSV; leave it out"),
        ("a.xlsx -o b.xlsx --delimiter tab", "a.xlsx: --delimiter is for CSV; leave it out"),
        (
            "a.xlsx -o b.xlsx --encoding cp1252",
            "a.xlsx: --encoding is for text, not for workbooks or Parquet; leave it out",
        ),
        ("a.csv a.jsonl -o out --sheet One", "the files: --sheet is for workbooks; leave it out"),
    ],
)
def test_an_option_that_fits_no_file_is_refused(here, run, arguments, message):
    for name in ("a.csv", "a.jsonl", "a.xlsx"):
        write(name)
    done = run("label", *arguments.split())
    assert (done.code, done.out, done.err) == (2, "", f"kpoclf: {message}\n")


def test_an_option_that_fits_one_of_several_files_is_taken(here, run):
    write("a.csv", CSV.replace(",", ";"))
    write("b.jsonl", json.dumps({"text": KEY}))
    assert run("label", "a.csv", "b.jsonl", "-o", "out", "--delimiter", ";").code == 0


def test_a_sheet_is_passed_on(here, run):
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    for name in ("One", "Two"):
        book.create_sheet(name).append(["text"])
        book[name].append([KEY])
    book.save("a.xlsx")
    assert run("label", "a.xlsx", "-o", "b.xlsx").err.startswith("kpoclf: a.xlsx: several sheets")
    assert run("label", "a.xlsx", "-o", "b.xlsx", "--sheet", "Two").code == 0
    assert openpyxl.load_workbook("b.xlsx")["Two"]["B2"].value == "BPO"


SAME = "{}: the output would replace the input; name another file with -o"
SEVERAL = "several files need a folder to write to: name it with -o"
TWICE = "two files would be written to a.csv; label them one by one"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("none.csv", "none.csv: no such file"),
        ("-", "standard input: say what it holds with --format csv, tsv, jsonl or lines"),
        ("a.csv -o no/out.csv", "no/out.csv: cannot be written: there is no folder no; make it"),
        ("folder", "folder: is a folder; its files need a folder to write to: name it with -o"),
        ("a.csv -o folder", "folder: is a folder; name the file to write"),
        ("a.csv -o a.csv", SAME.format("a.csv")),
        ("a.csv -o link.csv", SAME.format("link.csv")),
        ("a.csv --text job", "a.csv: no column 'job' (--text); columns: 'id', 'text'"),
        (
            "a.csv --encoding x",
            "--encoding x: no such encoding; common ones: utf-8, cp1252, utf-16",
        ),
        ("a.csv b.csv", SEVERAL),
        ("a.csv b.csv -o -", SEVERAL),
        ("a.csv - -o new", "standard input (-) cannot be one of several files"),
        ("a.csv b.csv -o link.csv", "link.csv: is a file; several inputs need a folder"),
        ("a.csv none.csv -o new", "none.csv: no such file"),
        ("a.csv folder/a.csv -o new", TWICE),
        ("a.csv a.txt -o new", TWICE),
        ("a.csv b.csv -o .", SAME.format("a.csv")),
        (
            "folder -o folder",
            "folder: the outputs would replace the inputs; name another folder with -o",
        ),
        ("a.csv --model none", None),
        ("a.csv --delimiter x", None),
        ("a.csv --format xls", None),
        ("", None),
    ],
)
def test_wrong_usage_is_one_line_and_code_2_and_nothing_is_written(here, run, arguments, message):
    write("a.csv")
    write("b.csv")
    write("a.txt")
    Path("folder").mkdir()
    write("folder/a.csv")
    Path("link.csv").symlink_to("a.csv")
    before = names()
    done = run("label", *arguments.split())
    assert (done.code, done.out) == (2, "")
    if message:
        assert done.err == f"kpoclf: {message}\n"
    assert names() == before
    assert names("folder") == ["a.csv"]
    assert Path("a.csv").read_text() == CSV


def test_several_files_go_into_a_folder_under_their_names(here, run):
    write("a.csv")
    write("b.jsonl", json.dumps({"text": KEY}))
    write("c.txt", KEY)
    write("d.TXT.gz", gzip.compress(KEY.encode()))
    write("e.csv.gz", gzip.compress(CSV.encode()))
    files = names()
    done = run("label", *files, "-o", "out")
    assert done.code == 0
    assert names("out") == ["a.csv", "b.jsonl", "c.csv", "d.csv.gz", "e.csv.gz"]
    for name in names("out"):
        content = Path("out", name).read_bytes()
        assert b"BPO" in (gzip.decompress(content) if name.endswith(".gz") else content)
    assert done.err.count("written to out/") == 5
    again = run("label", *files, "-o", "out")
    assert again.code == 0


def test_what_holds_no_table_is_left_out_of_a_folder_and_told(here, run):
    for folder in ("parts/.git", "parts/_temporary", "parts/more"):
        Path(folder).mkdir(parents=True)
    for name in ("a.csv", "more/b.csv"):
        write(f"parts/{name}")
    left = [".DS_Store", ".git/x.csv", ".git/y.csv", "_SUCCESS", "_temporary/c.csv"]
    left += ["README", "README.md", "more/License.txt", "~$a.xlsx"]
    for name in left:
        write(f"parts/{name}", b"\0\1")
    done = run("label", "parts", "-o", "out")
    assert done.code == 0
    assert done.err.startswith(
        "kpoclf: skipped, no tables: parts/.DS_Store, parts/.git, parts/README, parts/README.md, "
        "parts/_SUCCESS and 3 more\n"
    )
    assert names("out") == ["a.csv", "more"]
    assert names("out/more") == ["b.csv"]
    assert run("label", "parts", "-o", "out", "-q").err == ""


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        (
            "z.csv",
            b"\x89PNG\r\n\x1a\n",
            "is a PNG picture, not text; give a file of rows, such as CSV",
        ),
        ("z.csv.gz", b"text\n", "broken gzip file (Not a gzipped file (b'te'))"),
        (
            "z.json",
            b"{}",
            "a JSON file is not read; write JSON Lines, one object a line, named .jsonl",
        ),
        ("part-00000", b"text\n", "no ending"),
    ],
)
def test_a_file_of_a_folder_that_cannot_be_read_is_told_before_any_is_labelled(
    here, run, name, content, message
):
    Path("parts").mkdir()
    write("parts/a.csv")
    write(f"parts/{name}", content)
    done = run("label", "parts", "-o", "out")
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith(f"kpoclf: parts/{name}: {message}")
    assert done.err.endswith("; or name the files instead of their folder\n")
    assert names() == ["parts"]


def test_outputs_within_the_folder_are_not_labelled_again(here, run):
    Path("parts").mkdir()
    write("parts/a.csv")
    for _ in range(2):
        assert run("label", "parts", "-o", "parts/out").code == 0
        assert names("parts/out") == ["a.csv"]


def test_outputs_may_go_above_the_folder(here, run):
    Path("parts").mkdir()
    write("parts/a.csv")
    assert run("label", "parts", "-o", ".").code == 0
    assert names() == ["a.csv", "parts"]


@pytest.mark.parametrize("arguments", [[""], ["a.csv", ""], ["a.csv", "-o", ""]])
def test_an_empty_name_is_told(here, run, arguments):
    write("a.csv")
    done = run("label", *arguments)
    assert (done.code, done.err) == (2, "kpoclf: the name of a file is empty; name the file\n")


def test_a_folder_without_tables_is_told(here, run):
    Path("parts").mkdir()
    write("parts/_SUCCESS", "")
    done = run("label", "parts", "-o", "out")
    assert (done.code, done.err) == (2, "kpoclf: parts: no tables in this folder\n")


@posix
def test_a_pipe_among_several_files_is_read_once(here):
    write("a.csv")
    os.mkfifo("b.csv")
    threading.Thread(target=Path("b.csv").write_bytes, args=(CSV.encode(),), daemon=True).start()
    command = [*KPOCLF, "label", "a.csv", "b.csv", "-o", "out"]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    assert Path("out/a.csv").read_bytes() == Path("out/b.csv").read_bytes()


def test_a_file_that_breaks_off_does_not_undo_those_before_it(here, run):
    write("a.csv")
    write("b.csv", 'text\n"open\n')
    done = run("label", "a.csv", "b.csv", "-o", "out")
    assert done.code == 2
    assert done.err.endswith(
        "kpoclf: b.csv, line 2: a quoted field of this record never ends; close the quote\n"
    )
    assert names("out") == ["a.csv"]


def test_an_interrupt_is_one_line_and_leaves_nothing(here, run, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(Model, "judge", interrupted)
    write("a.csv")
    done = run("label", "a.csv", "-o", "out.csv")
    assert done.code == 130
    assert done.err.strip().startswith("kpoclf: interrupted")
    assert len(done.err.strip().splitlines()) == 1
    assert names() == ["a.csv"]


def big(name="a.csv", megabytes=8):
    row = f"{ADVISE} {KEY},1\n"
    write(name, "text,n\n" + row * (megabytes * (1 << 20) // len(row)))


@posix
def test_ctrl_c_leaves_nothing_behind(here):
    big()
    process = subprocess.Popen([*KPOCLF, "label", "a.csv", "-o", "out.csv"], stderr=subprocess.PIPE)
    deadline = time.monotonic() + 20
    while (
        not any(p.stat().st_size for p in here.glob(".out.csv.*")) and time.monotonic() < deadline
    ):
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=20)
    assert process.returncode == 130
    assert b"Traceback" not in err
    assert names() == ["a.csv"]


@posix
def test_a_reader_that_goes_early_is_no_error_to_talk_of(here):
    big()
    with subprocess.Popen(
        [*KPOCLF, "label", "a.csv"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout.readline().startswith(b"text,n,kpoclf_label")
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 0


def test_standard_input_to_standard_output_in_a_process(here):
    content = f'{{"text": "{KEY}", "name": "Prüfer"}}\r\n'.encode()
    done = subprocess.run(
        [*KPOCLF, "label", "-", "--format", "jsonl"], input=content, capture_output=True, check=True
    )
    assert done.stdout.startswith(content[:-3])
    assert done.stdout.endswith(b"}\r\n")
    assert done.stderr.startswith(b"standard input: 1 row read from text: ")


@posix
def test_a_progress_bar_is_shown_on_a_terminal_only(here):
    import fcntl
    import pty
    import struct
    import termios

    big(megabytes=1)

    def run(*more):
        control, terminal = pty.openpty()
        fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("4H", 24, 80, 0, 0))
        try:
            process = subprocess.Popen(
                [*KPOCLF, "label", "a.csv", "-o", "out.csv", *more], stderr=terminal
            )
            os.close(terminal)
            shown = b""
            while True:
                try:
                    block = os.read(control, 1 << 16)
                except OSError:  # Linux says so when the terminal is closed
                    break
                if not block:
                    break
                shown += block
            assert process.wait(timeout=20) == 0
        finally:
            os.close(control)
        return shown.decode()

    shown = run()
    assert "a.csv:   0%|" in shown
    assert "rows read from text" in shown
    assert run("-q") == ""
    piped = subprocess.run(
        [*KPOCLF, "label", "a.csv", "-o", "b.csv"], capture_output=True, check=True
    )
    assert b"%|" not in piped.stderr


ADS = shipped("data").parent.parent / "shared" / "evaluation" / "unlabelled_ads.csv"


@pytest.mark.skipif(not ADS.is_file(), reason="the real ads are not here")
def test_real_ads_come_back_row_by_row_byte_by_byte(here, run):
    assert run("label", ADS, "-o", "out.csv").code == 0
    csv.field_size_limit(1 << 25)
    given = ADS.read_bytes().decode("utf-8")
    found = Path("out.csv").read_bytes().decode("utf-8")
    before, after = (list(csv.reader(io.StringIO(t, newline=""))) for t in (given, found))
    assert [row[:-4] for row in after] == before
    assert (
        re.sub(r",(KPO|BPO),[01]\.\d{4},\w+,[a-z0-9-]*(?=\r?\n)", "", found).split("\n", 1)[1]
        == (given.split("\n", 1)[1])
    )


MEASURED = """
import sys
from kpoclf.cli.main import main
try:
    main(sys.argv[1:])
finally:
    try:  # of this program alone: getrusage also counts the one that started it
        status = open("/proc/self/status").read()
        peak = int(status.split("VmHWM:")[1].split()[0])
    except (OSError, IndexError):
        import resource
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print("peak", peak, file=sys.stderr)
"""


def peak_megabytes(*arguments):
    pytest.importorskip("resource")
    done = subprocess.run(
        [sys.executable, "-c", MEASURED, *arguments], capture_output=True, text=True, check=True
    )
    return int(done.stderr.split()[-1]) / 1024


@pytest.mark.slow
@pytest.mark.parametrize("name", ["a.csv", "a.jsonl"])
def test_memory_stays_bounded_however_large_the_file(here, name):
    text = f"{ADVISE}\n{KEY}\n" * 30
    line = f'1,"{text}"\n' if name == "a.csv" else json.dumps({"text": text}) + "\n"
    rows = 60_000_000 // len(line)
    with open(name, "w", newline="") as out:
        out.write("id,text\n" if name == "a.csv" else "")
        out.writelines(line for _ in range(rows))
    assert peak_megabytes("label", name, "-o", "out", "-q") < 150
    with open("out", "rb") as found:
        assert sum(line.count(b"KPO") + line.count(b"BPO") for line in found) == rows


def test_more_or_fewer_rows_go_to_review_as_asked(run, tmp_path):
    path = tmp_path / "in.csv"
    texts = [row.text for row in read_corpus() if row.label != "OTHER"][::25]
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerows([["text"], *([text] for text in texts)])
    reviewed = []
    for options in (["--review-share", 0.01], [], ["--max-error", 0.005]):
        done = run("label", path, *options)
        assert done.code == 0
        reviewed.append(done.out.count(",review,"))
    assert reviewed[0] <= reviewed[1] < reviewed[2]


def test_an_error_that_cannot_be_bounded_and_two_settings_at_once_are_refused(run, tmp_path):
    path = tmp_path / "in.csv"
    path.write_text("text\nKey forms.\n", encoding="utf-8")
    done = run("label", path, "--max-error", 0.000001)
    assert (done.code, done.out) == (2, "")
    assert "no threshold keeps to this" in done.err
    done = run("label", path, "--max-error", 0.1, "--review-share", 0.1)
    assert (done.code, done.err) == (2, "kpoclf: give either --max-error or --review-share\n")
