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

    Parameters
    ----------
    package : str
        The distribution that could not be imported.
    extra : str
        The extra of kpoclf that installs it.
    """

    def __init__(self, package: str, extra: str) -> None:
        super().__init__(
            f"this needs {package}, which is not installed: pip install 'kpoclf[{extra}]'"
        )
        self.package = package
        self.extra = extra
