"""``python -m kpoclf.spark`` writes what ``kpoclf label`` writes, and says in one line what it cannot."""

import csv
import json

import pyarrow.parquet as pq
import pytest

from kpoclf.resources import shipped
from kpoclf.spark.command import main

pytestmark = [
    pytest.mark.spark,
    pytest.mark.filterwarnings("ignore::FutureWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]

ROWS = [
    {"id": "007", "title": " Clerk ", "description": 'Key "forms",\nthen file them.', "note": ""},
    {"id": "NA", "title": "Analyst", "description": "Advise, research; assess.", "note": "a,b"},
    {"id": "3", "title": "", "description": "Stir the soup\\", "note": "null"},
]


@pytest.fixture
def call(spark, capsys):
    """Run the command in this process, with the session that is there; its exit code and stderr."""

    def run(*arguments):
        with pytest.raises(SystemExit) as end:
            main([str(a) for a in arguments])
        return end.value.code, capsys.readouterr().err

    return run


def write_csv(path, rows):
    with path.open("w", newline="", encoding="utf-8") as out:
        writer = csv.DictWriter(out, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def read_csv_parts(folder):
    rows = []
    for part in sorted(folder.glob("part-*")):
        with part.open(newline="", encoding="utf-8") as stream:
            rows += csv.DictReader(stream)
    return rows


def test_csv_is_labelled_as_label_does_it(call, run, tmp_path):
    source = tmp_path / "jobs.csv"
    source.write_bytes((shipped("data", "examples") / "postings.csv").read_bytes())
    run("label", str(source), "-o", str(tmp_path / "one.csv"))
    code, told = call(source, tmp_path / "out")
    assert code == 0
    assert "rows read from" in told
    with (tmp_path / "one.csv").open(newline="", encoding="utf-8") as stream:
        wanted = list(csv.DictReader(stream))
    found = read_csv_parts(tmp_path / "out")
    for row in (*wanted, *found):
        row["kpoclf_confidence"] = float(row["kpoclf_confidence"])
    assert found == wanted


def test_values_of_csv_come_back_as_they_were(call, tmp_path):
    (tmp_path / "in").mkdir()
    write_csv(tmp_path / "in" / "a.csv", ROWS)
    code, told = call(tmp_path / "in", tmp_path / "out", "--format", "csv")
    assert code == 0, told
    found = read_csv_parts(tmp_path / "out")
    assert [{k: row[k] for k in ROWS[0]} for row in found] == ROWS
    assert "3 rows read from title + description" in told


def test_json_lines_come_back_with_their_values(call, tmp_path):
    rows = [
        {"body": "Advise.", "deep": {"a": [1, None]}, "n": 1},
        {"body": None, "deep": None, "n": 2},
    ]
    source = tmp_path / "in.jsonl"
    source.write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert call(source, tmp_path / "out", "--detail")[0] == 0
    (part,) = (tmp_path / "out").glob("part-*")
    found = [json.loads(line) for line in part.read_text().splitlines()]
    assert [{k: row[k] for k in rows[0]} for row in found] == rows
    assert found[0]["kpoclf_label"] == "KPO"
    assert "kpoclf_criteria" in found[0]


def test_a_column_that_only_begins_like_those_added_is_kept(call, tmp_path):
    write_csv(tmp_path / "in.csv", [{"text": "Post bills.", "kpoclf_note": "mine"}])
    assert call(tmp_path / "in.csv", tmp_path / "out", "-q") == (0, "")
    (row,) = read_csv_parts(tmp_path / "out")
    assert (row["kpoclf_note"], row["kpoclf_label"]) == ("mine", "BPO")


def test_parquet_is_what_is_read_unless_the_ending_says_otherwise(call, spark, tmp_path):
    df = spark.createDataFrame([(1, "Post bills.")], "id int, text string")
    df.write.parquet(str(tmp_path / "in"))
    assert call(tmp_path / "in", tmp_path / "out", "-q") == (0, "")
    assert pq.read_table(tmp_path / "out").column_names[:3] == ["id", "text", "kpoclf_label"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("{}/nowhere", "{}/out"), "Path does not exist"),
        (("{}/in.csv", "{}"), "is there already; name a new folder"),
        (("{}/in.csv", "{}/out", "--text", "duties"), "no column 'duties' (--text); columns:"),
        (("{}/broken.csv", "{}/out"), "MALFORMED"),
        (("{}/labelled.csv", "{}/out"), "pass --overwrite"),
        (("{}/in.csv",), "Missing argument 'OUT'"),
    ],
)
def test_what_cannot_be_done_is_one_line_and_exit_code_2(call, tmp_path, arguments, message):
    write_csv(tmp_path / "in.csv", ROWS)
    write_csv(tmp_path / "labelled.csv", [{"text": "a", "kpoclf_label": "b"}])
    (tmp_path / "broken.csv").write_text("id,description\n1,Post bills,more\n")
    code, told = call(*(a.format(tmp_path) for a in arguments))
    assert code == 2
    assert told.count("\n") == 1
    assert message in told
    assert not (tmp_path / "out" / "_SUCCESS").exists()
