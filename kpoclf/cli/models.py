"""``kpoclf models``: versions of the model."""

from __future__ import annotations

import textwrap
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from kpoclf.cli.model_option import find_model, in_store
from kpoclf.errors import InputError
from kpoclf.model.folder import check_target, copy_model

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kpoclf.model.store import Version

__all__ = ["command"]

_TIME = "%Y-%m-%d %H:%M"
_WIDTH = 80
_INDENT = " " * 18  # of what stands below an entry of the log


@click.group("models")
def command() -> None:
    """List versions of the model, make one current, show, verify, export and import them.

    MODEL is the id of a version or its beginning, shipped, current, or a model folder; if not given,
    current. Other commands use the current version unless --model names another.

    Versions lie in KPOCLF_HOME, or in the folder that your system keeps for your data.
    """


@command.command("list")
def list_() -> None:
    """List the versions; * marks the current one.

    Rows are those it was trained on, macro-F1 is from cross-validation on them; times are UTC.
    """
    from kpoclf.model.store import Store

    store = Store()
    versions = store.versions()
    click.echo("\n".join(_table(versions)))
    if not any(version.current for version in versions):
        store.read("current")  # says what is wrong with it, and the way out


def _table(versions: list[Version]) -> Iterator[str]:
    yield f"  {'id':<14}{'added':<18}{'rows':>7}  macro-F1"
    for version in versions:
        added = "shipped" if version.added is None else f"{version.added:{_TIME}}"
        rows = "" if version.rows is None else f"{version.rows:,}"
        figure = "" if version.macro_f1 is None else f"{version.macro_f1:.3f}"
        mark = "*" if version.current else " "
        yield f"{mark} {version.id:<14}{added:<18}{rows:>7}  {figure}".rstrip()


@command.command("use")
@click.argument("name", metavar="ID")
@click.option("--reason", metavar="TEXT", default="", help="Why, for the log.")
def use(name: str, reason: str) -> None:
    """Verify a version and make it current.

    ID is that of a version or its beginning, or shipped.
    """
    from kpoclf.model.store import Store

    if not in_store(name):
        raise InputError(
            f"{name}: not the id of a version; a folder becomes one by kpoclf models import"
        )
    click.echo(f"current model: {Store().promote(name, reason, 'use')}", err=True)


@command.command("rollback")
@click.option("--reason", metavar="TEXT", default="", help="Why, for the log.")
def rollback(reason: str) -> None:
    """Go back to the version that was current before.

    Called again, it goes to the one before that.
    """
    from kpoclf.model.store import Store

    click.echo(f"current model: {Store().rollback(reason)}", err=True)


@command.command("log")
def log() -> None:
    """Show who changed what, oldest first, and why below it. Times are UTC.

    add: a version was kept; promote: kpoclf train made it current; use: models use did; rollback:
    back to the one before.
    """
    from kpoclf.model.store import Store

    entries = Store().log()
    if not entries:
        click.echo("no change yet: the shipped model is current", err=True)
        return
    click.echo(f"{'when':<18}{'action':<10}{'from':<14}{'to':<14}who")
    for entry in entries:
        when = datetime.fromisoformat(str(entry["when"]))
        moved = f"{entry['action']:<10}{entry['from'] or '':<14}{entry['to']:<14}"
        click.echo(f"{when:{_TIME}}  {moved}{entry['who']}")
        for line in textwrap.wrap(str(entry["why"]), _WIDTH - len(_INDENT)):
            click.echo(_INDENT + line)


@command.command("show")
@click.argument("name", metavar="[MODEL]", required=False)
def show(name: str | None) -> None:
    """Show a model's card: what it was made from, and its figures."""
    find_model(name)  # verifies
    click.echo((_path(name) / "README.md").read_text(encoding="utf-8"), nl=False)


@command.command("verify")
@click.argument("name", metavar="[MODEL]", required=False)
def verify(name: str | None) -> None:
    """Check that a model is complete and unchanged. Exit code 2 if not."""
    model = find_model(name)
    sizes = model.trained.weights
    click.echo(f"model {model.id}: complete and unchanged, {sizes.n_features:,} features")


@command.command("import")
@click.argument("folder", metavar="DIR")
def import_(folder: str) -> None:
    """Verify a model folder and copy it into the versions. It does not become current."""
    from kpoclf.model.store import Store

    name = Store().add(folder)
    click.echo(f"model {name} is kept; make it current by: kpoclf models use {name}", err=True)


@command.command("export")
@click.argument("name", metavar="[MODEL]", required=False)
@click.option("-o", "--output", metavar="OUT", required=True, help="File or folder to write.")
@click.option(
    "--format",
    "kind",
    type=click.Choice(("joblib", "folder")),
    default="folder",
    show_default=True,
    help="A model folder, or a scikit-learn pipeline of the label head as joblib.",
)
def export(name: str | None, output: str, kind: str) -> None:
    """Copy a verified model, or write it as a scikit-learn pipeline.

    A joblib file runs code when it is loaded: load only files that you trust. Loading it needs
    kpoclf and the same scikit-learn release.
    """
    model = find_model(name)
    if kind == "folder":
        check_target(Path(output))
        copy_model(_path(name), Path(output))
    else:
        import joblib

        from kpoclf.files import whole_file

        if Path(output).suffix != ".joblib":
            raise InputError(f"{output}: name a file that ends in .joblib")
        with whole_file(Path(output)) as stream:
            joblib.dump(model.to_sklearn(), stream, compress=3)
    click.echo(f"model {model.id} written to {output}", err=True)


def _path(name: str | None) -> Path:
    if name is not None and not in_store(name):
        return Path(name)
    from kpoclf.model.store import Store

    return Store().path_of(name or "current")
