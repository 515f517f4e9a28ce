"""Where the training crystals of a model lie in its own feature space, and how far a new one is from them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from crysnb.errors import WeightsCorrupt

if TYPE_CHECKING:
    from torch import Tensor

Array = NDArray[np.float64]

#: Key of a network's output that holds the features of each crystal, [crystal, channel].
FEATURES = "features"
#: Directions that are kept, at most a quarter as many as crystals, and neighbours whose mean distance counts.
#: 32 go along with the validation error as well as 128 do, but do not notice a cell of twice the lengths.
COMPONENTS, NEIGHBOURS = 128, 5
#: A direction with less than this share of the largest variance is rounding.
_LEAST_VARIANCE = 1e-6
_SHAPES = {"center": 1, "transform": 2, "train": 2, "val": 1, "labels": 1}


@dataclass(frozen=True, slots=True)
class Place:
    """A crystal in the feature space.

    Attributes
    ----------
    distance
        Mean distance to the nearest training crystals; 1 is one standard deviation of the training set along
        one direction.
    ratio
        The same over the median of the validation crystals.
    farther_than
        Share of the validation crystals that are nearer.
    nearest
        Id and formula of the nearest training crystal.
    """

    distance: float
    ratio: float
    farther_than: float
    nearest: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class FeatureReference:
    """Training crystals in whitened principal components of a model's features.

    Attributes
    ----------
    center, transform
        x ↦ (x − center) @ transform; shapes [channel] and [channel, component].
    train
        Training crystals, shape [crystal, component].
    labels
        Id and formula of each.
    val
        Distances of the validation crystals, sorted, shape [crystal].
    measured
        How the distance went along with the error on validation (see the model's card).
    """

    center: Array
    transform: Array
    train: Array
    labels: tuple[str, ...]
    val: Array
    measured: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def fit(cls, train: Array, labels: Sequence[str], val: Array) -> FeatureReference:
        """Reference from features [crystal, channel] of the training and validation crystals."""
        center = train.mean(axis=0)
        spread = train.std(axis=0)
        scale = 1 / np.where(spread > 0, spread, np.inf)
        values, vectors = np.linalg.eigh(np.cov(((train - center) * scale).T))
        most = max(1, min(COMPONENTS, len(train) // 4))
        kept = np.flatnonzero(values > _LEAST_VARIANCE * values[-1])[-most:]
        transform = scale[:, None] * vectors[:, kept] / np.sqrt(values[kept])
        found = cls(
            center=center,
            transform=transform,
            train=(train - center) @ transform,
            labels=tuple(labels),
            val=np.zeros(0),
        )
        distances = np.sort([found._nearest(x)[0] for x in val])
        return cls(center=center, transform=transform, train=found.train, labels=found.labels, val=distances)

    def distance(self, features: Array) -> float:
        """Mean distance to the nearest training crystals of features [channel]."""
        return self._nearest(features)[0]

    def place(self, features: Array) -> Place:
        """Where features [channel] lie.

        Raises
        ------
        WeightsCorrupt
            If the model that gives the features is not the one that the reference was made of.
        """
        distance, nearest = self._nearest(features)
        return Place(
            distance=distance,
            ratio=distance / float(np.median(self.val)),
            farther_than=float(np.mean(self.val < distance)),
            nearest=self.labels[nearest],
        )

    def _nearest(self, features: Array) -> tuple[float, int]:
        if features.shape != self.center.shape:
            raise WeightsCorrupt(
                "weights.mismatch",
                found=f"features of shape {features.shape} and a reference for {self.center.shape}",
                accepted="a reference made with the same weights",
            )
        distances = np.linalg.norm(self.train - (features - self.center) @ self.transform, axis=1)
        return float(np.sort(distances)[:NEIGHBOURS].mean()), int(distances.argmin())

    def to_tensors(self) -> dict[str, Tensor]:
        """Named tensors for a safetensors file; the training crystals in half precision."""
        import torch

        text = "\n".join(self.labels).encode()
        return {
            "center": torch.from_numpy(self.center).float(),
            "transform": torch.from_numpy(self.transform).float(),
            "train": torch.from_numpy(self.train).half(),
            "val": torch.from_numpy(self.val).float(),
            "labels": torch.tensor(list(text), dtype=torch.int32),
        }

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, Tensor], measured: Mapping[str, Any]) -> FeatureReference:
        """Inverse of :meth:`to_tensors`.

        Raises
        ------
        WeightsCorrupt
            ``weights.reference`` unless all tensors are there and fit one another.
        """
        if {name: t.ndim for name, t in tensors.items()} != _SHAPES:
            raise _corrupt(f"tensors {sorted(tensors)}", ", ".join(_SHAPES))
        try:
            labels = bytes(tensors["labels"].tolist()).decode().split("\n")
        except (ValueError, TypeError) as error:
            raise _corrupt("labels that are no text", "UTF-8") from error
        numeric = {name: t for name, t in tensors.items() if name != "labels"}
        numbers = {name: np.asarray(t.double().numpy()) for name, t in numeric.items()}
        found = cls(**numbers, labels=tuple(labels), measured=dict(measured))
        channels, components = found.transform.shape
        fits = (
            found.center.shape == (channels,)
            and found.train.shape == (len(labels), components)
            and len(labels) >= NEIGHBOURS
            and len(found.val) > 0
            and bool((np.diff(found.val) >= 0).all())
            and float(np.median(found.val)) > 0
        )
        if not fits:
            raise _corrupt("tensors that do not fit one another", "a reference as training writes it")
        return found


def _corrupt(found: str, accepted: str) -> WeightsCorrupt:
    return WeightsCorrupt("weights.reference", found=f"feature reference: {found}", accepted=accepted)
