"""``python -m kpoclf.spark``: a folder of Parquet, CSV or JSON parts, labelled by Spark."""

from __future__ import annotations

import os
import sys
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, NoReturn

import click

from kpoclf.cli.main import run
from kpoclf.cli.model_option import model_option
from kpoclf.errors import InputError
from kpoclf.judge.status import STATUSES
from kpoclf.spark.labelling import clashing, label, spark_functions
from kpoclf.tables.columns import already_there, text_columns

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

    from kpoclf.judge.model import Model

__all__ = ["command", "main"]

_ENDINGS = {".csv": "csv", ".json": "json", ".jsonl": "json", ".ndjson": "json"}
_PACKINGS = (".gz", ".zst", ".bz2")

# Everything is text, spaces stay, a record may have line breaks, and a broken one stops the job
# instead of losing fields.
_CSV_READ: dict[str, Any] = {"header": True, "multiLine": True, "escape": '"', "mode": "FAILFAST"}
_CSV_WRITE: dict[str, Any] = {
    "header": True,
    "escape": '"',
    "ignoreLeadingWhiteSpace": False,
    "ignoreTrailingWhiteSpace": False,
}
_JSON_READ: dict[str, Any] = {"mode": "FAILFAST"}
_JSON_WRITE: dict[str, Any] = {"ignoreNullFields": False}


@click.command("kpoclf.spark")
@click.argument("source", metavar="IN")
@click.argument("target", metavar="OUT")
@click.option(
    "--text",
    metavar="COL",
    multiple=True,
    help="Column of the text; repeat it to join several. [default: text, description, "
    "job_description, task or body, with title or job_title in front]",
)
@click.option(
    "--format",
    "kind",
    type=click.Choice(("parquet", "csv", "json")),
    help="What IN holds and OUT gets. [default: by the ending of IN, else parquet]",
)
@click.option("--detail", is_flag=True, help="Also add the columns of `kpoclf label --detail`.")
@click.option("--overwrite", is_flag=True, help="Replace columns named like those that are added.")
@model_option
@click.option("-q", "--quiet", is_flag=True, help="No summary.")
def command(
    source: str,
    target: str,
    text: tuple[str, ...],
    kind: str | None,
    detail: bool,
    overwrite: bool,
    model: Model,
    quiet: bool,
) -> None:
    """Label the rows of IN, a file or folder of Parquet, CSV or JSON Lines parts, into the folder OUT.

    Paths are what Spark reads: local, hdfs://, s3a://, abfss://. OUT must not exist. CSV comes back with
    the same values, quoted anew; columns of JSON have the types that Spark finds in them.

    \b
    python -m kpoclf.spark jobs/ labelled/
    spark-submit --master yarn "$(python -c 'import kpoclf.spark.__main__ as m; print(m.__file__)')" \\
        hdfs:///jobs hdfs:///labelled --text body
    """
    spark_functions()
    from py4j.protocol import Py4JJavaError  # what the JVM throws and PySpark has no class for
    from pyspark.errors import PySparkException

    kind = kind or _kind_of(source)
    try:
        session = _session()
        df = _read(session, source, kind)
        columns = [df.columns[i] for i in text_columns(df.columns, text, source)]
        if not overwrite and (clash := clashing(df.columns, detail)):
            raise already_there(source, clash[0])
        labelled = label(df, columns, model=model, detail=detail, overwrite=overwrite)
        counts = _write(labelled, target, kind)
    except (PySparkException, Py4JJavaError) as error:
        if "[PATH_ALREADY_EXISTS]" in str(error):
            raise InputError(f"{target}: is there already; name a new folder") from None
        raise InputError(_told(error)) from error
    if not quiet:
        labels = "in scope " + ", ".join(f"{counts[x]:,} {x}" for x in ("KPO", "BPO"))
        told = ", ".join(f"{counts[x]:,} {x}" for x in STATUSES)
        click.echo(
            f"{source}: {counts['rows']:,} rows read from {' + '.join(columns)}: {labels}; {told}",
            err=True,
        )
        click.echo(f"written to {target}", err=True)


def _kind_of(source: str) -> str:
    name = PurePosixPath(source.rstrip("/"))
    ending = name.with_suffix("").suffix if name.suffix in _PACKINGS else name.suffix
    return _ENDINGS.get(ending.lower(), "parquet")


def _session() -> SparkSession:
    """The session of spark-submit, or one on this machine."""
    from pyspark.sql import SparkSession

    submitted = "PYSPARK_GATEWAY_PORT" in os.environ
    if not submitted:
        os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    builder: Any = SparkSession.builder
    session: SparkSession = builder.appName("kpoclf").getOrCreate()
    if not submitted:  # there the cluster's settings of logs hold
        session.sparkContext.setLogLevel("OFF")
    return session


def _read(session: SparkSession, source: str, kind: str) -> DataFrame:
    if kind == "csv":
        return session.read.options(**_CSV_READ).csv(source)
    if kind == "json":
        return session.read.options(**_JSON_READ).json(source)
    return session.read.parquet(source)


def _write(labelled: DataFrame, target: str, kind: str) -> dict[str, int]:
    """Write the rows and count them on the way."""
    from pyspark.sql import Observation
    from pyspark.sql import functions as f

    inside = f.col("kpoclf_status") != "out_of_scope"
    counts = {
        **{x: inside & (f.col("kpoclf_label") == x) for x in ("KPO", "BPO")},
        **{x: f.col("kpoclf_status") == x for x in STATUSES},
    }
    observed = Observation()
    columns = [f.count_if(condition).alias(name) for name, condition in counts.items()]
    labelled = labelled.observe(observed, f.count(f.lit(1)).alias("rows"), *columns)
    if kind == "csv":
        labelled.write.options(**_CSV_WRITE).csv(target)
    elif kind == "json":
        labelled.write.options(**_JSON_WRITE).json(target)
    else:
        labelled.write.parquet(target)
    return dict(observed.get)


def _told(error: Exception) -> str:
    """The first cause of what Spark says, in one line, without the call stack of the JVM."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    causes = [line for line in lines if line.startswith("Caused by: ")]
    told = causes[-1].split(": ", 2)[-1] if causes else lines[0]
    return told.split(" SQLSTATE")[0][:400]


def main(arguments: list[str] | None = None) -> NoReturn:
    """Run the command; every expected error is one line on stderr and exit code 2."""
    run(command, "python -m kpoclf.spark", arguments)
