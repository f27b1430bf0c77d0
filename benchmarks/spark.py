"""How fast labelling on Spark is beside plain processes, and what a billion postings would take.

    python benchmarks/spark.py [--long FILE] [--short FILE] [--rows N] [--rounds N] [--write]

Spark local[2] is warm (its first run is not counted) and in turn with two plain processes of
`kpoclf label`, each given half of the same Parquet files. Needs Java and the extra `spark`.
"""

from __future__ import annotations

import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from itertools import cycle, islice
from pathlib import Path

import click
import pyarrow as pa
import pyarrow.parquet as pq
from speed import ratio, texts_of

os.environ.setdefault("PYSPARK_PYTHON", sys.executable)

PAGE = Path(__file__).parent.parent / "docs" / "spark.md"
PARTS = 8
PRICE = 0.05  # of a core for an hour, in dollars: an assumption, shown with the result


def write_parts(folder: Path, texts: list[str], n: int) -> None:
    """Two folders of Parquet parts, half of the rows in each."""
    for part in range(PARTS):
        half = folder / f"half-{part % 2}"
        half.mkdir(exist_ok=True)
        rows = list(islice(cycle(texts), part * (n // PARTS), (part + 1) * (n // PARTS)))
        table = pa.table({"id": list(range(len(rows))), "text": rows})
        pq.write_table(table, half / f"part-{part}.parquet")


def plain(folder: Path) -> float:
    """Seconds that two plain processes take, one for each half."""
    begin = time.perf_counter()
    label = [sys.executable, "-m", "kpoclf", "label", "-q", "--processes", "1"]
    running = [
        subprocess.Popen([*label, str(folder / half), "-o", str(folder / f"plain-{half}")])  # noqa: S603
        for half in ("half-0", "half-1")
    ]
    if any(process.wait() for process in running):
        raise SystemExit("kpoclf label failed")
    return time.perf_counter() - begin


def measure(spark: object, texts: list[str], n: int, rounds: int) -> dict[str, list[float]]:
    """Seconds of either way, in turn."""
    import kpoclf.spark

    found: dict[str, list[float]] = {"plain": [], "spark": []}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_parts(folder, texts, n)
        halves = [str(folder / half) for half in ("half-0", "half-1")]
        for number in range(rounds + 1):
            target = folder / "spark"
            begin = time.perf_counter()
            kpoclf.spark.label(spark.read.parquet(*halves), "text").write.parquet(str(target))
            seconds = time.perf_counter() - begin
            shutil.rmtree(target)
            if number:
                found["spark"].append(seconds)
                found["plain"].append(plain(folder))
    return found


def worker_megabytes() -> float:
    """Most memory that a Python worker of Spark has held; workers wait for the next job."""
    peaks = [0]
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if b"pyspark.daemon" in (process / "cmdline").read_bytes():
                lines = (process / "status").read_text().splitlines()
                peaks += [int(line.split()[1]) for line in lines if line.startswith("VmHWM")]
    return max(peaks) / 1024


@click.command()
@click.option("--short", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--long", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--rows", type=click.IntRange(80), default=40_000, help="Long rows; short ones: 10×.")
@click.option("--rounds", type=click.IntRange(1), default=3)
@click.option("--write", is_flag=True, help="Put the table into docs/spark.md.")
def main(short: Path | None, long: Path | None, rows: int, rounds: int, write: bool) -> None:
    """Measure, and print the capacity plan."""
    from pyspark.sql import SparkSession

    spark = (
        SparkSession.builder.master("local[2]")
        .config("spark.ui.enabled", "false")
        .config("spark.ui.showConsoleProgress", "false")
        .getOrCreate()
    )
    spark.sparkContext.setLogLevel("OFF")
    lines = [
        "| texts | characters | speed beside two plain processes | rows an hour and core "
        "| a billion rows: core hours | dollars |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for kind, path, register, n in (
        ("short", short, ("task",), 10 * rows),
        ("long", long, ("full-posting",), rows),
    ):
        texts = texts_of(path, register, 20_000)
        found = measure(spark, texts, n, rounds)
        middle, least, most = ratio(found["plain"], found["spark"])
        an_hour = n / statistics.median(found["spark"]) * 3600 / 2
        hours = 1e9 / an_hour
        length = sum(map(len, texts)) / len(texts)
        lines.append(
            f"| {kind} | {length:,.0f} | {middle:.2f} ({least:.2f}–{most:.2f}) "
            f"| {an_hour / 1e6:.1f} million | {hours:,.0f} | {hours * PRICE:,.1f} |"
        )
    memory = worker_megabytes()
    spark.stop()
    told = "\n".join(lines) + (
        f"\n\nA Python worker held {memory:,.0f} MB at most. Dollars: {PRICE} for a core and hour, "
        "reading and writing Parquet included, on the machine that measured."
    )
    click.echo(told)
    if write:
        begin, end = (
            "<!-- capacity: python benchmarks/spark.py --write -->\n",
            "\n<!-- /capacity -->",
        )
        page = PAGE.read_text(encoding="utf-8")
        pattern = re.escape(begin) + ".*?" + re.escape(end)
        PAGE.write_text(
            re.sub(pattern, lambda _: begin + told + end, page, flags=re.DOTALL), encoding="utf-8"
        )


if __name__ == "__main__":
    main()
