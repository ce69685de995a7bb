"""Processor time of sampling and drawing scenes: one at a time and all pixels, as before, beside batches, in turns."""

import json
from pathlib import Path
from statistics import median
from time import process_time

import numpy as np

from cvae_lightning.world import DEFAULT, SceneBatch, captioned_scene, captioned_scenes
from cvae_lightning.world.renderer import mixtures, sides_of

HERE, ROUNDS = Path(__file__).parent, 5
PLAIN, BATCH = 200, 65536
"""Scenes per round, one at a time and in a batch."""


def draw_all_pixels(scenes: SceneBatch, size: int) -> None:
    """Every pixel as the sum of what all things add to it, 16 pictures of 64 px at a time, or one of 256 px."""
    at_once = max(1, (1 << 16) // size**2)
    for start in range(0, len(scenes), at_once):
        some = [scenes[i].scene for i in range(start, min(start + at_once, len(scenes)))]
        things = [(number, thing) for number, scene in enumerate(some) for thing in scene.things]
        shapes = [sides_of(DEFAULT.shapes[thing.shape]) for _, thing in things]
        positions = np.array([(number, t.x * size, t.y * size, t.r * size) for number, t in things])
        tints = np.subtract([DEFAULT.colours[thing.colour] for _, thing in things], DEFAULT.background)
        images = np.empty((len(some), size, size, 3), np.uint8)
        for channel, mixed in enumerate(mixtures(shapes, positions, tints, len(some), size)):
            images[..., channel] = np.clip(mixed + (DEFAULT.background[channel] + 0.5), 0, 255)


def draw_batches(scenes: SceneBatch, size: int) -> None:
    """In batches of 128 pictures of 64 px, or of 32 of 256 px."""
    at_once = 128 if size == 64 else 32
    for start in range(0, len(scenes), at_once):
        scenes.take(range(start, start + at_once)).draw(size)


def timed(work, *arguments) -> float:
    start = process_time()
    work(*arguments)
    return process_time() - start


def one_at_a_time(first: int) -> None:
    for index in range(first, first + PLAIN):
        captioned_scene(0, "train", index)


def main() -> None:
    scenes = captioned_scenes(0, "train", range(BATCH))
    few, rows = scenes.take(range(PLAIN)), {"sampling": [], "drawing, 64 px": [], "drawing, 256 px": []}
    for turn in range(ROUNDS):
        plain = timed(one_at_a_time, turn * PLAIN) / PLAIN
        batch = timed(captioned_scenes, 0, "train", range(turn * BATCH, (turn + 1) * BATCH)) / BATCH
        rows["sampling"].append((plain, batch))
        for size, count in ((64, 2048), (256, 256)):
            some = scenes.take(range(count))
            plain, batch = timed(draw_all_pixels, few, size) / PLAIN, timed(draw_batches, some, size) / count
            rows[f"drawing, {size} px"].append((plain, batch))
    found = {
        name: {
            "one_at_a_time_us": median(plain for plain, _ in times) * 1e6,
            "batch_us": median(batch for _, batch in times) * 1e6,
            "ratio": median(plain / batch for plain, batch in times),
            "ratios": sorted(plain / batch for plain, batch in times),
        }
        for name, times in rows.items()
    }
    for size in (64, 256):
        found[f"scenes_per_second_{size}"] = 1e6 / (
            found["sampling"]["batch_us"] + found[f"drawing, {size} px"]["batch_us"]
        )
    (HERE / "scenes.json").write_text(json.dumps(found, indent=1) + "\n")
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
