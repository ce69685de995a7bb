# %% [markdown]
# # Judge your own generator
#
# The judge knows nothing of this package's models: it takes pixels and a caption. Here it measures a generator of a few lines
# of Pillow with two faults in it, and finds both.

# %%
from PIL import Image, ImageDraw

from cvae_lightning import judge_images
from cvae_lightning.inference.pictures import Pictures
from cvae_lightning.world import DEFAULT, Group, Meaning, describe

SIDE, SCALE = 64, 4  # pixels of a picture, and how many times larger it is drawn, for soft edges


def draw(group: Group) -> Image.Image:
    """Circles of one kind in a row. Its faults: green is yellow, and there are never more than two circles."""
    image = Image.new("RGB", (SCALE * SIDE, SCALE * SIDE), DEFAULT.background)
    pen, count = ImageDraw.Draw(image), min(group.count, 2)
    fill = DEFAULT.colours["yellow" if group.colour == "green" else group.colour]
    radius = SCALE * SIDE * DEFAULT.sizes[group.size]
    for index in range(count):
        x, y = SCALE * SIDE * (index + 1) / (count + 1), SCALE * SIDE / 2
        pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=fill)
    return image.resize((SIDE, SIDE), Image.Resampling.BOX)


# %% [markdown]
# Nine captions, and a picture of each. Frames show the verdicts:

# %%
groups = [Group(count, "small", colour, "circle") for count in (1, 2, 3) for colour in ("red", "green", "blue")]
captions = [describe(Meaning((group,))) for group in groups]
images = [draw(group) for group in groups]
verdicts = judge_images(images, captions)
Pictures(tuple(images), tuple(captions), tuple(verdicts))

# %% [markdown]
# How many are right, and of what. Every atom compares things one by one: where a circle is missing, its shape and size are missing,
# too. What is wrong beyond that is the colour:

# %%
for atom in ("all", "count", "colour", "shape", "size"):
    right = [verdict.atoms()[atom] for verdict in verdicts]
    print(f"{atom:7} {sum(right)} of {len(right)}")

# %% [markdown]
# Each wrong picture has a reason in words:

# %%
for verdict in verdicts:
    if not verdict.all:
        print(verdict.reason)

# %% [markdown]
# ## As files
#
# A generator in another language writes pictures with their captions into a folder, and the command judges them
# ([layouts and results](../judge.md)):
#
# ```text
# python -m cvae_lightning.judge images=pictures html=true
# ```
#
# The captions to paint, of splits that any two generators can be compared by, are written by
# `python -m cvae_lightning.dataset prompts=true`.
