"""``kpoclf serve``: the web application and the HTTP API."""

from __future__ import annotations

import os
import secrets
import sys
import webbrowser
from pathlib import Path
from typing import TYPE_CHECKING

import click

from kpoclf.cli.model_option import model_option
from kpoclf.errors import InputError, MissingExtraError

if TYPE_CHECKING:
    from kpoclf.judge.model import Model

__all__ = ["command"]

_SHORTEST_TOKEN = 16
_PACKAGES = {"markdown_it": "markdown-it-py", "python_multipart": "python-multipart"}


@click.command("serve")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen at.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8000,
    show_default=True,
    help="Port; 0 takes any that is free.",
)
@click.option("--no-browser", is_flag=True, help="Do not open a browser.")
@click.option(
    "--queue",
    metavar="FILE",
    help="Review queue, as `kpoclf review add` makes it. [default: kpoclf-review.db, once it is there]",
)
@click.option(
    "--token",
    metavar="TOKEN",
    envvar="KPOCLF_TOKEN",
    help="What callers must know, 16 characters or more; KPOCLF_TOKEN in the environment does the "
    "same. [default: none on this machine alone, else one is made and printed]",
)
@click.option(
    "--allow-host",
    "names",
    metavar="NAME",
    multiple=True,
    help="A name that the server answers to, beside localhost and IP addresses; repeatable.",
)
@click.option(
    "--workers",
    metavar="N",
    type=click.IntRange(1, 64),
    default=1,
    show_default=True,
    help="Processes that answer; each needs some 90 MB.",
)
@model_option
def command(
    host: str,
    port: int,
    no_browser: bool,
    queue: str | None,
    token: str | None,
    names: tuple[str, ...],
    workers: int,
    model: Model,
) -> None:
    """Serve a local web page and an HTTP API, until Ctrl-C.

    The page explains a text, labels a file, shows the model, and is a way to work through the review
    queue; the API (described at /api) gives the answers of Python's Model.label and Model.explain.
    Nothing is loaded from elsewhere. Only this machine can reach it, unless --host says otherwise; then
    callers need a token. It speaks plain HTTP: on a network, put a proxy with TLS before it.

    \b
    kpoclf serve
    curl localhost:8000/api/v1/label --json '{"texts": ["Key invoices into the ledger."]}'
    """
    try:
        from kpoclf.web.server import listen, serve
        from kpoclf.web.settings import is_loopback
    except ImportError as error:
        missing = (error.name or "").split(".")[0]
        if not missing or missing == "kpoclf":
            raise
        raise MissingExtraError(_PACKAGES.get(missing, missing), "web") from None
    from kpoclf.review.queue import DEFAULT_QUEUE, ReviewQueue

    if token is not None and not (
        len(token) >= _SHORTEST_TOKEN and token.isascii() and token.isalnum()
    ):
        raise InputError(
            f"--token: give {_SHORTEST_TOKEN} or more letters and digits, or leave it out"
        )
    if queue is None and Path(DEFAULT_QUEUE).is_file():
        queue = DEFAULT_QUEUE
    if queue is not None:
        ReviewQueue(queue)  # tells what is wrong with it
    address = listen(host, port)
    made = token is None and not is_loopback(host)
    if made:
        token = secrets.token_hex(16)
    url = address.url + (f"?token={token}" if made else "")

    def ready() -> None:
        click.echo(f"kpoclf: model {model.id} at {url} (Ctrl-C stops it)", err=True)
        if not no_browser and _has_browser():
            webbrowser.open(address.url + (f"?token={token}" if token else ""))

    serve(
        address,
        model,
        None if queue is None else Path(queue),
        token=token,
        names=names,
        workers=workers,
        ready=ready,
    )


def _has_browser() -> bool:
    """Whether somebody sits at a screen: a browser in the terminal would be in the way."""
    shown = sys.platform in ("darwin", "win32") or any(
        os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY")
    )
    return shown and sys.stderr.isatty()
