"""What is missing is told with the command that installs it, wherever kpoclf came from."""

import importlib.metadata
import tomllib
from pathlib import Path

import pytest

import kpoclf
from kpoclf.errors import MissingExtraError

PROJECT = Path(kpoclf.__file__).parents[1] / "pyproject.toml"
EXTRAS = ("xlsx", "parquet", "zstd", "report", "web", "spark", "bench")


@pytest.mark.skipif(not PROJECT.is_file(), reason="not in a checkout")
@pytest.mark.parametrize("extra", EXTRAS)
def test_the_packages_of_the_extra_are_named_one_by_one(extra):
    packages = tomllib.loads(PROJECT.read_text())["project"]["optional-dependencies"][extra]
    install = " ".join(f"'{package}'" for package in packages)
    assert str(MissingExtraError("it", extra)) == (
        f"it is missing: pip install {install} (the extra kpoclf[{extra}])"
    )


def test_the_file_that_needs_it_comes_first():
    told = str(MissingExtraError("openpyxl", "xlsx", "jobs.xlsx"))
    assert told.startswith("jobs.xlsx: openpyxl is missing: pip install 'openpyxl")


def test_where_kpoclf_is_not_installed_the_package_alone_is_named(monkeypatch):
    def unknown(name):
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "requires", unknown)
    told = str(MissingExtraError("openpyxl", "xlsx"))
    assert told == "openpyxl is missing: pip install 'openpyxl' (the extra kpoclf[xlsx])"
