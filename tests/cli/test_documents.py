"""Documents made from code are up to date, and say everything."""

from pathlib import Path

import click
import pytest

from kpoclf.cli.documents import _commands, documents
from kpoclf.cli.main import cli
from kpoclf.resources import shipped

ROOT = shipped("data").parent
COMMANDS = dict(_commands(cli, "kpoclf"))


@pytest.mark.parametrize("name", sorted(documents()))
def test_a_generated_document_is_up_to_date(name: str) -> None:
    path = ROOT / name
    if not Path(ROOT / "pyproject.toml").is_file():
        pytest.skip("not a checkout")
    assert path.read_text(encoding="utf-8") == documents()[name], (
        "run python -m kpoclf.cli.documents"
    )


@pytest.mark.parametrize("path", sorted(COMMANDS))
def test_every_command_and_option_has_help(path: str) -> None:
    command = COMMANDS[path]
    assert command.help
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            assert parameter.help, f"{path} {parameter.name}"


def test_the_readme_names_every_subcommand() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    missing = [path for path in COMMANDS if path.count(" ") == 1 and path not in readme]
    assert not missing
