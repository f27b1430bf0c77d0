"""The packed table of forms says what a dict of them says."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kpoclf.model import form_table
from kpoclf.model.form_table import FormTable

words = st.text("abcdeßж", min_size=2, max_size=9)
tables = st.dictionaries(words, st.integers(0, 5), max_size=60)


def packed(table):
    roots = sorted(set(table.values()))
    numbered = {form: roots.index(root) for form, root in table.items()}
    return FormTable.of_forms(numbered.items()), numbered


@settings(derandomize=True, deadline=None, max_examples=100)
@given(tables, st.lists(words, max_size=20))
def test_it_finds_what_a_dict_finds(table, others):
    forms, expected = packed(table)
    absent = len(set(expected.values()))
    assert forms.n_roots == absent
    assert len(forms) == len(expected)
    assert dict(forms.forms()) == expected
    for word in [*expected, *others, "", "a", "abcdefghijklmnop"]:
        assert forms.root(word) == expected.get(word, absent)
    again = FormTable.from_arrays(forms.to_arrays())
    assert again.same_as(forms)
    assert dict(again.forms()) == expected


def test_forms_with_rare_endings_stand_alone(monkeypatch):
    monkeypatch.setattr(form_table, "_MOST_ENDINGS", 2)
    table = {"ledger" + tail: 0 for tail in ("", "s", "ed", "ing", "ly")} | {"keys": 1, "keyed": 1}
    forms, expected = packed(table)
    assert len(forms.endings) <= 3
    assert dict(forms.forms()) == expected
    assert [forms.root(word) for word in expected] == list(expected.values())


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("form_first", np.array([0, 2, 1], np.int32)),
        ("form_first", np.array([0, 3], np.int32)),
        ("form_root", np.array([0, 2], np.int32)),
        ("form_ending", np.array([0, 1, 7], np.uint16)),
        ("form_ending", np.array([0, 1, 0], np.int32)),
        ("form_beginnings", np.frombuffer(b"ledger", np.uint8)),
    ],
)
def test_arrays_that_do_not_fit_are_refused(name, value):
    arrays = FormTable.of_forms([("ledger", 0), ("ledgers", 0), ("keying", 1)]).to_arrays()
    with pytest.raises(ValueError, match=r"fit|dimensions"):
        FormTable.from_arrays(arrays | {name: value})
