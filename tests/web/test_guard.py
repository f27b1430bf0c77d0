"""Attacks on the server: what must not happen does not."""

import dataclasses
import http.client
import json
import socket
import time
from contextlib import closing

import pytest

from kpoclf.web.guard import COOKIE

LABEL = "/api/v1/label"
JSON = {"content-type": "application/json"}
BODY = b'{"texts": ["a"]}'
TOKEN = "0123456789abcdef0123"  # noqa: S105


def label(client, body=BODY, **headers):
    return client.post(LABEL, content=body, headers=JSON | headers)


# DNS rebinding: a page of evil.example, whose name was bent to 127.0.0.1.


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:8000",
        "127.0.0.1.evil.example",
        "localhost.evil.example:8000",
        "evil.example@127.0.0.1:8000.evil.example",
        "[::1",
        "",
        "localhost, evil.example",
    ],
)
@pytest.mark.parametrize("path", ["/", "/api/v1/health", "/review", "/static/page.js"])
def test_a_name_that_is_not_ours_gets_nothing(program, host, path):
    answer = program.get(path, headers={"host": host})
    assert answer.status_code == 421
    assert "allow-host" in answer.text


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:9", "127.0.0.1:8000", "[::1]:8000"])
def test_the_names_of_this_machine_are_answered(program, host):
    assert program.get("/api/v1/health", headers={"host": host}).status_code == 200


def test_a_name_that_was_allowed_is_answered(connect, settings):
    program = connect(dataclasses.replace(settings, names=("Jobs.example",)))
    assert program.get("/api/v1/health", headers={"host": "jobs.example"}).status_code == 200
    assert program.get("/api/v1/health", headers={"host": "x.jobs.example"}).status_code == 421


# A page of another site makes the browser send a request.


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://evil.example"},
        {"origin": "http://127.0.0.1:9999"},
        {"origin": "http://127.0.0.1"},
        {"origin": "null"},
        {"origin": "file://127.0.0.1:8000"},
        {"origin": "http://["},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"sec-fetch-site": "cross-site", "origin": "http://127.0.0.1:8000"},
        {
            "sec-fetch-site": "cross-site",
            "sec-fetch-mode": "navigate",
            "sec-fetch-dest": "document",
        },
    ],
)
@pytest.mark.parametrize("path", ["/", "/files", "/review", "/review/name", LABEL])
def test_another_site_cannot_post(program, path, headers):
    answer = program.post(path, data={"text": "a", "answer": "KPO"}, headers=headers)
    assert answer.status_code == 403
    assert "another site" in answer.text


def test_another_site_cannot_read_but_may_link(program):
    cross = {"sec-fetch-site": "cross-site"}
    assert program.get("/api/v1/model", headers=cross).status_code == 403
    framed = cross | {"sec-fetch-mode": "navigate", "sec-fetch-dest": "iframe"}
    assert program.get("/", headers=framed).status_code == 403
    link = cross | {"sec-fetch-mode": "navigate", "sec-fetch-dest": "document"}
    assert program.get("/", headers=link).status_code == 200


@pytest.mark.parametrize("path", ["/", "/files", "/review", "/review/name"])
def test_a_form_that_does_not_say_where_it_comes_from_is_refused(program, path):
    answer = program.post(path, data={"text": "a"})
    assert answer.status_code == 403
    assert "Origin" in answer.text


def test_programs_and_our_own_pages_may_post(program, browser):
    assert label(program).status_code == 200
    assert label(program, **{"sec-fetch-site": "none"}).status_code == 200
    assert label(browser).status_code == 200
    assert browser.post("/", data={"text": "Audit the books."}).status_code == 200


def test_no_other_site_is_invited(program):
    asks = {"origin": "http://evil.example", "access-control-request-method": "POST"}
    answer = program.options(LABEL, headers=asks)
    assert answer.status_code == 403
    assert not any(name.startswith("access-control") for name in answer.headers)


@pytest.mark.parametrize("path", ["/", "/nope", "/api/v1/health", "/api/x", "/static/page.css"])
def test_every_answer_says_what_a_browser_may_do_with_it(program, path):
    headers = program.get(path).headers
    policy = headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'self';")
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert "base-uri 'none'" in policy
    assert "form-action 'self'" in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert headers["cache-control"] == "no-store"
    assert "server" not in headers


def test_refusals_and_faults_have_these_headers_too(connect, settings, tiny_model):
    tiny_model.judge = None
    client = connect(settings, model=tiny_model)
    for answer in (
        client.get("/", headers={"host": "evil.example"}),
        client.post("/", headers={"origin": "http://evil.example"}),
        label(client),
    ):
        assert answer.status_code in (421, 403, 500)
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert answer.headers["x-content-type-options"] == "nosniff"


# Other machines.


@pytest.fixture
def secured(settings):
    return dataclasses.replace(settings, token=TOKEN)


PAGES = ["/", "/files", "/review", "/model", "/api", "/openapi.json", "/api/v1/model"]


@pytest.mark.parametrize("path", [*PAGES, "/nope", "//static/../", "/api/v1/health/"])
def test_without_the_token_there_is_nothing_to_see(connect, secured, path):
    answer = connect(secured).get(path)
    assert answer.status_code == 401
    assert TOKEN not in answer.text


@pytest.mark.parametrize("path", ["/", "/files", "/review", "/review/name", LABEL])
@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"authorization": "Bearer "},
        {"authorization": "Bearer " + TOKEN[:-1]},
        {"authorization": TOKEN},
        {"authorization": "Basic " + TOKEN},
        {"authorization": "Bearer é".encode()},
        {"cookie": f"{COOKIE}=x"},
        {"cookie": f'{COOKIE}="\\'},
        {"cookie": f"a={TOKEN}"},
    ],
)
def test_without_the_token_nothing_is_written(connect, secured, queue, path, headers):
    client = connect(secured, queue, origin="http://127.0.0.1:8000")
    answer = client.post(f"{path}?token={TOKEN}", data={"answer": "KPO"}, headers=headers)
    assert answer.status_code == 401
    assert queue.decisions() == []


def test_the_token_opens_the_door_to_a_program(connect, secured):
    client = connect(secured)
    assert label(client, authorization=f"Bearer {TOKEN}").status_code == 200
    assert (
        client.get("/api/v1/model", headers={"authorization": f"bearer {TOKEN}"}).status_code == 200
    )
    assert label(client).headers["www-authenticate"] == "Bearer"
    assert client.get("/api/v1/health").status_code == 200


def test_the_token_in_the_address_becomes_a_cookie(connect, secured):
    client = connect(secured)
    answer = client.get(f"/review?which=new&token={TOKEN}")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/review?which=new"
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert client.get("/review").status_code == 200


def test_a_wrong_token_is_told_and_asked_for_again(connect, secured):
    answer = connect(secured).get("/?token=wrong")
    assert answer.status_code == 401
    assert "This is not the token." in answer.text
    assert 'type="password"' in answer.text


def test_the_way_in_leads_to_no_other_site(connect, secured):
    for path in ("//evil.example/", "/\\evil.example"):
        answer = connect(secured).get(f"http://127.0.0.1:8000{path}?token={TOKEN}")
        assert answer.headers["location"] == "/evil.example" + path[len("//evil.example") :]


# Too large, too slow.


def test_a_body_whose_length_is_too_large_is_refused_before_it_comes(live, settings):
    port = live(dataclasses.replace(settings, max_bytes=1000))
    with socket.create_connection(("127.0.0.1", port), 10) as sent:
        head = f"POST {LABEL} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        sent.sendall(f"{head}Content-Length: 1001\r\n\r\n".encode())
        assert sent.recv(1000).startswith(b"HTTP/1.1 413 ")


def chunked(port, body, path=LABEL, kind="application/json"):
    origin = {"Origin": f"http://127.0.0.1:{port}", "Content-Type": kind}
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=10)) as connection:
        connection.request("POST", path, body, origin, encode_chunked=True)
        with connection.getresponse() as answer:
            return answer.status, answer.read()


def test_a_chunked_body_is_measured_as_it_comes(live, settings):
    port = live(dataclasses.replace(settings, max_bytes=100_000))
    part = b" " * 10_000
    taken = 0

    def endless():
        nonlocal taken
        while True:
            taken += len(part)
            yield part

    try:
        status, body = chunked(port, endless())
        assert status == 413
        assert b"100,000 bytes" in body
    except OSError:  # the server hung up
        pass
    assert taken < 20_000_000
    assert chunked(port, iter([BODY]))[0] == 200


def test_a_chunked_body_just_too_large_gets_its_answer(live, settings):
    port = live(dataclasses.replace(settings, max_bytes=100, max_upload_bytes=1000))
    status, body = chunked(port, iter([b" " * 60, b" " * 41]))
    assert (status, list(json.loads(body))) == (413, ["error"])
    boundary = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\n'
    form = iter([boundary, b"text\n", b"a" * 1000, b"\r\n--x--\r\n"])
    status, _ = chunked(port, form, "/files", "multipart/form-data; boundary=x")
    assert status == 413


@pytest.mark.parametrize("length", ["-1", "1e3", "٣", "99999999999999999999"])
def test_a_length_that_is_none_is_refused(program, length):
    answer = program.post(LABEL, content=BODY, headers=JSON | {"content-length": length.encode()})
    assert answer.status_code == 413


def test_a_body_that_comes_too_slowly_is_given_up(live, settings):
    port = live(dataclasses.replace(settings, max_seconds=0.5))
    with socket.create_connection(("127.0.0.1", port), 10) as sent:
        head = f"POST {LABEL} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        sent.sendall(f"{head}Content-Length: 100\r\n\r\n".encode())
        began = time.monotonic()
        sent.settimeout(0.1)
        answer = b""
        while not answer and time.monotonic() - began < 8:
            try:
                sent.sendall(b" ")  # a byte at a time: no single pause is long
                answer = sent.recv(1000)
            except TimeoutError:
                pass
        assert answer.startswith(b"HTTP/1.1 408 ")
        assert time.monotonic() - began < 5


@pytest.mark.parametrize("start", [b"", b"GET / HTTP/1.1\r\nHost: local"])
def test_a_header_that_does_not_come_is_given_up(live, start):
    port = live(patience=0.5)
    with socket.create_connection(("127.0.0.1", port), 10) as sent:
        sent.sendall(start)
        assert sent.recv(1000) == b""


def test_a_second_header_that_comes_byte_by_byte_is_given_up(live):
    port = live(patience=0.5)
    with socket.create_connection(("127.0.0.1", port), 10) as sent:
        sent.sendall(b"GET /api/v1/health HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert sent.recv(5000).startswith(b"HTTP/1.1 200 ")
        sent.settimeout(0.1)
        began = time.monotonic()
        ended = False
        while not ended and time.monotonic() - began < 8:
            try:
                sent.sendall(b"G")
                ended = sent.recv(1000) == b""
            except TimeoutError:
                pass
            except OSError:
                ended = True
        assert ended
        assert time.monotonic() - began < 5


def test_a_long_pause_within_the_limits_is_no_reason_to_hang_up(live):
    port = live(patience=0.3)
    with socket.create_connection(("127.0.0.1", port), 10) as sent:
        head = f"POST {LABEL} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        sent.sendall(f"{head}Content-Length: {len(BODY)}\r\n\r\n".encode())
        time.sleep(0.6)
        sent.sendall(BODY)
        assert sent.recv(1000).startswith(b"HTTP/1.1 200 ")
