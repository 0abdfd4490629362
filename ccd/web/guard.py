"""What holds for every request and every answer: writes from our own pages only, small bodies, strict headers; and who
asks for the head alone is answered as who asks for all, without the body."""

from collections.abc import Collection, Mapping
from http import HTTPStatus

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ccd.org.origins import is_own_origin
from ccd.web.problems import Problem, problem_response

BODY_BYTES_MAX = 65_536
FILE_BYTES_MAX = 16 * 1_024 * 1_024  # of what is taken over as a whole
AT_MOST = "At most {} bytes."
API = "/api/"
FILES = "/api/imports/"
WHOLE = (FILES, "/api/organisation/")
READS = frozenset({"GET", "OPTIONS"})

# Nothing but what this server sends runs, loads or connects; nobody frames it.
POLICY = "; ".join(
    (
        "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self' data:", "font-src 'self'",
        "connect-src 'self'", "manifest-src 'self'", "base-uri 'none'", "form-action 'self'", "frame-ancestors 'none'",
    )
)  # fmt: skip

HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
}
TLS_FROM_NOW_ON = "max-age=31536000"


class Guard:
    def __init__(self, app: ASGIApp, origins: Collection[str] = ()) -> None:
        self._app = app
        self._origins = origins

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers[name] = value
                if scope["scheme"] == "https":
                    headers["Strict-Transport-Security"] = TLS_FROM_NOW_ON
                if scope["path"].startswith(API):  # whose it is, is asked anew each time
                    headers["Cache-Control"] = "no-store"
            is_body = message["type"] == "http.response.body"
            await send({**message, "body": b""} if is_body and asks_for_head else message)

        asks_for_head = scope["method"] == "HEAD"
        if asks_for_head:
            scope = {**scope, "method": "GET"}
        headers = Headers(scope=scope)
        if scope["method"] not in READS and not self._is_ours(headers):
            refusal = problem_response(
                HTTPStatus.FORBIDDEN, "Only pages of this server may do that.", because="other-origin"
            )
            await refusal(scope, receive, send_guarded)
            return
        most = FILE_BYTES_MAX if scope["path"].startswith(WHOLE) else BODY_BYTES_MAX
        if not headers.get("content-length", "0").isdecimal() or int(headers.get("content-length", "0")) > most:
            refusal = problem_response(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, AT_MOST.format(most))
            await refusal(scope, receive, send_guarded)
            return
        await self._app(scope, _limited(receive, most), send_guarded)

    def _is_ours(self, headers: Headers) -> bool:
        if headers.get("sec-fetch-site") == "cross-site" and headers.get("origin") not in self._origins:
            return False
        return is_own_origin(headers.get("origin"), headers.get("host"), self._origins)


def _limited(receive: Receive, most: int) -> Receive:
    """A body that did not say how long it is is refused where it gets too long, in the hands of whoever reads it."""
    received = 0

    async def limited() -> Message:
        nonlocal received
        message = await receive()
        if message["type"] == "http.request":
            received += len(message.get("body", b""))
            if received > most:
                raise Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, AT_MOST.format(most))
        return message

    return limited
