"""How the peers learn and paint: noise prediction with diffusers' DDPM, and a rectified flow."""

from __future__ import annotations

from abc import abstractmethod

import torch
from networks import PlainUNet, Reader, diffusers_unet
from torch import Tensor, nn
from torch.nn import functional


class Generator(nn.Module):
    """Words to pictures in [-1, 1]; classifier-free guidance with a tenth of the captions dropped.

    Args:
        reader: of the words.
    """

    guidance = 2.0

    def __init__(self, reader: Reader) -> None:
        super().__init__()
        self.reader = reader

    def read(self, words: Tensor) -> tuple[Tensor, Tensor]:
        """(B, T, C) and a mask (B, T); without words, the first place stands for "no caption"."""
        mask = words > 0
        mask[:, 0] = True
        padded = words.masked_fill(~mask, 0)
        padded[:, 0] = padded[:, 0].clamp(min=1)  # so that the reader has something to attend to
        return self.reader(padded), mask

    @abstractmethod
    def loss(self, images: Tensor, words: Tensor) -> Tensor:
        """Of images (B, 3, S, S) and words (B, T); a scalar."""

    @abstractmethod
    def paint(self, words: Tensor, noise: Tensor) -> Tensor:
        """Pictures (B, 3, S, S) of words (B, T) from standard normal noise of that shape."""

    def forget(self, words: Tensor) -> Tensor:
        """Words with a tenth of the rows empty."""
        return words * (torch.rand(len(words), 1) > 0.1)


class Flow(Generator):
    """Rectified flow (Liu et al. 2022) of pixels with the plain UNet; 25 Heun steps."""

    steps = 25

    def __init__(self, reader: Reader, width: int = 128) -> None:
        super().__init__(reader)
        self.unet = PlainUNet(width)

    def loss(self, images: Tensor, words: Tensor) -> Tensor:
        noise = torch.randn_like(images)
        time = torch.rand(len(images))
        mixed = torch.lerp(noise, images, time[:, None, None, None])
        return functional.mse_loss(self.unet(mixed, time, *self.read(self.forget(words))), images - noise)

    def paint(self, words: Tensor, noise: Tensor) -> Tensor:
        both = self.read(torch.cat([words, torch.zeros_like(words)]))

        def velocity(images: Tensor, time: float) -> Tensor:
            times = images.new_full((2 * len(images),), time)
            with_words, without = self.unet(images.repeat(2, 1, 1, 1), times, *both).chunk(2)
            return without + self.guidance * (with_words - without)

        images, step = noise, 1 / self.steps
        for k in range(self.steps):
            first = velocity(images, k * step)
            second = velocity(images + step * first, (k + 1) * step)
            images = images + step * (first + second) / 2
        return images


class Diffusers(Generator):
    """diffusers' ``UNet2DConditionModel``, trained to predict noise (DDPM) and painting with 50 DDIM steps."""

    steps = 50

    def __init__(self, reader: Reader, width: int = 128) -> None:
        super().__init__(reader)
        from diffusers import DDIMScheduler

        self.unet = diffusers_unet(width)
        self.schedule = DDIMScheduler(num_train_timesteps=1000, beta_schedule="squaredcos_cap_v2")

    def loss(self, images: Tensor, words: Tensor) -> Tensor:
        noise = torch.randn_like(images)
        time = torch.randint(0, 1000, (len(images),))
        mixed = self.schedule.add_noise(images, noise, time)
        return functional.mse_loss(self._noise(mixed, time, *self.read(self.forget(words))), noise)

    def _noise(self, images: Tensor, time: Tensor, words: Tensor, mask: Tensor) -> Tensor:
        return self.unet(images, time, words, encoder_attention_mask=mask).sample

    def paint(self, words: Tensor, noise: Tensor) -> Tensor:
        both = self.read(torch.cat([words, torch.zeros_like(words)]))
        self.schedule.set_timesteps(self.steps)
        images = noise
        for time in self.schedule.timesteps:
            predicted = self._noise(images.repeat(2, 1, 1, 1), time.expand(2 * len(images)), *both)
            with_words, without = predicted.chunk(2)
            guided = without + self.guidance * (with_words - without)
            images = self.schedule.step(guided, time, images).prev_sample
        return images


GENERATORS = {"flow": Flow, "diffusers": Diffusers}
