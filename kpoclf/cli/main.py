"""The command ``kpoclf``: its subcommands, and how errors are told."""

from __future__ import annotations

import gc
import io
import os
import sys
from importlib import import_module
from typing import Any, NoReturn

import click

from kpoclf.errors import KpoclfError

__all__ = ["cli", "main", "run"]

# Objects made before garbage is looked for; looking as often as usual takes a tenth of a short run.
_MANY_OBJECTS = 50_000

# Subcommand to module and one line of help, so that `kpoclf --help` imports none of them.
_COMMANDS = {
    "label": "Label a file of postings.",
    "explain": "Say why one text gets its label.",
    "train": "Train on your labelled rows and the shipped corpus.",
    "evaluate": "Measure a model on labelled rows.",
    "corpus": "Check labelled data.",
    "drift": "Compare new texts with those the model was trained on.",
    "review": "Label the texts that most need a person.",
    "serve": "Serve a local web page and an HTTP API.",
    "models": "Versions of the model: list, use, roll back, verify.",
}
# Commands that need no threads of OpenBLAS: to start them takes another tenth.
_NO_ALGEBRA = (["label"], ["explain"])

# What click raises, with the help as its message, where a group is called bare (click 8.1 does not).
_NO_ARGUMENTS: Any = getattr(click.exceptions, "NoArgsIsHelpError", ())


class _ReaderGoneError(Exception):
    """Nobody reads our output any more; click would end a BrokenPipeError with exit code 1."""


class _Commands(click.Group):
    """Subcommands imported when they are called."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            raise _ReaderGoneError from None

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in _COMMANDS:
            return None
        command: click.Command = import_module(f"kpoclf.cli.{cmd_name}").command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0] not in _COMMANDS:
            from difflib import get_close_matches

            if near := get_close_matches(args[0], _COMMANDS, 1):
                ctx.fail(f"No such command {args[0]!r}. Did you mean {near[0]!r}?")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl(list(_COMMANDS.items()))


def _show_version(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted:
        from kpoclf import __version__

        click.echo(f"kpoclf {__version__}")
        ctx.exit()


@click.group(
    cls=_Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit codes: 0 done; 1 a finding; 2 wrong usage or unusable input.",
)
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_show_version,
    help="Show the version.",
)
def cli() -> None:
    """Tell knowledge work (KPO) from routine process work (BPO) in job postings.

    Start with: kpoclf label POSTINGS.csv -o LABELLED.csv
    """


def main(arguments: list[str] | None = None) -> NoReturn:
    """Run the command line."""
    if arguments is None and sys.argv[1:2] in _NO_ALGEBRA:
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    run(cli, "kpoclf", arguments)


def run(command: click.Command, name: str, arguments: list[str] | None = None) -> NoReturn:
    """Run a command; every expected error is one line on stderr and exit code 2.

    Parameters
    ----------
    command : click.Command
    name : str
        As it is called.
    arguments : list of str, optional
        Those of the process if not given; the process is then taken to be this command's alone.
    """
    if arguments is None:
        gc.set_threshold(_MANY_OBJECTS)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(
            stream, io.TextIOWrapper
        ):  # a character the terminal lacks is no reason to stop
            stream.reconfigure(errors="replace")
    try:
        code: Any = command.main(arguments, prog_name=name, standalone_mode=False)
        sys.stdout.flush()
    except click.exceptions.Exit as done:
        code = done.exit_code
    except click.UsageError as error:
        if isinstance(error, _NO_ARGUMENTS):
            click.echo(error.format_message(), err=True)
            code = 2
        else:
            where = error.ctx.command_path if error.ctx else name
            code = _fail(f"{error.format_message()} See {where} --help.")
    except click.Abort:
        code = _fail("interrupted; no half-written file is left", 130)
    except (KpoclfError, click.ClickException) as error:
        code = _fail(str(error) if isinstance(error, KpoclfError) else error.format_message())
    except KeyboardInterrupt:
        code = _fail("interrupted; no half-written file is left", 130)
    except (_ReaderGoneError, BrokenPipeError):
        # Nothing more is to be said, not even at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 0
    except OSError as error:
        what = f"{error.filename}: " if error.filename else ""
        code = _fail(f"{what}{error.strerror or error}")
    except MemoryError:
        code = _fail("out of memory; give the rows in smaller files, or as CSV instead of XLSX")
    if arguments is None:
        gc.freeze()  # all memory is given back at exit, garbage or not
    sys.exit(code or 0)


def _fail(message: str, code: int = 2) -> int:
    print("kpoclf: " + " ".join(message.split()), file=sys.stderr)  # noqa: T201
    return code
