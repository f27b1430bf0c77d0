"""A text as a terminal shows it, the words that weigh most marked."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

import click

from kpoclf.judge.highlight import stretches

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kpoclf.judge.explanation import Explanation
    from kpoclf.judge.highlight import WordedText

__all__ = ["COLOUR", "marked_lines"]

COLOUR = {"KPO": "cyan", "BPO": "yellow"}
"""Colour of each label."""

_INDENT = "  "
_BREAKS = re.compile(r"\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]")  # as str.splitlines
# What would move the cursor, or turn the direction of writing.
_UNSEEN = dict.fromkeys((*range(32), *range(127, 160), *range(8234, 8239)), "�")


class _Piece(NamedTuple):
    text: str  # as it is shown
    width: int  # colour has none


def marked_lines(
    found: Explanation | WordedText, n_words: int, width: int, colour: bool
) -> Iterator[str]:
    """The text in lines of some width.

    Parameters
    ----------
    found : Explanation or WordedText
    n_words : int
        Terms that are marked, strongest first.
    width : int
    colour : bool
        Whether marks are colours, else ``{+KPO+}`` and ``[-BPO-]``.

    Yields
    ------
    str
    """
    weights = [s.weight for s in stretches(found, n_words) for _ in s.text]
    start = 0
    for end in [*(m.start() for m in _BREAKS.finditer(found.text)), len(found.text)]:
        line = ""
        taken = 0
        for word in re.compile(r"\S+").finditer(found.text, start, end):
            for piece in _pieces(word, weights, width - len(_INDENT), colour):
                if line and taken + 1 + piece.width > width - len(_INDENT):
                    yield _INDENT + line
                    line, taken = "", 0
                line += " " + piece.text if line else piece.text
                taken += piece.width + (taken > 0)
        yield _INDENT + line if line else ""
        start = end


def _pieces(word: re.Match[str], weights: list[float], room: int, colour: bool) -> Iterator[_Piece]:
    """A word, marked; in pieces if it is longer than a line."""
    shown, width = "", 0
    start = word.start()
    for place in range(start + 1, word.end() + 1):
        if place < word.end() and weights[place] == weights[start]:
            continue
        text = word.string[start:place].translate(_UNSEEN)
        marks = 4 if weights[start] and not colour else 0
        while text:
            if width and width + len(text) + marks > room:
                yield _Piece(shown, width)
                shown, width = "", 0
            part, text = text[: max(room - marks, 1)], text[max(room - marks, 1) :]
            shown += _mark(part, weights[start], colour)
            width += len(part) + marks
        start = place
    yield _Piece(shown, width)


def _mark(text: str, weight: float, colour: bool) -> str:
    if not weight:
        return text
    if colour:
        return click.style(text, fg=COLOUR["KPO" if weight > 0 else "BPO"], bold=True)
    return f"{{+{text}+}}" if weight > 0 else f"[-{text}-]"
