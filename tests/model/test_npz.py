"""Arrays come back from npz files as numpy.load gives them; what is no such file is refused."""

import io

import numpy as np
import pytest

from kpoclf.model.npz import read_npz, write_npz

ARRAYS = {
    "words": np.frombuffer("größe".encode(), np.uint8),
    "weights": np.arange(6, dtype=np.float16).reshape(2, 3),
    "columns": np.asfortranarray(np.arange(6).reshape(2, 3)),
    "none": np.empty((0, 2), np.int32),
    "one": np.array(1.5),
}


def written(save, arrays):
    buffer = io.BytesIO()
    save(buffer, arrays)
    return buffer.getvalue()


@pytest.mark.parametrize(
    "save",
    [
        write_npz,
        lambda out, arrays: np.savez(out, **arrays),
        lambda out, arrays: np.savez_compressed(out, **arrays),
    ],
)
def test_arrays_come_back_as_numpy_gives_them(save):
    content = written(save, ARRAYS)
    found = read_npz(content)
    with np.load(io.BytesIO(content)) as expected:
        assert list(found) == list(expected)
        for name in expected:
            np.testing.assert_array_equal(found[name], expected[name], strict=True)
            assert found[name].flags.aligned
            assert found[name].flags.writeable


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"PK",
        written(write_npz, ARRAYS)[:-30],
        written(lambda out, arrays: np.savez(out, **arrays), {"a": np.array([{}], object)}),
        written(write_npz, ARRAYS).replace(b"'descr'", b"'des(r'"),
        written(write_npz, ARRAYS).replace(b"NUMPY\x01", b"NUMPY\x03"),
    ],
)
def test_what_holds_no_plain_arrays_is_refused(content):
    with pytest.raises(ValueError):  # noqa: PT011 - numpy and zipfile say which
        read_npz(content)
