"""Weights survive the way through arrays, and arrays that do not fit are refused."""

import numpy as np
import pytest

from kpoclf.model.weights import Weights


@pytest.fixture
def arrays(tiny_model):
    return tiny_model.trained.weights.to_arrays()


def test_arrays_and_back_is_the_same(tiny_model, arrays):
    weights = tiny_model.trained.weights
    again = Weights.from_arrays(arrays)
    assert list(again.forms.forms()) == list(weights.forms.forms())
    assert again.stems == weights.stems
    assert again.services == weights.services
    for name, array in again.to_arrays().items():
        assert array.dtype == arrays[name].dtype
        assert array.tobytes() == arrays[name].tobytes()


def test_no_array_holds_objects(arrays):
    assert not any(array.dtype.hasobject for array in arrays.values())


def test_features_are_named_by_their_stems(tiny_model):
    names = tiny_model.trained.weights.feature_names()
    assert names == ["advis", "claim", "key", "advis claim", "key claim"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("root_stem", np.array([0, 1, 3, -1], np.int32)),
        ("root_stem", np.array([0, 1, 2, -3], np.int32)),
        ("root_stem", np.array([0, 1, 2], np.int32)),
        ("root_stem", np.array([0, 1, 2, -1], np.int64)),
        ("form_ending", np.array([0, 99, 0, 0, 0, 0], np.uint16)),
        ("form_first", np.array([0, 1], np.int32)),
        ("form_root", np.array([0, 1, 99, 3], np.int32)),
        ("bigrams", np.array([[0, 1], [3, 1]], np.int32)),
        ("bigrams", np.array([[0, 1], [-1, 1]], np.int32)),
        ("bigrams", np.array([[0, 1, 2], [2, 1, 0]], np.int32)),
        ("bigrams", np.array([0, 1], np.int32)),
        ("idf", np.ones(4, np.float32)),
        ("idf", np.ones(5, np.float64)),
        ("label_coef", np.ones(4, np.float16)),
        ("scope_coef", np.ones(1, np.float16)),
        ("service_coef", np.ones((2, 2), np.float16)),
        ("service_coef", np.ones((6, 2), np.float16)),
        ("service_coef", np.ones((3, 1), np.float16)),
        ("service_intercept", np.zeros(3)),
        ("service_labels", np.frombuffer(b"KPO\nOTHER", np.uint8)),
        ("service_labels", np.frombuffer(b"KPO", np.uint8)),
        ("services", np.frombuffer(b"\xff", np.uint8)),
        ("stems", np.frombuffer(b"advis\nclaim", np.uint8)),
    ],
)
def test_arrays_that_do_not_fit_are_refused(arrays, name, value):
    with pytest.raises(ValueError, match=r"fit|dimensions|decode"):
        Weights.from_arrays(arrays | {name: value})


@pytest.mark.parametrize("name", ["form_ending", "idf", "service_labels", "label_intercept"])
def test_a_missing_array_is_refused(arrays, name):
    del arrays[name]
    with pytest.raises(KeyError, match=name):
        Weights.from_arrays(arrays)


def test_a_model_without_scope_says_so(tiny_model, arrays):
    assert tiny_model.trained.weights.knows_scope
    assert not Weights.from_arrays(arrays | {"scope_coef": np.zeros(0, np.float16)}).knows_scope
