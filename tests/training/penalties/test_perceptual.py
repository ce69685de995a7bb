"""The perceptual penalty is its paper's distance on torchvision's own network, and needs its weights."""

from pathlib import Path

import pytest
import torch
from torch import nn
from torchvision.models import VGG16_Weights, vgg16

from cvae_lightning.errors import UserError
from cvae_lightning.training.penalties import Penalties, PerceptualPenalty, View


def pair() -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(1)
    fakes, images = (torch.rand(2, 3, 32, 32, generator=generator) for _ in range(2))
    return fakes, images


def view(fakes: torch.Tensor, images: torch.Tensor) -> View:
    return View(fakes, images, torch.zeros(()), nn.Identity(), 0.0, True)


@pytest.mark.parametrize("distance", ["mse", "l1"])
def test_it_is_the_distance_of_torchvisions_features(vgg_weights: Path, distance: str) -> None:
    with torch.device("meta"):
        network = vgg16(weights=None).features[:16]
    saved = torch.load(vgg_weights, weights_only=True)
    network.load_state_dict({key.removeprefix("features."): value for key, value in saved.items()}, assign=True)
    prepare = VGG16_Weights.IMAGENET1K_V1.transforms(crop_size=32, resize_size=32)
    fakes, images = pair()
    expected = 0.0
    for depth in (9, 16):  # relu2_2, relu3_3
        difference = network[:depth](prepare(fakes)) - network[:depth](prepare(images))
        expected += (difference.square().mean() if distance == "mse" else difference.abs().mean()).item()
    penalty = PerceptualPenalty(3.0, ["relu3_3", "relu2_2"], distance, vgg_weights)
    term = penalty(view(fakes, images))
    assert float(term.logged["perceptual"]) == pytest.approx(expected, rel=1e-4)
    assert float(term.value) == pytest.approx(3 * expected, rel=1e-4)


def test_equal_images_cost_nothing_and_others_pull_the_fake_to_the_image(vgg_weights: Path) -> None:
    fakes, images = pair()
    penalty = PerceptualPenalty(weights=vgg_weights)
    assert float(penalty(view(images, images)).value) == 0
    fakes.requires_grad_()
    penalty(view(fakes, images)).value.backward()
    nearer = fakes.detach() - 1e-4 * fakes.grad / fakes.grad.abs().max()
    assert penalty(view(nearer, images)).value < penalty(view(fakes, images)).value


def test_its_network_is_frozen_and_in_no_checkpoint(vgg_weights: Path) -> None:
    penalty = PerceptualPenalty(weights=vgg_weights)
    assert not any(parameter.requires_grad for parameter in penalty.network.parameters())
    assert Penalties({"perceptual": penalty}).state() == {}


def test_absent_weights_say_where_they_come_from_and_go(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    with pytest.raises(UserError) as mistake:
        PerceptualPenalty()
    for part in (VGG16_Weights.IMAGENET1K_V1.url, str(tmp_path / "hub"), "penalties.perceptual.weights=FILE"):
        assert part in str(mistake.value)
    assert "\n" not in str(mistake.value)


def test_the_cache_of_torch_hub_is_looked_in(tmp_path: Path, monkeypatch, vgg_weights: Path) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    (tmp_path / "hub" / "checkpoints").mkdir(parents=True)
    (tmp_path / "hub" / "checkpoints" / "vgg16-397923af.pth").symlink_to(vgg_weights)
    fakes, images = pair()
    values = [PerceptualPenalty(weights=file)(view(fakes, images)).value for file in (None, vgg_weights)]
    assert values[0] == values[1]


class Bomb:
    def __reduce__(self):
        return print, ("boom",)


@pytest.mark.parametrize("content", [b"no weights", Bomb(), {"features.0.weight": torch.zeros(64, 3, 5, 5)}, {}])
def test_files_without_weights_are_named_and_run_no_code(tmp_path: Path, capsys, content) -> None:
    file = tmp_path / "other.pth"
    file.write_bytes(content) if isinstance(content, bytes) else torch.save(content, file)
    with pytest.raises(UserError, match=r"other\.pth does not hold the weights of VGG16"):
        PerceptualPenalty(weights=file)
    assert "boom" not in capsys.readouterr().out


def test_impossible_settings_are_named(vgg_weights: Path) -> None:
    with pytest.raises(ValueError, match=r"'relu2_3'.*the nearest is 'relu5_3'"):
        PerceptualPenalty(layers=["relu2_3"], weights=vgg_weights)
    with pytest.raises(ValueError, match=r"layers is \[\]"):
        PerceptualPenalty(layers=[], weights=vgg_weights)
    with pytest.raises(ValueError, match="'l2': expected mse or l1"):
        PerceptualPenalty(distance="l2", weights=vgg_weights)
    with pytest.raises(ValueError, match="penalty weight is -1"):
        PerceptualPenalty(-1, weights=vgg_weights)


def test_a_run_without_its_weights_ends_before_any_work(command, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "cache"))
    done = command("train", "penalties=perceptual", "hydra.run.dir=run", cwd=tmp_path)
    assert done.returncode == 2
    assert "needs VGG16's weights" in done.stderr
    assert not (tmp_path / "run" / "config.yaml").exists()
