"""The pages for people: what they show, escaped, and what their forms do without JavaScript."""

import dataclasses
import html
import re
from html.parser import HTMLParser

import pytest

from kpoclf.model.store import Store
from kpoclf.review.queue import Candidate, ReviewQueue
from kpoclf.web import pages

SCRIPT = "<script>alert(1)</script>"
IMAGE = '"><img src=x onerror=alert(1)>'
PAGES = ("/", "/files", "/review", "/model", "/api")


class Elements(HTMLParser):
    """Every element of a page, with its attributes."""

    def __init__(self, page):
        super().__init__()
        self.found = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))

    def of(self, tag):
        return [attributes for name, attributes in self.found if name == tag]


def harmless(page):
    """Whether a page holds no element or attribute that we did not write."""
    for tag, attributes in Elements(page).found:
        if tag == "script":
            assert attributes == {"src": "/static/page.js", "defer": None}
        assert tag not in ("img", "iframe", "object", "embed", "base", "style", "b", "u")
        assert not any(name.startswith("on") or name == "style" for name in attributes)
        for name in ("href", "src", "action", "data-state"):
            assert re.match(r"[/#]", attributes.get(name) or "/")
    return True


@pytest.mark.parametrize("path", PAGES)
def test_every_page_is_whole_and_loads_nothing_from_elsewhere(browser, queue, path):
    answer = browser.get(path)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    found = Elements(answer.text)
    assert [a["lang"] for a in found.of("html")] == ["en"]
    assert len(found.of("h1")) == len(found.of("main")) == len(found.of("title")) == 1
    assert sum(a.get("aria-current") == "page" for a in found.of("a")) == 1
    assert "://" not in " ".join(str(v) for _, a in found.found for v in a.values())


@pytest.mark.parametrize("path", PAGES)
def test_every_field_has_a_label(connect, settings, queue, path):
    found = Elements(connect(settings, queue).get(path).text)
    labelled = {a.get("for") for a in found.of("label")}
    for kind in ("input", "textarea", "progress"):
        for field in found.of(kind):
            if field.get("type") not in ("hidden", "checkbox"):  # ticks stand in their labels
                assert field["id"] in labelled


def test_a_text_is_answered_with_its_reasons(browser, shipped_model):
    text = "Reconcile supplier invoices and post them to the ledger."
    page = browser.post("/", data={"text": text}).text
    assert shipped_model.explain(text).service in page
    assert "Criteria" in page
    assert "Sentences" in page
    assert '<mark class="B s4">invoices</mark>' in page
    assert shipped_model.id in page
    assert "<textarea" in page
    assert text in page
    assert harmless(page)


def test_examples_fill_the_form(browser):
    start = browser.get("/").text
    links = re.findall(r'href="(/\?example=\d)"', start)
    assert len(links) == 3
    for link in links:
        page = browser.get(link).text
        text = html.unescape(re.search(r"<textarea.*?>\n(.*?)</textarea>", page, re.DOTALL)[1])
        assert len(text) > 100
    for odd in ("0", "4", "x", "-1", "²", "9" * 50):
        assert browser.get("/", params={"example": odd}).status_code == 200


@pytest.mark.parametrize(
    "text", [SCRIPT, IMAGE, f"</textarea>{SCRIPT}", f"</title>{SCRIPT}", "{{ 7 * 7 }}", "&lt;b&gt;"]
)
def test_a_text_that_is_html_is_shown_as_text(browser, text):
    page = browser.post("/", data={"text": f"Audit invoices {text}"}).text
    assert harmless(page)
    told = re.search(r"<textarea.*?>\n(.*?)</textarea>", page, re.DOTALL)[1]
    assert html.unescape(told) == f"Audit invoices {text}"
    assert "49" not in told


def test_a_service_that_is_html_is_shown_as_text(connect, settings, tiny_model):
    evil = dataclasses.replace(
        tiny_model.trained.weights, services=(SCRIPT, IMAGE), service_labels=("KPO", "BPO")
    )
    trained = dataclasses.replace(
        tiny_model.trained, weights=evil, versions={SCRIPT: f"[x](javascript:alert(1)){IMAGE}"}
    )
    browser = connect(settings, model=type(tiny_model)(trained), origin="http://127.0.0.1:8000")
    page = browser.post("/", data={"text": "advise on claims"}).text
    assert html.escape(SCRIPT) in page
    assert harmless(page)
    model = browser.get("/model")
    assert model.status_code == 200
    assert html.escape(SCRIPT) in model.text
    assert harmless(model.text)


def test_no_text_and_too_much_text_are_told(connect, settings):
    small = dataclasses.replace(settings, max_characters=20)
    browser = connect(small, origin="http://127.0.0.1:8000")
    assert "There is no text" in browser.post("/", data={"text": " \n"}).text
    answer = browser.post("/", data={"text": "x" * 21})
    assert answer.status_code == 413
    assert "at most 20" in answer.text
    assert browser.post("/", data={"text": "one\r\ntwo"}).status_code == 200


def test_lines_count_as_the_browser_counts_them(connect, settings):
    browser = connect(
        dataclasses.replace(settings, max_characters=3), origin="http://127.0.0.1:8000"
    )
    assert browser.post("/", data={"text": "a\r\nb"}).status_code == 200  # maxlength counts \n


@pytest.mark.parametrize("path", ["/nope", "/files/1", f"/{SCRIPT}", "/review?which=all"])
def test_what_is_not_there_is_told_on_a_page(connect, settings, queue, path):
    answer = connect(settings, queue).get(path)
    assert answer.status_code == 404
    assert harmless(answer.text)


@pytest.mark.parametrize(
    "path",
    [
        "/static/../guard.py",
        "/static/%2e%2e/guard.py",
        "/static/..%2fguard.py",
        "/static//etc/passwd",
        "/static/%2fetc%2fpasswd",
        "/static/",
    ],
)
def test_nothing_but_the_static_files_is_served(browser, path):
    assert browser.get(path).status_code == 404


def test_the_model_page_shows_figures_curve_and_versions(browser, shipped_model):
    page = browser.get("/model").text
    assert f"Model {shipped_model.id}" in page
    assert "label, macro_f1" in page
    assert '<svg class="chart"' in page
    assert "(shipped)" in page
    assert "Intended use" in page
    assert "still answers" not in page
    assert harmless(page)


def test_the_model_page_says_when_another_model_was_promoted(
    connect, settings, tiny_model, shipped_model
):
    page = connect(settings, model=tiny_model).get("/model").text
    assert f"The current model is now {shipped_model.id}" in page


def test_the_model_page_tells_who_changed_the_model_and_why(
    browser, shipped_model, tiny_model, home, tmp_path
):
    tiny_model.save(tmp_path / "tiny")
    store = Store()
    store.promote(store.add(tmp_path / "tiny"), SCRIPT)
    page = browser.get("/model").text
    assert html.escape(SCRIPT) in page
    assert f"promote shipped → {tiny_model.id}" in page
    assert harmless(page)


def test_a_refusal_says_what_it_is(browser):
    page = browser.get("/nope").text
    assert "<h1>Not Found</h1>" in page
    assert "Nothing is at /nope." in page


def test_nothing_trains_promotes_or_uploads_a_model(browser):
    for path in ("/model", "/api/v1/model", "/model/upload", "/models"):
        for method in ("POST", "PUT", "PATCH", "DELETE"):
            assert browser.request(method, path).status_code in (404, 405)


# Review


@pytest.fixture
def reviewer(connect, settings, queue):
    client = connect(settings, queue, origin="http://127.0.0.1:8000")
    assert client.post("/review/name", data={"name": " Ada  Lovelace "}).status_code == 303
    return client


def answer(client, answer, number=None, **more):
    if number is None:
        number = re.search(r'name="item" value="(\d+)"', client.get("/review").text)[1]
    return client.post("/review", data={"item": number, "answer": answer} | more)


def test_without_a_queue_the_page_says_how_to_make_one(browser):
    assert "kpoclf review add" in browser.get("/review").text
    assert browser.post("/review", data={"answer": "KPO"}).status_code == 303


def test_a_queue_that_is_made_later_is_found(connect, settings, tmp_path):
    path = tmp_path / "later.db"
    later = dataclasses.replace(settings, queue=str(path))
    client = connect(later, origin="http://127.0.0.1:8000")
    assert "There is no review queue yet" in client.get("/review").text
    path.write_text("no queue")
    answer = client.get("/review")
    assert (answer.status_code, "is no review queue" in answer.text) == (503, True)
    path.unlink()
    ReviewQueue(path, create=True).add([Candidate(text="Key the invoices into the ledger.")])
    client.post("/review/name", data={"name": "Ada"})
    assert 'name="item" value="1"' in client.get("/review").text


def test_a_reviewer_is_asked_for_a_name_first(connect, settings, queue):
    client = connect(settings, queue, origin="http://127.0.0.1:8000")
    assert 'name="name"' in client.get("/review").text
    assert client.post("/review", data={"item": "1", "answer": "KPO"}).status_code == 303
    assert queue.decisions() == []
    for bad in ("", "  ", "x" * 81, "a\0b"):
        assert client.post("/review/name", data={"name": bad}).status_code == 422
    odd = "Ада; Łucja="
    assert client.post("/review/name", data={"name": odd}).status_code == 303
    assert odd in client.get("/review").text


@pytest.mark.parametrize("cookie", ["zz", "ff", "41" * 81, "00", ""])
def test_a_name_that_we_did_not_write_is_forgotten(connect, settings, queue, cookie):
    client = connect(settings, queue, cookie=f"kpoclf_reviewer={cookie}")
    assert "Your name" in client.get("/review").text


def test_enter_in_the_note_is_no_answer(reviewer):
    """A form is sent by its first button, unless that is disabled."""
    page = reviewer.get("/review").text
    first = Elements(page[page.index('id="review"') :]).of("button")[0]
    assert first == {"type": "submit", "disabled": None, "hidden": None}


def test_answers_are_written_down_and_the_next_text_comes(reviewer, queue):
    for given in ("BPO", "KPO", "OTHER"):
        assert answer(reviewer, given, note="plain").headers["location"] == "/review"
    written = [(d.item, d.reviewer, d.answer, d.note) for d in queue.decisions()]
    assert written == [
        (1, "Ada Lovelace", "BPO", "plain"),
        (2, "Ada Lovelace", "KPO", "plain"),
        (3, "Ada Lovelace", "OTHER", "plain"),
    ]
    assert "Nothing is left here." in reviewer.get("/review").text


def test_a_conflict_is_shown_with_who_answered_what(reviewer, queue):
    queue.decide(1, "<b>Grace</b>", "KPO", note="expert <i>work</i>")
    queue.decide(1, "Mary", "OTHER")
    page = reviewer.get("/review?which=conflicts").text
    assert "&lt;b&gt;Grace&lt;/b&gt;: KPO (expert &lt;i&gt;work&lt;/i&gt;)" in page
    assert "<li>Mary: out of scope</li>" in page
    assert "Mary" not in reviewer.get("/review?which=second").text  # a second reading is one's own


def done(client):
    """What the page says of the last answer."""
    told = re.search(r'<p role="status" class="hint">(.*)', client.get("/review").text)[1]
    assert done_once(client)
    return told


def done_once(client):
    page = client.get("/review").text
    return not re.search("Saved|Changed|Taken back|stays|Nothing to take", page)


def test_the_page_says_once_what_became_of_an_answer(reviewer):
    assert done_once(reviewer)
    answer(reviewer, "KPO", "1")
    assert done(reviewer) == "Saved: KPO."
    answer(reviewer, "OTHER", "2")
    assert done(reviewer) == "Saved: out of scope."
    answer(reviewer, "undo")
    assert done(reviewer) == "Taken back: out of scope."
    answer(reviewer, "undo")
    assert done(reviewer) == "Taken back: KPO."
    answer(reviewer, "undo")
    assert done(reviewer) == "Nothing to take back."


def test_a_stale_form_says_that_it_changes_an_answer(reviewer, queue):
    queue.decide(1, "Grace", "BPO")
    answer(reviewer, "KPO", "1")
    answer(reviewer, "BPO", "1")
    assert done(reviewer) == "Changed from KPO to BPO."
    answer(reviewer, "BPO", "1")
    assert done(reviewer) == "Saved: BPO."
    answer(reviewer, "skip", "1")
    assert done(reviewer) == "Skipped; your answer stays: BPO."
    answer(reviewer, "skip", "2")
    answer(reviewer, "KPO", "2")
    assert done(reviewer) == "Saved: KPO."


@pytest.mark.parametrize("cookie", ["saved-<b>", "saved", "undone-KPO-BPO", "changed-{0}", "x"])
def test_a_message_that_we_did_not_write_is_not_shown(reviewer, cookie):
    reviewer.cookies.set("kpoclf_done", cookie)
    assert done(reviewer) == ""


def test_an_answer_can_be_taken_back(reviewer, queue):
    answer(reviewer, "BPO")
    assert answer(reviewer, "undo").status_code == 303
    assert queue.reviewed() == []
    assert 'name="item" value="1"' in reviewer.get("/review").text
    answer(reviewer, "KPO")
    assert [r.label for r in queue.reviewed()] == ["KPO"]


def test_a_skipped_text_comes_back_when_asked_for(reviewer):
    answer(reviewer, "skip", "1")
    page = reviewer.get("/review?which=skipped").text
    assert 'name="item" value="1"' in page
    done = answer(reviewer, "KPO", "1", which="skipped")
    assert done.headers["location"] == "/review?which=skipped"
    assert "Nothing is left here." in reviewer.get("/review?which=skipped").text


def test_a_queued_text_that_is_html_is_shown_as_text(reviewer, queue):
    answer(reviewer, "BPO", "1")
    page = reviewer.get("/review").text
    assert harmless(page)
    assert "&lt;b&gt;" in page


def test_whatever_a_queue_says_is_shown_as_text(connect, settings, tmp_path):
    evil = ReviewQueue(tmp_path / "evil.db", create=True)
    names = ("text", "source", "place", "model", "label", "status", "service")
    evil.add([Candidate(**dict.fromkeys(names, SCRIPT + IMAGE), confidence=0.6)])
    client = connect(settings, evil, origin="http://127.0.0.1:8000")
    client.post("/review/name", data={"name": SCRIPT})
    page = client.get("/review").text
    assert html.escape(SCRIPT) in page
    assert harmless(page)


def test_a_text_too_long_to_explain_can_be_reviewed(connect, settings, queue):
    client = connect(
        dataclasses.replace(settings, max_characters=5), queue, origin="http://127.0.0.1:8000"
    )
    client.post("/review/name", data={"name": "Ada"})
    assert "Key the invoices into the ledger." in client.get("/review").text
    answer(client, "BPO")
    page = client.get("/review").text
    assert "Advise &lt;b&gt;the board&lt;/b&gt;" in page
    assert harmless(page)


@pytest.mark.parametrize(
    ("number", "given"),
    [("1", "XPO"), ("99", "KPO"), ("", "KPO"), ("-1", "KPO"), ("²", "KPO"), ("9" * 30, "KPO")],
)
def test_an_answer_that_is_none_is_refused(reviewer, queue, number, given):
    assert answer(reviewer, given, number).status_code == 422
    assert queue.decisions() == []


def test_two_reviewers_are_handed_different_texts(connect, settings, queue):
    seen = set()
    for name in ("Ada", "Grace"):
        client = connect(settings, queue, origin="http://127.0.0.1:8000")
        client.post("/review/name", data={"name": name})
        seen.add(re.search(r'name="item" value="(\d+)"', client.get("/review").text)[1])
    assert len(seen) == 2


def test_the_examples_are_rows_of_the_example_file():
    assert all(text.startswith(title) for title, text in pages._examples().items())
