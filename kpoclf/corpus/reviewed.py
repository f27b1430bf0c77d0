"""How a file that the review queue wrote is known: its columns stand behind those of the user."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["REVIEWED_COLUMNS", "is_reviewed"]

REVIEWED_COLUMNS = ("text", "label", "reviewers", "note", "source", "row", "place")
"""Columns of reviewed rows, behind those of the file from which the rows came."""

_MARK = frozenset(REVIEWED_COLUMNS) - {"row"}


def is_reviewed(columns: Iterable[str]) -> bool:
    """Whether a table is reviewed rows: ``text`` and ``label`` alone count then, whatever else is there.

    Examples
    --------
    >>> is_reviewed(["id", "description", "service", *REVIEWED_COLUMNS])
    True
    >>> is_reviewed(["description", "label"])
    False
    """
    return _MARK.issubset(columns)
