"""The HTTP API: the same answers as Python's, as JSON."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

from starlette.exceptions import HTTPException
from starlette.routing import Route

from kpoclf import __version__
from kpoclf.errors import InputError
from kpoclf.judge.texts import as_texts
from kpoclf.model.folder import describe
from kpoclf.web.answers import Json
from kpoclf.web.openapi import openapi

if TYPE_CHECKING:
    from starlette.requests import Request

    from kpoclf.judge.model import Judgements, Model

__all__ = ["routes"]

_FORMS = {"texts": '{"texts": ["one", "two"]}', "text": '{"text": "one"}'}  # what is to be sent


async def health(request: Request) -> Json:
    """Whether the server answers, and with which model."""
    return Json({"status": "ok", "model": request.app.state.model.id, "version": __version__})


async def model(request: Request) -> Json:
    """What the model is made of, and its figures."""
    return Json(_described(request.app.state.model))


async def label(request: Request) -> Json:
    """Label texts."""
    state = request.app.state
    given = await _field(request, "texts")
    if not isinstance(given, list):
        raise HTTPException(422, f"texts is not a list: send {_FORMS['texts']}")
    if len(given) > state.settings.max_texts:
        raise HTTPException(
            422, f"{len(given):,} texts: send at most {state.settings.max_texts:,} at a time"
        )
    try:
        texts = as_texts(given)
    except InputError as error:
        raise HTTPException(422, str(error)) from None
    judged = await state.work.run(lambda: state.model.judge(texts))
    return Json({"model": state.model.id, "results": _results(judged)})


async def explain(request: Request) -> Json:
    """Label one text and say why."""
    state = request.app.state
    text = await _field(request, "text")
    if not isinstance(text, str):
        raise HTTPException(422, f"text is no text: send {_FORMS['text']}")
    if len(text) > state.settings.max_characters:
        raise HTTPException(
            422,
            f"{len(text):,} characters: send at most {state.settings.max_characters:,}, "
            "or label it, which has no such limit",
        )
    found = await state.work.run(lambda: state.model.explain(text).to_dict())
    return Json(found)


async def schema(request: Request) -> Json:
    """The description of this API."""
    return Json(openapi(request.app.state.settings))


routes = [
    Route("/api/v1/health", health),
    Route("/api/v1/model", model),
    Route("/api/v1/label", label, methods=["POST"]),
    Route("/api/v1/explain", explain, methods=["POST"]),
    Route("/openapi.json", schema),
]


async def _field(request: Request, name: str) -> Any:
    """The one value of a JSON object that was sent."""
    form = _FORMS[name]
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise HTTPException(415, f"send {form} with the header Content-Type: application/json")
    body = await request.body()
    try:
        content = json.loads(body)
    except (ValueError, RecursionError) as error:
        told = (
            "nested too deeply"
            if isinstance(error, RecursionError)
            else " ".join(str(error).split())
        )
        raise HTTPException(400, f"the request is not JSON ({told}): send {form}") from None
    if not isinstance(content, dict):
        raise HTTPException(422, f"the JSON is no object: send {form}")
    if name not in content:
        raise HTTPException(422, f"no key {name!r}: send {form}")
    if len(content) > 1:
        other = next(key for key in content if key != name)
        raise HTTPException(422, f"unknown key {other[:50]!r}: send {form} alone")
    return content[name]


def _results(judged: Judgements) -> list[dict[str, Any]]:
    columns = zip(
        judged.label.tolist(),
        judged.confidence.tolist(),
        judged.status.tolist(),
        judged.service.tolist(),
        judged.service_confidence.tolist(),
        strict=True,
    )
    return [
        {
            "label": label,
            "confidence": confidence,
            "status": status,
            "service": service,
            "service_confidence": None if math.isnan(sure) else sure,
        }
        for label, confidence, status, service, sure in columns
    ]


def _described(found: Model) -> dict[str, Any]:
    weights = found.trained.weights
    described = describe(found.trained, found.id)
    pairs = zip(weights.services, weights.service_labels, strict=True)
    services = [{"service": service, "label": label} for service, label in pairs]
    return {"model": described.pop("id"), **described, "services": services}
