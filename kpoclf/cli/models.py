"""``kpoclf models``: show, verify and export models."""

from __future__ import annotations

from pathlib import Path

import click

from kpoclf.errors import InputError
from kpoclf.judge.model import load
from kpoclf.resources import shipped

__all__ = ["command"]


@click.group("models")
def command() -> None:
    """Show, verify and export models. DIR is a model folder; the shipped model if not given."""


@command.command("show")
@click.argument("folder", metavar="[DIR]", required=False)
def show(folder: str | None) -> None:
    """Show a model's card: what it was made from, and its figures."""
    load(folder)  # verifies
    path = Path(folder) if folder else shipped("models", "default")
    click.echo((path / "README.md").read_text(encoding="utf-8"), nl=False)


@command.command("verify")
@click.argument("folder", metavar="[DIR]", required=False)
def verify(folder: str | None) -> None:
    """Check that a model folder is complete and unchanged. Exit code 2 if not."""
    model = load(folder)
    sizes = model.trained.weights
    click.echo(f"model {model.id}: complete and unchanged, {sizes.n_features:,} features")


@command.command("export")
@click.argument("folder", metavar="[DIR]", required=False)
@click.option("-o", "--output", metavar="OUT", required=True, help="File or folder to write.")
@click.option(
    "--format",
    "kind",
    type=click.Choice(("joblib", "folder")),
    default="folder",
    show_default=True,
    help="A model folder, or a scikit-learn pipeline of the label head as joblib.",
)
def export(folder: str | None, output: str, kind: str) -> None:
    """Copy a verified model, or write it as a scikit-learn pipeline.

    A joblib file runs code when it is loaded: load only files that you trust. Loading it needs
    kpoclf and the same scikit-learn release.
    """
    model = load(folder)
    if kind == "folder":
        model.save(output)
    else:
        import joblib

        from kpoclf.files import whole_file

        if Path(output).suffix != ".joblib":
            raise InputError(f"{output}: name a file that ends in .joblib")
        with whole_file(Path(output)) as stream:
            joblib.dump(model.to_sklearn(), stream, compress=3)
    click.echo(f"model {model.id} written to {output}", err=True)
