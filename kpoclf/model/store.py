"""Versions of the model: which a user has, which is current, who changed it and why.

The home folder holds::

    models/<id>/    model folders, named by their content
    current.json    which of them is current, what was current before it, the last change
    log.jsonl       every change, one a line
    lock            held by the one process that writes

Whatever is written appears by one rename, so a reader needs no lock, and a process that is killed
leaves at most a temporary file, which the next one removes. The pointer carries its own line of the
log: a log that lost it to a kill is completed by the next change.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Literal

import numpy as np

from kpoclf.errors import InputError, ModelError
from kpoclf.model.folder import copy_model, read_description, read_model
from kpoclf.model.scorer import Scorer
from kpoclf.resources import POINTER, home_folder, shipped

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kpoclf.model.trained import TrainedModel

__all__ = ["SHIPPED", "Store", "Version"]

SHIPPED = "shipped"
_CURRENT = "current"
_ID = re.compile("[0-9a-f]{12}")
_LEFT_BEHIND = re.compile(r"\.([0-9a-f]{12}|current\.json)\.\w+\.(part|old)")
_WAY_OUT = "`kpoclf models use shipped` goes back to the shipped model"

Entry = dict[str, str | None]


@dataclass(frozen=True)
class Version:
    """One version of the model.

    Attributes
    ----------
    name : str
        Its id, or ``"shipped"``.
    id : str
        Twelve hexadecimal digits that name its content.
    path : pathlib.Path
        Its folder.
    added : datetime or None
        When it came into the store, UTC; None for the shipped model.
    rows : int or None
        Number of rows it was trained on, if it says so.
    macro_f1 : float or None
        Macro-F1 of its label by cross-validation, if it says so.
    current : bool
    """

    name: str
    id: str
    path: Path
    added: datetime | None
    rows: int | None
    macro_f1: float | None
    current: bool


@dataclass(frozen=True)
class _Pointer:
    """Which version is current; None is the shipped model."""

    id: str | None = None
    history: tuple[str | None, ...] = ()
    change: Entry | None = None


class Store:
    """The versions of the model that a user has, and which of them is current.

    Parameters
    ----------
    home : pathlib.Path, optional
        Its folder, made when something is first written. If not given: ``KPOCLF_HOME``, else a
        folder in the user's data.

    Examples
    --------
    >>> store = Store(Path("no", "such", "folder"))
    >>> store.current() is None
    True
    >>> [version.name for version in store.versions()]
    ['shipped']
    """

    def __init__(self, home: Path | None = None) -> None:
        self.home = home_folder() if home is None else Path(home)
        self._models = self.home / "models"
        self._pointer = self.home / POINTER
        self._log = self.home / "log.jsonl"

    def current(self) -> str | None:
        """Id of the version that was promoted last; None for the shipped model.

        Raises
        ------
        ModelError
            If the pointer is damaged. One line that says the way out.
        """
        return self._read_pointer().id

    def since(self) -> datetime | None:
        """When the current version became current, UTC; None if none ever was promoted."""
        change = self._read_pointer().change
        return None if change is None else datetime.fromisoformat(str(change["when"]))

    def versions(self) -> list[Version]:
        """The shipped model, then every whole version in the order in which they were added.

        Folders whose description cannot be read are passed over; `read` says what they lack.
        """
        try:
            current = self.current()
        except ModelError:
            current = ""  # none of them
        found = []
        for name in self._ids():
            path = self._models / name
            with suppress(ModelError, OSError):
                added = datetime.fromtimestamp((path / "model.json").stat().st_mtime, UTC)
                found.append(_version(name, path, added, current == name))
        found.sort(key=lambda version: (version.added, version.id))
        return [_version(SHIPPED, shipped("models", "default"), None, current is None), *found]

    def path_of(self, name: str) -> Path:
        """Folder of a version.

        Parameters
        ----------
        name : str
            An id, the beginning of one that no other has, ``"shipped"`` or ``"current"``.

        Raises
        ------
        InputError
            If no version or several are named so.
        ModelError
            If the pointer is damaged.
        """
        return self._folder(self._resolve(name))

    def read(self, name: str) -> tuple[TrainedModel, str]:
        """Read and verify a version.

        Parameters
        ----------
        name : str
            As for `path_of`.

        Returns
        -------
        model : TrainedModel
        id : str

        Raises
        ------
        InputError
            If no version or several are named so.
        ModelError
            If it is missing or damaged; for the current one the line says the way out.
        """
        chosen = self._resolve(name)
        try:
            return self._read(chosen)
        except ModelError as error:
            if name != _CURRENT:
                raise
            raise ModelError(f"the current model is not usable: {error}; {_WAY_OUT}") from None

    def add(self, folder: str | Path) -> str:
        """Copy a model folder into the store, verified and whole; it does not become current.

        Adding a model that is there changes nothing, unless that copy is damaged: it is replaced.

        Parameters
        ----------
        folder : str or pathlib.Path

        Returns
        -------
        str
            Its id.

        Raises
        ------
        ModelError
            If the folder is no whole model.
        InputError
            If the store cannot be written.
        """
        _, name = read_model(Path(folder))
        with self._writing():
            try:
                self._read(name)
            except ModelError:
                copy_model(Path(folder), self._models / name)
            if not any(e["action"] == "add" and e["to"] == name for e in self._logged()):
                self._append(_entry("add", None, name, ""))
        return name

    def promote(
        self, name: str, reason: str = "", action: Literal["promote", "use"] = "promote"
    ) -> str:
        """Make a version current, once it has been read, verified and has scored a text.

        Parameters
        ----------
        name : str
            As for `path_of`.
        reason : str
            Why, for the log.
        action : str
            What the log calls it: ``"promote"`` after the gate, ``"use"`` by hand.

        Returns
        -------
        str
            Its id, or ``"shipped"``.

        Raises
        ------
        InputError
            If no version or several are named so, or the store cannot be written.
        ModelError
            If the version is missing or damaged. The pointer has not moved then.
        """
        with self._writing():
            chosen = self._resolve(name)
            self._try(chosen)
            try:
                now = self._read_pointer()
            except ModelError:  # what a damaged pointer said is lost
                self._move(chosen, (), _entry(action, None, chosen, reason))
            else:
                if chosen != now.id:
                    change = _entry(action, now.id or SHIPPED, chosen, reason)
                    self._move(chosen, (*now.history, now.id), change)
        return chosen or SHIPPED

    def rollback(self, reason: str = "") -> str:
        """Go back to the version that was current before; again, to the one before that.

        Parameters
        ----------
        reason : str
            Why, for the log.

        Returns
        -------
        str
            Id of the version that is now current, or ``"shipped"``.

        Raises
        ------
        InputError
            If none was current before, or the store cannot be written.
        ModelError
            If that version is missing or damaged. The pointer has not moved then.
        """
        with self._writing():
            now = self._read_pointer()
            if not now.history:
                raise InputError("no earlier version to go back to; see kpoclf models log")
            *history, chosen = now.history
            self._try(chosen)
            change = _entry("rollback", now.id or SHIPPED, chosen, reason)
            self._move(chosen, tuple(history), change)
        return chosen or SHIPPED

    def log(self) -> list[Entry]:
        """Every change, oldest first.

        Returns
        -------
        list of dict
            ``action`` (add, promote, use, rollback), ``who``, ``when`` (UTC, ISO 8601), ``from`` and
            ``to`` (an id, ``"shipped"``, or None where there is none), ``why``.
        """
        entries = self._logged()
        with suppress(ModelError):
            change = self._read_pointer().change
            if change is not None and change not in entries:
                entries.append(change)
        return entries

    def _ids(self) -> list[str]:
        try:
            return sorted(name for name in os.listdir(self._models) if _ID.fullmatch(name))
        except OSError:
            return []

    def _resolve(self, name: str) -> str | None:
        """Id of the version named; None for the shipped model."""
        if name == SHIPPED:
            return None
        if name == _CURRENT:
            return self.current()
        ids = self._ids()
        found = [found for found in ids if name and found.startswith(name)]
        if len(found) > 1:
            raise InputError(f"{name}: begins the ids of {len(found)} versions; give more of it")
        if found:
            return found[0]
        if name and _describe(SHIPPED, shipped("models", "default"))["id"].startswith(name):
            return None
        raise InputError(f"{name}: no version has this id; kpoclf models list shows them")

    def _folder(self, id: str | None) -> Path:
        return shipped("models", "default") if id is None else self._models / id

    def _read(self, id: str | None) -> tuple[TrainedModel, str]:
        path = self._folder(id)
        trained, found = read_model(path)
        if id is not None and found != id:
            raise ModelError(f"{path}: holds model {found}, not the one it is named for")
        return trained, found

    def _try(self, id: str | None) -> None:
        trained, _ = self._read(id)
        scores = Scorer(trained.weights).label_decisions(["Advise on the ledger."])
        if not np.isfinite(scores).all():
            raise ModelError(f"{self._folder(id)}: gives no usable score; train anew")

    def _read_pointer(self) -> _Pointer:
        try:
            content = self._pointer.read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return _Pointer()
        except OSError as error:
            raise ModelError(f"{self._pointer}: cannot be read ({error.strerror})") from None
        try:
            found = json.loads(content)
            pointer = _Pointer(found["id"], tuple(found["history"]), _checked(found["change"]))
            if not all(i is None or _ID.fullmatch(i) for i in (pointer.id, *pointer.history)):
                raise ValueError
        except (ValueError, LookupError, TypeError, RecursionError):
            raise ModelError(
                f"{self._pointer}: does not say which model is current (changed or truncated); "
                f"{_WAY_OUT}"
            ) from None
        return pointer

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """Alone in the store, where the system has locks; what a killed process left is gone."""
        try:
            self._models.mkdir(parents=True, exist_ok=True)
            with (self.home / "lock").open("ab") as lock:
                if _lock(lock):
                    self._sweep()
                for entry in self.log()[len(self._logged()) :]:
                    self._append(entry)
                yield
        except OSError as error:
            raise InputError(
                f"{self.home}: cannot be written ({error.strerror or error}); "
                "make room, or name another folder in KPOCLF_HOME"
            ) from None

    def _sweep(self) -> None:
        for folder in (self.home, self._models):
            for name in filter(_LEFT_BEHIND.fullmatch, os.listdir(folder)):
                if (folder / name).is_dir():
                    shutil.rmtree(folder / name, ignore_errors=True)
                else:
                    (folder / name).unlink(missing_ok=True)

    def _move(self, chosen: str | None, history: tuple[str | None, ...], change: Entry) -> None:
        from kpoclf.files import whole_file

        told = {"id": chosen, "history": history, "change": change}
        with whole_file(self._pointer) as stream:
            stream.write(json.dumps(told, indent=1).encode() + b"\n")
        with suppress(OSError):  # the pointer keeps it for the next change
            self._append(change)

    def _append(self, entry: Entry) -> None:
        with self._log.open("a+b") as stream:
            end = stream.seek(0, os.SEEK_END)
            if end:
                stream.seek(end - 1)
            whole = not end or stream.read(1) == b"\n"  # else a kill cut the last line
            stream.write((b"" if whole else b"\n") + json.dumps(entry).encode() + b"\n")
            stream.flush()
            os.fsync(stream.fileno())

    def _logged(self) -> list[Entry]:
        try:
            lines = self._log.read_bytes().splitlines()
        except OSError:
            return []
        entries = []
        for line in lines:
            # Passes over a line that a kill cut.
            with suppress(ValueError, LookupError, TypeError, RecursionError):
                entries.append(_checked(json.loads(line)))
        return entries


def _version(name: str, path: Path, added: datetime | None, current: bool) -> Version:
    described = _describe(name, path)
    figure = described["figures"].get("label, macro_f1", {}).get("value")
    rows = described["corpus"].get("rows")
    return Version(name, described["id"][:12], path, added, rows, figure, current)


def _describe(name: str, path: Path) -> dict[str, Any]:
    described = read_description(path)
    if name not in (SHIPPED, described["id"][:12]) or not all(
        (path / file).is_file() for file in described["files"]
    ):
        raise ModelError(f"{path}: not a whole model")
    return described


def _entry(action: str, before: str | None, after: str | None, why: str) -> Entry:
    when = datetime.now(UTC).isoformat(timespec="microseconds")
    return {
        "action": action,
        "who": _user(),
        "when": when,
        "from": before,
        "to": after or SHIPPED,
        "why": why,
    }


def _checked(entry: Any) -> Entry:
    keys = ("action", "who", "when", "from", "to", "why")
    datetime.fromisoformat(entry["when"])
    return {key: None if entry[key] is None else str(entry[key]) for key in keys}


def _user() -> str:
    import getpass

    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):  # a user without a name, as in some containers
        return str(os.getuid()) if hasattr(os, "getuid") else "unknown"


def _lock(stream: IO[bytes]) -> bool:
    """Wait to be alone; False where the system has no such lock."""
    try:
        import fcntl
    except ImportError:
        return False
    fcntl.flock(stream, fcntl.LOCK_EX)
    return True
