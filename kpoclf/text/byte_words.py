"""Many texts to words at once: `kpoclf.text.words.split_words`, on the bytes of a whole batch.

A batch is joined and encoded as UTF-8 once; from there on every step is one NumPy call for all its
bytes or words. ASCII letters are put in lower case and found by tables of 256 entries. Of other
characters only the few that occur are looked at one by one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from kpoclf.text.words import is_letter

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["PADDING", "ByteWords", "split_batch"]

PADDING = 8
"""Bytes behind the last word, so that eight can be read from the start of any part of a word."""

_BLANK = 32
# ASCII letters in lower case; a blank for all else in ASCII. Bytes from 128 on stay.
_LETTERS = bytes(
    ord(chr(b).lower()) if b < 128 and chr(b).isalpha() else b if b >= 128 else _BLANK
    for b in range(256)
)
_NO_LETTER, _LETTER, _CHANGES, _UNSEEN = 0, 1, 2, 3
# What is known of each character; filled in as characters turn up.
_kind = np.full(0x110000, _UNSEEN, np.uint8)


@dataclass(frozen=True, eq=False)
class ByteWords:
    """Words of a batch of texts, as places in one buffer.

    Attributes
    ----------
    buffer : bytes
        UTF-8; `PADDING` bytes follow the last word.
    start, length : ndarray of shape (n_words,), int64
        Of each word, in bytes.
    first : ndarray of shape (n_texts + 1,), int64
        The words of text ``t`` are those from ``first[t]`` up to ``first[t + 1]``.
    """

    buffer: bytes
    start: NDArray[np.int64]
    length: NDArray[np.int64]
    first: NDArray[np.int64]

    def word(self, i: int) -> str:
        """Word `i` as text."""
        start = int(self.start[i])
        return self.buffer[start : start + int(self.length[i])].decode()


def split_batch(texts: Sequence[str]) -> ByteWords:
    """Words of texts: the same as `kpoclf.text.words.split_words` gives for each.

    Parameters
    ----------
    texts : sequence of str

    Returns
    -------
    ByteWords

    Examples
    --------
    >>> words = split_batch(["Reset 2FA", "", "Key"])
    >>> [words.word(i) for i in range(3)], words.first.tolist()
    (['reset', 'fa', 'key'], [0, 2, 2, 3])
    """
    encoded = [text.encode("utf-8", "replace") for text in texts]  # a lone surrogate is no letter
    joined = b"\n".join(encoded)
    wide = _NO_WIDE if joined.isascii() else _wide_characters(joined)
    changing = np.flatnonzero(wide.kind == _CHANGES)
    if len(changing):  # lower case beyond ASCII is for Python, text by text
        owner = np.searchsorted(_ends(encoded), wide.place.take(changing), side="right")
        for i in np.unique(owner).tolist():
            encoded[i] = texts[i].lower().encode("utf-8", "replace")
        joined = b"\n".join(encoded)
        wide = _NO_WIDE if joined.isascii() else _wide_characters(joined)
    padded = b"".join((b"\n", joined, b"\n" * PADDING)).translate(_LETTERS)
    other = np.flatnonzero(wide.kind != _LETTER)
    if len(other):
        padded = _blanked(padded, wide.place.take(other) + 1, wide.length.take(other))
    is_letter_byte = np.frombuffer(padded, np.uint8) != _BLANK
    edges = np.flatnonzero(is_letter_byte[1:] != is_letter_byte[:-1])
    edges += 1
    start, length = edges[0::2], edges[1::2] - edges[0::2]
    if len(other) < len(wide.kind):  # some letters have several bytes
        lead = np.frombuffer(padded, np.uint8).take(start)
        shortest = 2 + (lead >= 0xC0) + (lead >= 0xE0) + (lead >= 0xF0)
        kept = np.flatnonzero(length >= shortest)
    else:
        kept = np.flatnonzero(length >= 2)
    start, length = start.take(kept), length.take(kept)
    first = np.concatenate(([0], np.searchsorted(start, _ends(encoded))))
    return ByteWords(padded, start, length, first)


def _ends(encoded: Sequence[bytes]) -> NDArray[np.int64]:
    """Where each text ends when all are joined by line breaks, its line break with it."""
    sizes = np.fromiter(map(len, encoded), np.int64, len(encoded))
    return np.cumsum(sizes + 1)


class _Wide(NamedTuple):
    """Characters beyond ASCII: place, code point, number of bytes, and what is known of each."""

    place: NDArray[np.int64]
    code: NDArray[np.int64]
    length: NDArray[np.int64]
    kind: NDArray[np.uint8]


_NONE = np.empty(0, np.int64)
_NO_WIDE = _Wide(_NONE, _NONE, _NONE, np.empty(0, np.uint8))


def _wide_characters(joined: bytes) -> _Wide:
    byte = np.frombuffer(joined, np.uint8)
    place = np.flatnonzero(byte >= 0xC0)
    lead = byte.take(place).astype(np.int64)
    length = 2 + (lead >= 0xE0) + (lead >= 0xF0)
    code = lead & (0x7F >> length)
    for i in (1, 2, 3):
        longer = np.flatnonzero(length > i)
        code[longer] = (code[longer] << 6) | (byte.take(place[longer] + i) & 0x3F)
    kind = _kind.take(code)
    if (kind == _UNSEEN).any():
        _look_at(np.unique(code))
        kind = _kind.take(code)
    return _Wide(place, code, length, kind)


def _blanked(padded: bytes, place: NDArray[np.int64], length: NDArray[np.int64]) -> bytes:
    """The bytes with blanks in place of some characters."""
    changed = np.frombuffer(bytearray(padded), np.uint8)
    for i in range(4):
        changed[place[length > i] + i] = _BLANK
    return changed.tobytes()


def _look_at(codes: NDArray[np.int64]) -> None:
    """Fill in what is known of characters."""
    for code in codes[_kind.take(codes) == _UNSEEN].tolist():
        character = chr(code)
        if character.lower() != character:
            _kind[code] = _CHANGES
        else:
            _kind[code] = _LETTER if is_letter(character) else _NO_LETTER
