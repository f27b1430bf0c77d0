"""Fixtures that several folders of tests share."""

from __future__ import annotations

import random
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pytest
from hypothesis import settings

from kpoclf.cli.main import main
from kpoclf.corpus.rows import LabelledRow
from kpoclf.judge.model import Model, load
from kpoclf.model.form_table import FormTable
from kpoclf.model.trained import TrainedModel
from kpoclf.model.weights import STOP, Weights

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

# A busy machine must not fail a test: how long an example takes is no matter of right or wrong.
settings.register_profile("kpoclf", settings.default, deadline=None)
settings.load_profile("kpoclf")

_SERVICES = {
    "KPO": "legal-research market-research data-analysis risk-analysis engineering-design",
    "BPO": "data-entry payroll customer-support collections order-processing",
    "OTHER": "care-and-nursing driving-and-delivery farming-and-animals",
}
_VERBS = {
    "KPO": "advise interpret forecast evaluate design argue assess devise model investigate",
    "BPO": "key type scan copy log sort stamp update dispatch answer",
    "OTHER": "nurse drive milk weld cook paint lift bathe plough mend",
}
_OBJECTS = (
    "tax loan claim visa invoice market patent river budget policy drug bridge crop vessel "
    "hotel school museum airline pension factory"
)


@pytest.fixture(scope="session", autouse=True)
def _no_versions(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No test reads or writes the versions of the model that the user has."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KPOCLF_HOME", str(tmp_path_factory.mktemp("home") / "kpoclf"))
        yield


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of its own for a test that adds versions of the model."""
    monkeypatch.setenv("KPOCLF_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture(scope="session")
def synthetic_rows() -> tuple[LabelledRow, ...]:
    """65 rows that train in a fraction of a second: verbs tell the label, objects tell nothing."""
    rng = random.Random(0)  # noqa: S311
    rows = []
    for label, services in _SERVICES.items():
        for service in services.split():
            for _ in range(5):
                words = rng.sample(_VERBS[label].split(), 4) + rng.sample(_OBJECTS.split(), 5)
                rng.shuffle(words)
                where = f"synthetic, {len(rows)}"
                rows.append(LabelledRow(" ".join(words), label, service, where=where))
    return tuple(rows)


@pytest.fixture(scope="session")
def shipped_model() -> Model:
    """The model that travels with the package; nobody may change it."""
    return load()


@pytest.fixture
def tiny_model() -> Model:
    """Three stems, two bigrams, two services, written by hand: every figure of it can be reckoned."""
    weights = Weights(
        forms=FormTable.of_forms(
            [("advise", 0), ("advising", 0), ("claim", 1), ("claims", 1), ("keying", 2), ("the", 3)]
        ),
        root_stem=np.array([0, 1, 2, STOP], np.int32),
        stems=("advis", "claim", "key"),
        bigrams=np.array([[0, 1], [2, 1]], np.int32),
        idf=np.array([1, 2, 1, 1, 1], np.float32),
        label_coef=np.array([2, 0.5, -2, 1, -1], np.float16),
        label_intercept=0.25,
        scope_coef=np.array([1, 1, 1, 0, 0], np.float16),
        scope_intercept=-0.5,
        service_coef=np.array([[3, 0], [1, 1], [0, 3]], np.float16),
        service_intercept=np.zeros(2),
        services=("legal-research", "data-entry"),
        service_labels=("KPO", "BPO"),
    )
    return Model(TrainedModel(weights, figures={"accuracy": {"value": 0.75, "n": 4}}))


@pytest.fixture(scope="session")
def shared_forms() -> Iterator[None]:
    """Fits share what they know of word forms, and read few of the glossary's entries.

    Both are the same in each fit and take longest.
    """
    from kpoclf.learn import fit

    known = {slug for slugs in _SERVICES.values() for slug in slugs.split()}
    glossary = [entry for entry in fit.read_glossary() if entry.service in known]

    shipped, plain = cache(fit.shipped_forms), fit.surface_forms

    @cache
    def shared(stem: str, seen: frozenset[str]) -> set[str]:
        return plain(stem, seen, shipped().get(stem))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fit, "shipped_forms", shipped)
        patch.setattr(fit, "read_glossary", lambda: glossary)
        patch.setattr(fit, "surface_forms", lambda stem, seen, _: shared(stem, frozenset(seen)))
        yield


class Finished(NamedTuple):
    """What a run of the command left behind."""

    code: int
    out: str
    err: str


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Callable[..., Finished]:
    """Run ``kpoclf`` with arguments, in this process."""

    def call(*arguments: object) -> Finished:
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main([str(argument) for argument in arguments])
        return Finished(int(ended.value.code or 0), *capsys.readouterr())

    return call
