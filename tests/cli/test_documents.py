"""Documents made from code are up to date, and say everything."""

from pathlib import Path

import click
import pytest

from kpoclf.cli.documents import command_contexts, documents
from kpoclf.cli.main import cli, main
from kpoclf.resources import shipped

ROOT = shipped("data").parent
COMMANDS = {path: context.command for path, context in command_contexts(cli, "kpoclf")}


def test_the_generated_documents_are_up_to_date() -> None:
    if not Path(ROOT / "pyproject.toml").is_file():
        pytest.skip("not a checkout")
    made = documents()
    assert set(made) == {"data/README.md", "docs/cli.md"}
    for name, content in made.items():
        assert (ROOT / name).read_text(encoding="utf-8") == content, (
            "run python -m kpoclf.cli.documents"
        )


@pytest.mark.parametrize("path", sorted(COMMANDS))
def test_every_command_and_option_has_help(path: str) -> None:
    command = COMMANDS[path]
    assert command.help
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            assert parameter.help, f"{path} {parameter.name}"


def test_what_the_readme_shows_of_explain_is_what_explain_says(capsys) -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    text = readme.split('kpoclf explain "')[1].split('"')[0]
    shown = readme.split("```text\n")[1].split("```")[0].splitlines()
    with pytest.raises(SystemExit):
        main(["explain", text])
    said = capsys.readouterr().out.splitlines()
    shown = [line for line in shown if line not in ("…", "")]
    assert shown == [line for line in said if line in shown]


def test_the_readme_names_every_subcommand() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    missing = [path for path in COMMANDS if path.count(" ") == 1 and path not in readme]
    assert not missing
