"""zstd files: read like any other, broken ones told."""

import sys

import pytest
import zstandard

from kpoclf.errors import InputError, MissingExtraError
from kpoclf.tables.source import open_source

CONTENT = b"".join(b"%d,Key the forms\n" % i for i in range(60_000))
PACKED = zstandard.compress(CONTENT)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "a.csv.zst"


def test_it_is_unpacked_and_can_be_read_again_from_any_place(path):
    path.write_bytes(PACKED)
    with open_source(str(path)) as stream:
        assert stream.read() == CONTENT
        for place in (0, 500_000, 7, len(CONTENT)):
            assert stream.seek(place) == place
            assert stream.read(100) == CONTENT[place : place + 100]
        assert stream.seek(0, 2) == len(CONTENT)


def test_several_frames_are_one_text(path):
    path.write_bytes(PACKED + zstandard.compress(b"more"))
    with open_source(str(path)) as stream:
        assert stream.read() == CONTENT + b"more"


@pytest.mark.parametrize(
    "content", [PACKED[:-9], PACKED[: len(PACKED) // 2], PACKED + b"rubbish", b"id,text\n"]
)
def test_a_broken_one_is_told(path, content):
    path.write_bytes(content)
    with pytest.raises(InputError, match="broken zstd file"), open_source(str(path)) as stream:
        stream.read()


def test_one_under_another_name_is_told(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes(PACKED)
    with pytest.raises(InputError, match=r"is zstd; give it a name that ends in \.zst"):
        open_source(str(path)).__enter__()


def test_labels_come_and_go_by_the_endings(label_bytes):
    plain = label_bytes(b"text\nKey the forms\n").content
    packed = label_bytes(zstandard.compress(b"text\nKey the forms\n"), "in.csv.zst").content
    assert zstandard.ZstdDecompressor().decompressobj().decompress(packed) == plain
    assert (
        label_bytes(zstandard.compress(b"text\nKey the forms\n"), "in.csv.zst", "o.csv").content
        == plain
    )


def test_without_zstandard_the_extra_is_named(path, monkeypatch):
    path.write_bytes(PACKED)
    monkeypatch.setitem(sys.modules, "zstandard", None)
    with pytest.raises(MissingExtraError, match=r"zst: zstandard is missing: pip install 'zstan"):
        open_source(str(path)).__enter__()
