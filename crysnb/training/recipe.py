"""Recipes: everything that determines a training run."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import MISSING, Field, asdict, dataclass, field, fields
from typing import Any

from crysnb.errors import ShapeError, UnknownName, quote
from crysnb.models.gmtnet.config import GMTNetConfig
from crysnb.models.gmtnet.ensemble import MAX_MEMBERS
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
    moduli_weight
        Weight of the error of K and G, for a stiffness.
    also
        Further data sets with the same key of the label, whose training parts are learned from too.
    lessons
        Data sets with K and G alone, whose training parts are learned first (see
        :mod:`crysnb.training.moduli`).
    lesson_epochs, lesson_atoms
        How often, and the largest number of atoms of a cell in the lessons.
    noise
        Gaussian displacement of atoms while training, Å per coordinate.
    seed
        Seed of initialisation, order and noise of the first member; the next one has the next seed.
    members
        Number of networks in the ensemble.
    patience
        Stop a member after so many epochs without a smaller ``fnorm_cart`` on validation, and keep the
        average of its best epoch; 0 to go through all epochs and keep the last.
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
    moduli_weight: float = 0.0
    also: tuple[str, ...] = ()
    lessons: tuple[str, ...] = ()
    lesson_epochs: int = 0
    lesson_atoms: int = 16
    patience: int = 0

    def __post_init__(self) -> None:
        for f in fields(self):
            object.__setattr__(self, f.name, _checked(f.name, str(f.type), getattr(self, f.name)))
        if self.learns not in self.model.properties:
            heads = ", ".join(self.model.properties)
            raise ShapeError(
                "recipe.learns",
                found=f"learns {quote(self.learns)}, and the network has {quote(heads)}",
                accepted="a property among those of the network",
                action="Set properties too",
            )

    def to_dict(self) -> dict[str, Any]:
        """Plain data.

        Fields of :data:`_LATER` are left out at their default, so that older recipes keep their hash.
        """
        data = {**asdict(self), "model": self.model.to_dict()}
        later = [f.name for f in fields(self) if f.name in _LATER and data[f.name] == f.default]
        lists = {k: list(v) for k, v in data.items() if isinstance(v, tuple)}
        return {k: v for k, v in {**data, **lists}.items() if k not in later}

    @property
    def hash(self) -> str:
        """SHA-256 of the recipe; a run may only be resumed under the same one."""
        return hashlib.sha256(json.dumps(self.to_dict(), sort_keys=True).encode()).hexdigest()

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Recipe:
        """Inverse of :meth:`to_dict`; unknown keys are errors, and so are missing ones without a default."""
        known = {f.name for f in fields(cls)}
        for key in data:
            if key not in known:
                raise UnknownName.of("recipe field", key, known)
        missing = [f.name for f in fields(cls) if f.name not in data and _is_needed(f)]
        if missing or not isinstance(data["model"], dict):
            raise ShapeError(
                "recipe.incomplete",
                found=f"a recipe without {', '.join(missing) or 'a configuration of its model'}",
                accepted="a complete recipe, or one with a 'base'",
            )
        return cls(**{**data, "model": GMTNetConfig.from_dict(data["model"])})

    def with_changes(self, **changes: Any) -> Recipe:
        """A copy with some fields changed; keys of the network's configuration are accepted too."""
        own = {f.name for f in fields(self)} - {"model"}
        inner = {f.name for f in fields(self.model)}
        for key in changes:
            if key not in own | inner:
                raise UnknownName.of("recipe field", key, own | inner)
        data = self.to_dict()
        config = data.pop("model") | {k: v for k, v in changes.items() if k in inner}
        return Recipe(
            **{**data, **{k: v for k, v in changes.items() if k in own}},
            model=GMTNetConfig.from_dict(config),
        )


def _is_needed(f: Field[Any]) -> bool:
    return f.default is MISSING and f.default_factory is MISSING


#: Fields that came after the first recipes.
_LATER = frozenset({"moduli_weight", "also", "lessons", "lesson_epochs", "lesson_atoms", "patience"})

#: Name of a model or of the folder of a data set: it becomes a part of paths.
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
_SEED = (0, 2**31)
#: Smallest and largest value.
_LIMITS: dict[str, tuple[float, float]] = {
    "max_entry": (1e-12, 1e12),
    "epochs": (1, 100_000),
    "batch_size": (1, 65_536),
    "learning_rate": (1e-12, 10.0),
    "weight_decay": (0.0, 100.0),
    "gradient_clip": (1e-12, 1e12),
    "ema": (0.0, 1 - 1e-9),
    "latent_weight": (0.0, 1e6),
    "relative_weight": (0.0, 1e6),
    "anisotropy_weight": (0.0, 1e6),
    "moduli_weight": (0.0, 1e6),
    "noise": (0.0, 1.0),
    "seed": _SEED,
    "members": (1, MAX_MEMBERS),
    "lesson_epochs": (0, 100_000),
    "lesson_atoms": (1, 500),
    "patience": (0, 100_000),
}


def _checked(name: str, kind: str, value: Any) -> Any:
    """The value of a field, if it is of the right kind and in range; whole numbers may stand for others."""
    if kind in ("int", "float"):
        low, high = _LIMITS[name]
        number = type(value) is int or (kind == "float" and isinstance(value, float))
        if number and low <= value <= high:
            return float(value) if kind == "float" else value
        whole = "a whole number " if kind == "int" else ""
        raise _out_of_range(name, value, f"{whole}from {low:g} to {high:g}")
    if kind.startswith("tuple"):
        if isinstance(value, (list, tuple)) and all(isinstance(v, str) for v in value):
            bad = [v for v in value if name != "tags" and not _NAME.fullmatch(v)]
            if not bad:
                return tuple(value)
        raise _out_of_range(name, value, "a list of names")
    if kind == "str":
        pattern = _NAME if name in ("name", "dataset") else re.compile(r"[^\x00-\x1f\x7f]{1,200}")
        if not (isinstance(value, str) and pattern.fullmatch(value)):
            raise _out_of_range(name, value, "a name")
    return value


def _out_of_range(name: str, value: object, accepted: str) -> ShapeError:
    return ShapeError("recipe.range", found=f"{name} = {quote(value)}", accepted=f"{name}: {accepted}")


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
RECIPES.add(
    "gmtnet-elastic",
    Recipe(
        name="gmtnet-elastic",
        learns="elastic",
        dataset="mp_elastic_2015",
        target="elastic",
        max_entry=1500.0,
        model=GMTNetConfig(properties=("elastic",), cutoff=5.0, dropout=0.1),
        epochs=12,
        noise=0.03,
        moduli_weight=0.5,
        also=("mp_elastic_2022",),
        lessons=("mp_moduli_3k", "mp_moduli_binary"),
        lesson_epochs=8,
        lesson_atoms=10,
        members=2,
    ),
)
RECIPES.add(
    "gmtnet-piezoelectric",
    Recipe(
        name="gmtnet-piezoelectric",
        learns="piezoelectric",
        dataset="mp_piezoelectric",
        target="piezo",
        max_entry=20.0,
        model=GMTNetConfig(properties=("piezoelectric",), cutoff=5.0, dropout=0.1, l_max=3),
        epochs=40,
        anisotropy_weight=0.0,
        noise=0.03,
        members=4,
    ),
)
