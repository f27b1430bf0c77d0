"""`kpoclf evaluate`: figures for a person, JSON for a program, a report, a floor."""

import json

import pytest

import kpoclf

THINGS = "drug bridge hotel crop vessel museum".split()
ROWS = [
    *(f"Advise counsel on {t} patents and interpret case law.,KPO,ads,one" for t in THINGS),
    *(
        f"Key {t} invoice numbers from scanned forms into the ledger.,bpo ,tasks,two"
        for t in THINGS
    ),
    "Advise counsel on insurance patents and interpret case law.,BPO,tasks,two",
    *(f"Milk the cows and drive the {t} tractor to the field.,other,farm,one" for t in THINGS[:3]),
]


@pytest.fixture
def labelled(tmp_path):
    """A labelled file: 6 KPO, 7 BPO of which one is called KPO by the model, 3 OTHER."""

    def write(rows=ROWS, header="text,label,source,employer"):
        path = tmp_path / "labelled.csv"
        path.write_text("\n".join([header, *rows]) + "\n")
        return path

    return write


def test_every_figure_is_shown_with_its_interval_and_rows(run, labelled):
    done = run("evaluate", labelled())
    lines = done.out.splitlines()
    assert (done.code, done.err) == (0, "")
    assert lines[0] == f"model {kpoclf.load().id}; 13 KPO and BPO rows, 3 OTHER rows"
    shown = {line[:34].strip(): line[34:].split() for line in lines}
    for name in (
        "accuracy",
        "macro-F1",
        "ROC AUC",
        "log loss",
        "Brier score",
        "calibration error (debiased)",
        "BPO recall",
        "KPO precision",
    ):
        value, interval, n = shown[name]
        assert n == "13", name
        low, high = interval.split("–")
        assert float(low) <= float(value) <= float(high)
    assert shown["accuracy"][0] == "0.923"
    assert shown["ROC AUC of scope (OTHER or not)"][2] == "16"


def test_labels_and_statuses_given_are_counted(run, labelled):
    lines = run("evaluate", labelled()).out.splitlines()
    head = next(i for i, line in enumerate(lines) if line.startswith("true label"))
    assert lines[head].split()[2:] == ["as", "BPO", "as", "KPO", "ok", "review", "out_of_scope"]
    assert [line.split()[:3] for line in lines[head + 1 : head + 3]] == [
        ["BPO", "6", "1"],
        ["KPO", "0", "6"],
    ]
    assert lines[head + 3].split()[0] == "OTHER"


def test_by_gives_a_line_for_each_value(run, labelled):
    lines = run("evaluate", labelled(), "--by", "source").out.splitlines()
    assert lines[-4].split() == ["source", "rows", "OTHER", "accuracy", "macro-F1"]
    assert lines[-3].split()[:4] == ["ads", "6", "0", "1.000"]
    assert lines[-2].split() == ["farm", "0", "3"]
    assert lines[-1].split()[:4] == ["tasks", "7", "0", "0.857"]


def test_group_widens_the_intervals(run, labelled):
    def interval(*options):
        low, high = json.loads(run("evaluate", labelled(), "--json", *options).out)["brier"][
            "interval"
        ]
        return high - low

    assert interval("--group", "employer") != interval()


def test_json_is_everything_the_evaluation_says(run, labelled):
    done = run("evaluate", labelled(), "--json", "--by", "source")
    found = kpoclf.evaluate(kpoclf.load(), labelled(), by="source")
    assert done.code == 0
    assert json.loads(done.out, parse_constant=pytest.fail) == json.loads(
        json.dumps(found.to_dict())
    )


@pytest.mark.parametrize(("floor", "code"), [("0.9", 0), ("0.95", 1)])
def test_a_macro_f1_below_the_floor_is_code_1(run, labelled, floor, code):
    done = run("evaluate", labelled(), "--fail-under", floor)
    assert done.code == code
    assert done.out.startswith("model ")
    assert done.err == ("" if code == 0 else "kpoclf: macro-F1 0.923 is below 0.95\n")


def test_a_floor_needs_rows_of_both_labels(run, labelled):
    done = run("evaluate", labelled(ROWS[:6]), "--fail-under", "0.5")
    assert done.code == 2
    assert "macro-F1 for --fail-under needs both KPO and BPO rows" in done.err


@pytest.mark.parametrize("floor", ["1.5", "-0.1", "high"])
def test_a_floor_that_is_no_share_is_wrong_usage(run, labelled, floor):
    assert run("evaluate", labelled(), "--fail-under", floor).code == 2


def test_rows_of_one_label_are_measured_as_far_as_they_go(run, labelled):
    done = run("evaluate", labelled(ROWS[:6]))
    assert done.code == 0
    assert "accuracy" in done.out
    assert "macro-F1" not in done.out
    assert "ROC AUC" not in done.out


def test_the_report_is_written_and_loads_nothing(run, labelled, tmp_path):
    done = run("evaluate", labelled(), "--by", "source", "--report", tmp_path / "a.html")
    page = (tmp_path / "a.html").read_text(encoding="utf-8")
    assert (done.code, done.err) == (0, f"report written to {tmp_path / 'a.html'}\n")
    assert "<svg" in page
    for loaded in ('src="', "<script", "<link", 'href="http', "@import", "url(http"):
        assert loaded not in page


def test_a_report_that_cannot_be_written_is_code_2(run, labelled, tmp_path):
    done = run("evaluate", labelled(), "--report", tmp_path / "none" / "a.html")
    assert done.code == 2
    assert "cannot be written" in done.err


def test_another_model_is_measured_by_its_folder(run, labelled, tmp_path, synthetic_rows):
    texts, labels = ([getattr(r, k) for r in synthetic_rows] for k in ("text", "label"))
    kpoclf.KPOClassifier(calibration_folds=2).fit(texts, labels).model_.save(tmp_path / "model")
    done = run("evaluate", labelled(), "--model", tmp_path / "model", "--json")
    assert json.loads(done.out)["model"] == kpoclf.load(tmp_path / "model").id
    assert run("evaluate", labelled(), "--model", tmp_path).code == 2


def test_rows_that_the_model_was_trained_on_are_left_out_with_a_word(run, labelled, shipped_model):
    known = shipped_model.trained.rows.rows.text(0)
    done = run("evaluate", labelled([*ROWS, f'"{known}",KPO,ads,one']))
    assert done.out.splitlines()[:2] == [
        f"model {shipped_model.id}; 13 KPO and BPO rows, 3 OTHER rows",
        f"1 row left out that model {shipped_model.id} was trained on",
    ]


@pytest.mark.parametrize(
    ("rows", "options", "told"),
    [
        (ROWS[-3:], [], "none of the 3 rows is labelled KPO or BPO: nothing to measure"),
        ([], [], "none of the 0 rows is labelled KPO or BPO"),
        ([*ROWS, "Sort mail,BPM,ads,one"], [], "unknown label 'BPM' (FILE, line 18)"),
        (
            ROWS,
            ["--label", "class"],
            "FILE: no column 'class' (--label); columns: 'text', 'label', 'source', 'employer'",
        ),
        (ROWS, ["--by", "sauce"], "no column 'sauce' (--by, --group); columns: 'text', 'label'"),
        (ROWS, ["--group", "sauce"], "no column 'sauce' (--by, --group)"),
        (ROWS, ["--model", "none"], "none: no such model folder"),
    ],
)
def test_what_cannot_be_measured_is_one_line_and_code_2(run, labelled, rows, options, told):
    file = labelled(rows)
    done = run("evaluate", file, *options)
    assert (done.code, done.out) == (2, "")
    assert told.replace("FILE", str(file)) in done.err
    assert len(done.err.splitlines()) == 1


def test_a_file_without_labels_lists_its_columns(run, labelled):
    done = run("evaluate", labelled(["Key the forms,ads"], header="text,source"))
    assert done.code == 2
    assert "no column 'label' (--label); columns: 'text', 'source'" in done.err
