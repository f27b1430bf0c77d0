"""Where a table comes from: a file, packed by gzip or zstd or not, or standard input."""

from __future__ import annotations

import gzip
import io
import os
import shutil
import sys
import tempfile
import zlib
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from kpoclf.errors import InputError
from kpoclf.tables.file_part import DiskFile
from kpoclf.tables.zstd import zstd_reader

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = [
    "FORMATS",
    "STDIN",
    "bare_name",
    "compression_of",
    "disk_file",
    "ending_of",
    "format_of",
    "open_source",
    "promised",
    "shown",
]

STDIN = "-"
FORMATS = ("csv", "tsv", "jsonl", "lines", "parquet", "xlsx")

_PACKED = {".gz": "gzip", ".zst": "zstd"}

_ENDINGS = {
    ".csv": "csv",
    ".tsv": "tsv",
    ".tab": "tsv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".txt": "lines",
    ".parquet": "parquet",
    ".xlsx": "xlsx",
    ".xlsm": "xlsx",
}
_HINTS = {
    ".json": "a JSON file is not read; write JSON Lines, one object a line, named .jsonl",
    ".xls": "the old Excel format is not read; save it as .xlsx",
    ".ods": "OpenDocument is not read; save it as .xlsx or .csv",
    ".zip": "a ZIP archive is not read; unpack it",
    ".pdf": "PDF is not read; save the text as .txt or .csv",
    ".docx": "Word files are not read; save the text as .txt",
}


def compression_of(name: str) -> str | None:
    """``"gzip"`` or ``"zstd"`` if a file name says so."""
    return _PACKED.get(Path(name).suffix.lower())


def shown(name: str) -> str:
    """How messages name a source."""
    return "standard input" if name == STDIN else name


def bare_name(name: str) -> str:
    """A file name without the ending of gzip or zstd.

    Examples
    --------
    >>> bare_name("jobs.csv.zst"), bare_name("jobs.csv")
    ('jobs.csv', 'jobs.csv')
    """
    return name[: -len(Path(name).suffix)] if compression_of(name) else name


def ending_of(name: str) -> str:
    """Ending of a file name in lower case, without that of gzip or zstd.

    Examples
    --------
    >>> ending_of("Jobs.CSV.gz")
    '.csv'
    """
    return Path(bare_name(name)).suffix.lower()


def format_of(name: str, asked: str | None) -> str:
    """Format of a table by the user's word or the file's ending.

    Parameters
    ----------
    name : str
        File name, or ``"-"``.
    asked : str or None
        One of `FORMATS`.

    Raises
    ------
    InputError
        If neither tells.
    """
    if asked:
        return asked
    if name == STDIN:
        raise InputError(f"{shown(name)}: say what it holds with --format csv, tsv, jsonl or lines")
    if Path(name).is_dir():
        raise InputError(f"{name}: is a folder; name the files in it")
    ending = ending_of(name)
    found = _ENDINGS.get(ending)
    if found is None:
        say = f"say what it holds with --format {', '.join(FORMATS)}"
        unknown = f"its ending {ending!r} tells no format; {say}" if ending else f"no ending; {say}"
        hint = f"{_HINTS[ending]}; or {say}" if ending in _HINTS else unknown
        raise InputError(f"{name}: {hint}")
    return found


def promised(name: str) -> str | None:
    """Format that a file's ending promises, read here or not; None if it promises none.

    Examples
    --------
    >>> promised("jobs.jsonl.gz"), promised("jobs.parquet"), promised("jobs.out")
    ('jsonl', 'parquet', None)
    """
    ending = ending_of(name)
    return _ENDINGS.get(ending, ending[1:] if ending in _HINTS else None)


_PACKING = {b"\x1f\x8b": "gzip", b"\x28\xb5\x2f\xfd": "zstd"}


class _Counting(io.RawIOBase):
    """A file that tells how far it was read."""

    def __init__(self, stream: IO[bytes], tell: Callable[[int], object]) -> None:
        self._stream = stream
        self._tell = tell
        # A copy in a temporary file has no name.
        named = isinstance(path := stream.name, str) and os.path.isfile(path)
        self.file = DiskFile.of(stream, path) if named else None

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._stream.seek(offset, whence)

    def tell(self) -> int:
        return self._stream.tell()

    def readinto(self, buffer: Any) -> int:
        n_read: int = self._stream.readinto(buffer)  # type: ignore[attr-defined]
        self._tell(self._stream.tell())
        return n_read


def disk_file(stream: IO[bytes]) -> DiskFile | None:
    """The file whose bytes a stream of `open_source` gives as they lie there; None if they do not."""
    raw = getattr(stream, "raw", None)
    return raw.file if isinstance(raw, _Counting) else None


@contextmanager
def open_source(
    name: str, tell: Callable[[int], object] = lambda position: None
) -> Iterator[IO[bytes]]:
    """Open a table for reading as bytes, seekable, unpacked.

    Standard input or a pipe is copied to a temporary file first, since it is read more than once.

    Parameters
    ----------
    name : str
        A path, or ``"-"``.
    tell : callable
        Called with the position in the file, in bytes as they lie on the disk.

    Yields
    ------
    binary file object

    Raises
    ------
    InputError
        If the file is missing, is a folder, cannot be read, or is broken gzip or zstd.
    """
    try:
        with _raw(name) as raw:
            counted = io.BufferedReader(_Counting(raw, tell), 1 << 18)
            start = counted.peek(8)[:8]
            signed = next((kind for sign, kind in _PACKING.items() if start.startswith(sign)), None)
            packing = signed if name == STDIN else compression_of(name)
            if packing == "gzip":
                with gzip.open(counted) as unpacked:
                    yield unpacked  # type: ignore[misc]
            elif packing == "zstd":
                with zstd_reader(counted, shown(name)) as unpacked:
                    yield unpacked
            elif signed:
                ending = next(end for end, kind in _PACKED.items() if kind == signed)
                raise InputError(
                    f"{shown(name)}: is {signed}; give it a name that ends in {ending}"
                )
            else:
                yield counted
    except FileNotFoundError:
        raise InputError(f"{name}: no such file") from None
    except IsADirectoryError:
        raise InputError(f"{name}: is a folder; name the files in it") from None
    except PermissionError:
        raise InputError(f"{name}: cannot be read (permission denied)") from None
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise InputError(f"{shown(name)}: broken gzip file ({error})") from None


@contextmanager
def _raw(name: str) -> Iterator[IO[bytes]]:
    with ExitStack() as opened:
        stream: IO[bytes] = sys.stdin.buffer
        if name != STDIN:
            stream = opened.enter_context(Path(name).open("rb"))
            if stream.seekable():
                yield stream
                return
        copy = opened.enter_context(tempfile.TemporaryFile())
        shutil.copyfileobj(stream, copy)
        copy.seek(0)
        yield copy
