"""Which model a command uses: the option ``--model``, and what names a model."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

import click

from kpoclf.errors import InputError
from kpoclf.judge.model import Model, load
from kpoclf.resources import promoted

__all__ = ["find_model", "in_store", "model_option"]

_F = TypeVar("_F", bound=Callable[..., Any])


def find_model(name: str | None) -> Model:
    """Load the model that a user names.

    Parameters
    ----------
    name : str or None
        A folder, an id or its beginning, ``"shipped"``, or ``"current"``, which None stands for.
    """
    if name is None or name == "current":
        return load("current")
    if name == "shipped":
        return load()
    if in_store(name):
        from kpoclf.model.store import Store

        return Model(*Store().read(name))
    if not os.path.exists(name):
        raise InputError(
            f"{name}: no such model folder, nor a version of this id; kpoclf models list shows them"
        )
    return load(name)


def in_store(name: str) -> bool:
    """Whether a name is one that the store knows, rather than a folder's."""
    if name in ("current", "shipped"):
        return True
    return re.fullmatch("[0-9a-f]{1,12}", name) is not None and not os.path.isdir(name)


def model_option(function: _F) -> _F:
    """``--model MODEL``, given to the command as a loaded model.

    The current version is named on stderr, unless it is the shipped model or the command is quiet.
    """

    @wraps(function)
    def with_model(*args: Any, model: str | None, **options: Any) -> Any:
        found = find_model(model)
        if model in (None, "current") and not options.get("quiet"):
            _name_promoted(found)
        return function(*args, model=found, **options)

    return click.option(
        "--model",
        metavar="MODEL",
        help="Model folder as `kpoclf train -o` writes it, the id of a version or its beginning, "
        "shipped or current (see `kpoclf models`). [default: current]",
    )(with_model)  # type: ignore[return-value]


def _name_promoted(model: Model) -> None:
    if not promoted():
        return
    from kpoclf.model.store import Store

    store = Store()
    if store.current() is not None:
        click.echo(f"kpoclf: model {model.id} (promoted {store.since():%Y-%m-%d})", err=True)
