"""Every kind of fault in labelled data is found, with its file and line."""

import csv
from pathlib import Path

import pandas as pd
import pytest

from kpoclf.corpus.rows import COLUMNS
from kpoclf.errors import InputError
from kpoclf.tables.check import check_files
from kpoclf.tables.open_table import ReadOptions

GOOD = {
    "id": "a1",
    "text": "Key supplier invoices into the ledger.",
    "label": "BPO",
    "service": "data-entry",
    "register": "task",
    "variety": "en-US",
    "pair": "",
    "hard": "0",
}
POSTING = "Check each supplier invoice against its purchase order and post it to the ledger by noon"


@pytest.fixture
def check(tmp_path):
    """Findings of one file's content, as (line, problem)."""

    def call(content):
        path = tmp_path / "new.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        findings, *_ = check_files([path])
        assert all(f.file == str(path) for f in findings)
        return [(f.line, f.problem) for f in findings]

    return call


def corpus_file(path: Path, *rows: dict[str, str]) -> Path:
    """A file with all columns of the corpus; each row is given by what is odd in it."""
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows({**GOOD, **row} for row in rows)
    return path


def test_a_file_without_faults_has_no_findings(tmp_path):
    assert check_files([corpus_file(tmp_path / "a.csv", {})]) == ([], 1, [])


@pytest.mark.parametrize(
    ("odd", "problem"),
    [
        ({"label": "knowledge"}, "unknown label 'knowledge': use BPO, KPO, OTHER"),
        ({"label": ""}, "unknown label '': use BPO, KPO, OTHER"),
        ({"label": "bpo "}, "label 'bpo ': write BPO"),
        ({"service": "juggling"}, "unknown service 'juggling': use a slug of data/taxonomy.toml"),
        ({"service": "Data Entry"}, "service 'Data Entry': write data-entry"),
        ({"service": ""}, "no service"),
        ({"label": "KPO"}, "label KPO contradicts service data-entry, which is BPO"),
        ({"label": "OTHER"}, "label OTHER contradicts service data-entry, which is BPO"),
        ({"text": " \n"}, "empty text"),
        ({"text": "Key forms 24/7"}, "text of fewer than 3 words"),
        ({"text": "Key forms into\x07 the ledger."}, "control character U+0007 in the text"),
        ({"text": "Key forms into\x00 the ledger."}, "control character U+0000 in the text"),
        (
            {"text": "Key the clientâ€™s forms by noon."},
            "text was read in the wrong encoding once (stray characters)",
        ),
        (
            {"text": "Key the client\ufffds forms by noon."},
            "text was read in the wrong encoding once (stray characters)",
        ),
        ({"variety": ""}, "no variety"),
        ({"hard": "yes"}, "hard is 'yes': use 0 or 1"),
        ({"id": ""}, "no id"),
        ({"pair": "p1"}, "pair p1 is not one KPO and one BPO row (1 rows)"),
    ],
)
def test_a_faulty_row_is_told_with_its_line(tmp_path, odd, problem):
    second = {"id": "a2", "text": "Answer calls from mobile subscribers.", **odd}
    path = corpus_file(tmp_path / "a.csv", {}, second)
    findings, n_rows, _ = check_files([path])
    assert [str(f) for f in findings] == [f"{path}:3: {problem}"]
    assert n_rows == 2


def test_an_unknown_register_is_told_with_those_there_are(check, tmp_path):
    findings, *_ = check_files([corpus_file(tmp_path / "a.csv", {"register": "poem"})])
    assert [f.line for f in findings] == [2]
    assert findings[0].problem.startswith("unknown register 'poem': use task, ")


def test_an_out_of_scope_text_may_be_short(tmp_path):
    row = {"text": "asdf", "label": "OTHER", "service": "gibberish", "register": "not-a-task"}
    assert check_files([corpus_file(tmp_path / "a.csv", row)]) == ([], 1, [])


def test_an_id_used_twice_is_found_across_files(tmp_path):
    first = corpus_file(tmp_path / "a.csv", {})
    second = corpus_file(tmp_path / "b.csv", {"text": "Answer calls from mobile subscribers."})
    findings, n_rows, _ = check_files([first, second])
    assert [str(f) for f in findings] == [f"{second}:2: id a1 is used at {first}:2 already"]
    assert n_rows == 2


def test_ids_of_a_users_files_may_begin_anew_in_each(check):
    assert check("id,text,label\n1,Answer the phone,BPO\n1,Key the forms by noon,BPO\n") == []


def test_the_rows_of_a_pair_may_share_their_prose_and_others_may_not(tmp_path):
    kpo = {"id": "k", "text": f"{POSTING}, then advise.", "label": "KPO"}
    kpo["service"] = "intellectual-property"
    bpo = {"id": "b", "text": f"{POSTING}, then file."}
    path = corpus_file(tmp_path / "new.csv", kpo, bpo)
    assert ["nearly the text" in f.problem for f in check_files([path])[0]] == [True]
    path = corpus_file(tmp_path / "new.csv", kpo | {"pair": "p"}, bpo | {"pair": "p"})
    assert check_files([path])[0] == []


def test_a_pair_of_one_kpo_and_one_bpo_row_is_right_and_any_other_is_not(tmp_path):
    kpo = {"id": "k", "text": "Advise the board on patents.", "label": "KPO", "pair": "p"}
    kpo["service"] = "intellectual-property"
    bpo = {"id": "b", "pair": "p"}
    assert check_files([corpus_file(tmp_path / "a.csv", kpo, bpo)])[0] == []
    third = {"id": "c", "pair": "p", "text": "Answer calls from mobile subscribers."}
    findings, *_ = check_files([corpus_file(tmp_path / "a.csv", kpo, bpo, third)])
    assert [(f.line, f.problem) for f in findings] == [
        (2, "pair p is not one KPO and one BPO row (3 rows)")
    ]


def test_text_and_label_are_columns_enough(check):
    assert check("text,label\nKey invoices into the ledger,bpo \n") == []


@pytest.mark.parametrize(
    ("header", "problem"),
    [
        ("text", "no column 'label' (--label); columns: 'text'"),
        ("Description,Class", "no column 'label' (--label); columns: 'Description', 'Class'"),
        (
            "label,job",
            "no column has a usual name for the text (text, description, job_description, "
            "task, body); name one with --text; columns: 'label', 'job'",
        ),
        (
            "text,label,hard",
            "a file of the corpus lacks columns: id, service, register, variety, pair",
        ),
        (
            "text,label,text",
            "2 columns are named 'text'; rename all but one",
        ),
        ("", "no columns: the file is empty"),
    ],
)
def test_missing_columns_are_named_as_train_names_them(check, header, problem):
    assert check(header + "\n") == [(1, problem)]


def test_an_empty_file_has_no_columns(check):
    assert check("") == [(1, "no columns: the file is empty")]


def test_columns_may_be_named_and_texts_joined(tmp_path):
    path = tmp_path / "new.csv"
    path.write_text("Job,Duties,Class,Kind\nClerk,Key the forms,bpo,payrol\n,Sort mail,x,\n")
    options = ReadOptions(text=("job", "duties"))
    findings, n_rows, _ = check_files([path], options, label="class", service="kind")
    assert [(f.line, f.problem) for f in findings] == [
        (2, "unknown service 'payrol': use a slug of data/taxonomy.toml"),
        (3, "text of fewer than 3 words"),
        (3, "unknown label 'x': use BPO, KPO, OTHER"),
    ]
    assert n_rows == 2


def test_a_service_column_that_was_named_has_to_be_there(tmp_path):
    path = tmp_path / "new.csv"
    path.write_text("text,label\nKey the forms,BPO\n")
    findings, *_ = check_files([path], service="kind")
    assert [str(f) for f in findings] == [
        f"{path}:1: no column 'kind' (--service); columns: 'text', 'label'"
    ]


WRONG = [("Answer the phone politely", "BPO"), ("Key the forms by noon", "x")]


@pytest.mark.parametrize(
    "name", ["new.csv", "new.tsv", "new.jsonl", "new.xlsx", "new.parquet", "new.csv.gz"]
)
def test_every_format_that_trains_is_checked(tmp_path, name):
    path = tmp_path / name
    frame = pd.DataFrame(WRONG, columns=["text", "label"])
    if name.endswith("xlsx"):
        frame.to_excel(path, index=False)
    elif name.endswith("parquet"):
        frame.to_parquet(path)
    elif name.endswith("jsonl"):
        frame.to_json(path, orient="records", lines=True)
    else:
        frame.to_csv(path, sep="\t" if name.endswith("tsv") else ",", index=False)
    line = 2 if name.endswith(("jsonl", "parquet")) else 3
    findings, n_rows, notes = check_files([path])
    assert [str(f) for f in findings] == [f"{path}:{line}: unknown label 'x': use BPO, KPO, OTHER"]
    assert (n_rows, notes) == (2, [])


@pytest.mark.parametrize("encoding", ["cp1252", "utf-16"])
def test_what_was_guessed_of_a_file_is_told(tmp_path, encoding):
    path = tmp_path / "new.csv"
    path.write_text("text;label\nAnswer the café's phone;BPO\n", encoding=encoding)
    findings, n_rows, (note,) = check_files([path])
    assert (findings, n_rows) == ([], 1)
    name = "cp1252" if encoding == "cp1252" else "utf-16-le"
    assert note == f"{path}: read as {name}, fields separated by semicolons"


def test_empty_rows_are_passed_over_in_every_format(tmp_path):
    path = tmp_path / "new.xlsx"
    pd.DataFrame([WRONG[0], (None, None), WRONG[1]], columns=["text", "label"]).to_excel(
        path, index=False
    )
    csv_path = tmp_path / "new.csv"
    csv_path.write_text(
        "text,label,n\nAnswer the phone politely,BPO\n,,7\n\nKey the forms by noon,x,\n"
    )
    assert [(f.line, f.problem) for f in check_files([path])[0]] == [
        (4, "unknown label 'x': use BPO, KPO, OTHER")
    ]
    assert check_files([csv_path]).n_rows == 2


def test_a_service_column_alone_asks_for_no_other_column_but_is_checked(check):
    content = "text,label,service\nKey invoices into the ledger,BPO,payrol\nAnswer the phone,BPO,\n"
    assert check(content) == [(2, "unknown service 'payrol': use a slug of data/taxonomy.toml")]


def test_exact_copies_are_found_whatever_their_case_and_space(check, tmp_path):
    content = f'text,label\n{POSTING},BPO\nAnswer the phone,BPO\n"{POSTING.upper()}  ",BPO\n'
    assert check(content) == [(4, f"the same text stands at {tmp_path / 'new.csv'}:2")]


def test_the_same_text_under_two_labels_is_found(check, tmp_path):
    content = f"text,label\n{POSTING},BPO\n{POSTING},KPO\n"
    assert check(content) == [(3, f"the same text is labelled BPO at {tmp_path / 'new.csv'}:2")]


def test_the_same_label_spelled_twice_is_no_contradiction(check, tmp_path):
    content = f"text,label\n{POSTING},BPO\n{POSTING},bpo \n"
    assert check(content) == [(3, f"the same text stands at {tmp_path / 'new.csv'}:2")]


def test_near_duplicates_are_found_across_files(tmp_path):
    first, second = tmp_path / "a.csv", tmp_path / "b.csv"
    first.write_text(f"text,label\nAnswer the phone,BPO\n{POSTING},BPO\n")
    second.write_text(f"text,label\n{POSTING.replace('noon', 'Friday')},BPO\n")
    findings, *_ = check_files([first, second])
    assert [str(f) for f in findings] == [f"{second}:2: nearly the text at {first}:3 (93% shared)"]


def test_findings_come_in_the_order_of_the_files_given(tmp_path):
    last, first = tmp_path / "z.csv", tmp_path / "a.csv"
    last.write_text("text,label\nKey the forms,x\n\nAnswer the phone,y\n")
    first.write_text("text,label\nWrite the report,z\n")
    findings, *_ = check_files([last, first])
    assert [(Path(f.file).name, f.line) for f in findings] == [
        ("z.csv", 2),
        ("z.csv", 4),
        ("a.csv", 2),
    ]


def test_many_exact_copies_give_one_finding_each_in_little_time(check):
    content = "text,label\n" + f"{POSTING},BPO\n" * 3000
    assert len(check(content)) == 2999


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_are_counted_whatever_ends_them(check, end):
    content = [
        "text,label",
        "Answer the phone,BPO",
        '"Key forms',
        'by noon today",x',
        "Sort mail,y",
    ]
    found = check(end.join(content) + end)
    assert [line for line, problem in found if problem.startswith("unknown label")] == [3, 5]


def test_a_byte_order_mark_is_no_part_of_the_first_column(check):
    assert check(b"\xef\xbb\xbftext,label\r\nAnswer the phone,BPO\r\n") == []


@pytest.mark.parametrize("delimiter", [";", "\t"])
def test_semicolons_and_tabs_separate_fields_too(check, delimiter):
    content = f"Text{delimiter} Label\nAnswer the phone, then the door{delimiter}BPO\n"
    assert check(content) == []
    assert check(content.replace("BPO", "x"))[0][0] == 2


def test_a_file_of_the_corpus_is_separated_by_commas(check):
    found = check(";".join(COLUMNS) + "\n" + ";".join(GOOD.values()) + "\n")
    what = "a file of the corpus is UTF-8, separated by commas"
    assert found == [(1, f"fields separated by semicolons: {what}")]
    good = {**GOOD, "text": "Key the café's invoices."}
    found = check((",".join(COLUMNS) + "\n" + ",".join(good.values()) + "\n").encode("cp1252"))
    assert found == [(1, f"read as cp1252: {what}")]


def test_a_record_of_other_length_than_the_header_is_found(check):
    content = "text,label\nAnswer the phone,BPO,today\nKey the forms\n"
    assert check(content) == [
        (2, "3 fields, but the header has 2"),
        (3, "1 field, but the header has 2"),
        (3, "unknown label '': use BPO, KPO, OTHER"),
    ]


def test_a_cell_beyond_the_limit_of_the_csv_module_is_read(check):
    assert check("text,label\n" + "key the forms " * 20_000 + ",BPO\n") == []


def test_a_file_that_is_not_there_or_is_a_folder_is_refused(tmp_path):
    for path, what in ((tmp_path / "none.csv", "no such file"), (tmp_path, "is a folder")):
        with pytest.raises(InputError, match=what):
            check_files([path])
