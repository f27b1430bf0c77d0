"""Bytes to text: which encoding a file is in, and how to give every byte back."""

from __future__ import annotations

import codecs
from dataclasses import dataclass
from typing import IO

from kpoclf.errors import InputError

__all__ = ["Encoding", "detect_encoding", "named_encoding"]

_BLOCK = 1 << 20
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


@dataclass(frozen=True)
class Encoding:
    """An encoding, and the byte order mark that stands before the text.

    Attributes
    ----------
    name : str
    mark : bytes
        Empty if there is none.
    """

    name: str
    mark: bytes = b""

    @property
    def errors(self) -> str:
        """Error handler that gives every byte back: a lone half of a UTF-16 pair is let through."""
        return "surrogatepass" if self.name.startswith(("utf-16", "utf-32")) else "strict"


def named_encoding(name: str, start: bytes) -> Encoding:
    """Encoding that a user named, with its byte order mark if the file starts with one.

    Raises
    ------
    InputError
        If Python knows no such text encoding.
    """
    try:
        found = codecs.lookup(name)
        found.incrementaldecoder  # noqa: B018 - AttributeError for what is no text encoding
        if not getattr(found, "_is_text_encoding", True):
            raise LookupError
    except (LookupError, AttributeError):
        raise InputError(
            f"--encoding {name}: no such encoding; common ones: utf-8, cp1252, utf-16"
        ) from None
    for mark, encoding in _MARKS:
        if start.startswith(mark) and encoding.startswith(found.name.removesuffix("-sig")):
            return Encoding(encoding, mark)
    if found.name in ("utf-16", "utf-32"):
        return Encoding(f"{found.name}-le")
    return Encoding(found.name.removesuffix("-sig"))


def detect_encoding(stream: IO[bytes], name: str) -> Encoding:
    """Encoding of a file by its byte order mark, else UTF-8, else cp1252.

    Parameters
    ----------
    stream : binary file object
        Read to its end if it has no mark; the caller seeks back.
    name : str
        Of the file, for messages.

    Returns
    -------
    Encoding

    Raises
    ------
    InputError
        If it is none of them.
    """
    block = stream.read(_BLOCK)
    for mark, encoding in _MARKS:
        if block.startswith(mark):
            return Encoding(encoding, mark)
    utf8 = codecs.getincrementaldecoder("utf-8")()
    undefined = frozenset(b"\x81\x8d\x8f\x90\x9d")
    is_utf8 = is_cp1252 = True
    while block and (is_utf8 or is_cp1252):
        if is_utf8:
            try:
                utf8.decode(block)
            except UnicodeDecodeError:
                is_utf8 = False
        is_cp1252 = is_cp1252 and undefined.isdisjoint(block)
        block = stream.read(_BLOCK)
    if is_utf8:
        try:
            utf8.decode(b"", final=True)
        except UnicodeDecodeError:
            is_utf8 = False
    if is_utf8:
        return Encoding("utf-8")
    if is_cp1252:
        return Encoding("cp1252")
    raise InputError(f"{name}: neither UTF-8 nor cp1252; name its encoding with --encoding")
