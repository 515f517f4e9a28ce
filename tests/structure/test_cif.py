"""CIF of every common writer, and by hand; the oracle is the structure it was written from."""

from __future__ import annotations

import io
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crysnb.errors import StructureError
from crysnb.structure.cif import cell_from_parameters
from crysnb.structure.examples import example, examples
from crysnb.structure.read import read
from crysnb.testing.crystals import REPRESENTATIVE


def same_crystal(found: object, expected: object, tolerance: float = 1e-4) -> None:
    """Equal up to orientation, site order and lattice translations: sorted distances by element pair."""

    def fingerprint(structure: object) -> dict[tuple[str, str], np.ndarray]:
        i, j, _, d = structure.get_neighbor_list(6.0)  # type: ignore[attr-defined]
        symbols = np.array([s.specie.symbol for s in structure])  # type: ignore[attr-defined]
        pairs: dict[tuple[str, str], list[float]] = {}
        for a, b, r in zip(symbols[i], symbols[j], d, strict=True):
            pairs.setdefault((a, b), []).append(r)
        return {k: np.sort(np.array(v)) for k, v in pairs.items()}

    one, two = fingerprint(found), fingerprint(expected)
    assert one.keys() == two.keys()
    for key in one:
        assert len(one[key]) == len(two[key]), key
        np.testing.assert_allclose(one[key], two[key], atol=tolerance)
    assert len(found) == len(expected)  # type: ignore[arg-type]


def written(name: str, writer: str) -> str:
    from pymatgen.io.ase import AseAtomsAdaptor
    from pymatgen.io.cif import CifWriter

    structure = example(name)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if writer == "pymatgen P1":
            return str(CifWriter(structure))
        if writer == "pymatgen symmetrised":
            return str(CifWriter(structure, symprec=1e-3))
        if writer == "pymatgen symmetrised, few digits":
            return str(CifWriter(structure, symprec=1e-3, significant_figures=4))
        out = io.BytesIO()
        from ase.io import write

        write(out, AseAtomsAdaptor.get_atoms(structure), format="cif")
        return out.getvalue().decode()


WRITERS = ["pymatgen P1", "pymatgen symmetrised", "pymatgen symmetrised, few digits", "ase"]


@pytest.mark.parametrize(
    ("name", "writer"),
    [
        *((name, writer) for name in REPRESENTATIVE for writer in WRITERS),
        *((name, WRITERS[1]) for name in examples() if name not in REPRESENTATIVE),
    ],
)
def test_what_writers_write(name: str, writer: str) -> None:
    reading = read(written(name, writer))
    same_crystal(reading.structure, example(name), 2e-3 if "few" in writer else 1e-4)
    assert reading.notices == ()
    assert reading.source == "text"


@pytest.mark.parametrize("name", examples())
def test_agrees_with_the_reader_of_pymatgen_in_cell_and_orientation(name: str) -> None:
    from pymatgen.io.cif import CifParser

    text = written(name, "pymatgen symmetrised")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        (theirs,) = CifParser.from_str(text).parse_structures(primitive=False)
    ours = read(text).structure
    np.testing.assert_allclose(ours.lattice.matrix, theirs.lattice.matrix, atol=1e-9)
    assert ours.composition == theirs.composition


QUARTZ = """
# by hand, with thirds as people write them
data_quartz
_cell_length_a    4.916(1)
_cell_length_b    4.916(1)
_cell_length_c    5.4054(4)
_cell_angle_alpha 90
_cell_angle_beta  90.
_cell_angle_gamma 120.0
{symmetry}
loop_
  _atom_site_label
  _atom_site_fract_x
  _atom_site_fract_y
  _atom_site_fract_z
Si1  0.4697(1)  0   {z}
O1   0.4135(3) .2669(2) 0.7858(2)
"""
OPERATIONS = """loop_
_symmetry_equiv_pos_as_xyz
x,y,z
-y,x-y,2/3+z
-x+y,-x,1/3+z
y,x,-z
x-y,-y,-z+1/3
-x,-x+y,-z+2/3
"""


@pytest.mark.parametrize("z", ["2/3", "0.6667", "0.66667", "0.667", "+.6666667", "6.6667e-1", "-0.3333"])
@pytest.mark.parametrize(
    "symmetry",
    [
        OPERATIONS,
        OPERATIONS.replace("2/3", "0.6667").replace("1/3", "0.3333"),
        OPERATIONS.replace("2/3", "0.667").replace("1/3", "0.333"),
        "_symmetry_space_group_name_H-M 'P 32 2 1'",
        '_space_group_name_H-M_alt "P 3_2 2 1"',
        "_space_group_name_Hall 'P 32 2\"'",
        "_space_group_IT_number 154",
    ],
    ids=["operations", "four digits", "three digits", "name", "name 2", "hall", "number"],
)
def test_quartz_by_hand(symmetry: str, z: str) -> None:
    structure = read(QUARTZ.format(symmetry=symmetry, z=z)).structure
    same_crystal(structure, example("quartz"), 5e-4)


def test_special_positions_are_met_exactly() -> None:
    # 0.3333 is moved to the special position that its images surround, so that symmetry is exact.
    text = """data_zno
_cell_length_a 3.25
_cell_length_b 3.25
_cell_length_c 5.2
_cell_angle_alpha 90
_cell_angle_beta 90
_cell_angle_gamma 120
_symmetry_space_group_name_H-M 'P 63 m c'
loop_
_atom_site_type_symbol
_atom_site_fract_x
_atom_site_fract_y
_atom_site_fract_z
Zn2+ 0.3333 0.6667 0
O2- 0.3333 0.667 0.382
"""
    structure = read(text).structure
    assert len(structure) == 4
    np.testing.assert_allclose(
        structure.frac_coords,
        [[1 / 3, 2 / 3, 0], [2 / 3, 1 / 3, 0.5], [1 / 3, 2 / 3, 0.382], [2 / 3, 1 / 3, 0.882]],
        atol=1e-12,
    )


CUBIC = """data_x
_cell_length_a 5.43
_cell_length_b 5.43
_cell_length_c 5.43
_cell_angle_alpha 90
_cell_angle_beta 90
_cell_angle_gamma 90
_symmetry_space_group_name_H-M '{name}'
loop_
_atom_site_label
_atom_site_fract_x
_atom_site_fract_y
_atom_site_fract_z
Si 0.125 0.125 0.125
"""


def test_two_origins_are_not_guessed_between() -> None:
    with pytest.raises(StructureError) as caught:
        read(CUBIC.format(name="F d -3 m"))
    assert caught.value.code == "structure.setting"
    assert "F d -3 m :1" in caught.value.text
    assert len(read(CUBIC.format(name="F d -3 m :2")).structure) == 8
    assert len(read(CUBIC.format(name="F d -3 m :1")).structure) == 16


def test_a_cell_without_the_symmetry_is_refused() -> None:
    for text in (CUBIC.format(name="F d -3 m :2"), CUBIC.format(name="P 63 m c")):
        with pytest.raises(StructureError) as caught:
            read(text.replace("_length_c 5.43", "_length_c 5.63"))
        assert caught.value.code == "structure.symmetry_cell"


def test_rhombohedral_axes_are_told_from_hexagonal_by_the_cell() -> None:
    hexagonal = """data_bi
_cell_length_a 4.546
_cell_length_b 4.546
_cell_length_c 11.862
_cell_angle_alpha 90
_cell_angle_beta 90
_cell_angle_gamma 120
_symmetry_space_group_name_H-M 'R -3 m'
loop_
_atom_site_label
_atom_site_fract_x
_atom_site_fract_y
_atom_site_fract_z
Bi 0 0 0.23389
"""
    a = 4.7459
    rhombohedral = (
        hexagonal.replace("4.546", str(a)).replace("11.862", str(a)).replace("alpha 90", "alpha 57.23")
    )
    rhombohedral = rhombohedral.replace("beta 90", "beta 57.23").replace("120", "57.23")
    rhombohedral = rhombohedral.replace("0 0 0.23389", "0.23389 0.23389 0.23389")
    assert len(read(hexagonal).structure) == 6
    assert len(read(rhombohedral).structure) == 2


def test_no_symmetry_is_said() -> None:
    text = CUBIC.replace("_symmetry_space_group_name_H-M '{name}'\n", "")
    assert [n.code for n in read(text).notices if n.code != "structure.units"] == ["structure.no_symmetry"]


def test_a_formula_that_differs_is_said() -> None:
    text = CUBIC.format(name="P 1") + "_chemical_formula_sum 'Si O2'\n"
    (notice,) = [n for n in read(text).notices if n.code == "structure.formula"]
    assert "O, Si" in notice.text


def test_hydrogens_without_positions_are_refused() -> None:
    text = CUBIC.format(name="P 1").replace("fract_z\nSi", "fract_z\n_atom_site_attached_hydrogens\nSi")
    with pytest.raises(StructureError) as caught:
        read(text.rstrip() + " 2\n")
    assert caught.value.code == "structure.implicit_hydrogen"


def test_syntax_that_people_write() -> None:
    text = CUBIC.format(name="P 1").upper().replace("SI 0.125", "Si 0.125").replace("'P 1'", "\n;P 1\n;")
    assert len(read(text.replace("\n", "\r\n")).structure) == 1
    assert len(read(CUBIC.format(name="P 1").replace("_cell_length_", "_cell.length_")).structure) == 1
    assert len(read(CUBIC.format(name="it's ' P 1").replace("'it's ' P 1'", '"P 1" # it\'s')).structure) == 1


angles = st.floats(20.0, 160.0)
lengths = st.floats(1.0, 50.0)


@given(st.tuples(lengths, lengths, lengths), st.tuples(angles, angles, angles))
def test_the_cell_has_its_parameters_and_the_stated_orientation(
    abc: tuple[float, ...], alpha_beta_gamma: tuple[float, ...]
) -> None:
    from pymatgen.core import Lattice

    ca, cb, cg = np.cos(np.radians(alpha_beta_gamma))
    if 1 - ca * ca - cb * cb - cg * cg + 2 * ca * cb * cg < 1e-3:
        return
    cell = cell_from_parameters(np.array(abc), np.array(alpha_beta_gamma))
    np.testing.assert_allclose(np.linalg.norm(cell, axis=1), abc, rtol=1e-9)
    np.testing.assert_allclose(cell, Lattice.from_parameters(*abc, *alpha_beta_gamma).matrix, atol=1e-6)
    assert np.linalg.det(cell) > 0
    np.testing.assert_array_equal(cell[2, :2], 0.0)
    assert cell[0, 1] == 0.0
