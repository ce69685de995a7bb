"""What stands before the demo's page: who may ask, how much, and what a browser may load for it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from cvae_lightning.web.uploads import LARGEST_UPLOAD

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]

MOST_BYTES = LARGEST_UPLOAD * 4 // 3 + 100_000
"""Of a request: a picture as text, and what is around it."""
HOSTS = ("127.0.0.1", "localhost")
REFUSED = ("/gradio_api/upload", "/gradio_api/proxy", "/gradio_api/file", "/gradio_api/stream", "/monitoring")
"""Addresses of Gradio's that the page does not use: files that are written or read, and other servers."""
HEADERS = {
    "content-security-policy": (
        "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data:; font-src 'self' data:; connect-src 'self'; frame-ancestors 'none'; base-uri 'self'; "
        "form-action 'self'"
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
}
"""A browser loads nothing for the page that does not come from it."""


def guarded(app: App) -> App:
    """An application that answers this machine alone, and requests of bounded size.

    The name that a request is addressed to is checked, since another site can lead a browser to 127.0.0.1 by a name of
    its own. A body must state its length, which the server holds it to.
    """

    async def answer(scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await (app(scope, receive, send) if scope["type"] == "lifespan" else _close(send))
        status = refusal(scope["method"], scope["path"], {key.lower(): value for key, value in scope["headers"]})
        if status:
            return await _refuse(send, status)
        return await app(scope, receive, _with_headers(send))

    return answer


def refusal(method: str, path: str, headers: MutableMapping[bytes, bytes]) -> int:
    """The status that a request is refused with; 0 for one that is answered.

    Example:
        >>> refusal("GET", "/", {b"host": b"localhost:7860"}), refusal("GET", "/", {b"host": b"example.org"})
        (0, 421)
    """
    host = headers.get(b"host", b"").decode("latin-1")
    if host.rpartition(":")[0] not in HOSTS and host not in HOSTS:
        return 421
    origin = headers.get(b"origin")
    if origin is not None and origin != b"http://" + headers[b"host"]:
        return 403
    if path.startswith(REFUSED):
        return 404
    if method in ("GET", "HEAD"):
        return 0
    length = headers.get(b"content-length", b"")
    if not length.isdigit():
        return 411
    return 413 if len(length) > 12 or int(length) > MOST_BYTES else 0


def _with_headers(send: Send) -> Send:
    extra = [(name.encode(), value.encode()) for name, value in HEADERS.items()]

    async def sent(message: Message) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message.get("headers", []), *extra]}
        await send(message)

    return sent


async def _refuse(send: Send, status: int) -> None:
    await send({"type": "http.response.start", "status": status, "headers": [(b"content-length", b"0")]})
    await send({"type": "http.response.body", "body": b""})


async def _close(send: Send) -> None:
    await send({"type": "websocket.close", "code": 1008})
