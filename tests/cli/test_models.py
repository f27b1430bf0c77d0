"""`kpoclf models`: list, use, rollback, log, show, verify, import, export; which model is used."""

import json
import os
import shutil
import subprocess
import sys
from datetime import UTC, datetime

import numpy as np
import pytest

import kpoclf
from kpoclf.model.store import Store
from kpoclf.resources import shipped

TEXTS = ["advise the claim", "Advising claims", "keying keying", "", "zzzz"]


@pytest.fixture
def folder(tiny_model, tmp_path):
    tiny_model.save(tmp_path / "model")
    return tmp_path / "model"


def test_show_prints_the_card(run, folder):
    done = run("models", "show", folder)
    assert (done.code, done.err) == (0, "")
    assert done.out == (folder / "README.md").read_text()
    assert run("models", "show").out == shipped("models", "default", "README.md").read_text()


def test_verify_names_the_model_that_is_unchanged(run, folder, tiny_model, shipped_model):
    done = run("models", "verify", folder)
    assert (done.code, done.err) == (0, "")
    assert done.out == f"model {tiny_model.id}: complete and unchanged, 5 features\n"
    assert run("models", "verify").out.startswith(f"model {shipped_model.id}: complete")


@pytest.mark.parametrize("name", ["README.md", "model.json", "weights.npz"])
@pytest.mark.parametrize("action", ["show", "verify", "export"])
def test_a_changed_model_is_refused_in_one_line(run, folder, tmp_path, name, action):
    content = bytearray((folder / name).read_bytes())
    content[len(content) // 2] ^= 1
    (folder / name).write_bytes(content)
    options = ["-o", tmp_path / "copy"] if action == "export" else []
    done = run("models", action, folder, *options)
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith(f"kpoclf: {folder}")
    assert done.err.count("\n") == 1
    assert not (tmp_path / "copy").exists()


def test_a_folder_that_is_not_there_is_refused(run, tmp_path):
    done = run("models", "verify", tmp_path / "nowhere")
    assert (done.code, done.out) == (2, "")
    assert done.err == (
        f"kpoclf: {tmp_path / 'nowhere'}: no such model folder, nor a version of this id; "
        "kpoclf models list shows them\n"
    )


def test_export_copies_the_folder_byte_for_byte(run, folder, tmp_path, tiny_model):
    done = run("models", "export", folder, "-o", tmp_path / "copy")
    assert (done.code, done.out) == (0, "")
    assert done.err == f"model {tiny_model.id} written to {tmp_path / 'copy'}\n"
    for path in folder.iterdir():
        assert (tmp_path / "copy" / path.name).read_bytes() == path.read_bytes()


def test_a_joblib_export_agrees_with_the_model_in_another_process(
    run, folder, tmp_path, tiny_model
):
    path = tmp_path / "pipeline.joblib"
    done = run("models", "export", folder, "--format", "joblib", "-o", path)
    assert (done.code, done.out) == (0, "")
    assert done.err == f"model {tiny_model.id} written to {path}\n"
    code = (
        f"import joblib; p = joblib.load({str(path)!r}); print(p.predict_proba({TEXTS!r}).tolist())"
    )
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    difference = np.array(json.loads(loaded.stdout)) - tiny_model.predict_proba(TEXTS)
    assert np.abs(difference).max() < 1e-9


def test_a_joblib_export_must_be_named_so(run, tmp_path):
    done = run("models", "export", "--format", "joblib", "-o", tmp_path / "model.pkl")
    assert done.code == 2
    assert done.err == f"kpoclf: {tmp_path / 'model.pkl'}: name a file that ends in .joblib\n"
    assert not (tmp_path / "model.pkl").exists()


def test_export_leaves_other_files_alone(run, folder, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("dear")
    done = run("models", "export", folder, "-o", tmp_path / "mine")
    assert done.code == 2
    assert "holds files that are no model; give a new folder" in done.err
    assert (tmp_path / "mine" / "notes.txt").read_text() == "dear"
    done = run("models", "export", folder, "-o", tmp_path / "mine" / "notes.txt")
    assert "is a file; a model is written to a folder" in done.err
    done = run("models", "export", "--format", "joblib", "-o", tmp_path / "no" / "a.joblib")
    assert (done.code, done.err.count("\n")) == (2, 1)
    assert "cannot be written" in done.err


def test_export_without_a_place_says_so(run):
    done = run("models", "export")
    assert (done.code, done.out) == (2, "")
    assert done.err == (
        "kpoclf: Missing option '-o' / '--output'. See kpoclf models export --help.\n"
    )


def test_an_exported_model_is_loaded_and_used(run, folder, tmp_path):
    run("models", "export", folder, "-o", tmp_path / "copy")
    assert kpoclf.load(tmp_path / "copy").predict(["advise", "keying"]).tolist() == ["KPO", "BPO"]


@pytest.fixture
def version(run, home, folder, tiny_model):
    """Id of a version that was imported, and is not current."""
    assert run("models", "import", folder).code == 0
    return tiny_model.id


def test_import_keeps_a_model_and_says_how_to_use_it(run, home, folder, tiny_model):
    done = run("models", "import", folder)
    assert (done.code, done.out) == (0, "")
    name = tiny_model.id
    assert done.err == f"model {name} is kept; make it current by: kpoclf models use {name}\n"
    assert run("models", "verify").out != run("models", "verify", name).out


def test_list_marks_the_current_version(run, version, shipped_model):
    rows = f"{shipped_model.trained.corpus['rows']:,}"
    figure = f"{shipped_model.trained.figures['label, macro_f1']['value']:.3f}"
    done = run("models", "list")
    assert (done.code, done.err) == (0, "")
    head, first, second = done.out.splitlines()
    assert head.split() == ["id", "added", "rows", "macro-F1"]
    assert first.split() == ["*", shipped_model.id, "shipped", rows, figure]
    assert second.split()[0] == version
    run("models", "use", version)
    _, first, second = run("models", "list").out.splitlines()
    assert (first[0], second[0]) == (" ", "*")


def test_use_and_rollback_move_what_every_command_uses(run, version, shipped_model):
    done = run("models", "use", version[:4], "--reason", "a  trial\nonly")
    assert (done.code, done.out, done.err) == (0, "", f"current model: {version}\n")
    assert run("models", "verify").out.startswith(f"model {version}:")
    done = run("models", "rollback", "--reason", "worse")
    assert (done.code, done.out, done.err) == (0, "", "current model: shipped\n")
    assert run("models", "verify").out.startswith(f"model {shipped_model.id}:")
    head, *lines = (line.split() for line in run("models", "log").out.splitlines())
    assert head == ["when", "action", "from", "to", "who"]
    who = Store().log()[0]["who"]
    assert [line if len(line) < 4 else line[2:] for line in lines] == [
        ["add", version, who],
        ["use", "shipped", version, who],
        ["a", "trial", "only"],
        ["rollback", version, "shipped", who],
        ["worse"],
    ]


def test_the_log_is_read_within_eighty_columns(run, version):
    why = "it knows the nurses now, and the drivers; " * 4
    run("models", "use", version, "--reason", why)
    lines = run("models", "log").out.splitlines()
    assert max(map(len, lines)) <= 80
    assert " ".join(line.strip() for line in lines[3:]) == why.strip()


def test_a_rollback_with_nothing_before_it_is_refused(run, home):
    done = run("models", "rollback")
    assert (done.code, done.out) == (2, "")
    assert done.err == "kpoclf: no earlier version to go back to; see kpoclf models log\n"


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("0000", "0000: no version has this id; kpoclf models list shows them"),
        ("mine", "mine: not the id of a version; a folder becomes one by kpoclf models import"),
        ("./0000", "./0000: not the id of a version; a folder becomes one by kpoclf models import"),
    ],
)
def test_use_of_what_is_no_version_is_refused(run, version, name, told):
    done = run("models", "use", name)
    assert (done.code, done.out, done.err) == (2, "", f"kpoclf: {told}\n")


def test_show_verify_and_export_take_ids_names_and_folders(
    run, version, folder, tmp_path, shipped_model
):
    card = (folder / "README.md").read_text()
    for name in (version, version[:5], folder):
        assert run("models", "show", name).out == card
        assert run("models", "verify", name).out.startswith(f"model {version}:")
    assert run("models", "show", "current").out == run("models", "show", "shipped").out != card
    run("models", "use", version)
    assert run("models", "show").out == run("models", "show", "current").out == card
    assert run("models", "verify", "shipped").out.startswith(f"model {shipped_model.id}:")
    assert run("models", "export", "current", "-o", tmp_path / "copy").code == 0
    assert kpoclf.load(tmp_path / "copy").id == version


def test_a_folder_comes_before_an_id_of_the_same_name(run, version, folder, tmp_path, monkeypatch):
    shutil.copytree(shipped("models", "default"), tmp_path / version)
    monkeypatch.chdir(tmp_path)
    assert not run("models", "verify", version).out.startswith(f"model {version}:")


@pytest.fixture
def postings(tmp_path):
    (tmp_path / "in.csv").write_text("text,label\nadvise the claim,KPO\nkeying keying,BPO\n")
    return tmp_path / "in.csv"


@pytest.mark.parametrize(
    "arguments", [("explain", "advise the claim"), ("label", "FILE"), ("evaluate", "FILE")]
)
def test_a_promoted_model_is_used_and_named_on_stderr_in_one_line(
    run, version, postings, arguments
):
    arguments = [postings if argument == "FILE" else argument for argument in arguments]
    before = run(*arguments)
    assert before.code == 0
    assert "kpoclf: model" not in before.err
    run("models", "use", version)
    today = f"{datetime.now(UTC):%Y-%m-%d}"
    line = f"kpoclf: model {version} (promoted {today})\n"
    done = run(*arguments)
    assert done.code == 0
    assert done.err == line + before.err
    assert done.out != before.out
    assert run(*arguments, "--model", "current") == done
    assert run(*arguments, "--model", "shipped") == before
    assert run(*arguments, "--model", version[:6]) == done._replace(err=before.err)
    run("models", "use", "shipped")
    assert run(*arguments) == before


def test_a_quiet_command_does_not_name_the_model(run, version, postings):
    run("models", "use", version)
    assert run("label", postings, "-q").err == ""


def test_explain_names_the_promoted_model_to_a_program(run, version):
    run("models", "use", version)
    assert json.loads(run("explain", "advise", "--json").out)["model"] == version


@pytest.mark.parametrize("fault", ["pointer", "model"])
def test_a_damaged_store_is_one_line_with_a_way_out_that_works(run, version, home, fault):
    run("models", "use", version)
    if fault == "pointer":
        (home / "current.json").write_text("{")
    else:
        shutil.rmtree(home / "models" / version)
    for arguments in (("explain", "advise"), ("models", "verify"), ("models", "list")):
        done = run(*arguments)
        assert (done.code, done.err.count("\n")) == (2, 1)
        assert "; `kpoclf models use shipped` goes back to the shipped model" in done.err
    assert run("explain", "advise", "--model", "shipped").code == 0
    assert run("models", "use", "shipped").code == 0
    assert run("explain", "advise").code == 0


def test_a_wrong_option_is_told_before_the_model_is_loaded(run, version, home):
    run("models", "use", version)
    (home / "current.json").write_text("{")
    assert "No such option" in run("label", "in.csv", "--modle", "x").err


def test_a_start_without_versions_imports_neither_the_store_nor_platformdirs(tmp_path):
    code = """
import sys
from kpoclf.cli.main import main
try:
    main(["explain", "Key invoice numbers into the ledger."])
except SystemExit as ended:
    assert not ended.code
print([name for name in ("kpoclf.model.store", "platformdirs") if name in sys.modules])
"""
    env = {k: v for k, v in os.environ.items() if k not in ("KPOCLF_HOME", "XDG_DATA_HOME")}
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={**env, "HOME": str(tmp_path)},
    )
    assert done.stdout.splitlines()[-1] == "[]"
