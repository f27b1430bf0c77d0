"""An explanation as a terminal shows it: 80 columns, with or without colour."""

from __future__ import annotations

import itertools
import textwrap
from typing import TYPE_CHECKING

import click

from kpoclf.cli.marked_text import COLOUR, marked_lines
from kpoclf.judge.status import STATUS_MEANINGS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kpoclf.judge.explanation import Explanation

__all__ = ["shown"]

_WIDTH = 80
_WORDS = 12
_LINES = 40  # of a text, and of its sentences
_HALF = 16  # characters of the longest bar to either side
_BAR = 10
_MARKED = 12  # terms marked in the text
_NEAREST = 2  # lines of each nearest row


def shown(found: Explanation, everything: bool, colour: bool) -> str:
    """The explanation as text.

    Parameters
    ----------
    found : Explanation
    everything : bool
        Whether to show all terms and sentences and all of a long text.
    colour : bool
        Whether to use ANSI colours.
    """
    view = _View(found, colour)
    n_words, n_lines = (len(found.words), None) if everything else (_WORDS, _LINES)
    parts = [view.head(), _first(view.text(), n_lines), view.words(n_words)]
    if not found.words:
        parts = parts[:2]
    elif found.sentences:
        parts += [view.criteria(), _first(view.sentences(), n_lines)]
    parts += [view.turning(), view.nearest()]
    return "\n\n".join("\n".join(lines) for lines in map(list, parts) if lines)


class _View:
    def __init__(self, found: Explanation, colour: bool) -> None:
        self.found = found
        self.colour = colour

    def style(
        self, text: str, label: str | None = None, bold: bool = False, dim: bool = False
    ) -> str:
        if not self.colour:
            return text
        return click.style(text, fg=COLOUR.get(label or ""), bold=bold or None, dim=dim or None)

    def title(self, text: str) -> str:
        return self.style(text, bold=True)

    def head(self) -> Iterator[str]:
        found = self.found
        sure = f"{found.confidence:.2f}" if found.confidence < 0.995 else ">0.99"
        filled = round(16 * found.confidence)
        bar = "#" * filled + "." * (16 - filled)
        label = self.style(found.label, found.label, bold=True)
        bar = self.style(bar, found.label)
        yield f"{label}  confidence {sure}  {bar}  {STATUS_MEANINGS[found.status]}"
        if found.service:
            ranked = ", ".join(f"{s.service} {s.probability:.2f}" for s in found.services[:3])
            yield from _wrapped(ranked, "service: ")

    def text(self) -> Iterator[str]:
        """The text, its strongest words marked."""
        if not self.found.words:
            yield "no known terms: the text says nothing to go by"
            return
        yield from marked_lines(self.found, _MARKED, _WIDTH, self.colour)

    def words(self, n: int) -> Iterator[str]:
        found = self.found
        if not found.words:
            return
        top, rest = found.words[:n], found.words[n:]
        sums = [("intercept", found.intercept), ("decision value", found.decision)]
        if rest:
            sums.insert(0, (f"{len(rest)} more terms", sum(w.contribution for w in rest)))
        names = [*(w.term for w in top), *(name for name, _ in sums)]
        width = min(max(map(len, names)), _WIDTH - 2 * _HALF - 13)
        largest = abs(top[0].contribution) or 1.0
        yield self.title("WORDS".ljust(width)) + f"  {'BPO <':>{_HALF}}|> KPO"
        for word in top:
            size = max(round(_HALF * abs(word.contribution) / largest), 1)
            label = "KPO" if word.contribution > 0 else "BPO"
            bar = self.style("#" * size, label)
            pad = " " * (_HALF - size)
            sides = f"{' ' * _HALF}|{bar}{pad}" if label == "KPO" else f"{pad}{bar}|{' ' * _HALF}"
            yield f"{_cut(word.term, width):<{width}}  {sides}  {word.contribution:+.3f}"
        for name, value in sums:
            yield f"{name:<{width}}  {'':>{_HALF}}|{'':<{_HALF}}  {value:+.3f}"

    def criteria(self) -> Iterator[str]:
        yield self.title("CRITERIA") + "  read from the words of single sentences, not inferred"
        for reading in self.found.criteria:
            if reading.pole is None:
                yield self.style(f"{reading.name:<11}  -", dim=True)
                continue
            filled = max(round(_BAR * reading.strength), 1)
            bar = "#" * filled + "." * (_BAR - filled)
            told = _cut(" ".join((reading.sentence or "").split()), _WIDTH - 13 - 4 - _BAR - 2)
            yield f"{reading.name:<11}  {self.style(f'{reading.pole} {bar}', reading.pole)}  {told}"

    def sentences(self) -> Iterator[str]:
        found = self.found
        share = (
            "no sentence states a duty"
            if found.kpo_share is None
            else f"share of KPO among duties: {found.kpo_share:.2f}"
        )
        yield self.title("SENTENCES") + f"  {share}"
        for sentence in found.sentences:
            name = sentence.label or " - "
            lead = f"{name} {sentence.confidence:.2f}  "
            lines = list(_wrapped(" ".join(sentence.text.split()), lead))
            styled = self.style(name, sentence.label, bold=sentence.label is not None)
            yield styled + lines[0][len(name) :]
            yield from lines[1:]

    def turning(self) -> Iterator[str]:
        found = self.found
        if found.turning_words:
            other = "BPO" if found.label == "KPO" else "KPO"
            listed = ", ".join(f'"{word}"' for word in found.turning_words)
            yield from _wrapped(f"{listed} it would be {other}", "WITHOUT  ")

    def nearest(self) -> Iterator[str]:
        if not self.found.nearest:
            return
        yield self.title("NEAREST ROWS") + "  of the training data, by shared words"
        for row in self.found.nearest:
            yield f"{row.similarity:.2f}  {self.style(row.label, row.label)}  {row.service}"
            lines = list(_wrapped(" ".join(row.text.split()), "      "))
            if len(lines) > _NEAREST:
                lines = [*lines[: _NEAREST - 1], _cut(lines[_NEAREST - 1] + " …", _WIDTH)]
            yield from lines


def _wrapped(text: str, lead: str) -> Iterator[str]:
    yield from textwrap.wrap(
        text,
        _WIDTH,
        initial_indent=lead,
        subsequent_indent=" " * len(lead),
        break_on_hyphens=False,
    ) or [lead.rstrip()]


def _first(lines: Iterator[str], n: int | None) -> Iterator[str]:
    """The first n lines, and how many there are beyond."""
    yield from itertools.islice(lines, n)
    rest = sum(1 for _ in lines)
    if rest:
        yield f"… {rest:,} more lines (--all shows them)"


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 1] + "…"
