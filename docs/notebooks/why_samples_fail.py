# %% [markdown]
# # Why samples fail, and a learned prior helps
#
# A VAE paints by drawing latents from its prior. Its decoder has only ever seen latents of the encoder. Where the two differ, samples
# fail although reconstructions are right. Here you see it with one decoder and two priors.

# %%
import torch

from cvae_lightning import Painter, load
from cvae_lightning.models import StandardPrior

painter = load()
captions = [
    "a large blue square above 3 small red circles",
    "2 medium green stars left of 2 medium purple triangles",
    "a large red circle",
]

# %% [markdown]
# The shipped model's latents are the positions of up to ten objects. A picture becomes latents by the encoder, and the decoder paints them
# again: reconstructions of its own samples are right.

# %%
pictures = [painter(caption, seed=0)[0] for caption in captions]
painter.reconstruct(pictures, captions)

# %% [markdown]
# Now the same model with the prior that most VAEs have, N(0, I). Nothing else changes: encoder and decoder are the ones above.

# %%
standard = load()
standard.model.prior = StandardPrior(standard.model.latent_dim)
standard(captions, num_samples=4, seed=0)

# %% [markdown]
# The one circle is right most of the time, since one object can be nearly anywhere. With more objects the samples are wrong, and the
# reasons say why: every position is drawn by itself, so objects lie on top of each other, leave the canvas, or are on the wrong side.

# %%
for verdict in standard(captions[0], num_samples=4, seed=0).verdicts:
    print(verdict.reason)

# %% [markdown]
# The learned prior is a flow: a network that moves noise, step by step, to where the encoder puts latents of such a caption. It knows that
# squares that are *above* are above, and that things keep a distance.

# %%
painter(captions, num_samples=4, seed=0)


# %%
def share_right(painter: Painter, caption: str) -> float:
    """Share of 16 samples that the judge passes."""
    correct = painter(caption, num_samples=16, seed=1).correct
    return sum(map(bool, correct)) / len(correct)


for caption in captions:
    print(f"N(0, I): {share_right(standard, caption):4.0%}   learned: {share_right(painter, caption):4.0%}   {caption}")

# %% [markdown]
# Two numbers of a run show the same without painting. The *rate* is what training with N(0, I) makes small, so that latents look more like
# that prior, at the price of worse reconstructions ([what beta does](what_beta_does.md)). A learned prior moves to the latents instead.
# How far two objects of the flow's samples are apart, at least, and of N(0, I)'s, in shares of the canvas:

# %%
layout = painter.model.decoder.layout
tokens = painter.tokenizer.encode_batch([captions[0]] * 64)
with torch.inference_mode():
    for name, each in {"N(0, I)": standard, "learned": painter}.items():
        z = each.model.sample(tokens, painter.noise(64, seed=0))  # (64, Z)
        positions = layout.split(z)[0][:, 5:8]  # the three circles
        distances = torch.cdist(positions, positions) + 9 * torch.eye(3)
        print(f"{name}: {distances.flatten(1).min(dim=1).values.median():.2f}")
