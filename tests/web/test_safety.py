"""Only this machine is answered, and only requests of bounded size."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from cvae_lightning.web.safety import MOST_BYTES, guarded, refusal

HOST = {b"host": b"127.0.0.1:7860"}


@pytest.mark.parametrize(
    ("method", "path", "headers", "status"),
    [
        ("GET", "/", HOST, 0),
        ("GET", "/", {b"host": b"localhost"}, 0),
        ("GET", "/", {b"host": b"rebound.example:7860"}, 421),
        ("GET", "/", {b"host": b"127.0.0.1.example"}, 421),
        ("GET", "/", {}, 421),
        ("POST", "/gradio_api/queue/join", HOST | {b"content-length": b"100"}, 0),
        ("POST", "/gradio_api/queue/join", HOST | {b"content-length": b"%d" % (MOST_BYTES + 1)}, 413),
        ("POST", "/gradio_api/queue/join", HOST | {b"content-length": b"9" * 5000}, 413),
        ("POST", "/gradio_api/queue/join", HOST | {b"content-length": b"-1"}, 411),
        ("POST", "/gradio_api/queue/join", HOST | {b"transfer-encoding": b"chunked"}, 411),
        ("POST", "/gradio_api/queue/join", HOST | {b"origin": b"http://example.org", b"content-length": b"1"}, 403),
        ("POST", "/gradio_api/queue/join", HOST | {b"origin": b"http://127.0.0.1:7860", b"content-length": b"1"}, 0),
        ("POST", "/gradio_api/upload", HOST | {b"content-length": b"1"}, 404),
        ("GET", "/gradio_api/file=/etc/passwd", HOST, 404),
        ("GET", "/gradio_api/proxy=https://example.org", HOST, 404),
    ],
)
def test_what_is_refused(method: str, path: str, headers: dict[bytes, bytes], status: int) -> None:
    assert refusal(method, path, dict(headers)) == status


def answered(scope: dict[str, Any]) -> list[dict[str, Any]]:
    sent: list[dict[str, Any]] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run(guarded(app)(scope, lambda: None, send))  # type: ignore[arg-type]
    return sent


def test_an_answer_lets_the_browser_load_nothing_from_elsewhere() -> None:
    (start,) = answered({"type": "http", "method": "GET", "path": "/", "headers": list(HOST.items())})
    policy = dict(start["headers"])[b"content-security-policy"].decode()
    assert policy.startswith("default-src 'self'")
    assert "http" not in policy


def test_a_refused_request_does_not_reach_the_page() -> None:
    asked = {"type": "http", "method": "GET", "path": "/", "headers": [(b"Host", b"example.org")]}
    assert answered(asked)[0]["status"] == 421
    assert answered({"type": "websocket", "path": "/", "headers": []})[0]["type"] == "websocket.close"
