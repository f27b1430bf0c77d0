"""Every error that kpoclf raises on purpose.

::

    KpoclfError
    ├── InputError          what the user gave cannot be used (also a ValueError)
    │   └── CorpusError     labelled rows that cannot train or be scored
    ├── ModelError          a model folder that is missing, changed, cut or too new
    └── MissingExtraError   an optional dependency is not installed (also an ImportError)

A message is one line: what is wrong, where (file, row, column), what to do.
The command line prints it and ends with exit code 2.
"""

from __future__ import annotations

__all__ = ["CorpusError", "InputError", "KpoclfError", "MissingExtraError", "ModelError"]


class KpoclfError(Exception):
    """Base of all errors raised by kpoclf."""


class InputError(KpoclfError, ValueError):
    """The text, file, column or option given cannot be used."""


class CorpusError(InputError):
    """Labelled rows that cannot train a model or measure one."""


class ModelError(KpoclfError):
    """A model folder that cannot be used."""


class MissingExtraError(KpoclfError, ImportError):
    """An optional dependency is missing.

    The message names the packages to install: kpoclf may have been installed from anywhere.

    Parameters
    ----------
    package : str
        The distribution that could not be imported.
    extra : str
        The extra of kpoclf that installs it.
    where : str
        Name of the file that needs it.
    """

    def __init__(self, package: str, extra: str, where: str = "") -> None:
        file = f"{where}: " if where else ""
        packages = " ".join(f"'{p}'" for p in _packages(extra) or [package])
        super().__init__(
            f"{file}{package} is missing: pip install {packages} (the extra kpoclf[{extra}])"
        )
        self.package = package
        self.extra = extra


def _packages(extra: str) -> list[str]:
    """Packages of an extra, as the installed kpoclf requires them; none if it is not installed."""
    from importlib.metadata import PackageNotFoundError, requires

    try:
        required = [line.partition(";") for line in requires("kpoclf") or ()]
    except PackageNotFoundError:
        return []
    marks = (f"extra == '{extra}'", f'extra == "{extra}"')
    return [name.strip() for name, _, marker in required if marker.strip() in marks]
