"""Several processes give what one gives, in order, and end cleanly whatever happens."""

import gc
import gzip
import io
import itertools
import json
import os
import signal
import subprocess
import sys
import threading
import time
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpoclf.errors import InputError
from kpoclf.judge.model import Model
from kpoclf.tables import blocks, csv_pieces, parallel
from kpoclf.tables.answers import RowError, answer
from kpoclf.tables.columns import OUTPUT_COLUMNS
from kpoclf.tables.csv_table import CsvTable
from kpoclf.tables.encoding import Encoding
from kpoclf.tables.jsonl_table import JsonlTable
from kpoclf.tables.label_file import label_file
from kpoclf.tables.label_rows import Counts, How, label_blocks, label_rows
from kpoclf.tables.lines_table import LinesTable
from kpoclf.tables.open_table import ReadOptions, open_table
from kpoclf.tables.parallel import Workers, usual_processes
from kpoclf.tables.source import open_source

ROWS = [f"Key invoice {word} into the ledger and advise" for word in "abcdefghij" * 300]
CSV = "id,text\n" + "".join(f"{i},{text}\n" for i, text in enumerate(ROWS))


class Fails(Model):
    """A model that cannot judge one text."""

    def judge(self, texts, detail=False):
        if any("forbidden" in text for text in texts):
            raise ZeroDivisionError("no")
        return super().judge(texts, detail)


class Dies(Model):
    """A model whose process ends at one text."""

    def judge(self, texts, detail=False):
        if any("deadly" in text for text in texts):
            os.kill(os.getpid(), signal.SIGKILL)
        return super().judge(texts, detail)


def small_blocks(patch, size):
    patch.setattr(blocks, "_BLOCK", size)
    patch.setattr(blocks, "_SENT", size)
    patch.setattr(blocks, "_LONGEST", max(4 * size, 64))


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "in.csv"
    path.write_text(CSV)
    return path


@pytest.mark.parametrize("detail", [False, True])
def test_two_processes_write_the_bytes_of_one(model, file, tmp_path, detail):
    if detail:
        file.write_text("".join(CSV.splitlines(keepends=True)[:200]))
    found = {}
    for n in (1, 2):
        target = tmp_path / f"out{n}.csv"
        summary = label_file(model, str(file), str(target), detail=detail, processes=n)
        found[n] = target.read_bytes(), summary
    assert found[1] == found[2]


@pytest.mark.parametrize("ending", [".csv", ".csv.gz", ".jsonl", ".txt"])
def test_many_blocks_of_a_file_give_the_bytes_of_one_process(model, tmp_path, monkeypatch, ending):
    small_blocks(monkeypatch, 4096)
    source = tmp_path / f"in{ending}"
    texts = ROWS[:1500]
    lines = [json.dumps({"text": text}) for text in texts] if ending == ".jsonl" else texts
    head = "" if ending in (".jsonl", ".txt") else "text\n"
    content = (head + "".join(f"{line}\n" for line in lines)).encode()
    source.write_bytes(gzip.compress(content) if ending.endswith(".gz") else content)
    found = []
    for n in (1, 2, 3):
        target = tmp_path / f"out{n}{'.csv' if ending == '.txt' else ending}"
        summary = label_file(model, str(source), str(target), processes=n)
        found.append((target.read_bytes(), summary))
    assert found[0][1].rows == 1500
    assert found[0] == found[1] == found[2]


def in_blocks(model, table, folder):
    """What is written of a table by `label_blocks`, and by `label_rows` for what it leaves."""
    out = io.BytesIO()
    how = How((1,), False, "in")
    counts = Counts()
    label_blocks(Workers(model, 1), table, out, how, counts, folder)
    label_rows(Workers(model, 1), table, out, how, counts)
    return out.getvalue(), counts


def test_no_row_is_lost_where_temporary_files_cannot_be_written(model, file, tmp_path, monkeypatch):
    small_blocks(monkeypatch, 4096)
    with open_table(str(file), ReadOptions()) as (table, _):
        usual = in_blocks(model, table, tmp_path)
    with open_table(str(file), ReadOptions()) as (table, _):
        assert in_blocks(model, table, tmp_path / "missing") == usual
    assert usual[1].rows == len(ROWS)


@pytest.mark.skipif(os.name != "posix", reason="an open file is not replaced")
@pytest.mark.parametrize("by", ["another file", "none"])
def test_a_file_that_is_replaced_meanwhile_is_read_to_its_end(model, file, tmp_path, by):
    with open_table(str(file), ReadOptions()) as (table, _):
        if by == "none":
            file.unlink()
        else:
            (tmp_path / "new").write_text(CSV.replace("invoice", "illicit"))
            (tmp_path / "new").replace(file)
        written, counts = in_blocks(model, table, tmp_path)
    assert counts.rows == len(ROWS)
    assert written.count(b"invoice") == len(ROWS)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('id,text\n1,"Key forms\n2,Post bills\n', "in.csv, line 2: a quoted field"),
        ("id,text\n1,a\n2,b,c\n3,d\n4,e,f,g\n", "2 rows have more fields"),
    ],
)
def test_two_processes_say_what_one_says(model, file, tmp_path, text, told, monkeypatch):
    small_blocks(monkeypatch, 8)
    file.write_text(text)
    said = []
    for n in (1, 2):
        try:
            said.append(label_file(model, str(file), str(tmp_path / "o.csv"), processes=n).notes)
        except InputError as error:
            said.append([str(error)])
    assert said[0] == said[1]
    assert told in said[0][0]


RECORDS = st.text(alphabet='ab,"\n\r', max_size=80)


OBJECTS = st.lists(
    st.tuples(
        st.sampled_from(
            ['{"x": "a"}', '{"y":1,"x":null}', "", " ", '{"x": "b\\n\u2028ä"}', "{x}", "[]"]
        ),
        st.sampled_from(["\n", "\r\n", "\r", ""]),
    )
).map(lambda lines: "".join(itertools.chain.from_iterable(lines)))
LINES = st.text(alphabet='aä"\n\r\u2028', max_size=40)


@pytest.mark.parametrize("kind", ["csv", "jsonl", "lines"])
@given(data=st.data(), block=st.integers(1, 30))
def test_blocks_write_what_rows_write(tiny_blocks, kind, data, block):
    content = data.draw({"csv": RECORDS, "jsonl": OBJECTS, "lines": LINES}[kind])
    one_by_one, sent, of_file = tiny_blocks(kind, content, block)
    assert sent == of_file == one_by_one


@pytest.mark.parametrize(
    ("text", "block"), [('a"b\n"c"\nd"e\n', 1), ('"a\n,"b",\n\n"\n"\r\nc\n', 2), ('\ra\r\r\n"a', 1)]
)
def test_blocks_that_are_cut_within_records_write_what_records_write(tiny_blocks, text, block):
    one_by_one, sent, of_file = tiny_blocks("csv", text, block)
    assert sent == of_file == one_by_one


@pytest.mark.parametrize(
    "text", ["".join(t) for n in range(6) for t in itertools.product("a\r\n", repeat=n)]
)
def test_lines_are_counted_alike_in_characters_and_bytes(text):
    lines = len(io.StringIO(text, newline=None).readlines())
    assert csv_pieces.n_lines(text) == lines
    assert blocks.Layout.n_lines(None, text.encode()) == lines


@pytest.fixture(scope="module")
def tiny_blocks(shipped_model, tmp_path_factory):
    """Label a text row by row, in blocks that are sent, and in blocks of a file, of some length.

    What each wrote, or its error.
    """

    workers = Workers(shipped_model, 1)
    path = tmp_path_factory.mktemp("blocks") / "in"

    def table_of(kind, stream):
        utf8 = Encoding("utf-8")
        if kind == "csv":
            return CsvTable(stream, utf8, ",", "in")
        return {"jsonl": JsonlTable, "lines": LinesTable}[kind](stream, utf8, "in")

    def label(kind, stream, blockwise):
        out = io.BytesIO()
        how = How((0,), False, "in")
        counts = Counts()
        try:
            table = table_of(kind, stream)
            if not table.columns:
                return None
            table.start(out, OUTPUT_COLUMNS)
            if blockwise:
                label_blocks(workers, table, out, how, counts, path.parent)
            label_rows(workers, table, out, how, counts)
        except InputError as error:
            return str(error)
        return out.getvalue(), counts

    def three(kind, text, block):
        content = (b"x,y\n" if kind == "csv" else b"") + text.encode()
        path.write_bytes(content)
        with pytest.MonkeyPatch.context() as patch, open_source(str(path)) as stream:
            small_blocks(patch, block)
            return (
                label(kind, io.BytesIO(content), False),
                label(kind, io.BytesIO(content), True),
                label(kind, stream, True),
            )

    return three


def double(model, job):
    """A job of another process."""
    return 2 * job


def test_jobs_are_taken_as_they_are_needed(model):
    taken = []

    def jobs():
        for i in range(100):
            taken.append(i)
            yield str(i), i

    with Workers(model, 2) as workers:
        done = workers.results(double, jobs())
        assert next(done) == ("0", 0)
        assert next(done) == ("1", 2)
        assert len(taken) <= 14
        done.close()
        assert len(taken) <= 14
        assert list(workers.results(double, [(None, 1)])) == [(None, 2)]


def slowly(model, job):
    """Where a job is done."""
    time.sleep(0.05)
    return os.getpid()


def test_this_process_works_too_and_is_one_of_those_asked_for(model):
    with Workers(model, 3) as workers:
        who = {who for _, who in workers.results(slowly, [(None, None)] * 40)}
    assert os.getpid() in who
    assert len(who) == 3


def refuses(model, job):
    """A job that may fail, here or in another process."""
    time.sleep(0.01)
    if job == "bad":
        raise RowError(7, "no")
    return job


@pytest.mark.parametrize("place", range(12))
def test_an_error_stands_in_the_place_of_its_job_wherever_it_was_done(model, place):
    jobs = [(i, "bad" if i == place else "good") for i in range(12)]
    with Workers(model, 2) as workers:
        done = workers.results(refuses, jobs)
        assert list(itertools.islice(done, place)) == jobs[:place]
        with pytest.raises(RowError):
            next(done)


def threshold(model, job):
    """How much another process makes before it looks for garbage."""
    return gc.get_threshold()


def test_garbage_is_sought_as_seldom_as_in_the_process_that_asks(model):
    usual = gc.get_threshold()
    gc.set_threshold(12_345)
    try:
        with Workers(model, 2) as workers:
            [(_, other)] = workers.results(threshold, [(None, None)])
    finally:
        gc.set_threshold(*usual)
    assert other[0] == 12_345


def held_back(model, job):
    """The signals that another process holds back."""
    return signal.pthread_sigmask(signal.SIG_BLOCK, ())


@pytest.mark.skipif(not hasattr(signal, "pthread_sigmask"), reason="no masks of signals")
def test_ctrl_c_does_not_reach_a_process_that_starts(model):
    with Workers(model, 2) as workers:
        [(_, held)] = workers.results(held_back, [(None, None)])
    assert signal.SIGINT in held
    assert signal.SIGINT not in held_back(model, None)


def test_one_process_starts_no_other(model, monkeypatch):
    monkeypatch.setattr(parallel.tempfile, "TemporaryDirectory", None)
    with Workers(model, 1) as workers:
        assert list(workers.results(double, [("a", 2)])) == [("a", 4)]


def test_processes_that_cannot_start_leave_nothing(model, tmp_path, monkeypatch):
    monkeypatch.setattr(parallel.tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(parallel.pickle, "dump", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError), Workers(model, 2):
        pass
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def killed(monkeypatch, tmp_path):
    """Numbers of the processes that were ended at once; temporary files go to a folder of their own."""
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(parallel.tempfile, "tempdir", str(tmp_path / "temporary"))
    numbers = []
    kill = parallel._kill

    def record(pool):
        numbers.extend(pool._processes)
        kill(pool)

    monkeypatch.setattr(parallel, "_kill", record)
    yield numbers
    assert list((tmp_path / "temporary").iterdir()) == []


def is_running(number):
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.skipif(os.name != "posix", reason="signals to processes")
def test_a_file_that_cannot_be_read_ends_the_processes(model, file, tmp_path, killed):
    file.write_bytes(CSV.encode() + b"\x81\xff")
    with pytest.raises(InputError, match="neither UTF-8"):
        label_file(model, str(file), str(tmp_path / "out.csv"), processes=3)
    assert len(killed) == 2
    assert not any(map(is_running, killed))


@pytest.mark.skipif(os.name != "posix", reason="signals to processes")
def test_an_error_while_jobs_wait_for_a_process_that_starts_ends_it(model, killed):
    def jobs():
        yield from [(None, 1)] * 4
        time.sleep(0.2)  # the pool has taken what it can
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), Workers(model, 2) as workers:
        list(workers.results(double, jobs()))
    assert len(killed) == 1
    assert not any(map(is_running, killed))


@pytest.mark.skipif(os.name != "posix", reason="signals to processes")
@pytest.mark.parametrize("other_thread", [False, True])
def test_ctrl_c_while_processes_start_leaves_none(model, killed, monkeypatch, other_thread):
    from joblib.externals.loky import ProcessPoolExecutor

    submit = ProcessPoolExecutor.submit
    went_on = []

    def interrupted(pool, work, *given):
        future = submit(pool, work, *given)
        if other_thread:  # a signal to a process is taken by any thread that does not hold it back
            threading.Thread(target=take_ctrl_c).start()
        else:
            signal.raise_signal(signal.SIGINT)
        time.sleep(0.1)
        went_on.append(True)
        return future

    monkeypatch.setattr(ProcessPoolExecutor, "submit", interrupted)
    handler = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt), Workers(model, 3):
        pass
    assert went_on
    assert len(killed) == 2
    assert not any(map(is_running, killed))
    assert signal.getsignal(signal.SIGINT) is handler


def take_ctrl_c():
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    os.kill(os.getpid(), signal.SIGINT)


def has_rows(model, job):
    """Whether another process was given the rows that its model was trained on."""
    return model.trained.rows is not None


def test_the_stored_rows_stay_behind(shipped_model):
    assert has_rows(shipped_model, None)
    with Workers(shipped_model, 2) as workers:
        assert list(workers.results(has_rows, [(None, None)])) == [(None, False)]


@pytest.mark.parametrize("processes", [1, 2])
def test_a_text_that_cannot_be_labelled_is_told_by_its_place(model, file, tmp_path, processes):
    file.write_text(CSV.replace("1500,Key", "1500,forbidden"))
    with pytest.raises(InputError) as error:
        label_file(Fails(model.trained), str(file), str(tmp_path / "out.csv"), processes=processes)
    assert str(error.value).endswith(
        "in.csv, line 1502: cannot be labelled (ZeroDivisionError: no)"
    )
    assert [p.name for p in tmp_path.iterdir()] == ["in.csv"]


def test_blocks_that_others_still_write_leave_no_file(model, file, tmp_path, monkeypatch):
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr(parallel.tempfile, "tempdir", str(temporary))
    small_blocks(monkeypatch, 4096)
    file.write_text(CSV.replace("200,Key", "200,forbidden"))
    with pytest.raises(InputError, match="line 202: cannot be labelled"):
        label_file(Fails(model.trained), str(file), str(tmp_path / "out.csv"), processes=3)
    assert list(temporary.iterdir()) == []


def test_the_place_of_a_text_that_fails_is_found(model):
    with pytest.raises(RowError) as error:
        answer(Fails(model.trained), ["a", "forbidden", "b"])
    assert (error.value.row, error.value.reason) == (1, "ZeroDivisionError: no")


@pytest.mark.skipif(os.name != "posix", reason="no SIGKILL here")
def test_a_process_that_is_killed_is_told_in_one_line(model, file, tmp_path):
    file.write_text(CSV.replace("1500,Key", "1500,deadly"))
    with pytest.raises(InputError, match=r"ended before its time .* --processes 1"):
        label_file(Dies(model.trained), str(file), str(tmp_path / "out.csv"), processes=2)
    assert [p.name for p in tmp_path.iterdir()] == ["in.csv"]


@pytest.mark.skipif(os.name != "posix", reason="signals of a terminal")
def test_ctrl_c_ends_all_processes_and_leaves_nothing(tmp_path):
    source = tmp_path / "in.csv"
    source.write_text("id,text\n" + "".join(f"{i},{ROWS[i % 3000]}\n" for i in range(400_000)))
    command = [sys.executable, "-m", "kpoclf", "label", str(source), "-o", str(tmp_path / "o.csv")]
    running = subprocess.Popen(
        [*command, "--processes", "2"],
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env=os.environ | {"TMPDIR": str(tmp_path)},
    )
    time.sleep(2.5)
    os.killpg(running.pid, signal.SIGINT)  # as a terminal does, to every process
    _, said = running.communicate(timeout=60)
    assert running.returncode == 130
    assert "Traceback" not in said
    assert [p.name for p in tmp_path.iterdir()] == ["in.csv"]


def test_more_processes_only_where_they_pay(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda who: set(range(64)), raising=False)
    assert usual_processes(1 << 20) == 1
    assert usual_processes(None) == 1
    assert usual_processes(1 << 30) == 8
    monkeypatch.delattr(os, "sched_getaffinity")
    monkeypatch.setattr(parallel, "os", SimpleNamespace(cpu_count=lambda: 2))
    assert usual_processes(1 << 30) == 2
