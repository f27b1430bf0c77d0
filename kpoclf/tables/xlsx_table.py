"""XLSX: the workbook edited in place, so that other sheets, formulas and formats stay."""

from __future__ import annotations

import io
import itertools
import re
import warnings
import zipfile
from collections import Counter
from collections.abc import Sequence
from copy import copy
from typing import IO, TYPE_CHECKING, Any, overload

from kpoclf.errors import InputError, MissingExtraError
from kpoclf.tables.columns import text_columns
from kpoclf.tables.record import Record
from kpoclf.tables.source import ending_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

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
    "queryTables": "queries",
    "richData": "linked data types",
    "model": "data model",
}
_SHAPE = re.compile(rb"<(?:\w+:)?(?:sp|grpSp|cxnSp)[\s>]")
# What openpyxl says of a sheet that it will not give back; harmless marks apart.
_EXTENSION = re.compile(r"(?!Unknown|Ignored Error)(.+) extension is not supported")
_GAP = 1000  # empty rows
_BAD_DATE = re.compile(r"Cell (\S+) is marked as a date but")


class _Values(Sequence[str]):
    """Texts of a row's cells, each made when it is asked for."""

    def __init__(self, cells: list[Any], text: Callable[[Any], str]) -> None:
        self._cells = cells
        self._text = text

    def __len__(self) -> int:
        return len(self._cells)

    @overload
    def __getitem__(self, place: int) -> str: ...
    @overload
    def __getitem__(self, place: slice) -> list[str]: ...
    def __getitem__(self, place: int | slice) -> str | list[str]:
        if isinstance(place, slice):
            return [self._text(cell) for cell in self._cells[place]]
        return self._text(self._cells[place])

    def plain(self) -> list[str]:
        """Every text; of a formula without a saved value the formula."""
        found = []
        for cell in self._cells:
            try:
                found.append(self._text(cell))
            except InputError:
                found.append(str(cell.value))
        return found


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
    has_formulas : bool
        Whether any sheet has a formula.

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
            raise MissingExtraError("openpyxl", "xlsx", name) from None
        self._name = name
        stream.seek(0)
        self._content = stream.read()
        try:
            self._parts = _fragile_parts(self._content)
            with warnings.catch_warnings(record=True) as said:
                warnings.simplefilter("always")
                self._book = openpyxl.load_workbook(
                    io.BytesIO(self._content),
                    rich_text=True,
                    keep_vba=ending_of(name) == ".xlsm",
                )
        except MemoryError:
            raise
        except Exception as error:  # openpyxl raises all sorts at a broken file
            raise InputError(
                f"{name}: not a readable XLSX workbook (or protected by a password): {error}"
            ) from None
        self._warnings = [str(w.message) for w in said]
        if self._book.vba_archive:
            self._book.vba_archive.close()  # open for writing, and never closed by openpyxl
        self._sheet: Any = self._choose(sheet, asked)
        # Only the cells that are there: a sheet may have a format a million rows below its last one.
        used = [place for place, cell in self._sheet._cells.items() if cell.value is not None]
        self._used_rows = sorted({1, *(row for row, _ in used)})
        # Merged cells count: nothing can be written into them.
        merged = [area.max_col for area in self._sheet.merged_cells.ranges]
        self._width = max([*merged, *(column for _, column in used)], default=0)
        self.columns: list[str] = _header(self._sheet, self._width)
        self.has_formulas = any(
            cell.data_type == "f" for s in self._book.worksheets for cell in s._cells.values()
        )
        self._cached: Any = None
        self._places: list[int] = []
        self._reused: dict[str, int] = {}

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
        if not fitting and len(sheets) > 1:
            wanted = " and ".join(map(repr, asked)) if asked else "a usual text column"
            names = ", ".join(repr(s.title) for s in sheets)
            raise InputError(
                f"{self._name}: no sheet has {wanted} in its first row; name the sheet with --sheet "
                f"and the columns with --text; sheets: {names}"
            )
        return fitting[0] if fitting else sheets[0]

    def records(self) -> Iterator[Record]:
        """Rows down to the last that has a value; an empty one between them is a row as well.

        A long run of empty rows is a gap before a stray value, and holds no rows.

        Taking the value of a formula that has none saved is an `InputError`.
        """
        for last, used in itertools.pairwise(self._used_rows):
            empty = used - last - 1
            for number in range(last + 1 if empty <= _GAP else used, used + 1):
                cells = [self._sheet.cell(number, c) for c in range(1, self._width + 1)]
                yield Record(_Values(cells, self._text), f"row {number}", number)

    def _text(self, cell: Any) -> str:
        value = cell.value
        if cell.data_type == "f":
            saved = self._saved_values().cell(cell.row, cell.column)
            value = saved.value
            if value is None and saved.data_type != "str":  # "str": the empty text is saved
                raise InputError(
                    f"{self._name}, cell {cell.coordinate}: a formula without a saved value; "
                    "open the workbook in Excel and save it"
                )
        return "" if value is None else str(value)

    def _saved_values(self) -> Any:
        if self._cached is None:
            import openpyxl

            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                book = openpyxl.load_workbook(io.BytesIO(self._content), data_only=True)
            self._cached = book[self._sheet.title]
        return self._cached

    def drop(self, names: Collection[str]) -> None:
        """Write over columns: taking them out would move the cells that formulas name."""
        self._reused = {c: i for i, c in enumerate(self.columns, 1) if c in names}

    def start(self, out: IO[bytes], added: Sequence[str]) -> None:  # noqa: ARG002
        """Put the header of the added columns, formatted like the last one."""
        last = self._sheet.cell(1, max(self._width, 1))
        free = self._width
        for name in added:
            if name not in self._reused:
                free += 1
            place = self._reused.get(name, free)
            self._places.append(place)
            cell = self._sheet.cell(1, place, name)
            cell._style = copy(last._style)

    def write(self, out: IO[bytes], record: Record, added: Sequence[object]) -> None:  # noqa: ARG002
        """Put the added values into the record's row."""
        for place, value in zip(self._places, added, strict=True):
            known = value == value and value != ""
            cell = self._sheet.cell(record.raw, place)
            cell.value = value if known else None
            if isinstance(value, str) and known:
                cell.data_type = "s"  # never a formula, whatever it begins with

    def finish(self, out: IO[bytes]) -> None:
        """Save the workbook.

        Raises
        ------
        InputError
            If a part of it, such as a chart, would be lost.
        """
        for warning in self._warnings:
            if found := _BAD_DATE.match(warning):
                raise InputError(
                    f"{self._name}, cell {found[1]}: a number that no date can show would be lost "
                    "in writing; give the cell another format"
                )
        saved = io.BytesIO()
        with warnings.catch_warnings(), zipfile.ZipFile(io.BytesIO(self._content)) as given:
            warnings.simplefilter("ignore")
            if self._book.vba_archive:
                self._book.vba_archive = given
            self._book.save(saved)
        after = _fragile_parts(saved.getvalue())
        lost = [kind for kind, n in self._parts.items() if after[kind] < n]
        lost += [f"{m[1].lower()} extension" for w in self._warnings if (m := _EXTENSION.match(w))]
        if lost:
            raise InputError(
                f"{self._name}: its {' and '.join(dict.fromkeys(lost))} would be lost in writing; "
                "copy the sheet into a workbook of its own, or save it as CSV"
            )
        out.write(saved.getvalue())


def _header(sheet: Any, width: int) -> list[str]:
    values = [sheet.cell(1, column).value for column in range(1, width + 1)]
    return ["" if v is None else str(v) for v in values]


def _fragile_parts(content: bytes) -> Counter[str]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        names = [name for name in archive.namelist() if not name.endswith(".rels")]
        parts = Counter(
            _FRAGILE[part] for name in names for part in name.split("/")[1:-1] if part in _FRAGILE
        )
        for name in names:
            if name.startswith("xl/drawings/") and name.endswith(".xml"):
                parts["shapes"] += len(_SHAPE.findall(archive.read(name)))
        return parts
