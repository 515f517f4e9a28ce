"""CrystalTransformer: element and surroundings of each atom, attention, one head for each property."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from crysnb.models.crystal_transformer.cartesian import Cartesian
from crysnb.models.crystal_transformer.config import PRESETS, CrystalTransformerConfig
from crysnb.models.crystal_transformer.periodic import Encoder, Geometry
from crysnb.models.element_input import ROWS
from crysnb.models.scalar import ScalarNetwork, ScalarOutput
from crysnb.models.segments import mean_per_crystal, segment_softmax, segment_sum
from crysnb.values.crystal_batch import CrystalBatch
from crysnb.values.element_table import ElementTable
from crysnb.values.symbols import SYMBOLS
from crysnb.values.trace import Tap, no_tap


class CrystalTransformer(ScalarNetwork):
    """Transformer over the atoms of a crystal, whose first layer is a table of elements.

    Parameters
    ----------
    config
        Sizes; determines the module completely. Without one, those of a preset.
    preset
        ``base`` or ``small``.
    changes
        Fields of the configuration, e.g. ``properties=("band_gap",)`` or ``geometry="cartesian"``.

    Notes
    -----
    With ``geometry="periodic"`` invariant under rotations, reflections, translations, the choice of cell and
    the order of the sites. With ``geometry="cartesian"`` under none of them.
    """

    def __init__(
        self, config: CrystalTransformerConfig | None = None, *, preset: str = "base", **changes: Any
    ) -> None:
        config = replace(config or PRESETS.get(preset), **changes)
        super().__init__(config.properties)
        self.config = config
        width, n = config.width, len(config.properties)
        if config.geometry == "cartesian":
            self.cartesian = Cartesian(config)
            self.heads = nn.ModuleList(_published_head(width, alone=n == 1) for _ in range(n))
            return
        # Small, so that what an element's vector says in the end was learned and is not its random start.
        self.elements = nn.Parameter(0.02 * torch.randn(ROWS, width // 2))
        self.geometry = Geometry(config)
        self.encoder = Encoder(config)
        if config.readout == "attention":
            self.readout = nn.Linear(width, 1)
        self.heads = nn.ModuleList(
            nn.Sequential(nn.Linear(width, width), nn.SiLU(), nn.Linear(width, 1)) for _ in range(n)
        )

    @property
    def cutoff(self) -> float:
        """Largest distance of a neighbour, Å."""
        return self.config.cutoff

    @property
    def neighbors(self) -> int | None:
        """None; the published forward pass looks at no edge, so that one shell is more than enough."""
        return 1 if self.config.geometry == "cartesian" else None

    def latent(self, batch: CrystalBatch, tap: Tap = no_tap) -> ScalarOutput:
        """Standardised properties of each crystal, and what the heads read as features."""
        x = self.cartesian(batch, tap) if self.config.geometry == "cartesian" else self._periodic(batch, tap)
        x = tap("crystal", x, axes=("crystal", "channel"), doc="the crystal before the heads")
        return ScalarOutput(latent=torch.cat([head(x) for head in self.heads], dim=1), features=x)

    def _periodic(self, batch: CrystalBatch, tap: Tap) -> Tensor:
        pairs = self.geometry.pairs(batch, self.elements.dtype)
        number = batch.atomic_number
        if self.training and self.config.element_dropout:
            hidden = torch.rand(len(number), device=number.device) < self.config.element_dropout
            number = number.masked_fill(hidden, 0)
        x = torch.cat([self.elements[number], self.geometry.surroundings(pairs)], dim=1)
        x = tap("embedding", x, axes=("atom", "channel"), doc="element and surroundings of each atom")
        x = self.encoder(x, pairs, tap)
        crystal, n = batch.crystal_of_atom, batch.n_crystals
        if self.config.readout == "attention":
            share = segment_softmax(self.readout(x)[:, 0], crystal, n)
            return segment_sum(share[:, None] * x, crystal, n)
        return (mean_per_crystal if self.config.readout == "mean" else segment_sum)(x, crystal, n)

    def element_embedding(self, counts: dict[str, int] | None = None, name: str = "ct-uae") -> ElementTable:
        """The vector of each element, half the width long.

        Parameters
        ----------
        counts
            Element -> number of training crystals that contain it: an element without any has no vector.
            None where that is not known.
        name
            Of the table.
        """
        if self.config.geometry == "cartesian":
            rows, bias = self.cartesian.chemistry.weight.T, self.cartesian.chemistry.bias.tolist()
        else:
            rows, bias = self.elements[1:], None
        vectors = rows.detach().double().cpu().numpy().copy()
        symbols = SYMBOLS[: len(vectors)]
        meta: dict[str, Any] = {"kind": "learned", **({"bias": bias} if bias else {})}
        if counts is not None:
            vectors[[counts.get(symbol, 0) == 0 for symbol in symbols]] = np.nan
            meta["counts"] = dict(counts)
        return ElementTable(vectors, symbols, name, meta)


def _published_head(width: int, *, alone: bool) -> nn.Sequential:
    if alone:  # no activation between, as published
        return nn.Sequential(nn.Linear(width, width // 2), nn.Linear(width // 2, 1))
    return nn.Sequential(nn.Linear(width, width), nn.ReLU(), nn.Linear(width, 1))
