"""Gaussians of a distance or of an angle's cosine, on evenly spaced centres."""

from __future__ import annotations

import torch
from torch import Tensor, nn

#: exp(−50) stands for all that is smaller: on a CPU numbers that underflow take fifty times longer.
_FARTHEST = 50.0


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
        self.low, self.step, self.width = low, (high - low) / (n - 1), width
        self.register_buffer("index", torch.arange(n, dtype=torch.float64), persistent=False)

    def forward(self, x: Tensor, dtype: torch.dtype) -> Tensor:
        """The Gaussians of x, which is best in double precision, in the precision ``dtype``.

        The slope of a narrow Gaussian magnifies the rounding of x, so that x is rounded relative to the
        nearest centre.
        """
        place = (x - self.low) / self.step
        nearest = place.detach().round()
        rest = (place - nearest).to(dtype)[:, None]
        scaled = (nearest.to(dtype)[:, None] - self.get_buffer("index").to(dtype) + rest) * (
            self.step / self.width
        )
        result: Tensor = torch.exp(-(scaled * scaled).clamp(max=_FARTHEST))
        return result
