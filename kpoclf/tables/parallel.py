"""Work shared out to several processes, the results in order, a few jobs ahead."""

from __future__ import annotations

import copy
import gc
import os
import pickle
import signal
import tempfile
import threading
import time
from collections import deque
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Self, TypeVar

from kpoclf.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator
    from concurrent.futures import Future

    from joblib.externals.loky import ProcessPoolExecutor

    from kpoclf.judge.model import Model

__all__ = ["Workers", "usual_processes"]

_PAYS = 16 << 20  # bytes of a file; for less the other processes take longer to start than to label
_MOST = 8  # processes by default: one reads and writes the file, and keeps no more busy
_LOOK = 1.0  # seconds between two looks for the parent
_AHEAD = 3  # jobs that each other process has or waits to get, so that it is never without
_HELD = 6  # jobs for each process that are taken and not yielded

_Kept = TypeVar("_Kept")
_Job = TypeVar("_Job")
_Result = TypeVar("_Result")
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


class Workers:
    """Processes that work on jobs with a model, this one and others that a ``with`` block starts.

    Parameters
    ----------
    model : Model
    processes : int
        With this one. 1: no other is started, and no ``with`` is needed.

    Examples
    --------
    >>> import kpoclf
    >>> def work(model, text):
    ...     return model.predict([text]).tolist()
    >>> with Workers(kpoclf.load(), 1) as workers:
    ...     print(*workers.results(work, [("row 1", "Key invoice numbers into the ledger.")]))
    ('row 1', ['BPO'])
    """

    def __init__(self, model: Model, processes: int) -> None:
        self._model = model
        self._n = processes
        self._pool: ProcessPoolExecutor | None = None

    def __enter__(self) -> Self:
        if self._n > 1:
            from joblib.externals.loky import ProcessPoolExecutor

            self._folder = tempfile.TemporaryDirectory(prefix="kpoclf-")
            try:
                path = Path(self._folder.name, "model")
                with path.open("wb") as out:
                    pickle.dump(_without_rows(self._model), out, pickle.HIGHEST_PROTOCOL)
                self._pool = ProcessPoolExecutor(
                    self._n - 1,
                    initializer=_start,
                    initargs=(str(path), os.getpid(), gc.get_threshold()),
                    env={"OPENBLAS_NUM_THREADS": "1"},  # labelling does no algebra
                )
                with _ctrl_c_held_back():  # the first job starts the processes
                    self._pool.submit(_nothing)
            except BaseException as error:
                self.__exit__(type(error))
                raise
        return self

    @property
    def folder(self) -> Path:
        """For files that processes pass on; of more than one, and removed once all have ended."""
        return Path(self._folder.name)

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if self._n > 1:
            try:
                if self._pool is not None and kind is None:
                    self._pool.shutdown()
                elif self._pool is not None:
                    _kill(self._pool)
            finally:
                self._folder.cleanup()

    def results(
        self, work: Callable[[Model, _Job], _Result], jobs: Iterable[tuple[_Kept, _Job]]
    ) -> Generator[tuple[_Kept, _Result]]:
        """Results of jobs, in order.

        A job goes to another process as long as one may be short of work, else it is done here: on
        two cores a process that only hands out work would be a third one.

        Parameters
        ----------
        work : callable
            Makes a result of the model and a job; found by its name in another process.
        jobs : iterable of (object, object)
            What this process keeps of a job, and the job. They are taken as they are needed: at
            most six for each process are held.

        Yields
        ------
        kept : object
        result : object

        Raises
        ------
        InputError
            If a process ends before its time.
        Exception
            Whatever `work` raises, in the place of its job's result.
        """
        if self._n == 1:
            for kept, job in jobs:
                yield kept, work(self._model, job)
            return
        assert self._pool is not None  # noqa: S101
        from joblib.externals.loky.process_executor import BrokenProcessPool

        waiting: deque[tuple[_Kept, Future[_Result]]] = deque()
        try:
            for kept, job in jobs:
                given = sum(not future.done() for _, future in waiting)
                if given < _AHEAD * (self._n - 1):
                    future = self._pool.submit(_run, work, job)
                else:
                    future = _done(work, self._model, job)
                waiting.append((kept, future))
                while waiting and (waiting[0][1].done() or len(waiting) >= _HELD * self._n):
                    first, future = waiting.popleft()
                    yield first, future.result()
            while waiting:
                first, future = waiting.popleft()
                yield first, future.result()
        except BrokenProcessPool:
            raise InputError(
                "a process that labels ended before its time (out of memory, or killed); "
                "try again with --processes 1"
            ) from None
        # What is left is not cancelled: a pool with cancelled jobs cannot kill its processes.


def _done(work: Callable[[Model, _Job], _Result], model: Model, job: _Job) -> Future[_Result]:
    """The result of a job, or its error, from this process."""
    from concurrent.futures import Future  # not above: it takes time to import

    future: Future[_Result] = Future()
    try:
        future.set_result(work(model, job))
    except Exception as error:  # raised when its turn comes
        future.set_exception(error)
    return future


def _without_rows(model: Model) -> Model:
    """A copy without the rows that it was trained on: labelling needs none of them."""
    lean = copy.copy(model)
    lean.trained = replace(model.trained, rows=None)
    return lean


@contextmanager
def _ctrl_c_held_back() -> Iterator[None]:
    """Ctrl-C waits in this process, and for ever in those that are started meanwhile.

    They would tell of it by tracebacks before `_start` is reached. A mask holds it back there, but
    here only in this thread: another one may take it, and then this thread's handler runs.
    """
    came: list[int] = []
    with ExitStack() as before:
        if threading.current_thread() is threading.main_thread():
            handler = signal.signal(signal.SIGINT, lambda number, frame: came.append(number))
            before.callback(signal.signal, signal.SIGINT, handler)
        if hasattr(signal, "pthread_sigmask"):
            from multiprocessing import resource_tracker

            resource_tracker.ensure_running()  # started meanwhile, it would let Ctrl-C through
            mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
            before.callback(signal.pthread_sigmask, signal.SIG_SETMASK, mask)
        yield
    if came:
        raise KeyboardInterrupt


def _kill(workers: ProcessPoolExecutor) -> None:
    """End the processes at once; what the pool's own thread says of that is nobody's concern."""
    usual = threading.excepthook
    threading.excepthook = lambda args: None
    try:
        workers.shutdown(wait=True, kill_workers=True)
    finally:
        threading.excepthook = usual


def _start(path: str, parent: int, collects: tuple[int, int, int]) -> None:
    """Make a process ready: it has the model, and leaves Ctrl-C to the one that started it."""
    global _model
    gc.set_threshold(*collects)  # as its parent: of labelling 8 % go into looking for garbage
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
    with Path(path).open("rb") as pickled:
        _model = pickle.load(pickled)  # noqa: S301  (written by `Workers`)


def _end_with(parent: int) -> None:
    """End this process once its parent was killed: it would wait on a pipe for ever."""
    while os.getppid() == parent:
        time.sleep(_LOOK)
    os._exit(1)


def _nothing() -> None:
    """The work of a process that is to be ready."""


def _run(work: Callable[[Model, _Job], _Result], job: _Job) -> _Result:
    assert _model is not None  # noqa: S101
    return work(_model, job)
