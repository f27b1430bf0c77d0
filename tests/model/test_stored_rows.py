"""The rows that a model keeps: read back as they were, refused if they do not fit."""

import numpy as np
import pytest

from kpoclf.model.stored_rows import PackedRows, StoredRows


def rows(**changes):
    fields = {
        "start": np.array([0, 2, 2, 3], np.int32),
        "feature": np.array([0, 2, 1], np.int32),
        "value": np.array([0.6, 0.8, 1.0], np.float16),
        "texts": ("advise\nclaims", "", "ключ \ud800"),
        "labels": ("KPO", "OTHER", "BPO"),
        "services": ("legal-research", "gibberish", ""),
    }
    return StoredRows(**fields | changes)


def test_rows_come_back_as_they_were():
    again = StoredRows.from_bytes(rows().to_bytes(), 3)
    assert (again.texts, again.labels, again.services) == (
        rows().texts,
        rows().labels,
        rows().services,
    )
    assert again.to_bytes() == rows().to_bytes()


def test_similarity_is_the_cosine_and_nought_for_an_empty_row():
    found = rows().similarities(np.array([0, 1]), np.array([0.6, 0.8]), 3)
    assert found == pytest.approx([0.36, 0.0, 0.8], abs=1e-3)


@pytest.mark.parametrize(
    "changes",
    [
        {"start": np.array([0, 2, 3], np.int32)},
        {"start": np.array([0, 3, 2, 3], np.int32)},
        {"start": np.array([1, 2, 2, 3], np.int32)},
        {"feature": np.array([0, 3, 1], np.int32)},
        {"feature": np.array([0, -1, 1], np.int32)},
        {"value": np.array([0.6, 0.8], np.float16)},
        {"value": np.array([0.6, 0.8, 1.0])},
        {"labels": ("KPO", "MAYBE", "BPO")},
        {"texts": ("one",)},
    ],
)
def test_rows_that_do_not_fit_are_refused(changes):
    with pytest.raises(ValueError, match=r"fit|float"):
        _ = PackedRows(rows(**changes).to_bytes(), 3).rows
