"""The demo's server: on this machine alone, for one page."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"  # before its import, which reads it

import gradio as gr
import uvicorn
from fastapi import FastAPI

from cvae_lightning.errors import UserError
from cvae_lightning.inference.painter import Painter
from cvae_lightning.web.build import build_page
from cvae_lightning.web.page import CSS
from cvae_lightning.web.safety import guarded

HOST = "127.0.0.1"
MOST_WAITING = 16
"""Requests in the queue; one more is answered with a message that it is full."""
MOST_CONNECTIONS = 64
FONTS = ("system-ui", "Segoe UI", "Helvetica", "Arial", "sans-serif")
"""Of the reader's own system: none is downloaded."""


def bound_socket(port: int) -> socket.socket:
    """A socket of this machine alone.

    Args:
        port: its number; 0 for any that is free.

    Raises:
        UserError: another program has the port.
    """
    opened = socket.socket()
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        opened.bind((HOST, port))
    except OSError as error:
        opened.close()
        raise UserError(
            f"port={port}: it cannot be opened ({error.strerror}): expected a free one, such as port=0"
        ) from error
    return opened


def make_server(painter: Painter) -> uvicorn.Server:
    """The server of a painter's page; ``run(sockets=[...])`` serves until it is stopped."""
    page = build_page(painter).queue(max_size=MOST_WAITING, default_concurrency_limit=1, api_open=False)
    theme = gr.themes.Default(primary_hue="blue", font=FONTS, font_mono=("ui-monospace", "monospace"))
    outer = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    app = gr.mount_gradio_app(
        outer,
        page,
        path="/",
        server_name=HOST,
        footer_links=[],
        app_kwargs={"docs_url": None, "redoc_url": None, "openapi_url": None},
        show_error=False,
        max_file_size=1,
        ssr_mode=False,
        enable_monitoring=False,
        pwa=False,
        mcp_server=False,
        theme=theme,
        css=CSS,
    )
    settings = uvicorn.Config(
        guarded(app), host=HOST, log_level="warning", access_log=False, limit_concurrency=MOST_CONNECTIONS, ws="none"
    )
    return uvicorn.Server(settings)


@contextmanager
def served(painter: Painter) -> Iterator[str]:
    """Serve a painter's page from a thread of this process, as long as the block lasts; yields its address."""
    opened, server = bound_socket(0), make_server(painter)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [opened]}, daemon=True)
    thread.start()
    yield f"http://{HOST}:{opened.getsockname()[1]}/"
    server.should_exit = True
    thread.join(timeout=30)
