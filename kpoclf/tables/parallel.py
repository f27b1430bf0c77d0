"""Runs of rows answered by several processes, in order, a few runs ahead."""

from __future__ import annotations

import os
import pickle
import signal
import tempfile
import threading
from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from kpoclf.errors import InputError
from kpoclf.tables.answers import Answers, answer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from concurrent.futures import Future

    from joblib.externals.loky import ProcessPoolExecutor

    from kpoclf.judge.model import Model

__all__ = ["answered", "usual_processes"]

_PAYS = 16 << 20  # bytes of a file; for less the other processes take longer to start than to label
_MOST = 8  # processes by default: reading and writing the file, by one, keeps no more busy
_AHEAD = 2  # runs of rows for each process that are waiting or done

_Batch = TypeVar("_Batch")
_model: Model | None = None  # of a process that answers


def usual_processes(size: int | None) -> int:
    """Processes for a file of so many bytes: one where more do not pay, or its size is not known.

    Examples
    --------
    >>> usual_processes(1000), usual_processes(None)
    (1, 1)
    """
    if size is None or size < _PAYS:
        return 1
    try:
        cores = len(os.sched_getaffinity(0))
    except AttributeError:  # not on every system
        cores = os.cpu_count() or 1
    return min(cores, _MOST)


def answered(
    model: Model,
    batches: Iterable[_Batch],
    texts: Callable[[_Batch], Sequence[str]],
    detail: bool = False,
    processes: int = 1,
) -> Iterator[tuple[_Batch, Answers]]:
    """Each batch with its answers, in order.

    Parameters
    ----------
    model : Model
    batches : iterable
        Taken from as they are needed: at most three for each process are held.
    texts : callable
        Texts of a batch.
    detail : bool
    processes : int
        1: this process answers. More: others do.

    Yields
    ------
    batch : object
    answers : Answers

    Raises
    ------
    RowError
        If a text makes the model fail.
    InputError
        If a process ends before its time.
    """
    if processes == 1:
        for batch in batches:
            yield batch, answer(model, texts(batch), detail)
        return
    from joblib.externals.loky import ProcessPoolExecutor
    from joblib.externals.loky.process_executor import BrokenProcessPool

    with tempfile.TemporaryDirectory(prefix="kpoclf-") as folder:
        copy = Path(folder, "model")
        copy.write_bytes(pickle.dumps(model, pickle.HIGHEST_PROTOCOL))
        workers = ProcessPoolExecutor(processes, initializer=_start, initargs=(str(copy),))
        waiting: deque[tuple[_Batch, Future[Answers]]] = deque()
        finished = False
        try:
            for batch in batches:
                waiting.append((batch, workers.submit(_work, texts(batch), detail)))
                if len(waiting) > _AHEAD * processes:
                    first, future = waiting.popleft()
                    yield first, future.result()
            while waiting:
                first, future = waiting.popleft()
                yield first, future.result()
            finished = True
        except BrokenProcessPool:
            raise InputError(
                "a process that labels ended before its time (out of memory, or killed); "
                "try again with --processes 1"
            ) from None
        finally:
            if finished:
                workers.shutdown()
            else:
                _kill(workers)


def _kill(workers: ProcessPoolExecutor) -> None:
    """End the processes at once; what the pool's own thread says of that is nobody's concern."""
    usual = threading.excepthook
    threading.excepthook = lambda args: None
    try:
        workers.shutdown(wait=True, kill_workers=True)
    finally:
        threading.excepthook = usual


def _start(path: str) -> None:
    """Make a process ready: it has the model, and leaves Ctrl-C to the one that started it."""
    global _model
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _model = pickle.loads(Path(path).read_bytes())  # noqa: S301  (written by `answered`)


def _work(texts: Sequence[str], detail: bool) -> Answers:
    assert _model is not None  # noqa: S101
    return answer(_model, texts, detail)
