"""Numbers that describe a chemical element, for the first layer of a model.

Taken from pymatgen's periodic table (Ong et al. 2013, doi:10.1016/j.commatsci.2012.10.028):
nothing about any crystal, nothing computed by DFT. A model stores the table in its weights, so that a
later edition of the periodic table cannot change its predictions.
"""

from __future__ import annotations

import warnings
from functools import cache

import numpy as np
from numpy.typing import NDArray
from pymatgen.core import Element

#: Elements with a row: hydrogen to lawrencium.
MAX_Z = 103
_NUMERIC = (
    "X",
    "atomic_radius",
    "ionization_energy",
    "electron_affinity",
    "mendeleev_no",
    "row",
    "average_ionic_radius",
    "atomic_mass",
)
_BLOCKS = "spdf"
_CAPACITY = {"s": 2, "p": 6, "d": 10, "f": 14}

#: Names of the columns, in order.
FEATURES: tuple[str, ...] = (
    *_NUMERIC,
    *(f"block_{b}" for b in _BLOCKS),
    *(f"valence_{b}" for b in _BLOCKS),
    *(f"holes_{b}" for b in _BLOCKS),
    *(f"group_{g}" for g in range(1, 19)),
    "min_oxidation",
    "max_oxidation",
)


@cache
def element_features() -> NDArray[np.float32]:
    """Standardised table [Z, feature] for Z = 0 … :data:`MAX_Z`; row 0 is zero.

    Numeric columns have mean 0 and standard deviation 1 over the elements; a value that the
    periodic table lacks becomes the mean.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pymatgen warns once per missing electronegativity
        raw = np.array([_row(Element.from_Z(z)) for z in range(1, MAX_Z + 1)])
    mean, spread = np.nanmean(raw, axis=0), np.nanstd(raw, axis=0)
    scaled = np.nan_to_num((raw - mean) / np.where(spread > 0, spread, 1.0))
    table = np.vstack([np.zeros(raw.shape[1]), scaled]).astype(np.float32)
    table.flags.writeable = False
    return table


def _row(element: Element) -> list[float]:
    valence = _valence(element)
    numbers = [_number(element, name) for name in _NUMERIC]
    oxidation = element.common_oxidation_states or (0,)
    return [
        *numbers,
        *(float(element.block == b) for b in _BLOCKS),
        *(float(valence.get(b, 0)) for b in _BLOCKS),
        *(float(_CAPACITY[b] - valence[b]) if b in valence else 0.0 for b in _BLOCKS),
        *(float(element.group == g) for g in range(1, 19)),
        float(min(oxidation)),
        float(max(oxidation)),
    ]


def _number(element: Element, name: str) -> float:
    value = getattr(element, name)
    return float("nan") if value is None else float(value)


def _valence(element: Element) -> dict[str, int]:
    """Electrons of the outermost subshell of each kind."""
    outer: dict[str, tuple[int, int]] = {}
    for n, subshell, count in element.full_electronic_structure:
        if n >= outer.get(subshell, (0, 0))[0]:
            outer[subshell] = (n, count)
    top = max(n for n, _ in outer.values())
    # A filled inner d or f shell is core, not valence.
    return {
        s: count
        for s, (n, count) in outer.items()
        if n == top or (s in "df" and count < _CAPACITY[s]) or (s == "d" and element.group in (11, 12))
    }
