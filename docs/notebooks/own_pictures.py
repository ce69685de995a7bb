# %% [markdown]
# # Your own pictures
#
# A folder of pictures, each with a text file beside it, trains a model of captions in any words. No judge can say whether its
# pictures are right; eyes can, and so can numbers that need no judge. The pictures here are flags, drawn for this notebook;
# yours can be of any size and format.

# %%
from pathlib import Path

from PIL import Image

COLOURS = {"red": (200, 30, 40), "white": (240, 240, 240), "blue": (30, 60, 160), "yellow": (240, 200, 40)}
folder = Path("flags")
folder.mkdir()
for first in COLOURS:
    for second in COLOURS:
        flag = Image.new("RGB", (2, 1), COLOURS[second])
        flag.putpixel((0, 0), COLOURS[first])
        flag.resize((48, 48), Image.Resampling.NEAREST).save(folder / f"{first}_{second}.png")
        (folder / f"{first}_{second}.txt").write_text(f"{first} left and {second} right")
len(list(folder.glob("*.png")))

# %% [markdown]
# The data module reads the folder and fits the vocabulary. Some pictures are kept for validation: their captions are new, the words
# in them are not.

# %%
import pytorch_lightning as pl
import torch

from cvae_lightning import ConditionalVAE, CVAEModule, load
from cvae_lightning.data import CaptionedFolderDataModule
from cvae_lightning.training import BetaELBO

data = CaptionedFolderDataModule(folder, resolution=32, batch_size=7, val_fraction=0.2, num_workers=0)
data.setup()
print(data.tokenizer.words)
print({split: len(pictures) for split, pictures in data.datasets.items()})

# %% [markdown]
# A tiny model, trained for some seconds. A flag holds nothing that its caption does not say, so latents have nothing to keep: a large beta
# makes them expensive, and the decoder learns from the caption ([what beta does](what_beta_does.md)).

# %%
torch.manual_seed(0)
sizes = {"image_size": 32, "latent_dim": 4, "caption_dim": 32, "base_channels": 8, "stages": 3}
module = CVAEModule(
    ConditionalVAE(len(data.tokenizer), **sizes),
    BetaELBO(beta=100.0),
    optimizer=lambda parameters: torch.optim.Adam(parameters, lr=4e-3),
)
quiet = {"logger": False, "enable_progress_bar": False, "enable_model_summary": False, "enable_checkpointing": False}
trainer = pl.Trainer(max_epochs=120, accelerator="cpu", limit_val_batches=0, **quiet)
trainer.fit(module, datamodule=data)
trainer.save_checkpoint("flags.ckpt")

# %% [markdown]
# Captions of training pictures, painted. Grey frames: there is no verdict.

# %%
painter = load("flags.ckpt")
known = data.datasets["train"].captions()[:6]
painter(known, num_samples=1)

# %% [markdown]
# Captions that training never had. Where a model has learned what words mean, and not whole captions by heart, these are right, too.
# After eleven pictures they are not yet: the halves are where they should be, their colours often are not.

# %%
painter(data.datasets["val"].captions(), num_samples=1)

# %% [markdown]
# A word that training never had means nothing to the model: all such words are one unknown word, and a warning names them.
#
# The same by command, with pictures, scores and a run folder that can be resumed ([your own pictures](../own_pictures.md)):
#
# ```text
# python -m cvae_lightning.train +experiment=baseline data=folder data.path=flags trainer.max_epochs=300
# ```
