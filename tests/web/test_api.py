"""The HTTP API: Python's answers, and one line for whatever cannot be answered."""

import dataclasses
import json
import math

import pytest

TEXTS = [
    "Reconcile supplier invoices and post them to the ledger.",
    "Search prior art and advise the inventor on novelty.",
    "Nurse patients after surgery.",
    "",
    None,
    "naïve 😀 advice on tax \ud800 law",
    "x" * 1000,
]


def post(client, path, content, **headers):
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    return client.post(path, content=body, headers={"content-type": "application/json"} | headers)


def refused(answer, status, part):
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/json"
    (error,) = answer.json().values()
    assert list(answer.json()) == ["error"]
    assert part in error
    assert "\n" not in error
    return True


def test_labels_are_those_of_python_to_the_last_digit(program, shipped_model):
    answer = post(program, "/api/v1/label", {"texts": TEXTS})
    assert answer.status_code == 200
    table = shipped_model.label(TEXTS)
    wanted = [
        row | {"service_confidence": None if math.isnan(c := row["service_confidence"]) else c}
        for row in table.to_dict("records")
    ]
    assert answer.json() == {"model": shipped_model.id, "results": wanted}
    assert list(answer.json()["results"][0]) == list(table.columns)


def test_an_explanation_is_that_of_python(program, shipped_model):
    for text in (TEXTS[0], TEXTS[5], ""):
        answer = post(program, "/api/v1/explain", {"text": text})
        assert answer.status_code == 200
        assert answer.json() == json.loads(json.dumps(shipped_model.explain(text).to_dict()))


def test_no_texts_have_no_results(program, shipped_model):
    answer = post(program, "/api/v1/label", {"texts": []})
    assert answer.json() == {"model": shipped_model.id, "results": []}


def test_health_and_model_name_the_model(program, shipped_model):
    assert program.get("/api/v1/health").json()["model"] == shipped_model.id
    told = program.get("/api/v1/model").json()
    assert told["model"] == shipped_model.id
    assert {s["label"] for s in told["services"]} == {"KPO", "BPO"}
    assert told["figures"]["label, macro_f1"]["n"] > 0


@pytest.mark.parametrize(
    ("body", "status", "part"),
    [
        (b"", 400, "not JSON"),
        (b'{"texts": ["a"]', 400, "not JSON"),
        (b"\xff\xfe", 400, "not JSON"),
        (b"[" * 100_000, 400, "nested too deeply"),
        (b'{"texts": [' + b"9" * 5000 + b"]}", 400, "not JSON"),
        (b"[]", 422, 'no object: send {"texts": ["one", "two"]}'),
        (b'"texts"', 422, "no object"),
        (b'{"text": "a"}', 422, "no key 'texts': send"),
        (b'{"texts": ["a"], "detail": true}', 422, "unknown key 'detail'"),
        (b'{"texts": "a"}', 422, "not a list"),
        (b'{"texts": {"0": "a"}}', 422, "not a list"),
        (b'{"texts": ["a", 1]}', 422, "texts[1] is int"),
        (b'{"texts": ["a", ["b"]]}', 422, "texts[1] is list"),
        (b'{"texts": [true]}', 422, "texts[0] is bool"),
    ],
)
def test_what_holds_no_texts_is_refused_in_one_line(program, body, status, part):
    assert refused(post(program, "/api/v1/label", body), status, part)


@pytest.mark.parametrize("body", [b'{"text": null}', b'{"text": ["a"]}', b'{"text": 1}'])
def test_what_is_no_text_is_not_explained(program, body):
    assert refused(post(program, "/api/v1/explain", body), 422, "no text")


def test_too_many_texts_are_refused(connect, settings):
    program = connect(dataclasses.replace(settings, max_texts=2))
    assert post(program, "/api/v1/label", {"texts": ["a", "b"]}).status_code == 200
    answer = post(program, "/api/v1/label", {"texts": ["a", "b", "c"]})
    assert refused(answer, 422, "at most 2")


def test_a_text_that_takes_too_long_to_explain_is_refused(connect, settings):
    program = connect(dataclasses.replace(settings, max_characters=10))
    assert post(program, "/api/v1/explain", {"text": "x" * 10}).status_code == 200
    assert refused(post(program, "/api/v1/explain", {"text": "x" * 11}), 422, "at most 10")


def test_only_json_is_taken(program):
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data"):
        answer = post(program, "/api/v1/label", {"texts": ["a"]}, **{"content-type": kind})
        assert refused(answer, 415, "application/json")
    kind = "Application/JSON; charset=utf-8"
    answer = post(program, "/api/v1/label", {"texts": ["a"]}, **{"content-type": kind})
    assert answer.status_code == 200


def test_what_is_not_there_is_told_as_json(program):
    assert refused(program.get("/api/v2/label"), 404, "/api/v2/label")


@pytest.mark.parametrize(
    ("method", "path", "allow", "told"),
    [
        ("GET", "/api/v1/label", "POST", "/api/v1/label takes POST, not GET; /api shows a call"),
        ("PUT", "/api/v1/explain", "POST", "takes POST, not PUT"),
        ("DELETE", "/api/v1/health", "GET, HEAD", "takes GET, not DELETE"),
        ("OPTIONS", "/openapi.json", "GET, HEAD", "takes GET, not OPTIONS"),
    ],
)
def test_a_wrong_method_is_told_the_right_one(program, method, path, allow, told):
    answer = program.request(method, path)
    assert refused(answer, 405, told)
    assert answer.headers["allow"] == allow


@pytest.mark.parametrize(
    ("path", "allow"),
    [("/", "GET, HEAD, POST"), ("/review/name", "POST"), ("/static/page.css", "GET, HEAD")],
)
def test_a_page_too_tells_every_method_it_takes(browser, path, allow):
    answer = browser.request("DELETE", path)
    assert (answer.status_code, answer.headers["allow"]) == (405, allow)
    assert answer.headers["content-type"].startswith("text/html")


def test_a_fault_of_the_server_is_told_in_one_line(connect, settings, tiny_model):
    tiny_model.judge = None
    program = connect(settings, model=tiny_model)
    assert refused(post(program, "/api/v1/label", {"texts": ["a"]}), 500, "log")


def test_when_too_many_wait_the_next_is_turned_away(connect, settings):
    program = connect(dataclasses.replace(settings, max_waiting=0))
    answer = post(program, "/api/v1/label", {"texts": ["a"]})
    assert refused(answer, 503, "wait")
    assert answer.headers["retry-after"] == "1"
    assert program.get("/api/v1/health").status_code == 200


def test_the_api_describes_itself(program, settings):
    told = program.get("/openapi.json").json()
    assert told["openapi"] == "3.1.0"
    assert set(told["paths"]) == {f"/api/v1/{x}" for x in ("label", "explain", "health", "model")}
    texts = told["paths"]["/api/v1/label"]["post"]["requestBody"]["content"]["application/json"]
    assert texts["schema"]["properties"]["texts"]["maxItems"] == settings.max_texts
    page = program.get("/api").text
    assert all(path in page for path in told["paths"])
