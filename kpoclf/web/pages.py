"""The pages for people: made on the server, whole without JavaScript."""

from __future__ import annotations

import csv
import os
from functools import cache
from typing import TYPE_CHECKING, Any

from markdown_it import MarkdownIt
from markupsafe import Markup, escape
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, RedirectResponse, Response
from starlette.routing import Route

from kpoclf.errors import InputError
from kpoclf.judge.page import marked, markup, stylesheet
from kpoclf.judge.status import STATUS_MEANINGS
from kpoclf.model.card import model_card
from kpoclf.model.folder import describe
from kpoclf.model.store import Store
from kpoclf.resources import shipped
from kpoclf.review.estimate import estimate_accuracy, told_estimate
from kpoclf.review.queue import ReviewQueue
from kpoclf.web.answers import Json, page, shown_size
from kpoclf.web.charts import review_curve
from kpoclf.web.jobs import Job, Order, TooManyJobsError
from kpoclf.web.openapi import openapi

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.datastructures import FormData
    from starlette.requests import Request

    from kpoclf.review.queue import Item

__all__ = ["routes"]

_EXAMPLES = (0, 1, 6)  # rows of the example file
_FIELDS = 120  # of a form: a file may offer many columns
_LONGEST_ORDER = 20_000  # characters
_DELIMITERS = {"comma": ",", "semicolon": ";", "tab": "\t", "pipe": "|"}
_ENCODINGS = ("utf-8", "cp1252", "utf-16", "iso8859-2", "mac-roman", "shift_jis", "gb18030")
_CHOICES = {"delimiters": _DELIMITERS, "encodings": _ENCODINGS}
_CHANGES = 20  # of the models, latest first
_REVIEWER = "kpoclf_reviewer"
_DONE = "kpoclf_done"  # what was done to an answer, until the next page has told it
_YEAR = 365 * 24 * 3600
_MINUTE = 60
_ANSWERS = (
    ("KPO", "k", "KPO"),
    ("BPO", "b", "BPO"),
    ("OTHER", "o", "Out of scope"),
    ("skip", "s", "Skip"),
    ("undo", "u", "Undo"),
)
_NAMES = {"KPO": "KPO", "BPO": "BPO", "OTHER": "out of scope", "skip": "skipped"}
_TOLD = {
    "saved": "Saved: {}.",
    "changed": "Changed from {} to {}.",
    "kept": "Skipped; your answer stays: {}.",
    "undone": "Taken back: {}.",
    "nothing": "Nothing to take back.",
}
_WAYS = {
    "new": "New",
    "skipped": "Skipped",
    "second": "Second opinion",
    "conflicts": "Conflicts",
}


async def text(request: Request) -> Response:
    """An empty form, or an example in it."""
    examples = _examples()
    told = request.query_params.get("example", "")
    chosen = int(told) - 1 if told.isascii() and told.isdigit() and len(told) < 3 else -1
    example = list(examples.values())[chosen] if 0 <= chosen < len(examples) else ""
    return _text_page(request, example)


async def answer(request: Request) -> Response:
    """The form with the answer under it."""
    form = await _form(request)
    given = _value(form, "text").replace("\r\n", "\n")
    limit = request.app.state.settings.max_characters
    if not given.strip():
        return _text_page(request, given, error="There is no text: paste one.", status=422)
    if len(given) > limit:
        told = f"The text has {len(given):,} characters; at most {limit:,} are explained."
        return _text_page(request, given[:limit], error=told, status=413)
    state = request.app.state
    found = await state.work.run(lambda: markup(state.model.explain(given), "h3"))
    return _text_page(request, given, answer=Markup(found))  # noqa: S704  (escaped by markup)


def _text_page(
    request: Request, given: str, error: str = "", answer: Markup | str = "", status: int = 200
) -> Response:
    return page(
        "text",
        status,
        text=given,
        error=error,
        answer=answer,
        examples=list(_examples()),
        model=request.app.state.model.id,
        limit=request.app.state.settings.max_characters,
    )


@cache
def _examples() -> dict[str, str]:
    """A few postings of the example file, by title."""
    path = shipped("data", "examples", "postings.csv")
    with path.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    return {rows[i]["title"]: f"{rows[i]['title']}\n{rows[i]['description']}" for i in _EXAMPLES}


async def files(request: Request) -> Response:
    """The form for a file."""
    return _files_page(request)


async def upload(request: Request) -> Response:
    """Take a file, and go to its page."""
    uploads = request.app.state.uploads
    async with uploads, request.form(max_files=1, max_fields=_FIELDS) as form:
        order = _order(form)
        file = form.get("file")
        if not isinstance(file, UploadFile) or not file.filename:
            return _files_page(request, order, "Choose a file first.", 422)
        stream, name = file.file, file.filename
        try:
            job = await request.app.state.work.run(
                lambda: request.app.state.jobs.add(stream, name, order)
            )
        except TooManyJobsError as error:
            return _files_page(request, order, str(error), 503)
        except InputError as error:
            return _files_page(request, order, str(error), 422)
    return RedirectResponse(f"/files/{job.id}", 303)


def _files_page(
    request: Request, order: Order | None = None, error: str = "", status: int = 200
) -> Response:
    settings = request.app.state.settings
    return page(
        "files",
        status,
        order=order or Order(),
        choices=_CHOICES,
        error=error,
        megabytes=settings.max_upload_bytes >> 20,
        minutes=round(settings.keep_seconds / 60),
    )


def _order(form: FormData, known: Sequence[str] = ()) -> Order:
    """What a form says is to be done with a file whose columns may be known."""
    ticked = {told for told in form.getlist("column") if isinstance(told, str)}
    columns = [name for i, name in enumerate(known) if str(i) in ticked]
    columns += [name for line in _value(form, "columns").splitlines() if (name := line.strip())]
    encoding, sheet = (_value(form, name).strip() for name in ("encoding", "sheet"))
    if sum(map(len, (*columns, encoding, sheet))) > _LONGEST_ORDER:
        raise HTTPException(422, "the form says too much: name columns, encoding and sheet")
    return Order(
        tuple(columns),
        encoding,
        _DELIMITERS.get(_value(form, "delimiter"), ""),
        sheet,
        detail="detail" in form,
        overwrite="overwrite" in form,
    )


def _job(request: Request) -> Job:
    found: Job | None = request.app.state.jobs.find(request.path_params["id"])
    if found is None:
        raise HTTPException(404, "there is no such file here; it may have been deleted")
    return found


async def file(request: Request) -> Response:
    """How far a file is, or what came of it."""
    job = _job(request)
    return page("file", job=job, order=job.order, choices=_CHOICES, statuses=STATUS_MEANINGS)


async def again(request: Request) -> Response:
    """Label a file once more, in another way."""
    job = _job(request)
    if not job.over:
        raise HTTPException(409, "the file is being labelled; wait, or stop it")
    order = _order(await _form(request), job.columns)
    await request.app.state.work.run(lambda: request.app.state.jobs.again(job, order))
    return RedirectResponse(f"/files/{job.id}", 303)


async def progress(request: Request) -> Response:
    """How far a file is, for the script of its page."""
    job = _job(request)
    told = f"{job.percent} % of {shown_size(job.size)}"
    if job.state == "waiting":
        told += ", waiting for its turn"
    return Json({"over": job.over, "percent": job.percent, "told": told})


async def download(request: Request) -> Response:
    """The labelled file."""
    job = _job(request)
    if job.state != "done":
        raise HTTPException(404, "the file is not labelled yet")
    path = request.app.state.jobs.result(job)
    return FileResponse(path, media_type="application/octet-stream", filename=job.result_name)


async def delete(request: Request) -> Response:
    """Throw a file away."""
    request.app.state.jobs.remove(_job(request))
    return RedirectResponse("/files", 303)


async def review(request: Request) -> Response:
    """The next text for this reviewer."""
    which = request.query_params.get("which", "new")
    if which not in _WAYS:
        raise HTTPException(404, "there are no such texts")
    queue = await request.app.state.work.run(lambda: _queue(request))
    reviewer = _reviewer(request)
    if queue is None or not reviewer:
        return page("review", queue=queue is not None, reviewer=reviewer, error="")
    found = await request.app.state.work.run(lambda: _next(request, queue, reviewer, which))
    done = _told_done(request)
    told = page("review", queue=True, reviewer=reviewer, error="", which=which, done=done, **found)
    if _DONE in request.cookies:
        told.delete_cookie(_DONE, httponly=True, samesite="strict")
    return told


def _told_done(request: Request) -> str:
    """The cookie's message; nothing of what it holds is shown unless we may have written it."""
    what, *answers = request.cookies.get(_DONE, "").split("-")
    told = _TOLD.get(what, "")
    if told.count("{}") != len(answers) or not set(answers) <= set(_NAMES):
        return ""
    return told.format(*(_NAMES[answer] for answer in answers))


def _queue(request: Request) -> ReviewQueue | None:
    """The queue, which may have been made after the server was started."""
    state = request.app.state
    if state.queue is None and os.path.isfile(state.settings.queue):
        try:
            state.queue = ReviewQueue(state.settings.queue)
        except InputError as error:
            raise HTTPException(503, str(error)) from None
    found: ReviewQueue | None = state.queue
    return found


def _next(request: Request, queue: ReviewQueue, reviewer: str, which: Any) -> dict[str, Any]:
    item = queue.next(reviewer, which)
    told = queue.progress(reviewer)
    left = {
        "new": told.left,
        "skipped": told.skipped,
        "second": told.second,
        "conflicts": told.conflicts,
    }
    return {
        "item": item,
        "marked": "" if item is None else _marked(request, item),
        "answered": queue.answers(item.id) if item and which == "conflicts" else (),
        "progress": told,
        "left": left[which],
        "ways": [(way, _WAYS[way], left[way]) for way in _WAYS],
        "answers": _ANSWERS,
        "estimate": told_estimate(estimate_accuracy(queue)),
        "names": _NAMES,
    }


def _marked(request: Request, item: Item) -> Markup:
    if len(item.text) > request.app.state.settings.max_characters:
        return escape(item.text)
    return Markup(marked(request.app.state.model.explain(item.text)))  # noqa: S704  (escaped)


async def decide(request: Request) -> Response:
    """Write down an answer, and go to the next text."""
    queue = await request.app.state.work.run(lambda: _queue(request))
    reviewer = _reviewer(request)
    if queue is None or not reviewer:
        return RedirectResponse("/review", 303)
    form = await _form(request)
    given, which, note = (_value(form, name) for name in ("answer", "which", "note"))
    number = _value(form, "item")
    if which not in _WAYS:
        which = "new"

    def write() -> tuple[str, ...]:
        if given == "undo":
            return _undo(queue, reviewer)
        if number.isascii() and number.isdigit() and len(number) < 16:
            return _answer(queue, int(number), reviewer, given, note)
        raise InputError("the answer does not say to which text")

    try:
        done = await request.app.state.work.run(write)
    except InputError as error:
        raise HTTPException(422, str(error)) from None
    answer = RedirectResponse("/review" if which == "new" else f"/review?which={which}", 303)
    answer.set_cookie(_DONE, "-".join(done), max_age=_MINUTE, httponly=True, samesite="strict")
    return answer


def _undo(queue: ReviewQueue, reviewer: str) -> tuple[str, ...]:
    last = queue.last(reviewer)
    if last is None or queue.undo(reviewer) is None:
        return ("nothing",)
    return ("undone", last.answer)


def _answer(queue: ReviewQueue, item: int, reviewer: str, given: str, note: str) -> tuple[str, ...]:
    """Write an answer down; what became of it and of the one it follows, as `_TOLD` names it."""
    before = {d.reviewer: d.answer for d in queue.answers(item)}.get(reviewer, given)
    queue.decide(item, reviewer, given, note)
    if before == given:
        return ("saved", given)
    return ("kept", before) if given == "skip" else ("changed", before, given)


async def name(request: Request) -> Response:
    """Remember who reviews here."""
    given = " ".join(_value(await _form(request), "name").split())
    if not given or len(given) > 80 or not given.isprintable():
        raise HTTPException(422, "give a name of 1 to 80 characters")
    answer = RedirectResponse("/review", 303)
    answer.set_cookie(
        _REVIEWER,
        given.encode().hex(),  # cookies hold little more than ASCII
        max_age=_YEAR,
        httponly=True,
        samesite="strict",
    )
    return answer


def _reviewer(request: Request) -> str:
    try:
        told = bytes.fromhex(request.cookies.get(_REVIEWER, "")).decode()
    except ValueError:
        return ""
    return told if len(told) <= 80 and told.isprintable() else ""


async def model(request: Request) -> Response:
    """Card, figures and versions of the model."""
    found: Response = await request.app.state.work.run(lambda: _model_page(request))
    return found


def _model_page(request: Request) -> Response:
    found = request.app.state.model
    trained = found.trained
    store = Store()
    versions = store.versions()
    current = next((v.id for v in versions if v.current), found.id)
    return page(
        "model",
        model=found.id,
        newer="" if current == found.id else current,
        figures=trained.figures,
        curve=review_curve(trained.review.curve) if trained.review and trained.review.curve else "",
        versions=versions,
        changes=store.log()[: -_CHANGES - 1 : -1],
        card=_card(model_card(describe(trained, found.id))),
    )


def _card(text: str) -> Markup:
    """A card as HTML, its title left out; HTML in it is shown, not meant."""
    body = text.partition("\n")[2]
    reader = MarkdownIt("commonmark", {"html": False}).enable("table")
    return Markup(reader.render(body))  # noqa: S704  (escaped by the reader)


async def api(request: Request) -> Response:
    """The HTTP API, described."""
    base = str(request.base_url).rstrip("/")
    return page("api", api=openapi(request.app.state.settings), base=base)


async def explanation_style(request: Request) -> Response:  # noqa: ARG001
    """The style that explanations share with notebooks."""
    return Response(stylesheet(), media_type="text/css")


routes = [
    Route("/", text),
    Route("/", answer, methods=["POST"]),
    Route("/files", files),
    Route("/files", upload, methods=["POST"]),
    Route("/files/{id}", file),
    Route("/files/{id}/state", progress),
    Route("/files/{id}/download", download),
    Route("/files/{id}/again", again, methods=["POST"]),
    Route("/files/{id}/delete", delete, methods=["POST"]),
    Route("/review", review),
    Route("/review", decide, methods=["POST"]),
    Route("/review/name", name, methods=["POST"]),
    Route("/model", model),
    Route("/api", api),
    Route("/static/explanation.css", explanation_style),
]


async def _form(request: Request) -> FormData:
    return await request.form(max_files=0, max_fields=_FIELDS)


def _value(form: FormData, name: str) -> str:
    found = form.get(name, "")
    return found if isinstance(found, str) else ""
