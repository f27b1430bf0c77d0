"""A run of bytes of a file, told to another process by its place instead of being sent."""

from __future__ import annotations

import io
import os
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Self

from kpoclf.errors import InputError

__all__ = ["DiskFile", "FilePart"]

_READ = 1 << 16  # bytes at once


@dataclass(frozen=True)
class DiskFile:
    """A file that other processes can open, as long as it is not replaced.

    Attributes
    ----------
    path : str
        Absolute.
    identity : tuple of int
        Device and number of the file.
    """

    path: str
    identity: tuple[int, int]

    @classmethod
    def of(cls, stream: IO[bytes], path: str) -> Self:
        """The file that a stream reads, which was opened by a path."""
        return cls(os.path.abspath(path), _identity(stream))


@dataclass(frozen=True)
class FilePart:
    """A run of bytes of a file.

    Attributes
    ----------
    file : DiskFile
    offset, size : int
    """

    file: DiskFile
    offset: int
    size: int

    def open(self) -> IO[bytes]:
        """A stream of these bytes.

        Raises
        ------
        InputError
            If the file is gone, or another one has its name.
        """
        try:
            stream = Path(self.file.path).open("rb", buffering=0)  # noqa: SIM115 - closed by who reads
        except OSError:
            raise InputError(f"{self.file.path}: is gone") from None
        if _identity(stream) != self.file.identity:
            stream.close()
            raise InputError(f"{self.file.path}: another file has taken its place")
        stream.seek(self.offset)
        return io.BufferedReader(_Part(stream, self.size), _READ)


class _Part(io.RawIOBase):
    """The next bytes of a stream, which it closes."""

    def __init__(self, stream: io.FileIO, size: int) -> None:
        self._stream = stream
        self._left = size

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        n_read = self._stream.readinto(memoryview(buffer)[: self._left])
        self._left -= n_read
        return n_read

    def close(self) -> None:
        self._stream.close()
        super().close()


def _identity(stream: IO[bytes]) -> tuple[int, int]:
    status = os.fstat(stream.fileno())
    return status.st_dev, status.st_ino
