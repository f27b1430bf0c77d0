"""``kpoclf train``: a new model from labelled rows."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from kpoclf.cli.reading import read_options, reading
from kpoclf.errors import InputError
from kpoclf.model.folder import check_target

__all__ = ["command"]


@click.command("train")
@click.argument("files", metavar="FILE...", nargs=-1, required=True)
@click.option(
    "-o", "--output", metavar="DIR", help="Model folder to write. [default: only compare]"
)
@click.option("--only-new", is_flag=True, help="Leave the shipped corpus out of the new model.")
@click.option(
    "--allow-few",
    is_flag=True,
    help="Accept new rows of one label only. The comparison cannot see their cost then.",
)
@click.option(
    "--label", metavar="COL", default="label", show_default=True, help="Column of the label."
)
@click.option(
    "--service", metavar="COL", help="Column of the service. [default: service, if there]"
)
@read_options
@click.option("-q", "--quiet", is_flag=True, help="No word on the steps.")
def command(
    files: tuple[str, ...],
    output: str | None,
    only_new: bool,
    allow_few: bool,
    label: str,
    service: str | None,
    quiet: bool,
    **how: Any,
) -> None:
    """Train on the shipped corpus plus the labelled rows of FILE: CSV, TSV, JSON Lines or XLSX.

    Rows have a text and a label: KPO, BPO or OTHER (out of scope), in any case; a service if you
    know it. Two recipes, current data and current plus new, are refitted on the same folds and
    scored side by side. With -o the new model is written; label with it by --model DIR.

    \b
    kpoclf train new.csv -o my-model
    kpoclf label postings.csv -o labelled.csv --model my-model
    """
    from kpoclf.cli.comparison import shown
    from kpoclf.learn.train import train

    if output is not None:
        check_target(Path(output))
    missing = next((f for f in files if f != "-" and not Path(f).exists()), None)
    if missing:
        raise InputError(f"{missing}: no such file")
    training = train(
        files,
        only_new=only_new,
        allow_few=allow_few,
        fit=output is not None,
        tell=(lambda step: None) if quiet else lambda step: click.echo(f"{step} …", err=True),
        label=label,
        service=service,
        **asdict(reading(**how)),
    )
    click.echo(shown(training.comparison))
    if training.model is None or output is None:
        click.echo("no model written: give a folder with -o to keep one", err=True)
        return
    training.model.save(output)
    click.echo(f"model {training.model.id} written to {output}", err=True)
