"""Model folders: ``model.json``, ``weights.npz`` and a generated ``README.md``. No pickle."""

from __future__ import annotations

import hashlib
import io
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from kpoclf.errors import InputError, ModelError
from kpoclf.model.calibration import Calibration, ScopeCalibration
from kpoclf.model.card import model_card
from kpoclf.model.form_table import FormTable
from kpoclf.model.npz import read_npz, write_npz
from kpoclf.model.packing import unpack
from kpoclf.model.review import ReviewModel
from kpoclf.model.sentence_heads import SentenceHeads
from kpoclf.model.stored_rows import PackedRows
from kpoclf.model.trained import Thresholds, TrainedModel
from kpoclf.model.weights import Weights

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

__all__ = [
    "FORMAT",
    "UNUSABLE",
    "check_target",
    "copy_model",
    "describe",
    "model_id",
    "read_description",
    "read_model",
    "write_model",
]

FORMAT = 3
_SLUG = re.compile("[a-z0-9]+(-[a-z0-9]+)*")
_DESCRIPTION, _WEIGHTS, _ROWS, _CARD = "model.json", "weights.npz", "rows.npz", "README.md"
# What building a model of arrays of any content can raise.
UNUSABLE = (LookupError, ValueError, TypeError)


def model_id(model: TrainedModel) -> str:
    """Twelve hexadecimal digits that name a model by its content."""
    digest: str = _describe(model, _files(model))["id"]
    return digest[:12]


def describe(model: TrainedModel, id: str) -> dict[str, Any]:
    """What ``model.json`` says of a model, but for its files.

    Parameters
    ----------
    model : TrainedModel
    id : str
        As `model_id` gives it.

    Returns
    -------
    dict
        Ready for JSON, and for `kpoclf.model.card.model_card`.
    """
    description = _describe(model, {})
    del description["files"]
    return description | {"id": id}


def check_target(path: Path) -> None:
    """Refuse a path that no model could be written to, before work is done for it.

    Raises
    ------
    InputError
        If it is a file, holds something other than a model, or its parent is no folder.
    """
    if path.exists() and not path.is_dir():
        raise InputError(f"{path}: is a file; a model is written to a folder")
    if path.is_dir():
        found = {file.name for file in path.iterdir()}
        if found and (_DESCRIPTION not in found or found - {_DESCRIPTION, _WEIGHTS, _ROWS, _CARD}):
            raise InputError(f"{path}: holds files that are no model; give a new folder")
    if not path.resolve().parent.is_dir():
        raise InputError(f"{path}: cannot be written (no folder {path.parent})")


def write_model(model: TrainedModel, path: Path) -> None:
    """Write a model folder, whole or not at all.

    Parameters
    ----------
    model : TrainedModel
    path : pathlib.Path
        A new folder, or a model folder, which it replaces.

    Raises
    ------
    InputError
        If `path` is a file, or a folder that holds something other than a model, or cannot be
        written.
    """
    from kpoclf.files import replace_folder

    check_target(path)
    files = _files(model)
    description = _describe(model, files)
    files[_CARD] = model_card(description).encode()
    description["files"][_CARD] = _sha256(files[_CARD])
    with replace_folder(path) as folder:
        for name, content in files.items():
            (folder / name).write_bytes(content)
        (folder / _DESCRIPTION).write_text(
            json.dumps(description, indent=1, ensure_ascii=False) + "\n", encoding="utf-8"
        )


def read_model(path: Path) -> tuple[TrainedModel, str]:
    """Read and verify a model folder.

    Parameters
    ----------
    path : pathlib.Path

    Returns
    -------
    model : TrainedModel
    id : str
        As `model_id` gives it.

    Raises
    ------
    ModelError
        If a file is missing, changed or truncated, or the format is too new. One line.
    """
    description = read_description(path)
    contents: dict[str, bytes] = {}
    for name, digest in description["files"].items():
        if Path(name).name != name or "\0" in name:
            raise ModelError(f"{path / _DESCRIPTION}: names a file outside the folder: {name!r}")
        contents[name] = _read_bytes(path / name)
        if _sha256(contents[name]) != digest:
            raise ModelError(
                f"{path / name}: not the file that was saved (changed or truncated); "
                "get the folder again or train anew"
            )
    try:
        arrays = read_npz(contents[_WEIGHTS])
        rows = contents.get(_ROWS)
        if "forms" in arrays:
            _pack_forms(arrays)
            rows = None  # they were kept in another way
        return _rebuild(description, arrays, rows), description["id"][:12]
    except UNUSABLE as error:
        raise ModelError(f"{path}: not a usable model: {error}") from None


def copy_model(path: Path, target: Path) -> None:
    """Copy a model folder as it is, verified, whole or not at all. Other files in it stay behind.

    Parameters
    ----------
    path : pathlib.Path
    target : pathlib.Path
        A new folder, or one that is replaced.

    Raises
    ------
    ModelError
        If it is no whole model.
    InputError
        If `target` cannot be written.
    """
    from kpoclf.files import replace_folder

    read_model(path)
    with replace_folder(target) as folder:
        for name in (_DESCRIPTION, *read_description(path)["files"]):
            (folder / name).write_bytes(_read_bytes(path / name))
        read_model(folder)


def read_description(path: Path) -> dict[str, Any]:
    """Read what a model folder says of itself; its other files are not looked at.

    Parameters
    ----------
    path : pathlib.Path

    Returns
    -------
    dict
        Content of ``model.json``.

    Raises
    ------
    ModelError
        If it is missing, changed, truncated or too new. One line.
    """
    if not path.is_dir():
        raise ModelError(f"{path}: no such model folder")
    if not (path / _DESCRIPTION).is_file():
        raise ModelError(f"{path}: not a model folder: it has no {_DESCRIPTION}")
    try:
        description = json.loads(_read_bytes(path / _DESCRIPTION))
        number = description["format"]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise ModelError(
            f"{path / _DESCRIPTION}: not a model description (changed or truncated)"
        ) from None
    reader = _READERS.get(number) if isinstance(number, int) else None
    if reader is None:
        if isinstance(number, int) and number > FORMAT:
            raise ModelError(
                f"{path}: format {number} is newer than this kpoclf reads ({FORMAT}); upgrade kpoclf"
            )
        raise ModelError(f"{path / _DESCRIPTION}: unknown format {number!r}")
    try:
        return reader(description)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ModelError(f"{path / _DESCRIPTION}: changed or truncated ({error})") from None


def _read_format_1(description: dict[str, Any]) -> dict[str, Any]:
    """The first format knew neither sentences nor mixed texts."""
    found = _read_format_2(description)
    return {**found, "review": None}


def _read_format_2(description: dict[str, Any]) -> dict[str, Any]:
    files = dict(description["files"])
    card = files.pop(_CARD)
    if _identify({**description, "files": files}) != description["id"]:
        raise ValueError("its own digest does not fit")
    return {**description, "files": {**files, _CARD: card}}


_READERS: Mapping[int, Callable[[dict[str, Any]], dict[str, Any]]] = {
    1: _read_format_1,
    2: _read_format_2,
    3: _read_format_2,  # the description is the same; the forms are packed
}


def _pack_forms(arrays: dict[str, NDArray[Any]]) -> None:
    """Bring the surface forms of the first two formats, listed one by one, to today's."""
    forms = unpack(arrays.pop("forms"))
    stems = [arrays.pop("form_stem")]
    if "sentence_form_stem" in arrays:
        stems.append(arrays.pop("sentence_form_stem"))
    root_stems, root = np.unique(np.column_stack(stems), axis=0, return_inverse=True)
    arrays |= FormTable.of_forms(zip(forms, root.tolist(), strict=True)).to_arrays()
    for name, column in zip(("root_stem", "sentence_root_stem"), root_stems.T, strict=False):
        arrays[name] = column.astype(np.int32)


def _files(model: TrainedModel) -> dict[str, bytes]:
    """Content of each file but the description and the card."""
    arrays = model.weights.to_arrays()
    if model.sentences is not None:
        arrays |= model.sentences.to_arrays()
    buffer = io.BytesIO()
    write_npz(buffer, arrays)
    files = {_WEIGHTS: buffer.getvalue()}
    if model.rows is not None:
        files[_ROWS] = model.rows.content
    return files


def _describe(model: TrainedModel, files: Mapping[str, bytes]) -> dict[str, Any]:
    weights = model.weights
    description = {
        "format": FORMAT,
        "id": "",
        "classes": ["BPO", "KPO"],
        "services": list(weights.services),
        "settings": dict(model.settings),
        "calibration": model.calibration.to_dict(),
        "scope_calibration": model.scope_calibration.to_dict(),
        "service_temperature": model.service_temperature,
        "thresholds": model.thresholds.to_dict(),
        "review": None if model.review is None else model.review.to_dict(),
        "corpus": dict(model.corpus),
        "figures": dict(model.figures),
        "versions": dict(model.versions),
        "sizes": {
            "forms": len(weights.forms),
            "stems": len(weights.stems),
            "bigrams": len(weights.bigrams),
            "sentence_stems": 0 if model.sentences is None else len(model.sentences.stems),
        },
        "files": {name: _sha256(content) for name, content in files.items()},
    }
    description["id"] = _identify(description)
    return description


def _identify(description: Mapping[str, Any]) -> str:
    """Digest over everything but the id itself and the card, which is made from the rest."""
    content = {key: value for key, value in description.items() if key != "id"}
    return _sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode())


def _rebuild(
    description: Mapping[str, Any], arrays: dict[str, NDArray[Any]], rows: bytes | None
) -> TrainedModel:
    weights = Weights.from_arrays(arrays)
    odd = next((service for service in weights.services if not _SLUG.fullmatch(service)), None)
    if odd is not None:  # it would be written to spreadsheets, where "=…" is a formula
        raise ValueError(f"service {odd[:50]!r} is no slug")
    review = description["review"]
    return TrainedModel(
        weights=weights,
        sentences=SentenceHeads.from_arrays(arrays, len(weights.root_stem)),
        review=None if review is None else ReviewModel.from_dict(review),
        rows=None if rows is None else PackedRows(rows, len(weights.stems)),
        calibration=Calibration(**description["calibration"]),
        scope_calibration=ScopeCalibration(**description["scope_calibration"]),
        service_temperature=float(description["service_temperature"]),
        thresholds=Thresholds(**description["thresholds"]),
        settings=description["settings"],
        corpus=description["corpus"],
        figures=description["figures"],
        versions=description["versions"],
    )


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _read_bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise ModelError(
            f"{path}: missing from the model folder; get it again or train anew"
        ) from None
    except OSError as error:
        raise ModelError(f"{path}: cannot be read ({error.strerror})") from None
