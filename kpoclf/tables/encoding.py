"""Bytes to text: which encoding a file is in, and how to give every byte back."""

from __future__ import annotations

import codecs
import hashlib
import io
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

from kpoclf.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["MARKS", "Encoding", "detect_encoding", "named_encoding"]

_BLOCK = 1 << 14  # bytes; larger ones, decoded, leave holes in the heap: 30 MB with 1 << 16
_NOT_OF_FILES = ("idna", "punycode", "undefined")  # of host names, of nothing
_EXACT = (
    "utf-8",
    "utf-16-le",
    "utf-16-be",
    "utf-32-le",
    "utf-32-be",
    "cp1252",
    "iso8859-1",
    "ascii",
)
_NOT_CP1252 = b"\x81\x8d\x8f\x90\x9d"
MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
"""Byte order marks and their encodings; the longer ones first."""


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

    def text(self, stream: IO[bytes], newline: str | None = "") -> io.TextIOWrapper:
        """What some bytes say; `stream` stands behind the mark, `newline` is as of `open`."""
        return io.TextIOWrapper(stream, self.name, errors=self.errors, newline=newline)

    def misfit(self, name: str, where: str, error: UnicodeDecodeError) -> InputError:
        """What to say of bytes that are not of this encoding; blocks are decoded ahead of rows."""
        return InputError(
            f"{name}, near {where}: not {self.name} ({error.reason}); "
            "leave out --encoding, or name another"
        )


def named_encoding(name: str, stream: IO[bytes], where: str) -> Encoding:
    """Encoding that a user named, with its byte order mark if the file starts with one.

    Parameters
    ----------
    name : str
    stream : binary file object
        At its start; the caller seeks back.
    where : str
        Name of the file, for messages.

    Returns
    -------
    Encoding

    Raises
    ------
    InputError
        If Python knows no such text encoding, the file has the mark of another, or it would not come
        back byte for byte.
    """
    try:
        found = codecs.lookup(name)
        found.incrementaldecoder  # noqa: B018 - AttributeError for what is no text encoding
        if not getattr(found, "_is_text_encoding", True) or found.name in _NOT_OF_FILES:
            raise LookupError
    except (LookupError, AttributeError):
        raise InputError(
            f"--encoding {name}: no such encoding; common ones: utf-8, cp1252, utf-16"
        ) from None
    plain = found.name.removesuffix("-sig")
    start = stream.read(4)
    marked = next(((m, e) for m, e in MARKS if start.startswith(m)), None)
    if marked and marked[1].startswith(plain):
        return Encoding(marked[1], marked[0])
    if marked:
        raise InputError(
            f"{where}: begins with the byte order mark of {marked[1]}; leave --encoding {name} out"
        )
    if plain in ("utf-16", "utf-32"):
        return Encoding(f"{plain}-le")
    if plain not in _EXACT and not _comes_back(stream, plain):
        raise InputError(
            f"{where}: would not come back byte for byte from {name}; convert it to UTF-8 first"
        )
    return Encoding(plain)


def _comes_back(stream: IO[bytes], name: str) -> bool:
    """Whether every line, decoded and encoded again, is the same bytes.

    Some encodings have several spellings of one character. Bytes that cannot be decoded are left
    to the reader, which knows their line.
    """
    given, back = hashlib.blake2b(), hashlib.blake2b()
    stream.seek(0)
    while block := stream.read(_BLOCK):
        given.update(block)
    stream.seek(0)
    text = io.TextIOWrapper(stream, name, newline="")
    try:
        while line := text.readline():
            back.update(line.encode(name))
    except UnicodeDecodeError:
        return True
    except UnicodeError:
        return False
    finally:
        text.detach()
    return given.digest() == back.digest()


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
    start = stream.read(4)
    for mark, encoding in MARKS:
        if start.startswith(mark):
            return Encoding(encoding, mark)
    misfit = _first_misfit(stream)
    if misfit is None:
        return Encoding("utf-8")
    if all(byte not in block for block in _blocks(stream) for byte in _NOT_CP1252):
        return Encoding("cp1252")
    line = 1
    for block in _blocks(stream):
        line += block[:misfit].count(b"\n")
        misfit -= min(misfit, len(block))
    raise InputError(
        f"{name}: neither UTF-8 (see line {line}) nor cp1252; mend that line, or name the encoding "
        "with --encoding"
    )


def _blocks(stream: IO[bytes]) -> Iterator[bytes]:
    stream.seek(0)
    while block := stream.read(_BLOCK):
        yield block


def _first_misfit(stream: IO[bytes]) -> int | None:
    """Place of the first byte that is not of UTF-8, or of the end if it is missing; None if all are."""
    utf8 = codecs.getincrementaldecoder("utf-8")()
    read = 0
    try:
        for block in _blocks(stream):
            read += len(block)
            utf8.decode(block)
        utf8.decode(b"", final=True)
    except UnicodeDecodeError as error:
        return read - len(error.object) + error.start
    return None
