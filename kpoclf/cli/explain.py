"""``kpoclf explain``: one text and its reasons."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING

import click

from kpoclf.cli.model_option import model_option
from kpoclf.errors import InputError
from kpoclf.tables.source import promised

if TYPE_CHECKING:
    from kpoclf.judge.model import Model

__all__ = ["command"]


class _TextCommand(click.Command):
    """A command whose text may begin with a bullet: "- " begins no option."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        bulleted = [arg for arg in args if arg.startswith("- ")]
        if bulleted and "--" not in args:
            args = [*(arg for arg in args if not arg.startswith("- ")), "--", *bulleted]
        return super().parse_args(ctx, args)


def _print_schema(ctx: click.Context, param: click.Parameter, value: bool) -> None:  # noqa: ARG001
    if value:
        from kpoclf.judge.schema import schema_text

        click.echo(schema_text(), nl=False)
        ctx.exit()


@click.command("explain", cls=_TextCommand)
@click.argument("text")
@click.option("--json", "as_json", is_flag=True, help="Everything as JSON, for a program.")
@click.option(
    "--schema",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_print_schema,
    help="Print the JSON Schema of --json and end.",
)
@click.option(
    "--all", "everything", is_flag=True, help="All of a long explanation, not only its first lines."
)
@model_option
def command(text: str, as_json: bool, everything: bool, model: Model) -> None:
    """Label TEXT and say why. TEXT is the text itself, or "-" for standard input.

    Shows the words that drove the label, in the text and as bars (above zero they speak for KPO,
    below for BPO; with the intercept they add up to the decision value, whose sign is the label),
    the nine criteria as far as sentences state them, each sentence with its duty, the words without
    which the label would turn, and the most similar rows of the training data.

    Colour goes to a terminal only, and not if NO_COLOR is set; without it the strongest words are
    marked {+KPO+} and [-BPO-].

    \b
    kpoclf explain "Reconcile supplier invoices and post them to the ledger."
    kpoclf explain - < posting.txt
    """
    from kpoclf.cli.explanation_view import shown

    if text == "-":
        content = sys.stdin.buffer.read()
        try:
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = content.decode("cp1252", "replace")
    else:
        _refuse_file(text)
    if "\0" in text:
        raise InputError("the text holds NUL bytes: is it a binary file?")
    found = model.explain(text)
    if as_json:
        told = json.dumps(found.to_dict(), ensure_ascii=False, indent=1)
        click.echo(_printable(told))
        return
    colour = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    click.echo(_printable(shown(found, everything, colour)), color=colour)


def _refuse_file(text: str) -> None:
    """Refuse the name of a file given in the place of its text."""
    if os.path.isfile(text):
        raise InputError(
            f"{text}: is a file, and TEXT is the text itself: kpoclf explain - < FILE explains one "
            "text, kpoclf label FILE labels rows"
        )
    if promised(text) and not any(map(str.isspace, text)):
        raise InputError(f"{text}: no such file, and hardly a text; give the text itself")


def _printable(text: str) -> str:
    """The text without halves of characters, which no encoding can write."""
    return text.encode("utf-8", "replace").decode()
