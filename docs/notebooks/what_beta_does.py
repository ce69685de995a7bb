# %% [markdown]
# # What beta does
#
# The objective of a VAE is distortion + beta x rate: how badly a picture is painted again, and how many nats its latents keep of it. With a
# large beta the cheapest latents are those that keep nothing. Here you see it happen.

# %%
import numpy as np
import torch

from cvae_lightning import CaptionTokenizer, ConditionalVAE
from cvae_lightning.data.images import from_uint8, to_pictures
from cvae_lightning.pictures.grids import captioned_grid
from cvae_lightning.training import BetaELBO
from cvae_lightning.world import parse, render, sample_scene

# %% [markdown]
# 256 pictures of one caption. The only thing that differs is where the circle is, so two numbers are enough to say everything.

# %%
CAPTION = "a large blue circle"
rng = np.random.default_rng(0)
scenes = [sample_scene(parse(CAPTION), rng) for _ in range(256)]
images = from_uint8(render(scenes, 32))  # (256, 3, 32, 32)
tokenizer = CaptionTokenizer().fit([CAPTION])
tokens = tokenizer.encode_batch([CAPTION] * len(images))
captioned_grid(to_pictures(images[:8]), [CAPTION] * 8)

# %% [markdown]
# The same tiny model with four latents is trained from the same weights, on the same batches, with three values of beta.


# %%
def trained(beta: float, steps: int = 120) -> ConditionalVAE:
    """A model after so many steps; everything but beta is the same each time."""
    torch.manual_seed(0)
    sizes = {"image_size": 32, "latent_dim": 4, "caption_dim": 8, "base_channels": 8, "stages": 3}
    model, objective = ConditionalVAE(len(tokenizer), **sizes), BetaELBO(beta)
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    for step in range(steps):
        batch = torch.arange(16) + 16 * (step % 16)
        loss = objective(model(images[batch], tokens[batch]), images[batch], epoch=step / 16)
        optimizer.zero_grad()
        loss.loss.backward()
        optimizer.step()
    return model.eval()


models = {beta: trained(beta) for beta in (1.0, 100.0, 3000.0)}

# %% [markdown]
# The rate of each latent, in nats: how much of a picture it keeps. A latent without rate is *collapsed*: it is noise, whatever the picture.
# (The distortion is minus the log of a density, so it can be below zero.)

# %%
for beta, model in models.items():
    with torch.inference_mode():
        passed = model(images, tokens)
    rates = "  ".join(f"{rate:5.2f}" for rate in passed.rate.mean(dim=0).sort(descending=True).values.tolist())
    print(f"beta {beta:6.0f}: distortion {passed.distortion.mean():7.1f} nats, rate of each latent {rates}")

# %% [markdown]
# The first pictures, and their reconstructions with each beta. Where the latents have collapsed, the decoder paints the same picture for
# all: the mean of everything that the caption allows, a smear.

# %%
with torch.inference_mode():
    rows = {"the picture": images[:6]} | {
        f"beta {beta:g}": model.reconstruct(images[:6], tokens[:6]) for beta, model in models.items()
    }
shown = [(picture, label) for label, row in rows.items() for picture in to_pictures(row)]
captioned_grid([picture for picture, _ in shown], [label for _, label in shown], columns=6)

# %% [markdown]
# And samples, with latents from the prior N(0, I). A small beta keeps pictures sharp, but its latents need not look like the prior's;
# a large one makes prior and latents equal, and worthless. Between them lies a trade, and a better prior moves it
# ([why samples fail](why_samples_fail.md)).

# %%
noise = torch.randn(6, 4, generator=torch.Generator().manual_seed(0))
with torch.inference_mode():
    rows = {f"sample, beta {beta:g}": model.generate(tokens[:6], noise=noise) for beta, model in models.items()}
shown = [(picture, label) for label, row in rows.items() for picture in to_pictures(row)]
captioned_grid([picture for picture, _ in shown], [label for _, label in shown], columns=6)
