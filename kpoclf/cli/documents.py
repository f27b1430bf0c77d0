"""Documents that are made from code and data: ``docs/cli.md`` and ``data/README.md``.

``python -m kpoclf.cli.documents`` writes them, ``--check`` says which are out of date.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from kpoclf.cli.main import cli
from kpoclf.corpus.datasheet import datasheet
from kpoclf.corpus.rows import read_corpus, read_second_reading
from kpoclf.resources import shipped
from kpoclf.taxonomy import load_taxonomy

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["command_contexts", "command_reference", "documents", "main"]

_WIDTH = 96


def command_reference() -> str:
    """Help of every command, as Markdown."""
    parts = [
        "# The command line",
        "",
        "Made from `--help` by `python -m kpoclf.cli.documents`.",
        "",
    ]
    for path, context in command_contexts(cli, "kpoclf"):
        parts += [f"## {path}", "", "```text", context.get_help(), "```", ""]
    return "\n".join(parts)


def command_contexts(
    command: click.Command, name: str, parent: click.Context | None = None
) -> Iterator[tuple[str, click.Context]]:
    """Path and context of a command and of all below it, as the command line makes them."""
    width = {"terminal_width": _WIDTH, "max_content_width": _WIDTH}
    settings = {**command.context_settings, **width}
    context = click.Context(command, info_name=name, parent=parent, **settings)
    yield context.command_path, context
    if isinstance(command, click.Group):
        for below in command.list_commands(context):
            found = command.get_command(context, below)
            if found is not None:
                yield from command_contexts(found, below, context)


def documents() -> dict[str, str]:
    """Content of each generated document by its path in the checkout."""
    return {
        "docs/cli.md": command_reference(),
        "data/README.md": datasheet(read_corpus(), load_taxonomy(), read_second_reading()),
    }


@click.command()
@click.option("--check", is_flag=True, help="Only say which are out of date; exit code 1 if any.")
def main(check: bool) -> None:
    """Write the documents that are made from code and data."""
    root = shipped("data").parent
    stale = [
        name
        for name, content in documents().items()
        if not (root / name).is_file() or (root / name).read_text(encoding="utf-8") != content
    ]
    if check:
        if stale:
            sys.exit(f"out of date: {', '.join(stale)}; run python -m kpoclf.cli.documents")
        return
    for name in stale:
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_text(documents()[name], encoding="utf-8")
        click.echo(f"{name} written", err=True)


if __name__ == "__main__":
    main()
