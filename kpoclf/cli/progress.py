"""A bar that shows how far a file is read."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from kpoclf.tables.source import STDIN

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["reading_progress"]


@contextmanager
def reading_progress(source: str, quiet: bool) -> Iterator[Callable[[int], object]]:
    """A bar over the bytes read, on a terminal only."""
    if quiet or source == STDIN or not sys.stderr.isatty():
        yield lambda position: None
        return
    from tqdm import tqdm

    size = os.path.getsize(source) if os.path.isfile(source) else None
    with tqdm(total=size, unit="B", unit_scale=True, desc=Path(source).name, leave=False) as bar:
        yield lambda position: bar.update(max(position - bar.n, 0))
