"""Options that say how a table is read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from kpoclf.tables.open_table import ReadOptions
from kpoclf.tables.source import FORMATS

__all__ = ["read_options", "reading"]

_F = TypeVar("_F", bound=Callable[..., Any])

_DELIMITERS = {"comma": ",", "semicolon": ";", "tab": "\t", "pipe": "|"}


def read_options(function: _F) -> _F:
    """Options that say how a table is read; `reading` gathers them."""
    for option in reversed(
        (
            click.option(
                "--text",
                "text",
                metavar="COL",
                multiple=True,
                help="Column of the text; repeat it to join several. [default: text, description, "
                "job_description, task or body, with title or job_title in front]",
            ),
            click.option(
                "--format",
                "format",
                type=click.Choice(FORMATS),
                help="What the file holds. [default: by its ending]",
            ),
            click.option(
                "--encoding",
                metavar="NAME",
                help="Encoding of the file. [default: by its byte order mark, else UTF-8, else cp1252]",
            ),
            click.option(
                "--delimiter",
                type=click.Choice(tuple(_DELIMITERS)),
                help="What separates CSV fields. [default: comma, semicolon or tab, by the header]",
            ),
            click.option(
                "--sheet",
                metavar="NAME",
                help="Sheet of a workbook. [default: the one with a text column]",
            ),
        )
    ):
        function = option(function)
    return function


def reading(
    text: tuple[str, ...],
    format: str | None,
    encoding: str | None,
    delimiter: str | None,
    sheet: str | None,
) -> ReadOptions:
    """`ReadOptions` of the values that `read_options` gave."""
    return ReadOptions(text, format, encoding, _DELIMITERS[delimiter] if delimiter else None, sheet)
