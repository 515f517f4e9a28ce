"""Classes of chemical elements: the ninety-two columns of the crystal graph network's first layer."""

from __future__ import annotations

import warnings
from functools import cache

import numpy as np
from numpy.typing import NDArray
from pymatgen.core import Element

from crysnb.graph.element_features import MAX_Z
from crysnb.structure.radii import covalent_radius

_BLOCKS = "spdf"
#: Property -> lowest and highest value that its ten equal classes span.
_RANGES: dict[str, tuple[float, float]] = {
    "electronegativity": (0.5, 4.0),
    "covalent_radius_pm": (25.0, 250.0),
    "log_ionization_energy": (1.3, 3.3),
    "electron_affinity": (-3.0, 3.7),
    "log_molar_volume": (1.5, 4.3),
}
_CLASSES = 10

#: Names of the columns, in the order of the original.
CLASSES: tuple[str, ...] = (
    *(f"group_{g}" for g in range(19)),
    *(f"row_{r}" for r in range(1, 8)),
    *(f"electronegativity_{k}" for k in range(_CLASSES)),
    *(f"covalent_radius_pm_{k}" for k in range(_CLASSES)),
    *(f"valence_{n}" for n in range(1, 13)),
    *(f"log_ionization_energy_{k}" for k in range(_CLASSES)),
    *(f"electron_affinity_{k}" for k in range(_CLASSES)),
    *(f"block_{b}" for b in _BLOCKS),
    *(f"log_molar_volume_{k}" for k in range(_CLASSES)),
)


@cache
def element_classes() -> NDArray[np.float32]:
    """Zeros and ones [Z, 92] for Z = 0 … :data:`MAX_Z`; row 0 is zero.

    Nine properties, each cut into classes: group (0 for the f block), row, Pauling electronegativity,
    covalent radius, valence electrons, logarithm of the first ionisation energy in eV, electron affinity
    in eV, block, logarithm of the molar volume in cm³. A value that the periodic table lacks sets no class.

    Notes
    -----
    Xie and Grossman (2018), doi:10.1103/PhysRevLett.120.145301, supplement, table of atom features. The
    classes are theirs; the values are pymatgen's, and Cordero's (2008) covalent radii.
    """
    table = np.zeros((MAX_Z + 1, len(CLASSES)), dtype=np.float32)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pymatgen warns once per missing value
        for z in range(1, MAX_Z + 1):
            for name in _names(Element.from_Z(z)):
                table[z, CLASSES.index(name)] = 1.0
    table.flags.writeable = False
    return table


def _names(element: Element) -> list[str]:
    """Columns that are one for an element."""
    group = 0 if element.block == "f" else element.group
    valence = {0: 2}.get(group, group if group <= 12 else group - 10)
    values = {
        "electronegativity": element.X,
        "covalent_radius_pm": 100 * covalent_radius(element.symbol),
        "log_ionization_energy": _log(element.ionization_energy),
        "electron_affinity": element.electron_affinity,
        "log_molar_volume": _log(element.molar_volume),
    }
    binned = [
        f"{name}_{_class(float(value), *_RANGES[name])}"
        for name, value in values.items()
        if value is not None and np.isfinite(float(value))
    ]
    # Helium has two electrons in its shell, not the eight of its group.
    valence = 2 if element.symbol == "He" else valence
    return [f"group_{group}", f"row_{element.row}", f"valence_{valence}", f"block_{element.block}", *binned]


def _log(value: float | None) -> float | None:
    return None if not value else float(np.log(float(value)))


def _class(value: float, low: float, high: float) -> int:
    return int(np.clip(np.floor(_CLASSES * (value - low) / (high - low)), 0, _CLASSES - 1))
