"""Other frames, settings and tolerances of the tensor view, symmetrised and repaired tensors; no browser."""

import numpy as np
import pytest
import states
from pymatgen.core import Lattice, Structure
from scipy.spatial.transform import Rotation

import crysnb as cn
from crysnb.errors import ShapeError
from crysnb.structure.transforms import rotated
from crysnb.tensors.convert import reorder
from crysnb.values.prediction import Prediction
from crysnb.values.property_spec import PROPERTIES
from crysnb.values.tensor_kind import DIELECTRIC, ELASTIC, rotate
from crysnb.widgets.nye_frames import spread_in_frame
from crysnb.widgets.nye_result import nye_result
from crysnb.widgets.tensor_view import nye


def good():
    """A stiffness of quartz without a mistake."""
    c = states.quartz_elastic()
    c[5, 5] = (c[0, 0] - c[0, 1]) / 2
    return c


def turned_quartz():
    """Quartz and its stiffness in an orientation of no meaning."""
    turn = Rotation.from_rotvec([0.3, -0.5, 0.8]).as_matrix()
    return rotated(cn.as_structure("quartz"), turn), rotate(ELASTIC, good(), turn)


def c14(view):
    return view.describe()["components"]["c14"]["value"]


def test_the_tensor_turns_with_the_axes_whatever_the_orientation_of_the_crystal():
    crystal, c = turned_quartz()
    view = nye(c, crystal)
    found = set()
    for frame, setting in (("nye", 0), ("nye", 1), ("ieee", 0), ("ieee", 1)):
        view.options = {"frame": frame, "setting": setting}
        result = view.result
        assert np.allclose(rotate(ELASTIC, result.value, result.form.rotation.T), c, atol=1e-6)
        assert view.describe()["violations"] == []
        found.add((frame, round(c14(view), 3)))
    # Both signs in both frames: the two choices that the rules leave.
    assert found == {(f, s * 17.9) for f in ("nye", "ieee") for s in (-1, 1)}
    view.options = {"frame": "own"}
    assert view.result.value is nye_result(c, crystal).value or np.array_equal(view.result.value, c)


def test_keywords_and_options_lead_to_the_same_view():
    view = nye(good(), "quartz")
    view.options = {"frame": "ieee", "setting": 1}
    other = nye(good(), "quartz", frame="ieee", setting=1)
    assert view.data == other.data
    assert other.options == {"frame": "ieee", "setting": 1, "symprec": "auto", "shown": "given"}
    assert nye_result(good(), "quartz", frame="ieee", setting=1).to_dict()["setting"] == 1


def test_frame_and_setting_are_told_everywhere():
    view = nye(good(), "quartz", frame="ieee", setting=1)
    assert "frame ieee, setting 2 of 2" in view.to_text()
    assert "Rotation R from own to ieee" in view.to_text()
    assert "ieee, setting 2 of 2" in view.to_svg()
    assert "ieee, setting 2 of 2" in view.section().alt
    d = view.describe()
    assert (d["frame"], d["setting"], d["n_settings"]) == ("ieee", 1, 2)
    assert d["setting_text"] == "turned by 180° about z"
    assert d["rotation"] == np.diag([-1.0, -1.0, 1.0]).tolist()
    assert "Frame ieee, setting 2 of 2" in view.data["spoken"]


def test_a_page_without_a_kernel_has_nothing_to_choose():
    view = states.turned_view()
    controls = view.section().state["data"]["controls"]
    assert not any(controls.values())
    assert view.data["controls"]["frames"]


@pytest.mark.parametrize(
    ("bad", "code"),
    [
        ({"frame": "sideways"}, "view.option"),
        ({"frame": None}, "view.option"),
        ({"frame": ["ieee"]}, "view.option"),
        ({"setting": True}, "view.option"),
        ({"setting": 1}, "name.unknown_setting"),
        ({"setting": -1}, "view.option"),
        ({"setting": 10**30}, "view.option"),
        ({"frame": "ieee", "setting": 2}, "name.unknown_setting"),
        ({"symprec": 10**400}, "view.option"),
        ({"symprec": float("nan")}, "view.option"),
        ({"symprec": -1.0}, "view.option"),
        ({"symprec": "loose"}, "view.option"),
        ({"shown": "repaired"}, "view.option"),
        ({"shown": 3}, "view.option"),
        ({"model": "x"}, "name.unknown_option"),
    ],
)
def test_a_bad_option_is_our_error_and_changes_nothing(bad, code):
    view = nye(good(), "quartz")
    before, data = dict(view.options), view.data
    with pytest.raises(cn.CrysnbError) as caught:
        view.options = bad
    assert caught.value.code == code
    assert (view.options, view.data) == (before, data)
    view.set_state({"options": bad})
    assert (view.options, view.data) == (before, data)
    assert view.n_dropped == len(bad)
    assert view.error_report == ""


@pytest.mark.parametrize(
    "bad",
    [
        {"frame": "sideways"},
        {"setting": 9},
        {"symprec": "loose"},
        {"symprec": 3},
        {"frame": "ieee", "setting": 2},
    ],
)
def test_bad_keywords_are_our_errors(bad):
    with pytest.raises(cn.CrysnbError):
        nye(good(), "quartz", **bad)


def test_what_has_its_symmetry_already_takes_no_tolerance():
    for args in ((states.prediction(),), (good(), cn.tensor_form("quartz", "elastic"))):
        with pytest.raises(cn.CrysnbError, match=r"view\.option"):
            nye(*args, symprec=0.1)
        view = nye(*args)
        with pytest.raises(cn.CrysnbError):
            view.options = {"symprec": 0.1}
        assert view.data["controls"]["tolerance"] == ""


def test_another_frame_starts_at_its_first_setting():
    view = nye(good(), "quartz", frame="ieee", setting=1)
    view.options = {"frame": "nye"}
    assert view.options["setting"] == 0


def test_selection_stays_and_operations_that_are_gone_leave_it():
    view = nye(states.piezoelectric().value, "BaTiO3", "piezoelectric")
    view.cells, view.operations = ["e15"], ["m [100]"]
    view.options = {"frame": "ieee"}
    assert (view.cells, view.operations) == (["e15"], ["m [100]"])
    view.options = {"symprec": 1e-8}
    assert view.cells == ["e15"]


def test_the_tolerance_changes_the_group_and_the_form():
    view = nye(np.zeros((3, 6)), "BaTiO3", "piezoelectric")
    view.compare_tolerances(wait=True)
    steps = view.data["controls"]["tolerances"]
    assert [s["text"] for s in steps] == ["P4mm (99)", "Pm-3m (221)"]
    assert [s["chosen"] for s in steps] == [True, False]
    view.options = {"symprec": steps[1]["symprec"]}
    assert view.describe()["space_group"] == "Pm-3m (221)"
    assert view.describe()["forbidden"]
    assert [s["chosen"] for s in view.data["controls"]["tolerances"]] == [False, True]
    view.options = {"symprec": "auto"}
    assert view.describe()["space_group"] == "P4mm (99)"


def test_the_staircase_comes_from_a_thread_of_its_own():
    view = nye(np.zeros((3, 6)), "BaTiO3", "piezoelectric")
    view._handle_custom_msg({"kind": "run"}, [])
    assert view._worker.join(60)
    assert (view.status, len(view.data["controls"]["tolerances"])) == ("idle", 2)
    n = view._worker.n_started
    view._handle_custom_msg({"kind": "run"}, [])
    assert view._worker.n_started == n
    view.close()


def test_symmetrised_is_never_silent_and_the_verdict_stays_that_of_the_given_tensor():
    given = states.quartz_elastic()
    view = nye(given, "quartz")
    delta = view.describe()["check"]["delta"]
    view.options = {"shown": "symmetrised"}
    d = view.describe()
    assert d["banner"].startswith("Symmetrised, not as given")
    assert d["banner"] in view.to_text()
    assert "Symmetrised" in view.to_svg()
    assert d["check"]["delta"] == delta == pytest.approx(d["removed"]["share"])
    assert d["residual"] < 1e-12
    form = cn.tensor_form("quartz", "elastic")
    assert np.allclose(view.result.value, form.project(given))
    change = {name: c["change"] for name, c in d["components"].items()}
    assert change["c66"] == pytest.approx(form.project(given)[5, 5] - 36.0)
    assert change["c33"] == pytest.approx(0, abs=1e-12)
    cell = next(c for c in view.data["cells"] if c["name"] == "c66")
    assert (cell["change"], cell["deviation"]) == (
        "+1.95",
        "Given as 36.0 GPa; symmetrised, that is +1.95 GPa.",
    )
    assert any(f["label"] == "deviation as given" and f["value"] == "2.2 %" for f in view.data["facts"])


def test_a_repair_is_offered_for_a_mistake_and_holds_in_every_frame():
    crystal, c = turned_quartz()
    view = nye(reorder(c, "standard", "vasp"), crystal)
    assert "VASP" in view.describe()["repair"]
    for frame in ("own", "ieee"):
        view.options = {"frame": frame, "shown": "repaired"}
        assert view.describe()["residual"] < 1e-6
        own = rotate(ELASTIC, view.result.value, view.result.form.rotation.T)
        assert np.allclose(own, c, atol=1e-6)
        assert view.describe()["banner"].startswith("Repaired, not as given.")
        assert view.describe()["check"]["delta"] > 0.1


def test_the_view_finds_the_mistakes_that_the_check_finds_with_the_cell():
    cell = cn.as_structure("calcite").get_primitive_structure()
    cif = Structure(Lattice.from_parameters(*cell.lattice.parameters), cell.species, cell.frac_coords)
    value = cn.tensor_form(cif, "elastic").project(np.diag([146.0, 140, 85, 34, 40, 46]) + 55)
    crystal = rotated(cif, Rotation.from_rotvec([0.3, -0.5, 0.8]).as_matrix())
    expected = cn.check(value, crystal).best_frame
    assert expected is not None
    without_cell = cn.check(value, cn.tensor_form(crystal, "elastic")).best_frame
    assert without_cell is None or without_cell.text != expected.text
    assert expected.text in nye(value, crystal).describe()["repair"]


def test_a_repair_in_another_unit_keeps_the_unit():
    view = nye(10 * reorder(good(), "standard", "vasp"), "quartz", unit="kbar")
    view.options = {"shown": "repaired"}
    assert c14(view) == pytest.approx(-179.0)


def test_no_repair_for_a_consistent_tensor_a_slip_or_a_prediction():
    slip = good()
    slip[1, 3] = slip[3, 1] = -17.9
    wrong = states.prediction(np.diag([2.35, 2.38, 2.35]))
    for view in (nye(good(), "quartz"), nye(slip, "quartz"), nye(wrong)):
        assert view.describe()["repair"] == ""
        assert "repaired" not in [c["value"] for c in view.data["controls"]["shown"]]
    assert nye(good(), "quartz").data["controls"]["shown"] == []


def test_the_raw_residual_of_a_model_stays_in_every_frame():
    view = states.prediction_view()
    view.options = {"frame": "ieee"}
    d = view.describe()
    assert d["raw_residual"] == 3.1e-7
    assert "holds exactly" in d["verdict"]
    assert [f["label"] for f in view.data["facts"]].count("raw residual") == 1


def test_the_uncertainty_is_turned_only_where_it_is_known():
    spread = np.array([1.0, 2.0, 3.0, 4.0, 5.0, 6.0])  # eps11 eps22 eps33 eps23 eps13 eps12
    names = DIELECTRIC.names
    quarter = Rotation.from_euler("z", 90, degrees=True).as_matrix()
    turned = dict(zip(names, spread_in_frame(DIELECTRIC, spread, quarter), strict=True))
    before = dict(zip(names, spread, strict=True))
    assert (turned["eps11"], turned["eps22"], turned["eps13"]) == (
        before["eps22"],
        before["eps11"],
        before["eps23"],
    )
    third = Rotation.from_euler("z", 60, degrees=True).as_matrix()
    mixed = dict(zip(names, spread_in_frame(DIELECTRIC, spread, third), strict=True))
    assert mixed["eps33"] == before["eps33"]
    assert all(np.isnan(mixed[name]) for name in ("eps11", "eps22", "eps12", "eps13", "eps23"))


def test_an_uncertainty_that_is_lost_is_said():
    info = cn.symmetry(turned_quartz()[0])
    value = cn.tensor_form(info, "dielectric").project(np.diag([2.35, 2.35, 2.38]))
    p = Prediction(
        value=value, spec=PROPERTIES["dielectric"], model="m", frame="own", symmetry=info,
        uncertainty=np.full((3, 3), 0.05), symmetry_residual=1e-7,
    )  # fmt: skip
    view = nye(p)
    assert all(c["uncertainty"] is not None for c in view.describe()["components"].values())
    view.options = {"frame": "nye"}
    assert all(c["uncertainty"] is None for c in view.describe()["components"].values())
    assert "view.uncertainty_frame" in [n["code"] for n in view.describe()["notices"]]
    view.options = {"frame": "own"}
    assert "view.uncertainty_frame" not in [n["code"] for n in view.describe()["notices"]]


def test_another_tensor_keeps_the_frame_where_it_can():
    view = nye(good(), "quartz", frame="ieee", setting=1)
    view.cells = ["c14"]
    view.options = {"shown": "given"}
    view.update(nye_result(states.prediction()))
    assert view.options["frame"] == "ieee"
    assert view.describe()["frame"] == "ieee"
    view.update(nye_result(states.prediction(with_symmetry=False)))
    assert view.options["frame"] == "own"
    view.update(nye_result(good(), "quartz"))
    assert view.describe()["residual"] < 1e-12


def test_a_class_alone_has_its_two_settings():
    view = nye(good(), "32")
    view.options = {"frame": "nye", "setting": 1}
    assert c14(view) == pytest.approx(17.9)
    with pytest.raises(cn.CrysnbError):
        view.options = {"frame": "ieee"}


def test_an_array_in_the_frame_of_a_form_is_turned_from_there():
    cell = cn.as_structure("calcite").get_primitive_structure()
    crystal = Structure(Lattice.from_parameters(*cell.lattice.parameters), cell.species, cell.frac_coords)
    form = cn.tensor_form(crystal, "dielectric", frame="nye")
    view = nye(np.diag([2.7, 2.7, 2.2]), form)
    assert view.options["frame"] == "nye"
    view.options = {"frame": "own"}
    own = view.result.value
    assert cn.check(own, crystal).consistent
    assert not cn.check(np.diag([2.7, 2.7, 2.2]), crystal).consistent


def test_a_browser_that_asks_for_what_there_is_not_is_told_what_is_shown(monkeypatch):
    view = nye(good(), "quartz")
    sent = []
    monkeypatch.setattr(view, "send_state", lambda key=None: sent.append(key))
    view.set_state({"options": {"frame": "own", "setting": 3, "symprec": "auto", "shown": "given"}})
    assert "options" in sent
    assert view.n_dropped == 4
    assert view.options["setting"] == 0


@pytest.mark.parametrize(
    "bad", [5, None, "frame", ["nye"], {"symprec": np.ones(2)}, {"symprec": 10**5000}], ids="abcdef"
)
def test_options_that_are_none_end_in_our_error(bad: object) -> None:
    view = nye(good(), "quartz")
    before = dict(view.options)
    with pytest.raises(ShapeError) as caught:
        view.options = bad
    assert caught.value.code == "view.option"
    assert view.options == before
