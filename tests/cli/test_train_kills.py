"""`kpoclf train` killed while it writes, adds and promotes: folder and store hold whole models."""

import os
import random
import signal
import subprocess
import sys
import time

import pytest

import kpoclf
from kpoclf.model.store import Store

KILLS = int(os.environ.get("KPOCLF_KILLS", "3"))
# What takes a minute and writes nothing, comparing and fitting, is left out; the rest is the command.
COMMAND = """
import sys
from dataclasses import replace
from kpoclf.cli.main import main
from kpoclf.judge.model import Model, load
from kpoclf.learn import train as module
from kpoclf.learn.compare import Comparison, Side
from kpoclf.learn.figures import Figure
from kpoclf.learn.gate import judge

none = Figure(0.0, (0.0, 0.0), 9)
side = Side("current rows", 9, "accuracy", {"accuracy": none}, {"accuracy": none}, none)
comparison = Comparison((side,), 9, 9, False)
found = module.Training(None, comparison, judge(comparison))
model = Model(replace(load().trained, corpus={"rows": int(sys.argv[1])}))
model.id

def quick(files, fit, **options):
    assert fit(found)
    return replace(found, model=model)

module.train = quick
print("ready", flush=True)
main(["train", *sys.argv[2:]])
"""


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="SIGKILL")
def test_a_training_that_is_killed_leaves_no_half_model(tmp_path, home):
    new, target = tmp_path / "new.csv", tmp_path / "model"
    new.write_text("text,label\n")
    rng = random.Random(0)  # noqa: S311
    longest = 1.0
    for number in range(KILLS + 1):
        arguments = [str(number), str(new), "--promote", "-o", str(target)]
        child = subprocess.Popen(
            [sys.executable, "-c", COMMAND, *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        assert child.stdout.readline() == b"ready\n"
        started = time.monotonic()
        if number:
            time.sleep(rng.uniform(0, longest))
            child.send_signal(signal.SIGKILL)
        child.communicate()
        if not number:  # the first is left to end: it says how long the rest may take
            assert child.returncode == 0
            longest = time.monotonic() - started
        assert kpoclf.load("current").trained.corpus["rows"] <= number
        assert all(Store().read(version.name) for version in Store().versions())
        if target.exists():
            assert kpoclf.load(target).trained.corpus["rows"] <= number
