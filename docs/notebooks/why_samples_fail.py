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
# The latents show the same without any picture: in how many of 64 samples two circles overlap, and in how many the square is above
# all of them. Training with N(0, I) and a large beta would push latents towards that prior, at the price of worse reconstructions
# ([what beta does](what_beta_does.md)). A learned prior moves to the latents instead.

# %%
layout = painter.model.decoder.layout
tokens = painter.tokenizer.encode_batch([captions[0]] * 64)
with torch.inference_mode():
    for name, each in {"N(0, I)": standard, "learned": painter}.items():
        z = each.model.sample(tokens, painter.noise(64, seed=0))  # (64, Z)
        positions = layout.split(z).positions  # (64, K, 2) x and y of each slot
        square, circles = positions[:, 0], positions[:, 5:8]  # the first group has slots 0 to 4, the second 5 to 9
        distances = torch.cdist(circles, circles) + 9 * torch.eye(3)
        overlap = distances.flatten(1).min(dim=1).values < 2 * painter.world.sizes["small"]
        above = square[:, 1] < circles[:, :, 1].min(dim=1).values
        print(
            f"{name}: circles overlap in {overlap.float().mean():4.0%}, the square is above in {above.float().mean():4.0%}"
        )
