"""What tokens tell each other about how far they are apart."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional


class Messages(nn.Module):
    """Message passing over pairs (Gilmer et al. 2017, eq. 1; with differences of states, Satorras et al. 2021, eq. 3).

    Attention compares tokens by products of what they hold, which says little of small distances: whether two things
    touch is a matter of a pixel. Here a small network sees the difference of each pair's states itself.

    Args:
        width: W of a token.
        apart: D, numbers that stand for a difference.
        hidden: width of a message.
    """

    def __init__(self, width: int, apart: int, hidden: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.mine, self.theirs = nn.Linear(width, hidden), nn.Linear(width, hidden)
        self.apart = nn.Linear(apart, hidden)
        self.inner, self.out = nn.Linear(hidden, hidden), nn.Linear(hidden, width)

    def forward(self, tokens: Tensor, apart: Tensor, first: Tensor, second: Tensor) -> Tensor:
        """What tokens (M, W) hear, summed over those that speak; (M, W).

        Args:
            tokens: (M, W).
            apart: (P, D) of each pair.
            first: (P,) which token hears.
            second: (P,) which token speaks.
        """
        normed = self.norm(tokens)
        message = functional.silu(self.mine(normed)[first] + self.theirs(normed)[second] + self.apart(apart))
        message = functional.silu(self.inner(message))
        return self.out(message.new_zeros(len(tokens), message.shape[1]).index_add(0, first, message))
