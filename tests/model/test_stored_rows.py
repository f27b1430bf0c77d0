"""The rows that a model keeps: read back as they were, refused if they do not fit."""

import numpy as np
import pytest

from kpoclf.model.stored_rows import PackedRows, StoredRows

TEXTS = ("advise\nclaims", "", "ключ \ud800")


def rows(**changes):
    fields = {
        "start": np.array([0, 2, 2, 3], np.int32),
        "stem": np.array([0, 2, 1], np.int32),
        "count": np.array([1, 1, 3], np.uint8),
        "label": np.array([1, 2, 0], np.uint8),
        "service": np.array([2, 1, 0], np.int32),
        "services": ("", "gibberish", "legal-research"),
        "blocks": StoredRows.pack_texts(TEXTS),
    }
    return StoredRows(**fields | changes)


def test_rows_come_back_as_they_were():
    again = StoredRows.from_bytes(rows().to_bytes(), 3)
    assert tuple(map(again.text, range(3))) == TEXTS
    assert again.services == rows().services
    assert again.to_bytes() == rows().to_bytes()


def test_texts_of_many_blocks_are_found():
    texts = [f"text {i}" for i in range(200)]
    many = rows(blocks=StoredRows.pack_texts(texts))
    assert [many.text(i) for i in range(200)] == texts


def test_a_broken_block_is_told():
    with pytest.raises(ValueError, match="the texts are broken"):
        rows(blocks=(b"no zlib",)).text(0)


def test_similarity_is_the_cosine_and_nought_for_an_empty_row():
    idf = np.array([3.0, 1.0, 4.0])
    found = rows().similarities(np.array([0, 1]), np.array([3.0, 4.0]), idf)
    assert found == pytest.approx([0.6 * 0.6, 0.0, 0.8])


def test_a_text_without_known_words_is_like_no_row():
    found = rows().similarities(np.array([], int), np.array([]), np.ones(3))
    assert found.tolist() == [0.0, 0.0, 0.0]


@pytest.mark.parametrize(
    "changes",
    [
        {"start": np.array([0, 2, 3], np.int32)},
        {"start": np.array([0, 3, 2, 3], np.int32)},
        {"start": np.array([1, 2, 2, 3], np.int32)},
        {"stem": np.array([0, 3, 1], np.int32)},
        {"stem": np.array([0, -1, 1], np.int32)},
        {"count": np.array([1, 1], np.uint8)},
        {"count": np.array([1, 0, 1], np.uint8)},
        {"count": np.array([1.0, 1.0, 1.0])},
        {"label": np.array([1, 3, 0], np.uint8)},
        {"service": np.array([2, 3, 0], np.int32)},
        {"blocks": ()},
    ],
)
def test_rows_that_do_not_fit_are_refused(changes):
    with pytest.raises(ValueError, match=r"fit|float"):
        _ = PackedRows(rows(**changes).to_bytes(), 3).rows
