"""``kpoclf corpus``: checks of labelled data."""

from __future__ import annotations

from pathlib import Path

import click

__all__ = ["command"]


@click.group("corpus")
def command() -> None:
    """Check labelled data."""


@command.command("check")
@click.argument("files", metavar="[FILE...]", nargs=-1, type=click.Path(path_type=Path))
def check(files: tuple[Path, ...]) -> None:
    """Say what is wrong in labelled CSV files, row by row; the shipped corpus if none is named.

    Looks for missing columns, unknown labels and services, labels that contradict their service,
    empty and too short texts, duplicates and near-duplicates (across files too), texts under two
    labels, control characters and wrong encodings. Exit code 1 if anything is found.
    """
    from kpoclf.corpus.check import check_files
    from kpoclf.corpus.rows import corpus_files

    paths = list(files) or corpus_files()
    findings, n_rows = check_files(paths)
    for finding in findings:
        click.echo(str(finding))
    counted = ((n_rows, "row"), (len(paths), "file"), (len(findings), "finding"))
    told = [f"{n:,} {word}" + ("" if n == 1 else "s") for n, word in counted]
    click.echo(f"{told[0]} in {told[1]}: {told[2]}", err=True)
    if findings:
        raise SystemExit(1)
