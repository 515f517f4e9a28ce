"""What a network knows of an element before it sees a crystal: a row of a table."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from crysnb.errors import OutOfDomain, ShapeError, quote
from crysnb.graph.element_classes import element_classes
from crysnb.values.element_table import ElementTable
from crysnb.values.symbols import SYMBOLS

#: Rows: the elements, and before them one that stands for none.
ROWS = len(SYMBOLS) + 1
_SIZED = re.compile(r"(learned|table):([1-9][0-9]{0,3})")
_ACCEPTED = "'cgcnn92', 'onehot', 'learned:N', or 'table:N' for a table of N columns"


def check_features(features: object) -> None:
    """Refuse a word that names no kind of element input.

    Raises
    ------
    ShapeError
        ``config.range``.
    """
    width_of(features)


def width_of(features: object) -> int:
    """Columns that a kind of element input has; see :class:`ElementInput`."""
    if features == "cgcnn92":
        return element_classes().shape[1]
    if features == "onehot":
        return len(SYMBOLS)
    sized = _SIZED.fullmatch(features) if isinstance(features, str) else None
    if sized is None:
        raise ShapeError("config.range", found=f"features = {quote(features)}", accepted=_ACCEPTED)
    return int(sized.group(2))


class ElementInput(nn.Module):
    """Vectors of elements, ``[atom] -> [atom, column]`` by atomic number.

    Parameters
    ----------
    features
        ``"cgcnn92"`` (:func:`~crysnb.graph.element_classes.element_classes`), ``"onehot"``, ``"learned:N"``
        (random numbers that training changes), or ``"table:N"`` (to be filled by :meth:`take`).
    freeze
        Whether training leaves the vectors as they are. Not for ``learned``.

    Notes
    -----
    The vectors are part of the weights, so that a later periodic table cannot change a prediction.
    """

    vectors: Tensor

    def __init__(self, features: str, *, freeze: bool = True) -> None:
        super().__init__()
        self.features = features
        kind, width = features.split(":", maxsplit=1)[0], width_of(features)
        if kind == "cgcnn92":
            table = torch.zeros(ROWS, width)
            table[: len(element_classes())] = torch.from_numpy(element_classes().copy())
        elif kind == "onehot":
            table = torch.eye(ROWS)[:, 1:].contiguous()
        elif kind == "learned":
            table = torch.randn(ROWS, width) / width**0.5
        else:
            table = torch.zeros(ROWS, width)
        if freeze and kind != "learned":
            self.register_buffer("vectors", table)
        else:
            self.vectors = nn.Parameter(table)
        known = torch.full((ROWS,), kind != "table")
        known[0] = False
        if kind == "cgcnn92":
            known[len(element_classes()) :] = False
        self.register_buffer("known", known)

    @property
    def width(self) -> int:
        """Columns."""
        return int(self.vectors.shape[1])

    @torch.no_grad()
    def take(self, table: ElementTable) -> None:
        """Fill in the vectors of a table; elements without one stay unknown.

        Raises
        ------
        ShapeError
            ``elements.columns`` for another number of columns; ``elements.partial`` for an element of which
            some values are known and others not.
        """
        if table.dim != self.width:
            raise ShapeError(
                "elements.columns",
                found=f"{table.name} has {table.dim} columns",
                accepted=f"{self.width}, the width of the network's input",
            )
        finite = np.isfinite(table.vectors)
        partial = [s for s, row in zip(table.elements, finite, strict=True) if row.any() and not row.all()]
        if partial:
            raise ShapeError(
                "elements.partial",
                found=f"{table.name} lacks some values of {', '.join(partial[:8])}",
                accepted="elements with all values, or with none",
                action="Fill the gaps or drop these elements first",
            )
        rows = torch.zeros(ROWS, self.width, dtype=torch.float64)
        known = torch.zeros(ROWS, dtype=torch.bool)
        for z, row in zip(table.numbers.tolist(), table.vectors, strict=True):
            if np.isfinite(row).all():
                rows[z], known[z] = torch.from_numpy(row.copy()), True
        self.vectors.copy_(rows)
        self.get_buffer("known").copy_(known)

    def forward(self, atomic_number: Tensor) -> Tensor:
        """Vectors of the atoms.

        Raises
        ------
        OutOfDomain
            ``domain.element`` for an element that has none.
        """
        known = self.get_buffer("known")
        if not bool(known[atomic_number].all()):
            lacking = sorted({int(z) for z in atomic_number[~known[atomic_number]]})
            raise OutOfDomain(
                "domain.element",
                found=f"no vector for {', '.join(SYMBOLS[z - 1] for z in lacking)}",
                accepted=f"crystals of the {int(known.sum())} elements of the table",
                action="Take another table, or another model",
            )
        return self.vectors[atomic_number]


def input_of(features: str | ElementTable | None, *, freeze: bool | None) -> dict[str, Any]:
    """Changes of a configuration that a network makes when it is fed in another way."""
    changes: dict[str, Any] = {}
    if isinstance(features, ElementTable):
        changes["features"] = f"table:{features.dim}"
    elif features is not None:
        changes["features"] = features
    if freeze is not None:
        changes["freeze"] = freeze
    return changes
