"""Recipes: everything that determines a training run."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from crysnb.errors import ShapeError, UnknownName
from crysnb.models.gmtnet.config import GMTNetConfig
from crysnb.registry import Registry


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """A training run, without the folders.

    Attributes
    ----------
    name
        Name of the model that results.
    learns
        Name of the property that is learned.
    dataset, target
        Data set folder and key of the label.
    max_entry
        Crystals with a larger absolute label entry are left out.
    model
        Configuration of the network.
    epochs, batch_size, learning_rate, weight_decay, gradient_clip
        AdamW with linear warm-up over 5 % of the steps, then cosine decay to 1 % of the peak.
    ema
        Decay per step of the averaged weights that are evaluated and saved.
    latent_weight, relative_weight, anisotropy_weight
        Weights of the three terms of the loss (see :mod:`crysnb.training.loss`).
    noise
        Gaussian displacement of atoms while training, Å per coordinate.
    seed
        Seed of initialisation, order and noise of the first member; the next one has the next seed.
    members
        Number of networks in the ensemble.
    """

    name: str
    learns: str
    dataset: str
    target: str
    max_entry: float
    model: GMTNetConfig
    epochs: int = 60
    batch_size: int = 32
    learning_rate: float = 2e-3
    weight_decay: float = 1e-2
    gradient_clip: float = 10.0
    ema: float = 0.995
    latent_weight: float = 1.0
    relative_weight: float = 1.0
    anisotropy_weight: float = 0.1
    noise: float = 0.0
    seed: int = 0
    members: int = 1
    tags: tuple[str, ...] = field(default=())

    def __post_init__(self) -> None:
        if self.epochs < 1 or self.batch_size < 1 or not 0 <= self.ema < 1:
            raise ShapeError(
                "recipe.range",
                found=f"epochs {self.epochs}, batch size {self.batch_size}, ema {self.ema}",
                accepted="at least 1, at least 1, from 0 to below 1",
            )

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return {**asdict(self), "model": self.model.to_dict(), "tags": list(self.tags)}

    @property
    def hash(self) -> str:
        """SHA-256 of the recipe; a run may only be resumed under the same one."""
        return hashlib.sha256(json.dumps(self.to_dict(), sort_keys=True).encode()).hexdigest()

    def with_changes(self, **changes: Any) -> Recipe:
        """A copy with some fields changed; keys of the network's configuration are accepted too."""
        own = {f.name for f in fields(self)}
        inner = {f.name for f in fields(self.model)}
        for key in changes:
            if key not in own | inner:
                raise UnknownName.of("recipe field", key, own | inner)
        data = self.to_dict()
        config = data.pop("model") | {k: v for k, v in changes.items() if k in inner and k not in own}
        data |= {k: v for k, v in changes.items() if k in own}
        return Recipe(**{**data, "tags": tuple(data["tags"])}, model=GMTNetConfig.from_dict(config))


RECIPES: Registry[Recipe] = Registry("recipe")
RECIPES.add(
    "gmtnet-dielectric",
    Recipe(
        name="gmtnet-dielectric",
        learns="dielectric",
        dataset="mp_dielectric",
        target="eps_electronic",
        max_entry=100.0,
        # Chosen with crysnb.studies.crossval, inside the training and validation parts.
        model=GMTNetConfig(properties=("dielectric",), dropout=0.2),
        epochs=60,
        noise=0.06,
        members=4,
    ),
)
RECIPES.add(
    "gmtnet-dielectric-total",
    # The ionic part diverges at a soft mode: three crystals of train and val lie above the limit.
    RECIPES.get("gmtnet-dielectric").with_changes(
        name="gmtnet-dielectric-total",
        learns="dielectric_total",
        properties=("dielectric_total",),
        target="eps_total",
        max_entry=200.0,
        members=1,
    ),
)
