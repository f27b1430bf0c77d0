"""``kpoclf explain``: one text and its reasons."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import click

from kpoclf.cli.model_option import model_option
from kpoclf.errors import InputError

if TYPE_CHECKING:
    from kpoclf.judge.explanation import Explanation
    from kpoclf.judge.model import Model

__all__ = ["command"]

_SHOWN = 12
_BAR = 20
_STATUS = {
    "ok": "ok",
    "review": "review: a person should look",
    "out_of_scope": "out of scope: not work of either kind",
}


@click.command("explain")
@click.argument("text")
@click.option("--json", "as_json", is_flag=True, help="Everything as JSON, for a program.")
@click.option("--all", "everything", is_flag=True, help="All terms, not only the strongest twelve.")
@model_option
def command(text: str, as_json: bool, everything: bool, model: Model) -> None:
    """Label TEXT and show the terms that drove it. TEXT "-" is standard input.

    Terms above zero speak for KPO, below zero for BPO; with the intercept they add up to the
    decision value, and its sign is the label.

    \b
    kpoclf explain "Reconcile supplier invoices and post them to the ledger."
    """
    if text == "-":
        content = sys.stdin.buffer.read()
        try:
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = content.decode("cp1252", "replace")
    if "\0" in text:
        raise InputError("the text holds NUL bytes: is it a binary file?")
    found = model.explain(text)
    if as_json:
        click.echo(json.dumps(found.to_dict(), ensure_ascii=False, indent=1))
    else:
        click.echo(_shown(found, len(found.words) if everything else _SHOWN))


def _shown(found: Explanation, n: int) -> str:
    sure = f"{found.confidence:.2f}" if found.confidence < 0.995 else ">0.99"
    lines = [f"{found.label}  confidence {sure}  {_STATUS[found.status]}"]
    if found.service:
        ranked = ", ".join(f"{s.service} {s.probability:.2f}" for s in found.services[:3])
        lines.append(f"service: {ranked}")
    if not found.words:
        return "\n".join([*lines, "no known terms: the text says nothing to go by"])
    top = found.words[:n]
    width = max(len(w.term) for w in (*top,))
    largest = abs(top[0].contribution) or 1.0
    lines += ["", f"{'term':<{width}}   BPO < 0 < KPO"]
    for word in top:
        bar = "#" * max(round(_BAR * abs(word.contribution) / largest), 1)
        lines.append(f"{word.term:<{width}}  {word.contribution:+.3f}  {bar}")
    rest = found.words[n:]
    if rest:
        total = sum(w.contribution for w in rest)
        lines.append(f"{f'{len(rest)} more terms':<{width}}  {total:+.3f}")
    lines.append(f"{'intercept':<{width}}  {found.intercept:+.3f}")
    lines.append(f"{'decision value':<{width}}  {found.decision:+.3f}")
    return "\n".join(lines)
