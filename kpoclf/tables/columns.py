"""Which columns of a table hold the text, and which would be written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kpoclf.corpus.reviewed import is_reviewed
from kpoclf.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "DETAIL_COLUMNS",
    "NUMBER_COLUMNS",
    "OUTPUT_COLUMNS",
    "added_columns",
    "already_there",
    "find_column",
    "joined_text",
    "text_columns",
]

OUTPUT_COLUMNS = ("kpoclf_label", "kpoclf_confidence", "kpoclf_status", "kpoclf_service")
"""Columns that labelling adds."""

DETAIL_COLUMNS = (
    "kpoclf_p_kpo",
    "kpoclf_p_in_scope",
    "kpoclf_review_score",
    "kpoclf_services",
    "kpoclf_kpo_share",
    "kpoclf_criteria",
    "kpoclf_reasons",
)
"""Columns that ``--detail`` adds to them."""

NUMBER_COLUMNS = frozenset(
    {
        "kpoclf_confidence",
        "kpoclf_p_kpo",
        "kpoclf_p_in_scope",
        "kpoclf_review_score",
        "kpoclf_kpo_share",
    }
)
"""Those of all of them that hold numbers; the others hold text."""


def added_columns(detail: bool) -> tuple[str, ...]:
    """Columns that labelling adds, in detail or not."""
    return OUTPUT_COLUMNS + DETAIL_COLUMNS if detail else OUTPUT_COLUMNS


def joined_text(values: Sequence[str], places: Sequence[int]) -> str:
    """The text of a row: its values at some places, the empty ones left out.

    Examples
    --------
    >>> joined_text(["7", "Clerk", "", "Key forms."], [1, 2, 3])
    'Clerk\\nKey forms.'
    """
    return "\n".join(value for i in places if (value := values[i]))


_USUAL = ("text", "description", "job_description", "task", "body")
_TITLES = ("title", "job_title")
_SHOWN = 60  # characters of a name in a message
_WORDS = 5  # that no column is named by


def _plain(name: str) -> str:
    return "_".join(name.strip().lower().replace("-", " ").replace("_", " ").split())


def _listed(columns: Sequence[str]) -> str:
    names = [c if len(c) <= _SHOWN else c[: _SHOWN - 1] + "…" for c in columns[:30]]
    return ", ".join(map(repr, names)) + (", …" if len(columns) > 30 else "")


def text_columns(columns: Sequence[str], asked: Sequence[str], where: str) -> list[int]:
    """Positions of the columns whose values, joined, are the text.

    Parameters
    ----------
    columns : sequence of str
    asked : sequence of str
        Names that the user gave; empty to look for the usual ones.
    where : str
        Name of the file, for messages.

    Returns
    -------
    list of int
        Those asked for, in that order; else ``text`` of reviewed rows; else the one usual text
        column, after the title if there is one.

    Raises
    ------
    InputError
        If a name asked for is not there or is there twice, or none or several usual ones are.

    Examples
    --------
    >>> text_columns(["ID", "Job Title", "Description"], [], "jobs.csv")
    [1, 2]
    """
    if asked:
        return [find_column(columns, name, where, "--text") for name in asked]
    if is_reviewed(columns):
        return [find_column(columns, "text", where, "--text")]
    plain = [_plain(c) for c in columns]
    found = [i for i, name in enumerate(plain) if name in _USUAL]
    if len(found) == 1:
        return [i for i, name in enumerate(plain) if name in _TITLES][:1] + found
    if not columns:
        raise InputError(f"{where}: no columns: the file is empty")
    names = [columns[i] for i in found]
    if len(set(names)) == 1:
        raise _same_names(where, names)
    problem = (
        f"several columns could hold the text ({_listed(names)})"
        if found
        else "no column has a usual name for the text (text, description, job_description, task, body)"
    )
    header = "" if found or not _like_data(columns) else "if it has no header, write one above it; "
    raise InputError(
        f"{where}: {problem}; {header}name one with --text; columns: {_listed(columns)}"
    )


def _like_data(columns: Sequence[str]) -> bool:
    """Whether names of columns are rather values: several words, or a number."""
    return any(len(c.split()) >= _WORDS or c.strip().isdigit() for c in columns)


def _same_names(where: str, names: Sequence[str]) -> InputError:
    return InputError(f"{where}: {len(names)} columns are named {names[0]!r}; rename all but one")


def find_column(columns: Sequence[str], name: str, where: str, option: str) -> int:
    """Position of a column by its exact name, else by its name in any case.

    Raises
    ------
    InputError
        If it is not there, or there twice.
    """
    for matches in (
        [i for i, c in enumerate(columns) if c == name],
        [i for i, c in enumerate(columns) if _plain(c) == _plain(name)],
    ):
        if len(matches) == 1:
            return matches[0]
        if matches:
            raise _same_names(where, [name] * len(matches))
    raise InputError(f"{where}: no column {name!r} ({option}); columns: {_listed(columns)}")


def already_there(where: str, name: str) -> InputError:
    """What to say of a column that would be added but is there."""
    return InputError(
        f"{where}: has a column {name!r} already; pass --overwrite to replace it, or rename it"
    )
