"""Uploaded files: each labelled by a process of its own, held for a while, then thrown away.

A file has a folder named by chance, with the file, what is made of it and ``state.json``, so that every
process of the server can tell of it. Taking the folder away stops the labelling.
"""

from __future__ import annotations

import json
import logging
import multiprocessing
import os
import re
import secrets
import shutil
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from kpoclf.errors import InputError, KpoclfError
from kpoclf.tables.label_file import label_file
from kpoclf.tables.open_table import ReadOptions, open_table
from kpoclf.tables.source import bare_name, ending_of, format_of

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

    from kpoclf.judge.model import Model
    from kpoclf.web.settings import Settings

__all__ = ["Job", "Jobs", "Order", "TooManyJobsError"]

_log = logging.getLogger(__name__)

_ID = re.compile("[0-9a-f]{32}")
_STATE = "state.json"
_BLOCK = 1 << 20
_PAUSE = 0.2  # seconds between two looks at a process
_LONGEST_NAME = 120
_MOST_COLUMNS = 100  # that are offered for choice
# What the form calls the command line's options, and how messages speak of them.
_FIELDS = {
    "text": "“Text columns”",
    "encoding": "“Encoding”",
    "delimiter": "“Delimiter”",
    "sheet": "“Sheet”",
    "overwrite": "“Replace”",
}
_OPTION = f"--({'|'.join(_FIELDS)})"
_ENDINGS = "give it a name that ends in .csv, .tsv, .jsonl, .txt, .xlsx or .parquet"
_IN_THE_FORM = (
    (r"pass --overwrite to replace it", r"tick --overwrite to write over it"),
    (r", or pass --format \S+", ""),
    (r"say what it holds with --format .*", _ENDINGS),
    (rf"pass {_OPTION} (\S+)", r"give \2 under --\1"),
    (rf"with {_OPTION}", r"under --\1"),
)


class TooManyJobsError(InputError):
    """The server holds as many files as it may."""


@dataclass(frozen=True)
class Order:
    """What is to be done with a file.

    Attributes
    ----------
    text : tuple of str
        Text columns; the usual ones if empty.
    encoding, delimiter, sheet : str
        As for `ReadOptions`; empty to let the file tell.
    detail, overwrite : bool
        As for `label_file`.
    """

    text: tuple[str, ...] = ()
    encoding: str = ""
    delimiter: str = ""
    sheet: str = ""
    detail: bool = False
    overwrite: bool = False

    @property
    def reading(self) -> ReadOptions:
        """How the file is to be read."""
        return ReadOptions(
            self.text,
            encoding=self.encoding or None,
            delimiter=self.delimiter or None,
            sheet=self.sheet or None,
        )


@dataclass(frozen=True)
class Job:
    """A file that was uploaded, and how far its labelling is.

    Attributes
    ----------
    id : str
        32 hexadecimal digits; who knows them may see and take the file.
    name : str
        As its owner calls it.
    source, target : str
        Names in its folder.
    size : int
        Bytes.
    order : Order
        What is, or was, to be done with it.
    state : str
        ``"waiting"``, ``"running"``, ``"done"`` or ``"failed"``.
    position : int
        Bytes read.
    error : str
        Why it failed.
    columns : tuple of str
        Columns of the file, if it failed and they are known.
    summary : dict
        What `LabelSummary` says, once it is done.
    """

    id: str
    name: str
    source: str
    target: str
    size: int
    order: Order = field(default_factory=Order)
    state: str = "waiting"
    position: int = 0
    error: str = ""
    columns: tuple[str, ...] = ()
    summary: dict[str, Any] = field(default_factory=dict)

    @property
    def over(self) -> bool:
        """Whether nothing more happens."""
        return self.state in ("done", "failed")

    @property
    def percent(self) -> int:
        """How much of the file is read."""
        return 100 if self.state == "done" else min(99, 100 * self.position // max(self.size, 1))

    @property
    def result_name(self) -> str:
        """What the labelled file is called."""
        bare = bare_name(self.name)
        stem = bare[: -len(ending_of(bare))]
        return f"{stem}-labelled{self.target.removeprefix('labelled')}"


class Jobs:
    """The files that the server holds.

    Parameters
    ----------
    model : Model
    settings : Settings
    """

    def __init__(self, model: Model, settings: Settings) -> None:
        self._model = model
        self._settings = settings
        self._folder = Path(settings.folder)
        self._runner = ThreadPoolExecutor(1, "kpoclf-files")

    def add(self, stream: IO[bytes], name: str, order: Order) -> Job:
        """Take a file in and queue it.

        Parameters
        ----------
        stream : binary file object
        name : str
            As the sender calls it. No path is made of it.
        order : Order

        Returns
        -------
        Job

        Raises
        ------
        InputError
            If the name's ending tells no format, or too many files are held.
        """
        name = _tidy(name)
        try:
            kind = format_of(name, None)
        except InputError as error:
            raise InputError(_in_the_form(str(error))) from None
        ending, packed = ending_of(name), name[len(bare_name(name)) :].lower()
        written = (".csv" if kind == "lines" else ending) + packed
        self.sweep()
        self._check_room()
        folder = self._folder / secrets.token_hex(16)
        folder.mkdir(mode=0o700)
        try:
            source = folder / f"uploaded{ending}{packed}"
            with source.open("wb") as copy:
                shutil.copyfileobj(stream, copy, _BLOCK)
            size = source.stat().st_size
            job = Job(folder.name, name, source.name, f"labelled{written}", size, order)
            self._write(job)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        self._runner.submit(self._run, job)
        return job

    def again(self, job: Job, order: Order) -> None:
        """Label a file that is held once more, in another way."""
        new = Job(job.id, job.name, job.source, job.target, job.size, order)
        with suppress(FileNotFoundError):  # it was thrown away
            self._write(new)
            self._runner.submit(self._run, new)

    def find(self, id: str) -> Job | None:
        """The file of that id, if it is held."""
        if not _ID.fullmatch(id):
            return None
        try:
            told = json.loads((self._folder / id / _STATE).read_bytes())
        except FileNotFoundError:
            return None
        told["order"]["text"] = tuple(told["order"]["text"])
        return Job(**told | {"order": Order(**told["order"]), "columns": tuple(told["columns"])})

    def result(self, job: Job) -> Path:
        """Path of the labelled file."""
        return self._folder / job.id / job.target

    def remove(self, job: Job) -> None:
        """Throw a file away, and stop its labelling."""
        shutil.rmtree(self._folder / job.id, ignore_errors=True)

    def sweep(self) -> None:
        """Throw away what was held long enough."""
        now = time.time()
        for folder in self._held():
            with suppress(FileNotFoundError):
                job = self.find(folder.name)
                keep = self._settings.keep_seconds
                if job is None or not job.over:
                    keep += self._settings.max_job_seconds
                if (folder / _STATE if job else folder).stat().st_mtime + keep < now:
                    shutil.rmtree(folder, ignore_errors=True)

    def close(self) -> None:
        """Stop, and throw everything away."""
        self._runner.shutdown(wait=False, cancel_futures=True)
        for folder in self._held():
            shutil.rmtree(folder, ignore_errors=True)
        self._runner.shutdown()

    def _held(self) -> list[Path]:
        return [path for path in self._folder.iterdir() if _ID.fullmatch(path.name)]

    def _check_room(self) -> None:
        held = self._held()
        if len(held) >= self._settings.max_jobs:
            raise TooManyJobsError(
                f"the server holds {len(held)} files, as many as it may: delete one, or try later"
            )
        size = 0
        for folder in held:
            with suppress(FileNotFoundError):
                size += sum(file.stat().st_size for file in folder.iterdir())
        if size > self._settings.max_jobs_bytes:
            raise TooManyJobsError(
                "the files held fill the server's room: delete one, or try later"
            )

    def _write(self, job: Job) -> None:
        """Write the state; FileNotFoundError if the file was thrown away."""
        folder = self._folder / job.id
        new = folder / f".{_STATE}"
        new.write_text(json.dumps(asdict(job)), encoding="ascii")
        os.replace(new, folder / _STATE)

    def _run(self, job: Job) -> None:
        try:
            self._write(self._labelled(job))
        except Exception:
            with suppress(FileNotFoundError):  # it was thrown away
                self._write(_failed(job, "the server could not label it; its log says why"))
                _log.exception("a file could not be labelled")

    def _labelled(self, job: Job) -> Job:
        """Label a file, and say how that ended."""
        folder = self._folder / job.id
        spawn = multiprocessing.get_context("spawn")
        news, sender = spawn.Pipe(duplex=False)
        work = _Work(str(folder / job.source), str(self.result(job)), job.order, self._settings)
        process = spawn.Process(target=_label, args=(sender, self._model, work), daemon=True)
        deadline = time.monotonic() + self._settings.max_job_seconds
        self._write(replace(job, state="running"))
        process.start()
        sender.close()
        try:
            while time.monotonic() < deadline:
                if not news.poll(_PAUSE):
                    folder.stat()
                    continue
                try:
                    told = news.recv()
                except EOFError:
                    return _failed(job, "the labelling ended before its time: out of memory?")
                if "error" in told:
                    error = told["error"].replace(work.source, job.name)
                    error = _in_the_form(error.replace(work.target, "the output"))
                    return replace(_failed(job, error), columns=tuple(told.get("columns", ())))
                if "summary" in told:
                    notes = [n.replace(work.source, job.name) for n in told["summary"]["notes"]]
                    summary = told["summary"] | {"notes": notes}
                    return replace(job, state="done", position=job.size, summary=summary)
                self._write(replace(job, state="running", position=told["position"]))
            minutes = self._settings.max_job_seconds / 60
            return _failed(
                job, f"labelling took more than {minutes:g} minutes; give a smaller file"
            )
        finally:
            process.kill()
            process.join()
            news.close()


@dataclass(frozen=True)
class _Work:
    """What a process is told to do."""

    source: str
    target: str
    order: Order
    settings: Settings


def _failed(job: Job, error: str) -> Job:
    return replace(job, state="failed", error=error)


def _tidy(name: str) -> str:
    """Last part of a file name, printable, and not too long."""
    last = re.split(r"[/\\]", name)[-1]
    plain = "".join(c if c.isprintable() else "_" for c in last).strip()
    return plain if len(plain) <= _LONGEST_NAME else "…" + plain[-_LONGEST_NAME:]


def _in_the_form(message: str) -> str:
    """A message of the command line in the words of the page."""
    for said, instead in _IN_THE_FORM:
        message = re.sub(said, instead, message)
    return re.sub(_OPTION, lambda found: _FIELDS[found[1]], message)


def _label(news: Connection, model: Model, work: _Work) -> None:
    """Label a file in a process of its own, and tell how it goes."""
    _make_ready(work.settings)
    told = 0.0

    def tell(position: int) -> None:
        nonlocal told
        now = time.monotonic()
        if now - told > _PAUSE:
            told = now
            news.send({"position": position})

    order = work.order
    try:
        summary = label_file(
            model,
            work.source,
            work.target,
            order.reading,
            detail=order.detail,
            overwrite=order.overwrite,
            tell=tell,
        )
        counts = {"labels": dict(summary.labels), "statuses": dict(summary.statuses)}
        news.send({"summary": vars(summary) | counts})
    except KpoclfError as error:
        news.send({"error": str(error), "columns": _columns(work)})
    except MemoryError:
        news.send({"error": "out of memory: give a smaller file, or CSV instead of XLSX"})
    except OSError as error:
        news.send({"error": f"cannot be labelled ({error.strerror or error})"})


def _columns(work: _Work) -> list[str]:
    """Columns of a file that could not be labelled, to choose from; none if there are too many."""
    reading = replace(work.order.reading, text=())
    try:
        with open_table(work.source, reading) as (table, _):
            return table.columns if len(table.columns) <= _MOST_COLUMNS else []
    except (KpoclfError, OSError, MemoryError):
        return []


def _make_ready(settings: Settings) -> None:
    """Leave Ctrl-C to the server; limit memory, and the size of what is written, where one can."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        import resource
    except ImportError:
        return
    for kind, limit in (
        (resource.RLIMIT_AS, settings.max_job_memory),
        (resource.RLIMIT_FSIZE, settings.max_jobs_bytes),
    ):
        _, most = resource.getrlimit(kind)
        if most == resource.RLIM_INFINITY or limit < most:
            resource.setrlimit(kind, (limit, most))
