"""What a check of a tensor against a crystal found."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from crysnb.tensors.form import TensorForm
from crysnb.tensors.nearest_group import NearestGroup, nearest_group
from crysnb.tensors.repair import Repair, find_repair
from crysnb.tensors.verdicts import CONSISTENT, floor_of
from crysnb.units import display_unit
from crysnb.values.admissible import Admissibility

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True, kw_only=True)
class Offender:
    """A component that is not what the crystal's symmetry demands.

    Attributes
    ----------
    name
        For example ``"c24"``; of the printed matrix, so that ``"c21"`` may appear beside ``"c12"``.
    value
        As given.
    required
        In the nearest tensor that is allowed.
    relation
        What it breaks, for example ``"c24 = -c14"``; for a free component the relations that tie
        others to it.
    """

    name: str
    value: float
    required: float
    relation: str

    @property
    def deviation(self) -> float:
        """``value − required``."""
        return self.value - self.required

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "name": self.name,
            "value": self.value,
            "required": self.required,
            "deviation": self.deviation,
            "relation": self.relation,
        }


@dataclass(frozen=True, kw_only=True, repr=False)
class TensorReport:
    """How well a tensor fits the symmetry of a crystal, and whether it is physical at all.

    Norms are Cartesian, so that nothing but ``offenders`` and the search for a repair depends on the
    orientation. ``best_frame`` and ``nearest_group`` are computed when they are first asked for.

    Attributes
    ----------
    kind
        Name of the kind of tensor.
    point_group, space_group, symprec
        Symmetry that was held against it; None where a point group was named instead of a crystal.
    unit
        Unit of ``norm``, ``distance`` and the offenders; None for kinds without a usual one.
    norm
        ‖T‖.
    distance
        ‖T − P T‖, where P T is the nearest tensor that the crystal may have. Where ``norm`` is below the
        floor of the unit (1e-6 for pure numbers, 1e-3 C/m², 1e-2 GPa) only this number says something.
    delta
        δ = ‖T − P T‖ / ‖T‖, between 0 and 1; 0 for T = 0.
    verdict
        ``"consistent"`` (δ < 1e-3, or a norm below the floor), ``"numerical noise"`` (δ < 1e-2),
        ``"suspicious: wrong frame?"``, or ``"must vanish"`` for a tensor where none is allowed.
    must_vanish
        Whether the crystal allows nothing of the kind, like the piezoelectricity of NaCl. Then δ is 1 for
        any tensor but zero, and ``norm`` is what to look at.
    blocks
        δ per irreps block: name such as ``"2e"`` (l and parity) to ‖(T − P T)_l‖ / ‖T‖. Every
        group allows the isotropic part 0e, so a wrong axis shows in the others.
    asymmetry
        Share of ‖T‖ that breaks the index symmetry of the kind, such as c12 ≠ c21. The squares of this and
        of the blocks add up to δ².
    offenders
        Components that break the symmetry, the largest part of ``distance`` first (a component counts as
        often as it stands in the Cartesian tensor), at most ten; none when consistent.
    physical
        What physics demands beside symmetry; true if nothing is broken.
    tensor
        The tensor that was checked, full Cartesian.
    form
        The form that it was held against.
    lattice
        Rows are the lattice vectors in Å of the crystal as given, shape [3, 3]; None without one.
    """

    kind: str
    point_group: str
    space_group: int | None
    symprec: float | None
    unit: str | None
    norm: float
    distance: float
    delta: float
    verdict: str
    must_vanish: bool
    blocks: dict[str, float]
    asymmetry: float
    offenders: tuple[Offender, ...]
    physical: Admissibility = field(default_factory=Admissibility)
    tensor: NDArray[np.float64] = field(compare=False)
    form: TensorForm = field(compare=False)
    lattice: NDArray[np.float64] | None = field(default=None, compare=False)

    @cached_property
    def best_frame(self) -> Repair | None:
        """The mistake that explains the tensor, and the repaired tensor in the structure's frame.

        None for a consistent tensor, where nothing is allowed, and where no mistake explains it: see
        :func:`crysnb.tensors.repair.find_repair`.
        """
        if self.consistent or self.must_vanish:
            return None
        return find_repair(self.form, self.tensor, self.lattice)

    @cached_property
    def nearest_group(self) -> NearestGroup | None:
        """The highest class whose symmetry the tensor has by itself, freely oriented.

        None for a norm below the floor of the unit: see
        :func:`crysnb.tensors.nearest_group.nearest_group`.
        """
        return None if self.is_zero else nearest_group(self.tensor, self.form.kind)

    @property
    def consistent(self) -> bool:
        """Whether the tensor has the symmetry of the crystal (verdict ``"consistent"``)."""
        return self.verdict == CONSISTENT

    @property
    def is_zero(self) -> bool:
        """Whether the norm is below the floor of the unit, so that δ says nothing."""
        return self.norm <= floor_of(self.unit)

    def __repr__(self) -> str:
        found = f"{self.size}, " if self.must_vanish or self.is_zero else f"delta {self.delta:.2g}, "
        demands = "" if self.physical else ", not physical"
        return (
            f"TensorReport({self.kind}, {self.point_group}: {self.verdict}, {found}"
            f"{len(self.offenders)} offenders{demands})"
        )

    @property
    def size(self) -> str:
        """The absolute norm in words, with its unit."""
        return f"norm {self.norm:.4g} {display_unit(self.unit) if self.unit else ''}".rstrip()

    def to_dict(self) -> dict[str, Any]:
        """The documented JSON object of ``crysnb check``."""
        return {
            "kind": self.kind,
            "space_group": self.space_group,
            "point_group": self.point_group,
            "symprec": self.symprec,
            "unit": self.unit,
            "norm": self.norm,
            "distance": self.distance,
            "delta": self.delta,
            "consistent": self.consistent,
            "verdict": self.verdict,
            "must_vanish": self.must_vanish,
            "blocks": dict(self.blocks),
            "asymmetry": self.asymmetry,
            "offenders": [o.to_dict() for o in self.offenders],
            "best_frame": self.best_frame.to_dict() if self.best_frame else None,
            "physical": self.physical.to_dict(),
            "nearest_group": self.nearest_group.to_dict() if self.nearest_group else None,
        }

    def to_frame(self) -> pd.DataFrame:
        """One row per offender: component, value, required value, deviation, relation."""
        import pandas as pd

        rows = [(o.name, o.value, o.required, o.deviation, o.relation) for o in self.offenders]
        return pd.DataFrame(rows, columns=["component", "value", "required", "deviation", "relation"])
