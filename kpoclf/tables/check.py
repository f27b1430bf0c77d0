"""Labelled files checked, read as `kpoclf.tables.labelled` reads them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from kpoclf.corpus.check import CheckedRow, Finding, check_rows
from kpoclf.corpus.reviewed import is_reviewed
from kpoclf.corpus.rows import COLUMNS
from kpoclf.errors import InputError
from kpoclf.tables.columns import find_column, joined_text, text_columns
from kpoclf.tables.csv_table import CsvTable
from kpoclf.tables.labelled import service_column
from kpoclf.tables.open_table import ReadOptions, Table, open_table
from kpoclf.tables.source import shown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

__all__ = ["Checked", "check_files"]

_OF_THE_CORPUS = frozenset({"register", "variety", "pair", "hard"})


class Checked(NamedTuple):
    """What a check found.

    Attributes
    ----------
    findings : list of Finding
        In the order of files and lines.
    n_rows : int
    notes : list of str
        What the user should know of the files, one line each.
    """

    findings: list[Finding]
    n_rows: int
    notes: list[str]


def check_files(
    paths: Sequence[str | Path],
    options: ReadOptions | None = None,
    *,
    label: str = "label",
    service: str | None = None,
) -> Checked:
    """Check labelled files, each row alone and all rows against each other.

    Files with any of the columns ``register``, ``variety``, ``pair`` and ``hard`` are files of the
    corpus: they are CSV in UTF-8 and have all its columns. Empty rows are passed over.

    Parameters
    ----------
    paths : sequence of str or pathlib.Path
        ``"-"`` is standard input.
    options : ReadOptions, optional
    label : str
        Column of the label.
    service : str, optional
        Column of the service; ``service`` if there is one.

    Returns
    -------
    Checked

    Raises
    ------
    InputError
        If a file cannot be read.
    """
    options = options or ReadOptions()
    findings: list[Finding] = []
    notes: list[str] = []
    rows: list[CheckedRow] = []
    for path in paths:
        name = shown(str(path))
        with open_table(str(path), options) as (table, guessed):
            places, problems = _columns(table.columns, options.text, label, service, name)
            if guessed and _of_the_corpus(table.columns):
                problems.append(f"{guessed}: a file of the corpus is UTF-8, separated by commas")
            elif guessed:
                notes.append(f"{name}: {guessed}")
            findings += (Finding(name, 1, problem) for problem in problems)
            if {"text", "label"} <= places.keys():
                rows += _rows(table, places, name, findings)
    findings += check_rows(rows)
    order = {shown(str(path)): i for i, path in enumerate(paths)}
    findings.sort(key=lambda f: (order[f.file], f.line, f.problem))
    return Checked(findings, len(rows), notes)


def _of_the_corpus(columns: Sequence[str]) -> bool:
    return bool(_OF_THE_CORPUS & set(columns)) and not is_reviewed(columns)


def _columns(
    columns: Sequence[str], asked: Sequence[str], label: str, service: str | None, name: str
) -> tuple[dict[str, list[int]], list[str]]:
    """Places of the columns to check, by what they hold; and what is wrong with the header."""

    def service_places() -> list[int]:
        place = service_column(columns, service, name)
        return [] if place is None else [place]

    find: dict[str, Callable[[], list[int]]] = {
        "text": lambda: text_columns(columns, asked, name),
        "label": lambda: [find_column(columns, label, name, "--label")],
        "service": service_places,
    }
    places: dict[str, list[int]] = {}
    problems = []
    if _of_the_corpus(columns):
        places = {c: [columns.index(c)] for c in COLUMNS if c in columns}
        missing = [c for c in COLUMNS if c not in columns]
        problems += [f"a file of the corpus lacks columns: {', '.join(missing)}"] if missing else []
    for what, found in find.items() if columns else [("text", find["text"])]:
        try:
            places[what] = found()
        except InputError as error:
            problems.append(str(error).removeprefix(f"{name}: "))
    return places, problems


def _rows(
    table: Table, places: Mapping[str, Sequence[int]], name: str, findings: list[Finding]
) -> Iterator[CheckedRow]:
    """Rows that are not empty; records that have not as many fields as the header are told."""
    width = len(table.columns)
    for record in table.records():
        values = {what: joined_text(record.values, found) for what, found in places.items()}
        if not any(values.values()):
            continue
        row = CheckedRow(name, record.number, values)
        if isinstance(table, CsvTable) and record.raw.n_fields != width:
            fields = "1 field" if record.raw.n_fields == 1 else f"{record.raw.n_fields} fields"
            findings.append(row.finding(f"{fields}, but the header has {width}"))
        yield row
