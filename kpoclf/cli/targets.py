"""Which files ``kpoclf label`` reads, and what it writes for each."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

from kpoclf.errors import InputError
from kpoclf.tables.source import STDIN, bare_name, ending_of, promised

__all__ = ["Target", "targets"]

# Beside tables in a folder: left by systems and programs, or written for people.
_PREFIXES = (".", "_", "~$")
_ENDINGS = (".md", ".rst", ".ini", ".db", ".crc")
_FOR_PEOPLE = ("readme", "license", "licence", "copying", "notice", "changelog")


class Target(NamedTuple):
    """A file to read, and the one to write.

    Attributes
    ----------
    source : str
        ``"-"`` is standard input.
    output : str or None
        Standard output if None or ``"-"``.
    folder : str or None
        Of the outputs, if there are several.
    found : bool
        Whether it was found in a folder, not named by the user.
    """

    source: str
    output: str | None
    folder: str | None = None
    found: bool = False


def targets(files: tuple[str, ...], output: str | None) -> tuple[list[Target], list[str]]:
    """What is to be read and written.

    Parameters
    ----------
    files : tuple of str
        Files, or folders that stand for the files below them.
    output : str or None
        A file; a folder if there are several files or a folder.

    Returns
    -------
    targets : list of Target
    skipped : list of str
        What lies in the folders and holds no table, by its name.

    Raises
    ------
    InputError
        If a file is missing, two would be written to one, or the output does not fit their number.
    """
    if "" in (*files, output):
        raise InputError("the name of a file is empty; name the file")
    if len(files) == 1 and not Path(files[0]).is_dir():
        if output is not None and output != STDIN and Path(output).is_dir():
            raise InputError(f"{output}: is a folder; name the file to write")
        return [Target(files[0], output)], []
    if output is None or output == STDIN:
        several = f"{files[0]}: is a folder; its files" if len(files) == 1 else "several files"
        raise InputError(f"{several} need a folder to write to: name it with -o")
    if STDIN in files:
        raise InputError("standard input (-) cannot be one of several files")
    folder = Path(output)
    if folder.exists() and not folder.is_dir():
        raise InputError(f"{output}: is a file; several inputs need a folder")
    wanted: dict[str, Target] = {}
    skipped: list[str] = []
    for file in map(Path, files):
        places = [Path(file.name)]
        if inside := file.is_dir():
            places = _places(file, folder, skipped)
        for place in places:
            name = str(place.with_name(_written(place.name)))
            if name in wanted:
                raise InputError(f"two files would be written to {name}; label them one by one")
            source = file / place if inside else file
            wanted[name] = Target(str(source), str(folder / name), output, inside)
    missing = next((t.source for t in wanted.values() if not os.path.exists(t.source)), None)
    if missing:
        raise InputError(f"{missing}: no such file")
    return list(wanted.values()), skipped


def _places(folder: Path, output: Path, skipped: list[str]) -> list[Path]:
    """Files below a folder that should hold tables, by their path in it."""
    found = []
    read, written = folder.resolve(), output.resolve()
    if read == written:
        raise InputError(
            f"{output}: the outputs would replace the inputs; name another folder with -o"
        )
    inside = read in written.parents  # of an earlier run, maybe
    for file in sorted(folder.rglob("*")):
        place = file.relative_to(folder)
        hidden = next((i for i, p in enumerate(place.parts) if p.startswith(_PREFIXES)), None)
        if hidden is not None:
            skipped.append(str(folder.joinpath(*place.parts[: hidden + 1])))
        elif file.is_file() and not (inside and written in file.resolve().parents):
            if _no_table(place.name):
                skipped.append(str(file))
            else:
                found.append(place)
    skipped[:] = dict.fromkeys(skipped)
    if not found:
        raise InputError(f"{folder}: no tables in this folder")
    return found


def _no_table(name: str) -> bool:
    ending = ending_of(name)
    for_people = Path(name).stem.lower() in _FOR_PEOPLE and ending in ("", ".txt")
    return for_people or ending in _ENDINGS


def _written(name: str) -> str:
    """Name of a file in the folder of outputs: labelled lines are CSV."""
    bare = bare_name(name)
    if promised(name) == "lines":
        return bare[: -len(ending_of(name))] + ".csv" + name[len(bare) :]
    return name
