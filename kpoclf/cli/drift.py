"""``kpoclf drift``: new texts against those that the model was trained on."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kpoclf.cli.model_option import model_option
from kpoclf.cli.reading import read_options, reading
from kpoclf.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from kpoclf.judge.model import Model
    from kpoclf.learn.drift import Drift, Term

__all__ = ["command"]


@click.command("drift")
@click.argument("file", metavar="FILE")
@click.option(
    "--reference",
    metavar="FILE",
    help="Earlier texts to compare with, read as FILE is. [default: the rows that the model was "
    "trained on]",
)
@click.option(
    "--alpha",
    metavar="P",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    default=0.01,
    show_default=True,
    help="False-alarm rate: probability of reporting drift although nothing has changed.",
)
@click.option(
    "--least",
    metavar="SIZE",
    type=click.FloatRange(0, 1),
    default=0.1,
    show_default=True,
    help="Size below which a difference beyond chance is no drift; 0 to 1.",
)
@click.option(
    "--sample",
    metavar="N",
    type=click.IntRange(100, 5000),
    default=2000,
    show_default=True,
    help="Texts of either side at most, drawn at random.",
)
@click.option(
    "--limit",
    metavar="N",
    type=click.IntRange(0),
    default=15,
    show_default=True,
    help="Terms told of either kind.",
)
@click.option("--json", "as_json", is_flag=True, help="Everything as JSON, for a program.")
@click.option(
    "--report", metavar="OUT.html", help="Write an HTML report with plots (extra report)."
)
@read_options
@model_option
@click.option("-q", "--quiet", is_flag=True, help="No word on the steps, only the result.")
def command(
    file: str,
    reference: str | None,
    alpha: float,
    least: float,
    sample: int,
    limit: int,
    as_json: bool,
    report: str | None,
    model: Model,
    quiet: bool,
    **how: Any,
) -> None:
    """Say whether the texts of FILE differ from those that the model was trained on.

    FILE needs no labels. Seven measures are compared: share of words that the model knows, length,
    confidence, review score, status, label, and the words used; then the terms that rise and those that
    the model does not know. Near-duplicates count once. Training rows are scored by models that did
    not see them, which takes half a minute; better is --reference with texts of a time when all was
    well. Exit code 1 if drift is found.

    \b
    kpoclf drift june.csv --reference may.csv
    kpoclf drift june.csv --report drift.html
    """
    from kpoclf.learn.drift import drift

    if report is not None:
        from kpoclf.learn.html_page import check_plots

        check_plots()
        inputs = {os.path.realpath(name) for name in (file, reference) if name is not None}
        if os.path.realpath(report) in inputs:
            raise InputError(f"{report}: the report would replace the input; name another file")
    found = drift(
        model,
        file,
        reference,
        alpha=alpha,
        least=least,
        sample=sample,
        options=reading([file, reference], **how),
        tell=(lambda step: None) if quiet else lambda step: click.echo(f"{step} …", err=True),
    )
    click.echo(
        json.dumps(found.to_dict(), indent=1) if as_json else "\n".join(_shown(found, limit))
    )
    if report:
        found.to_html(Path(report))
        click.echo(f"report written to {report}", err=True)
    if found.found:
        raise SystemExit(1)


def _shown(found: Drift, limit: int) -> Iterator[str]:
    from kpoclf.learn.drift_report import HEAD, change_rows, verdict

    yield verdict(found)
    yield ""
    yield f"is:  {found.new}, {found.n_new:,} texts"
    yield f"was: {found.reference}, {found.n_reference:,} texts"
    yield ""
    for cells in (HEAD, *change_rows(found)):
        name, was, now, difference, size, p = cells
        yield f"{name:<24}{was:>8}{now:>8}   {difference:<28}{size:>5}  {p:>7}".rstrip()
    yield ""
    yield f"* changed: p at most {found.alpha:g} and size (0 to 1) at least {found.least:g}"
    yield (
        f"p: chance of such a difference in any measure if nothing has changed; false-alarm rate "
        f"{found.alpha:g}"
    )
    if limit:
        yield from _terms("TERMS THAT RISE", found, found.rising, limit)
        yield from _terms("TERMS THE MODEL DOES NOT KNOW", found, found.unknown, limit)
    yield ""
    yield f"model {found.model}"
    yield from found.notes


def _terms(title: str, found: Drift, terms: Sequence[Term], limit: int) -> Iterator[str]:
    if not terms:
        return
    yield ""
    head = f"{title:<32}was, of {found.n_reference:,}"
    yield f"{head:<50}is, of {found.n_new:,} texts"
    for term in terms[:limit]:
        yield f"{term.term[:30]:<32}{term.was:<18,}{term.now:,}"
    if len(terms) > limit:
        yield f"… and {len(terms) - limit} more"
