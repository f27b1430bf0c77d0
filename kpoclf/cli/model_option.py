"""The option ``--model``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from kpoclf.judge.model import Model, load

__all__ = ["model_option"]

_F = TypeVar("_F", bound=Callable[..., Any])


def _load(ctx: click.Context, param: click.Parameter, value: str | None) -> Model:  # noqa: ARG001
    return load(value)


def model_option(function: _F) -> _F:
    """``--model DIR``, given to the command as a loaded model."""
    return click.option(
        "--model",
        metavar="DIR",
        callback=_load,
        help="Model folder, as `kpoclf train -o` writes it. [default: the shipped model]",
    )(function)
