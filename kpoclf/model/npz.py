"""npz files whose bytes depend on their arrays alone."""

from __future__ import annotations

import io
import zipfile
from typing import IO, TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

__all__ = ["write_npz"]


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
