"""Element tables without a model: descriptors of the periodic table, and tables without meaning.

The descriptors are computed from pymatgen's element data (MIT licence; Ong et al. 2013,
doi:10.1016/j.commatsci.2012.10.028), in the manner of two published tables and without their values.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from pymatgen.core import Element

from crysnb.elements.chemistry import element_property
from crysnb.graph.element_classes import CLASSES, element_classes
from crysnb.graph.element_features import FEATURES, MAX_Z, element_features
from crysnb.values.element_table import ElementTable
from crysnb.values.symbols import SYMBOLS

_SOURCE = {
    "kind": "descriptor",
    "source": "computed from the periodic table of pymatgen",
    "citation": "Ong et al. 2013, doi:10.1016/j.commatsci.2012.10.028",
    "licence": "MIT",
}
_SUBSHELLS = "spdf"
_ONE_HOT_ELEMENTS = 100


def cgcnn_like() -> ElementTable:
    """92 zeros and ones per element in the manner of CGCNN's first layer.

    Source of the idea: Xie and Grossman 2018, doi:10.1103/PhysRevLett.120.145301, supplement.
    """
    return ElementTable(
        element_classes()[1:].astype(np.float64),
        SYMBOLS[:MAX_Z],
        "cgcnn92-like",
        {**_SOURCE, "columns": list(CLASSES)},
    )


#: Column, attribute of pymatgen's element.
_MAGPIE = (
    ("Number", "Z"), ("MendeleevNumber", "mendeleev_no"), ("AtomicWeight", "atomic_mass"),
    ("MeltingT", "melting_point"), ("BoilingT", "boiling_point"), ("Column", "group"), ("Row", "row"),
    ("AtomicRadius", "atomic_radius"), ("Electronegativity", "X"), ("MolarVolume", "molar_volume"),
    ("FirstIonizationEnergy", "ionization_energy"), ("ElectronAffinity", "electron_affinity"),
)  # fmt: skip


def magpie_like() -> ElementTable:
    """20 numbers per element in the manner of Magpie: places, sizes, energies, electrons and holes.

    Source of the idea: Ward et al. 2016, doi:10.1038/npjcompumats.2016.28.
    """
    symbols = SYMBOLS[:MAX_Z]
    numbers = np.array([_attribute(name, symbols) for _, name in _MAGPIE]).T
    index = {name: i for i, name in enumerate(FEATURES)}
    shells = [f"{what}_{b}" for what in ("valence", "holes") for b in _SUBSHELLS]
    # Rows of the table of features begin with Z = 0; it is standardised, which no correlation notices.
    electrons = element_features()[1:, [index[name] for name in shells]].astype(np.float64)
    columns = [*(name for name, _ in _MAGPIE), *shells]
    return ElementTable(
        np.hstack([numbers, electrons]), symbols, "magpie-like", {**_SOURCE, "columns": columns}
    )


def mendeleev() -> ElementTable:
    """The Mendeleev number alone: how much one scalar already says (Pettifor 1984)."""
    symbols = SYMBOLS[:MAX_Z]
    number = element_property("mendeleev", symbols)[:, None]
    return ElementTable(number, symbols, "mendeleev", {**_SOURCE, "columns": ["mendeleev"]})


def one_hot() -> ElementTable:
    """The unit matrix over 100 elements: no element is nearer to one than to another."""
    symbols = SYMBOLS[:_ONE_HOT_ELEMENTS]
    return ElementTable(
        np.eye(len(symbols)), symbols, "onehot", {"kind": "descriptor", "columns": list(symbols)}
    )


def random(dim: int = 128, seed: int = 0, elements: Sequence[str] = SYMBOLS[:94]) -> ElementTable:
    """Independent standard normal numbers, the table that says nothing."""
    rng = np.random.default_rng(seed)
    meta = {"kind": "random", "seed": seed, "source": "independent standard normal numbers"}
    return ElementTable(rng.normal(size=(len(elements), dim)), tuple(elements), f"random{dim}", meta)


#: Tables that are computed when asked for, by name.
COMPUTED: dict[str, Callable[[], ElementTable]] = {
    "cgcnn92-like": cgcnn_like,
    "magpie-like": magpie_like,
    "mendeleev": mendeleev,
    "onehot": one_hot,
    "random": random,
}


def _attribute(name: str, symbols: Sequence[str]) -> NDArray[np.float64]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pymatgen warns for every value that it lacks
        found = [getattr(Element(s), name) for s in symbols]
    return np.array([np.nan if value is None else float(value) for value in found])
