"""Words and phrases of each service's trade, read from ``data/glossary``: they teach the service head."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, NamedTuple

from kpoclf.errors import CorpusError
from kpoclf.resources import shipped
from kpoclf.taxonomy import load_taxonomy

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["GlossaryEntry", "glossary_files", "read_glossary"]


class GlossaryEntry(NamedTuple):
    """A word or phrase that speaks for a service.

    Attributes
    ----------
    service : str
        Slug of the taxonomy.
    term : str
        One to five words.
    """

    service: str
    term: str


def glossary_files() -> list[Path]:
    """Files of the shipped glossary, sorted by name."""
    return sorted(shipped("data", "glossary").glob("*.csv"))


def read_glossary(paths: list[Path] | None = None) -> list[GlossaryEntry]:
    """Read a glossary.

    Parameters
    ----------
    paths : list of pathlib.Path, optional
        The shipped files if not given.

    Returns
    -------
    list of GlossaryEntry
        In the order of the files and their rows.

    Raises
    ------
    CorpusError
        If a service is none of the taxonomy.

    Examples
    --------
    >>> GlossaryEntry("payroll", "net pay") in read_glossary()
    True
    """
    services = load_taxonomy().services
    found = []
    for path in glossary_files() if paths is None else paths:
        with path.open(encoding="utf-8", newline="") as stream:
            for record in csv.DictReader(stream):
                if record["service"] not in services:
                    raise CorpusError(
                        f"{path}, {record['term']!r}: no service {record['service']!r}"
                    )
                found.append(GlossaryEntry(record["service"], record["term"]))
    return found
