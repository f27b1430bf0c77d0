"""Which stretches of a text speak for which label."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from kpoclf.judge.explanation import Explanation, Word

__all__ = ["Stretch", "WordedText", "stretches"]

_RUN = re.compile(r"\w+")


class WordedText(NamedTuple):
    """A text and what `Model.words` says of it: all of an `Explanation` that marks need."""

    text: str
    words: tuple[Word, ...]


class Stretch(NamedTuple):
    """A stretch of the text; `weight` is above 0 for KPO, below 0 for BPO, 0 for plain text."""

    text: str
    weight: float


def stretches(found: Explanation | WordedText, n_words: int = 20) -> list[Stretch]:
    """The text cut into stretches with and without weight; joined they are the text again.

    Parameters
    ----------
    found : Explanation or WordedText
    n_words : int
        Terms that are marked, strongest first.

    Returns
    -------
    list of Stretch
        Weights in [-1, 1]: contribution over the largest one.
    """
    top = [word for word in found.words[:n_words] if word.contribution]
    largest = max((abs(word.contribution) for word in top), default=1.0)
    weight: dict[int, float] = defaultdict(float)
    for word in top:
        for start, end in word.places:
            runs = [run.span() for run in _RUN.finditer(found.text, start, end)]
            for first, last in {runs[0], runs[-1]}:  # of a pair, not what stands between
                for place in range(first, last):
                    weight[place] += word.contribution / largest
    parts: list[Stretch] = []
    start = 0
    for place in range(1, len(found.text) + 1):
        if place == len(found.text) or weight.get(place, 0.0) != weight.get(start, 0.0):
            value = max(-1.0, min(1.0, weight.get(start, 0.0)))
            parts.append(Stretch(found.text[start:place], value))
            start = place
    return parts
