"""The server: a socket, one process or several, and what they share."""

from __future__ import annotations

import contextlib
import functools
import os
import signal
import socket
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import h11
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.supervisors import Multiprocess

from kpoclf.errors import InputError
from kpoclf.judge.model import load
from kpoclf.review.queue import DEFAULT_QUEUE, ReviewQueue
from kpoclf.web.answers import refusal
from kpoclf.web.app import create_app
from kpoclf.web.settings import Settings, is_loopback
from kpoclf.web.work import BUSY

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    from starlette.types import Receive, Scope, Send

    from kpoclf.judge.model import Model
    from kpoclf.web.guard import Guard

__all__ = ["Address", "listen", "serve"]

_SHUTDOWN_SECONDS = 5


@dataclass(frozen=True)
class Address:
    """Where the server listens.

    Attributes
    ----------
    socket : socket.socket
    host : str
    port : int
    """

    socket: socket.socket
    host: str
    port: int

    @property
    def url(self) -> str:
        """What to type into a browser."""
        name = socket.gethostname() if self.host in ("0.0.0.0", "::") else self.host  # noqa: S104
        return f"http://{f'[{name}]' if ':' in name else name}:{self.port}/"


def listen(host: str, port: int) -> Address:
    """Take a port.

    Parameters
    ----------
    host : str
    port : int
        0: any that is free.

    Returns
    -------
    Address

    Raises
    ------
    InputError
        If the host is not of this machine or the port is taken.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except OSError as error:
        raise InputError(f"--host {host}: {error.strerror}") from None
    found = socket.socket(family, kind, protocol)
    if os.name == "posix":  # elsewhere it would let two servers share a port
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        found.bind(address)
        found.listen(2048)
    except OSError as error:
        found.close()
        raise InputError(
            f"{host}:{port}: cannot listen there ({error.strerror}); choose another --port"
        ) from None
    found.set_inheritable(True)
    return Address(found, host, found.getsockname()[1])


def serve(
    address: Address,
    model: Model,
    queue: Path | None,
    *,
    token: str | None = None,
    names: tuple[str, ...] = (),
    workers: int = 1,
    ready: Callable[[], object] = lambda: None,
) -> None:
    """Serve until the process is told to stop.

    Parameters
    ----------
    address : Address
    model : Model
    queue : pathlib.Path or None
        File of the review queue; None to take the usual one once it is there.
    token : str or None
    names : tuple of str
        As in `Settings`.
    workers : int
        Processes.
    ready : callable
        Called when the server is about to answer.
    """
    if not is_loopback(address.host):
        names = (*names, address.host, socket.gethostname())
    with tempfile.TemporaryDirectory(prefix="kpoclf-serve-") as folder:
        settings = Settings(folder, token, names, os.path.abspath(queue or DEFAULT_QUEUE))
        app: Any = functools.partial(create_app, model, settings, _opened(queue))
        if workers > 1:
            model.save(Path(folder, "model"))
            app = functools.partial(_app_of_worker, settings, queue)
        config = uvicorn.Config(
            app,
            factory=True,
            workers=workers,
            http=_Impatient,
            ws="none",
            lifespan="on",
            proxy_headers=False,
            server_header=False,
            access_log=False,
            log_level="warning",
            timeout_graceful_shutdown=_SHUTDOWN_SECONDS,
        )
        ready()
        # uvicorn stops at these signals, then raises them anew: the folder is to be removed.
        signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(0))
        with contextlib.suppress(KeyboardInterrupt):
            if workers > 1:
                Multiprocess(config, sockets=[address.socket]).run()
            else:
                uvicorn.Server(config).run(sockets=[address.socket])


def _opened(queue: Path | None) -> ReviewQueue | None:
    return None if queue is None else ReviewQueue(queue)


def _app_of_worker(settings: Settings, queue: Path | None) -> Guard:
    return create_app(load(Path(settings.folder, "model")), settings, _opened(queue))


async def _busy(scope: Scope, receive: Receive, send: Send) -> None:
    """Turns every request away, as uvicorn's own limit does, but in the words of the others."""
    answer = refusal(scope["path"], 503, BUSY)
    answer.headers.update({"connection": "close", "retry-after": "1"})
    await answer(scope, receive, send)


class _Impatient(H11Protocol):
    """Closes a connection whose request does not come, or comes byte by byte; takes so many at most."""

    patience = 20.0  # seconds for the header of a request
    most_connections = 300

    _header: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._served = self.app
        self._wait_for_header()

    def data_received(self, data: bytes) -> None:
        self.app = _busy if len(self.connections) > self.most_connections else self._served
        super().data_received(data)
        self._wait_for_header()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._stop_waiting()

    def _wait_for_header(self) -> None:
        if self.conn.their_state is not h11.IDLE:
            self._stop_waiting()
        elif self._header is None:
            self._header = self.loop.call_later(self.patience, self.transport.close)

    def _stop_waiting(self) -> None:
        if self._header is not None:
            self._header.cancel()
            self._header = None
