"""Parquet, row group by row group: every column as it was, columns added behind them."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from typing import IO, TYPE_CHECKING, Any

from kpoclf.errors import InputError, MissingExtraError
from kpoclf.tables.arrow_answers import answer_arrays, answer_fields
from kpoclf.tables.record import Record

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

__all__ = ["ParquetTable"]

_BATCH_ROWS = 2048
_GROUP_BYTES = 32 << 20  # a larger row group is written as several


class _Values(Sequence[str]):
    """Values of a row; a column is turned to text when a value of it is first asked for."""

    __slots__ = ("_columns", "_row")

    def __init__(self, columns: _Columns, row: int) -> None:
        self._columns = columns
        self._row = row

    def __len__(self) -> int:
        return len(self._columns)

    def __getitem__(self, place: Any) -> Any:
        if isinstance(place, slice):
            return [self[i] for i in range(*place.indices(len(self)))]
        return self._columns.texts(range(len(self))[place])[self._row]

    def plain(self) -> list[str]:
        """Every value as text, whatever its type."""
        return self._columns.plain(self._row)


class _Columns:
    """Columns of a batch."""

    def __init__(self, batch: Any, name: str) -> None:
        self._batch = batch
        self._name = name
        self._texts: dict[int, list[str]] = {}

    def __len__(self) -> int:
        return int(self._batch.num_columns)

    def texts(self, place: int) -> list[str]:
        if place not in self._texts:
            column = self._batch.column(place)
            if not _is_text(column.type):
                title = self._batch.schema.field(place).name
                raise InputError(f"{self._name}: column {title!r} is {column.type}, not text")
            self._texts[place] = [value or "" for value in column.to_pylist()]
        return self._texts[place]

    def plain(self, row: int) -> list[str]:
        return [_plain(column[row].as_py()) for column in self._batch.columns]


def _plain(value: Any) -> str:
    if isinstance(value, list | dict):
        return json.dumps(value, ensure_ascii=False, default=str)
    return "" if value is None else str(value)


class _Sink(io.RawIOBase):
    """A file for pyarrow, whose writer ends it even where the file was given up and closed."""

    def __init__(self, out: IO[bytes]) -> None:
        self._out = out
        self._place = 0

    def writable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._place

    def write(self, content: Any) -> int:
        if not self._out.closed:
            self._out.write(content)
        self._place += len(content)
        return len(content)


class ParquetTable:
    """A Parquet file.

    Parameters
    ----------
    stream : binary file object
        Seekable.
    name : str
        Of the file, for messages.

    Attributes
    ----------
    columns : list of str
        Top-level columns.

    Raises
    ------
    InputError
        If the file is no Parquet file or broken.
    MissingExtraError
        If pyarrow is not installed.
    """

    def __init__(self, stream: IO[bytes], name: str) -> None:
        try:
            import pyarrow as pa
            import pyarrow.parquet as pq
        except ImportError:
            raise MissingExtraError("pyarrow", "parquet", name) from None
        self._name = name
        self._broken = (pa.ArrowException, OSError)
        try:
            self._file = pq.ParquetFile(stream)
            self._schema = self._file.schema_arrow
        except self._broken as error:
            raise self._unreadable(error) from None
        self.columns: list[str] = list(self._schema.names)
        self._dropped: frozenset[int] = frozenset()
        self._answers: list[Sequence[object]] = []
        self._group: list[Any] = []
        self._group_bytes = 0

    def _unreadable(self, error: Exception) -> InputError:
        return InputError(f"{self._name}: not a readable Parquet file ({_one_line(error)})")

    def records(self) -> Iterator[Record]:
        """Rows in order.

        Raises
        ------
        InputError
            If a page cannot be read, or a column asked for is no text.
        """
        row = 0
        for group in range(self._file.num_row_groups):
            batches = self._file.iter_batches(_BATCH_ROWS, row_groups=[group])
            left = self._file.metadata.row_group(group).num_rows
            while (batch := self._next(batches)) is not None:
                columns = _Columns(batch, self._name)
                left -= batch.num_rows
                for i in range(batch.num_rows):
                    row += 1
                    ends_batch = i + 1 == batch.num_rows
                    raw = (batch, left == 0) if ends_batch else None
                    yield Record(_Values(columns, i), f"row {row}", raw)

    def _next(self, batches: Iterator[Any]) -> Any:
        try:
            return next(batches, None)
        except self._broken as error:
            raise self._unreadable(error) from None

    def drop(self, names: Collection[str]) -> None:
        """Leave columns of these names out of what is written."""
        self._dropped = frozenset(i for i, c in enumerate(self.columns) if c in names)

    def start(self, out: IO[bytes], added: Sequence[str]) -> None:
        """Begin a file with the schema, its metadata, and the added columns."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        self._kept = [i for i in range(len(self.columns)) if i not in self._dropped]
        fields = [self._schema.field(i) for i in self._kept]
        self._added = answer_fields(added)
        schema = pa.schema([*fields, *self._added], self._schema.metadata)
        self._out_schema = schema
        self._writer = pq.ParquetWriter(_Sink(out), schema, compression=self._compression())

    def _compression(self) -> str:
        """That of the first column, if any; that of pyarrow else."""
        if self._file.num_row_groups and self.columns:
            found = self._file.metadata.row_group(0).column(0).compression.lower()
            if found in ("snappy", "gzip", "brotli", "zstd", "lz4"):
                return str(found)
            return "none"
        return "snappy"

    def write(self, out: IO[bytes], record: Record, added: Sequence[object]) -> None:  # noqa: ARG002
        """Add a row's values; a row group is written when its last row is there."""
        self._answers.append(added)
        if record.raw is None:
            return
        import pyarrow as pa

        batch, ends_group = record.raw
        kept = [batch.column(i) for i in self._kept]
        arrays = [*kept, *answer_arrays(self._answers, self._added)]
        self._group.append(pa.RecordBatch.from_arrays(arrays, schema=self._out_schema))
        self._group_bytes += batch.nbytes
        self._answers = []
        if ends_group or self._group_bytes >= _GROUP_BYTES:
            self._flush()

    def _flush(self) -> None:
        import pyarrow as pa

        if self._group:
            table = pa.Table.from_batches(self._group)
            self._writer.write_table(table, row_group_size=max(table.num_rows, 1))
        self._group, self._group_bytes = [], 0

    def finish(self, out: IO[bytes]) -> None:  # noqa: ARG002
        """Write the footer."""
        self._flush()
        self._writer.close()


def _is_text(kind: Any) -> bool:
    import pyarrow.types as types

    if types.is_dictionary(kind):
        kind = kind.value_type
    return bool(
        types.is_string(kind)
        or types.is_large_string(kind)
        or types.is_string_view(kind)
        or types.is_null(kind)
    )


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:200]
