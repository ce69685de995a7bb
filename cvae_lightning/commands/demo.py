"""The work of ``demo``: serve a page that tries a trained model, on this machine alone."""

import sys

from omegaconf import DictConfig

from cvae_lightning.errors import require_package
from cvae_lightning.inference.device import pick_device
from cvae_lightning.runs import find_checkpoint


def job(config: DictConfig) -> None:
    """Load the model and serve its page until Ctrl-C."""
    checkpoint = find_checkpoint(config.run)
    require_package("gradio", "demo")

    from cvae_lightning.inference.checkpoint import load
    from cvae_lightning.web.server import bound_socket, make_server

    opened = bound_socket(config.port)
    print("loading the model and the page", file=sys.stderr)
    server = make_server(load(checkpoint, pick_device(config.device)))
    print(f"open http://127.0.0.1:{opened.getsockname()[1]} in a browser; Ctrl-C ends the demo", flush=True)
    server.run(sockets=[opened])
