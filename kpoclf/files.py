"""Files written whole or not at all."""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING

from kpoclf.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["replace_folder", "whole_file"]

_SYNC_EVERY = 0.25  # seconds
_SHORT = 40  # characters of a name that its temporary name repeats: names have a longest length


def _unwritable(path: Path, error: OSError) -> InputError:
    if isinstance(error, FileNotFoundError) and not path.parent.is_dir():
        return InputError(f"{path}: cannot be written: there is no folder {path.parent}; make it")
    return InputError(f"{path}: cannot be written ({error.strerror})")


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _sync_folder(folder: Path) -> None:
    """Make a rename in `folder` survive a loss of power, where the system can."""
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


@contextmanager
def whole_file(path: Path) -> Iterator[IO[bytes]]:
    """Open a file for writing that appears under its name only when the block ends without error.

    A symbolic link is followed; a device or pipe is written to directly; an existing file keeps its
    permissions.

    Parameters
    ----------
    path : pathlib.Path

    Yields
    ------
    binary file object

    Raises
    ------
    InputError
        If the folder does not exist or cannot be written to, or `path` is a folder.
    """
    if path.is_dir():
        raise InputError(f"{path}: is a folder; give the name of a file")
    # Asked of `path` itself: what /dev/stdout points to may have no name.
    if path.exists() and not path.is_file():
        try:
            device = path.open("wb")
        except OSError as error:
            raise _unwritable(path, error) from None
        with device:
            yield device
        return
    target = Path(os.path.realpath(path))
    try:
        handle, name = tempfile.mkstemp(
            prefix=f".{target.name[:_SHORT]}.", suffix=".part", dir=target.parent
        )
    except OSError as error:
        raise _unwritable(path, error) from None
    try:
        with os.fdopen(handle, "wb") as stream:
            with _synced_meanwhile(handle):
                yield stream
                stream.flush()
            os.fsync(handle)
        mode = stat.S_IMODE(target.stat().st_mode) if target.exists() else 0o666 & ~_umask()
        os.chmod(name, mode)
        os.replace(name, target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    _sync_folder(target.parent)


@contextmanager
def _synced_meanwhile(handle: int) -> Iterator[None]:
    """Bring a file to the disk while it is written, so that little is left to wait for at its end."""
    done = threading.Event()
    failed: list[OSError] = []  # the system tells of each failure once

    def sync() -> None:
        while not done.wait(_SYNC_EVERY):
            try:
                os.fsync(handle)
            except OSError as error:
                failed.append(error)
                return

    thread = threading.Thread(target=sync, daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
    if failed:
        raise failed[0]


@contextmanager
def replace_folder(path: Path) -> Iterator[Path]:
    """Fill a new folder that takes the place of `path` only when the block ends without error.

    Parameters
    ----------
    path : pathlib.Path

    Yields
    ------
    pathlib.Path
        An empty folder beside `path`.

    Raises
    ------
    InputError
        If the folder above does not exist or cannot be written to, or `path` is a file.
    """
    target = Path(os.path.realpath(path))
    if target.exists() and not target.is_dir():
        raise InputError(f"{path}: is a file; give the name of a folder")
    try:
        new = Path(
            tempfile.mkdtemp(prefix=f".{target.name[:_SHORT]}.", suffix=".part", dir=target.parent)
        )
    except OSError as error:
        raise _unwritable(path, error) from None
    old = new.with_suffix(".old")
    try:
        yield new
        for file in new.iterdir():
            with file.open("rb") as stream:
                os.fsync(stream.fileno())
        new.chmod(0o777 & ~_umask())
        _sync_folder(new)
        if target.exists():
            target.rename(old)
        try:
            new.rename(target)
        except BaseException:
            if old.exists():
                old.rename(target)
            raise
    except BaseException:
        shutil.rmtree(new, ignore_errors=True)
        raise
    shutil.rmtree(old, ignore_errors=True)
    _sync_folder(target.parent)
