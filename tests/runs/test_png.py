"""A PNG of our own encoder has the pixels it was given, and always the same bytes."""

from __future__ import annotations

import hashlib
import zlib
from io import BytesIO

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image

from cvae_lightning.runs.png import LONGEST, _zlib, png_bytes
from cvae_lightning.world import V1, render, sample, scene_rng


@given(st.sampled_from([(5, 7), (1, 1), (3, 9, 3), (20, 1, 3)]).flatmap(lambda shape: arrays(np.uint8, shape)))
def test_pillow_reads_what_was_written(pixels: np.ndarray) -> None:
    assert np.array_equal(np.asarray(Image.open(BytesIO(png_bytes(pixels)))), pixels)


def test_runs_of_every_length_are_unpacked_by_zlib() -> None:
    for length in (*range(1, 300), 2 * LONGEST, 2 * LONGEST + 1, 2 * LONGEST + 4, 100_000):
        content = np.concatenate((np.full(length, 7, np.uint8), np.full(length, 200, np.uint8), [9])).astype(np.uint8)
        assert zlib.decompress(_zlib(content)) == content.tobytes(), length


def test_the_bytes_are_these_on_every_machine() -> None:
    scenes = [sample(scene_rng(0, "train", index, world=V1), world=V1)[1] for index in range(20)]
    files = [png_bytes(image) for image in render(scenes, 64, world=V1)]
    assert (
        hashlib.sha256(b"".join(files)).hexdigest()
        == "e3f8ea4d843a91e6ca1ef1b3538de8ef154917d33e862c2515f74c62285bc551"
    )
    assert sum(map(len, files)) < 20 * 2500
