"""``kpoclf corpus``: checks of labelled data."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from kpoclf.cli.reading import label_option, read_options, reading, service_option

__all__ = ["command"]


@click.group("corpus")
def command() -> None:
    """Check labelled data."""


@command.command("check")
@click.argument("files", metavar="[FILE...]", nargs=-1)
@label_option
@service_option
@read_options
def check(files: tuple[str, ...], label: str, service: str | None, **how: Any) -> None:
    """Say what is wrong in labelled rows, row by row; in the shipped corpus if no FILE is named.

    Reads what `kpoclf train` reads. Looks for missing columns, unknown labels and services, labels
    that contradict their service, empty and too short texts, duplicates and near-duplicates (across
    files too), texts under two labels, control characters and wrong encodings. Exit code 1 if
    anything is found.
    """
    from kpoclf.corpus.rows import corpus_files
    from kpoclf.tables.check import check_files

    paths = files or tuple(map(str, corpus_files()))
    found = check_files(paths, reading(files, **how), label=label, service=service)
    for note in found.notes:
        click.echo(f"kpoclf: {note}", err=True)
    for finding in found.findings:
        click.echo(str(finding))
    counted = ((found.n_rows, "row"), (len(paths), "file"), (len(found.findings), "finding"))
    told = [f"{n:,} {word}" + ("" if n == 1 else "s") for n, word in counted]
    click.echo(f"{told[0]} in {told[1]}: {told[2]}", err=True)
    if found.findings:
        raise SystemExit(1)


@command.command("suspects")
@click.argument("files", metavar="[FILE...]", nargs=-1)
@click.option("-o", "--output", metavar="OUT.csv", help="Write all suspects to this file.")
@click.option("--csv", "as_csv", is_flag=True, help="CSV on standard output, for a program.")
@click.option(
    "--limit",
    metavar="N",
    type=click.IntRange(1),
    help="Tell the N most doubtful rows only. [default: 20 as text, all as CSV]",
)
@click.option(
    "--only-new", is_flag=True, help="Learn from FILE alone, not from the shipped corpus as well."
)
@label_option
@read_options
@click.option("-q", "--quiet", is_flag=True, help="No word on the steps, no summary.")
def suspects(
    files: tuple[str, ...],
    output: str | None,
    as_csv: bool,
    limit: int | None,
    only_new: bool,
    label: str,
    quiet: bool,
    **how: Any,
) -> None:
    """List labelled rows whose label the other rows contradict; the shipped corpus if none is named.

    Models that saw neither a row nor its near-duplicates say what its label should be (confident
    learning). Each suspect comes with the label suggested, the words that speak for it and the nearest
    rows that have it. Nothing is changed or left out: a person decides. Exit code 1 if anything is
    found.

    \b
    kpoclf corpus suspects labelled.csv
    kpoclf corpus suspects labelled.csv -o suspects.csv
    """
    from kpoclf.cli import suspects_view
    from kpoclf.corpus.rows import read_corpus
    from kpoclf.learn.suspects import suspects as find_suspects
    from kpoclf.tables.labelled import labelled_rows

    def tell(message: str) -> None:
        if not quiet:
            click.echo(message, err=True)

    if output is not None:
        suspects_view.check_target(output, files)
    corpus = read_corpus()
    rows, others = corpus, []
    if files:
        options = asdict(reading(files, **how))
        rows = labelled_rows(files, label=label, services=False, **options)
        others = [] if only_new else corpus
    found = find_suspects(rows, others, tell=lambda step: tell(f"{step} …"))
    if output is not None:
        suspects_view.write_csv(found[:limit], Path(output))
    if as_csv:
        click.echo(suspects_view.as_csv(found[:limit]), nl=False)
    elif output is None:
        shown = found[: limit or suspects_view.SHOWN]
        click.echo(suspects_view.as_text(shown, len(found)), nl=False)
    beside = f", beside {len(others):,} of the shipped corpus" if others else ""
    noun = "suspect" if len(found) == 1 else "suspects"
    tell(f"{len(rows):,} rows{beside}: {len(found):,} {noun}; nothing was changed")
    if output is not None:
        tell(f"written to {output}")
    if found:
        raise SystemExit(1)
