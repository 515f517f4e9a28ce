"""What a reader found, before any of it is trusted: the one form that every input passes through."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypedDict

import numpy as np
from numpy.typing import NDArray

from crysnb.structure import check, remarks
from crysnb.structure.elements import resolve

if TYPE_CHECKING:
    from pymatgen.core.structure import Structure

    from crysnb.values.prediction import Notice


@dataclass(frozen=True, slots=True, kw_only=True)
class RawCrystal:
    """Numbers and symbols as a reader found them, with plausible shapes and nothing else promised.

    Attributes
    ----------
    cell
        Lattice vectors as rows, in Å, float64 [3, 3].
    coords
        Positions, float64 [site, 3]: fractional, or Cartesian in Å where ``cartesian`` is set.
    symbols
        Per site the element symbols written there; one for an ordered site.
    occupancies
        Per site one number for each symbol.
    cartesian
        Meaning of ``coords``.
    notices
        Remarks of the reader.
    name
        Identifier that the input carries (the id of a record), or empty.
    band_gap
        Stored band gap in eV, or None.
    """

    cell: NDArray[np.float64]
    coords: NDArray[np.float64]
    symbols: tuple[tuple[str, ...], ...]
    occupancies: tuple[tuple[float, ...], ...]
    cartesian: bool = False
    notices: tuple[Notice, ...] = ()
    name: str = ""
    band_gap: float | None = None


class Ordered(TypedDict):
    """Keywords of :class:`RawCrystal` for fully occupied sites."""

    symbols: tuple[tuple[str, ...], ...]
    occupancies: tuple[tuple[float, ...], ...]


def ordered(symbols: Sequence[str]) -> Ordered:
    """``symbols`` and ``occupancies`` of sites that hold one atom each."""
    return {"symbols": tuple((s,) for s in symbols), "occupancies": tuple((1.0,) for _ in symbols)}


def build(raw: RawCrystal) -> tuple[Structure, tuple[Notice, ...]]:
    """Checked pymatgen Structure with fresh labels, and every notice about it.

    The rules that need no more than numbers run before pymatgen sees them; :func:`check.check`
    runs on the result.
    """
    from pymatgen.core.lattice import Lattice
    from pymatgen.core.structure import Structure

    check.site_count(len(raw.symbols))
    check.finite("the cell", raw.cell)
    check.finite("the coordinates", raw.coords)
    check.cell_size(raw.cell)
    check.cell_volume(raw.cell, len(raw.symbols))
    coords = np.linalg.solve(raw.cell.T, raw.coords.T).T if raw.cartesian else raw.coords
    resolved = [
        [resolve(symbol, where=f"site {i}") for symbol in site] for i, site in enumerate(raw.symbols, 1)
    ]
    check.full_occupancy([[e.symbol for e in site] for site in resolved], raw.occupancies)
    species = [site[0].symbol for site in resolved]
    structure = Structure(
        Lattice(raw.cell),
        species,
        coords,
        labels=[f"{symbol}{i}" for i, symbol in enumerate(species, 1)],
    )
    check.symbols_agree([site[0] for site in raw.symbols], structure)
    isotopes = remarks.isotopes([e.isotope for site in resolved for e in site])
    return structure, (*raw.notices, *isotopes, *check.check(structure))
