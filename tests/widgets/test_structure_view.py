"""The structure view, and what is left of it without nglview."""

import importlib
import sys

import numpy as np
import pytest
import states

import crysnb as cn
from crysnb.widgets.crystal_drawing import crystal_drawing
from crysnb.widgets.ngl import pdb_text


@pytest.fixture
def without_nglview(monkeypatch):
    for name in [n for n in sys.modules if n == "nglview" or n.startswith("nglview.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "nglview", None)


def test_facts_of_quartz(view):
    d = view("structure").describe()
    assert (d["id"], d["formula"], d["n_sites"], d["space_group"], d["point_group"]) == (
        "quartz",
        "SiO2",
        9,
        154,
        "32",
    )
    assert d["engine"] == "nglview"


def test_w7_without_nglview_a_picture_and_a_clear_message(without_nglview):
    view = cn.show("NaCl")
    assert view.ngl is None
    assert view.describe()["engine"] == "picture"
    assert "crysnb[notebook]" in view.message
    assert view.data["picture"].startswith("data:image/svg+xml;base64,")
    assert view.to_png()[:4] == b"\x89PNG"
    assert "picture" in repr(view)
    view.close()


def test_drawing_repeats_atoms_on_the_border_and_keeps_the_frame():
    s = cn.as_structure("NaCl")
    drawing = crystal_drawing(s)
    assert drawing.symbols.count("Na") == 14  # fcc: eight corners and six faces
    assert drawing.symbols.count("Cl") == 13  # twelve edges and the centre
    assert len(drawing.bonds) == 54
    for k, site in enumerate(drawing.site):
        shift = (drawing.positions[k] - s[site].coords) @ np.linalg.inv(s.lattice.matrix)
        assert np.allclose(shift, np.round(shift), atol=1e-9)
    assert len(drawing.edges()) == 12


def test_metals_beside_an_anion_are_not_bonded():
    drawing = crystal_drawing(cn.as_structure("BaTiO3"))
    pairs = {frozenset((drawing.symbols[i], drawing.symbols[j])) for i, j in drawing.bonds}
    assert pairs == {frozenset(("Ba", "O")), frozenset(("Ti", "O"))}


def test_pdb_is_written_from_numbers(view):
    text = pdb_text(crystal_drawing(cn.as_structure("quartz")))
    for line in text.splitlines()[:-1]:
        assert len(line) == 78
        assert line.startswith("HETATM")
        assert line[76:78].strip() in ("SI", "O")
        [float(line[a:b]) for a, b in ((30, 38), (38, 46), (46, 54))]


def test_sites_are_selectable(view):
    one = view("structure")
    one.atoms = [0, 8]
    one.elements = ["Si"]
    with pytest.raises(cn.UnknownName):
        one.atoms = [9]
    with pytest.raises(cn.UnknownName):
        one.elements = ["Na"]
    assert (one.atoms, one.elements) == ([0, 8], ["Si"])


def test_undetermined_symmetry_is_said(monkeypatch):
    def nothing(*_args, **_kwargs):
        raise cn.SymmetryUndetermined("symmetry.none", found="no space group")

    monkeypatch.setattr(importlib.import_module("crysnb.symmetry.detect"), "symmetry", nothing)
    view = cn.show("NaCl")
    assert view.describe()["space_group"] is None
    assert "not determined" in view.to_text()
    view.close()


def test_html_page_draws_the_still_picture(view):
    assert '"engine": "picture"' in view("structure").to_html()


def test_states_cover_all_kinds():
    assert {v().kind for v in states.VIEWS.values()} == {
        "breaking",
        "crystal",
        "elements",
        "matrix",
        "tensor",
        "story",
        "structure",
        "surface",
        "prediction",
    }
