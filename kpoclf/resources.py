"""Where files are: those that travel with the package, and the user's versions of the model."""

from __future__ import annotations

import os
import sys
from pathlib import Path

__all__ = ["POINTER", "home_folder", "promoted", "shipped"]

POINTER = "current.json"
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


def home_folder() -> Path:
    """Folder of the user's versions of the model: ``KPOCLF_HOME``, else one in the user's data.

    Returns
    -------
    pathlib.Path
        It need not exist.
    """
    if home := os.environ.get("KPOCLF_HOME"):
        return Path(home)
    if sys.platform == "linux" and os.environ.get("HOME", "").startswith("/"):
        # What platformdirs answers, without the 5 ms of importing it: a test compares them.
        base = os.environ.get("XDG_DATA_HOME", "")
        if base.startswith("/"):
            return Path(base, "kpoclf")
        return Path(os.environ["HOME"], ".local", "share", "kpoclf")
    from platformdirs import user_data_path

    try:
        return user_data_path("kpoclf", appauthor=False)
    except RuntimeError:  # a user without a home, as in some containers: nothing can be stored
        return Path(os.devnull, "kpoclf")


def promoted() -> bool:
    """Whether any version was ever made current: asked at every start, so of one file only."""
    try:
        os.stat(home_folder() / POINTER)
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        pass  # there, but not to be read: for the store to tell
    return True
