"""``kpoclf label``: a file of rows, labelled."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kpoclf.cli.model_option import model_option
from kpoclf.cli.progress import reading_progress
from kpoclf.cli.reading import read_options, reading
from kpoclf.errors import InputError
from kpoclf.judge.status import STATUSES
from kpoclf.tables.label_file import LabelSummary, label_file
from kpoclf.tables.source import STDIN, bare_name, ending_of, promised, shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kpoclf.judge.model import Model

__all__ = ["command"]


@click.command("label")
@click.argument("files", metavar="FILE...", nargs=-1, required=True)
@click.option(
    "-o",
    "--output",
    metavar="OUT",
    help="File to write; a folder if several files are given. [default: standard output]",
)
@read_options
@click.option(
    "--detail",
    is_flag=True,
    help="Also add kpoclf_p_kpo, kpoclf_p_in_scope, kpoclf_review_score, kpoclf_services, "
    "kpoclf_kpo_share, kpoclf_criteria and kpoclf_reasons.",
)
@click.option(
    "--max-error",
    metavar="SHARE",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    help="Send so many rows to review that at most this share of the others is wrong: an upper bound, "
    "for text like the training data. [default: as the model was trained, 0.03 as shipped]",
)
@click.option(
    "--review-share",
    metavar="SHARE",
    type=click.FloatRange(0, 1),
    help="Send at most this share of text like the training data to review.",
)
@click.option(
    "--processes",
    metavar="N",
    type=click.IntRange(1),
    help="Processes that label. [default: one for each core, 8 at most; one for a small file]",
)
@click.option("--overwrite", is_flag=True, help="Replace columns named like those that are added.")
@model_option
@click.option("-q", "--quiet", is_flag=True, help="No progress and no summary.")
def command(
    files: tuple[str, ...],
    output: str | None,
    detail: bool,
    overwrite: bool,
    max_error: float | None,
    review_share: float | None,
    processes: int | None,
    model: Model,
    quiet: bool,
    **how: Any,
) -> None:
    """Label the rows of FILE: CSV, TSV, JSON Lines (.jsonl), Parquet, XLSX or plain lines (.txt).

    FILE may be packed (.gz, .zst); a folder stands for the files in it; "-" is standard input. Every
    column comes back unchanged and every row in order, with kpoclf_label (KPO or BPO),
    kpoclf_confidence (0.5 to 1), kpoclf_status (ok, review or out_of_scope) and kpoclf_service behind
    them.

    \b
    kpoclf label postings.csv -o labelled.csv
    kpoclf label jobs.xlsx -o labelled.xlsx --text Title --text Duties
    kpoclf label parts/ -o labelled/
    kpoclf label - --format jsonl < in.jsonl > out.jsonl
    """
    options = reading(**how)
    if max_error is not None and review_share is not None:
        raise InputError("give either --max-error or --review-share")
    if max_error is not None or review_share is not None:
        model = model.with_review(max_error=max_error, review_share=review_share)
    for source, target in _targets(files, output):
        with reading_progress(source, quiet) as tell:
            summary = label_file(
                model,
                source,
                target,
                options,
                detail=detail,
                overwrite=overwrite,
                processes=processes,
                tell=tell,
            )
        if not quiet:
            _tell(source, target, summary)


def _targets(files: tuple[str, ...], output: str | None) -> Iterator[tuple[str, str | None]]:
    """Each file to read, with the file to write."""
    if len(files) == 1 and not Path(files[0]).is_dir():
        if output is not None and output != STDIN and Path(output).is_dir():
            raise InputError(f"{output}: is a folder; name the file to write")
        yield files[0], output
        return
    if output is None or output == STDIN:
        several = f"{files[0]}: is a folder; its files" if len(files) == 1 else "several files"
        raise InputError(f"{several} need a folder to write to: name it with -o")
    if STDIN in files:
        raise InputError("standard input (-) cannot be one of several files")
    found = [pair for file in files for pair in _parts(Path(file))]
    names = [name for _, name in found]
    if len(set(names)) < len(names):
        twice = next(n for n in names if names.count(n) > 1)
        raise InputError(f"two files would be written to {twice}; label them one by one")
    folder = Path(output)
    if folder.exists() and not folder.is_dir():
        raise InputError(f"{output}: is a file; several inputs need a folder")
    missing = next((file for file, _ in found if not file.exists()), None)
    if missing:
        raise InputError(f"{missing}: no such file")
    for file, name in found:
        target = folder / name
        target.parent.mkdir(parents=target.parent != folder, exist_ok=True)
        yield str(file), str(target)


def _parts(path: Path) -> list[tuple[Path, str]]:
    """A file, or the files below a folder; and what each is called in the folder of outputs.

    Files and folders whose names begin with a dot or an underscore are no parts: so do those that
    Spark and other programs leave beside them.
    """
    if not path.is_dir():
        return [(path, _written(path.name))]
    found = []
    for file in sorted(path.rglob("*")):
        place = file.relative_to(path)
        if file.is_file() and not any(part.startswith((".", "_")) for part in place.parts):
            found.append((file, str(place.with_name(_written(file.name)))))
    if not found:
        raise InputError(f"{path}: no files in this folder")
    return found


def _written(name: str) -> str:
    """Name of a file in the folder of outputs: labelled lines are CSV."""
    bare = bare_name(name)
    if promised(name) == "lines":
        return bare[: -len(ending_of(name))] + ".csv" + name[len(bare) :]
    return name


def _tell(source: str, target: str | None, summary: LabelSummary) -> None:
    for note in summary.notes:
        click.echo(f"kpoclf: {note}", err=True)
    labels = ", ".join(f"{summary.labels[x]:,} {x}" for x in ("KPO", "BPO"))
    statuses = ", ".join(f"{summary.statuses[x]:,} {x}" for x in STATUSES)
    columns = " + ".join(summary.columns)
    rows = "1 row" if summary.rows == 1 else f"{summary.rows:,} rows"
    click.echo(f"{shown(source)}: {rows} read from {columns}: {labels}; {statuses}", err=True)
    if target not in (None, STDIN):
        click.echo(f"written to {target}", err=True)
