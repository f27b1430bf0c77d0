"""A file of rows, labelled: every input column unchanged, every row in order, none lost."""

from __future__ import annotations

import gzip
import os
import sys
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING

from kpoclf.errors import InputError
from kpoclf.files import whole_file
from kpoclf.tables.blocks import BlockTable
from kpoclf.tables.columns import added_columns, already_there, text_columns
from kpoclf.tables.label_rows import Counts, How, label_blocks, label_rows
from kpoclf.tables.open_table import ReadOptions, open_table
from kpoclf.tables.parallel import Workers, usual_processes
from kpoclf.tables.source import STDIN, compression_of, ending_of, format_of, promised, shown
from kpoclf.tables.xlsx_table import XlsxTable
from kpoclf.tables.zstd import zstd_writer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from kpoclf.judge.model import Model

__all__ = ["LabelSummary", "label_file"]

_DEFAULTS = ReadOptions()
_TELLING = 10  # rows of which none is ok before the text column is doubted


@dataclass
class LabelSummary(Counts):
    """What a run did.

    Attributes
    ----------
    rows : int
    labels : Counter of str
        Of the rows that are not out of scope.
    statuses : Counter of str
    columns : list of str
        The columns that held the text.
    notes : list of str
        What the user should know of the input, one line each.
    """

    columns: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def label_file(
    model: Model,
    source: str,
    target: str | None,
    options: ReadOptions = _DEFAULTS,
    *,
    detail: bool = False,
    overwrite: bool = False,
    processes: int | None = 1,
    tell: Callable[[int], object] = lambda position: None,
) -> LabelSummary:
    """Label a file of rows in bounded memory (a workbook is held whole).

    Parameters
    ----------
    model : Model
    source : str
        A path, or ``"-"`` for standard input.
    target : str or None
        A path, written whole or not at all; standard output if None or ``"-"``.
    options : ReadOptions
    detail : bool
        Whether to add the columns of `kpoclf.tables.columns.DETAIL_COLUMNS`.
    overwrite : bool
        Whether columns of the names that are added may be replaced.
    processes : int or None
        Processes that label; None: as many as pay for a file of this size.
    tell : callable
        Called with the position in the source, in bytes.

    Returns
    -------
    LabelSummary

    Raises
    ------
    InputError
        If the input cannot be read, the output not be written, or the output would replace the
        input; nothing is left half-written.
    """
    kind = format_of(source, options.format)
    _check_target(source, target, kind)
    added = added_columns(detail)
    summary = LabelSummary()
    if processes is None:
        size = os.path.getsize(source) if os.path.isfile(source) else None
        processes = usual_processes(size)
    with Workers(model, processes) as workers, open_table(source, options, tell) as opened:
        table, guessed = opened
        name = shown(source)
        texts = text_columns(table.columns, options.text, name)
        how = How(tuple(texts), detail, name)
        summary.columns = [table.columns[i] for i in texts]
        if overwrite:
            table.drop(added)
        elif clash := [c for c in table.columns if c in added]:
            raise already_there(name, clash[0])
        with _open_target(target) as out:
            table.start(out, added)
            if processes > 1 and isinstance(table, BlockTable) and table.has_blocks:
                label_blocks(workers, table, out, how, summary, workers.folder)
            label_rows(workers, table, out, how, summary)
        if guessed:
            summary.notes.append(f"{name}: {guessed}")
        if summary.overfull:
            rows = "1 row has" if summary.overfull == 1 else f"{summary.overfull:,} rows have"
            summary.notes.append(
                f"{name}: {rows} more fields than the header (first: {summary.first_overfull}), which "
                "come after the new columns; is a text with a delimiter in it not quoted?"
            )
        if isinstance(table, XlsxTable) and table.has_formulas:
            summary.notes.append(
                f"{name}: its formulas are kept, their results are not: Excel fills them in when the "
                "output is opened"
            )
        if summary.rows >= _TELLING and not summary.statuses["ok"]:
            columns = " + ".join(map(repr, summary.columns))
            summary.notes.append(f"{name}: no row is ok; does {columns} hold the English text?")
    return summary


def _check_target(source: str, target: str | None, kind: str) -> None:
    written = "csv" if kind == "lines" else kind
    if target is None or target == STDIN:
        if written in ("xlsx", "parquet"):
            what = "a workbook" if written == "xlsx" else "Parquet"
            raise InputError(f"{what} cannot go to standard output; name a file with -o")
        return
    if source != STDIN and os.path.realpath(source) == os.path.realpath(target):
        raise InputError(f"{target}: the output would replace the input; name another file with -o")
    wanted = promised(target)
    if wanted is None:
        return
    if wanted == "lines" and kind == "lines":
        raise InputError(
            f"{target}: labelled lines are written as CSV; name a file that ends in .csv"
        )
    if wanted != written:
        raise InputError(
            f"{target}: the output has the format of the input ({written}); "
            f"name a file that ends in .{written}"
        )
    if wanted == "xlsx" and _macros(source) != _macros(target):
        raise InputError(
            f"{target}: a workbook with macros ends in .xlsm, one without in .xlsx; "
            "give the output the ending of the input"
        )


def _macros(name: str) -> bool:
    return ending_of(name) == ".xlsm"


@contextmanager
def _open_target(target: str | None) -> Iterator[IO[bytes]]:
    if target is None or target == STDIN:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    packing = compression_of(target)
    with whole_file(Path(target)) as out:
        if packing == "gzip":
            with gzip.GzipFile(filename="", mode="wb", fileobj=out, mtime=0) as packed:
                yield packed  # type: ignore[misc]
        elif packing == "zstd":
            with zstd_writer(out, target) as packed:
                yield packed
        else:
            yield out
