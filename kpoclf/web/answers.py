"""What is sent back: JSON, pages, and refusals as either."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

__all__ = ["Json", "for_program", "page", "refusal"]

_HERE = Path(__file__).parent


class Json(Response):
    """JSON in ASCII: halves of characters, which no UTF-8 can hold, come back as they were sent."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        """The body."""
        return json.dumps(content, allow_nan=False, separators=(",", ":")).encode()


@cache
def _templates() -> Environment:
    return Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def page(name: str, status: int = 200, **values: Any) -> HTMLResponse:
    """A page from the template of this name."""
    told = _templates().get_template(f"{name}.html").render(here=name, **values)
    # Halves of characters, which a file of JSON Lines may hold, become question marks.
    return HTMLResponse(told.encode("utf-8", "replace"), status)


def for_program(path: str) -> bool:
    """Whether what is asked for is JSON."""
    return path.startswith("/api/") or path == "/openapi.json"


def refusal(path: str, status: int, reason: str) -> Response:
    """Say no, in one line, to a program or a person."""
    if for_program(path):
        return Json({"error": reason}, status)
    return page("refusal", status, reason=reason, status=status)


async def on_http_error(request: Request, error: Exception) -> Response:
    """Handler of starlette's errors."""
    assert isinstance(error, HTTPException)  # noqa: S101
    found = refusal(request.url.path, error.status_code, error.detail)
    found.headers.update(error.headers or {})
    return found


async def on_fault(request: Request, error: Exception) -> Response:  # noqa: ARG001
    """Handler of what nobody foresaw; the server's log has the reason."""
    return refusal(request.url.path, 500, "the server failed; its log says why")
