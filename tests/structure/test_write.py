"""CIF out: read back by our reader and by pymatgen, never injected into, never overwriting in silence."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pytest
from pymatgen.core.structure import Structure
from pymatgen.io.cif import CifParser

import crysnb as cn
from crysnb.errors import CrysnbError, StructureError
from crysnb.structure.read import block_names, read
from crysnb.structure.write import cif_text, write_cif

CANARY = "x\ndata_evil\n_cell_length_a 1\n;\n<script>canary()</script>'\"\r\u2028é"


def shaken(name: str, size: float = 0.002) -> Structure:
    rng = np.random.default_rng(1)
    structure = cn.as_structure(name).copy()
    for i in range(len(structure)):
        structure.translate_sites([i], rng.uniform(-1, 1, 3) * size, frac_coords=False)
    return structure


@pytest.mark.parametrize("name", cn.examples())
def test_both_readers_give_back_cell_sites_and_order(name: str) -> None:
    given = cn.as_structure(name)
    text = cif_text(given)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ours = cn.as_structure(text)
        # By default pymatgen moves what is within 1e-4 of 1/3 onto it.
        (theirs,) = CifParser.from_str(text, frac_tolerance=0).parse_structures(primitive=False)
    for back in (ours, theirs):
        assert np.allclose(back.lattice.parameters, given.lattice.parameters, rtol=0, atol=1e-9)
        assert back.composition == given.composition
    assert ours.species == given.species
    gap = ours.frac_coords - given.frac_coords
    assert np.abs(gap - np.round(gap)).max() < 1e-9
    # pymatgen's reader has an order of its own.
    for site in given:
        near = [other for other in theirs if other.distance(site) < 1e-6]
        assert [other.specie for other in near] == [site.specie]


@pytest.mark.parametrize("name", ["quartz", "rutile", "corundum", "baddeleyite", "LiNbO3"])
def test_an_idealised_cif_is_exact_and_says_how_it_came_about(name: str) -> None:
    given = shaken(name)
    info = cn.symmetry(given)
    text = cif_text(cn.idealize(given))
    back = cn.symmetry(text, symprec=1e-7)
    assert back.number == info.number == cn.symmetry(name).number
    remarks = " ".join(line[2:] for line in text.splitlines() if line.startswith("# "))
    for said in (
        f"{info.symbol} ({info.number})",
        f"symprec {info.symprec:g} A",
        f"at most {info.displacement:.2g} A",
        f"share of {info.strain:.2g}",
        "no orientation",
    ):
        assert said in remarks
    assert info.displacement > 1e-4


def test_the_provenance_travels_with_the_structure() -> None:
    ideal = cn.idealize(shaken("quartz"))
    codes = [n.code for n in read(ideal).notices]
    assert codes == ["structure.idealized"]
    assert [n.code for n in cn.predict(ideal, model="gmtnet-dielectric").notices] == codes


def test_no_text_of_a_user_is_more_than_a_comment() -> None:
    structure = cn.as_structure("NaCl").copy()
    structure[0].label = CANARY
    structure.add_site_property("note", [CANARY] * len(structure))
    notice = {"code": CANARY, "severity": "info", "text": CANARY}
    structure.properties = {"crysnb": {"id": CANARY, "notices": [notice]}, CANARY: CANARY}
    text = cif_text(structure)
    assert text.isascii()
    assert "\r" not in text
    told = [line for line in text.splitlines() if not line.startswith("#")]
    assert not any(word in line for line in told for word in ("evil", "canary", "script", "x\n"))
    assert [line for line in told if line.startswith("data_")] == ["data_NaCl"]
    assert len(block_names(text.encode())) == 1
    assert cn.as_structure(text).composition.reduced_formula == "NaCl"


def test_what_is_refused_is_not_written(tmp_path: Path) -> None:
    bad = cn.as_structure("rutile").copy()
    bad.append("O", bad[2].frac_coords)
    with pytest.raises(StructureError) as caught:
        write_cif(bad, tmp_path / "bad.cif")
    assert caught.value.code == "structure.overlap"
    assert list(tmp_path.iterdir()) == []


def test_a_file_is_replaced_only_on_demand(tmp_path: Path) -> None:
    path = tmp_path / "a.cif"
    assert write_cif("quartz", path) == path
    with pytest.raises(CrysnbError) as caught:
        cn.write_cif("rutile", str(path))
    assert caught.value.code == "file.exists"
    assert read(path).structure.composition.reduced_formula == "SiO2"
    cn.write_cif("rutile", path, overwrite=True)
    assert read(path).structure.composition.reduced_formula == "TiO2"
    assert list(tmp_path.iterdir()) == [path]


def test_a_link_that_leads_nowhere_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "a.cif").symlink_to(tmp_path / "elsewhere.cif")
    with pytest.raises(CrysnbError) as caught:
        write_cif("quartz", tmp_path / "a.cif")
    assert caught.value.code == "file.exists"
    assert not (tmp_path / "elsewhere.cif").exists()


@pytest.mark.parametrize("overwrite", [False, True])
@pytest.mark.parametrize(
    "name", ["missing/a.cif", "", ".", "a\x00.cif", "x" * 300 + ".cif", "folder"], ids=lambda n: n[:8]
)
def test_names_that_cannot_be_written(tmp_path: Path, name: str, overwrite: bool, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder").mkdir()
    with pytest.raises(CrysnbError) as caught:
        write_cif("quartz", name, overwrite=overwrite)
    assert caught.value.code in ("file.not_writable", "file.exists")
    assert [p.name for p in tmp_path.iterdir()] == ["folder"]


@pytest.mark.parametrize("path", [3, None, b"a.cif", ["a.cif"]])
def test_what_is_no_name(path: object) -> None:
    with pytest.raises(CrysnbError) as caught:
        write_cif("quartz", path)  # type: ignore[arg-type]
    assert caught.value.code == "file.not_writable"


def test_blocks_are_named_in_order() -> None:
    one = cif_text("NaCl")
    two = one + cif_text("rutile")
    assert block_names(two.encode()) == ("NaCl", "TiO2")
    assert block_names(b'[{"id": "a"}, {"x": 1}]') == ("a", "1")
    assert block_names(b'{"id": "a"}') == ()
    assert block_names(cn.as_structure("NaCl").to(fmt="poscar").encode()) == ()
    for data in (b"", b"\x00", b"[", b"data_a\n_cell_length_a 'x"):
        with pytest.raises(StructureError):
            block_names(data)


def test_bytes_may_be_given_a_name() -> None:
    assert read(cif_text("NaCl").encode(), name="mine").structure_id == "mine"
    assert read(b'{"id": "x", ' + b'"lattice": [[4,0,0],[0,4,0],[0,0,4]], "species": ["Na", "Cl"], '
                b'"frac_coords": [[0,0,0],[0.5,0.5,0.5]]}', name="mine").structure_id == "x"  # fmt: skip
