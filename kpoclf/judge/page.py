"""An explanation as HTML: what a notebook and the web page show.

No element has a style or script of its own, so that it stands under a strict content security policy.
"""

from __future__ import annotations

import html
import math
from pathlib import Path
from typing import TYPE_CHECKING

from kpoclf.judge.highlight import stretches
from kpoclf.judge.status import STATUS_MEANINGS

if TYPE_CHECKING:
    from kpoclf.judge.explanation import Explanation

__all__ = ["fragment", "marked", "markup", "stylesheet"]

_WORDS = 10
_ALMOST_CERTAIN = 0.995  # what would be rounded to 1
_STRENGTHS = 4  # shades of a marked word


def stylesheet() -> str:
    """CSS of what `markup` gives, shipped with the package."""
    return Path(__file__).with_name("explanation.css").read_text(encoding="utf-8")


def fragment(found: Explanation) -> str:
    """HTML of an explanation, with its style; nothing is loaded from elsewhere.

    Parameters
    ----------
    found : Explanation

    Returns
    -------
    str
    """
    return f"<style>{stylesheet()}</style>{markup(found)}"


def markup(found: Explanation, heading: str = "h4") -> str:
    """HTML of an explanation, to be shown with `stylesheet`.

    Parameters
    ----------
    found : Explanation
    heading : str
        Element of the headings: one level below that of the page.

    Returns
    -------
    str
    """
    sure = f"{found.confidence:.2f}" if found.confidence < _ALMOST_CERTAIN else "&gt;0.99"
    parts = [
        f"<p>{_tag(found.label)} <strong>{sure}</strong> "
        f"{_bar(found.label, found.confidence)} {STATUS_MEANINGS[found.status]}{_services(found)}</p>",
        f'<div class="t">{marked(found)}</div>',
        _words(found, heading),
    ]
    if found.sentences:
        parts += [_criteria(found, heading), _sentences(found, heading)]
    parts.append(_nearest(found, heading))
    return f'<div class="kpoclf">{"".join(parts)}</div>'


def _heading(level: str, title: str, note: str = "") -> str:
    told = f' <span class="dim">({note})</span>' if note else ""
    return f'<{level} class="h">{title}{told}</{level}>'


def _tag(label: str | None) -> str:
    kind = {"KPO": "K", "BPO": "B"}.get(label or "", "N")
    return f'<span class="tag {kind}">{label or "–"}</span>'


def _bar(label: str, share: float) -> str:
    return (
        '<svg class="track" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">'
        f'<rect class="{label[0]}" width="{100 * share:.0f}" height="8"/></svg>'
    )


def _services(found: Explanation) -> str:
    if not found.services:
        return ""
    ranked = ", ".join(f"{html.escape(s.service)} {s.probability:.2f}" for s in found.services[:3])
    return f'<br><span class="dim">service</span> {ranked}'


def marked(found: Explanation) -> str:
    """HTML of the text, the words that speak for a label marked.

    Parameters
    ----------
    found : Explanation

    Returns
    -------
    str
    """
    parts = []
    for part in stretches(found):
        told = html.escape(part.text)
        if part.weight:
            label = "K" if part.weight > 0 else "B"
            strength = math.ceil(_STRENGTHS * abs(part.weight))
            told = f'<mark class="{label} s{strength}">{told}</mark>'
        parts.append(told)
    return "".join(parts)


def _words(found: Explanation, heading: str) -> str:
    if not found.words:
        return "<p>No known words: the text says nothing to go by.</p>"
    largest = abs(found.words[0].contribution) or 1.0
    rows = []
    for word in found.words[:_WORDS]:
        label = "KPO" if word.contribution > 0 else "BPO"
        bar = _bar(label, abs(word.contribution) / largest)
        rows.append(
            f"<tr><td>{html.escape(word.term)}</td><td>{bar}</td>"
            f'<td class="n">{word.contribution:+.3f}</td><td>{label}</td></tr>'
        )
    rest = sum(word.contribution for word in found.words[_WORDS:])
    sums = [("intercept", found.intercept), ("decision value", found.decision)]
    if len(found.words) > _WORDS:
        sums.insert(0, (f"{len(found.words) - _WORDS} more terms", rest))
    rows += [
        f'<tr class="dim"><td>{name}</td><td></td><td class="n">{value:+.3f}</td><td></td></tr>'
        for name, value in sums
    ]
    turning = ""
    if found.turning_words:
        other = "BPO" if found.label == "KPO" else "KPO"
        listed = ", ".join(f"“{html.escape(word)}”" for word in found.turning_words)
        turning = f"<p>Without {listed} it would be {other}.</p>"
    return f"{_heading(heading, 'Words')}<table>{''.join(rows)}</table>{turning}"


def _criteria(found: Explanation, heading: str) -> str:
    rows = []
    for reading in found.criteria:
        if reading.pole is None:
            rows.append(
                f'<tr class="dim"><td>{reading.name}</td><td></td><td>not stated</td><td></td></tr>'
            )
            continue
        rows.append(
            f"<tr><td>{reading.name}</td><td>{_tag(reading.pole)}</td>"
            f"<td>{_bar(reading.pole, reading.strength)}</td>"
            f"<td>{html.escape(reading.sentence or '')}</td></tr>"
        )
    return (
        _heading(heading, "Criteria", "read from the words, not inferred")
        + f"<table>{''.join(rows)}</table>"
    )


def _sentences(found: Explanation, heading: str) -> str:
    rows = "".join(
        f"<tr{'' if s.label else ' class=dim'}><td>{_tag(s.label)}</td>"
        f'<td class="n">{s.confidence:.2f}</td><td>{html.escape(s.text)}</td></tr>'
        for s in found.sentences
    )
    share = "no duty" if found.kpo_share is None else f"share of KPO {found.kpo_share:.2f}"
    return f"{_heading(heading, 'Sentences', share)}<table>{rows}</table>"


def _nearest(found: Explanation, heading: str) -> str:
    if not found.nearest:
        return ""
    rows = "".join(
        f'<tr><td class="n">{row.similarity:.2f}</td><td>{_tag(row.label)}</td>'
        f"<td>{html.escape(row.service)}</td><td>{html.escape(_short(row.text))}</td></tr>"
        for row in found.nearest
    )
    title = "Nearest rows of the training data"
    return f"{_heading(heading, title)}<table>{rows}</table>"


def _short(text: str, length: int = 160) -> str:
    joined = " ".join(text.split())
    return joined if len(joined) <= length else joined[: length - 1].rsplit(" ", 1)[0] + " …"
