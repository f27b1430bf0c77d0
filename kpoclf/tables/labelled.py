"""Labelled rows from a user's file or data frame."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from kpoclf.corpus.reviewed import is_reviewed
from kpoclf.corpus.rows import LabelledRow
from kpoclf.errors import CorpusError, InputError
from kpoclf.tables.columns import find_column, joined_text, text_columns
from kpoclf.tables.open_table import ReadOptions, open_table
from kpoclf.tables.source import shown
from kpoclf.taxonomy import LABELS, load_taxonomy, tidy_label

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pandas as pd

__all__ = ["labelled_rows", "service_column"]

_SHOWN = 3


def labelled_rows(
    data: pd.DataFrame | str | Path | Sequence[str | Path],
    *,
    text: str | Sequence[str] = (),
    label: str = "label",
    service: str | None = None,
    services: bool = True,
    extra: Sequence[str] = (),
    format: str | None = None,
    encoding: str | None = None,
    delimiter: str | None = None,
    sheet: str | None = None,
) -> list[LabelledRow]:
    """Read labelled rows, every label checked.

    Parameters
    ----------
    data : data frame (pandas, polars, Arrow), path, or sequence of paths
        What `open_table` reads.
        Rows whose text, label and service are empty are left out.
    text : str or sequence of str
        Text columns, joined; the usual ones if empty.
    label : str
        Column of the label: ``KPO``, ``BPO`` or ``OTHER`` in any case.
    service : str, optional
        Column of the service; ``service`` if there is one and the rows are no reviewed ones.
    services : bool
        Whether services are wanted at all; they are checked then.
    extra : sequence of str
        Further columns to keep.
    format, encoding, delimiter, sheet : str, optional
        As for `ReadOptions`.

    Returns
    -------
    list of LabelledRow
        In the order of the files. Each service is a slug or empty.

    Raises
    ------
    InputError
        If a file cannot be read or a column is missing.
    CorpusError
        If a label or service is unknown, or they contradict each other; the message names rows.

    Examples
    --------
    >>> import pandas as pd
    >>> labelled_rows(pd.DataFrame({"text": ["Key forms."], "label": ["bpo "]}))[0].label
    'BPO'
    """
    asked = (text,) if isinstance(text, str) else tuple(text)
    options = ReadOptions(asked, format, encoding, delimiter, sheet)
    problems: dict[str, list[str]] = {}
    rows = []
    for columns, records, name in _tables(data, options):
        texts = text_columns(columns, asked, name)
        label_at = find_column(columns, label, name, "--label")
        service_at = service_column(columns, service, name) if services else None
        extra_at = {c: find_column(columns, c, name, "--by, --group") for c in extra}
        used = [*texts, label_at, *([] if service_at is None else [service_at])]
        for values, where in records:
            if not any(values[i] for i in used):
                continue  # an empty row, as spreadsheets have them
            told = tidy_label(values[label_at])
            slug = ""
            if service_at is not None and values[service_at].strip():
                slug = load_taxonomy().find_service(values[service_at]) or ""
                if not slug:
                    problems.setdefault(f"unknown service {values[service_at]!r}", []).append(where)
                elif told and load_taxonomy().label_of(slug) != told:
                    problems.setdefault(f"service {slug} is not {told}", []).append(where)
            if told is None:
                problems.setdefault(f"unknown label {values[label_at]!r}", []).append(where)
                continue
            rows.append(
                LabelledRow(
                    text=joined_text(values, texts),
                    label=told,
                    service=slug,
                    where=where,
                    extra={c: values[i] for c, i in extra_at.items()},
                )
            )
    if problems:
        raise CorpusError(_told(problems))
    return rows


def service_column(columns: Sequence[str], service: str | None, name: str) -> int | None:
    """Place of the column of the service: the one named, which has to be there, or ``service``."""
    if service is not None:
        return find_column(columns, service, name, "--service")
    if is_reviewed(columns):  # a service there is the user's own, and no reviewer looked at it
        return None
    try:
        return find_column(columns, "service", name, "--service")
    except InputError:
        return None


def _tables(
    data: pd.DataFrame | str | Path | Sequence[str | Path], options: ReadOptions
) -> Iterator[tuple[list[str], Iterator[tuple[Sequence[str], str]], str]]:
    if hasattr(data, "to_pandas"):  # polars, Arrow
        data = cast("Any", data).to_pandas()
    if not isinstance(data, str | Path) and hasattr(data, "itertuples"):
        yield _frame(cast("pd.DataFrame", data))
        return
    for path in [data] if isinstance(data, str | Path) else data:
        with open_table(str(path), options) as (table, _):
            name = shown(str(path))
            yield table.columns, ((r.values, f"{name}, {r.where}") for r in table.records()), name


def _frame(frame: pd.DataFrame) -> tuple[list[str], Iterator[tuple[Sequence[str], str]], str]:
    filled = frame.astype(object).where(frame.notna(), "")
    rows = (
        ([str(v) for v in row], f"row {i}")
        for i, row in enumerate(filled.itertuples(index=False, name=None))
    )
    return [str(c) for c in frame.columns], rows, "the data frame"


def _told(problems: dict[str, list[str]]) -> str:
    """One line for all problems, with the first places of each."""
    parts = []
    for problem, places in list(problems.items())[:_SHOWN]:
        more = f" and {len(places) - _SHOWN} more" if len(places) > _SHOWN else ""
        parts.append(f"{problem} ({'; '.join(places[:_SHOWN])}{more})")
    if len(problems) > _SHOWN:
        parts.append(f"{len(problems) - _SHOWN} more problems")
    hint = f"labels are {', '.join(LABELS)}"
    if any("service" in problem for problem in problems):
        hint += "; services are slugs or aliases of data/taxonomy.toml, or empty"
    return f"{'; '.join(parts)}; {hint}"
