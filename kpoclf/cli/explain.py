"""``kpoclf explain``: one text and its reasons."""

from __future__ import annotations

import json
import sys
import textwrap
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
_WIDTH = 80
_STATUS = {
    "ok": "ok",
    "review": "review: a person should look",
    "out_of_scope": "out of scope: not work of either kind",
}


class _TextCommand(click.Command):
    """A command whose text may begin with a bullet: "- " begins no option."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        bulleted = [arg for arg in args if arg.startswith("- ")]
        if bulleted and "--" not in args:
            args = [*(arg for arg in args if not arg.startswith("- ")), "--", *bulleted]
        return super().parse_args(ctx, args)


@click.command("explain", cls=_TextCommand)
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
        lines.append(
            textwrap.fill(
                f"service: {ranked}",
                _WIDTH,
                subsequent_indent=" " * len("service: "),
                break_on_hyphens=False,
            )
        )
    if not found.words:
        return "\n".join([*lines, "no known terms: the text says nothing to go by"])
    top = found.words[:n]
    rest = found.words[n:]
    sums = [("intercept", found.intercept), ("decision value", found.decision)]
    if rest:
        sums.insert(0, (f"{len(rest)} more terms", sum(w.contribution for w in rest)))
    width = max(len(name) for name, _ in (*top, *sums))
    largest = abs(top[0].contribution) or 1.0
    lines += ["", f"{'term':<{width}}   BPO < 0 < KPO"]
    for word in top:
        bar = "#" * max(round(_BAR * abs(word.contribution) / largest), 1)
        lines.append(f"{word.term:<{width}}  {word.contribution:+.3f}  {bar}")
    lines += [f"{name:<{width}}  {value:+.3f}" for name, value in sums]
    return "\n".join(lines)
