# %% [markdown]
# # First pictures
#
# The model that comes with the package paints captions. In this notebook you ask it for pictures, read what the judge says
# of them, and change one thing at a time.

# %%
from cvae_lightning import load

painter = load()
caption = "a large blue square above 3 small red circles"
painter(caption, num_samples=4, seed=0)

# %% [markdown]
# Four samples of one caption. What the caption says is the same in all of them; what it leaves open, where things are, comes
# from random noise. A frame with a tick is a **verdict**: the judge, a program that looks at the pixels alone, detected exactly
# what the caption says. It gives a reason, too:

# %%
pictures = painter(caption, num_samples=4, seed=0)
pictures.verdicts[0].reason

# %% [markdown]
# The judge reads nothing but pixels, so it can be asked about another caption. The picture is wrong for this one, and the
# verdict says what is right about it all the same:

# %%
other = painter.judge([pictures[0]], ["a large green square above 3 small red circles"])[0]
print(other.reason)
other.atoms()

# %% [markdown]
# ## One word changes, the noise stays
#
# The same noise with another word: the layout is kept.

# %%
painter.edit(caption, "a large green star above 3 small red circles", seed=0)

# %% [markdown]
# ## From one picture to another
#
# Halfway between two captions there is often nothing that a caption could say, and the judge says so. The first half is judged by the
# first caption, the second half by the other.

# %%
painter.interpolate("a large blue circle", "a large red circle", steps=5, seed=1)

# %% [markdown]
# Between two noises of one caption all pictures should be right: only the positions change.

# %%
painter.interpolate("a large blue circle and 2 small red stars", steps=5, seed=1, second_seed=2)

# %% [markdown]
# ## What cannot be read
#
# A word outside the language is refused, with the nearest known ones.

# %%
from cvae_lightning.world import CaptionError

try:
    painter("a large blue sqare")
except CaptionError as error:
    print(error)
