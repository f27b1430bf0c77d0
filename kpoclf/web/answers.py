"""What is sent back: JSON, pages, and refusals as either."""

from __future__ import annotations

import json
from functools import cache
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, Response
from starlette.routing import Match

if TYPE_CHECKING:
    from starlette.requests import Request

__all__ = ["Json", "for_program", "page", "refusal", "shown_size"]

_HERE = Path(__file__).parent


class Json(Response):
    """JSON in ASCII: halves of characters, which no UTF-8 can hold, come back as they were sent."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        """The body."""
        return json.dumps(content, allow_nan=False, separators=(",", ":")).encode()


@cache
def _templates() -> Environment:
    found = Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.filters.update(size=shown_size, plain_json=_plain_json)
    return found


def shown_size(n: int) -> str:
    """A number of bytes as people read it.

    Examples
    --------
    >>> shown_size(900), shown_size(3_400_000)
    ('1 kB', '3.4 MB')
    """
    return f"{n / 1e6:.1f} MB" if n >= 1e6 else f"{max(n / 1e3, 1):.0f} kB"


def _plain_json(value: Any, indent: int | None = None) -> str:
    return json.dumps(value, ensure_ascii=False, indent=indent)


def page(name: str, code: int = 200, **values: Any) -> HTMLResponse:
    """A page from the template of this name."""
    told = _templates().get_template(f"{name}.html").render(here=name, **values)
    # Halves of characters, which a file of JSON Lines may hold, become question marks.
    return HTMLResponse(told.encode("utf-8", "replace"), code)


def for_program(path: str) -> bool:
    """Whether what is asked for is JSON."""
    return path.startswith("/api/") or path == "/openapi.json"


def refusal(path: str, status: int, reason: str) -> Response:
    """Say no, in one line, to a program or a person."""
    if for_program(path):
        return Json({"error": reason}, status)
    return page("refusal", status, reason=reason, title=HTTPStatus(status).phrase)


async def on_http_error(request: Request, error: Exception) -> Response:
    """Handler of starlette's errors."""
    assert isinstance(error, HTTPException)  # noqa: S101
    path, status, reason = request.url.path, error.status_code, error.detail
    headers = dict(error.headers or {})
    if status == 404 and reason == "Not Found":
        reason = f"nothing is at {path}" + ("; /api lists what is" if for_program(path) else "")
    elif status == 405:
        methods = _methods(request)
        headers["allow"] = ", ".join(methods)
        wanted = " or ".join(m for m in methods if m != "HEAD")
        reason = f"{path} takes {wanted}, not {request.method}"
        if for_program(path):
            reason += "; /api shows a call"
    found = refusal(path, status, reason)
    found.headers.update(headers)
    return found


def _methods(request: Request) -> list[str]:
    """Methods that a path takes, whichever of its routes takes them."""
    found = {"GET", "HEAD"} if request.url.path.startswith("/static/") else set()
    for route in request.app.routes:
        if route.matches(request.scope)[0] is not Match.NONE:
            found |= getattr(route, "methods", None) or set()
    return sorted(found)


async def on_fault(request: Request, error: Exception) -> Response:  # noqa: ARG001
    """Handler of what nobody foresaw; the server's log has the reason."""
    return refusal(request.url.path, 500, "the server failed; its log says why")
