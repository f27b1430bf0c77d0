"""Text to sentences: one splitter for every door, without NLTK.

Job ads come as prose, as bullets and as lines run together. Lines and items are cut first, then
sentence ends. Which full stops end no sentence is learned from the corpus when a model is trained
(`kpoclf.learn.abbreviations`) and comes with the model.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

__all__ = ["SentenceSplitter"]

_BULLETS = "•·∙●○◦▪■□◆◊‣▸►▶➢➤➔→✓✔❖"
_BREAKS = "\r\n\v\f\x85\u2028\u2029"
# Where a sentence may end. A pattern that begins with one class of characters is searched at C speed;
# what stands around each place decides.
_PLACE = re.compile(rf"[{_BREAKS}]\s*|[.!?…]+[\"'”’»)\]]*|[{_BULLETS}*–—-]|[)](?=\s[A-Z])")
_GLUED = re.compile(r"[A-Z](?<=[a-z].)(?=[a-z]{2})")
_CLOSERS = "\"'”’»)]"
_BLANKS = " \t\xa0"

# What opens a line or an item and is no part of its sentence; what trails behind one.
_OPENING = re.compile(
    rf"(?:[\s{_BULLETS}*#>|~=_:;,)\]]|[-–—]+(?!\d)|[(]?\d{{1,2}}[.)](?=\s)|o\s(?=[A-Z]))+"
)
_TRAILING = " \t\n\r\v\f\x85\xa0\u2028\u2029*|~=_–—-" + _BULLETS
_LETTER = re.compile(r"[^\W\d_]")
_WORD = re.compile(r"[^\W\d_]+")
_DOTTED = re.compile(r"[^\W\d_]+(?:\.[^\W\d_]+)*\Z")  # "e.g", "Ph.D", "Inc"
_UNBROKEN = re.compile(r"\S*\Z")
_NUMBER = re.compile(r"(?:\A|(?<=[\s:;.]))[(]?\d{1,2}\Z")
_WRAPPED = 45  # characters of a line that may have been broken to fit a page
_LONGEST_LINE = 400
# A line that ends on one of these goes on in the next.
_OPEN_ENDED = re.compile(
    r"(?:,|\b(?:a|an|and|as|at|by|for|from|in|into|of|on|or|our|that|the|their|to|with|your))\Z"
)


@dataclass(frozen=True)
class SentenceSplitter:
    """Cuts a text into sentences, list items and lines.

    Parameters
    ----------
    abbreviations : frozenset of str
        Lower-case words, without their last full stop, after which a full stop ends no sentence
        unless a word of `starters` follows.
    starters : frozenset of str
        Lower-case words that often open a sentence.

    Examples
    --------
    >>> splitter = SentenceSplitter(frozenset({"e.g"}), frozenset({"apply"}))
    >>> text = "Fancy your luck?Apply today! Duties: * File post, e.g. Bills * Answer phones"
    >>> [text[start:end] for start, end in splitter.spans(text)]
    ['Fancy your luck?', 'Apply today!', 'Duties:', 'File post, e.g. Bills', 'Answer phones']
    """

    abbreviations: frozenset[str] = frozenset()
    starters: frozenset[str] = frozenset()

    def spans(self, text: str) -> list[tuple[int, int]]:
        """Start and end of each sentence.

        Parameters
        ----------
        text : str

        Returns
        -------
        list of (int, int)
            In order, without overlap; ``text[start:end]`` has no bullet and no space around it. What
            holds no letter is left out.
        """
        found: list[tuple[int, int]] = []
        start = 0
        for end in (*self._cuts(text), len(text)):
            opening = _OPENING.match(text, start, end)
            first = opening.end() if opening else start
            if _LETTER.search(text, first, end):
                found.append((first, first + len(text[first:end].rstrip(_TRAILING).rstrip())))
            start = end
        return found

    def _cuts(self, text: str) -> list[int]:
        """Places at which one sentence ends and the next begins."""
        cuts = []
        last = 0
        for match in _PLACE.finditer(text):
            mark = match[0][0]
            if mark in ".!?…":
                cut = self._after_stop(text, last, match)
            elif mark in _BREAKS:
                cut = -1 if _wrapped(text, match) else match.start()
            elif mark == ")":
                cut = _before_number(text, match.start())
            else:
                cut = match.start() if _opens_item(text, match.start(), mark) else -1
            if cut > last:
                cuts.append(cut)
                last = cut
        glued = [m.start() for m in _GLUED.finditer(text) if self._runs_together(text, m.start())]
        return sorted({*cuts, *glued}) if glued else cuts

    def _after_stop(self, text: str, last: int, match: re.Match[str]) -> int:
        """Where a sentence ends by a full stop, question or exclamation mark; -1 if it goes on."""
        stop, place = match.span()
        if place == len(text):
            return -1
        following = text[place]
        if not following.isspace():
            # "luck?Apply": run together, if a word ends here and a capitalised one begins.
            before, closed = text[stop - 1 : stop], text[place - 1] in _CLOSERS
            if not following.isupper() or not text[place + 1 : place + 2].islower():
                return -1
            ended = closed or before.islower() or before.isdigit() or before in (")", "%")
            if not ended and not (before.isupper() and self._starts(text, place)):
                return -1
            return -1 if _address(text, stop) else place
        at = place
        while at < len(text) and text[at] in _BLANKS:
            at += 1
        if at == len(text) or text[at] in _BREAKS or text[at].islower():
            return -1
        if match[0] != ".":
            return place
        if text[stop - 1 : stop].isdigit():
            before_number = _before_number(text, stop)
            if before_number >= 0:
                return before_number
        word = _DOTTED.search(text, max(last, stop - 30), stop)
        if word is None:
            return place
        letters = word[0].split(".")
        initials = word[0].isupper() and all(len(letter) == 1 for letter in letters)  # "J", "U.S"
        if not initials and word[0].lower() not in self.abbreviations:
            return place
        return place if self._starts(text, at) else -1

    def _runs_together(self, text: str, place: int) -> bool:
        """Whether two lines were joined without a space: "competitive payYou will"."""
        return self._starts(text, place) and not _address(text, place)

    def _starts(self, text: str, place: int) -> bool:
        """Whether the word at a place often opens a sentence."""
        word = _WORD.match(text, place)
        return word is not None and word[0].lower() in self.starters


def _before_number(text: str, place: int) -> int:
    """Where the number of an item begins that ends at `place` ("4." or "4)"); -1 if it is none."""
    number = _NUMBER.search(text, max(place - 4, 0), place)
    return number.start() if number else -1


def _opens_item(text: str, place: int, mark: str) -> bool:
    """Whether a bullet, asterisk or dash opens an item of a list within a line."""
    if mark in _BULLETS:
        return True
    before, after = text[place - 1 : place], text[place + 1 : place + 3]
    if mark == "*":
        return (not before or not before.isalnum()) and after.lstrip()[:1].isalpha()
    # A dash between spaces and before a capital letter.
    return before.isspace() and after[:1].isspace() and after[1:].isupper()


def _wrapped(text: str, match: re.Match[str]) -> bool:
    """Whether a line break only fits a line of prose to the width of a page."""
    if match.end() == len(text) or match[0].count("\n") > 1 or match[0].count("\r") > 1:
        return False
    end = match.start()
    begin = max(end - _LONGEST_LINE, 0)
    line = text[max(text.rfind(mark, begin, end) for mark in "\n\r") + 1 : end].rstrip()
    if len(line) < _WRAPPED or line[-1] in ".!?:;":
        return False
    return text[match.end()].islower() or _OPEN_ENDED.search(line) is not None


def _address(text: str, place: int) -> bool:
    """Whether the unbroken run of characters around a place is a web or mail address."""
    before = _UNBROKEN.search(text, max(place - 60, 0), place)
    run = (before[0] if before else "") + text[place : place + 60].split(None, 1)[0]
    return "@" in run or "//" in run or "www." in run.lower()
