"""`kpoclf drift`: a verdict first, JSON for a program, exit code 1 where there is drift."""

import json

import pytest

from kpoclf.corpus.rows import read_corpus


@pytest.fixture(scope="module")
def months(tmp_path_factory):
    """Three files: two of tasks from one source, one of full postings."""
    folder = tmp_path_factory.mktemp("months")
    tasks = [row.text for row in read_corpus() if row.register == "task"]
    ads = [row.text for row in read_corpus() if row.register == "full-posting"]
    parts = {"april": tasks[0:600:2], "may": tasks[1:600:2], "june": ads[::10]}
    for name, texts in parts.items():
        lines = [json.dumps({"text": f"{text} Ref. {name}."}) for text in texts]
        (folder / f"{name}.jsonl").write_text("\n".join(lines) + "\n")
    return folder


def test_the_first_line_is_the_verdict_and_no_drift_is_exit_code_0(run, months):
    done = run(
        "drift", months / "may.jsonl", "--reference", months / "april.jsonl", "--alpha", 1e-3
    )
    assert done.code == 0
    lines = done.out.splitlines()
    assert lines[0].startswith("no drift: ")
    assert lines[2].startswith(f"is:  {months / 'may.jsonl'}, ")
    assert lines[5].split()[:3] == ["measure", "was", "is"]
    assert done.err.splitlines() == ["reading texts …", "testing …"]


def test_drift_is_exit_code_1_with_measures_and_terms(run, months):
    done = run("drift", months / "june.jsonl", "--reference", months / "april.jsonl", "-q")
    assert (done.code, done.err) == (1, "")
    assert done.out.startswith("drift: ")
    assert "TERMS THAT RISE" in done.out
    assert done.out.splitlines()[0].endswith("changed")
    starred = [line for line in done.out.splitlines() if line.endswith("*")]
    assert any(line.startswith("words in a text") for line in starred)


def test_a_program_gets_json(run, months):
    done = run("drift", months / "june.jsonl", "--reference", months / "may.jsonl", "--json", "-q")
    found = json.loads(done.out)
    assert (done.code, found["drift"], found["false_alarm_rate"]) == (1, True, 0.01)
    assert len(found["measures"]) == 7
    for measure in found["measures"]:
        assert 0 < measure["p"] <= 1
        assert 0 <= measure["size"] <= 1
    assert found["rising_terms"][0]["now"] > found["rising_terms"][0]["was"]


def test_a_report_never_replaces_an_input(run, months):
    name = months / "may.jsonl"
    done = run("drift", months / "june.jsonl", "--reference", name, "--report", name)
    assert done.code == 2
    assert "would replace the input" in done.err


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("number\n1\n", "no column has a usual name for the text"),
        ("text\nAdvise on tax.\n", "1 different texts that the model was not trained on"),
        ("text\n\n", "0 different texts"),
    ],
)
def test_unusable_input_is_one_line_and_exit_code_2(run, tmp_path, content, told):
    path = tmp_path / "new.csv"
    path.write_text(content)
    done = run("drift", path, "-q")
    assert (done.code, done.out) == (2, "")
    assert told in done.err
    assert done.err.count("\n") == 1


def test_a_missing_reference_is_exit_code_2(run, months):
    done = run("drift", months / "may.jsonl", "--reference", months / "none.csv", "-q")
    assert done.code == 2
    assert done.err.endswith("none.csv: no such file\n")
