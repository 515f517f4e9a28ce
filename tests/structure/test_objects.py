"""Objects of pymatgen, ASE and spglib, and dictionaries."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest

import crysnb as cn
from crysnb.structure.examples import example
from crysnb.structure.read import read

TURN = np.linalg.qr(np.random.default_rng(1).normal(size=(3, 3)))[0]


def turned() -> object:
    from pymatgen.core import Lattice, Structure

    s = example("quartz")
    return Structure(
        Lattice(s.lattice.matrix @ TURN.T), s.species, s.frac_coords + np.array([1.0, -2.0, 0.0])
    )


def test_all_objects_keep_orientation_order_and_positions() -> None:
    from pymatgen.io.ase import AseAtomsAdaptor

    s = turned()
    atoms = AseAtomsAdaptor.get_atoms(s)
    record = {
        "id": "mp-1",
        "lattice": s.lattice.matrix.tolist(),
        "species": [str(x) for x in s.species],
        "frac_coords": s.frac_coords.tolist(),
    }
    cell = (s.lattice.matrix, s.frac_coords, [x.Z for x in s.species])
    for form in (
        s,
        atoms,
        record,
        cell,
        s.as_dict(),
        json.dumps(s.as_dict()),
        json.dumps(record),
        json.dumps([record]),
    ):
        found = cn.as_structure(form)
        np.testing.assert_allclose(found.lattice.matrix, s.lattice.matrix, atol=1e-12)
        np.testing.assert_allclose(found.cart_coords, s.cart_coords, atol=1e-10)
        assert [x.symbol for x in found.species] == [x.symbol for x in s.species]
    assert read(record).structure_id == "mp-1"
    assert read(atoms).structure_id == "SiO2"


def test_the_input_object_is_never_changed() -> None:
    s = turned()
    before = json.dumps(s.as_dict())
    out = cn.as_structure(s)
    out.translate_sites(0, [0.1, 0, 0])
    assert json.dumps(s.as_dict()) == before


def test_oxidation_states_and_charges_are_stripped() -> None:
    s = example("NaCl")
    s.add_oxidation_state_by_element({"Na": 1, "Cl": -1})
    found = cn.as_structure(s)
    assert [str(x) for x in found.species] == ["Na"] * 4 + ["Cl"] * 4


def test_id_and_notices_survive_a_second_reading() -> None:
    text = (
        "data_x\n_cell_length_a 3.4\n_cell_length_b 3.4\n_cell_length_c 3.4\n_cell_angle_alpha 90\n"
        "_cell_angle_beta 90\n_cell_angle_gamma 90\nloop_\n_atom_site_label\n_atom_site_fract_x\n"
        "_atom_site_fract_y\n_atom_site_fract_z\nPo 0 0 0\n"
    )
    first = read(text)
    second = read(first.structure)
    assert [n.code for n in first.notices] == ["structure.no_symmetry"]
    assert second.notices == first.notices
    assert read("quartz").structure_id == read(cn.as_structure("quartz")).structure_id == "quartz"
    assert read(cn.as_structure("quartz").copy()).structure_id == "quartz"


@pytest.mark.parametrize(
    "left",
    [
        3,
        {"id": 4, "notices": "x"},
        {"notices": [3, {"code": 1}]},
        {"notices": [{"code": "a", "severity": "loud", "text": "b"}]},
    ],
)
def test_properties_that_others_wrote_do_no_harm(left: object) -> None:
    s = example("NaCl")
    s.properties["crysnb"] = left
    assert read(s).structure_id == "NaCl"
    assert read(s).notices == ()


def test_a_path_gives_its_stem(tmp_path: object) -> None:
    from pymatgen.io.vasp import Poscar

    path = tmp_path / "my crystal.vasp"
    path.write_text(Poscar(example("GaAs")).get_str())
    assert read(path).structure_id == read(str(path)).structure_id == "my crystal"
    assert read(path).source == "file"


def test_a_file_comes_before_a_bundled_name_but_a_folder_does_not(
    tmp_path: object, monkeypatch: object
) -> None:
    from pymatgen.io.vasp import Poscar

    monkeypatch.chdir(tmp_path)
    (tmp_path / "NaCl").mkdir()
    assert read("NaCl").source == "example"
    (tmp_path / "GaAs").write_text(Poscar(example("NaCl")).get_str())
    assert read("GaAs").structure.composition.reduced_formula == "NaCl"


def test_an_id_of_the_materials_project_names_the_way() -> None:
    with pytest.raises(cn.StructureError, match="never downloads") as caught:
        cn.as_structure("mp-149")
    assert caught.value.code == "structure.no_network"


def test_ase_and_spglib_are_not_imported_for_a_bundled_crystal() -> None:
    code = (
        "import sys, crysnb as cn; cn.as_structure('NaCl')\n"
        "print('ase' in sys.modules, 'torch' in sys.modules)"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.split() == ["False", "False"]
