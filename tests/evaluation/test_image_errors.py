"""Errors equal their definitions and torchmetrics."""

import torch
from torchmetrics.functional import mean_absolute_error, mean_squared_error
from torchmetrics.functional.image import peak_signal_noise_ratio

from cvae_lightning.evaluation.image_errors import image_errors


def test_errors_equal_the_library() -> None:
    a, b = torch.rand(2, 4, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    errors = image_errors(a, b)
    torch.testing.assert_close(errors["mse"], mean_squared_error(a, b))
    torch.testing.assert_close(errors["mae"], mean_absolute_error(a, b))
    each = [peak_signal_noise_ratio(x, y, data_range=1.0) for x, y in zip(a, b, strict=True)]
    torch.testing.assert_close(errors["psnr"], torch.stack(each).mean())


def test_equal_images_have_no_error() -> None:
    a = torch.rand(2, 3, 8, 8)
    assert image_errors(a, a) == {"mse": 0.0, "mae": 0.0, "psnr": 100.0}
