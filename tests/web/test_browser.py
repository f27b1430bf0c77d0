"""The pages in a real browser: keys, forms, progress, and whether everybody can use them."""

from __future__ import annotations

import importlib.util
import os
import time
from pathlib import Path

import pytest

from kpoclf.review.queue import Candidate, ReviewQueue

pytest.importorskip("selenium", reason="needs the extra browser")

from browsing import (
    MARKS,
    NARROW,
    PICTURES,
    WIDE,
    By,
    gone,
    look,
    one,
    photograph,
    press,
    wait,
    webdriver,
)
from selenium.webdriver.common.keys import Keys

pytestmark = MARKS

AD = "Reconcile supplier invoices and post them to the ledger.\nAdvise the board on capital."


@pytest.fixture
def queue(tmp_path):
    found = ReviewQueue(tmp_path / "review.db", create=True)
    said = {"model": "0" * 12, "label": "BPO", "confidence": 0.6, "status": "review"}
    texts = [f"{verb} the invoices of the board." for verb in ("Key", "Audit", "Paint", "Forecast")]
    found.add([Candidate(text=t, source="ads.csv", place="line 2", **said) for t in texts])
    return found


@pytest.fixture
def at(chromium, live, queue):
    """Goes to a page of a server of this test's own; fails if a page broke the security policy."""
    home = f"http://127.0.0.1:{live(queue=queue)}"
    chromium.delete_all_cookies()
    chromium.set_window_size(*WIDE)
    chromium.get_log("browser")

    def call(path):
        chromium.get(home + path)
        return chromium

    yield call
    wrong = [entry for entry in chromium.get_log("browser") if entry["level"] == "SEVERE"]
    assert wrong == []


def test_a_text_is_pasted_and_answered_without_a_mouse(at):
    page = at("/")
    assert page.switch_to.active_element.get_attribute("id") == "text"
    press(page, AD.split("\n")[0])
    webdriver.ActionChains(page).key_down(Keys.CONTROL).send_keys(Keys.ENTER).key_up(
        Keys.CONTROL
    ).perform()
    wait(page, lambda: page.find_elements(By.ID, "answer"))
    told = one(page, "#answer").text
    assert "BPO" in told
    assert "accounts-payable" in told
    assert "Criteria" in told
    marked = one(page, "mark.B.s4")
    assert marked.text == "invoices"
    assert marked.value_of_css_property("background-color") != "rgba(0, 0, 0, 0)"
    assert one(page, "rect.B").size["width"] > 0


def test_a_file_is_uploaded_watched_and_downloaded(at, tmp_path):
    rows = "".join(f'{i},"{AD}"\n' for i in range(20_000))
    (tmp_path / "ads.csv").write_text("id,text\n" + rows, encoding="utf-8")
    page = at("/files")
    one(page, "#file").send_keys(str(tmp_path / "ads.csv"))
    one(page, "button.main").click()
    wait(page, lambda: page.find_elements(By.CSS_SELECTOR, "#progress, a.button"))
    first = page.current_url
    wait(page, lambda: page.find_elements(By.CSS_SELECTOR, "a.button"))
    assert page.current_url == first
    assert "20,000 rows labelled" in one(page, "[role=status]").text
    one(page, "a.button").click()
    found = Path(page.downloads, "ads-labelled.csv")
    wait(page, found.exists)
    text = found.read_text(encoding="utf-8")
    assert text.startswith("id,text,kpoclf_label,")
    assert text.count("BPO") + text.count("KPO") >= 20_000
    one(page, "form[action$=delete] button").click()
    wait(page, lambda: page.current_url.endswith("/files"))


def test_the_queue_is_worked_through_with_one_key_a_text(at, queue):
    page = at("/review")
    press(page, "Ada", Keys.ENTER)
    wait(page, lambda: page.find_elements(By.NAME, "item"))

    def number():
        return [e.get_attribute("value") for e in page.find_elements(By.NAME, "item")]

    assert not one(page, "#review button[disabled]").is_displayed()
    for key in "kbus":
        before = one(page, "main")
        press(page, key)
        wait(page, lambda: gone(before))  # noqa: B023
    assert number() == ["3"]
    press(page, "n")
    assert page.switch_to.active_element.get_attribute("id") == "note"
    press(page, "a bok", Keys.ENTER)  # neither keys in a note nor its end are an answer
    before = one(page, "main")
    press(page, "o")
    wait(page, lambda: gone(before))
    log = [(d.item, d.answer, d.note) for d in queue.decisions()]
    assert log == [
        (1, "KPO", ""),
        (2, "BPO", ""),
        (2, "undo", ""),
        (2, "skip", ""),
        (3, "OTHER", "a bok"),
    ]
    assert number() == ["4"]
    one(page, "button.BPO").click()  # and with a mouse
    wait(page, lambda: "Nothing is left here." in one(page, "main").text)


def test_a_key_held_down_or_pressed_twice_answers_once(at, queue):
    page = at("/review")
    press(page, "Ada", Keys.ENTER)
    wait(page, lambda: page.find_elements(By.NAME, "item"))
    page.execute_script(
        "for (let i = 0; i < 5; i++) document.body.dispatchEvent("
        "new KeyboardEvent('keydown', {key: 'k', bubbles: true}))"
    )
    wait(page, lambda: one(page, "[name=item]").get_attribute("value") == "2")
    assert len(queue.decisions()) == 1


def test_the_model_page_shows_its_plots(at, shipped_model):
    page = at("/model")
    assert shipped_model.id in one(page, "h1").text
    assert one(page, "svg.chart polyline.line").size["height"] > 20
    assert one(page, "svg.span rect.mark").size["height"] > 5
    one(page, "summary").click()
    assert "Intended use" in one(page, "details.card").text


def test_a_script_in_a_text_does_not_run(at):
    page = at("/")
    text = '<img src=x onerror="document.title=1"><script>document.title = 1</script>'
    one(page, "#text").send_keys("Audit invoices " + text)
    one(page, "button.main").click()
    wait(page, lambda: page.find_elements(By.ID, "answer"))
    assert page.title == "A text · kpoclf"
    assert text in one(page, ".kpoclf .t").text


def everywhere(page, at, tmp_path):
    """Every page in turn, by name."""
    for path, name in (("/", "text"), ("/files", "files"), ("/review", "name"), ("/api", "api")):
        at(path)
        yield name
    at("/model")
    one(page, "summary").click()
    yield "model"
    at("/nope")
    page.get_log("browser")  # of the 404
    yield "refusal"
    at("/?example=2")
    one(page, "button.main").click()
    wait(page, lambda: page.find_elements(By.ID, "answer"))
    yield "answer"
    (tmp_path / "ads.csv").write_text("id,text\n1,Key invoices.\n", encoding="utf-8")
    (tmp_path / "odd.csv").write_text("id,words\n1,Key invoices.\n", encoding="utf-8")
    for file, name in (("ads.csv", "file"), ("odd.csv", "failed")):
        at("/files")
        one(page, "#file").send_keys(str(tmp_path / file))
        one(page, "button.main").click()
        wait(page, lambda: page.find_elements(By.CSS_SELECTOR, "a.button, .error"))
        yield name
    at("/review")
    if page.find_elements(By.ID, "name"):
        press(page, "Ada", Keys.ENTER)
        wait(page, lambda: page.find_elements(By.NAME, "item"))
    yield "review"
    at("/review?which=conflicts")
    yield "nothing"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_everybody_can_use_every_page(chromium, at, tmp_path, scheme, size):
    """No finding of axe-core, and no page wider than the screen, in light, in dark, on a phone."""
    axe = _axe()
    look(chromium, size, scheme)
    wrong = []
    for name in everywhere(chromium, at, tmp_path):
        if PICTURES:
            time.sleep(0.2)
        photograph(chromium, f"{name}-{scheme}-{size[0]}", size)
        width = chromium.execute_script("return document.documentElement.scrollWidth")
        if width > size[0]:
            wrong.append(f"{name}: {width} pixels wide")
        if axe is None:
            continue
        chromium.execute_script(axe)
        found = chromium.execute_async_script("axe.run().then(arguments[arguments.length - 1])")
        wrong += [
            f"{name}: {v['id']}: {node['html'][:200]}"
            for v in found["violations"]
            for node in v["nodes"]
        ]
    chromium.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    assert wrong == []
    if axe is None:
        pytest.skip("widths are right; accessibility needs axe-core-python of the extra browser")


def _axe():
    """The script of axe-core, as a package brings it or KPOCLF_AXE names it."""
    if named := os.environ.get("KPOCLF_AXE"):
        return Path(named).read_text(encoding="utf-8")
    found = importlib.util.find_spec("axe_core_python")
    if found is None:
        return None
    return Path(found.origin).with_name("axe.min.js").read_text(encoding="utf-8")
