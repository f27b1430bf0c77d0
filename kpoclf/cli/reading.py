"""Options that say how a table is read, and where its labels stand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import click

from kpoclf.tables.open_table import ReadOptions, check_options
from kpoclf.tables.source import FORMATS

__all__ = ["label_option", "read_options", "reading", "service_option"]

_F = TypeVar("_F", bound=Callable[..., Any])

_DELIMITERS = {"comma": ",", "semicolon": ";", "tab": "\t", "pipe": "|"}


def _delimiter(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    """A delimiter by its name, or the character itself."""
    if value is None:
        return None
    found = _DELIMITERS.get(value.lower(), value)
    if len(found) != 1 or found.isalnum() or found in '"\r\n ':
        names = ", ".join(_DELIMITERS)
        raise click.BadParameter(
            f"{value!r} is no delimiter: give {names} or the character", ctx, param
        )
    return found


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
                metavar="CHAR",
                callback=_delimiter,
                help="What separates CSV fields: comma, semicolon, tab, pipe, or the character. "
                "[default: as a first line sep=; says, else comma, semicolon or tab, by the header]",
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


def label_option(function: _F) -> _F:
    """``--label COL``."""
    return click.option(
        "--label", metavar="COL", default="label", show_default=True, help="Column of the label."
    )(function)


def service_option(function: _F) -> _F:
    """``--service COL``."""
    return click.option(
        "--service", metavar="COL", help="Column of the service. [default: service, if there]"
    )(function)


def reading(
    files: Sequence[str | None],
    text: tuple[str, ...],
    format: str | None,
    encoding: str | None,
    delimiter: str | None,
    sheet: str | None,
) -> ReadOptions:
    """`ReadOptions` of the values that `read_options` gave.

    Parameters
    ----------
    files : sequence of str
        Those that will be read; None counts for nothing.
    text, format, encoding, delimiter, sheet
        Values of the options.

    Raises
    ------
    InputError
        If a file has no format, or an option fits none of them.
    """
    options = ReadOptions(text, format, encoding, delimiter, sheet)
    check_options([file for file in files if file is not None], options)
    return options
