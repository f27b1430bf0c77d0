"""``kpoclf review``: the review queue in the terminal."""

from __future__ import annotations

import os
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, get_args

import click

from kpoclf.cli.model_option import model_option
from kpoclf.cli.reading import read_options, reading
from kpoclf.errors import InputError
from kpoclf.review.queue import DEFAULT_QUEUE, ReviewQueue, Which

if TYPE_CHECKING:
    from kpoclf.judge.model import Model
    from kpoclf.review.choose import Choice
    from kpoclf.review.queue import Reviewed

__all__ = ["command"]

_F = TypeVar("_F", bound=Callable[..., Any])

_FIRST_LINES = 3  # of a text in a list


class _Review(click.Group):
    """A group that begins a session where no subcommand is named."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        helping = bool(args) and args[0] in ctx.help_option_names
        if not helping and (not args or args[0].startswith("-")):
            args = ["start", *args]
        return super().parse_args(ctx, args)


@click.group("review", cls=_Review)
def command() -> None:
    """Label the texts that most need a person; alone: begin or go on, as `kpoclf review start`.

    The queue is one file, kpoclf-review.db in the working directory. Several reviewers may share it,
    at the same time too.

    \b
    kpoclf review add postings.csv -n 200
    kpoclf review
    kpoclf review export -o reviewed.csv
    kpoclf train reviewed.csv --promote
    """


def _queue_option(function: _F) -> _F:
    return click.option(
        "--queue",
        metavar="FILE",
        default=DEFAULT_QUEUE,
        show_default=True,
        help="The queue.",
    )(function)


@command.command("add")
@click.argument("file", metavar="FILE")
@click.option(
    "-n",
    "number",
    metavar="N",
    type=click.IntRange(1),
    default=200,
    show_default=True,
    help="Texts to queue.",
)
@click.option(
    "--random-share",
    metavar="SHARE",
    type=click.FloatRange(0, 1),
    default=0.2,
    show_default=True,
    help="Share of them drawn by chance; they alone say how often the model is right.",
)
@read_options
@_queue_option
@model_option
@click.option("-q", "--quiet", is_flag=True, help="No progress and no summary.")
def add(
    file: str,
    number: int,
    random_share: float,
    queue: str,
    model: Model,
    quiet: bool,
    **how: Any,
) -> None:
    """Label the rows of FILE and queue those that most need a person.

    Uncertain ones first, unlike each other and unlike what is queued; a share by chance. All of them
    are queued or none. Reads what `kpoclf label` reads. Run it again for more: what is in the queue
    already, with these or other text columns, is not queued again.

    \b
    kpoclf review add postings.csv -n 200
    """
    from kpoclf.cli.progress import reading_progress
    from kpoclf.review.choose import Row, choose
    from kpoclf.tables.columns import joined_text, text_columns
    from kpoclf.tables.open_table import open_table
    from kpoclf.tables.record import Record, whole_row
    from kpoclf.tables.source import format_of, shown

    options = reading([file], **how)
    begun = os.path.exists(queue) and os.path.getsize(queue) > 0
    queued = ReviewQueue(queue).items() if begun else {}
    name = shown(file)
    in_a_sheet = format_of(file, options.format) == "xlsx"
    with reading_progress(file, quiet) as tell, open_table(file, options, tell) as (table, _):
        texts = text_columns(table.columns, options.text, name)

        def row(record: Record) -> Row:
            place = f"sheet {record.where}" if in_a_sheet else record.where
            return Row(
                joined_text(record.values, texts),
                place,
                lambda: zip(table.columns, whole_row(record), strict=False),
            )

        found = choose(
            model,
            map(row, table.records()),
            number,
            source=name,
            random_share=random_share,
            queued=queued,
        )
    if not found.distinct:
        raise InputError(f"{name}: no text of three words or more to review")
    n = ReviewQueue(queue, create=True).add(
        found.candidates, drawn=found.drawn, populations={(name, model.id): found.distinct}
    )
    if not quiet:
        _tell_added(name, queue, n, number, found)


def _n(n: int, what: str) -> str:
    """A number of things: "1 text", "2 texts"."""
    return f"{n:,} {what}" + ("" if n == 1 else "s")


def _tell_added(name: str, queue: str, n: int, wanted: int, found: Choice) -> None:
    short = f", {found.too_short:,} of fewer than three words" if found.too_short else ""
    known = f", {found.known:,} of them in the queue already" if found.known else ""
    click.echo(
        f"{name}: {_n(found.rows, 'row')}, {_n(found.distinct, 'different text')}{known}{short}",
        err=True,
    )
    random = sum(candidate.chosen == "random" for candidate in found.candidates)
    again = (
        f"; {len(found.drawn):,} queued before were drawn too: random now" if found.drawn else ""
    )
    click.echo(
        f"{queue}: {_n(n, 'text')} queued, {n - random:,} uncertain and {random:,} random{again}",
        err=True,
    )
    if found.known == found.distinct:
        click.echo("every text of it is in the queue already", err=True)
    elif n < wanted:
        click.echo("no more that differ enough from each other and from what is queued", err=True)


@command.command("start")
@click.option("--reviewer", metavar="NAME", help="Who answers. [default: your login name]")
@click.option("--blind", is_flag=True, help="Keep the model's answer and its reasons back.")
@click.option(
    "--only",
    "which",
    type=click.Choice(get_args(Which)),
    default="new",
    show_default=True,
    help="Texts that nobody has answered; that others have; that you skipped; on which reviewers "
    "differ.",
)
@_queue_option
@model_option
def start(reviewer: str | None, blind: bool, which: Which, queue: str, model: Model) -> None:
    """Label text by text, one key each; what `kpoclf review` alone does.

    Each answer is on the disk before the next text is shown. Keys: k KPO, b BPO, o out of scope,
    s skip, u undo, n note, q quit; ? explains them.
    """
    from kpoclf.cli.review_session import Session

    Session(ReviewQueue(queue), model, reviewer or _login(), which, blind).run()


def _login() -> str:
    import getpass

    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):
        raise InputError("your login name is not known: give one with --reviewer") from None


@command.command("status")
@_queue_option
def status(queue: str) -> None:
    """Say how far the queue is, how well reviewers agree, and how often the model is right."""
    from collections import Counter

    from kpoclf.review.agreement import agreements
    from kpoclf.review.estimate import FEWEST, estimate_accuracy, told_estimate
    from kpoclf.taxonomy import LABELS

    found = ReviewQueue(queue)
    progress = found.progress()
    reviewed = found.reviewed()
    click.echo(f"{queue}: {_n(progress.total, 'text')}, {progress.answered:,} labelled, "
               f"{progress.left:,} to do")  # fmt: skip
    labels = Counter(r.label for r in reviewed)
    sums = [f"{labels[label]:,} {label}" for label in LABELS]
    if labels[None]:
        sums.append(f"{labels[None]:,} in conflict")
    _line("labels", f"{' + '.join(sums)} = {progress.answered:,} labelled")
    if labels[None]:
        _line("conflicts", f"{labels[None]:,}: kpoclf review conflicts")
    for name, n in progress.reviewers.items():
        _line("reviewer", f"{name}, {_n(n, 'text')}")
    for pair in agreements(reviewed):
        kappa = "not defined: one answer only" if pair.kappa is None else f"{pair.kappa:.2f}"
        told = f"{pair.first} and {pair.second}: the same answer to {pair.same:,} of {_n(pair.n, 'text')}"
        _line("agreement", f"{told}, kappa {kappa}")
    estimate = estimate_accuracy(found)
    _line("accuracy", told_estimate(estimate, full=True))
    if estimate is None:
        return
    wanted = FEWEST - estimate.n - estimate.held if estimate.early else estimate.more
    if wanted > estimate.waiting:
        _line("", f"{_n(estimate.waiting, 'random text')} left in the queue; kpoclf review add FILE "
              "--random-share 1 draws more")  # fmt: skip


def _line(name: str, told: str) -> None:
    click.echo(f"{name:<11}{told}")


@command.command("export")
@click.option("-o", "--output", metavar="OUT", help="CSV file to write. [default: standard output]")
@click.option(
    "--conflicts", is_flag=True, help="Write the texts on which reviewers differ instead."
)
@_queue_option
def export(output: str | None, conflicts: bool, queue: str) -> None:
    """Write the labelled texts as CSV, for `kpoclf train`.

    Your own columns first, as they were in FILE, then text, label, reviewers, note, source (the file),
    row (1 is the first below the header) and place (its line, or row of the sheet). A column of yours
    that is called like one of these comes back as own_NAME. Of several answers to a text the one of
    more than half of its reviewers is the label; texts without one are left out.

    \b
    kpoclf review export -o reviewed.csv
    kpoclf train reviewed.csv -o my-model
    """
    from kpoclf.files import whole_file
    from kpoclf.review.export import write_conflicts, write_labelled
    from kpoclf.tables.source import STDIN, promised

    found = ReviewQueue(queue)
    differing = found.conflicts()
    rows = differing if conflicts else found.labelled()
    write = write_conflicts if conflicts else write_labelled
    if not rows:
        what = "no conflicts" if conflicts else "nothing is labelled"
        raise InputError(f"{queue}: {what}; kpoclf review status says how far the queue is")
    if output in (None, STDIN):
        write(rows, sys.stdout.buffer)
    else:
        if promised(output) not in (None, "csv"):
            raise InputError(
                f"{output}: the rows are written as CSV; name a file that ends in .csv"
            )
        if os.path.realpath(output) == os.path.realpath(queue):
            raise InputError(f"{output}: the output would replace the queue; name another file")
        with whole_file(Path(output)) as stream:
            write(rows, stream)
        click.echo(f"{_n(len(rows), 'row')} written to {output}", err=True)
    if differing and not conflicts:
        click.echo(
            f"{_n(len(differing), 'text')} on which reviewers differ "
            f"{'is' if len(differing) == 1 else 'are'} left out: "
            "kpoclf review conflicts",
            err=True,
        )


@command.command("conflicts")
@_queue_option
def list_conflicts(queue: str) -> None:
    """List the texts on which reviewers differ, and who answered what.

    `kpoclf review --only conflicts` hands them out again; a third reviewer decides a tie.
    """
    found = ReviewQueue(queue).conflicts()
    for conflict in found:
        click.echo(_told_conflict(conflict))
    again = ": kpoclf review --only conflicts hands them out again" if found else ""
    click.echo(f"{_n(len(found), 'conflict')}{again}", err=True)


def _told_conflict(found: Reviewed) -> str:
    lines = [found.item.where]
    lines += [
        f"  {d.reviewer}: {d.answer}" + (f" ({d.note})" if d.note else "") for d in found.decisions
    ]
    text = textwrap.wrap(" ".join(found.item.text.split()), 76, max_lines=_FIRST_LINES,
                         placeholder=" …")  # fmt: skip
    return "\n".join([*lines, *(f"    {line}" for line in text), ""])
