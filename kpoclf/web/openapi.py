"""The description of the HTTP API: OpenAPI 3.1, and the parts that its page shows."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from kpoclf import __version__
from kpoclf.judge.schema import schema_text
from kpoclf.judge.status import STATUSES
from kpoclf.taxonomy import CLASSES

if TYPE_CHECKING:
    from kpoclf.web.settings import Settings

__all__ = ["openapi"]

_ID = {"type": "string", "pattern": "^[0-9a-f]{12}$", "description": "Id of the model."}
_RESULT = {
    "type": "object",
    "properties": {
        "label": {"enum": list(CLASSES)},
        "confidence": {
            "type": "number",
            "minimum": 0.5,
            "maximum": 1,
            "description": "Calibrated probability that the label is right.",
        },
        "status": {"enum": list(STATUSES)},
        "service": {"type": "string", "description": "Empty when out of scope."},
        "service_confidence": {"type": ["number", "null"], "minimum": 0, "maximum": 1},
    },
    "required": ["label", "confidence", "status", "service", "service_confidence"],
    "additionalProperties": False,
}
_REFUSALS = {
    400: "The request is not JSON.",
    401: "The token is missing or wrong.",
    403: "A page of another site sent the request.",
    408: "The request took too long to arrive.",
    413: "The request has more bytes than the server takes.",
    415: "The request does not say that it is JSON.",
    421: "The server does not go by the name that it was asked by.",
    422: "The JSON is not of this form, or has more texts or characters than it may.",
    503: "Too many requests wait already.",
}
_OF_GET = (401, 403, 421)


def openapi(settings: Settings) -> dict[str, Any]:
    """The API as OpenAPI describes it.

    Parameters
    ----------
    settings : Settings
        Its limits are told.

    Returns
    -------
    dict
        Ready for JSON.
    """
    explanation = json.loads(schema_text())
    explanation.pop("$schema")
    explanation.pop("$id")
    texts = {
        "type": "array",
        "items": {"type": ["string", "null"]},
        "maxItems": settings.max_texts,
        "description": "Postings or tasks, in English; null counts as the empty text.",
    }
    text = {"type": "string", "maxLength": settings.max_characters}
    results = {"type": "array", "items": _RESULT, "description": "One for each text, in order."}
    described: dict[str, Any] = {
        "openapi": "3.1.0",
        "info": {
            "title": "kpoclf",
            "version": __version__,
            "description": "Says whether the work of a posting is KPO or BPO, how sure it is, and "
            f"why. A request has at most {settings.max_bytes:,} bytes. Errors are "
            '{"error": "one line"}.',
        },
        "paths": {
            "/api/v1/label": {
                "post": _post(
                    "Label texts",
                    "The answers of Python's Model.label, in the order of the texts.",
                    _object(texts=texts),
                    _object(model=_ID, results=results),
                    {"texts": ["Reconcile supplier invoices and post them to the ledger."]},
                )
            },
            "/api/v1/explain": {
                "post": _post(
                    "Label one text and say why",
                    "What kpoclf explain --json prints.",
                    _object(text=text),
                    explanation,
                    {"text": "Search prior art and advise the inventor."},
                )
            },
            "/api/v1/health": {
                "get": _get(
                    "Whether the server answers",
                    "Needs no token.",
                    _object(status={"const": "ok"}, model=_ID, version={"type": "string"}),
                )
            },
            "/api/v1/model": {
                "get": _get(
                    "What the model is made of, and its figures",
                    "As model.json of its folder.",
                    {"type": "object", "properties": {"model": _ID}, "required": ["model"]},
                )
            },
        },
    }
    if settings.token is not None:
        described["components"] = {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}
        }
        described["security"] = [{"token": []}]
        described["paths"]["/api/v1/health"]["get"]["security"] = []
    return described


def _object(**properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _json(schema: dict[str, Any]) -> dict[str, Any]:
    return {"application/json": {"schema": schema}}


def _refusals(codes: tuple[int, ...]) -> dict[str, Any]:
    error = _json(_object(error={"type": "string"}))
    return {str(code): {"description": _REFUSALS[code], "content": error} for code in codes}


def _get(summary: str, description: str, answer: dict[str, Any]) -> dict[str, Any]:
    return {
        "summary": summary,
        "description": description,
        "responses": {
            "200": {"description": summary, "content": _json(answer)},
            **_refusals(_OF_GET),
        },
    }


def _post(
    summary: str, description: str, body: dict[str, Any], answer: dict[str, Any], example: Any
) -> dict[str, Any]:
    content = {"application/json": {"schema": body, "example": example}}
    return {
        "summary": summary,
        "description": description,
        "requestBody": {"required": True, "content": content},
        "responses": {
            "200": {"description": summary, "content": _json(answer)},
            **_refusals(tuple(_REFUSALS)),
        },
    }
