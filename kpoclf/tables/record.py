"""One row of a table, whatever its format."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Record", "whole_row"]


@dataclass(slots=True)
class Record:
    """A row as it was read.

    Attributes
    ----------
    values : sequence of str
        Value of each column of the table; a missing one is empty.
    where : str
        Its place in the file, such as ``"line 17"``.
    raw : object
        What the format needs to give the row back unchanged.
    overfull : bool
        Whether it has more values than the table has columns.
    """

    values: Sequence[str]
    where: str
    raw: Any
    overfull: bool = False

    @property
    def number(self) -> int:
        """The number of its place."""
        return int(self.where.rpartition(" ")[2])


def whole_row(record: Record) -> list[str]:
    """Every value of a row as text, those too that labelling would refuse to take as its text."""
    plain = getattr(record.values, "plain", None)
    return list(record.values) if plain is None else list(plain())
