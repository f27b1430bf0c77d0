"""Several processes give what one gives, in order, and end cleanly whatever happens."""

import os
import signal
import subprocess
import sys
import time
from types import SimpleNamespace

import pytest

from kpoclf.errors import InputError
from kpoclf.judge.model import Model
from kpoclf.tables import parallel
from kpoclf.tables.answers import RowError, answer
from kpoclf.tables.label_file import label_file
from kpoclf.tables.parallel import answered, usual_processes

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


def test_batches_are_taken_as_they_are_needed(model):
    taken = []

    def batches():
        for i in range(20):
            taken.append(i)
            yield [f"Key form {i}"]

    done = answered(model, batches(), list, processes=2)
    first, _ = next(done)
    assert first == ["Key form 0"]
    assert len(taken) <= 6
    done.close()
    assert len(taken) <= 6


@pytest.mark.parametrize("processes", [1, 2])
def test_a_text_that_cannot_be_labelled_is_told_by_its_place(model, file, tmp_path, processes):
    file.write_text(CSV.replace("1500,Key", "1500,forbidden"))
    with pytest.raises(InputError) as error:
        label_file(Fails(model.trained), str(file), str(tmp_path / "out.csv"), processes=processes)
    assert str(error.value).endswith(
        "in.csv, line 1502: cannot be labelled (ZeroDivisionError: no)"
    )
    assert [p.name for p in tmp_path.iterdir()] == ["in.csv"]


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
