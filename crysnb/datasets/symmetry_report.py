"""How far labelled tensors are from the symmetry of their own crystals: to be read before training.

A label whose residual is large was computed in other axes than those of its structure, or for another phase.
It teaches a model what no crystal of that symmetry can have.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from crysnb.datasets.dataset import Dataset, Rejected
from crysnb.datasets.labels import MAX_RESIDUAL, check_stable, check_symmetry, symmetry_residual, usable
from crysnb.datasets.records import to_record
from crysnb.errors import CrysnbError
from crysnb.symmetry.detect import detect
from crysnb.values.tensor_kind import TensorKind, tensor_kind

if TYPE_CHECKING:
    import pandas as pd

#: Bounds of the histogram of relative residuals.
BINS = (0.0, 1e-6, 1e-4, 1e-3, 1e-2, 0.05, 0.1, 0.3, 1.0)
_PERCENTILES = (50, 90, 99)


@dataclass(frozen=True, slots=True, kw_only=True)
class Residual:
    """One record.

    Attributes
    ----------
    id, formula
        Of the record.
    space_group, point_group
        At the tolerance of the report; 0 and empty if not determined.
    norm, residual_norm
        Cartesian norms of the label and of its part that breaks the symmetry, in the unit of the label; NaN
        if they could not be computed.
    residual
        ‖T − PT‖/‖T‖.
    excluded
        Error code for which training leaves it out; empty if it is used.
    why
        The whole sentence.
    """

    id: str
    formula: str
    space_group: int = 0
    point_group: str = ""
    norm: float = math.nan
    residual_norm: float = math.nan
    residual: float = math.nan
    excluded: str = ""
    why: str = ""

    def to_dict(self) -> dict[str, Any]:
        """All fields; NaN as None."""
        return {
            name: None if isinstance(value, float) and not math.isfinite(value) else value
            for name, value in asdict(self).items()
        }


@dataclass(frozen=True, slots=True, kw_only=True, repr=False, eq=False)
class SymmetryReport:
    """Symmetry residuals of a labelled data set.

    Attributes
    ----------
    target, kind
        Key of the label, and its kind of tensor.
    tolerance
        Largest relative residual that training takes.
    rows
        One for each record, in their order.
    """

    target: str
    kind: str
    tolerance: float
    rows: tuple[Residual, ...]

    @property
    def excluded(self) -> dict[str, int]:
        """Error code -> number of records left out, most frequent first."""
        return dict(Counter(row.excluded for row in self.rows if row.excluded).most_common())

    @property
    def used(self) -> int:
        """Number of records that training takes."""
        return sum(not row.excluded for row in self.rows)

    def histogram(self) -> dict[str, int]:
        """Relative residual, as text such as ``"1e-4 … 1e-3"`` -> number of records, excluded ones too."""
        found = np.array([row.residual for row in self.rows if math.isfinite(row.residual)])
        counts = np.histogram(np.minimum(found, BINS[-1]), bins=BINS)[0]
        names = [f"{low:.0e} … {high:.0e}" for low, high in pairwise(BINS)]
        names[0] = f"below {BINS[1]:.0e}"
        return dict(zip(names, counts.tolist(), strict=True))

    def percentiles(self) -> dict[str, float]:
        """Median, 90th and 99th percentile of the relative residual of the records that are used."""
        found = [row.residual for row in self.rows if not row.excluded]
        return {f"p{p}": float(np.percentile(found, p)) for p in _PERCENTILES} if found else {}

    def worst(self, n: int = 10) -> list[Residual]:
        """The records with the largest relative residual, excluded ones too."""
        known = [row for row in self.rows if math.isfinite(row.residual)]
        return sorted(known, key=lambda row: (-row.residual, row.id))[:n]

    def to_dict(self) -> dict[str, Any]:
        """Everything, for JSON."""
        return {
            "target": self.target,
            "kind": self.kind,
            "tolerance": self.tolerance,
            "n": len(self.rows),
            "used": self.used,
            "excluded": self.excluded,
            "histogram": self.histogram(),
            "percentiles": self.percentiles(),
            "rows": [row.to_dict() for row in self.rows],
        }

    def to_frame(self) -> pd.DataFrame:
        """One row for each record."""
        import pandas as pd

        return pd.DataFrame([row.to_dict() for row in self.rows])

    def __repr__(self) -> str:
        lines = [f"{self.target} ({self.kind}): {self.used} of {len(self.rows)} records are used"]
        lines += [f"  {n:6}  left out: {code}" for code, n in self.excluded.items()]
        lines.append("Symmetry residual of all labels, ‖T − PT‖/‖T‖")
        lines += [f"  {n:6}  {name}" for name, n in self.histogram().items()]
        worst = [row for row in self.worst(5) if row.residual > self.tolerance]
        if worst:
            lines.append("Largest")
            lines += [
                f"  {row.residual:6.1%}  {row.id} {row.formula} {row.point_group}"
                f"{f'  ({row.excluded})' if row.excluded else ''}"
                for row in worst
            ]
        return "\n".join(lines)


def symmetry_report(
    records: Dataset | Iterable[Mapping[str, Any]],
    target: str,
    kind: str | TensorKind,
    *,
    symprec: float | Literal["auto"] = "auto",
    largest: float = math.inf,
    tolerance: float = MAX_RESIDUAL,
    rejected: Iterable[Rejected] = (),
) -> SymmetryReport:
    """Residual of every label under the point group of its own crystal, and what training leaves out.

    Parameters
    ----------
    records
        A data set, or records as plain dictionaries; a folder is opened by
        :func:`crysnb.datasets.open_source`.
    target
        Key of the label.
    kind
        Kind of tensor.
    symprec
        Of the symmetry search, Å.
    largest
        Labels with an entry of at least this size are left out.
    tolerance
        Relative residual above which a label is left out, unless its own record says ``symmetry_ok``.
    rejected
        Rows that were refused while reading; those of a data set are listed by themselves.

    Returns
    -------
    SymmetryReport
        A record that fails costs no other one.

    Raises
    ------
    UnknownName
        For an unknown kind.
    """
    wanted = tensor_kind(kind)
    raw = records.raw() if isinstance(records, Dataset) else records
    rows = [
        _row(record, number, target, wanted, symprec, largest, tolerance)
        for number, record in enumerate(raw, 1)
    ]
    refused = (*(records.rejected if isinstance(records, Dataset) else ()), *rejected)
    rows += [Residual(id=r.id, formula="", excluded=r.code, why=r.text) for r in refused]
    return SymmetryReport(target=target, kind=wanted.name, tolerance=tolerance, rows=tuple(rows))


def _row(
    raw: Mapping[str, Any],
    number: int,
    target: str,
    kind: TensorKind,
    symprec: float | Literal["auto"],
    largest: float,
    tolerance: float,
) -> Residual:
    known: dict[str, Any] = {
        "id": str(raw.get("id", f"record {number}")),
        "formula": str(raw.get("formula", "")),
    }
    refused: CrysnbError | None = None
    try:
        # A label that the record itself calls broken is still measured.
        label = usable({**raw, "symmetry_ok": True}, target, kind)
        record = to_record(dict(raw))
        symmetry = detect(record.structure, symprec)
        relative, absolute = symmetry_residual(label, kind, symmetry.rotations)
        known |= {
            "formula": record.formula,
            "space_group": symmetry.number,
            "point_group": symmetry.point_group,
            "norm": float(np.linalg.norm(label)),
            "residual": relative,
            "residual_norm": absolute,
        }
        usable(raw, target, kind, largest=largest)
        check_stable(label, kind)
        if "symmetry_ok" not in raw:
            check_symmetry(label, kind, symmetry.rotations, tolerance=tolerance)
    except CrysnbError as error:
        refused = error
    return Residual(**known, excluded=refused.code if refused else "", why=refused.text if refused else "")
