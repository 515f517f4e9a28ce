"""Labels that can be scored, and why the others cannot."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crysnb.datasets.dataset import check_new
from crysnb.datasets.labels import usable
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
    seen: set[str] = set()
    for raw in records:
        try:
            if isinstance(raw.get("id"), str) and raw["id"]:
                seen.add(check_new(raw["id"], seen))
            label = usable(raw, target, kind, largest=largest)
            if kind is not None:
                label = kind.from_components(kind.components(label))
            kept.append(Labelled(to_record(dict(raw)), label))
        except CrysnbError as error:
            skipped[error.code] += 1
    return kept, skipped
