"""XLSX: the workbook edited in place, so that other sheets, formulas and formats stay."""

from __future__ import annotations

import io
import zipfile
from collections import Counter
from copy import copy
from typing import IO, TYPE_CHECKING, Any

from kpoclf.errors import InputError, MissingExtraError
from kpoclf.tables.columns import text_columns
from kpoclf.tables.record import Record

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["XlsxTable"]

# Parts of a workbook that openpyxl may not give back.
_FRAGILE = {
    "charts": "charts",
    "media": "images",
    "pivotTables": "pivot tables",
    "slicers": "slicers",
    "timelines": "timelines",
    "embeddings": "embedded objects",
    "ctrlProps": "form controls",
    "activeX": "controls",
    "diagrams": "diagrams",
    "threadedComments": "threaded comments",
}


class XlsxTable:
    """A sheet of a workbook, its first row being the header.

    Parameters
    ----------
    stream : binary file object
    sheet : str or None
        Name of the sheet; the one that has a text column if None.
    asked : sequence of str
        Text columns that the user named.
    name : str
        Of the file, for messages.

    Attributes
    ----------
    columns : list of str

    Raises
    ------
    InputError
        If it is no workbook, or the sheet is not there or not to be told.
    MissingExtraError
        If openpyxl is not installed.
    """

    def __init__(
        self, stream: IO[bytes], sheet: str | None, asked: Sequence[str], name: str
    ) -> None:
        try:
            import openpyxl
        except ImportError:
            raise MissingExtraError("openpyxl", "xlsx") from None
        self._name = name
        stream.seek(0)
        self._content = stream.read()
        try:
            self._parts = _fragile_parts(self._content)
            self._book = openpyxl.load_workbook(
                io.BytesIO(self._content), rich_text=True, keep_vba=name.lower().endswith(".xlsm")
            )
        except (zipfile.BadZipFile, KeyError, ValueError, TypeError, OSError) as error:
            raise InputError(
                f"{name}: not a readable XLSX workbook (or protected by a password): {error}"
            ) from None
        self._sheet: Any = self._choose(sheet, asked)
        used = [
            (cell.row, cell.column)
            for row in self._sheet.iter_rows()
            for cell in row
            if cell.value is not None
        ]
        self._last_row = max((row for row, _ in used), default=0)
        self._width = max((column for _, column in used), default=0)
        self.columns: list[str] = _header(self._sheet, self._width)
        self._cached: Any = None
        self._places: list[int] = []
        self._reused: list[int] = []

    def _choose(self, sheet: str | None, asked: Sequence[str]) -> Any:
        sheets = self._book.worksheets
        if sheet is not None:
            for found in sheets:
                if found.title == sheet:
                    return found
            names = ", ".join(repr(s.title) for s in sheets)
            raise InputError(f"{self._name}: no sheet {sheet!r} (--sheet); sheets: {names}")
        fitting = []
        for found in sheets:
            try:
                text_columns(_header(found, found.max_column), asked, self._name)
            except InputError:
                continue
            fitting.append(found)
        if len(fitting) > 1:
            names = ", ".join(repr(s.title) for s in fitting)
            raise InputError(
                f"{self._name}: several sheets have a text column; name one with --sheet: {names}"
            )
        if not fitting and not sheets:
            raise InputError(f"{self._name}: the workbook has no sheet with cells")
        return fitting[0] if fitting else sheets[0]

    def records(self) -> Iterator[Record]:
        """Rows that have any value.

        Raises
        ------
        InputError
            If a formula has no saved value.
        """
        for number in range(2, self._last_row + 1):
            cells = [self._sheet.cell(number, c) for c in range(1, self._width + 1)]
            if any(cell.value is not None for cell in cells):
                yield Record([self._text(cell) for cell in cells], f"row {number}", number)

    def _text(self, cell: Any) -> str:
        value = cell.value
        if cell.data_type == "f":
            value = self._saved_values().cell(cell.row, cell.column).value
            if value is None:
                raise InputError(
                    f"{self._name}, cell {cell.coordinate}: a formula without a saved value; "
                    "open the workbook in Excel and save it"
                )
        return "" if value is None else str(value)

    def _saved_values(self) -> Any:
        if self._cached is None:
            import openpyxl

            book = openpyxl.load_workbook(io.BytesIO(self._content), data_only=True)
            self._cached = book[self._sheet.title]
        return self._cached

    def drop(self, positions: Sequence[int]) -> None:
        """Write over columns: taking them out would move the cells that formulas name."""
        self._reused = [p + 1 for p in positions]

    def start(self, out: IO[bytes], added: Sequence[str]) -> None:  # noqa: ARG002
        """Put the header of the added columns, formatted like the last one."""
        reused = {self.columns[c - 1]: c for c in self._reused}
        last = self._sheet.cell(1, max(self._width, 1))
        free = self._width
        for name in added:
            if name not in reused:
                free += 1
            place = reused.get(name, free)
            self._places.append(place)
            cell = self._sheet.cell(1, place, name)
            cell._style = copy(last._style)

    def write(self, out: IO[bytes], record: Record, added: Sequence[object]) -> None:  # noqa: ARG002
        """Put the added values into the record's row."""
        for place, value in zip(self._places, added, strict=True):
            known = value == value and value != ""
            self._sheet.cell(record.raw, place).value = value if known else None

    def finish(self, out: IO[bytes]) -> None:
        """Save the workbook.

        Raises
        ------
        InputError
            If a part of it, such as a chart, would be lost.
        """
        saved = io.BytesIO()
        self._book.save(saved)
        after = _fragile_parts(saved.getvalue())
        lost = [_FRAGILE[kind] for kind, n in self._parts.items() if after[kind] < n]
        if lost:
            raise InputError(
                f"{self._name}: its {' and '.join(lost)} would be lost in writing; "
                "copy the sheet into a workbook of its own, or save it as CSV"
            )
        out.write(saved.getvalue())


def _header(sheet: Any, width: int) -> list[str]:
    values = next(sheet.iter_rows(1, 1, 1, max(width, 1), values_only=True), ())
    return ["" if v is None else str(v) for v in values]


def _fragile_parts(content: bytes) -> Counter[str]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return Counter(
            part
            for name in archive.namelist()
            for part in name.split("/")[1:-1]
            if part in _FRAGILE and not name.endswith(".rels")
        )
