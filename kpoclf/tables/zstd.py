"""zstd files, by the package zstandard."""

from __future__ import annotations

import io
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Any

from kpoclf.errors import InputError, MissingExtraError

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["zstd_reader", "zstd_writer"]

_BLOCK = 1 << 16


def _library(name: str) -> Any:
    try:
        import zstandard
    except ImportError:
        raise MissingExtraError("zstandard", "zstd", name) from None
    return zstandard


class _Unpacked(io.RawIOBase):
    """What a zstd stream holds; going back means unpacking from the start."""

    def __init__(self, stream: IO[bytes], name: str) -> None:
        self._library = _library(name)
        self._stream = stream
        self._name = name
        self._restart()

    def _restart(self) -> None:
        self._stream.seek(0)
        self._place = 0
        self._frame: Any = None  # what unpacks the frame that is being read
        self._packed = b""
        self._ready = b""

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._place

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        if whence == io.SEEK_END:
            while self.read(1 << 20):
                pass
        wanted = offset + (0 if whence == io.SEEK_SET else self._place)
        if wanted < self._place:
            self._restart()
        while self._place < wanted and self.read(min(wanted - self._place, 1 << 20)):
            pass
        return self._place

    def readinto(self, buffer: Any) -> int:
        while not self._ready and self._unpack():
            pass
        n = min(len(buffer), len(self._ready))
        buffer[:n] = self._ready[:n]
        self._ready = self._ready[n:]
        self._place += n
        return n

    def _unpack(self) -> bool:
        """Unpack what was read, or read more; False at the end."""
        if not self._packed:
            self._packed = self._stream.read(_BLOCK)
        if not self._packed:
            if self._frame is not None:
                raise self._broken("it breaks off")
            return False
        if self._frame is None:
            self._frame = self._library.ZstdDecompressor().decompressobj()
        try:
            self._ready = self._frame.decompress(self._packed)
        except self._library.ZstdError as error:
            raise self._broken(str(error)) from None
        self._packed = self._frame.unused_data
        if self._frame.eof:
            self._frame = None
        return True

    def _broken(self, why: str) -> InputError:
        return InputError(f"{self._name}: broken zstd file ({why})")


@contextmanager
def zstd_reader(stream: IO[bytes], name: str) -> Iterator[IO[bytes]]:
    """Open a zstd stream for reading, seekable.

    Parameters
    ----------
    stream : binary file object
        Seekable.
    name : str
        For messages.

    Raises
    ------
    InputError
        If the stream is broken.
    MissingExtraError
        If zstandard is not installed.
    """
    with io.BufferedReader(_Unpacked(stream, name), 1 << 18) as unpacked:
        yield unpacked


@contextmanager
def zstd_writer(stream: IO[bytes], name: str) -> Iterator[IO[bytes]]:
    """Open a stream for writing zstd to it.

    Raises
    ------
    MissingExtraError
        If zstandard is not installed.
    """
    with _library(name).ZstdCompressor().stream_writer(stream, closefd=False) as packed:
        yield packed
