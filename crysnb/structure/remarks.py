"""Rules that never refuse: what is unusual is said in a notice, and the structure is left as it is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from crysnb.structure.geometry import NEIGHBOR_CUTOFF, Pairs, cell_heights
from crysnb.structure.radii import covalent_radius
from crysnb.values.prediction import Notice

# S12
PLAUSIBLE_VOLUME_PER_ATOM = (4.0, 150.0)  # Å^3
PLAUSIBLE_SHORTEST_DISTANCE = (0.7, NEIGHBOR_CUTOFF)  # Å
# Shortest distance over the sum of covalent radii: at most 1.25 in 2,000 crystals of the Materials
# Project, JARVIS and WBM, at least 1.55 in the bundled crystals with lengths in bohr.
PLAUSIBLE_BOND_RATIO = 1.45
# S13
VACUUM_GAP = 8.0  # Å between the atomic planes on both sides

# Notices of check(); a structure that is read again gets them anew.
RECOMPUTED = frozenset({"structure.close_atoms", "structure.units", "structure.vacuum"})


def isotopes(names: Iterable[str]) -> tuple[Notice, ...]:
    """S9: say that deuterium and tritium were read as hydrogen."""
    found = sorted({name for name in names if name})
    if not found:
        return ()
    return (
        Notice(
            "structure.isotope",
            "info",
            f"{' and '.join(found).capitalize()} treated as H: no model here tells isotopes apart.",
        ),
    )


def units(symbols: Sequence[str], cell: NDArray[np.float64], pairs: Pairs) -> tuple[Notice, ...]:
    """S12: notice where volume and distances look like bohr or nm; nothing is rescaled."""
    volume = abs(float(np.linalg.det(cell))) / len(symbols)
    low, high = PLAUSIBLE_VOLUME_PER_ATOM
    near, far = PLAUSIBLE_SHORTEST_DISTANCE
    radii = np.array([covalent_radius(s) for s in symbols])
    shortest = float(pairs[2][0]) if len(pairs[2]) else np.inf
    ratio = float(np.min(pairs[2] / (radii[pairs[0]] + radii[pairs[1]]), initial=np.inf))
    odd = []
    if not low <= volume <= high:
        odd.append(f"{volume:.3g} Å³ per atom")
    if not near <= shortest <= far:
        odd.append(
            f"a shortest distance of {shortest:.3g} Å" if len(pairs[2]) else f"no two atoms within {far:g} Å"
        )
    elif ratio > PLAUSIBLE_BOND_RATIO:
        odd.append(f"a shortest bond {ratio:.2f} times the sum of the covalent radii")
    if not odd:
        return ()
    return (
        Notice(
            "structure.units",
            "warning",
            f"The crystal has {' and '.join(odd)}, which is unusual. Is the cell in Å? Nothing was rescaled.",
        ),
    )


def vacuum(cell: NDArray[np.float64], frac: NDArray[np.float64]) -> tuple[Notice, ...]:
    """S13: notice for a molecule, wire or slab in a box: an empty layer along a lattice direction."""
    heights = cell_heights(cell)
    empty = []
    for k in range(3):
        levels = np.sort(np.mod(frac[:, k], 1.0))
        gap = float(np.max(np.diff(levels, append=levels[0] + 1.0))) * heights[k]
        if gap > VACUUM_GAP:
            empty.append(f"{gap:.1f} Å along {'abc'[k]}*")
    if not empty:
        return ()
    kind = {1: "a slab", 2: "a wire", 3: "a molecule or atom"}[len(empty)]
    return (
        Notice(
            "structure.vacuum",
            "warning",
            f"There is empty space ({', '.join(empty)}), as for {kind} in a box. "
            "Models here are trained on bulk crystals; tensors depend on the size of the box.",
        ),
    )
