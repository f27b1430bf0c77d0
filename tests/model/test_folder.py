"""Model folders: the same bytes for the same model, and nothing changed, cut or foreign is loaded."""

import hashlib
import io
import json
import os
import pickle
import shutil
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import kpoclf
from kpoclf.errors import InputError, ModelError
from kpoclf.model.card import model_card
from kpoclf.model.folder import FORMAT, model_id, read_model
from kpoclf.resources import shipped

TEXTS = ["advise the claim", "keying claims", "unheard", "", "advising advise keying"]
FILES = ["README.md", "model.json", "weights.npz"]


@pytest.fixture
def folder(tiny_model, tmp_path):
    path = tmp_path / "model"
    tiny_model.save(path)
    return path


def names(path):
    return sorted(p.name for p in path.iterdir())


def refusal(path):
    """The one line that refuses a folder."""
    with pytest.raises(ModelError) as error:
        kpoclf.load(path)
    message = str(error.value)
    assert "\n" not in message
    assert str(path) in message
    return message


def edit(folder, **changes):
    """Change model.json, and make its own digest fit again as someone with intent would."""
    path = folder / "model.json"
    description = json.loads(path.read_text()) | changes
    files = dict(description["files"])
    card = files.pop("README.md", None)
    content = {k: v for k, v in description.items() if k != "id"} | {"files": files}
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    description["id"] = hashlib.sha256(text.encode()).hexdigest()
    path.write_text(json.dumps(description | {"files": files | {"README.md": card}}))


def swap_weights(folder, content):
    """Put other bytes in the place of the weights, with the digests made to fit."""
    (folder / "weights.npz").write_bytes(content)
    files = json.loads((folder / "model.json").read_text())["files"]
    edit(folder, files=files | {"weights.npz": hashlib.sha256(content).hexdigest()})


# ---------------------------------------------------------------- saved and loaded


def test_a_folder_holds_json_arrays_and_a_card(folder):
    assert names(folder) == FILES
    assert zipfile.is_zipfile(folder / "weights.npz")


def test_a_loaded_model_gives_the_same_bits(tiny_model, folder):
    again = kpoclf.load(folder)
    for method in ("decision_function", "predict_proba"):
        before, after = getattr(tiny_model, method)(TEXTS), getattr(again, method)(TEXTS)
        assert before.tobytes() == after.tobytes()
    assert again.trained.thresholds == tiny_model.trained.thresholds
    assert again.trained.calibration == tiny_model.trained.calibration


def test_the_same_model_is_saved_as_the_same_bytes(tiny_model, folder, tmp_path):
    tiny_model.save(tmp_path / "twice")
    kpoclf.load(folder).save(tmp_path / "again")
    for name in FILES:
        first = (folder / name).read_bytes()
        assert (tmp_path / "twice" / name).read_bytes() == first
        assert (tmp_path / "again" / name).read_bytes() == first


def test_the_id_names_the_content(tiny_model, folder):
    assert len(tiny_model.id) == 12
    assert kpoclf.load(folder).id == tiny_model.id == model_id(tiny_model.trained)
    trained = tiny_model.trained
    others = [
        replace(trained, service_temperature=2.0),
        replace(trained, corpus={"rows": 1}),
        replace(trained, weights=replace(trained.weights, label_intercept=0.5)),
    ]
    assert len({model_id(t) for t in (trained, *others)}) == 4


def test_the_shipped_model_is_saved_again_byte_for_byte(shipped_model, tmp_path):
    assert model_id(shipped_model.trained) == shipped_model.id
    shipped_model.save(tmp_path / "copy")
    for name in ("README.md", "model.json"):
        assert (tmp_path / "copy" / name).read_bytes() == (
            shipped("models", "default", name).read_bytes()
        )


def test_the_shipped_folder_is_at_most_twelve_megabytes():
    assert sum(p.stat().st_size for p in shipped("models", "default").iterdir()) <= 12e6


def test_the_card_is_made_from_the_description_alone(folder):
    for path in (folder, shipped("models", "default")):
        description = json.loads((path / "model.json").read_text(encoding="utf-8"))
        assert (path / "README.md").read_text(encoding="utf-8") == model_card(description)


def test_the_card_shows_id_figures_thresholds_and_versions():
    description = json.loads(shipped("models", "default", "model.json").read_text())
    card = model_card(description)
    assert description["id"][:12] in card.splitlines()[0]
    for name, figure in description["figures"].items():
        assert f"| {name} | {figure['value']:.3f} |" in card
    for name, version in description["versions"].items():
        assert f"{name} {version}" in card


# ---------------------------------------------------------------- refused


def test_a_folder_that_is_not_there_is_refused(tmp_path):
    assert "no such model folder" in refusal(tmp_path / "nowhere")


def test_a_file_or_a_folder_without_a_model_is_refused(tmp_path):
    (tmp_path / "file").write_text("x")
    assert "no such model folder" in refusal(tmp_path / "file")
    (tmp_path / "empty").mkdir()
    assert "has no model.json" in refusal(tmp_path / "empty")


@pytest.mark.parametrize("name", ["README.md", "weights.npz"])
def test_a_missing_file_is_refused(folder, name):
    (folder / name).unlink()
    assert f"{name}: missing from the model folder" in refusal(folder)


@pytest.mark.parametrize("name", FILES)
def test_one_changed_byte_anywhere_in_a_file_is_refused(folder, name):
    path = folder / name
    content = path.read_bytes()
    for place in range(0, len(content), max(1, len(content) // 40)):
        path.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
        if name != "model.json" or not same_json(content, path.read_bytes()):
            refusal(folder)


def same_json(one, other):
    """Whether a change touched nothing but white space."""
    try:
        return json.loads(one) == json.loads(other)
    except ValueError:
        return False


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("share", [0.0, 0.3, 0.99])
def test_a_truncated_file_is_refused(folder, name, share):
    content = (folder / name).read_bytes()
    (folder / name).write_bytes(content[: int(len(content) * share)])
    assert name in refusal(folder)


def test_weights_that_the_description_does_not_list_are_refused(folder):
    files = json.loads((folder / "model.json").read_text())["files"]
    edit(folder, files={"README.md": files["README.md"]})
    assert "not a usable model" in refusal(folder)


def test_bytes_after_the_end_are_refused(folder):
    with (folder / "weights.npz").open("ab") as stream:
        stream.write(b"\0")
    assert "weights.npz: not the file that was saved" in refusal(folder)


def test_a_folder_where_a_file_should_be_is_refused(folder):
    (folder / "weights.npz").unlink()
    (folder / "weights.npz").mkdir()
    assert "weights.npz: cannot be read" in refusal(folder)


def test_a_newer_format_says_to_upgrade(folder):
    edit(folder, format=FORMAT + 1)
    assert (
        f"format {FORMAT + 1} is newer than this kpoclf reads ({FORMAT}); upgrade kpoclf"
        in refusal(folder)
    )


@pytest.mark.parametrize("number", [0, -1, "1", 1.5, None, [1]])
def test_a_format_that_never_was_is_refused(folder, number):
    edit(folder, format=number)
    assert f"unknown format {number!r}" in refusal(folder)


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"null", b'"text"', b"{}", b"\xff\xfe", b"PK\x03\x04", b"[" * 200_000],
    ids=lambda content: repr(content[:8]),
)
def test_a_description_that_is_none_is_refused(folder, content):
    (folder / "model.json").write_bytes(content)
    assert "not a model description (changed or truncated)" in refusal(folder)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("thresholds", {"review_score": 0.1, "scope": 0.5, "known_share": 0.2, "min_terms": 3}),
        ("calibration", {"level": 9.0, "growth": 0.0, "prior": 2.0}),
        ("service_temperature", 2.0),
        ("figures", {"accuracy": {"value": 0.99, "n": 4}}),
        ("files", {}),
        ("files", None),
        ("id", "0" * 64),
        ("id", None),
        ("new", 1),
    ],
)
def test_an_edited_description_is_refused(folder, key, value):
    path = folder / "model.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {key: value}))
    assert "model.json: changed or truncated" in refusal(folder)


def test_a_description_without_an_entry_is_refused(folder):
    path = folder / "model.json"
    whole = json.loads(path.read_text())
    for key in whole:
        path.write_text(json.dumps({k: v for k, v in whole.items() if k != key}))
        refusal(folder)


@pytest.mark.parametrize("key", ["calibration", "thresholds", "service_temperature", "settings"])
def test_an_entry_taken_out_with_fitting_digests_is_refused(folder, key):
    path = folder / "model.json"
    whole = json.loads(path.read_text())
    path.write_text(json.dumps({k: v for k, v in whole.items() if k != key}))
    edit(folder)
    assert "not a usable model" in refusal(folder)


# ---------------------------------------------------------------- hostile


@pytest.mark.parametrize("name", ["../secret", "/etc/hostname", "a/../../secret", "..", "x\0y", ""])
def test_a_file_outside_the_folder_is_never_read(folder, name, monkeypatch):
    (folder.parent / "secret").write_text("s")
    read = []
    plain = Path.read_bytes
    monkeypatch.setattr(Path, "read_bytes", lambda self: read.append(self) or plain(self))
    files = json.loads((folder / "model.json").read_text())["files"]
    edit(folder, files={name: hashlib.sha256(b"s").hexdigest()} | files)
    refusal(folder)
    outside = [p for p in read if p.is_file() and p.resolve().parent != folder.resolve()]
    assert outside == []


class Trap:
    """What a pickle would run."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


def npz(arrays, **options):
    buffer = io.BytesIO()
    np.savez(buffer, **arrays, **options)
    return buffer.getvalue()


def test_a_pickle_in_the_arrays_is_not_run(tiny_model, folder, tmp_path):
    trap = tmp_path / "sprung"
    arrays = tiny_model.trained.weights.to_arrays()
    arrays["idf"] = np.array([Trap(trap)], dtype=object)
    swap_weights(folder, npz(arrays))
    assert "not a usable model" in refusal(folder)
    swap_weights(folder, pickle.dumps(Trap(trap)))
    assert "not a usable model" in refusal(folder)
    assert not trap.exists()
    pickle.loads(pickle.dumps(Trap(trap)))  # noqa: S301
    assert trap.is_dir(), "the trap itself works"


def test_weights_that_are_no_arrays_are_refused(tiny_model, folder):
    arrays = tiny_model.trained.weights.to_arrays()
    single = io.BytesIO()
    np.save(single, arrays["idf"])
    whole = (folder / "weights.npz").read_bytes()
    middle = len(whole) // 2
    for content in (
        b"",
        b"text",
        single.getvalue(),
        npz({}),
        npz({"idf": arrays["idf"]}),
        npz(arrays | {"label_intercept": np.zeros(0)}),
        npz(arrays | {"label_intercept": np.array(1.0)}),
        npz(arrays | {"forms": np.array(["a", "b"])}),
        whole[: middle * 2 - 30],
        whole[:90] + bytes(40) + whole[130:],
    ):
        swap_weights(folder, content)
        assert "not a usable model" in refusal(folder)


def test_every_changed_byte_of_the_weights_with_fitting_digests_is_refused_or_harmless(folder):
    whole = (folder / "weights.npz").read_bytes()
    for place in range(0, len(whole), 11):
        swap_weights(folder, whole[:place] + bytes([whole[place] ^ 0x55]) + whole[place + 1 :])
        try:
            kpoclf.load(folder)
        except ModelError as error:
            assert "\n" not in str(error)  # noqa: PT017


# ---------------------------------------------------------------- saved over something


def test_a_model_replaces_a_model_whole(tiny_model, folder):
    other = kpoclf.Model(replace(tiny_model.trained, service_temperature=2.0))
    other.save(folder)
    assert kpoclf.load(folder).id == other.id != tiny_model.id
    assert names(folder) == FILES
    assert names(folder.parent) == ["model"]


def test_an_empty_folder_is_filled(tiny_model, tmp_path):
    (tmp_path / "empty").mkdir()
    tiny_model.save(tmp_path / "empty")
    assert kpoclf.load(tmp_path / "empty").id == tiny_model.id


@pytest.mark.parametrize("name", ["thesis.docx", "README.md", ".git"])
def test_a_folder_with_other_files_is_left_alone(tiny_model, tmp_path, name):
    (tmp_path / name).write_text("dear")
    with pytest.raises(InputError, match="holds files that are no model; give a new folder"):
        tiny_model.save(tmp_path)
    assert names(tmp_path) == [name]


def test_a_model_folder_with_a_file_of_the_users_is_left_alone(tiny_model, folder):
    (folder / "notes.txt").write_text("dear")
    with pytest.raises(InputError, match="holds files that are no model; give a new folder"):
        tiny_model.save(folder)
    assert (folder / "notes.txt").read_text() == "dear"


def test_a_file_and_a_folder_that_is_not_there_are_refused(tiny_model, tmp_path):
    (tmp_path / "file").write_text("dear")
    with pytest.raises(InputError, match="file: is a file; a model is written to a folder"):
        tiny_model.save(tmp_path / "file")
    with pytest.raises(InputError, match="cannot be written"):
        tiny_model.save(tmp_path / "no" / "model")
    assert (tmp_path / "file").read_text() == "dear"


@pytest.mark.parametrize("broken", ["write_text", "write_bytes", "rename"])
def test_a_failure_while_saving_leaves_the_old_model(tiny_model, folder, monkeypatch, broken):
    other = kpoclf.Model(replace(tiny_model.trained, service_temperature=2.0))
    calls = []

    def fail(self, *_args, **_kwargs):
        calls.append(self)
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Path, broken, fail)
        with pytest.raises(OSError, match="No space left"):
            other.save(folder)
    assert calls
    assert kpoclf.load(folder).id == tiny_model.id
    assert names(folder.parent) == ["model"]


def test_a_failure_of_the_last_step_puts_the_old_model_back(tiny_model, folder, monkeypatch):
    other = kpoclf.Model(replace(tiny_model.trained, service_temperature=2.0))
    plain = Path.rename

    def fail_once(self, target):
        if self.suffix == ".part":
            raise OSError(28, "No space left on device")
        return plain(self, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", fail_once)
        with pytest.raises(OSError, match="No space left"):
            other.save(folder)
    assert kpoclf.load(folder).id == tiny_model.id
    assert names(folder.parent) == ["model"]


def test_a_link_to_a_model_is_followed(tiny_model, folder, tmp_path):
    link = tmp_path / "current"
    link.symlink_to(folder, target_is_directory=True)
    other = kpoclf.Model(replace(tiny_model.trained, service_temperature=2.0))
    other.save(link)
    assert link.is_symlink()
    assert kpoclf.load(folder).id == other.id


def test_a_moved_folder_is_the_same_model(tiny_model, folder, tmp_path):
    shutil.move(folder, tmp_path / "elsewhere")
    model, found = read_model(tmp_path / "elsewhere")
    assert found == tiny_model.id
    assert model.weights.stems == tiny_model.trained.weights.stems


@pytest.mark.parametrize("service", ["=HYPERLINK(0)", "+1", "<b>", "two words", "", "-a"])
def test_a_service_that_is_no_slug_is_refused(tiny_model, tmp_path, service):
    weights = replace(tiny_model.trained.weights, services=(service, "data-entry"))
    kpoclf.Model(replace(tiny_model.trained, weights=weights)).save(tmp_path / "odd")
    assert "is no slug" in refusal(tmp_path / "odd")
