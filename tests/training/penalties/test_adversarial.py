"""The discriminator learns by its own step, and the model pays what the papers' equations say."""

import copy
import math

import pytest
import torch
from torch import nn

from cvae_lightning.models import CompositingDecoder, LatentLayout, ObjectQueries
from cvae_lightning.models.discriminator import PatchDiscriminator
from cvae_lightning.training.penalties import AdversarialPenalty, Penalties, View
from cvae_lightning.training.penalties.adversarial import balance, hinge_loss, last_layer

SIDE = 16


class Painted(nn.Module):
    """A decoder whose images are one picture for all, through a last layer."""

    def __init__(self) -> None:
        super().__init__()
        self.picture = nn.Parameter(torch.rand(3, SIDE, SIDE))
        self.mix = nn.Conv2d(3, 3, 1)
        self.modulation = nn.Linear(2, 2)  # registered last, as modulations may be, yet not the last layer

    def forward(self, count: int) -> torch.Tensor:
        return torch.sigmoid(self.mix(self.picture[None])).expand(count, -1, -1, -1)


def penalty(**settings) -> AdversarialPenalty:
    torch.manual_seed(0)
    return AdversarialPenalty(discriminator=PatchDiscriminator(SIDE, channels=8, stages=2), **settings)


def view(decoder: Painted, epoch: float = 0.0, training: bool = True, scale: float = 1.0) -> View:
    images = torch.rand(4, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(0)).round()
    fakes = decoder(4)
    return View(fakes, images, scale * (fakes - images).square().mean(), decoder, epoch, training)


def weights(adversarial: AdversarialPenalty) -> torch.Tensor:
    return torch.cat([parameter.detach().flatten() for parameter in adversarial.discriminator.parameters()])


def test_the_hinge_is_lims_and_yes() -> None:
    real, fake = torch.tensor([2.0, 0.5]), torch.tensor([-3.0, 0.25])
    assert float(hinge_loss(real, fake)) == pytest.approx((0 + 0.5) / 2 + (0 + 1.25) / 2)


def test_the_last_layer_of_a_decoder_without_convolutions_is_its_last_matrix() -> None:
    layout = LatentLayout(latent_dim=6, num_slots=3, position_scale=4.0)
    decoder = CompositingDecoder(layout, ObjectQueries(num_slots=3, width=16, caption_dim=8), 32, 8, hidden=16)
    assert last_layer(decoder) is decoder.alpha.weight


def test_a_score_sees_the_patch_it_says() -> None:
    for stages, patch in ((2, 34), (3, 70)):
        discriminator = PatchDiscriminator(128, channels=8, stages=stages)
        discriminator.scores = nn.Sequential(*(m for m in discriminator.scores if not isinstance(m, nn.GroupNorm)))
        image = torch.rand(1, 3, 128, 128, requires_grad=True)
        scores = discriminator(image)
        scores[0, 0, scores.shape[2] // 2, scores.shape[3] // 2].backward()
        touched = image.grad.abs().sum(dim=(0, 1)).nonzero()
        assert (touched.amax(dim=0) - touched.amin(dim=0) + 1).tolist() == [patch, patch]


def test_the_term_is_minus_the_mean_score_of_the_updated_discriminator() -> None:
    adversarial = penalty(weight=2.0, adaptive=False)
    batch_view = view(Painted())
    term = adversarial(batch_view)
    expected = -adversarial.discriminator(batch_view.fakes).mean().detach()
    assert float(term.logged["adversarial"]) == pytest.approx(float(expected), rel=1e-5)
    assert float(term.value.detach()) == pytest.approx(2 * float(expected), rel=1e-5)


def test_the_discriminator_learns_and_the_models_gradient_does_not_reach_it() -> None:
    adversarial, decoder = penalty(), Painted()
    before = weights(adversarial)
    first = adversarial(view(decoder))
    after = weights(adversarial)
    assert not torch.equal(before, after)
    gradients = [parameter.grad.clone() for parameter in adversarial.discriminator.parameters()]
    (view(decoder).loss + first.value).backward()
    assert all(map(torch.equal, gradients, (parameter.grad for parameter in adversarial.discriminator.parameters())))
    assert torch.equal(weights(adversarial), after)
    for _ in range(60):
        last = adversarial(view(decoder))
    assert last.logged["discriminator"] < 0.5 < first.logged["discriminator"]


def test_its_own_step_leaves_the_model_no_gradient() -> None:
    decoder = Painted()
    penalty()(view(decoder))
    assert all(parameter.grad is None for parameter in decoder.parameters())


def test_the_adaptive_weight_makes_gradients_equal_at_the_last_layer() -> None:
    adversarial, decoder = penalty(weight=0.5), Painted()
    for scale in (1.0, 1000.0):
        batch_view = view(decoder, scale=scale)
        term = adversarial(batch_view)
        layer = decoder.mix.weight
        assert last_layer(decoder) is layer
        norms = [torch.autograd.grad(t, layer, retain_graph=True)[0].norm() for t in (term.value, batch_view.loss)]
        assert float(norms[0] / norms[1]) == pytest.approx(0.5, rel=1e-2)


def test_the_adaptive_weight_is_bounded() -> None:
    layer = nn.Parameter(torch.ones(2, 2))
    assert float(balance(1e9 * layer.sum(), 1e-9 * layer.sum(), layer)) == 1e4


def test_nothing_happens_before_the_start() -> None:
    adversarial, decoder = penalty(start=2.0), Painted()
    before = weights(adversarial)
    for epoch, training in ((1.99, True), (2.0, False)):
        term = adversarial(view(decoder, epoch, training))
        assert float(term.value) == 0
        assert not term.logged
    assert torch.equal(weights(adversarial), before)
    assert adversarial(view(decoder, 2.0)).logged["adversarial_weight"] > 0


def test_validation_trains_nothing_and_uses_the_last_weight() -> None:
    adversarial, decoder = penalty(), Painted()
    weight = adversarial(view(decoder)).logged["adversarial_weight"]
    before = weights(adversarial)
    with torch.inference_mode():
        term = adversarial(view(decoder, epoch=1.0, training=False))
    assert torch.equal(weights(adversarial), before)
    assert term.logged["adversarial_weight"] == weight
    adversarial(view(decoder))  # and training continues after it


def test_a_restored_penalty_continues_as_the_unbroken_one() -> None:
    decoder = Painted()
    unbroken, other = penalty(), penalty()
    for _ in range(3):
        unbroken(view(decoder))
    torch.nn.init.zeros_(other.discriminator.scores[0].weight)
    Penalties({"adversarial": other}).resume(copy.deepcopy(Penalties({"adversarial": unbroken}).state()))
    assert other.balance == unbroken.balance
    values = [adversarial(view(decoder)).value for adversarial in (unbroken, other)]
    assert torch.equal(*values)
    assert torch.equal(weights(unbroken), weights(other))


def test_penalties_add_up() -> None:
    adversarial, two = penalty(adaptive=False), penalty(adaptive=False, weight=3.0)
    decoder = Painted()
    total = Penalties({"one": adversarial, "two": two})(view(decoder)).value
    alone = penalty(adaptive=False)(view(decoder)).value  # of weight 0.5
    assert total.item() == pytest.approx(7 * alone.item(), rel=1e-5)


def test_impossible_settings_are_named() -> None:
    for weight in [-1.0, math.nan, math.inf]:
        with pytest.raises(ValueError, match=f"penalty weight is {weight}"):
            penalty(weight=weight)
        with pytest.raises(ValueError, match=r"adversarial\.start is -1"):
            penalty(start=-1)
        with pytest.raises(ValueError, match="channels is 12: expected a multiple of 8"):
            PatchDiscriminator(64, channels=12)
        with pytest.raises(ValueError, match=r"stages is 4.* of 32 pixels"):
            PatchDiscriminator(32, stages=4)
