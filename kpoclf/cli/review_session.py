"""A review session in a terminal: one text at a time, one key each."""

from __future__ import annotations

import os
import shutil
import sys
import textwrap
from typing import TYPE_CHECKING

import click

from kpoclf.cli.marked_text import COLOUR, marked_lines
from kpoclf.judge.highlight import WordedText
from kpoclf.judge.status import STATUS_MEANINGS
from kpoclf.review.estimate import estimate_accuracy, told_estimate

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kpoclf.judge.model import Model
    from kpoclf.review.queue import Item, ReviewQueue, Which

__all__ = ["Session"]

_ANSWERS = {"k": "KPO", "b": "BPO", "o": "OTHER", "s": "skip"}
_NAMES = {"KPO": "KPO", "BPO": "BPO", "OTHER": "out of scope", "skip": "skipped"}
_KEYS = "k KPO  b BPO  o out of scope  s skip  u undo  n note  q quit  ? help"
_HELP = """\
k  KPO: knowledge work (expertise, judgement, analysis)
b  BPO: routine, rule-based work
o  out of scope: work of neither kind, no work, another language
s  skip: left to others; kpoclf review --only skipped brings it back
u  undo: take back your last answer, again and again
n  note: a line that goes with your answer
space  the next part of a long text
q  quit; every answer is saved already"""
_WIDEST = 100
_MARKED = 12  # terms marked in the text
_NOTHING = {
    "new": "no text is left",
    "second": "no text that only others have read is left",
    "skipped": "no text that you skipped is left",
    "conflicts": "no conflict is left in which you have not had the last word",
}


class _Quit(Exception):  # noqa: N818  (no error)
    """The reviewer has had enough."""


class Session:
    """Hands out texts and writes answers down, each before the next text is shown.

    Keys come from the terminal, or one character each from standard input if that is none.

    Parameters
    ----------
    queue : ReviewQueue
    model : Model
        Marks the words.
    reviewer : str
    which : {"new", "second", "skipped", "conflicts"}
    blind : bool
        Whether to keep the model's answer, and the marks, from the reviewer.
    """

    def __init__(
        self, queue: ReviewQueue, model: Model, reviewer: str, which: Which, blind: bool
    ) -> None:
        self.queue = queue
        self.model = model
        self.reviewer = reviewer
        self.which = which
        self.blind = blind
        self.screen = sys.stdin.isatty() and sys.stdout.isatty()
        self.colour = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
        self._message = ""

    def run(self) -> None:
        """Until no text is left, or the reviewer quits."""
        try:
            item = self.queue.next(self.reviewer, self.which)
            while item is not None:
                item = self._review(item)
            self._tell(self._finished())
        except (_Quit, KeyboardInterrupt, EOFError):
            click.echo()
        finally:
            self.queue.release(self.reviewer)
        mine = self.queue.progress(self.reviewer).mine
        told = ", ".join(f"{mine[a]} {name}" for a, name in _NAMES.items() if mine[a])
        click.echo(f"{self.reviewer}: {told or 'nothing answered'}; every answer is saved")

    def _review(self, item: Item) -> Item | None:
        """Show a text until it is answered; the text that comes then."""
        note, page = "", 0
        self._show(item, note, page)
        while True:
            key = self._key()
            if key in _ANSWERS:
                self.queue.decide(item.id, self.reviewer, _ANSWERS[key], note)
                self._tell(f"saved: {_NAMES[_ANSWERS[key]]}")
                return self.queue.next(self.reviewer, self.which)
            if key == "u":
                undone = self.queue.undo(self.reviewer)
                if undone is not None:
                    self._tell("taken back")
                    return undone
                self._tell("nothing to take back")
            elif key == "n":
                note = self._note()
                self._tell("the note goes with your answer" if note else "no note")
            elif key == " ":
                page += 1
            elif key == "?":
                self._tell(_HELP)
            elif key in ("q", ""):
                raise _Quit
            else:
                self._tell("no such key")
            if self.screen:
                self._show(item, note, page)

    def _tell(self, message: str) -> None:
        """Say something: at once, or on a terminal above the keys of what is shown next."""
        if self.screen:
            self._message = message
        else:
            click.echo(message)

    def _show(self, item: Item, note: str, page: int) -> None:
        size = shutil.get_terminal_size()
        width = min(size.columns, _WIDEST)
        head = list(self._head(item, width))
        text = list(self._text(item, width))
        foot = [self._message, *([f"note: {note}"] if note else []), _KEYS]
        self._message = ""
        if self.screen:
            click.clear()
            room = max(size.lines - len(head) - len("\n".join(foot).splitlines()) - 4, 5)
            n = -(-len(text) // room)
            if n > 1:
                page %= n
                text = text[page * room : (page + 1) * room]
                foot.insert(0, f"part {page + 1} of {n}: space for the next")
        told = [*head, "", *text, "", *(line for line in foot if line)]
        click.echo("\n".join(told), color=self.colour)

    def _head(self, item: Item, width: int) -> Iterator[str]:
        progress = self.queue.progress(self.reviewer)
        if self.which == "new":
            place = f"{progress.total - progress.left + 1} of {progress.total}"
        else:
            place = f"{getattr(progress, self.which)} left"
        chance = "drawn by chance" if item.chosen == "random" else ""
        where = ", ".join(part for part in (item.where, chance) if part)
        yield self._style(place, bold=True) + f"  {where}"[: width - len(place)]
        estimate = told_estimate(estimate_accuracy(self.queue))
        yield from textwrap.wrap(estimate, width)
        if not self.blind:
            sure = f"{item.confidence:.2f}" if item.confidence < 0.995 else ">0.99"
            label = self._style(item.label, item.label, bold=True)
            of = "" if item.model == self.model.id else f"  (by model {item.model})"
            service = f"  {item.service}" if item.service else ""
            yield f"model: {label} {sure}{service}  {STATUS_MEANINGS[item.status]}{of}"
        if self.which == "conflicts":
            for decision in self.queue.answers(item.id):
                note = f" ({decision.note})" if decision.note else ""
                yield f"{decision.reviewer}: {_NAMES[decision.answer]}{note}"

    def _text(self, item: Item, width: int) -> Iterator[str]:
        words = () if self.blind else self.model.words(item.text)
        return marked_lines(WordedText(item.text, words), _MARKED, width, self.colour)

    def _style(self, text: str, label: str = "", bold: bool = False) -> str:
        return click.style(text, fg=COLOUR.get(label), bold=bold) if self.colour else text

    def _key(self) -> str:
        """One key in lower case; empty where no more will come."""
        if sys.stdin.isatty():
            # What was typed ahead is dropped: no text is answered unseen.
            return click.getchar()[:1].lower()
        while (key := sys.stdin.read(1)) and key in "\r\n":
            pass
        return key.lower()

    def _note(self) -> str:
        if not sys.stdin.isatty():
            return sys.stdin.readline().strip()
        try:
            told: str = click.prompt("note", default="", show_default=False)
        except click.Abort:
            return ""
        return told.strip()

    def _finished(self) -> str:
        progress = self.queue.progress(self.reviewer)
        if self.which != "new":
            return _NOTHING[self.which]
        if progress.left:
            texts = "1 text is" if progress.left == 1 else f"{progress.left:,} texts are"
            return f"{texts} being read by others; what they leave comes free in ten minutes"
        more = [
            f"kpoclf review --only {which}: {n} {told}"
            for which, told, n in (
                ("skipped", "that you skipped", progress.skipped),
                ("second", "that only others have read", progress.second),
                ("conflicts", "on which reviewers differ", progress.conflicts),
            )
            if n
        ]
        return "\n".join(["every text is reviewed: kpoclf review export", *more])
