"""Where the files that travel with the package are: packed in the wheel, or in the checkout."""

from __future__ import annotations

from pathlib import Path

__all__ = ["shipped"]

_PACKAGE = Path(__file__).resolve().parent


def shipped(*parts: str) -> Path:
    """Path of a file or folder below ``data/`` or ``models/``.

    Parameters
    ----------
    *parts : str
        The path's parts, the first being ``"data"`` or ``"models"``.

    Returns
    -------
    pathlib.Path
        In the installed package where the wheel packed it, else in the checkout.

    Examples
    --------
    >>> shipped("data", "taxonomy.toml").name
    'taxonomy.toml'
    """
    packed = _PACKAGE / "_shipped"
    root = packed if packed.is_dir() else _PACKAGE.parent
    return root.joinpath(*parts)
