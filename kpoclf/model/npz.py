"""npz files whose bytes depend on their arrays alone."""

from __future__ import annotations

import io
import math
import zipfile
import zlib
from typing import IO, TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

__all__ = ["read_npz", "write_npz"]

_LOCAL_HEADER = 30  # bytes of the header before an entry's name (APPNOTE.TXT, 4.3.7)
_LONGEST_HEAD = 1 << 14  # bytes of an array's description


def write_npz(stream: IO[bytes], arrays: Mapping[str, NDArray[Any]]) -> None:
    """Write arrays, not compressed, with no time stamp among them.

    The same arrays give the same bytes. Unpacking would take longer than all the rest of loading.
    """
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as archive:
        for name, array in arrays.items():
            content = io.BytesIO()
            np.lib.format.write_array(content, np.ascontiguousarray(array), allow_pickle=False)
            entry = zipfile.ZipInfo(f"{name}.npy", date_time=(1980, 1, 1, 0, 0, 0))
            archive.writestr(entry, content.getvalue())


def read_npz(content: bytes) -> dict[str, NDArray[Any]]:
    """Arrays of a file that `write_npz` wrote, or of any npz file.

    ``numpy.load`` would read each array in many small parts and take a checksum of it; whoever
    calls this has compared a digest of the whole.

    Raises
    ------
    ValueError
        If it is no such file.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return {
                entry.filename.removesuffix(".npy"): _array(
                    _stored(content, entry)
                    if entry.compress_type == zipfile.ZIP_STORED
                    else memoryview(archive.read(entry))
                )
                for entry in archive.infolist()
            }
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, NotImplementedError) as error:
        raise ValueError(f"no arrays: {error}") from None


def _stored(content: bytes, entry: zipfile.ZipInfo) -> memoryview:
    """Bytes of an entry that is not compressed."""
    data = entry.header_offset + _LOCAL_HEADER
    name_size, extra_size = (content[data - n : data - n + 2] for n in (4, 2))
    start = data + int.from_bytes(name_size, "little") + int.from_bytes(extra_size, "little")
    return memoryview(content)[start : start + entry.file_size]


def _array(content: memoryview) -> NDArray[Any]:
    head = io.BytesIO(content[:_LONGEST_HEAD])
    version = np.lib.format.read_magic(head)
    if version != (1, 0):
        raise ValueError(f"version {version} of the npy format")
    try:
        shape, fortran_order, dtype = np.lib.format.read_array_header_1_0(head)
    except Exception as error:  # numpy reads it as Python, which fails in many ways
        raise ValueError(f"an array's description is broken: {error}") from None
    if dtype.hasobject:
        raise ValueError("an array of objects")
    values = np.frombuffer(content[head.tell() :], dtype, math.prod(shape))
    # A copy, since what lies in the file is not aligned.
    return values.reshape(shape, order="F" if fortran_order else "C").copy()
