"""The web application: API, pages, and the guard before them."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from anyio import CapacityLimiter
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

from kpoclf.web import api, pages
from kpoclf.web.answers import on_fault, on_http_error
from kpoclf.web.guard import Guard
from kpoclf.web.jobs import Jobs
from kpoclf.web.work import Work

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from kpoclf.judge.model import Model
    from kpoclf.review.queue import ReviewQueue
    from kpoclf.web.settings import Settings

__all__ = ["create_app"]

_SWEEP = 60.0  # seconds
_UPLOADS = 4  # files that are taken in at a time; the others wait, unread


def create_app(model: Model, settings: Settings, queue: ReviewQueue | None = None) -> Guard:
    """The application, for any ASGI server.

    Parameters
    ----------
    model : Model
    settings : Settings
    queue : ReviewQueue, optional
        Without it the review page says how to make one, and finds it then.

    Returns
    -------
    Guard
        An ASGI application.
    """
    static = Mount("/static", StaticFiles(directory=Path(__file__).parent / "static"))
    app = Starlette(
        routes=[*api.routes, *pages.routes, static],
        exception_handlers={HTTPException: on_http_error, Exception: on_fault},
        lifespan=_lifespan,
    )
    app.state.model = model
    app.state.settings = settings
    app.state.queue = queue
    app.state.uploads = CapacityLimiter(_UPLOADS)
    app.state.work = Work(settings.max_waiting)
    app.state.jobs = Jobs(model, settings)
    return Guard(app, settings)


@asynccontextmanager
async def _lifespan(app: Starlette) -> AsyncIterator[None]:
    jobs: Jobs = app.state.jobs

    async def sweep() -> None:
        while True:
            await asyncio.sleep(_SWEEP)
            await asyncio.to_thread(jobs.sweep)

    sweeper = asyncio.create_task(sweep())
    yield
    sweeper.cancel()
    with suppress(asyncio.CancelledError):
        await sweeper
    await asyncio.to_thread(jobs.close)
