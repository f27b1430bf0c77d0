"""Who may speak to the server, and how much they may send: before any other code sees a request.

- *Another site* that a browser of this machine shows must not use the server: a request is refused
  if ``Sec-Fetch-Site`` or ``Origin`` says that another site made it.
- *A name that was bent to this machine* (DNS rebinding) makes the browser think that it is the same
  site; so the server answers to ``localhost``, IP addresses and names it was given, and to no others.
- *Other machines* must know the token.
- A request must have arrived within its size and time, chunked or not.
"""

from __future__ import annotations

import ipaddress
import re
import secrets
from http.cookies import CookieError, SimpleCookie
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlencode, urlsplit

import anyio
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response

from kpoclf.web.answers import for_program, page, refusal

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from kpoclf.web.settings import Settings

__all__ = ["COOKIE", "Guard"]

COOKIE = "kpoclf_token"

_SAFE = ("GET", "HEAD")
_OTHER_SITE = "a page of another site sent this request; send it from a page here, or a program"
_HOST = re.compile(r"(\[[0-9a-f:.]+\]|[\w.-]+)(:\d{1,5})?", re.ASCII)
_HEADERS = {
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "same-origin",  # "no-referrer" would make the Origin of forms "null"
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}


class Guard:
    """ASGI middleware around the whole application.

    Parameters
    ----------
    app : ASGI application
    settings : Settings
    """

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._settings = settings
        self._names = {"localhost", *(name.lower() for name in settings.names)}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or answer it."""
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self._app(scope, receive, send)
            return

        body = _Body(scope, receive, *self._limit(scope))

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(_HEADERS)
                headers.setdefault("cache-control", "no-store")
                if not body.arrived:  # else the server would read on, without end
                    headers["connection"] = "close"
            await send(message)

        try:
            found = self._turned_away(scope)
            body.check_length()
        except HTTPException as error:
            found = refusal(scope["path"], error.status_code, error.detail)
        if found is None:
            await self._app(scope, body.receive, send_guarded)
        else:
            await found(scope, body.receive, send_guarded)

    def _turned_away(self, scope: Scope) -> Response | None:
        headers = Headers(scope=scope)
        self._check_host(headers)
        _check_origin(scope, headers)
        return self._check_token(scope, headers)

    def _check_host(self, headers: Headers) -> None:
        hosts = headers.getlist("host")
        if len(hosts) != 1 or not self._is_ours(hosts[0]):
            raise HTTPException(
                421, "the server does not go by this name; start it with --allow-host NAME"
            )

    def _is_ours(self, host: str) -> bool:
        parts = _HOST.fullmatch(host.lower())
        if parts is None:
            return False
        name = parts[1]
        if name in self._names:
            return True
        try:
            ipaddress.ip_address(name.strip("[]"))
        except ValueError:
            return False
        return True  # an address cannot be bent to another

    def _check_token(self, scope: Scope, headers: Headers) -> Response | None:
        """Nothing where the token is right or not needed."""
        wanted, path = self._settings.token, scope["path"]
        if wanted is None or path == "/api/v1/health" or path.startswith("/static/"):
            return None
        scheme, _, bearer = headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer" and _same(bearer.strip(), wanted):
            return None
        if _same(_cookie(headers), wanted):
            return None
        if for_program(path):
            found = refusal(path, 401, "send the header Authorization: Bearer TOKEN")
            found.headers["www-authenticate"] = "Bearer"
            return found
        query = parse_qs(scope["query_string"].decode("latin-1"), keep_blank_values=True)
        given = query.pop("token", [""])[-1]
        if scope["method"] in _SAFE and _same(given, wanted):
            rest = f"?{urlencode(query, doseq=True)}" if query else ""
            home = RedirectResponse("/" + path.lstrip("/\\") + rest, 303)
            home.set_cookie(COOKIE, wanted, httponly=True, samesite="strict")
            return home
        return page("token", 401, wrong=bool(given))

    def _limit(self, scope: Scope) -> tuple[int, float]:
        """Bytes and seconds that a request may take to arrive."""
        settings = self._settings
        if scope["path"] == "/files":
            return settings.max_upload_bytes, settings.max_upload_seconds
        return settings.max_bytes, settings.max_seconds


class _Body:
    """The body of a request, measured as it comes."""

    def __init__(self, scope: Scope, receive: Receive, limit: int, seconds: float) -> None:
        self._receive = receive
        self._limit = limit
        self._seconds = seconds
        self._deadline = anyio.current_time() + seconds
        self._taken = 0
        headers = Headers(scope=scope)
        self._length = headers.get("content-length", "0")
        self.arrived = self._length == "0" and "transfer-encoding" not in headers

    def check_length(self) -> None:
        """Refuse what says that it is too long."""
        told = self._length
        if not told.isascii() or not told.isdigit() or int(told) > self._limit:
            raise self._too_large()

    async def receive(self) -> Message:
        """ASGI's ``receive``."""
        if self.arrived:  # what comes now is news of the connection
            return await self._receive()
        try:
            with anyio.fail_after(self._deadline - anyio.current_time()):
                message = await self._receive()
        except TimeoutError:
            told = (
                f"the request took more than {self._seconds:g} seconds to arrive; "
                "send less, or over a quicker line"
            )
            raise HTTPException(408, told) from None
        self._taken += len(message.get("body", b""))
        if self._taken > self._limit:
            raise self._too_large()
        self.arrived = not message.get("more_body", False)
        return message

    def _too_large(self) -> HTTPException:
        told = f"the request has more than {self._limit:,} bytes; send less at a time"
        return HTTPException(413, told)


def _check_origin(scope: Scope, headers: Headers) -> None:
    """Refuse what a page of another site makes a browser send.

    Programs send neither header; they may use the API, which takes only JSON, as no form of another
    site can send it. What forms send must say where it comes from.
    """
    site = headers.get("sec-fetch-site")
    own = site in (None, "same-origin", "none")
    link = scope["method"] in _SAFE and headers.get("sec-fetch-mode") == "navigate"
    if not own and not (link and headers.get("sec-fetch-dest") == "document"):
        raise HTTPException(403, _OTHER_SITE)
    if scope["method"] in _SAFE:
        return
    origin = headers.get("origin")
    if origin is not None:
        try:
            told = urlsplit(origin)
        except ValueError:
            told = urlsplit("null")
        if told.scheme not in ("http", "https") or told.netloc.lower() != headers["host"].lower():
            raise HTTPException(403, _OTHER_SITE)
    elif site is None and not for_program(scope["path"]):
        raise HTTPException(403, "a form must say where it comes from: send the header Origin")


def _cookie(headers: Headers) -> str:
    try:
        found = SimpleCookie(headers.get("cookie", "")).get(COOKIE)
    except CookieError:
        return ""
    return found.value if found else ""


def _same(given: str, wanted: str) -> bool:
    return secrets.compare_digest(given.encode(), wanted.encode())
