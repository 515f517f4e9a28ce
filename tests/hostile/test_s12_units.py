"""S12: lengths in bohr or nanometres are remarked on, never rescaled."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from crysnb.errors import StructureError
from crysnb.structure.examples import example, examples
from crysnb.structure.read import read

BOHR = 1.8897261


def _scaled(name: str, factor: float) -> list[Any]:
    s = example(name)
    return [(s.lattice.matrix * factor).tolist(), s.frac_coords.tolist(), [site.specie.Z for site in s]]


CODE = "structure.units"
# CsCl is so loose that its shrunk cell still has 5.2 Å^3 per atom and bonds of 1.89 Å.
SHRUNK = [name for name in examples() if name != "CsCl"]
RULE = ["crysnb.structure.remarks.units"]
CASES = [
    *((f"{name} in bohr", "cell", _scaled(name, BOHR), CODE, RULE) for name in examples()),
    *((f"{name} read as bohr", "cell", _scaled(name, 1 / BOHR), CODE, RULE) for name in SHRUNK),
]


def test_bohr_is_noticed_both_ways(assert_noticed: Any) -> None:
    assert_noticed(CASES)


@pytest.mark.parametrize("name", examples())
def test_nanometres_are_refused(name: str) -> None:
    # 0.5 nm read as 0.5 Å is below the shortest cell (S3).
    with pytest.raises(StructureError):
        read(tuple(_scaled(name, 0.1)))


@pytest.mark.parametrize("name", examples())
def test_right_units_have_no_notice_and_nothing_is_rescaled(name: str) -> None:
    assert read(name).notices == ()
    big = read(tuple(_scaled(name, BOHR))).structure
    np.testing.assert_allclose(big.lattice.matrix, example(name).lattice.matrix * BOHR)
