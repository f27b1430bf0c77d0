"""The public list is short, flat and exact, and importing it stays cheap."""

import inspect
import json
import subprocess
import sys

import pytest

import kpoclf

HEAVY = ("sklearn", "nltk", "pandas", "scipy", "joblib")


def test_the_public_names_are_these_and_no_others():
    assert kpoclf.__all__ == [
        "CorpusError",
        "Evaluation",
        "Explanation",
        "InputError",
        "KPOClassifier",
        "KpoclfError",
        "MissingExtraError",
        "Model",
        "ModelError",
        "Settings",
        "Taxonomy",
        "Training",
        "__version__",
        "evaluate",
        "label",
        "load",
        "load_taxonomy",
        "train",
    ]
    assert dir(kpoclf) == kpoclf.__all__


def test_whatever_of_ours_the_package_holds_is_on_the_public_list():
    held = {
        name
        for name, value in vars(kpoclf).items()
        if not name.startswith("_")
        and not inspect.ismodule(value)
        and getattr(value, "__module__", "").startswith("kpoclf")
    }
    assert held <= set(kpoclf.__all__)


@pytest.mark.parametrize("name", kpoclf.__all__)
def test_every_public_name_is_there_and_says_what_it_is(name):
    value = getattr(kpoclf, name)
    assert isinstance(value, str) or inspect.getdoc(value)


@pytest.mark.parametrize("public", [kpoclf.Model, kpoclf.Explanation, kpoclf.Taxonomy])
def test_every_public_method_says_what_it_does(public):
    for name, value in vars(public).items():
        if not name.startswith("_") and (callable(value) or isinstance(value, property)):
            assert inspect.getdoc(value), name


def test_a_star_import_brings_the_public_names():
    names: dict[str, object] = {}
    exec("from kpoclf import *", names)  # noqa: S102
    assert set(kpoclf.__all__) <= set(names)


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="module 'kpoclf' has no attribute 'lable'"):
        kpoclf.lable  # noqa: B018


def imported_by(code):
    """Which heavy packages a fresh process has imported after running some code."""
    report = f"import sys, json; print(json.dumps([m for m in {HEAVY!r} if m in sys.modules]))"
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\n{report}"], capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout.splitlines()[-1])


def test_loading_and_asking_a_model_import_numpy_only():
    code = """
import kpoclf
model = kpoclf.load()
text = ["Key invoice numbers from scanned forms into the ledger."]
assert model.predict(text).tolist() == ["BPO"]
assert model.predict_proba(text).shape == (1, 2)
assert model.judge(text, detail=True).status[0] in ("ok", "review")
assert model.explain(text[0]).to_dict()["words"]
assert model.id and model.classes_.size == 2
"""
    assert imported_by(code) == []


def test_the_command_explain_imports_numpy_only():
    code = """
from kpoclf.cli.main import main
try:
    main(["explain", "Key invoice numbers from scanned forms into the ledger."])
except SystemExit as ended:
    assert not ended.code
"""
    assert imported_by(code) == []


def test_the_package_alone_imports_not_even_numpy():
    code = "import sys, kpoclf; kpoclf.__version__; assert 'numpy' not in sys.modules"
    assert imported_by(code) == []


def test_this_test_would_see_a_heavy_import():
    assert imported_by("import kpoclf; kpoclf.load().label(['a'])") == ["pandas"]
