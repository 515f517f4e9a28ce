"""Labels that can be scored, and why the others cannot."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crysnb.datasets.records import Record, to_record
from crysnb.errors import CrysnbError
from crysnb.values.tensor_kind import TensorKind

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Labelled:
    """A readable record and its label.

    Attributes
    ----------
    record
        The crystal.
    label
        Cartesian tensor with exact index symmetry, or a number as an array of shape ().
    """

    record: Record
    label: Array


def labelled(
    records: Iterable[Mapping[str, Any]], target: str, kind: TensorKind | None, largest: float
) -> tuple[list[Labelled], Counter[str]]:
    """Readable records whose label passes the model's own filters, and error codes of the others.

    Parameters
    ----------
    records
        In the record format (see :mod:`crysnb.datasets.records`).
    target
        Key of the label.
    kind
        Kind of tensor, or None for a number.
    largest
        Labels with an entry of at least this size are left out, as they were in training.
    """
    kept: list[Labelled] = []
    skipped: Counter[str] = Counter()
    for raw in records:
        targets = raw.get("targets")
        given = targets.get(target) if isinstance(targets, Mapping) else None
        if given is None:
            skipped["label.missing"] += 1
        elif kind is not None and not raw.get("symmetry_ok", True):
            skipped["label.breaks_symmetry"] += 1
        else:
            try:
                label = _label(given, kind)
                if np.abs(label).max() >= largest:
                    skipped["label.too_large"] += 1
                    continue
                kept.append(Labelled(to_record(dict(raw)), label))
            except CrysnbError as error:
                skipped[error.code] += 1
    return kept, skipped


def _label(given: Any, kind: TensorKind | None) -> Array:
    if kind is not None:
        return kind.from_components(kind.components(given))
    if isinstance(given, bool) or not isinstance(given, (int, float)):
        raise CrysnbError("label.not_numeric", found="a label that is no number", accepted="a number")
    try:
        value = float(given)
    except OverflowError:
        value = math.inf
    if not math.isfinite(value):
        raise CrysnbError("label.non_finite", found="a label of NaN or infinity", accepted="a finite number")
    return np.array(value)
