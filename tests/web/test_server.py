"""The server as a process: its socket, its processes, its end."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx2 as httpx
import pytest

from kpoclf.errors import InputError
from kpoclf.web.server import listen
from kpoclf.web.settings import is_loopback

SERVE = [sys.executable, "-m", "kpoclf", "serve", "--no-browser", "--port", "0"]


@pytest.fixture
def start(tmp_path):
    """Starts ``kpoclf serve`` with options; gives its process and its first line."""
    begun = []

    def call(*options):
        environment = os.environ | {"TMPDIR": str(tmp_path), "KPOCLF_HOME": str(tmp_path / "home")}
        process = subprocess.Popen(
            [*SERVE, *options], stderr=subprocess.PIPE, text=True, cwd=tmp_path, env=environment
        )
        begun.append(process)
        return process, process.stderr.readline()

    yield call
    for process in begun:
        process.kill()
        process.communicate()


def health(url):
    until = time.monotonic() + 30
    while True:
        try:
            return httpx.get(f"{url}api/v1/health", timeout=30).json()
        except httpx.TransportError:
            assert time.monotonic() < until
            time.sleep(0.1)


@pytest.mark.parametrize(
    ("ending", "options"),
    [
        (signal.SIGTERM, ()),
        pytest.param(signal.SIGINT, (), marks=pytest.mark.slow),
        pytest.param(signal.SIGTERM, ("--workers", "2"), marks=pytest.mark.slow),
        pytest.param(signal.SIGINT, ("--workers", "2"), marks=pytest.mark.slow),
    ],
)
def test_it_names_its_model_and_leaves_nothing_behind(
    start, tmp_path, shipped_model, ending, options
):
    process, line = start(*options)
    told = re.fullmatch(r"kpoclf: model (\w+) at (http://127\.0\.0\.1:\d+/) \(Ctrl-C .*\)\n", line)
    assert told[1] == shipped_model.id
    assert health(told[2])["model"] == shipped_model.id
    assert len(list(tmp_path.glob("kpoclf-serve-*"))) == 1
    (folder,) = tmp_path.glob("kpoclf-serve-*")
    assert folder.stat().st_mode & 0o077 == 0
    process.send_signal(ending)
    _, rest = process.communicate(timeout=30)
    assert (process.returncode, rest) == (0, "")
    assert list(tmp_path.glob("kpoclf-serve-*")) == []


@pytest.mark.slow
def test_bound_elsewhere_it_makes_a_token_and_wants_it(start):
    _, line = start("--host", "0.0.0.0")  # noqa: S104
    token = re.search(r"/\?token=([0-9a-f]{32}) ", line)[1]
    port = re.search(r":(\d+)/", line)[1]
    url = f"http://127.0.0.1:{port}/"
    assert health(url)
    assert httpx.get(f"{url}api/v1/model").status_code == 401
    known = {"authorization": f"Bearer {token}"}
    assert httpx.get(f"{url}api/v1/model", headers=known).status_code == 200


def test_a_port_that_is_taken_is_told(run):
    with listen("127.0.0.1", 0).socket as taken:
        port = taken.getsockname()[1]
        done = run("serve", "--no-browser", "--port", port)
    assert done.code == 2
    assert done.err == (
        f"kpoclf: 127.0.0.1:{port}: cannot listen there (Address already in use); "
        "choose another --port\n"
    )


def test_a_host_that_is_not_ours_is_told():
    with pytest.raises(InputError, match=r"--host no-such-host\.invalid: "):
        listen("no-such-host.invalid", 0)
    with pytest.raises(InputError, match=r"203\.0\.113\.5:0: cannot listen there"):
        listen("203.0.113.5", 0)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "::1", "localhost"])
def test_loopback_is_known(host):
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "example.org", ""])  # noqa: S104
def test_what_others_can_reach_is_known(host):
    assert not is_loopback(host)


@pytest.mark.slow
def test_fifty_clients_get_pythons_answers_from_two_processes_in_bounded_memory():
    sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks"))
    try:
        from serve import measure
    finally:
        sys.path.pop(0)
    found = measure(workers=2, clients=50, seconds=4, texts=10)
    assert found["errors"] == []
    assert found["requests"] > 50
    _, first, second = found["memory, MB"]
    assert second < first + 60
    assert second < 900


def test_a_connection_too_many_is_told_so_as_json(live, monkeypatch):
    port = live()
    monkeypatch.setattr("kpoclf.web.server._Impatient.most_connections", 2)
    clients = [httpx.Client(base_url=f"http://127.0.0.1:{port}") for _ in range(3)]
    answers = [client.get("/api/v1/health") for client in clients]
    assert [answer.status_code for answer in answers] == [200, 200, 503]
    assert answers[2].json() == {"error": "too many requests wait already; try again in a second"}
    assert answers[2].headers["retry-after"] == "1"
    clients[0].close()
    until = time.monotonic() + 10
    while clients[2].get("/api/v1/health").status_code == 503:
        assert time.monotonic() < until
        time.sleep(0.05)
    for client in clients:
        client.close()
