"""Files that are uploaded: labelled as the command line does it, by a process of their own."""

import ast
import csv
import dataclasses
import html
import io
import multiprocessing.dummy
import os
import re
import threading
import time
import zipfile
from pathlib import Path
from urllib.parse import unquote

import openpyxl
import pytest

from kpoclf.tables.label_file import label_file
from kpoclf.web import jobs as jobs_module
from kpoclf.web.jobs import Jobs, Order

ROWS = b"id,text\n1,Key invoices into the ledger.\n2,Advise the board on capital strategy.\n"


class _Threads:
    """In place of processes, whose start takes a second."""

    Pipe = staticmethod(multiprocessing.dummy.Pipe)

    class Process(threading.Thread):
        def __init__(self, target, args, daemon):
            super().__init__(target=target, args=args, daemon=daemon)

        def kill(self):
            pass


@pytest.fixture
def quick(monkeypatch):
    """Files are labelled in this process."""
    monkeypatch.setattr(jobs_module.multiprocessing, "get_context", lambda kind: _Threads)
    monkeypatch.setattr(jobs_module, "_make_ready", lambda settings: None)


def upload(client, name="jobs.csv", content=ROWS, **form):
    return client.post("/files", files={"file": (name, content)}, data=form)


def finished(client, answer):
    """The page of an uploaded file, once nothing more happens."""
    assert answer.status_code == 303, answer.text
    path = answer.headers["location"]
    until = time.monotonic() + 60
    while not client.get(f"{path}/state").json()["over"]:
        assert time.monotonic() < until
        time.sleep(0.05)
    return path, client.get(path).text


def told(answer):
    """The message of an error page, in one line."""
    found = re.search(r'role="alert">(.*?)</p>', answer, re.DOTALL)
    return found and found[1]


def test_a_file_comes_back_as_the_command_line_labels_it(browser, shipped_model, tmp_path):
    path, page = finished(browser, upload(browser, detail="on"))
    assert "2 rows labelled, read from text." in page
    answer = browser.get(f"{path}/download")
    (tmp_path / "jobs.csv").write_bytes(ROWS)
    label_file(shipped_model, str(tmp_path / "jobs.csv"), str(tmp_path / "out.csv"), detail=True)
    assert answer.content == (tmp_path / "out.csv").read_bytes()
    assert 'filename="jobs-labelled.csv"' in answer.headers["content-disposition"]
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_every_format_comes_back_in_its_format(quick, browser):
    book = openpyxl.Workbook()
    book.active.append(["text"])
    book.active.append(["Key invoices."])
    sheet = io.BytesIO()
    book.save(sheet)
    for name, content, result in (
        ("a.tsv", b"text\tid\nKey invoices.\t1\n", "a-labelled.tsv"),
        ("a.JSONL", b'{"text": "Key invoices."}\n', "a-labelled.jsonl"),
        ("a.txt", b"Key invoices.\n", "a-labelled.csv"),
        ("a.b.xlsx", sheet.getvalue(), "a.b-labelled.xlsx"),
    ):
        path, page = finished(browser, upload(browser, name, content))
        assert "1 row labelled" in page, page
        answer = browser.get(f"{path}/download")
        assert f'filename="{result}"' in answer.headers["content-disposition"]
        assert b"BPO" in answer.content or name.endswith("xlsx")


def test_columns_are_named_in_the_form(quick, browser):
    rows = b"One,Two,id\nKey invoices.,Post them.,7\n"
    _, page = finished(browser, upload(browser, content=rows, columns="Two\r\n One \r\n"))
    assert "read from Two + One." in page
    _, page = finished(browser, upload(browser, content=rows))
    assert "name one under “Text columns”; columns: " in told(page)
    assert "jobs.csv" in told(page)
    assert "--text" not in page
    _, page = finished(browser, upload(browser, content=rows, columns="Three"))
    assert "no column" in told(page)
    assert "--text" not in page


def again(client, path, **form):
    return client.post(f"{path}/again", data=form)


def boxes(page):
    """Columns that a page offers, and those that are ticked."""
    found = re.findall(r'name="column" value="(\d+)"( checked)?> (.*?)</label>', page)
    return {html.unescape(name): ticked != "" for _, ticked, name in found}


def test_a_wrong_column_is_put_right_on_the_page_of_the_file(quick, browser):
    rows = b"One,<b>&amp;,id,=x\nKey invoices.,Post them.,7,8\n"
    answer = upload(browser, content=rows, columns="Thre\nOne", detail="on", overwrite="on")
    path, page = finished(browser, answer)
    assert "no column &#39;Thre&#39; (“Text columns”)" in told(page)
    assert boxes(page) == {"One": True, "<b>&amp;": False, "id": False, "=x": False}
    assert page.count(" checked") == 3  # what else was asked for is kept
    assert again(browser, path, column=["1", "0"], detail="on").headers["location"] == path
    _, page = finished(browser, answer)
    assert "1 row labelled, read from One + &lt;b&gt;&amp;amp;." in page
    assert b"kpoclf_reasons" in browser.get(f"{path}/download").content
    again(browser, path, columns="id")  # a file that is labelled may be labelled in another way
    _, page = finished(browser, answer)
    assert "read from id." in page
    assert b"kpoclf_reasons" not in browser.get(f"{path}/download").content


def test_encoding_delimiter_and_sheet_are_chosen_in_the_form(quick, browser):
    text = "Rechnungen prüfen; key invoices|Łódź"
    rows = f"id|text\n1|{text.split('|')[0]}\n".encode("utf-16-le")
    answer = upload(browser, content=rows, encoding="utf-16-le", delimiter="pipe")
    path, page = finished(browser, answer)
    assert "1 row labelled, read from text." in page
    assert "prüfen" in browser.get(f"{path}/download").content.decode("utf-16-le")
    book = openpyxl.Workbook()
    for name in ("Jobs", "Tasks"):
        sheet = book.create_sheet(name)
        sheet.append(["text", "of"])
        sheet.append(["Key invoices.", name])
    held = io.BytesIO()
    book.save(held)
    path, page = finished(browser, answer := upload(browser, "a.xlsx", held.getvalue()))
    assert "name one under “Sheet”: &#39;Jobs&#39;, &#39;Tasks&#39;" in told(page)
    assert "<details open>" in page
    again(browser, path, sheet="Task")
    _, page = finished(browser, answer)
    assert "no sheet &#39;Task&#39; (“Sheet”); sheets:" in told(page)
    assert 'value="Task"' in page
    again(browser, path, sheet="Tasks")
    _, page = finished(browser, answer)
    assert "1 row labelled" in page


def test_an_encoding_that_is_none_is_put_right_on_the_page(quick, browser):
    rows = "text\nKey invoices for Łódź.\n".encode("iso8859-2")
    answer = upload(browser, content=rows + b"\x81", encoding="odd", delimiter="tab")
    path, page = finished(browser, answer)
    assert told(page).startswith("“Encoding” odd: no such encoding")
    assert "<option selected>tab</option>" in page
    again(browser, path)
    _, page = finished(browser, answer)
    assert "or name the encoding under “Encoding”" in told(page)
    again(browser, path, encoding="iso8859-2")
    _, page = finished(browser, answer)
    assert "1 row labelled" in page or "2 rows labelled" in page


def literal(node):
    """A string as it is written, with dots where values are put in; empty for what is none."""
    if isinstance(node, ast.JoinedStr):
        return "".join(literal(part) or "…" for part in node.values)
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def test_no_message_on_a_page_names_an_option_of_the_command_line():
    """Whatever the reader of tables may say of an option, the page says of its fields."""
    sources = Path(label_file.__code__.co_filename).parent.glob("*.py")
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in sources]
    spoken = [text for tree in trees for node in ast.walk(tree) if "--" in (text := literal(node))]
    spoken = [text for text in spoken if "\n\n" not in text and "``" not in text]  # no docstrings
    assert len(spoken) > 8
    # Of a form's file the server chooses the processes; it has no labels.
    beyond = {"--label", "--by", "--group", "--service", "--processes"}
    whole = [t for t in spoken if not any(t != o and t.strip() in o for o in spoken)]
    for text in whole:
        options = set(re.findall(r"--[a-z][a-z-]*", jobs_module._in_the_form(text)))
        assert options <= beyond, text


@pytest.mark.parametrize(
    ("said", "instead"),
    [
        (
            "jobs.csv: seems to be UTF-16; pass --encoding utf-16-le",
            "jobs.csv: seems to be UTF-16; give utf-16-le under “Encoding”",
        ),
        ("name it .xlsx, or pass --format xlsx", "name it .xlsx"),
        ("or name the encoding with --encoding", "or name the encoding under “Encoding”"),
        (
            "jobs: no ending; say what it holds with --format csv, tsv",
            "jobs: no ending; give it a name that ends in .csv, .tsv, .jsonl, .txt, .xlsx or .parquet",
        ),
    ],
)
def test_a_message_is_put_in_the_words_of_the_form(said, instead):
    assert jobs_module._in_the_form(said) == instead


def test_a_form_that_says_too_much_is_refused(quick, browser, settings):
    assert upload(browser, columns="x" * 30_000).status_code == 422
    assert os.listdir(settings.folder) == []


def test_a_file_with_very_many_columns_has_them_typed(quick, browser):
    header = ",".join(f"c{i}" for i in range(500))
    _, page = finished(browser, upload(browser, content=f"{header}\n{header}\n".encode()))
    assert boxes(page) == {}
    assert '<textarea id="columns"' in page


def test_columns_that_are_there_are_replaced_when_asked(quick, browser):
    rows = b"text,kpoclf_label\nKey invoices.,old\n"
    _, page = finished(browser, upload(browser, content=rows))
    assert "tick “Replace”" in told(page)
    path, _ = finished(browser, upload(browser, content=rows, overwrite="on"))
    assert b"old" not in browser.get(f"{path}/download").content


@pytest.mark.parametrize(
    ("name", "content", "part"),
    [
        ("jobs.csv", b"", "empty"),
        ("jobs.csv", b"PK\x03\x04....", "is a ZIP archive, not text"),
        ("jobs.csv", b"PAR1\0\0", "is a Parquet file, not text; name it .parquet"),
        (
            "jobs.csv",
            "text\nKey".encode("utf-16-le"),
            "seems to be UTF-16; give utf-16-le under “Encoding”",
        ),
        ("jobs.csv.gz", b"no gzip", "broken gzip"),
        ("jobs.xlsx", b"no workbook", "jobs.xlsx"),
        ("jobs.jsonl", b'{"text": 1\n', "jobs.jsonl"),
        ("jobs.parquet", b"PAR1", "jobs.parquet"),
    ],
)
def test_what_cannot_be_read_is_told_without_our_paths(
    quick, browser, settings, name, content, part
):
    _, page = finished(browser, upload(browser, name, content))
    assert part in told(page)
    assert settings.folder not in page
    assert "uploaded" not in told(page)
    assert " --" not in told(page)


@pytest.mark.parametrize(
    "name",
    [
        "model.json",
        "weights.npz",
        "model.joblib",
        "model.pkl",
        "jobs",
        "jobs.zip",
        ".csv/x",
        "a.html",
    ],
)
def test_models_and_other_files_are_refused(browser, settings, name):
    answer = upload(browser, name)
    assert answer.status_code == 422
    assert told(answer.text)
    assert "--format" not in answer.text
    assert os.listdir(settings.folder) == []


def test_no_file_is_told(browser):
    answer = browser.post("/files", data={"columns": "a"})
    assert answer.status_code == 422
    assert "Choose a file first." in answer.text
    assert browser.post(
        "/files", content=b"x", headers={"content-type": "multipart/form-data; boundary=y"}
    ).status_code in (400, 422)


def test_more_than_one_file_is_refused(browser):
    answer = browser.post("/files", files=[("file", ("a.csv", ROWS)), ("file", ("b.csv", ROWS))])
    assert answer.status_code == 400


NAMES = [
    "../../../etc/cron.d/jobs.csv",
    "..\\..\\jobs.csv",
    "/etc/passwd.csv",
    "<script>alert(1)</script>.csv",
    '"><img src=x onerror=alert(1)>.csv',
    'jobs.csv"; filename="evil.exe.csv',
    "jobs\r\nSet-Cookie: a=b.csv",
    "Zusammenstellung für Łódź 😀.csv",
    "x" * 400 + ".csv",
    "state.json.csv",
    "\u202evsc.exe.csv",
]


@pytest.mark.parametrize("name", NAMES)
def test_a_file_name_makes_no_path_no_html_and_no_header(quick, browser, settings, name):
    answer = upload(browser, name)
    path, page = finished(browser, answer)
    assert re.fullmatch("/files/[0-9a-f]{32}", path)
    assert "<script>alert" not in page
    assert "<img" not in page
    (folder,) = os.listdir(settings.folder)
    held = sorted(os.listdir(os.path.join(settings.folder, folder)))
    assert held == ["labelled.csv", "state.json", "uploaded.csv"]
    disposition = browser.get(f"{path}/download").headers["content-disposition"]
    assert disposition.startswith("attachment; ")
    saved = re.fullmatch(r"attachment; filename(?:=\"([^\"]*)\"|\*=utf-8''(\S+))", disposition)
    saved = unquote(saved[1] or saved[2])
    assert not re.search(r"[/\\\r\n\0\u202e]", saved)
    assert saved.endswith("-labelled.csv")
    assert len(saved) < 200


@pytest.mark.parametrize(
    "id",
    ["%2e%2e", "..%2f..%2fetc", "0" * 32, "0" * 31, "A" * 32, "0" * 32 + "%0a", "%00" * 32],
)
@pytest.mark.parametrize("what", ["", "/state", "/download", "/../../state.json", "/labelled.csv"])
def test_only_what_we_made_can_be_taken(browser, id, what):
    assert browser.get(f"/files/{id}{what}").status_code == 404
    assert browser.post(f"/files/{id}/delete").status_code == 404


def test_no_cell_that_we_add_is_a_formula(quick, browser):
    text = "=cmd advise +claims @invoices -ledger"
    book = openpyxl.Workbook()
    book.active.append(["text", "=1+1"])
    book.active.append([text, "=1+1"])
    for cell in ("B1", "A2"):
        book.active[cell].data_type = "s"
    sheet = io.BytesIO()
    book.save(sheet)
    path, _ = finished(browser, upload(browser, "a.xlsx", sheet.getvalue(), detail="on"))
    written = io.BytesIO(browser.get(f"{path}/download").content)
    header, row = openpyxl.load_workbook(written).active
    assert {cell.data_type for cell in (*header, *row[2:])} == {"s", "n"}
    assert row[1].value == "=1+1"  # what came is given back as it came
    path, _ = finished(browser, upload(browser, content=f"text\n{text}\n".encode(), detail="on"))
    (row,) = csv.DictReader(io.StringIO(browser.get(f"{path}/download").text))
    assert row.pop("text") == text
    assert not [cell for cell in row.values() if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]


def test_a_file_is_thrown_away_when_asked(quick, browser, settings):
    path, _ = finished(browser, upload(browser))
    assert browser.post(f"{path}/delete").headers["location"] == "/files"
    assert os.listdir(settings.folder) == []
    for what in ("", "/state", "/download"):
        assert browser.get(path + what).status_code == 404


def test_throwing_a_file_away_stops_its_labelling(browser, settings):
    answer = upload(browser, content=b"text\n" + b"Key invoices into the ledger.\n" * 500_000)
    path = answer.headers["location"]
    while "waiting" in browser.get(f"{path}/state").text:
        time.sleep(0.02)
    assert '<noscript><meta http-equiv="refresh"' in browser.get(path).text
    assert browser.get(f"{path}/download").status_code == 404
    assert again(browser, path).status_code == 409
    browser.post(f"{path}/delete")
    assert again(browser, path).status_code == 404
    finished(browser, upload(browser))  # the next has its turn at once
    assert len(os.listdir(settings.folder)) == 1


def test_files_are_thrown_away_after_their_time(quick, connect, settings):
    client = connect(dataclasses.replace(settings, keep_seconds=0), origin="http://127.0.0.1:8000")
    path, _ = finished(client, upload(client))
    time.sleep(0.02)
    upload(client)
    assert client.get(path).status_code == 404


def test_too_many_files_are_refused(quick, connect, settings):
    client = connect(dataclasses.replace(settings, max_jobs=1), origin="http://127.0.0.1:8000")
    path, _ = finished(client, upload(client))
    answer = upload(client)
    assert answer.status_code == 503
    assert "delete one" in told(answer.text)
    client.post(f"{path}/delete")
    assert upload(client).status_code == 303


def test_files_that_fill_the_room_are_refused(quick, connect, settings):
    client = connect(
        dataclasses.replace(settings, max_jobs_bytes=5000), origin="http://127.0.0.1:8000"
    )
    finished(client, upload(client, content=ROWS * 60))
    assert upload(client).status_code == 503


def test_a_file_that_takes_too_long_is_given_up(connect, settings):
    client = connect(
        dataclasses.replace(settings, max_job_seconds=0.6), origin="http://127.0.0.1:8000"
    )
    rows = b"text\n" + b"Key invoices into the ledger.\n" * 500_000
    _, page = finished(client, upload(client, content=rows))
    assert "took more than 0.01 minutes" in told(page)


def test_a_file_that_grows_without_end_is_given_up(connect, settings):
    small = dataclasses.replace(settings, max_jobs_bytes=100_000)
    client = connect(small, origin="http://127.0.0.1:8000")
    rows = b"text\n" + b"Key invoices into the ledger.\n" * 3300
    _, page = finished(client, upload(client, content=rows))
    assert "cannot be labelled (File too large)" in told(page)


@pytest.mark.slow
def test_a_workbook_that_takes_too_much_memory_is_given_up(connect, settings):
    small = dataclasses.replace(settings, max_job_memory=700 << 20)
    client = connect(small, origin="http://127.0.0.1:8000")
    book = io.BytesIO()
    sheet = openpyxl.Workbook()
    sheet.active.append(["text"])
    sheet.save(book)
    with zipfile.ZipFile(book) as read:
        parts = {name: read.read(name) for name in read.namelist()}
    bomb = b'<row r="2"><c r="A2" t="inlineStr"><is><t>' + b"a" * (300 << 20)
    parts["xl/worksheets/sheet1.xml"] = parts["xl/worksheets/sheet1.xml"].replace(
        b"</sheetData>", bomb + b"</t></is></c></row></sheetData>"
    )
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as written:
        for name, content in parts.items():
            written.writestr(name, content)
    assert len(packed.getvalue()) < 1 << 20
    _, page = finished(client, upload(client, "bomb.xlsx", packed.getvalue()))
    assert told(page)
    assert client.get("/api/v1/health").status_code == 200


def test_a_process_that_dies_is_told(browser, monkeypatch):
    monkeypatch.setattr(jobs_module, "_label", _die)
    _, page = finished(browser, upload(browser))
    assert "ended before its time" in told(page)


def _die(*arguments):
    os._exit(9)


def test_closing_leaves_no_file_and_no_process(shipped_model, settings):
    held = Jobs(shipped_model, settings)
    rows = io.BytesIO(b"text\n" + b"Key invoices into the ledger.\n" * 500_000)
    job = held.add(rows, "jobs.csv", Order())
    while held.find(job.id).state == "waiting":
        time.sleep(0.02)
    began = time.monotonic()
    held.close()
    assert time.monotonic() - began < 5
    assert os.listdir(settings.folder) == []
