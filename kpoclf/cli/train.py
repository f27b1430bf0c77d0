"""``kpoclf train``: a new model from labelled rows, and whether it becomes current."""

from __future__ import annotations

import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kpoclf.cli.reading import label_option, read_options, reading, service_option
from kpoclf.errors import InputError
from kpoclf.model.folder import check_target

if TYPE_CHECKING:
    from kpoclf.judge.model import Model
    from kpoclf.learn.train import Training
    from kpoclf.model.store import Store

__all__ = ["command"]


@click.command("train")
@click.argument("files", metavar="FILE...", nargs=-1, required=True)
@click.option(
    "-o", "--output", metavar="DIR", help="Model folder to write. [default: only compare]"
)
@click.option(
    "--promote/--no-promote",
    default=False,
    help="Make the new model current if the gate lets it pass. [default: no-promote]",
)
@click.option("--force", is_flag=True, help="Promote even if the gate refuses; needs --reason.")
@click.option("--reason", metavar="TEXT", help="Why, for the log.")
@click.option(
    "--margin",
    type=click.FloatRange(0, 1, max_open=True),
    metavar="X",
    default=0.01,
    show_default=True,
    help="Loss that the gate allows: macro-F1 on current rows, ROC AUC of scope.",
)
@click.option(
    "--holdout",
    metavar="FILE",
    help="Labelled rows that neither recipe trains on; both are scored on them as well.",
)
@click.option(
    "--weight",
    type=click.FloatRange(0, min_open=True),
    metavar="W",
    default=3.0,
    show_default=True,
    help="Weight of your rows beside those of the shipped corpus.",
)
@click.option("--only-new", is_flag=True, help="Leave the current data out of the new model.")
@click.option(
    "--allow-few",
    is_flag=True,
    help="Accept new rows of one label only. The comparison cannot see their cost then.",
)
@label_option
@service_option
@read_options
@click.option("-q", "--quiet", is_flag=True, help="No word on the steps, only the result.")
def command(
    files: tuple[str, ...],
    output: str | None,
    promote: bool,
    force: bool,
    reason: str | None,
    margin: float,
    holdout: str | None,
    weight: float,
    only_new: bool,
    allow_few: bool,
    label: str,
    service: str | None,
    quiet: bool,
    **how: Any,
) -> None:
    """Train on the current data plus the labelled rows of FILE, of any format that label reads.

    Rows have a text and a label: KPO, BPO or OTHER (out of scope), in any case; a service if you
    know it. The current data are the rows of the current model: the shipped corpus, until another
    model is promoted.

    Two recipes, current data and current plus new, are refitted on the same folds and scored side by
    side. The gate refuses the new one if on current rows it may be worse by more than the margin, or
    has lost beyond chance on new rows, the holdout or in a service, or if the current data contradict
    most new labels, KPO and BPO alike. With --promote it becomes current if it passes; exit code 1 if
    not. With -o it is written to a folder, whatever the gate says.

    \b
    kpoclf train new.csv                          # only compare
    kpoclf train new.csv --promote                # the next kpoclf label uses it
    kpoclf train new.csv -o my-model              # for --model my-model
    """
    from kpoclf.cli.comparison import shown
    from kpoclf.judge.model import load
    from kpoclf.learn.train import train
    from kpoclf.model.store import Store

    promote |= force
    reason = " ".join((reason or "").split())
    if force and not reason:
        raise InputError("--force needs --reason TEXT: the log keeps why the gate was overruled")
    if reason and not promote:
        raise InputError("--reason is for the log of promotions: give --promote too")
    if output is not None:
        check_target(Path(output))
    missing = next(
        (f for f in (*files, holdout) if f not in (None, "-") and not _is_there(f)), None
    )
    if missing:
        raise InputError(f"{missing}: no such file")
    options = reading([*files, holdout], **how)

    def wanted(found: Training) -> bool:
        click.echo(shown(found.comparison, found.gate))
        return output is not None or (promote and (force or found.gate.passed))

    training = train(
        files,
        only_new=only_new,
        allow_few=allow_few,
        current=load("current") if Store().current() else None,
        weight=weight,
        holdout=holdout,
        margin=margin,
        fit=wanted,
        tell=(lambda step: None) if quiet else _Steps(),
        label=label,
        service=service,
        **asdict(options),
    )
    if training.model is not None and output is not None:
        training.model.save(output)
        click.echo(f"model {training.model.id} written to {output}", err=True)
    if not promote:
        if output is None:
            click.echo(
                "no model written: promote it with --promote, or give a folder with -o", err=True
            )
        return
    if training.model is None or not (force or training.gate.passed):
        click.echo(
            "not promoted: the gate refused. kpoclf corpus suspects FILE names doubtful labels; "
            "--force --reason TEXT promotes all the same",
            err=True,
        )
        raise SystemExit(1)
    _promote(Store(), training.model, _why(training, reason))


class _Steps:
    """Each step on a line of its own; on a terminal the line also counts its folds."""

    def __init__(self) -> None:
        self._step = ""

    def __call__(self, told: str) -> None:
        step, _, fold = told.partition(", fold ")
        if step != self._step:
            click.echo(f"{step} …", err=True)
        elif fold and sys.stderr.isatty():
            click.echo(f"\x1b[A\r{step}, fold {fold} …", err=True)
        self._step = step


def _is_there(name: str | None) -> bool:
    return name is not None and Path(name).exists()


def _why(training: Training, reason: str) -> str:
    found = f"{training.comparison.n_new:,} new rows"
    verdict = "gate passed" if training.gate.passed else "forced: gate refused"
    return f"{found}, {verdict}" + (f": {reason}" if reason else "")


def _promote(store: Store, model: Model, why: str) -> None:
    before = store.current() or "shipped"
    with tempfile.TemporaryDirectory(prefix="kpoclf-") as folder:
        model.save(Path(folder, "model"))
        store.add(Path(folder, "model"))
    store.promote(model.id, why)
    click.echo(
        f"model {model.id} is current now (before: {before}); kpoclf models rollback undoes it",
        err=True,
    )
