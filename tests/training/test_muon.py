"""Muon is torch's for matrices and AdamW for the rest, and its state can be saved."""

import copy

import pytest
import torch
from torch import nn

from cvae_lightning.training import Muon


def network() -> nn.Module:
    torch.manual_seed(0)
    return nn.ModuleDict({"embed": nn.Embedding(5, 4), "first": nn.Linear(4, 6), "norm": nn.LayerNorm(6)})


def step(model: nn.Module, optimizer: torch.optim.Optimizer, number: int) -> None:
    words = torch.randint(5, (8,), generator=torch.Generator().manual_seed(number))
    optimizer.zero_grad()
    model["norm"](model["first"](model["embed"](words))).square().mul(torch.arange(6.0)).sum().backward()  # type: ignore[index]
    optimizer.step()


def test_each_weight_is_updated_by_its_own_method() -> None:
    model = network()
    same = copy.deepcopy(model)
    matrix = {"first.weight"}
    named = dict(same.named_parameters())
    muon = torch.optim.Muon([named[n] for n in matrix], 0.1, weight_decay=0.01, adjust_lr_fn="match_rms_adamw")
    adamw = torch.optim.AdamW([w for n, w in named.items() if n not in matrix], 0.1, weight_decay=0.01, fused=True)
    ours = Muon(model.named_parameters(), lr=0.1, weight_decay=0.01)
    for number in range(3):
        step(model, ours, number)
        adamw.zero_grad()
        step(same, muon, number)
        adamw.step()
    for name, weight in model.named_parameters():
        torch.testing.assert_close(weight, named[name], msg=name)


def test_saved_state_goes_on_as_if_nothing_had_happened() -> None:
    model = network()
    groups = [list(model.named_parameters())[:2], list(model.named_parameters())[2:]]
    optimizer = Muon([{"params": group} for group in groups], lr=0.1)
    step(model, optimizer, 0)
    again = copy.deepcopy(model)
    named = list(again.named_parameters())
    resumed = Muon([{"params": named[:2]}, {"params": named[2:]}], lr=0.5)
    resumed.load_state_dict(copy.deepcopy(optimizer.state_dict()))
    for number in (1, 2):
        step(model, optimizer, number)
        step(again, resumed, number)
    for name, weight in model.named_parameters():
        assert torch.equal(weight, dict(named)[name]), name


def test_weights_need_names() -> None:
    with pytest.raises(ValueError, match="weights with their names"):
        Muon(network().parameters())
