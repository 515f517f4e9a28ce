"""Crystals labelled with numbers, as graphs."""

from __future__ import annotations

import hashlib
import logging
import math
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from pymatgen.core import Element
from torch import Tensor

from crysnb.datasets.labels import usable
from crysnb.datasets.records import read_whole_split, to_record
from crysnb.datasets.source import SPLIT, Source, open_source
from crysnb.datasets.splits import formula_of
from crysnb.errors import CrysnbError, UnknownName
from crysnb.graph.build import build_one
from crysnb.models.scalar import ScalarNetwork
from crysnb.training.data import TrainingData
from crysnb.training.scalar_recipe import ScalarRecipe
from crysnb.values.crystal_batch import CrystalBatch

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ScalarCrystal:
    """A crystal with numbers as labels.

    Attributes
    ----------
    id
        Of the record.
    graph
        Its graph.
    label
        Numbers in the order and the units of the recipe, [label]; NaN for one that is not known.
    """

    id: str
    graph: CrystalBatch
    label: Tensor

    @property
    def elements(self) -> tuple[str, ...]:
        """Symbols of the elements in it, sorted."""
        return tuple(sorted({Element.from_Z(int(z)).symbol for z in self.graph.atomic_number}))


def load_numbers(
    folder: Path, recipe: ScalarRecipe, network: ScalarNetwork, parts: Iterable[str] = ("train", "val")
) -> TrainingData[ScalarCrystal]:
    """Labelled crystals of the given parts, in the cells as stored.

    Left out, and counted by error code: records without any of the labels, with a label that is no finite
    number, with more atoms than the recipe allows, or refused by the structure checks. Where the recipe
    learns one number and the folder has one label, that one is taken under whatever name.

    Parameters
    ----------
    folder
        Of the data set.
    recipe
        Targets, sizes, and the file that says which crystals make up which part.
    network
        Tells which graph it needs.
    parts
        Which parts to read.

    Raises
    ------
    UnknownName
        For a part that the split has not.
    CrysnbError
        ``label.missing`` where no record has a target; what
        :func:`~crysnb.datasets.source.open_source` and the reader of the split raise.
    """
    wanted = list(parts)
    left_out: Counter[str] = Counter()
    result: dict[str, list[ScalarCrystal]] = {part: [] for part in wanted}
    source = open_source(folder, target=recipe.targets[0])
    split = read_whole_split(folder / recipe.subset) if recipe.subset else source.split
    part_of = _part_of(split, wanted, recipe.count)
    outside = {i for part, ids in split.items() if part != "train" for i in ids}
    formulas = _read(source, part_of, recipe, network, result, left_out, watched=outside)
    for name in recipe.also if "train" in wanted else ():
        further = open_source(folder.parent / name, target=recipe.targets[0])
        part_of = _part_of(further.split, ["train"], 0)
        _read(further, part_of, recipe, network, result, left_out, excluded=formulas)
    has_split = bool(recipe.subset) or (folder / SPLIT).is_file()
    return TrainingData(result, dict(left_out), folder.resolve(), split, has_split)


def _read(
    source: Source,
    part_of: Mapping[str, str],
    recipe: ScalarRecipe,
    network: ScalarNetwork,
    result: dict[str, list[ScalarCrystal]],
    left_out: Counter[str],
    *,
    watched: Collection[str] = (),
    excluded: Collection[str] = (),
) -> set[str]:
    """Append the labelled crystals of one source to ``result`` and count the others.

    Returns the reduced formulas of the ``watched`` ids; crystals of ``excluded`` formulas are not read.
    """
    keys = _keys(source, recipe)
    left_out.update(row.code for row in source.rejected)
    formulas = set()
    for raw in source.raw:
        name = str(raw.get("id"))
        if name in watched and recipe.also:
            formulas.add(formula_of(raw))
        if name not in part_of or (excluded and formula_of(raw) in excluded):
            continue
        try:
            result[part_of[name]].append(_labelled(raw, keys, recipe, network))
        except CrysnbError as error:
            left_out[error.code] += 1
    return formulas


def _keys(source: Source, recipe: ScalarRecipe) -> tuple[str, ...]:
    if len(recipe.targets) > 1:
        for key in recipe.targets:
            if key not in source.targets:
                raise UnknownName.of("label", key, source.targets)
        return recipe.targets
    key = source.label(recipe.targets[0])
    if key != recipe.targets[0]:
        log.info("learning from the only label, %r", key)
    return (key,)


def _part_of(split: Mapping[str, Sequence[str]], parts: Iterable[str], count: int) -> dict[str, str]:
    part_of: dict[str, str] = {}
    for part in parts:
        if part not in split:
            raise UnknownName.of("part of the split", part, split)
        ids: Sequence[str] = split[part]
        if part == "train" and count:
            ids = sorted(ids, key=lambda i: hashlib.sha256(i.encode()).hexdigest())[:count]
        part_of.update(dict.fromkeys(ids, part))
    return part_of


def _labelled(
    raw: Mapping[str, Any], keys: Sequence[str], recipe: ScalarRecipe, network: ScalarNetwork
) -> ScalarCrystal:
    record = to_record(dict(raw))
    if len(record.structure) > recipe.max_atoms:
        raise CrysnbError(
            "data.too_many_atoms",
            found=f"{len(record.structure)} atoms",
            accepted=f"at most {recipe.max_atoms}, as the recipe says",
        )
    given = raw.get("targets")
    known = given if isinstance(given, Mapping) else {}
    values = [float(usable(raw, k, None)) if known.get(k) is not None else math.nan for k in keys]
    if all(map(math.isnan, values)):
        raise CrysnbError("label.missing", found="none of the labels", accepted=", ".join(keys))
    graph = build_one(record.structure, network.cutoff, network.neighbors)
    return ScalarCrystal(id=record.id, graph=graph, label=torch.tensor(values))
