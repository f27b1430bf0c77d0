"""Labelled rows from files and data frames, every label and service checked."""

import gzip
import json

import pandas as pd
import pytest

from kpoclf.errors import CorpusError, InputError
from kpoclf.tables.labelled import labelled_rows

TWO = "text,label\nKey the forms,BPO\nAdvise the board,KPO\n"


@pytest.fixture
def write(tmp_path):
    def call(content, name="new.csv"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return call


def told(rows):
    return [(row.text, row.label) for row in rows]


def refused(data, kind=CorpusError, **options):
    with pytest.raises(kind) as error:
        labelled_rows(data, **options)
    assert "\n" not in str(error.value)
    return str(error.value)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", TWO),
        ("a.csv", TWO.replace("\n", "\r\n")),
        ("a.csv", "\ufeff" + TWO),
        ("a.csv", TWO.encode("utf-16")),
        ("a.csv", TWO.replace(",", ";")),
        ("a.tsv", TWO.replace(",", "\t")),
        ("a.csv.gz", gzip.compress(TWO.encode(), mtime=0)),
        (
            "a.jsonl",
            '{"text": "Key the forms", "label": "BPO"}\n{"label": "KPO", "text": "Advise the board"}',
        ),
        ("a.csv", TWO.replace("text,label", "Text, LABEL ")),
    ],
)
def test_every_format_gives_the_same_rows(write, name, content):
    assert told(labelled_rows(write(content, name))) == [
        ("Key the forms", "BPO"),
        ("Advise the board", "KPO"),
    ]


def test_a_workbook_is_read(tmp_path):
    path = tmp_path / "a.xlsx"
    pd.DataFrame({"text": ["Key the forms"], "label": ["bpo"]}).to_excel(path, index=False)
    assert told(labelled_rows(path)) == [("Key the forms", "BPO")]


def test_several_files_come_in_their_order_each_with_its_own_columns(write):
    first = write(TWO, "a.csv")
    second = write("label,service,description\nOther,,Milk cows\n", "b.csv")
    rows = labelled_rows([first, str(second)])
    assert [(r.text, r.label, r.where) for r in rows] == [
        ("Key the forms", "BPO", f"{first}, line 2"),
        ("Advise the board", "KPO", f"{first}, line 3"),
        ("Milk cows", "OTHER", f"{second}, line 2"),
    ]


@pytest.mark.parametrize("label", ["BPO", "bpo", "Bpo ", " bPO\t"])
def test_labels_are_read_as_people_spell_them(label):
    assert labelled_rows(pd.DataFrame({"text": ["a"], "label": [label]}))[0].label == "BPO"


def test_columns_may_be_named_and_texts_joined(write):
    path = write("headline,details,class,kind\nClerk,Key forms,bpo,Data Entry\n,Sort mail,BPO,\n")
    rows = labelled_rows(path, text=["headline", "details"], label="class", service="kind")
    assert [(r.text, r.service) for r in rows] == [
        ("Clerk\nKey forms", "data-entry"),
        ("Sort mail", ""),
    ]


@pytest.mark.parametrize("service", ["market-research", "Market-Research ", "Market research"])
def test_a_service_is_a_slug_or_a_name(service):
    frame = pd.DataFrame({"text": ["a"], "label": ["KPO"], "service": [service]})
    assert labelled_rows(frame)[0].service == "market-research"


def test_services_that_are_not_wanted_are_not_checked():
    frame = pd.DataFrame({"text": ["a"], "label": ["KPO"], "service": ["juggling"]})
    assert labelled_rows(frame, services=False)[0].service == ""


def test_an_unknown_label_is_told_with_its_first_rows(write):
    path = write("text,label\na,KPO\n" + "b,knowledge\n" * 5 + "c,\n")
    assert refused(path) == (
        f"unknown label 'knowledge' ({path}, line 3; {path}, line 4; {path}, line 5 and 2 more); "
        f"unknown label '' ({path}, line 8); labels are BPO, KPO, OTHER"
    )


def test_an_unknown_service_and_one_of_the_other_label_are_told(write):
    path = write("text,label,service\na,KPO,juggling\nb,KPO,payroll\nc,bpo,payroll\n")
    assert refused(path) == (
        f"unknown service 'juggling' ({path}, line 2); service payroll is not KPO ({path}, line 3); "
        "labels are BPO, KPO, OTHER; services are slugs or aliases of data/taxonomy.toml, or empty"
    )


def test_of_many_kinds_of_problems_three_are_told_and_the_rest_counted():
    frame = pd.DataFrame({"text": "a", "label": list("vwxyz")})
    assert "unknown label 'x' (row 2); 2 more problems; labels are" in refused(frame)


def test_a_missing_label_column_lists_the_columns(write):
    path = write("text,class\na,KPO\n")
    message = f"{path}: no column 'label' (--label); columns: 'text', 'class'"
    assert refused(path, InputError) == message
    assert refused(path, InputError, label="kind").startswith(f"{path}: no column 'kind' (--label)")


def test_a_missing_service_or_other_column_that_was_named_is_an_error(write):
    path = write(TWO)
    assert "no column 'kind' (--service)" in refused(path, InputError, service="kind")
    assert "no column 'source' (--by, --group)" in refused(path, InputError, extra=["source"])


def test_further_columns_are_kept_as_they_are(write):
    path = write("text,label,source\na,KPO, 007\n")
    assert labelled_rows(path, extra=["source"])[0].extra == {"source": " 007"}


@pytest.mark.parametrize("missing", [None, float("nan"), pd.NA, pd.NaT])
def test_a_missing_value_of_a_data_frame_is_empty(missing):
    frame = pd.DataFrame(
        {
            "text": ["Key forms", missing],
            "label": ["BPO", "KPO"],
            "service": ["data-entry", missing],
        }
    )
    assert [(r.text, r.service) for r in labelled_rows(frame)] == [
        ("Key forms", "data-entry"),
        ("", ""),
    ]


@pytest.mark.parametrize("dtype", ["string", "category", "object"])
def test_columns_of_any_type_of_text_are_read(dtype):
    frame = pd.DataFrame({"text": ["Key forms", None], "label": ["BPO", "KPO"]}).astype(dtype)
    assert told(labelled_rows(frame)) == [("Key forms", "BPO"), ("", "KPO")]


def test_a_missing_label_of_a_data_frame_is_an_unknown_one():
    frame = pd.DataFrame({"text": ["a", "b"], "label": ["KPO", None]}, index=[70, 71])
    assert refused(frame).startswith("unknown label '' (row 1)")


def test_a_file_that_is_not_there_or_is_broken_is_one_line(write, tmp_path):
    assert "no such file" in refused(tmp_path / "none.csv", InputError)
    path = write(json.dumps({"text": "a", "label": "KPO"}) + "\n{oops\n", "a.jsonl")
    assert refused(path, InputError).startswith(f"{path}")


def test_empty_rows_are_left_out(write):
    path = write("n,text,label,service\n1,Key the forms,BPO,\n2,,,\n,,,\n3,,KPO,\n")
    assert told(labelled_rows(path)) == [("Key the forms", "BPO"), ("", "KPO")]


def test_a_header_alone_gives_no_rows(write):
    assert labelled_rows(write("text,label\n")) == []
