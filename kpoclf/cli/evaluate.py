"""``kpoclf evaluate``: a model measured on labelled rows."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kpoclf.cli.model_option import model_option
from kpoclf.cli.reading import label_option, read_options, reading
from kpoclf.errors import InputError
from kpoclf.judge.status import STATUSES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kpoclf.judge.model import Model
    from kpoclf.learn.evaluate import Evaluation
    from kpoclf.learn.figures import Figure

__all__ = ["command"]

_NAMES = {
    "accuracy": "accuracy",
    "macro_f1": "macro-F1",
    "roc_auc": "ROC AUC",
    "log_loss": "log loss",
    "brier": "Brier score",
    "ece": "calibration error (debiased)",
    "ok_accuracy": "accuracy where status is ok",
    "aurc": "area under risk-coverage curve",
    "scope_roc_auc": "ROC AUC of scope (OTHER or not)",
}


@click.command("evaluate")
@click.argument("file", metavar="FILE")
@click.option("--by", metavar="COL", help="Also give the figures for each value of this column.")
@click.option(
    "--group",
    metavar="COL",
    help="Resample rows with the same value together, e.g. the employer's. [default: row by row]",
)
@click.option("--json", "as_json", is_flag=True, help="Everything as JSON, for a program.")
@click.option(
    "--report", metavar="OUT.html", help="Write an HTML report with plots (extra report)."
)
@click.option(
    "--fail-under",
    metavar="F1",
    type=click.FloatRange(0, 1),
    help="Exit code 1 if macro-F1 is below this.",
)
@label_option
@read_options
@model_option
def command(
    file: str,
    by: str | None,
    group: str | None,
    as_json: bool,
    report: str | None,
    fail_under: float | None,
    label: str,
    model: Model,
    **how: Any,
) -> None:
    """Measure the model on the labelled rows of FILE (text and label columns).

    Figures are for the KPO and BPO rows, each with its number of rows and a 95 % bootstrap
    interval. Rows labelled OTHER count for scope and status only. Rows that the model was trained on
    are left out.
    """
    from kpoclf.learn.evaluate import evaluate

    if report is not None:
        from kpoclf.learn.html_page import check_plots

        check_plots()
    if report is not None and os.path.realpath(report) == os.path.realpath(file):
        raise InputError(f"{report}: the report would replace the input; name another file")
    options = asdict(reading([file], **how))
    found = evaluate(model, file, by=by, group=group, label=label, **options)
    if as_json:
        click.echo(json.dumps(found.to_dict(), indent=1))
    else:
        click.echo("\n".join(_shown(found, by)))
    if report:
        found.to_html(Path(report))
        click.echo(f"report written to {report}", err=True)
    if fail_under is not None:
        if found.macro_f1 is None:
            raise InputError(f"{file}: macro-F1 for --fail-under needs both KPO and BPO rows")
        if found.macro_f1.value < fail_under:
            reached = f"{found.macro_f1.value:.3f}"
            click.echo(f"kpoclf: macro-F1 {reached} is below {fail_under}", err=True)
            raise SystemExit(1)


def _shown(found: Evaluation, by: str | None) -> Iterator[str]:
    from kpoclf.learn.current import trained_on

    yield f"model {found.model}; {found.n:,} KPO and BPO rows, {found.n_other:,} OTHER rows"
    if found.n_trained:
        yield trained_on(found.n_trained, found.model)
    yield ""
    yield f"{'measure':<34}{'value':>6}  {'95 % interval':<17}{'rows':>7}"
    for key, name in _NAMES.items():
        if (figure := getattr(found, key)) is not None:
            yield _line(name, figure)
    for share, figure in found.error_at.items():
        yield _line(f"error at {float(share):.0%} coverage", figure)
    for label, figures in found.per_class.items():
        for key, figure in figures.items():
            yield _line(f"{label} {key}", figure)
    yield ""
    yield f"{'true label':<12}{'as BPO':>8}{'as KPO':>8}   " + "".join(f"{s:>14}" for s in STATUSES)
    for label, given in found.confusion.items():
        counts = "".join(f"{found.status[label][s]:>14,}" for s in STATUSES)
        yield f"{label:<12}{given['BPO']:>8,}{given['KPO']:>8,}   {counts}"
    if found.by:
        yield ""
        width = max(len(by or ""), *map(len, found.by), 5)
        yield f"{by:<{width}}{'rows':>7}{'OTHER':>7}  {'accuracy':<22}{'macro-F1':<22}"
        for value, part in found.by.items():
            told = "".join(f"{_short(f):<22}" for f in (part.accuracy, part.macro_f1))
            yield f"{value:<{width}}{part.n:>7,}{part.n_other:>7,}  {told}".rstrip()


def _line(name: str, figure: Figure) -> str:
    return f"{name:<34}{figure.value:>6.3f}  {_interval(figure):<17}{figure.n:>7,}"


def _interval(figure: Figure) -> str:
    return "" if figure.interval is None else f"{figure.interval[0]:.3f}–{figure.interval[1]:.3f}"


def _short(figure: Figure | None) -> str:
    return "" if figure is None else f"{figure.value:.3f} ({_interval(figure)})"
