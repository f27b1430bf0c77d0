"""How the HTTP API does under load: answers a second, latencies, memory, errors.

    python benchmarks/serve.py [--workers N] [--clients N] [--seconds S] [--texts N] [--json FILE]

Clients wait for each answer before they send the next request; every answer is compared with Python's.
Absolute times mean nothing on a shared machine.
"""

from __future__ import annotations

import http.client
import json
import random
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import click
import numpy as np

import kpoclf
from kpoclf.corpus.rows import read_corpus

_SAMPLE = 400  # texts that the clients draw from


@contextmanager
def running(workers: int) -> Iterator[tuple[int, subprocess.Popen[str]]]:
    """A server of its own process, and its port."""
    command = [sys.executable, "-m", "kpoclf", "serve", "--no-browser", "--port", "0"]
    command += ["--model", "shipped", "--workers", str(workers)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as server:  # noqa: S603
        try:
            assert server.stderr is not None  # noqa: S101
            line = server.stderr.readline()
            port = int(line.split("http://")[1].split(":")[1].split("/")[0])
            threading.Thread(target=server.stderr.read, daemon=True).start()
            _wait(port)
            yield port, server
        finally:
            server.terminate()


def _wait(port: int) -> None:
    until = time.monotonic() + 60
    while True:
        try:
            with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=60)) as asked:
                asked.request("GET", "/api/v1/health")
                asked.getresponse().read()
                return
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.1)


def memory(pid: int) -> float:
    """Megabytes that a process and those below it hold together, shared pages split (Linux)."""
    folder = Path("/proc", str(pid))
    try:
        told = (folder / "smaps_rollup").read_text(encoding="ascii")
        below = (folder / "task" / str(pid) / "children").read_text(encoding="ascii").split()
    except OSError:
        return float("nan")
    own = int(next(line for line in told.splitlines() if line.startswith("Pss:")).split()[1])
    return own / 1024 + sum(memory(int(child)) for child in below)


class Client(threading.Thread):
    """Sends one request after the other."""

    def __init__(
        self, port: int, until: float, texts: Sequence[str], wanted: Any, n: int, seed: int
    ):
        super().__init__(daemon=True)
        self.port, self.until, self.texts, self.wanted, self.n = port, until, texts, wanted, n
        self.random = random.Random(seed)  # noqa: S311
        self.seconds: list[float] = []
        self.errors: list[str] = []

    def run(self) -> None:
        """Until the time is over; a health check is asked now and then."""
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)) as asked:
            while time.monotonic() < self.until:
                chosen = [self.random.randrange(len(self.texts)) for _ in range(self.n)]
                body = json.dumps({"texts": [self.texts[i] for i in chosen]})
                began = time.perf_counter()
                try:
                    asked.request(
                        "POST", "/api/v1/label", body, {"Content-Type": "application/json"}
                    )
                    answer = asked.getresponse()
                    found = json.loads(answer.read())
                except (OSError, ValueError, http.client.HTTPException) as error:
                    self.errors.append(repr(error))
                    continue
                self.seconds.append(time.perf_counter() - began)
                if answer.status != 200:
                    self.errors.append(f"{answer.status}: {found}")
                elif [r["confidence"] for r in found["results"]] != [
                    self.wanted[i] for i in chosen
                ]:
                    self.errors.append("other answers than Python's")


def measure(workers: int, clients: int, seconds: float, texts: int) -> dict[str, Any]:
    """Put a server under load twice, so that memory that grows shows.

    Returns
    -------
    dict
        Requests, errors, requests a second, 50th, 95th and 99th percentile and maximum of the
        latency in milliseconds, and memory in megabytes before, after the first and after the second
        run.
    """
    sample = [row.text for row in random.Random(0).sample(list(read_corpus()), _SAMPLE)]  # noqa: S311
    wanted = kpoclf.load().label(sample)["confidence"].tolist()
    held, times, errors = [], [], []
    with running(workers) as (port, server):
        held.append(memory(server.pid))
        for turn in range(2):
            until = time.monotonic() + seconds
            threads = [
                Client(port, until, sample, wanted, texts, clients * turn + i)
                for i in range(clients)
            ]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            held.append(memory(server.pid))
            times += [t for thread in threads for t in thread.seconds]
            errors += [e for thread in threads for e in thread.errors]
    milliseconds = 1000 * np.array(times)
    p50, p95, p99 = np.percentile(milliseconds, [50, 95, 99]).round(1).tolist()
    return {
        "workers": workers,
        "clients": clients,
        "texts in a request": texts,
        "requests": len(times),
        "errors": errors,
        "requests a second": round(len(times) / (2 * seconds), 1),
        "latency, ms": {"p50": p50, "p95": p95, "p99": p99, "max": round(milliseconds.max(), 1)},
        "memory, MB": [round(x) for x in held],
    }


@click.command()
@click.option("--workers", default=2, show_default=True)
@click.option("--clients", default=50, show_default=True)
@click.option("--seconds", default=10.0, show_default=True, help="Of each of two runs.")
@click.option("--texts", default=10, show_default=True, help="In a request.")
@click.option("--json", "target", type=click.Path(path_type=Path), help="Also write the figures.")
def main(workers: int, clients: int, seconds: float, texts: int, target: Path | None) -> None:
    """Measure the server and print what was found; exit code 1 on any error."""
    found = measure(workers, clients, seconds, texts)
    told = json.dumps(found, indent=1)
    click.echo(told)
    if target is not None:
        target.write_text(told + "\n", encoding="utf-8")
    sys.exit(bool(found["errors"]))


if __name__ == "__main__":
    main()
