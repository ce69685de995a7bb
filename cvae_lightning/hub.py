"""Models on a hub: a painter with ``from_pretrained``, ``save_pretrained`` and ``push_to_hub``.

The methods are those of huggingface_hub's mixin (https://huggingface.co/docs/huggingface_hub/package_reference/mixins),
which the extra ``hub`` installs. What is loaded is read as any file of this package is: as plain data.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import torch

from cvae_lightning.data.tokenizer import CaptionTokenizer
from cvae_lightning.errors import UserError
from cvae_lightning.inference.checkpoint import load
from cvae_lightning.inference.export import Exported, check_evaluated, packed
from cvae_lightning.inference.painter import Painter
from cvae_lightning.models import ConditionalVAE
from cvae_lightning.reports.card_files import card_of
from cvae_lightning.reports.evaluation_files import read_evaluation
from cvae_lightning.runs import CARD, CONFIG, WEIGHTS, find_checkpoint, run_dir_of, write_new
from cvae_lightning.runs.images import refuse_existing

try:
    from huggingface_hub import ModelCard, ModelHubMixin, hf_hub_download
    from huggingface_hub.errors import EntryNotFoundError
except ImportError as error:
    raise UserError("cvae_lightning.hub needs huggingface_hub: pip install 'cvae-lightning[hub]'") from error

HUB_CONFIG = "config.json"
"""What a hub counts downloads by; it repeats facts of the card."""


class HubPainter(Painter, ModelHubMixin):
    """A painter that a model hub stores.

    Args:
        model: see :class:`cvae_lightning.Painter`.
        tokenizer: the tokenizer that the model was trained with.
        source: the file that it was loaded from, whose folder has the records that the model card quotes.
        evaluation: content of the ``evaluation.json`` of this very model, for the card's numbers.

    Example:
        >>> painter = HubPainter.from_pretrained(find_checkpoint(None).parent)  # or the name of a repository
        >>> painter.save_pretrained("mine")
        >>> sorted(path.name for path in Path("mine").iterdir())
        ['README.md', 'config.json', 'config.yaml', 'model.safetensors']
    """

    def __init__(
        self,
        model: ConditionalVAE,
        tokenizer: CaptionTokenizer,
        source: Path | None = None,
        evaluation: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(model, tokenizer)
        self.source, self.evaluation = source, dict(evaluation or {})

    @classmethod
    def _from_pretrained(  # type: ignore[override]  # settings by name, so that a typo is an error
        cls,
        *,
        model_id: str,
        revision: str | None,
        cache_dir: str | Path | None,
        force_download: bool,
        local_files_only: bool,
        token: str | bool | None,
        device: str | torch.device = "cpu",
        sampler: Mapping[str, Any] | None = None,
        evaluation: str | Path | None = None,
    ) -> HubPainter:
        """A run folder, an exported folder, or a repository of a hub, where nothing local has the name.

        Raises:
            UserError: there is no trained model in it, or the evaluation is of another one.
        """
        options = {
            "revision": revision,
            "cache_dir": cache_dir,
            "force_download": force_download,
            "local_files_only": local_files_only,
            "token": token,
        }
        source = find_checkpoint(model_id) if Path(model_id).exists() else _download(model_id, options)
        painter = load(source, device, sampler)
        judged = read_evaluation(Path(evaluation)) if evaluation is not None else {}
        if judged:
            check_evaluated(judged, source, packed(painter).weights)
        return cls(painter.model, painter.tokenizer, source, judged)

    def save_pretrained(self, save_directory: str | Path, **options: Any) -> str | None:
        """Write weights, the run's config, a model card and ``config.json`` into a folder.

        Args:
            save_directory: made where it is absent.
            **options: as huggingface_hub's method has them, such as ``push_to_hub=True``.

        Raises:
            UserError: one of the files exists.
        """
        refuse_existing(Path(save_directory) / name for name in (WEIGHTS, CONFIG, CARD, HUB_CONFIG))
        return super().save_pretrained(save_directory, **options)

    def _save_pretrained(self, save_directory: Path) -> None:
        exported = packed(self)
        facts = {name: exported.facts[name] for name in ("image_size", "latent_dim", "parameters", "parts")}
        files = {WEIGHTS: exported.weights, HUB_CONFIG: (json.dumps({"facts": facts}, indent=1) + "\n").encode()}
        folder = self._records()
        if folder is not None and (folder / CONFIG).is_file():
            files[CONFIG] = (folder / CONFIG).read_bytes()
        write_new(save_directory, files | {CARD: self._card(exported).encode()})

    def generate_model_card(self, *args: Any, **kwargs: Any) -> ModelCard:
        """The card that ``export`` writes, with the metadata that hubs read."""
        return ModelCard(self._card(packed(self)))

    def _card(self, exported: Exported) -> str:
        return card_of(exported.facts, self._records(), self.evaluation)

    def _records(self) -> Path | None:
        return None if self.source is None else run_dir_of(self.source)


def _download(repository: str, options: Mapping[str, Any]) -> Path:
    """The repository's weights as a local file, with its config beside them where it has one."""
    with suppress(EntryNotFoundError):  # an export without a run's records
        hf_hub_download(repository, CONFIG, **options)
    return Path(hf_hub_download(repository, WEIGHTS, **options))
