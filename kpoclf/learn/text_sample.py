"""A random sample of the different texts of a file of any size, in bounded memory."""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING

from kpoclf.corpus.similarity import plain_text
from kpoclf.tables.columns import joined_text, text_columns
from kpoclf.tables.open_table import ReadOptions, open_table
from kpoclf.tables.source import shown

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator

__all__ = ["TextSample", "file_texts", "sample_texts", "text_key"]

_USUAL = ReadOptions()


@dataclass(frozen=True)
class TextSample:
    """Different texts of a file.

    Attributes
    ----------
    name : str
        Where they are from, for messages.
    texts : list of str
    n_rows : int
        Rows of the file.
    n_empty : int
        Rows without text.
    n_trained : int
        Rows that were left out because the model was trained on their text.
    sampled : bool
        Whether there were more different texts than asked for.
    """

    name: str
    texts: list[str]
    n_rows: int
    n_empty: int
    n_trained: int
    sampled: bool


def text_key(text: str, seed: int = 0) -> bytes:
    """Random number of a text, the same for texts that differ in case and white space only."""
    salt = seed.to_bytes(8, "big")
    return blake2b(
        plain_text(text).encode("utf-8", "surrogatepass"), digest_size=16, salt=salt
    ).digest()


def sample_texts(
    texts: Iterable[str],
    n: int,
    name: str,
    trained: Collection[bytes] = frozenset(),
    seed: int = 0,
) -> TextSample:
    """Draw different texts at random: those with the smallest of random numbers, kept by a heap.

    Parameters
    ----------
    texts : iterable of str
    n : int
        Texts to keep at most.
    name : str
    trained : collection of bytes
        `text_key` of texts to leave out.
    seed : int

    Returns
    -------
    TextSample

    Examples
    --------
    >>> sample_texts(["Key forms.", "key  FORMS.", "", "Advise."], 10, "a list").texts
    ['Key forms.', 'Advise.']
    """
    kept: dict[bytes, tuple[int, str]] = {}
    heap: list[tuple[int, bytes]] = []  # largest key first
    n_rows = n_empty = n_trained = 0
    sampled = False
    for n_rows, text in enumerate(texts, 1):
        if not text or text.isspace():
            n_empty += 1
            continue
        key = text_key(text, seed)
        if key in trained:
            n_trained += 1
            continue
        if key in kept:
            continue
        order = -int.from_bytes(key, "big")
        if len(heap) < n:
            heapq.heappush(heap, (order, key))
        else:
            sampled = True
            if order < heap[0][0]:
                continue
            _, dropped = heapq.heapreplace(heap, (order, key))
            del kept[dropped]
        kept[key] = (n_rows, text)
    in_order = [text for _, text in sorted(kept.values())]
    return TextSample(name, in_order, n_rows, n_empty, n_trained, sampled)


def file_texts(
    path: str,
    options: ReadOptions = _USUAL,
    tell: Callable[[str], None] = lambda column: None,
) -> Iterator[str]:
    """Texts of the rows of a file, text columns chosen as for labelling.

    Parameters
    ----------
    path : str
        A path, or ``"-"`` for standard input.
    options : ReadOptions
    tell : callable
        Called with the names of the text columns.

    Yields
    ------
    str
    """
    with open_table(path, options) as (table, _):
        texts = text_columns(table.columns, options.text, shown(path))
        tell(" + ".join(table.columns[i] for i in texts))
        for record in table.records():
            yield joined_text(record.values, texts)
