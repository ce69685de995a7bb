"""Message passing between the tokens of a row, by how their states differ."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional


class MessagePassing(nn.Module):
    """One round over all pairs (Gilmer et al. 2017, eq. 1; with differences of states, Satorras et al. 2021, eq. 3).

    Attention compares tokens by products of their contents, which resolves small distances badly: whether two objects
    touch is a matter of a pixel. Here a small network reads the difference of each pair's states itself.

    Args:
        width: W of a token.
        edge_dim: D, numbers per pair.
        hidden: width of a message.
    """

    def __init__(self, width: int, edge_dim: int, hidden: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.receiver, self.sender = nn.Linear(width, hidden), nn.Linear(width, hidden)
        self.edge = nn.Linear(edge_dim, hidden)
        self.inner, self.out = nn.Linear(hidden, hidden), nn.Linear(hidden, width)

    def forward(self, tokens: Tensor, edge_features: Tensor, receiver: Tensor, sender: Tensor) -> Tensor:
        """The sum of the messages that each token receives; (M, W).

        Args:
            tokens: (M, W), packed.
            edge_features: (P, D) of each pair.
            receiver: (P,) index of the token that receives.
            sender: (P,) index of the token that sends.
        """
        normed = self.norm(tokens)  # (M, W)
        edge = self.edge(edge_features)  # (P, H)
        ends = self.receiver(normed).index_select(0, receiver) + self.sender(normed).index_select(0, sender)  # (P, H)
        message = functional.silu(ends + edge)  # (P, H)
        message = functional.silu(self.inner(message))  # (P, H)
        return self.out(message.new_zeros(tokens.shape[0], message.shape[1]).index_add(0, receiver, message))  # (M, W)
