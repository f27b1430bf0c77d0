"""`kpoclf models`: show, verify, export."""

import json
import subprocess
import sys

import numpy as np
import pytest

import kpoclf
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
    assert done.err == f"kpoclf: {tmp_path / 'nowhere'}: no such model folder\n"


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
