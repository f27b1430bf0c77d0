"""`kpoclf train`: refusals in one line with nothing written, and a model that knows the new rows."""

import pytest

import kpoclf
from kpoclf.learn import train as module
from kpoclf.learn.settings import Settings
from kpoclf.model.store import Store

OBJECTS = (
    "tax loan claim visa invoice market patent river budget policy drug bridge crop hotel".split()
)


def rows_of(verbs, label, n=6):
    """CSV lines of work whose verbs the corpus does not know."""
    return [
        f"{verbs} {OBJECTS[i]} {OBJECTS[i + 1]} {OBJECTS[i + 4]} {OBJECTS[i * 5 % 14]},{label}"
        for i in range(n)
    ]


KPO, BPO = rows_of("compose curate lecture", "kpo "), rows_of("staple shred laminate", "Bpo")


@pytest.fixture(autouse=True)
def _small_corpus(monkeypatch, synthetic_rows, shared_forms):
    """A corpus of 65 rows, and two folds."""
    monkeypatch.setattr(module, "read_corpus", lambda: list(synthetic_rows))
    monkeypatch.setattr(module, "Settings", lambda: Settings(folds=2))


@pytest.fixture
def new(tmp_path):
    """A file of new rows."""

    def write(*lines, header="text,label", name="new.csv"):
        path = tmp_path / name
        path.write_text("\n".join([header, *lines]) + "\n")
        return path

    return write


def test_new_rows_make_a_model_that_loads_and_knows_them(run, new, tmp_path):
    done = run("train", new(*KPO, *BPO), "-o", tmp_path / "model")
    model = kpoclf.load(tmp_path / "model")
    assert done.code == 0
    assert done.err.splitlines()[-1] == f"model {model.id} written to {tmp_path / 'model'}"
    assert model.predict(["compose curate lecture", "staple shred laminate"]).tolist() == [
        "KPO",
        "BPO",
    ]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["model", "new.csv"]
    assert run("models", "verify", tmp_path / "model").code == 0


def test_both_recipes_are_shown_side_by_side_on_stdout(run, new):
    done = run("train", new(*KPO, *BPO))
    assert done.code == 0
    lines = done.out.splitlines()
    assert lines[0] == "current data: 65 rows; new: 12 rows"
    assert lines[5].split() == "scored on measure current + new difference (95 %)".split()
    assert lines[6].startswith("current rows (50)")
    assert max(map(len, lines)) <= 80
    assert any(line.startswith("scope, current rows (65)") for line in lines)
    assert any(line.startswith("new rows (12)") for line in lines)
    verdict = lines[lines.index("", 7) + 1]
    assert verdict.startswith(("current + new is ", "no difference beyond chance"))
    assert lines[-1].startswith("gate: ")
    assert ", fold " not in done.err  # told on a terminal alone


def test_without_a_folder_no_model_is_written(run, new, tmp_path):
    done = run("train", new(*KPO, *BPO))
    assert "fitting" not in done.err
    assert done.err.splitlines()[-1] == (
        "no model written: promote it with --promote, or give a folder with -o"
    )
    assert [p.name for p in tmp_path.iterdir()] == ["new.csv"]


def test_quiet_keeps_silent_on_the_steps(run, new):
    file = new(*KPO, *BPO)
    assert "comparing recipes …" in run("train", file).err
    quiet = run("train", "-q", file)
    assert "…" not in quiet.err
    assert "\ngate: " in quiet.out


def test_only_new_leaves_the_shipped_corpus_out(run, new, tmp_path):
    file = new(*rows_of("compose curate lecture", "KPO", 10), *rows_of("staple shred", "BPO", 10))
    done = run("train", "--only-new", file, "-o", tmp_path / "model")
    assert done.code == 0
    assert "new only is worse" in done.out
    assert kpoclf.load(tmp_path / "model").trained.corpus["rows"] == 20


def test_several_files_and_columns_of_other_names_are_read(run, new):
    first = new(*KPO, header="work,class", name="a.csv")
    second = new(*BPO, header="Work,Class", name="b.csv")
    done = run("train", first, second, "--text", "work", "--label", "class")
    assert (done.code, done.out.splitlines()[0]) == (0, "current data: 65 rows; new: 12 rows")


def test_a_model_folder_is_replaced_and_another_folder_is_not(run, new, tmp_path):
    target, other = tmp_path / "model", tmp_path / "letters"
    other.mkdir()
    (other / "letter.txt").write_text("dear")
    file = new(*KPO, *BPO)
    assert run("train", file, "-o", target).code == 0
    first = kpoclf.load(target).id
    assert run("train", new(*KPO[:5], *BPO), "-o", target).code == 0
    assert kpoclf.load(target).id != first
    done = run("train", file, "-o", other)
    assert done.code == 2
    assert "holds files that are no model" in done.err
    assert [p.name for p in other.iterdir()] == ["letter.txt"]


@pytest.mark.parametrize(
    ("lines", "options", "told"),
    [
        (
            [*KPO, *BPO, "Sort mail by street,BPM"],
            [],
            "unknown label 'BPM' (FILE, line 14); labels are BPO, KPO, OTHER",
        ),
        (
            KPO,
            [],
            "0 of 6 rows (FILE, line 2 to FILE, line 7) are labelled BPO, too few to tell the two "
            "apart: give at least 5 rows each of KPO and BPO, or pass --allow-few",
        ),
        (
            [*KPO, *BPO[:4]],
            [],
            "4 of 10 rows (FILE, line 2 to FILE, line 11) are labelled BPO, too few",
        ),
        (BPO[:3], [], "3 of 3 rows (FILE, line 2 to FILE, line 4) are labelled BPO, too few"),
        (
            [*KPO, *BPO],
            ["--only-new"],
            "labelled BPO, too few to tell the two apart: give at least 10",
        ),
        ([], [], "no usable rows: every row's text is empty"),
        ([",KPO", "24/7,BPO"], [], "no usable rows: every row's text is empty"),
        (
            [*KPO, *BPO, KPO[0].upper().replace("KPO", "BPO")],
            [],
            "the same text has two labels: FILE, line 2 says KPO, FILE, line 14 says BPO; "
            "correct one of them",
        ),
        (
            [*KPO, *BPO, "SHIPPED,KPO"],
            [],
            "FILE, line 14: labelled KPO, but the shipped corpus has the same text as BPO "
            "(synthetic, 25); correct the label or train with --only-new",
        ),
    ],
)
def test_rows_that_cannot_train_are_refused_in_one_line(
    run, new, tmp_path, synthetic_rows, lines, options, told
):
    file = new(*(line.replace("SHIPPED", synthetic_rows[25].text) for line in lines))
    done = run("train", *options, file, "-o", tmp_path / "model")
    assert done.code == 2
    assert done.out == ""
    message = done.err.splitlines()[-1]
    assert message.startswith("kpoclf: ")
    assert told.replace("FILE", str(file)) in message
    assert len([line for line in done.err.splitlines() if "…" not in line]) == 1
    assert [p.name for p in tmp_path.iterdir()] == ["new.csv"]


@pytest.mark.parametrize(
    ("service", "told"),
    [
        ("juggling", "unknown service 'juggling' (FILE, line 4)"),
        ("payroll", "service payroll is not KPO (FILE, line 4)"),
    ],
)
def test_a_service_that_is_unknown_or_of_the_other_label_is_refused(
    run, new, tmp_path, service, told
):
    lines = [f"{line},{service if i == 2 else ''}" for i, line in enumerate([*KPO, *BPO])]
    file = new(*lines, header="text,label,service")
    done = run("train", file, "-o", tmp_path / "model")
    assert done.code == 2
    assert len(done.err.splitlines()) == 1
    assert told.replace("FILE", str(file)) in done.err
    assert [p.name for p in tmp_path.iterdir()] == ["new.csv"]


def test_other_rows_alone_need_to_be_asked_for_and_teach_scope(run, new, tmp_path):
    file = new(*rows_of("juggle somersault trapeze", "other", 10))
    assert run("train", file).code == 2
    done = run("train", "--allow-few", file, "-o", tmp_path / "model")
    assert (done.code, "current + new is better" in done.out) == (0, True)
    assert "\nnew OTHER rows (10)" in done.out
    model = kpoclf.load(tmp_path / "model")
    assert model.judge(["juggle somersault trapeze tonight"]).status[0] == "out_of_scope"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["none.csv"], "none.csv: no such file"),
        ([], "Missing argument 'FILE...'"),
        (["new.csv", "-o", "new.csv"], "new.csv: is a file; a model is written to a folder"),
        (["new.csv", "--label", "class"], "no column 'class' (--label); columns: 'text', 'label'"),
        (["new.csv", "--service", "kind"], "no column 'kind' (--service)"),
        (["new.csv", "--text", "work"], "no column 'work' (--text)"),
        (["new.csv", "--force"], "--force needs --reason TEXT"),
        (["new.csv", "--force", "--reason", " "], "--force needs --reason TEXT"),
        (["new.csv", "--reason", "so"], "--reason is for the log of promotions: give --promote"),
        (["new.csv", "--holdout", "none.csv"], "none.csv: no such file"),
        (["new.csv", "--margin", "1"], "--margin"),
        (["new.csv", "--weight", "0"], "--weight"),
        (["new.csv", "--weight", "inf"], "the weight is inf"),
    ],
)
def test_wrong_usage_is_one_line_and_code_2(run, new, tmp_path, monkeypatch, arguments, told):
    monkeypatch.chdir(tmp_path)
    new(*KPO, *BPO)
    done = run("train", *arguments)
    assert done.code == 2
    assert told in done.err
    assert len(done.err.splitlines()) == 1
    assert [p.name for p in tmp_path.iterdir()] == ["new.csv"]


TEN = rows_of("compose curate lecture", "KPO", 10) + rows_of("staple shred", "BPO", 10)


def test_a_candidate_that_passes_is_promoted_used_and_rolled_back(run, new, home):
    done = run("train", new(*KPO, *BPO), "--promote", "--margin", "0.3", "--reason", "new kinds")
    assert (done.code, done.out.splitlines()[-1][:12]) == (0, "gate: passed")
    model = kpoclf.load("current")
    assert done.err.splitlines()[-1] == (
        f"model {model.id} is current now (before: shipped); kpoclf models rollback undoes it"
    )
    assert model.predict(["staple shred laminate"]).tolist() == ["BPO"]
    entry = Store().log()[-1]
    assert (entry["action"], entry["why"]) == ("promote", "12 new rows, gate passed: new kinds")
    run("models", "rollback")
    assert kpoclf.load("current").id == kpoclf.load().id


def test_the_rows_of_a_promoted_model_are_the_current_data_of_the_next(
    run, new, home, synthetic_rows
):
    run("train", new(*KPO, *BPO), "--promote", "--margin", "0.3")
    more = [*rows_of("perch hover glide", "KPO"), *rows_of("stack pile heap", "BPO"), *KPO]
    done = run("train", new(*more))
    first = kpoclf.load("current").id
    assert done.out.splitlines()[0] == "current data: 77 rows; new: 12 rows"
    assert f"6 rows left out that the current model ({first}) has already" in done.err


def test_a_label_that_the_promoted_model_has_otherwise_can_be_corrected_after_a_rollback(
    run, new, home
):
    run("train", new(*KPO, *BPO), "--promote", "--margin", "0.3")
    first = kpoclf.load("current").id
    swap = str.maketrans("KB", "BK")
    done = run("train", new(*(line.upper().translate(swap) for line in (*KPO, *BPO))))
    assert done.code == 2
    told = done.err.splitlines()[-1]
    assert f"the current model ({first}) has the same text as " in told
    assert told.endswith("train with --only-new, or go back first: kpoclf models rollback")


def test_a_refused_candidate_is_not_fitted_and_the_current_model_stays(run, new, home):
    done = run("train", "--only-new", new(*TEN), "--promote")
    assert done.code == 1
    assert "\ngate: refused\n- current rows: " in done.out
    assert done.err.splitlines()[-1].startswith("not promoted: the gate refused. ")
    assert done.err.splitlines()[-1].endswith("--force --reason TEXT promotes all the same")
    assert "fitting" not in done.err
    assert Store().current() is None


def test_a_refused_candidate_is_written_to_a_folder_that_was_asked_for(run, new, home, tmp_path):
    done = run("train", "--only-new", new(*TEN), "--promote", "-o", tmp_path / "model")
    assert done.code == 1
    assert kpoclf.load(tmp_path / "model").trained.corpus["rows"] == 20
    assert Store().current() is None


KNOWN = {
    "KPO": ["advise interpret forecast", "design argue assess", "devise model evaluate"],
    "BPO": ["key type scan", "copy log sort", "stamp update dispatch"],
}


@pytest.mark.parametrize("swapped", [False, True])
def test_a_file_whose_labels_are_swapped_is_refused_and_a_right_one_gets_no_note(
    run, new, home, swapped
):
    given = dict(zip(KNOWN, reversed(KNOWN), strict=True)) if swapped else {k: k for k in KNOWN}
    lines = [
        line
        for label, verbs in KNOWN.items()
        for words in verbs
        for line in rows_of(words, given[label], 4)
    ]
    done = run("train", new(*lines), "--promote", "--margin", "0.9")
    told = " ".join(line.strip() for line in done.out.splitlines())
    refused = "- the current data contradict 12 of 12 KPO and 12 of 12 BPO labels of the new rows:"
    assert (done.code, refused in told) == ((1, True) if swapped else (0, False))
    assert "note: " not in told
    assert max(map(len, done.out.splitlines())) <= 80


def test_force_promotes_what_the_gate_refused_and_the_log_keeps_why(run, new, home):
    done = run("train", "--only-new", new(*TEN), "--force", "--reason", "our jobs only")
    assert done.code == 0
    assert kpoclf.load("current").trained.corpus["rows"] == 20
    assert Store().log()[-1]["why"] == "20 new rows, forced: gate refused: our jobs only"


def test_a_holdout_is_scored_by_both_recipes_without_what_was_trained_on(run, new):
    held = [line.replace("tax", "toll") for line in rows_of("curate compose", "KPO", 3)]
    held += [line.replace("tax", "toll") for line in rows_of("shred staple", "BPO", 3)]
    holdout = new(*held, KPO[1], name="holdout.csv")
    done = run("train", new(*KPO, *BPO), "--holdout", holdout)
    assert done.code == 0
    assert any(line.startswith("holdout (6)") for line in done.out.splitlines())
    assert "1 of the holdout left out: near-duplicates of rows trained on" in done.out


def test_a_holdout_of_rows_trained_on_is_refused(run, new):
    file = new(*KPO, *BPO)
    done = run("train", file, "--holdout", file)
    assert done.code == 2
    assert "the holdout has no KPO or BPO row" in done.err.splitlines()[-1]
