"""JARVIS-DFT, with the filters and the split of GMTNet (Yan et al. 2024, arXiv 2406.12888).

The authors' own files are pickles, which are never opened here; ``docs/datasets.md`` says how to write them
as JSON elsewhere.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crysnb.datasets.dataset import Dataset, Rejected, collect, raw_of
from crysnb.datasets.json_files import load_json
from crysnb.errors import CrysnbError, UnknownName, quote
from crysnb.structure.numbers import array
from crysnb.structure.read import read
from crysnb.symmetry.detect import detect
from crysnb.symmetry.project import invariants
from crysnb.values.tensor_kind import DIELECTRIC, ELASTIC, PIEZOELECTRIC, TensorKind

Array = NDArray[np.float64]

#: VASP prints xx, yy, zz, xy, yz, zx; ours are xx, yy, zz, yz, xz, xy.
_FROM_VASP = [0, 1, 2, 4, 5, 3]
#: A record is named by the first of these keys that it has.
_IDS = ("jid", "JARVIS_ID", "material_id", "id")
_SPLIT_SEED = 32
_SYMPREC = 1e-5
#: A forbidden entry of a stiffness up to this size (GPa) is noise and becomes zero.
_FORBIDDEN = 1e-4
#: A piezoelectric tensor of this Frobenius norm (3×6, C/m²) or less is no training crystal.
_ZERO_PIEZO = 1e-5


@dataclass(frozen=True, slots=True, kw_only=True)
class _Tensor:
    """Where a tensor stands in a JARVIS record, and GMTNet's bound on its entries."""

    key: str
    target: str
    kind: TensorKind
    factor: float
    largest: float

    def read(self, record: Mapping[str, Any]) -> Array | None:
        """The tensor in our order and unit, or None if the record has none."""
        given = record.get(self.key)
        if given is None or given in ("na", []):
            return None
        shape = self.kind.matrix_shape
        tensor = array(given, shape, self.key) * self.factor
        for axis, length in enumerate(shape):
            if length == 6:
                tensor = tensor.take(_FROM_VASP, axis=axis)
        return np.asarray(tensor, dtype=np.float64)


#: By name of the property. VASP gives stiffness in kbar.
TENSORS = {
    "dielectric": _Tensor(
        key="dielectric", target="eps_electronic", kind=DIELECTRIC, factor=1.0, largest=100.0
    ),
    "piezoelectric": _Tensor(
        key="piezoelectric_C_m2", target="piezo", kind=PIEZOELECTRIC, factor=1.0, largest=100.0
    ),
    "elastic": _Tensor(key="elastic_total_kbar", target="elastic", kind=ELASTIC, factor=0.1, largest=1500.0),
}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GMTNetData:
    """One of GMTNet's three data sets.

    Attributes
    ----------
    dataset
        Crystals that pass GMTNet's filters and the structure rules.
    split
        ``train``, ``val``, ``test`` as GMTNet draws them, of all crystals that pass its filters; ids that
        are in ``dataset.rejected`` are missing from the records.
    """

    dataset: Dataset
    split: dict[str, list[str]]


def read_jarvis(path: str | Path) -> Dataset:
    """Crystals of a JARVIS-DFT file: a JSON list of records with ``atoms``.

    Parameters
    ----------
    path
        ``.json``, ``.json.gz``, or the ``.zip`` of figshare.

    Returns
    -------
    Dataset
        Targets: ``eps_electronic``, ``piezo`` (C/m²), ``elastic`` (GPa) where the record has the full tensor
        (columns xx, yy, zz, yz, xz, xy; Cartesian axes of the structure), and every finite number of the
        record under its own name. ``"na"`` means that there is none.

    Raises
    ------
    CrysnbError
        ``data.invalid`` if it is no such list, ``data.nothing``, and those of
        :func:`~crysnb.datasets.json_files.load_json`.
    """
    return collect(Path(path).name, (_row(record, n) for n, record in enumerate(_records(path), 1)))


def read_gmtnet(path: str | Path, name: str) -> GMTNetData:
    """GMTNet's data set of one property, filtered and divided as its published code does.

    Parameters
    ----------
    path
        The authors' file as JSON (see the head of this module), in its order: the split depends on it.
    name
        ``"dielectric"``, ``"piezoelectric"`` or ``"elastic"``.

    Notes
    -----
    Kept: tensors with every entry below 100, or 1500 GPa; stiffnesses whose forbidden entries are below 1e-4
    GPa at symprec 1e-5, which are then set to zero. Split: positions shuffled by Python's ``random`` with
    seed 32; the first int(0.8 n) train, the last int(0.1 n) test, the int(0.1 n) before them val. Zero
    piezoelectric tensors are taken out of ``train`` alone. A stiffness whose crystal the structure rules
    refuse cannot be filtered and counts as not there, so then the split is not the published one.

    Raises
    ------
    UnknownName
        For another property.
    CrysnbError
        As :func:`read_jarvis`.
    """
    if name not in TENSORS:
        raise UnknownName.of("property", name, TENSORS)
    tensor = TENSORS[name]
    rows, failed, sizes = [], [], {}
    for number, record in enumerate(_records(path), 1):
        row = _filtered(record, number, tensor)
        if row is None:
            continue
        if isinstance(row, Rejected):
            failed.append(row)
            if tensor.kind == ELASTIC:
                continue
            sizes[row.id] = math.inf
        else:
            rows.append(row)
            sizes[row["id"]] = float(np.linalg.norm(row["targets"][tensor.target]))
    split = gmtnet_split(list(sizes))
    if tensor.kind == PIEZOELECTRIC:
        split["train"] = [i for i in split["train"] if sizes[i] > _ZERO_PIEZO]
    return GMTNetData(dataset=collect(f"GMTNet {name}", rows, failed), split=split)


def gmtnet_split(ids: list[str]) -> dict[str, list[str]]:
    """``ids`` in their order, divided as GMTNet divides positions (80 : 10 : 10, seed 32)."""
    order = list(range(len(ids)))
    random.Random(_SPLIT_SEED).shuffle(order)  # noqa: S311 - the published shuffle
    n_train, n_rest = int(0.8 * len(ids)), int(0.1 * len(ids))
    end = len(ids) - n_rest
    places = {"train": order[:n_train], "val": order[end - n_rest : end], "test": order[end:]}
    return {part: [ids[k] for k in found] for part, found in places.items()}


def _records(path: str | Path) -> list[Any]:
    content = load_json(path)
    if not isinstance(content, list) or not content:
        raise CrysnbError(
            "data.invalid",
            found=f"{quote(Path(path).name)} is no list of records",
            accepted="a JSON list of objects with atoms, as JARVIS-DFT ships it",
        )
    return content


def _name(record: Any, number: int) -> str:
    for key in _IDS if isinstance(record, Mapping) else ():
        if isinstance(record.get(key), str) and record[key]:
            return str(record[key])
    return f"record {number}"


def _row(record: Any, number: int) -> dict[str, Any] | Rejected:
    name = _name(record, number)
    try:
        structure = read(_crystal(record)).structure
        targets = dict(_numbers(record))
        for tensor in TENSORS.values():
            value = tensor.read(record)
            if value is not None:
                targets[tensor.target] = value.tolist()
        return raw_of(structure, name, targets)
    except CrysnbError as error:
        return Rejected.of(name, error)


def _numbers(record: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    for key, value in record.items():
        if isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value):
            yield key, value


def _filtered(record: Any, number: int, tensor: _Tensor) -> dict[str, Any] | Rejected | None:
    """A row that passes GMTNet's filters, None for one that does not."""
    name = _name(record, number)
    try:
        value = tensor.read(record) if isinstance(record, Mapping) else None
        if value is None or not np.abs(value).max() < tensor.largest:
            return None
        structure = read(_crystal(record)).structure
        if tensor.kind == ELASTIC:
            forbidden = _forbidden(tensor.kind, detect(structure, _SYMPREC).rotations)
            if not np.abs(value * forbidden).max() < _FORBIDDEN:
                return None
            value = value * ~forbidden
        return raw_of(structure, name, {tensor.target: value.tolist()})
    except CrysnbError as error:
        return Rejected.of(name, error)


def _forbidden(kind: TensorKind, rotations: Array) -> NDArray[np.bool_]:
    """Entries of the printed matrix that the group makes vanish."""
    zero = np.abs(invariants(kind, rotations).reduced.matrix).sum(axis=1) == 0
    return np.asarray(kind.matrix(kind.from_components(zero.astype(np.float64))) != 0)


def _crystal(record: Any) -> dict[str, Any]:
    """The structure of a JARVIS record in the form that the reader takes."""
    atoms = record.get("atoms") if isinstance(record, Mapping) else None
    if not isinstance(atoms, Mapping) or not {"lattice_mat", "coords", "elements"} <= set(atoms):
        raise CrysnbError(
            "data.row",
            found="a record without atoms",
            accepted="atoms with lattice_mat, coords, elements and cartesian",
        )
    elements = atoms["elements"]
    if not isinstance(elements, list) or not all(isinstance(e, str) for e in elements):
        raise CrysnbError("data.row", found="elements that are no list of symbols", accepted="symbols")
    cell = array(atoms["lattice_mat"], (3, 3), "lattice_mat")
    coords = array(atoms["coords"], (len(elements), 3), "coords")
    if atoms.get("cartesian", False):
        coords = coords @ _inverse(cell)
    symbols = [e.strip() for e in elements]
    return {"lattice": cell.tolist(), "species": symbols, "frac_coords": coords.tolist()}


def _inverse(cell: Array) -> Array:
    try:
        if np.isfinite(cell).all():
            return np.asarray(np.linalg.inv(cell))
    except np.linalg.LinAlgError:
        pass
    raise CrysnbError("structure.volume", found="a cell without volume", accepted="three independent vectors")
