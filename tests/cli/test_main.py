"""The command as a whole: help, version, errors of one line, exit codes."""

import gc
import os
import subprocess
import sys

import click
import pytest

import kpoclf
from kpoclf.cli import main as main_module
from kpoclf.cli.main import cli, main
from kpoclf.errors import CorpusError, InputError, MissingExtraError, ModelError

COMMANDS = "label explain train evaluate corpus drift review serve models".split()


def every_command(command=cli, path=()):
    """Each command with the words that call it."""
    yield path, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            yield from every_command(command.get_command(context, name), (*path, name))


def test_help_lists_every_command_in_one_line_each(run):
    done = run("--help")
    assert (done.code, done.err) == (0, "")
    lines = done.out.partition("Commands:")[2].partition("\n\n")[0].splitlines()[1:]
    listed = [line.split()[0] for line in lines]
    assert listed == COMMANDS
    assert "Exit codes: 0 done; 1 a finding; 2 wrong usage or unusable input." in done.out
    assert run("-h").out == done.out


@pytest.mark.parametrize(("path", "command"), list(every_command()))
def test_every_command_and_option_has_help(run, path, command):
    done = run(*path, "--help")
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("Usage: " + " ".join(["kpoclf", *path]))
    assert command.help
    for option in command.params:
        assert isinstance(option, click.Argument) or option.help, option.name


@pytest.mark.parametrize("name", COMMANDS)
def test_a_listed_command_is_the_one_that_is_called(name):
    assert cli.get_command(click.Context(cli), name).name == name


def test_help_of_all_commands_imports_none_of_them():
    code = """
import sys
from kpoclf.cli.main import main
try:
    main(["--help"])
except SystemExit:
    print([m for m in sys.modules if m.startswith("kpoclf.cli.") and m != "kpoclf.cli.main"])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_the_version_is_that_of_the_package(run):
    assert run("--version") == (0, f"kpoclf {kpoclf.__version__}\n", "")


@pytest.mark.parametrize("path", [(), ("models",), ("corpus",)])
def test_a_group_alone_shows_its_help_in_full_and_is_wrong_usage(run, path):
    done = run(*path)
    assert (done.code, done.out) == (2, "")
    assert done.err == run(*path, "--help").out


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["lable"], "No such command 'lable'. Did you mean 'label'? See kpoclf --help."),
        (["models", "shwo"], "See kpoclf models --help."),
        (["--verbose"], "No such option '--verbose'."),
        (
            ["models", "verify", "--fast"],
            "No such option '--fast'. See kpoclf models verify --help.",
        ),
        (["models", "verify", "a", "b"], "Got unexpected extra argument (b)"),
        (["models", "export", "--format", "onnx", "-o", "x"], "'onnx' is not one of"),
        (["explain", "--model"], "Option '--model' requires an argument."),
        (["explain", "--model", "no\nwhere", "a"], "no where: no such model folder"),
    ],
)
def test_wrong_usage_is_one_line_that_says_where_to_look(run, arguments, told):
    done = run(*arguments)
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("kpoclf: ")
    assert told in done.err
    assert done.err.count("\n") == 1


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (InputError("a.csv, row 3: empty"), "a.csv, row 3: empty"),
        (CorpusError("two lines\nof it"), "two lines of it"),
        (ModelError("m: changed"), "m: changed"),
        (
            MissingExtraError("openpyxl", "xlsx"),
            "openpyxl is missing: pip install 'openpyxl>=3.1' (the extra kpoclf[xlsx])",
        ),
        (FileNotFoundError(2, "No such file or directory", "a.csv"), "a.csv: No such file or"),
        (OSError(28, "No space left on device"), "No space left on device"),
        (OSError("odd"), "odd"),
        (MemoryError(), "out of memory"),
        (click.ClickException("odd"), "odd"),
        (click.BadParameter("odd"), "odd"),
    ],
    ids=lambda e: type(e).__name__,
)
def test_an_expected_error_is_one_line_and_exit_code_two(run, monkeypatch, error, told):
    def fail(*_args, **_kwargs):
        raise error

    monkeypatch.setattr(main_module.cli, "main", fail)
    done = run("label")
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("kpoclf: ")
    assert told in done.err
    assert done.err.count("\n") == 1


@pytest.mark.parametrize("error", [KeyboardInterrupt(), click.Abort()], ids=repr)
def test_an_interruption_ends_as_the_shell_expects(run, monkeypatch, error):
    def fail(*_args, **_kwargs):
        raise error

    monkeypatch.setattr(main_module.cli, "main", fail)
    assert run("label") == (130, "", "kpoclf: interrupted; no half-written file is left\n")


def test_a_bug_is_not_hidden(monkeypatch):
    def fail(*_args, **_kwargs):
        raise ZeroDivisionError

    monkeypatch.setattr(main_module.cli, "main", fail)
    with pytest.raises(ZeroDivisionError):
        main(["label"])


def call(*arguments, **options):
    return subprocess.run(
        [sys.executable, "-m", "kpoclf", *arguments], capture_output=True, text=True, **options
    )


def test_the_module_runs_as_the_command_does():
    done = call("explain", "Audit the ledger and advise the board.")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(("KPO  confidence", "BPO  confidence"))
    done = call("explain")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "kpoclf: Missing argument 'TEXT'. See kpoclf explain --help.\n"


def test_the_command_runs_from_any_directory(tmp_path):
    done = call("models", "verify", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    "arguments", [["models", "show"], ["explain", "audit"], ["label", "rows.csv"]], ids=" ".join
)
def test_a_reader_that_goes_away_ends_the_command_quietly(arguments, tmp_path):
    (tmp_path / "rows.csv").write_text("text\n" + "Audit the ledger.\n" * 30_000)
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "wb") as gone:
        done = subprocess.run(
            [sys.executable, "-m", "kpoclf", *arguments],
            stdout=gone,
            stderr=subprocess.PIPE,
            cwd=tmp_path,
        )
    assert (done.returncode, done.stderr) == (0, b"")


def test_a_terminal_that_knows_ascii_only_gets_no_traceback():
    environment = os.environ | {"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    done = call("explain", "Überprüfung naïve audit", env=environment)
    assert "Traceback" not in done.stderr
    assert done.returncode == 0
    done = call("explain", "--model", "/nöwhere", "x", env=environment)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1


def test_a_caller_keeps_its_settings(monkeypatch):
    monkeypatch.delenv("OPENBLAS_NUM_THREADS", raising=False)
    before = gc.get_threshold(), gc.get_freeze_count()
    with pytest.raises(SystemExit):
        main(["label", "missing.csv"])
    assert (gc.get_threshold(), gc.get_freeze_count()) == before
    assert "OPENBLAS_NUM_THREADS" not in os.environ


@pytest.mark.parametrize(("command", "threads"), [("explain", "1"), ("evaluate", None)])
def test_a_process_of_its_own_is_set_to_run_once(command, threads):
    code = (
        "import atexit, gc, os, sys; from kpoclf.cli.main import main; "
        "atexit.register(lambda: print(gc.get_threshold()[0] > 1000, gc.get_freeze_count() > 0, "
        "os.environ.get('OPENBLAS_NUM_THREADS'))); "
        f"sys.argv = ['kpoclf', {command!r}, '--help']; main()"
    )
    environment = {k: v for k, v in os.environ.items() if k != "OPENBLAS_NUM_THREADS"}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment
    )
    assert done.stdout.splitlines()[-1] == f"True True {threads}"
