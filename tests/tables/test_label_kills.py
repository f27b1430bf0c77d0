"""``kpoclf label`` killed at any moment: the old output or the whole new one, never half a file."""

import os
import random
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

KILLS = int(os.environ.get("KPOCLF_KILLS", "5"))

ROWS = "".join(f"{i},Key invoice {i} into the ledger and advise the board\n" for i in range(20_000))


def alive(session):
    """Processes of a session, where the system tells."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            state, _, _, of = stat.read_text().rpartition(")")[2].split()[:4]
            if int(of) == session and state != "Z":
                found.append(int(stat.parent.name))
    return found


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="SIGKILL")
@pytest.mark.parametrize("processes", ["1", "2"])
def test_a_kill_leaves_the_old_output_or_the_whole_new_one(tmp_path, processes):
    source, target = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_text("id,text\n" + ROWS)
    command = [sys.executable, "-m", "kpoclf", "label", str(source), "-o", str(target), "-q"]
    command += ["--processes", processes]
    begin = time.monotonic()
    subprocess.run(command, check=True)
    usual = time.monotonic() - begin
    whole = target.read_bytes()
    rng = random.Random(processes)  # noqa: S311
    old = b"what was there before\n"
    kept = 0
    sessions = []
    for _ in range(KILLS):
        target.write_bytes(old)
        running = subprocess.Popen(
            command, env=os.environ | {"TMPDIR": str(tmp_path)}, start_new_session=True
        )
        sessions.append(running.pid)
        time.sleep(rng.uniform(0, 1.1 * usual))
        running.send_signal(signal.SIGKILL)
        running.wait()
        found = target.read_bytes()
        assert found in (old, whole)
        kept += found == old
    assert kept, "every run had ended before it was killed"
    deadline = time.monotonic() + 30
    while left := [pid for session in sessions for pid in alive(session)]:
        assert time.monotonic() < deadline, f"processes {left} outlive the one that began them"
        time.sleep(0.2)
    assert source.read_text() == "id,text\n" + ROWS
