"""Recipes: everything that determines a training run."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import MISSING, Field, dataclass, field, fields
from typing import Any, ClassVar, Self

from crysnb.errors import ShapeError, UnknownName, quote
from crysnb.models.interface import config_class

#: Recipes that name no family are of this one.
_FIRST_FAMILY = "gmtnet"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """What every training run needs, without the folders.

    Attributes
    ----------
    name
        Name of the model that results.
    family, model
        Family of the network and its configuration (see :mod:`crysnb.models.interface`).
    dataset
        Data set folder.
    epochs, batch_size, learning_rate, weight_decay, gradient_clip
        AdamW with linear warm-up over 5 % of the steps, then cosine decay to 1 % of the peak.
    ema
        Decay per step of the averaged weights that are evaluated and saved.
    noise
        Gaussian displacement of atoms while training, Å per coordinate.
    seed
        Seed of initialisation, order and noise of the first member; the next one has the next seed.
    patience
        Stop after so many epochs without a smaller error on validation, and keep the average of the best
        epoch; 0 to go through all epochs and keep the last.
    tags
        Words for people.
    also
        Further data sets with the same keys of labels, whose training parts are learned from too.
    """

    name: str
    dataset: str
    model: Any
    family: str = _FIRST_FAMILY
    epochs: int = 60
    batch_size: int = 32
    learning_rate: float = 2e-3
    weight_decay: float = 1e-2
    gradient_clip: float = 10.0
    ema: float = 0.995
    noise: float = 0.0
    seed: int = 0
    tags: tuple[str, ...] = field(default=())
    patience: int = 0
    also: tuple[str, ...] = ()

    #: Fields that came after the first recipes.
    later: ClassVar[frozenset[str]] = frozenset({"patience", "family", "also"})
    #: Smallest and largest value.
    limits: ClassVar[dict[str, tuple[float, float]]] = {
        "epochs": (1, 100_000),
        "batch_size": (1, 65_536),
        "learning_rate": (1e-12, 10.0),
        "weight_decay": (0.0, 100.0),
        "gradient_clip": (1e-12, 1e12),
        "ema": (0.0, 1 - 1e-9),
        "noise": (0.0, 1.0),
        "seed": (0, 2**31),
        "patience": (0, 100_000),
    }

    def __post_init__(self) -> None:
        for f in fields(self):
            object.__setattr__(self, f.name, self._checked(f.name, str(f.type), getattr(self, f.name)))
        if not isinstance(self.model, config_class(self.family)):
            raise _out_of_range("model", self.model, f"a configuration of the family {self.family}")

    @property
    def heads(self) -> tuple[str, ...]:
        """Names of the properties that are learned."""
        raise NotImplementedError

    def to_dict(self) -> dict[str, Any]:
        """Plain data.

        Fields of :attr:`later` are left out at their default, so that older recipes keep their hash.
        """
        data = {f.name: getattr(self, f.name) for f in fields(self)} | {"model": self.model.to_dict()}
        late = [f.name for f in fields(self) if f.name in self.later and data[f.name] == f.default]
        lists = {k: list(v) for k, v in data.items() if isinstance(v, tuple)}
        return {k: v for k, v in {**data, **lists}.items() if k not in late}

    @property
    def hash(self) -> str:
        """SHA-256 of the recipe; a run may only be resumed under the same one."""
        return hashlib.sha256(json.dumps(self.to_dict(), sort_keys=True).encode()).hexdigest()

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
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
        family = data.get("family", _FIRST_FAMILY)
        return cls(**{**data, "model": config_class(family).from_dict(data["model"])})

    def with_changes(self, **changes: Any) -> Self:
        """A copy with some fields changed; keys of the network's configuration are accepted too."""
        own = {f.name for f in fields(self)} - {"model"}
        inner = {f.name for f in fields(self.model)}
        for key in changes:
            if key not in own | inner:
                raise UnknownName.of("recipe field", key, own | inner)
        data = self.to_dict()
        config = data.pop("model") | {k: v for k, v in changes.items() if k in inner}
        rest = {**data, **{k: v for k, v in changes.items() if k in own}}
        return type(self).from_dict({**rest, "model": config})

    @classmethod
    def _checked(cls, name: str, kind: str, value: Any) -> Any:
        """The value of a field, if it is of the right kind and in range; whole numbers may be floats."""
        if kind in ("int", "float"):
            low, high = cls.limits[name]
            number = type(value) is int or (kind == "float" and isinstance(value, float))
            if number and low <= value <= high:
                return float(value) if kind == "float" else value
            whole = "a whole number " if kind == "int" else ""
            raise _out_of_range(name, value, f"{whole}from {low:g} to {high:g}")
        if kind.startswith("tuple"):
            if isinstance(value, (list, tuple)) and all(isinstance(v, str) for v in value):
                bad = [v for v in value if name != "tags" and not NAME.fullmatch(v)]
                if not bad:
                    return tuple(value)
            raise _out_of_range(name, value, "a list of names")
        if kind == "str":
            pattern = NAME if name in ("name", "dataset") else _TEXT
            if not (isinstance(value, str) and pattern.fullmatch(value)):
                raise _out_of_range(name, value, "a name")
        return value


def _is_needed(f: Field[Any]) -> bool:
    return f.default is MISSING and f.default_factory is MISSING


#: Name of a model or of the folder of a data set: it becomes a part of paths.
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
_TEXT = re.compile(r"[^\x00-\x1f\x7f]{0,200}")


def _out_of_range(name: str, value: object, accepted: str) -> ShapeError:
    return ShapeError("recipe.range", found=f"{name} = {quote(value)}", accepted=f"{name}: {accepted}")
