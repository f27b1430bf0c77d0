"""``kpoclf label``: a file of rows, labelled."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kpoclf.cli.model_option import model_option
from kpoclf.cli.progress import reading_progress
from kpoclf.cli.reading import read_options, reading
from kpoclf.cli.targets import Target, targets
from kpoclf.errors import InputError
from kpoclf.judge.status import STATUSES
from kpoclf.tables.label_file import LabelSummary, label_file
from kpoclf.tables.open_table import check_source
from kpoclf.tables.source import STDIN, shown

if TYPE_CHECKING:
    from kpoclf.judge.model import Model
    from kpoclf.tables.open_table import ReadOptions

__all__ = ["command"]

_LISTED = 5  # names of files that are told


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

    FILE may be packed (.gz, .zst); a folder stands for the tables below it; "-" is standard input. Every
    column comes back unchanged and every row in order, with kpoclf_label (KPO or BPO),
    kpoclf_confidence (0.5 to 1), kpoclf_status (ok, review or out_of_scope) and kpoclf_service behind
    them.

    \b
    kpoclf label postings.csv -o labelled.csv
    kpoclf label jobs.xlsx -o labelled.xlsx --text Title --text Duties
    kpoclf label parts/ -o labelled/
    kpoclf label - --format jsonl < in.jsonl > out.jsonl
    """
    wanted, skipped = targets(files, output)
    options = _reading(wanted, how)
    if max_error is not None and review_share is not None:
        raise InputError("give either --max-error or --review-share")
    if max_error is not None or review_share is not None:
        model = model.with_review(max_error=max_error, review_share=review_share)
    if skipped and not quiet:
        click.echo(f"kpoclf: skipped, no tables: {_listed(skipped)}", err=True)
    for source, out, folder, _ in wanted:
        if folder is not None and out is not None:
            Path(folder).mkdir(exist_ok=True)
            Path(out).parent.mkdir(parents=True, exist_ok=True)
        with reading_progress(source, quiet) as tell:
            summary = label_file(
                model,
                source,
                out,
                options,
                detail=detail,
                overwrite=overwrite,
                processes=processes,
                tell=tell,
            )
        if not quiet:
            _tell(source, out, summary)


def _reading(wanted: list[Target], how: dict[str, Any]) -> ReadOptions:
    """How the files are read; one that cannot be is refused before any is labelled."""
    try:
        options = reading([target.source for target in wanted], **how)
        for target in wanted if len(wanted) > 1 else ():
            check_source(target.source, options)
    except InputError as error:
        if any(target.found and str(error).startswith(f"{target.source}:") for target in wanted):
            raise InputError(f"{error}; or name the files instead of their folder") from None
        raise
    return options


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - _LISTED:,} more" if len(names) > _LISTED else ""
    return ", ".join(names[:_LISTED]) + more


def _tell(source: str, target: str | None, summary: LabelSummary) -> None:
    for note in summary.notes:
        click.echo(f"kpoclf: {note}", err=True)
    labels = ", ".join(f"{summary.labels[x]:,} {x}" for x in ("KPO", "BPO"))
    statuses = ", ".join(f"{summary.statuses[x]:,} {x}" for x in STATUSES)
    columns = " + ".join(summary.columns)
    rows = "1 row" if summary.rows == 1 else f"{summary.rows:,} rows"
    click.echo(
        f"{shown(source)}: {rows} read from {columns}: in scope {labels}; {statuses}", err=True
    )
    if target not in (None, STDIN):
        click.echo(f"written to {target}", err=True)
