"""The crystal scene in Python: its description, its marks, what is laid over it, and its pictures."""

import importlib
import io
import json
import re
from xml.etree import ElementTree as ET

import numpy as np
import pytest

import crysnb as cn
from crysnb.structure.transforms import supercell
from crysnb.widgets.crystal_marks import line_in_cell, outline, plane_in_cell
from crysnb.widgets.crystal_overlay import LONGEST_AXIS, LONGEST_VECTOR, VIRIDIS, glyphs_of, scalars_of
from crysnb.widgets.crystal_view import CrystalView, crystal

Image = pytest.importorskip("PIL.Image")


@pytest.fixture
def made():
    views = []

    def make(*args, **options):
        views.append(crystal(*args, **options))
        return views[-1]

    yield make
    for view in views:
        view.close()


# -- description ------------------------------------------------------------------------------------------


def test_description_of_quartz(made):
    view = made("quartz")
    d = view.data
    cell, xyz = np.reshape(d["cell"], (3, 3)), np.reshape(d["atom_xyz"], (-1, 3))
    frac = np.reshape(d["site_frac"], (-1, 3))
    np.testing.assert_allclose(cell, view.result.lattice.matrix, atol=1e-4)
    for site, place in zip(d["atom_site"], xyz, strict=True):
        shift = place @ np.linalg.inv(cell) - frac[site]
        np.testing.assert_allclose(shift, np.round(shift), atol=1e-3)
    assert [s["symbol"] for s in d["species"]] == ["Si", "O"]
    assert d["site_orbit"] == [0, 0, 0, 1, 1, 1, 1, 1, 1]
    assert [op["symbol"] for op in d["operations"]] == ["1", "2", "2", "2", "3_2", "3_2"]
    bonds = np.reshape(d["bonds"], (-1, 2))
    assert {
        d["site_species"][d["atom_site"][i]] + d["site_species"][d["atom_site"][j]] for i, j in bonds
    } == {1}


@pytest.mark.parametrize("name", ["NaCl", "quartz", "corundum", "BaTiO3", "Si"])
def test_operations_are_those_of_the_tensor_form(made, name):
    """What ``why`` names can be shown, and does what it says to the sites."""
    view = made(name)
    known = {op["name"]: op for op in view.data["operations"]}
    form = cn.tensor_form(name, "elastic")
    named = {op.name for zero in form.zeros for op in form.why(zero)}
    assert named
    assert named <= set(known)
    species = view.data["site_species"]
    for op in known.values():
        assert [species[k] for k in op["permutation"]] == species


def test_the_largest_scenes_stay_small(made):
    """As JSON; binary buffers would only be worth their cost above 200 kB."""
    view = made(supercell(cn.as_structure("spinel"), (2, 2, 2)))
    assert view.describe()["n_sites"] == 448
    assert 50_000 < len(json.dumps(view.data, separators=(",", ":"))) < 200_000


def test_a_supercell_of_lower_shape_says_which_operations_do_not_map_it(made):
    view = made(supercell(cn.as_structure("NaCl"), (2, 1, 1)))
    empty = [op["name"] for op in view.data["operations"] if not op["permutation"]]
    assert "4+ [001]" in empty
    assert "4+ [100]" not in empty


def test_without_symmetry_the_crystal_is_drawn_all_the_same(made, monkeypatch):
    def nothing(*_args, **_kwargs):
        raise cn.SymmetryUndetermined("symmetry.none", found="no space group")

    monkeypatch.setattr(importlib.import_module("crysnb.symmetry.detect"), "detect", nothing)
    view = made("NaCl")
    assert view.data["operations"] == []
    assert view.describe()["space_group"] is None
    assert "not determined" in view.to_text()
    assert "not determined" in view.to_svg()
    assert "not determined" in repr(view)


def test_hostile_names_reach_no_markup(made, tmp_path):
    hostile = "<script>alert(1)</script>"
    path = tmp_path / "quartz.cif"
    cn.as_structure("quartz").to(str(path), fmt="cif")
    text = path.read_text().replace("data_SiO2", "data_<img/src=x/onerror=alert(1)>")
    text = re.sub(r"\bSi1\b", f"Si1{hostile}", text)
    assert hostile in text
    assert "<img/src=x" in text
    view = made(text)
    page = view.to_html()
    assert hostile not in page
    assert "<img/src=x" not in page
    assert "alert(1)" not in json.dumps(view.data["species"])


def test_symprec_is_checked_before_anything_is_drawn():
    with pytest.raises(cn.SymmetryUndetermined) as error:
        crystal("quartz", symprec=-1)
    assert error.value.code == "symmetry.symprec"


# -- marks ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", cn.examples())
def test_marks_lie_on_their_element_and_in_the_cell(made, name):
    view = made(name)
    cell = view.result.lattice.matrix
    size = np.linalg.norm(cell.sum(axis=0))
    for e in view._facts.elements:
        points = outline(e, cell)
        frac = points @ np.linalg.inv(cell)
        away = points - e.point
        if e.kind in ("mirror", "glide"):
            assert len(points) >= 3
            assert np.abs(away @ e.axis).max() < 1e-6
            assert -1e-6 < frac.min() <= frac.max() < 1 + 1e-6
            # A convex polygon has its corners in order: all turns go the same way.
            sides = np.roll(points, -1, axis=0) - points
            turns = np.cross(sides, np.roll(sides, -1, axis=0)) @ e.axis
            assert (turns > -1e-6).all() or (turns < 1e-6).all()
        elif e.kind == "identity":
            assert len(points) == 0
        elif e.kind == "inversion":
            np.testing.assert_allclose(points, [e.point])
        else:
            assert points.shape == (2, 3)
            np.testing.assert_allclose(np.cross(away, e.axis), 0, atol=1e-6)
            assert np.linalg.norm(points[1] - points[0]) > 0.25 * size


def test_a_plane_through_the_diagonal_of_a_cube():
    corners = plane_in_cell(np.array([0.5, 0.5, 0.5]), np.array([1, -1, 0]) / np.sqrt(2), np.eye(3))
    assert len(corners) == 4
    hexagon = plane_in_cell(np.array([0.5, 0.5, 0.5]), np.ones(3) / np.sqrt(3), np.eye(3))
    assert len(hexagon) == 6
    np.testing.assert_allclose(np.linalg.norm(hexagon - 0.5, axis=1), np.sqrt(0.5))


def test_elements_that_miss_the_cell_are_drawn_beside_it():
    square = plane_in_cell(np.array([3.0, 0, 0]), np.array([1.0, 0, 0]), np.eye(3))
    np.testing.assert_allclose(square[:, 0], 3)
    ends = line_in_cell(np.array([0.0, 3.0, 0]), np.array([1.0, 0, 0]), np.eye(3))
    np.testing.assert_allclose(ends[:, 1], 3)
    assert np.ptp(ends[:, 0]) > 1


# -- overlays ---------------------------------------------------------------------------------------------


def test_scalars_become_colours(made):
    view = made("NaCl", scalars={"name": "charge", "unit": "e", "values": np.arange(8) - 3})
    row = view.data["scalars"]
    assert (row["colors"][0], row["colors"][4], row["colors"][7]) != (row["colors"][0],) * 3
    assert row["colors"][0] == VIRIDIS[0]
    assert row["colors"][7] == VIRIDIS[-1]
    assert (row["texts"][0], row["low"], row["high"]) == ("−3.000", "−3.000", "4.000")
    svg = view.to_svg()
    assert VIRIDIS[0] in svg
    assert "colour: charge, −3.000 to 4.000 e" in svg
    assert set(made("NaCl", scalars=np.ones(8)).data["scalars"]["colors"]) == {VIRIDIS[4]}


def test_glyphs_are_scaled_to_the_drawing(made):
    vectors = np.zeros((8, 3))
    vectors[2] = [0, 3, 4]
    drawn = np.reshape(made("NaCl", glyphs=vectors).data["glyphs"]["values"], (8, 3))
    np.testing.assert_allclose(drawn[2], np.array([0, 0.6, 0.8]) * LONGEST_VECTOR)
    tensor = np.zeros((8, 3, 3))
    tensor[1] = [[0, 2, 0], [0, 0, 0], [0, 0, -5]]  # its symmetric part has eigenvalues ±1 and −5
    view = made("NaCl", glyphs={"name": "Z", "unit": "e", "values": tensor})
    row = view.data["glyphs"]
    assert (row["kind"], row["largest"], row["unit"]) == ("ellipsoids", "5.000", "e")
    drawn = np.reshape(row["values"], (8, 3, 3))[1]
    np.testing.assert_allclose(drawn, np.array([[0, 0.2, 0], [0.2, 0, 0], [0, 0, -1]]) * LONGEST_AXIS)
    assert made("NaCl", glyphs=np.zeros((8, 3))).data["glyphs"]["values"] == [0.0] * 24


@pytest.mark.parametrize(
    "given",
    [
        np.zeros(7), np.zeros((8, 1)), [1, 2, np.nan, 4, 5, 6, 7, 8], [np.inf] * 8, ["a"] * 8, [None] * 8, 3,
        "x", [1j] * 8, [[1], [1, 2]], [True] * 8, {"values": np.zeros(9)}, [1e300] * 8, object(),
        [10**400] * 8,
    ],
)  # fmt: skip
def test_scalars_that_do_not_fit_are_refused(given):
    with pytest.raises(cn.CrysnbError) as error:
        scalars_of(given, 8)
    assert error.value.code == "view.scalars"
    assert "8 finite numbers" in str(error.value)


@pytest.mark.parametrize(
    "given", [np.zeros((8, 2)), np.zeros((7, 3)), np.full((8, 3, 3), np.nan), "x", np.zeros(24)]
)
def test_glyphs_that_do_not_fit_are_refused(given):
    with pytest.raises(cn.CrysnbError) as error:
        glyphs_of(given, 8)
    assert error.value.code == "view.glyphs"


@pytest.mark.parametrize("given", [{}, {"values": [1], "colour": "red"}, {"value": [1]}])
def test_a_mapping_with_other_keys_is_refused(given):
    with pytest.raises(cn.CrysnbError) as error:
        scalars_of(given, 1)
    assert error.value.code == "view.overlay"


# -- selection --------------------------------------------------------------------------------------------


def test_what_can_be_selected(made):
    view = made("quartz")
    view.atoms, view.operations, view.elements, view.pairs = [8], ["3+ [001]"], ["Si"], [(0, 8)]
    view.cells = ["c14"]  # not shown here, passed on to other views
    for kind, value in (("atoms", 9), ("operations", "4+ [001]"), ("elements", "Na"), ("pairs", (0, 9))):
        with pytest.raises(cn.UnknownName):
            setattr(view, kind, [value])
    assert view.describe()["selected"]["operations"] == ["3+ [001]"]
    assert "threefold screw axis" in view.to_text()
    assert "threefold screw axis" in view.alt_text()


def test_a_browser_may_select_and_do_nothing_else(made):
    view = made("quartz")

    def send(state):
        message = {
            "content": {"data": {"method": "update", "state": state, "buffer_paths": []}},
            "buffers": [],
        }
        view._handle_msg(message)

    send({"operations": ["3+ [001]"], "atoms": [1, 2]})
    assert (view.operations, view.atoms) == (["3+ [001]"], [1, 2])
    before = json.dumps(view.data)
    for state in ({"operations": ["x"]}, {"atoms": [9]}, {"atoms": [-1]}, {"data": {}}, {"pairs": [[0, 99]]}):
        send(state)
    assert (view.operations, view.atoms, view.pairs) == (["3+ [001]"], [1, 2], [])
    assert json.dumps(view.data) == before
    assert view.n_dropped == 5


# -- pictures ---------------------------------------------------------------------------------------------

SVG = "{http://www.w3.org/2000/svg}"


def parsed(svg):
    return list(ET.fromstring(svg))  # noqa: S314 - our own


def shapes(svg):
    return [e.tag.removeprefix(SVG) for e in parsed(svg)]


@pytest.mark.parametrize(
    ("name", "operation", "tags"),
    [
        # What the mark adds to the picture.
        ("quartz", "3+ [001]", {"line": 14 + 1, "polygon": 2 + 1, "text": 1}),
        ("NaCl", "m [110]", {"polygon": 1, "text": 1}),
        ("Si", "m [001]", {"polygon": 1 + 1, "line": 1, "text": 1}),
        ("NaCl", "-1", {"circle": 1, "text": 1}),
        ("NaCl", "-4+ [001]", {"line": 14, "polygon": 2, "circle": 1, "text": 1}),
        ("NaCl", "2 [001]", {"line": 14, "polygon": 2, "text": 1}),
    ],
)
def test_the_selected_operation_is_in_the_picture(made, name, operation, tags):
    view = made(name)
    bare = shapes(view.to_svg())
    view.operations = [operation]
    marked = shapes(view.to_svg())
    assert {
        t: marked.count(t) - bare.count(t) for t in set(marked) if marked.count(t) != bare.count(t)
    } == tags


def test_a_glide_plane_is_dashed_and_a_mirror_is_not(made):
    view = made("Si")
    for name, dashed in (("m [001]", True), ("m [110]", False)):
        view.operations = [name]
        plane = next(e for e in parsed(view.to_svg()) if e.get("fill-opacity"))
        assert (plane.get("stroke-dasharray") is not None) is dashed


def test_atoms_before_a_plane_are_painted_after_it(made):
    view = made("NaCl")
    view.operations = ["m [110]"]
    root = parsed(view.to_svg())
    at = next(k for k, e in enumerate(root) if e.get("fill-opacity"))
    assert sum(e.tag == SVG + "circle" for e in root[:at]) > 5
    assert sum(e.tag == SVG + "circle" for e in root[at:]) > 5


def test_the_png_shines_through_its_planes_and_is_legible_on_both_pages(made):
    view = made("NaCl")
    view.operations = ["m [110]"]
    view.atoms = [0]
    image = Image.open(io.BytesIO(view.to_png(scale=1)))
    alpha = np.asarray(image.convert("RGBA"))[..., 3]
    assert (alpha == 0).mean() > 0.2
    assert ((alpha > 40) & (alpha < 80)).mean() > 0.01  # the plane itself
    for page in ((255, 255, 255), (17, 17, 17)):
        behind = Image.new("RGBA", image.size, (*page, 255))
        behind.alpha_composite(image.convert("RGBA"))
        colors = np.unique(np.asarray(behind).reshape(-1, 4), axis=0)
        assert len(colors) > 50


def test_many_selected_operations_do_not_bury_the_crystal(made):
    view = made("NaCl")
    view.operations = [op["name"] for op in view.data["operations"][1:10]]
    assert "and 5 more" in view.to_svg()


def test_selected_atoms_are_ringed_with_their_images(made):
    view = made("NaCl")
    before = shapes(view.to_svg()).count("circle")
    view.atoms = [0]
    assert shapes(view.to_svg()).count("circle") - before == view.data["atom_site"].count(0) == 8


def test_the_view_is_one_of_the_family(made):
    view = made("quartz")
    assert isinstance(view, CrystalView)
    assert repr(view) == "CrystalView(quartz: 9 sites, P3_221)"
    json.dumps(view.describe())
    view.close()
    view.close()
