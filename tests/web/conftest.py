"""The application on synthetic settings, and clients that speak to it as a browser would."""

from __future__ import annotations

import socket
import threading
import time

import pytest

pytest.importorskip("starlette", reason="needs the extra web")

import uvicorn
from starlette.testclient import TestClient

from kpoclf.review.queue import Candidate, ReviewQueue
from kpoclf.web.app import create_app
from kpoclf.web.server import _Impatient
from kpoclf.web.settings import Settings

HOST = "127.0.0.1:8000"
ORIGIN = f"http://{HOST}"


@pytest.fixture
def settings(tmp_path):
    """Settings as they come, with a folder for files."""
    folder = tmp_path / "held"
    folder.mkdir()
    return Settings(str(folder))


@pytest.fixture
def connect(shipped_model):
    """Clients of applications with given settings; what they began is stopped."""
    opened = []

    def call(settings, queue=None, model=shipped_model, **headers):
        client = TestClient(
            create_app(model, settings, queue),
            base_url=ORIGIN,
            headers=headers,
            raise_server_exceptions=False,
            follow_redirects=False,
        )
        opened.append(client.__enter__())
        return client

    yield call
    for client in opened:
        client.__exit__(None, None, None)


@pytest.fixture
def program(connect, settings):
    """A client that sends what a program sends."""
    return connect(settings)


@pytest.fixture
def browser(connect, settings):
    """A client that sends what a browser sends from a page of the server."""
    return connect(settings, origin=ORIGIN, **{"sec-fetch-site": "same-origin"})


@pytest.fixture
def queue(tmp_path):
    """A review queue of three texts."""
    found = ReviewQueue(tmp_path / "review.db", create=True)
    found.add(
        [
            Candidate(text=text, label="BPO", confidence=0.6, status="review", source="ads.csv")
            for text in (
                "Key the invoices into the ledger.",
                "Advise <b>the board</b> on capital.",
                "Paint the fence behind the warehouse.",
            )
        ]
    )
    return found


@pytest.fixture
def live(shipped_model, settings):
    """Starts the application on a real socket; gives its port."""
    servers = []

    def call(given=settings, queue=None, model=shipped_model, patience=None):
        protocol = _Impatient
        if patience is not None:
            protocol = type("Impatient", (_Impatient,), {"patience": patience})
        taken = socket.create_server(("127.0.0.1", 0))
        config = uvicorn.Config(
            create_app(model, given, queue), http=protocol, ws="none", log_level="error"
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [taken]})
        thread.start()
        servers.append((server, thread))
        while not server.started:
            time.sleep(0.01)
        return taken.getsockname()[1]

    yield call
    for server, thread in servers:
        server.should_exit = True
        thread.join()


@pytest.fixture(scope="session")
def chromium(tmp_path_factory):
    """A browser that all tests use in turn."""
    from browsing import chrome

    with chrome(tmp_path_factory.mktemp("chromium")) as found:
        yield found
