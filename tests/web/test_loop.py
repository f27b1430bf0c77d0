"""The whole loop as a team goes round it: label, review, train, promote, roll back; in a browser."""

from __future__ import annotations

import csv
import os
import re
import subprocess
import sys
import time

import pytest

pytest.importorskip("selenium", reason="needs the extra browser")

import httpx2 as httpx
from browsing import MARKS, NARROW, WIDE, By, gone, look, one, photograph, press, wait
from selenium.webdriver.common.keys import Keys

import kpoclf
from kpoclf.learn import fit, train
from kpoclf.learn.settings import Settings

pytestmark = [*MARKS, pytest.mark.skipif(os.name != "posix", reason="ends the server by a signal")]

# Excel's cp1252 with semicolons; a field over two lines, a blank line, a short record, a long one.
MESSY = """id;Title;Description;Remarks\r
0017;Clerk;"Key supplier invoices;\r
file the paper copies.";=1+1\r
\r
0018;Analyst – Köln;Advise the board on capital strategy and risk.\r
0019;Nurse;Nurse patients on the ward.;none;too;many\r
""".encode("cp1252")
KPO = "advise interpret forecast evaluate design argue assess devise model investigate".split()
BPO = "key type scan copy log sort stamp update dispatch answer".split()
OBJECTS = "tax loan claim visa invoice market patent river budget policy drug bridge".split()
ROWS = [
    f"{verbs[i]} {verbs[i - 1]} the {OBJECTS[i]} and the {OBJECTS[i + n]} of {OBJECTS[i - n]} staff"
    for verbs, n in ((KPO, 2), (BPO, 4))
    for i in range(7)
]
PICTURED = [(size, scheme) for size in (WIDE, NARROW) for scheme in ("light", "dark")]


@pytest.fixture
def project(tmp_path, home, monkeypatch):
    """A folder of a team, and a home for its models."""
    folder = tmp_path / "project"
    folder.mkdir()
    monkeypatch.chdir(folder)
    (folder / "messy.csv").write_bytes(MESSY)
    with (folder / "jobs.csv").open("w", newline="") as stream:
        rows = [(f"{i:04}", text) for i, text in enumerate(ROWS)]
        csv.writer(stream).writerows([("ref", "description"), *rows])
    return folder


@pytest.fixture
def small_corpus(monkeypatch, synthetic_rows):
    """Training in this process takes seconds: 65 rows, two folds, and no forms that no row has."""
    monkeypatch.setattr(train, "read_corpus", lambda: list(synthetic_rows))
    monkeypatch.setattr(train, "Settings", lambda: Settings(folds=2))
    monkeypatch.setattr(fit, "surface_forms", lambda stem, seen, _: set(seen) or {stem})


@pytest.fixture
def serve(project):
    """Starts ``kpoclf serve`` in the folder, in place of the one before; gives its address."""
    begun = []

    def stop():
        for process in begun:
            process.terminate()
            process.communicate(timeout=30)
        begun.clear()

    def call():
        stop()
        command = [sys.executable, "-m", "kpoclf", "serve", "--no-browser", "--port", "0"]
        process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        begun.append(process)
        line = next(line for line in process.stderr if " at http" in line)
        url = re.search(r"http://\S+(?=/ )", line)[0]
        until = time.monotonic() + 30
        while True:
            try:
                httpx.get(f"{url}/api/v1/health")
            except httpx.TransportError:
                assert time.monotonic() < until
                time.sleep(0.05)
            else:
                return url

    yield call
    stop()


@pytest.fixture
def page(chromium):
    """The browser, as if it had never been here."""
    chromium.delete_all_cookies()
    look(chromium, WIDE, "light")
    chromium.get_log("browser")
    yield chromium
    chromium.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    wrong = [entry for entry in chromium.get_log("browser") if entry["level"] == "SEVERE"]
    assert wrong == []


def pictures(page, name):
    """Pictures of what is shown: wide, narrow, light, dark."""
    for size, scheme in PICTURED:
        look(page, size, scheme)
        photograph(page, f"loop-{name}-{scheme}-{size[0]}", size)
    look(page, *PICTURED[0])


def answered_by(url):
    """Id of the model that the API names."""
    answer = httpx.post(f"{url}/api/v1/label", json={"texts": ["Key invoices."]})
    return answer.json()["model"]


def test_label_review_train_promote_and_roll_back(page, serve, project, run, small_corpus):
    shipped = kpoclf.load().id
    url = serve()

    # A text is pasted and answered.
    page.get(url)
    press(page, "Reconcile supplier invoices. Advise the board on capital strategy.")
    one(page, "button.main").click()
    wait(page, lambda: page.find_elements(By.ID, "answer"))
    told = one(page, "#answer").text
    assert re.search(r"\b(KPO|BPO)\b.*0\.\d\d", told)
    assert "invoices" in [mark.text for mark in page.find_elements(By.CSS_SELECTOR, "mark.B")]
    sentences = [row.text for row in page.find_elements(By.CSS_SELECTOR, "#answer tr")]
    assert any("BPO" in row and "Reconcile supplier invoices." in row for row in sentences)
    assert any("KPO" in row and "Advise the board on capital strategy." in row for row in sentences)
    assert shipped in told
    pictures(page, "1-answer")

    # A messy file is uploaded: first with a column that it has not, then put right on the page.
    page.get(f"{url}/files")
    one(page, "#file").send_keys(str(project / "messy.csv"))
    one(page, "#columns").send_keys("Titel")
    one(page, "button.main").click()
    wait(page, lambda: page.find_elements(By.CSS_SELECTOR, ".error"))
    assert "no column 'Titel' (“Text columns”)" in one(page, ".error").text
    offered = [label.text for label in page.find_elements(By.CSS_SELECTOR, "fieldset label")]
    assert offered == ["id", "Title", "Description", "Remarks"]
    pictures(page, "2-wrong-column")
    for box in page.find_elements(By.NAME, "column")[1:3]:
        box.click()
    one(page, "button.main").click()
    wait(page, lambda: page.find_elements(By.CSS_SELECTOR, "a.button"))
    assert "3 rows labelled, read from Title + Description." in one(page, "main").text
    pictures(page, "3-labelled")
    one(page, "a.button").click()
    downloaded = page.downloads / "messy-labelled.csv"
    wait(page, downloaded.exists)
    columns = ["--text", "Title", "--text", "Description"]
    assert run("label", "messy.csv", "-o", "out.csv", *columns).code == 0
    assert downloaded.read_bytes() == (project / "out.csv").read_bytes()

    # What most needs a person is queued, and answered by keys.
    page.get(f"{url}/review")
    assert "kpoclf review add" in one(page, "main").text
    pictures(page, "4-no-queue")
    assert run("review", "add", "jobs.csv", "-n", "14").code == 0
    page.refresh()
    pictures(page, "5-name")
    press(page, "Ada", Keys.ENTER)
    wait(page, lambda: page.find_elements(By.NAME, "item"))
    pictures(page, "6-review")

    def answer(key):
        before = one(page, "main")
        press(page, key)
        wait(page, lambda: gone(before))
        wait(page, lambda: one(page, "main"))

    shown = []
    while page.find_elements(By.NAME, "item"):
        text = one(page, ".kpoclf .t").text
        right = "k" if text.split()[0] in KPO else "b"
        if not shown:  # wrong at first, and taken back; with a note
            answer("bk"[right == "b"])
            assert one(page, ".kpoclf .t").text != text
            answer("u")
            assert one(page, ".kpoclf .t").text == text
            press(page, "n", "my bad", Keys.ENTER)
        shown.append(text)
        answer(right)
    assert sorted(shown) == sorted(ROWS)
    assert "Nothing is left here." in one(page, "main").text
    pictures(page, "7-reviewed")

    # The answers come out with the team's own columns, and teach a new model.
    assert "14 labelled, 0 to do" in run("review", "status").out
    assert run("review", "export", "-o", "reviewed.csv").code == 0
    with (project / "reviewed.csv").open(newline="") as stream:
        rows = {row["ref"]: row for row in csv.DictReader(stream)}
    assert {ref: row["text"] for ref, row in rows.items()} == {
        f"{i:04}": text for i, text in enumerate(ROWS)
    }
    assert [rows[f"{i:04}"]["label"] for i in range(14)] == ["KPO"] * 7 + ["BPO"] * 7
    assert [row["note"] for row in rows.values() if row["note"]] == ["Ada: my bad"]
    trained = run("train", "reviewed.csv", "--force", "--reason", "our first review")
    assert trained.code == 0, trained.err
    new = kpoclf.load("current").id
    assert new != shipped

    # The page tells of it; a server that is started again answers with it.
    page.get(f"{url}/model")
    assert f"The current model is now {new}; this server still answers with {shipped}" in (
        one(page, ".note").text
    )
    assert answered_by(url) == shipped
    pictures(page, "8-promoted")
    url = serve()
    page.get(f"{url}/model")
    assert one(page, "h1").text == f"Model {new}"
    assert "our first review" in one(page, "main").text
    assert page.find_elements(By.CSS_SELECTOR, ".note") == []
    assert answered_by(url) == new
    pictures(page, "9-new-model")

    # And back.
    assert run("models", "rollback").code == 0
    page.refresh()
    assert f"The current model is now {shipped}" in one(page, ".note").text
    url = serve()
    page.get(f"{url}/model")
    assert one(page, "h1").text == f"Model {shipped}"
    assert new in one(page, "table[aria-label=Versions], [aria-label=Versions] table").text
    assert answered_by(url) == shipped
    pictures(page, "10-rolled-back")
