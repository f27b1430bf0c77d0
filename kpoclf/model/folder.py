"""Model folders: ``model.json``, ``weights.npz`` and a generated ``README.md``. No pickle."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from kpoclf.errors import InputError, ModelError
from kpoclf.model.calibration import Calibration, ScopeCalibration
from kpoclf.model.card import model_card
from kpoclf.model.trained import Thresholds, TrainedModel
from kpoclf.model.weights import Weights

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

__all__ = ["FORMAT", "check_target", "model_id", "read_model", "write_model"]

FORMAT = 1
_DESCRIPTION, _WEIGHTS, _CARD = "model.json", "weights.npz", "README.md"
# What reading arrays out of a file of any content can raise.
_UNUSABLE = (
    LookupError,
    ValueError,
    TypeError,
    OSError,
    EOFError,
    NotImplementedError,
    zipfile.BadZipFile,
    zlib.error,
)


def model_id(model: TrainedModel) -> str:
    """Twelve hexadecimal digits that name a model by its content."""
    digest: str = _describe(model, {_WEIGHTS: _sha256(_npz(model.weights.to_arrays()))})["id"]
    return digest[:12]


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
        if found and (_DESCRIPTION not in found or found - {_DESCRIPTION, _WEIGHTS, _CARD}):
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
    weights = _npz(model.weights.to_arrays())
    description = _describe(model, {_WEIGHTS: _sha256(weights)})
    card = model_card(description).encode()
    description["files"][_CARD] = _sha256(card)
    with replace_folder(path) as folder:
        (folder / _WEIGHTS).write_bytes(weights)
        (folder / _CARD).write_bytes(card)
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
    description = _read_description(path)
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
        with np.load(io.BytesIO(contents[_WEIGHTS]), allow_pickle=False) as arrays:
            weights = Weights.from_arrays(dict(arrays))
        return _rebuild(description, weights), description["id"][:12]
    except _UNUSABLE as error:
        raise ModelError(f"{path}: not a usable model: {error}") from None


def _read_description(path: Path) -> dict[str, Any]:
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
    files = dict(description["files"])
    card = files.pop(_CARD)
    if _identify({**description, "files": files}) != description["id"]:
        raise ValueError("its own digest does not fit")
    return {**description, "files": {**files, _CARD: card}}


_READERS: Mapping[int, Callable[[dict[str, Any]], dict[str, Any]]] = {1: _read_format_1}


def _describe(model: TrainedModel, files: dict[str, str]) -> dict[str, Any]:
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
        "corpus": dict(model.corpus),
        "figures": dict(model.figures),
        "versions": dict(model.versions),
        "sizes": {
            "forms": len(weights.forms),
            "stems": len(weights.stems),
            "bigrams": len(weights.bigrams),
        },
        "files": files,
    }
    description["id"] = _identify(description)
    return description


def _identify(description: Mapping[str, Any]) -> str:
    """Digest over everything but the id itself and the card, which is made from the rest."""
    content = {key: value for key, value in description.items() if key != "id"}
    return _sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode())


def _rebuild(description: Mapping[str, Any], weights: Weights) -> TrainedModel:
    return TrainedModel(
        weights=weights,
        calibration=Calibration(**description["calibration"]),
        scope_calibration=ScopeCalibration(**description["scope_calibration"]),
        service_temperature=float(description["service_temperature"]),
        thresholds=Thresholds(**description["thresholds"]),
        settings=description["settings"],
        corpus=description["corpus"],
        figures=description["figures"],
        versions=description["versions"],
    )


def _npz(arrays: Mapping[str, NDArray[Any]]) -> bytes:
    """An npz file with no time stamp in it, so that the same arrays give the same bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, array in arrays.items():
            content = io.BytesIO()
            np.lib.format.write_array(content, np.ascontiguousarray(array), allow_pickle=False)
            entry = zipfile.ZipInfo(f"{name}.npy", date_time=(1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, content.getvalue())
    return buffer.getvalue()


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
