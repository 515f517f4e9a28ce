"""Gaussians of a distance or of an angle's cosine, on evenly spaced centres."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class Gaussians(nn.Module):
    """``exp(−((x − μ)/w)²)`` on ``n`` centres from ``low`` to ``high``; ``[row] -> [row, n]``.

    Parameters
    ----------
    low, high, n
        First and last centre, and how many.
    width
        w, in the unit of x.
    """

    def __init__(self, low: float, high: float, n: int, width: float) -> None:
        super().__init__()
        self.width = width
        self.register_buffer("centres", torch.linspace(low, high, n, dtype=torch.float64), persistent=False)

    def forward(self, x: Tensor, dtype: torch.dtype) -> Tensor:
        """The Gaussians of x in another precision.

        The slope of a narrow Gaussian magnifies the rounding of x: what enters in double precision is
        rounded only after the subtraction.
        """
        scaled = ((x[:, None] - self.get_buffer("centres").to(x.dtype)) / self.width).to(dtype)
        result: Tensor = torch.exp(-scaled.square())
        return result
