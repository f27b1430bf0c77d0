"""``kpoclf serve``: what it refuses, in one line."""

import sys

import pytest

pytest.importorskip("starlette", reason="needs the extra web")

from kpoclf.cli import serve
from kpoclf.web import server


@pytest.fixture
def started(monkeypatch):
    """What the server would have been started with."""
    found = {}

    def begin(address, model, queue, **options):
        address.socket.close()
        found.update(options, address=address, model=model, queue=queue)
        options["ready"]()

    monkeypatch.setattr(server, "serve", begin)
    return found


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KPOCLF_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("KPOCLF_TOKEN", raising=False)


@pytest.mark.parametrize("package", ["starlette", "uvicorn", "jinja2", "markdown_it"])
def test_a_missing_extra_is_named(run, monkeypatch, package):
    for name in list(sys.modules):
        if name.startswith("kpoclf.web"):
            monkeypatch.delitem(sys.modules, name)
    for name in [package, *(n for n in sys.modules if n.startswith(package + "."))]:
        monkeypatch.setitem(sys.modules, name, None)
    done = run("serve", "--no-browser", "--port", "0")
    assert done.code == 2
    assert done.out == ""
    assert done.err.count("\n") == 1
    assert "pip install 'jinja2>=3.1' 'markdown-it-py>=3' " in done.err
    assert done.err.endswith(" (the extra kpoclf[web])\n")
    assert package.replace("markdown_it", "markdown-it-py") in done.err


@pytest.mark.parametrize(
    "token", ["short", "0123456789abcde", "with space 0123456789", "é" * 20, ""]
)
def test_a_token_that_is_too_easy_is_refused(run, token):
    done = run("serve", "--no-browser", "--port", "0", "--token", token)
    assert done.code == 2
    assert "--token: give 16 or more" in done.err


def test_a_queue_that_is_not_there_is_refused(run):
    done = run("serve", "--no-browser", "--port", "0", "--queue", "nowhere.db")
    assert done.code == 2
    assert "nowhere.db" in done.err
    assert "kpoclf review add" in done.err


def test_on_this_machine_alone_no_token_is_needed(run, started):
    done = run("serve", "--no-browser", "--port", "0")
    assert done.code == 0
    assert (started["token"], started["queue"]) == (None, None)
    assert f"http://127.0.0.1:{started['address'].port}/ " in done.err


def test_elsewhere_a_token_is_made_and_printed(run, started):
    done = run("serve", "--no-browser", "--port", "0", "--host", "0.0.0.0")  # noqa: S104
    assert len(started["token"]) == 32
    assert f"?token={started['token']}" in done.err


def test_a_token_that_was_given_is_not_printed(run, started, monkeypatch):
    given = "0123456789abcdef"
    done = run("serve", "--no-browser", "--port", "0", "--host", "0.0.0.0", "--token", given)  # noqa: S104
    assert started["token"] == given
    assert given not in done.err
    monkeypatch.setenv("KPOCLF_TOKEN", given[::-1])
    run("serve", "--no-browser", "--port", "0")
    assert started["token"] == given[::-1]


def test_the_queue_of_the_folder_is_found(run, started, tmp_path):
    from kpoclf.review.queue import DEFAULT_QUEUE, ReviewQueue

    ReviewQueue(tmp_path / DEFAULT_QUEUE, create=True)
    run("serve", "--no-browser", "--port", "0")
    assert str(started["queue"]) == DEFAULT_QUEUE


def test_a_browser_is_opened_only_where_somebody_sits(run, started, monkeypatch):
    opened = []
    monkeypatch.setattr(serve.webbrowser, "open", opened.append)
    monkeypatch.setattr(serve, "_has_browser", lambda: True)
    run("serve", "--port", "0", "--token", "0123456789abcdef")
    assert opened == [f"{started['address'].url}?token=0123456789abcdef"]
    run("serve", "--port", "0", "--no-browser")
    monkeypatch.setattr(serve, "_has_browser", lambda: False)
    run("serve", "--port", "0")
    assert len(opened) == 1
