"""Files and folders appear whole or not at all."""

import os
import stat
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import kpoclf.files
from kpoclf.errors import InputError
from kpoclf.files import replace_folder, whole_file

posix = pytest.mark.skipif(os.name != "posix", reason="POSIX permissions and devices")


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def write(path, content=b"new", fail=None):
    with whole_file(path) as stream:
        stream.write(content)
        if fail:
            raise fail


def names(folder):
    return sorted(p.name for p in folder.iterdir())


@pytest.mark.parametrize("before", [None, b"old"])
def test_a_file_holds_all_that_was_written(tmp_path, before):
    path = tmp_path / "a.csv"
    if before:
        path.write_bytes(before)
    write(path)
    assert path.read_bytes() == b"new"
    assert names(tmp_path) == ["a.csv"]


def test_a_file_is_not_there_before_the_block_ends(tmp_path):
    path = tmp_path / "a.csv"
    with whole_file(path) as stream:
        stream.write(b"new")
        stream.flush()
        assert not path.exists()


def test_a_file_is_brought_to_the_disk_while_it_is_written(tmp_path, monkeypatch):
    synced = threading.Event()
    monkeypatch.setattr(kpoclf.files, "_SYNC_EVERY", 0.001)
    monkeypatch.setattr(kpoclf.files.os, "fsync", lambda handle: synced.set())
    with whole_file(tmp_path / "a.csv"):
        assert synced.wait(10)


def test_what_the_disk_refuses_meanwhile_is_not_passed_over(tmp_path, monkeypatch):
    path = tmp_path / "a.csv"
    path.write_bytes(b"old")
    refused = threading.Event()

    def fsync(handle):
        if not refused.is_set():  # the system tells of it once
            refused.set()
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(kpoclf.files, "_SYNC_EVERY", 0.001)
    monkeypatch.setattr(kpoclf.files.os, "fsync", fsync)
    with pytest.raises(OSError, match="No space left"), whole_file(path):
        assert refused.wait(10)
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["a.csv"]


@pytest.mark.parametrize("fail", [ValueError(), KeyboardInterrupt(), SystemExit()])
def test_an_error_midway_leaves_the_old_file_and_nothing_else(tmp_path, fail):
    path = tmp_path / "a.csv"
    path.write_bytes(b"old")
    with pytest.raises(type(fail)):
        write(path, fail=fail)
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["a.csv"]
    path.unlink()
    with pytest.raises(type(fail)):
        write(path, fail=fail)
    assert names(tmp_path) == []


def test_a_rename_that_fails_leaves_nothing(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(kpoclf.files.os, "replace", full)
    with pytest.raises(OSError, match="No space"):
        write(tmp_path / "a.csv")
    assert names(tmp_path) == []


@posix
@pytest.mark.parametrize("before", [0o640, 0o604, 0o600])
def test_permissions_of_an_existing_file_stay(tmp_path, before):
    path = tmp_path / "a.csv"
    path.write_bytes(b"old")
    path.chmod(before)
    write(path)
    assert mode(path) == before


@posix
@pytest.mark.parametrize("mask", [0o022, 0o077])
def test_a_new_file_has_the_permissions_that_the_user_gives_new_files(tmp_path, mask):
    before = os.umask(mask)
    try:
        write(tmp_path / "a.csv")
        with replace_folder(tmp_path / "b"):
            pass
    finally:
        assert os.umask(before) == mask
    assert mode(tmp_path / "a.csv") == 0o666 & ~mask
    assert mode(tmp_path / "b") == 0o777 & ~mask


@posix
@pytest.mark.parametrize("exists", [True, False])
def test_a_symbolic_link_stays_and_its_file_is_replaced(tmp_path, exists):
    real, link = tmp_path / "real.csv", tmp_path / "sub" / "link.csv"
    link.parent.mkdir()
    if exists:
        real.write_bytes(b"old")
    link.symlink_to(real)
    write(link)
    assert link.is_symlink()
    assert real.read_bytes() == b"new"
    assert names(link.parent) == ["link.csv"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_pipe_is_written_to_and_stays_one(tmp_path):
    # Not the null device: run by root, a fault here would put a file in its place.
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with ThreadPoolExecutor() as pool:
        content = pool.submit(pipe.read_bytes)
        write(pipe)
        assert content.result()
    assert stat.S_ISFIFO(pipe.stat().st_mode)


@posix
def test_a_pipe_without_a_name_is_written_to():
    reader, writer = os.pipe()
    try:
        if not Path(f"/dev/fd/{writer}").exists():
            pytest.skip("no /dev/fd")
        write(Path(f"/dev/fd/{writer}"))
        assert os.read(reader, 10) == b"new"
    finally:
        os.close(reader)
        os.close(writer)


def test_the_longest_name_can_be_written(tmp_path):
    path = tmp_path / ("a" * 251 + ".csv")
    write(path)
    assert names(tmp_path) == [path.name]


def test_a_folder_and_a_missing_folder_are_told(tmp_path):
    with pytest.raises(InputError, match="is a folder; give the name of a file"):
        write(tmp_path)
    with pytest.raises(InputError, match=r"none/a\.csv: cannot be written"):
        write(tmp_path / "none" / "a.csv")
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(InputError, match=r"file/a\.csv: cannot be written"):
        write(tmp_path / "file" / "a.csv")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write all")
def test_a_folder_without_permission_is_told(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(InputError, match=r"a.csv: cannot be written \(Permission denied\)"):
        write(tmp_path / "a.csv")


def test_a_refusal_of_the_system_is_told(tmp_path, monkeypatch):
    def denied(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(kpoclf.files.tempfile, "mkstemp", denied)
    monkeypatch.setattr(kpoclf.files.tempfile, "mkdtemp", denied)
    with pytest.raises(InputError, match=r"a: cannot be written \(Permission denied\)"):
        write(tmp_path / "a")
    with (
        pytest.raises(InputError, match=r"a: cannot be written \(Permission denied\)"),
        replace_folder(tmp_path / "a"),
    ):
        pass


def test_a_folder_takes_the_place_of_the_old_one_when_it_is_full(tmp_path):
    path = tmp_path / "model"
    path.mkdir()
    (path / "old").write_bytes(b"1")
    with replace_folder(path) as new:
        (new / "new").write_bytes(b"2")
        assert names(path) == ["old"]
    assert names(path) == ["new"]
    assert names(tmp_path) == ["model"]


@pytest.mark.parametrize("fail", [ValueError(), KeyboardInterrupt()])
def test_an_error_midway_leaves_the_old_folder(tmp_path, fail):
    path = tmp_path / "model"
    path.mkdir()
    (path / "old").write_bytes(b"1")

    def fill():
        with replace_folder(path) as new:
            (new / "new").write_bytes(b"2")
            raise fail

    with pytest.raises(type(fail)):
        fill()
    assert names(path) == ["old"]
    assert names(tmp_path) == ["model"]


@pytest.mark.parametrize("fail", [OSError(5, "no"), KeyboardInterrupt()])
def test_a_folder_that_cannot_be_put_in_place_brings_the_old_one_back(tmp_path, monkeypatch, fail):
    path = tmp_path / "model"
    path.mkdir()
    (path / "old").write_bytes(b"1")
    rename = Path.rename

    def broken(self, target):
        if self.suffix == ".part":
            raise fail
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", broken)
    with pytest.raises(type(fail)), replace_folder(path):
        pass
    assert names(path) == ["old"]
    assert names(tmp_path) == ["model"]


def test_a_folder_does_not_take_the_place_of_a_file(tmp_path):
    path = tmp_path / "model"
    path.write_bytes(b"mine")
    with pytest.raises(InputError, match="is a file"), replace_folder(path):
        pass
    assert path.read_bytes() == b"mine"
    assert names(tmp_path) == ["model"]


def test_a_folder_in_a_missing_folder_is_told(tmp_path):
    with pytest.raises(InputError, match="cannot be written"), replace_folder(tmp_path / "a" / "b"):
        pass
