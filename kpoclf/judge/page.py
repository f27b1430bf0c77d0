"""An explanation as HTML: what a notebook shows."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING

from kpoclf.judge.highlight import stretches
from kpoclf.judge.status import STATUS_MEANINGS

if TYPE_CHECKING:
    from kpoclf.judge.explanation import Explanation

__all__ = ["fragment"]

_WORDS = 10
# Colours that are told apart with any colour vision, in light and in dark.
_STYLE = """
.kpoclf{font:14px/1.5 system-ui,sans-serif;max-width:56rem;color:inherit}
.kpoclf h4{margin:1.1em 0 .3em;font-size:1em}
.kpoclf table{border-collapse:collapse;font-size:.95em}
.kpoclf td,.kpoclf th{padding:.15em .6em;text-align:left;vertical-align:top;border:0}
.kpoclf .n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
.kpoclf .t{white-space:pre-wrap;border-left:3px solid #8884;padding-left:.8em}
.kpoclf .bar{display:inline-block;height:.7em;border-radius:2px;vertical-align:baseline}
.kpoclf .track{display:inline-block;width:8em;background:#8883;border-radius:2px;line-height:.7em}
.kpoclf .K{background:#2f7ed8}.kpoclf .B{background:#d9822b}
.kpoclf .tag{display:inline-block;min-width:2.6em;text-align:center;border-radius:3px;color:#fff;
padding:0 .3em;font-size:.85em}
.kpoclf .tag.K{background:#1f5fa8}.kpoclf .tag.B{background:#a1540c}.kpoclf .tag.N{background:#777}
.kpoclf .dim{opacity:.65}
"""


def fragment(found: Explanation) -> str:
    """HTML of an explanation, with its style; nothing is loaded from elsewhere.

    Parameters
    ----------
    found : Explanation

    Returns
    -------
    str
    """
    parts = [
        f"<style>{_STYLE}</style>",
        f"<p>{_tag(found.label)} <b>{found.confidence:.2f}</b> "
        f"{_bar(found.label, found.confidence)} {STATUS_MEANINGS[found.status]}{_services(found)}</p>",
        f'<div class="t">{_marked(found)}</div>',
        _words(found),
    ]
    if found.sentences:
        parts += [_criteria(found), _sentences(found)]
    parts.append(_nearest(found))
    return f'<div class="kpoclf">{"".join(parts)}</div>'


def _tag(label: str | None) -> str:
    kind = {"KPO": "K", "BPO": "B"}.get(label or "", "N")
    return f'<span class="tag {kind}">{label or "–"}</span>'


def _bar(label: str, share: float) -> str:
    width = round(100 * share)
    return f'<span class="track"><span class="bar {label[0]}" style="width:{width}%"></span></span>'


def _services(found: Explanation) -> str:
    if not found.services:
        return ""
    ranked = ", ".join(f"{html.escape(s.service)} {s.probability:.2f}" for s in found.services[:3])
    return f'<br><span class="dim">service</span> {ranked}'


def _marked(found: Explanation) -> str:
    marked = []
    for part in stretches(found):
        told = html.escape(part.text)
        if part.weight:
            colour = "47,126,216" if part.weight > 0 else "217,130,43"
            strength = 0.15 + 0.45 * abs(part.weight)
            told = f'<span style="background:rgba({colour},{strength:.2f})">{told}</span>'
        marked.append(told)
    return "".join(marked)


def _words(found: Explanation) -> str:
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
    return f"<h4>Words</h4><table>{''.join(rows)}</table>{turning}"


def _criteria(found: Explanation) -> str:
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
        '<h4>Criteria <span class="dim">(read from the words, not inferred)</span></h4>'
        f"<table>{''.join(rows)}</table>"
    )


def _sentences(found: Explanation) -> str:
    rows = "".join(
        f"<tr{'' if s.label else ' class=dim'}><td>{_tag(s.label)}</td>"
        f'<td class="n">{s.confidence:.2f}</td><td>{html.escape(s.text)}</td></tr>'
        for s in found.sentences
    )
    share = "no duty" if found.kpo_share is None else f"share of KPO {found.kpo_share:.2f}"
    return f'<h4>Sentences <span class="dim">({share})</span></h4><table>{rows}</table>'


def _nearest(found: Explanation) -> str:
    if not found.nearest:
        return ""
    rows = "".join(
        f'<tr><td class="n">{row.similarity:.2f}</td><td>{_tag(row.label)}</td>'
        f"<td>{html.escape(row.service)}</td><td>{html.escape(_short(row.text))}</td></tr>"
        for row in found.nearest
    )
    return f"<h4>Nearest rows of the training data</h4><table>{rows}</table>"


def _short(text: str, length: int = 160) -> str:
    joined = " ".join(text.split())
    return joined if len(joined) <= length else joined[: length - 1].rsplit(" ", 1)[0] + " …"
