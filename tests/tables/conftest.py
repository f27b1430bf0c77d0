"""A model, and a way to label bytes with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import pytest

import kpoclf
from kpoclf.errors import InputError
from kpoclf.tables.label_file import LabelSummary, label_file
from kpoclf.tables.open_table import ReadOptions

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from kpoclf.judge.model import Model


@pytest.fixture(scope="session")
def model() -> Model:
    return kpoclf.load()


@pytest.fixture(scope="session")
def values(model: Model) -> Callable[[str], list[str]]:
    """What labelling adds to a row, as a CSV file shows it."""

    def call(text: str) -> list[str]:
        row = model.judge([text])
        return [row.label[0], f"{row.confidence[0]:.4f}", row.status[0], row.service[0]]

    return call


class Labelled(NamedTuple):
    content: bytes
    summary: LabelSummary

    @property
    def text(self) -> str:
        return self.content.decode()


@pytest.fixture
def label_bytes(model: Model, tmp_path: Path) -> Callable[..., Labelled]:
    """Label a file of these bytes; `how` are `ReadOptions` and what `label_file` takes."""

    def call(
        content: bytes, name: str = "in.csv", to: str | None = None, **how: object
    ) -> Labelled:
        source = tmp_path / name
        target = tmp_path / (to or f"out-{name}")
        source.write_bytes(content)
        flags = {k: how.pop(k) for k in ("detail", "overwrite", "tell") if k in how}
        summary = label_file(model, str(source), str(target), ReadOptions(**how), **flags)
        return Labelled(target.read_bytes(), summary)

    return call


@pytest.fixture
def refused(label_bytes: Callable[..., Labelled], tmp_path: Path) -> Callable[..., str]:
    """The one line that refuses a file of these bytes; nothing may be left behind."""

    def call(content: bytes, name: str = "in.csv", **how: object) -> str:
        with pytest.raises(InputError) as error:
            label_bytes(content, name, **how)
        assert [p.name for p in tmp_path.iterdir()] == [name]
        message = str(error.value)
        assert "\n" not in message
        return message.replace(str(tmp_path / name), name)

    return call
