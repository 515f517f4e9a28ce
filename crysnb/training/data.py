"""Labelled crystals as graphs: idealised, in the primitive cell, with projected labels."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

import numpy as np
import torch
from torch import Tensor

from crysnb.datasets.labels import Array, check_stable, check_symmetry, usable
from crysnb.datasets.records import to_record
from crysnb.datasets.source import SPLIT, open_source
from crysnb.errors import CrysnbError, UnknownName
from crysnb.evaluate import gauge
from crysnb.graph.build import build_one
from crysnb.models.tensor_head import tensor_of
from crysnb.symmetry.detect import detect
from crysnb.symmetry.idealize import idealized_primitive
from crysnb.symmetry.project import project
from crysnb.training.tensor_recipe import TensorRecipe
from crysnb.values.crystal_batch import CrystalBatch
from crysnb.values.property_spec import property_spec
from crysnb.values.tensor_kind import TensorKind, rotate

log = logging.getLogger(__name__)


class Known(Protocol):
    """A crystal that can be learned from, and named."""

    @property
    def id(self) -> str:
        """Of the record."""
        ...

    @property
    def graph(self) -> CrystalBatch:
        """Its graph, alone in a batch."""
        ...

    @property
    def label(self) -> Tensor:
        """What is learned."""
        ...

    @property
    def elements(self) -> tuple[str, ...]:
        """Symbols of the elements in it, sorted."""
        ...


Crystal = TypeVar("Crystal", bound=Known)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Labelled:
    """One training crystal.

    Attributes
    ----------
    id
        Of the record.
    graph
        Graph of the idealised primitive cell.
    label
        Cartesian tensor in the frame of the crystal, projected onto its point group.
    elements
        Symbols of the elements in it.
    choices
        All tensors that the label may mean where its axes are known only up to a rotation that the point
        group cannot tell apart, [choice, 3, …, 3], ``label`` first (see :mod:`crysnb.evaluate.gauge`);
        None where there is one.
    """

    id: str
    graph: CrystalBatch
    label: Tensor
    elements: tuple[str, ...]
    choices: Tensor | None = None


def labels_near(crystals: Sequence[Labelled], predicted: Tensor) -> Tensor:
    """Labels [crystal, 3, …, 3], of several choices the one nearest to the prediction of the same shape."""
    labels = [
        c.label if c.choices is None else c.choices[_nearest(c.choices, p)]
        for c, p in zip(crystals, predicted, strict=True)
    ]
    return torch.stack(labels)


def _nearest(choices: Tensor, predicted: Tensor) -> int:
    gap = (choices - predicted.detach().to(choices.dtype)).flatten(1)
    return int(gap.square().sum(1).argmin())


@dataclass(frozen=True, slots=True, eq=False)
class TrainingData(Generic[Crystal]):
    """Parts of a split, and how many records were left out for which reason.

    Attributes
    ----------
    parts
        Part -> its crystals that can be used.
    left_out
        Error code -> number of records.
    folder
        Where the data set lies; None if it does not come from a folder.
    split
        Part -> ids, of all parts and with those left out.
    has_split
        Whether the folder has a ``split.json``; otherwise the split was drawn.
    """

    parts: dict[str, list[Crystal]]
    left_out: dict[str, int]
    folder: Path | None = None
    split: Mapping[str, Sequence[str]] = field(default_factory=dict)
    has_split: bool = False

    def element_counts(self, part: str = "train") -> dict[str, int]:
        """Element symbol -> number of crystals of ``part`` that contain it, sorted by symbol."""
        counts = Counter(e for crystal in self.parts[part] for e in crystal.elements)
        return dict(sorted(counts.items()))


def load(
    folder: Path, recipe: TensorRecipe, parts: Iterable[str] = ("train", "val")
) -> TrainingData[Labelled]:
    """Labelled crystals of the given split parts, and the training parts of ``recipe.also``.

    Left out, and counted by error code: records without the label, with a label that breaks the symmetry
    of its crystal, with an entry of ``recipe.max_entry`` or more, with a stiffness that is not positive
    definite, or refused by the structure and symmetry checks. Further data sets lie beside ``folder``. The
    only label of a folder is taken under whatever name; ``label.missing`` where several have others.
    """
    wanted = list(parts)
    result: dict[str, list[Labelled]] = {part: [] for part in wanted}
    left_out: Counter[str] = Counter()
    split = _read(folder, recipe, wanted, result, left_out)
    for name in recipe.also if "train" in wanted else ():
        _read(folder.parent / name, recipe, ["train"], result, left_out)
    return TrainingData(result, dict(left_out), folder.resolve(), split, (folder / SPLIT).is_file())


def _read(
    folder: Path,
    recipe: TensorRecipe,
    parts: Iterable[str],
    result: dict[str, list[Labelled]],
    left_out: Counter[str],
) -> dict[str, list[str]]:
    """Append the labelled crystals of one folder to ``result`` and count the others; return its split."""
    source = open_source(folder, target=recipe.target)
    key = source.label(recipe.target)
    if key != recipe.target:
        log.info("learning from the only label of %s, %r", folder, key)
    left_out.update(row.code for row in source.rejected)
    part_of: dict[str, str] = {}
    for part in parts:
        if part not in source.split:
            raise UnknownName.of("part of the split", part, source.split)
        part_of.update(dict.fromkeys(source.split[part], part))
    kind = tensor_of(property_spec(recipe.learns))
    for raw in source.raw:
        part_of_raw = part_of.get(str(raw.get("id")))
        if part_of_raw is None:
            continue
        try:
            label = usable(raw, key, kind, largest=recipe.max_entry)
            check_stable(label, kind)
            result[part_of_raw].append(_labelled(raw, label, kind, recipe.model))
        except CrysnbError as error:
            left_out[error.code] += 1
    return source.split


def _labelled(raw: Mapping[str, Any], given: Array, kind: TensorKind, model: Any) -> Labelled:
    record = to_record(dict(raw))
    symmetry = detect(record.structure)
    if "symmetry_ok" not in raw:
        check_symmetry(given, kind, symmetry.rotations)
    label = project(kind, given, symmetry.rotations)
    choices = None
    if gauge.is_ambiguous(kind, record.flags):
        choices = torch.from_numpy(np.stack([rotate(kind, label, turn) for turn in gauge.settings(symmetry)]))
    return Labelled(
        id=record.id,
        graph=build_one(
            idealized_primitive(record.structure, symmetry), model.cutoff, getattr(model, "neighbors", None)
        ),
        label=torch.from_numpy(np.ascontiguousarray(label)),
        elements=tuple(sorted(str(e) for e in record.structure.composition.elements)),
        choices=choices,
    )
