"""Reports as one HTML file with plots in it; nothing is loaded from elsewhere."""

from __future__ import annotations

import html
import io
from typing import TYPE_CHECKING, Any

from kpoclf.errors import MissingExtraError
from kpoclf.files import whole_file

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

__all__ = ["canvas", "check_plots", "svg", "table", "write_page"]

_STYLE = """
body{font:16px/1.5 system-ui,sans-serif;max-width:52rem;margin:2rem auto;padding:0 1rem;color:#1b1b1b}
table{border-collapse:collapse;margin:1rem 0}td,th{padding:.25rem .75rem;text-align:right;
border-bottom:1px solid #ccc}td:first-child,th:first-child{text-align:left}svg{max-width:100%;height:auto}
"""


def write_page(title: str, body: Iterable[str], path: Path) -> None:
    """Write a page, whole or not at all.

    Parameters
    ----------
    title : str
    body : iterable of str
        HTML.
    path : pathlib.Path

    Raises
    ------
    InputError
        If the file cannot be written.
    """
    page = (
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{html.escape(title)}</title><style>{_STYLE}</style>{''.join(body)}</html>\n"
    )
    with whole_file(path) as stream:
        stream.write(page.encode("utf-8", "backslashreplace"))


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; what stands in it is escaped."""
    cells = "".join(f"<th>{html.escape(h)}</th>" for h in head)
    lines = "".join(
        "<tr>" + "".join(f"<td>{html.escape(c)}</td>" for c in row) + "</tr>" for row in rows
    )
    return f"<table><tr>{cells}</tr>{lines}</table>"


def check_plots() -> None:
    """Refuse before work is done for a report that could not be drawn.

    Raises
    ------
    MissingExtraError
        If matplotlib is not installed.
    """
    try:
        import matplotlib.figure  # noqa: F401
    except ImportError:
        raise MissingExtraError("matplotlib", "report") from None


def canvas(width: float = 5, height: float = 4, n: int = 1) -> tuple[Any, Any]:
    """A matplotlib figure and its axes: one, or an array of `n` beside each other.

    Raises
    ------
    MissingExtraError
        If matplotlib is not installed.
    """
    check_plots()
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    return figure, figure.subplots(1, n)


def svg(figure: Any) -> str:
    """A matplotlib figure as SVG that stands in a page."""
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", metadata={"Date": None})
    drawn = buffer.getvalue()
    return drawn[drawn.index("<svg") :]
