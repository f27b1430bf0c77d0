"""A Spark DataFrame, labelled: only the text goes to Python, every other column stays in Spark."""

from __future__ import annotations

import hashlib
import pickle
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kpoclf import __version__
from kpoclf.errors import InputError, MissingExtraError, ModelError
from kpoclf.judge.model import Model, load
from kpoclf.tables.answers import answer
from kpoclf.tables.arrow_answers import answer_arrays, answer_fields
from kpoclf.tables.columns import NUMBER_COLUMNS, added_columns, find_column

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from pyspark.sql import Column, DataFrame

__all__ = ["clashing", "label", "spark_functions"]

_ROWS = 2048  # whose answers are held as Python objects at a time
_ANSWERS = "__kpoclf_answers__"

_loaded: tuple[str, Model] | None = None  # of a worker process: digest and model


def label(
    df: DataFrame,
    text: str | Sequence[str] = "description",
    *,
    model: Model | str | Path | None = None,
    detail: bool = False,
    overwrite: bool = False,
) -> DataFrame:
    """Label the rows of a Spark DataFrame.

    Nothing is computed until Spark needs the new columns, and not at all if it does not. The model
    is broadcast: a worker process unpacks it once, whatever number of batches it labels.

    Parameters
    ----------
    df : pyspark.sql.DataFrame
        Of any schema, a stream too.
    text : str or sequence of str
        The column of texts; several are joined by line breaks, nulls and empty ones left out.
    model : Model or path, optional
        The shipped model if not given.
    detail : bool
        Whether to add the columns of ``kpoclf label --detail``.
    overwrite : bool
        Whether to replace columns named like those that are added; they are an error else.

    Returns
    -------
    pyspark.sql.DataFrame
        Every column and row of `df`, with ``kpoclf_label``, ``kpoclf_confidence``, ``kpoclf_status``
        and ``kpoclf_service`` behind them: the values that ``kpoclf label`` writes, null where it
        writes nothing.

    Raises
    ------
    InputError
        If a column is missing, holds no text, or has the name of one that is added.
    MissingExtraError
        If PySpark 4.1 or newer is not installed.

    Examples
    --------
    >>> import kpoclf.spark
    >>> jobs = spark.read.parquet("jobs")  # doctest: +SKIP
    >>> kpoclf.spark.label(jobs, text="description").write.parquet("labelled")  # doctest: +SKIP
    """
    functions = spark_functions()
    names = added_columns(detail)
    texts = _texts(df, (text,) if isinstance(text, str) else tuple(text), functions)
    clash = clashing(df.columns, detail)
    if clash and not overwrite:
        raise InputError(
            f"the DataFrame has a column {clash[0]!r} already; pass overwrite=True to replace it, "
            "or rename it"
        )
    if not isinstance(model, Model):
        model = load(model)
    returned = ", ".join(f"{n} {'double' if n in NUMBER_COLUMNS else 'string'}" for n in names)
    labelling = _Labelling(_Parcel.of(model, df.sparkSession), names, detail)
    with warnings.catch_warnings():  # of a pandas that PySpark does not know: none is used here
        warnings.simplefilter("ignore", FutureWarning)
        answers = functions.arrow_udf(labelling.function(), returned)
    # Spark runs a deterministic function twice where its result is filtered and kept.
    answers = answers.asNondeterministic()
    labelled = df.withColumn(_ANSWERS, answers(texts))
    old = [c for c in df.columns if c not in clash]
    return labelled.select(
        *(_quoted(c, functions) for c in old),
        *(functions.col(f"{_ANSWERS}.{n}").alias(n) for n in names),
    )


def clashing(columns: Sequence[str], detail: bool) -> list[str]:
    """Columns named like those that are added; Spark does not tell case apart."""
    added = added_columns(detail)
    return [c for c in columns if c.casefold() in added]


def spark_functions() -> Any:
    """`pyspark.sql.functions`, of a release that has what is needed.

    Raises
    ------
    MissingExtraError
    """
    try:
        from pyspark.sql import functions
    except ImportError:
        raise MissingExtraError("pyspark", "spark") from None
    if not hasattr(functions, "arrow_udf"):
        raise MissingExtraError("pyspark>=4.1", "spark")
    return functions


def _quoted(name: str, functions: Any) -> Column:
    """A column by its name, whatever characters that has."""
    column: Column = functions.col("`" + name.replace("`", "``") + "`")
    return column


def _texts(df: DataFrame, names: Sequence[str], functions: Any) -> Column:
    """The texts of the rows as one column."""
    if not names:
        raise InputError("no text column given: pass text='description' or a list of columns")
    columns: list[Column] = []
    for name in names:
        found = df.columns[find_column(df.columns, name, "the DataFrame", "text")]
        kind = df.schema[found].dataType.typeName()
        if kind not in ("string", "varchar", "char"):
            raise InputError(
                f"the DataFrame: column {found!r} is {kind}, not text: cast it to string"
            )
        # Parquet may hold bytes that are no UTF-8; they would stop the whole job.
        columns.append(functions.make_valid_utf8(_quoted(found, functions)))
    if len(columns) == 1:
        return columns[0]
    empty = functions.lit("")
    joined: Column = functions.concat_ws("\n", *(functions.nullif(c, empty) for c in columns))
    return joined


@dataclass(frozen=True)
class _Parcel:
    """A model on its way to the workers.

    Attributes
    ----------
    digest : str
        Of the packed model, so that a worker knows it again.
    version : str
        Of the kpoclf that packed it.
    content : bytes or pyspark.Broadcast of bytes
        Spark Connect has no broadcasts; there the bytes travel with the function.
    """

    digest: str
    version: str
    content: Any

    @classmethod
    def of(cls, model: Model, session: Any) -> _Parcel:
        """The parcel of a model in a session."""
        packed: Any = pickle.dumps(model, pickle.HIGHEST_PROTOCOL)
        digest = hashlib.sha256(packed).hexdigest()
        if hasattr(session, "_jvm"):
            packed = session.sparkContext.broadcast(packed)
        return cls(digest, __version__, packed)

    def open(self) -> Model:
        """The model, unpacked at most once in a process."""
        global _loaded
        if _loaded is None or _loaded[0] != self.digest:
            if self.version != __version__:
                raise ModelError(
                    f"the driver has kpoclf {self.version}, a worker {__version__}: install the same "
                    "release on both"
                )
            content = self.content if isinstance(self.content, bytes) else self.content.value
            _loaded = self.digest, pickle.loads(content)  # noqa: S301  (packed by `of`)
        return _loaded[1]


@dataclass(frozen=True)
class _Labelling:
    """What a worker does with a batch of texts."""

    parcel: _Parcel
    names: tuple[str, ...]
    detail: bool

    def function(self) -> Callable[[Any], Any]:
        """It, as Spark wants it: a function whose kind is told by its annotations."""
        import pyarrow as pa

        def labelled(texts: pa.Array) -> pa.Array:
            return self.run(texts)

        labelled.__annotations__ = {"texts": pa.Array, "return": pa.Array}
        return labelled

    def run(self, texts: Any) -> Any:
        """Struct array of the answers to an Arrow array of texts."""
        import pyarrow as pa

        model = self.parcel.open()
        fields = answer_fields(self.names)
        parts = []
        for start in range(0, max(len(texts), 1), _ROWS):
            listed = [text or "" for text in texts.slice(start, _ROWS).to_pylist()]
            rows = answer(model, listed, self.detail).rows
            parts.append(pa.StructArray.from_arrays(answer_arrays(rows, fields), fields=fields))
        return parts[0] if len(parts) == 1 else pa.concat_arrays(parts)
