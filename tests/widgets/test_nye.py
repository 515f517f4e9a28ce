"""What the tensor view says, without a browser."""

import numpy as np
import pytest
import states

import crysnb as cn
from crysnb.values.prediction import Notice
from crysnb.widgets.number_text import decimals_for, number_text
from crysnb.widgets.tensor_view import nye


def facts(view):
    return view.describe()["components"]


def test_roles_relations_and_reasons_of_quartz():
    d = nye(cn.tensor_form("quartz", "elastic")).describe()
    roles = {name: c["role"] for name, c in d["components"].items()}
    assert [n for n, r in roles.items() if r == "independent"] == ["c11", "c12", "c13", "c14", "c33", "c44"]
    assert roles["c22"] == "equal"
    assert roles["c24"] == "opposite"
    assert roles["c66"] == "dependent"
    assert roles["c15"] == "zero"
    assert d["components"]["c66"]["relation"] == "c66 = (c11 - c12)/2"
    assert d["components"]["c24"]["why"] == ["threefold rotation about [001]"]
    assert d["components"]["c14"]["tied_to"] == ["c24", "c56"]
    assert d["n_independent"] == 6
    assert d["violations"] == []
    assert "symmetry alone" in d["verdict"]


def test_a_broken_relation_is_marked_where_it_breaks():
    view = states.elastic_view()
    d = view.describe()
    assert d["violations"] == ["c66"]
    assert facts(view)["c66"]["deviation"] == pytest.approx(36.0 - (86.8 - 7.0) / 2)
    assert facts(view)["c11"]["deviation"] is None  # a free component cannot miss anything
    assert d["severity"] == "warning"
    form = cn.tensor_form("quartz", "elastic")
    assert d["residual"] == pytest.approx(form.residual(states.quartz_elastic()))
    cell = next(c for c in view.data["cells"] if c["name"] == "c66")
    assert "3.9 GPa below the relation, which gives 39.9 GPa" in cell["deviation"]


def test_tolerance_decides_what_is_marked():
    c = states.quartz_elastic()
    assert nye(c, "quartz", tolerance=0.1).describe()["violations"] == []
    c[5, 5] = 39.9
    c[0, 4] = c[4, 0] = 0.5
    assert nye(c, "quartz").describe()["violations"] == ["c15"]
    assert nye(c, "quartz", tolerance=1e-2).describe()["violations"] == []


def test_prediction_says_what_is_sure_and_what_is_learned():
    d = states.prediction_view().describe()
    assert d["model"] == "gmtnet-dielectric"
    assert d["raw_residual"] == 3.1e-7
    assert "6 operations of 32" in d["guaranteed"]
    assert d["learned"] == "the values of eps11, eps33, by gmtnet-dielectric"
    assert d["notices"][0]["code"] == "domain.rare_element"
    assert "holds exactly" in d["verdict"]


def test_uncertainty_stands_beside_the_number_but_not_beside_a_forced_zero():
    view = states.prediction_view()
    texts = {cell["name"]: cell["uncertainty"] for cell in view.data["cells"]}
    assert texts["eps11"] == "± 0.050"
    assert texts["eps13"] == ""
    assert facts(view)["eps33"]["uncertainty"] == pytest.approx(0.06)
    assert all(cell["uncertainty"] == "" for cell in states.elastic_view().data["cells"])


def test_a_prediction_off_its_form_is_not_called_guaranteed():
    value = np.diag([2.35, 2.35, 2.38]) + 0.0
    value[0, 0] += 0.4
    d = nye(states.prediction(value)).describe()
    assert d["violations"] == ["eps22"]
    assert d["guaranteed"].startswith("nothing")
    assert "holds exactly" not in d["verdict"]


def test_independent_reason_counts_the_operations():
    view = states.prediction_view()
    assert view.why("eps11") == "Free: no operation of 6 constrains its value. eps22 follows it."
    assert view.why("eps13") == "eps13 = 0 because of: twofold rotation about [100]"
    with pytest.raises(cn.UnknownName):
        view.why("eps99")


def test_an_error_notice_is_part_of_the_verdict():
    d = nye(
        states.prediction(notices=(Notice("domain.metal", "error", "ε∞ has no meaning for a metal."),))
    ).describe()
    assert d["severity"] == "error"
    assert d["verdict"].startswith("Do not use these numbers")


def test_forbidden_tensor_is_a_result():
    d = states.forbidden_view().describe()
    assert d["forbidden"]
    assert d["verdict"] == "Inversion forbids it: every piezoelectric component of this crystal is zero."
    assert d["severity"] == "info"
    assert all(c["why"] == ["inversion"] for c in d["components"].values())
    without_inversion = nye(cn.tensor_form("432", "piezoelectric")).describe()
    assert "operations of 432" in without_inversion["verdict"]
    assert "nversion" not in without_inversion["verdict"]


def test_undetermined_symmetry_is_said_and_never_called_p1():
    d = nye(states.prediction(with_symmetry=False)).describe()
    assert d["space_group"] is None
    assert "not determined" in d["verdict"]
    assert {c["role"] for c in d["components"].values()} == {"unknown"}
    assert "P1" not in nye(states.prediction(with_symmetry=False)).to_text()


def test_a_number_that_is_none_is_never_drawn():
    value = np.diag([np.nan, 1.0, 1.0])
    broken = states.prediction(value, notices=(Notice("model.non_finite", "error", "The model gave NaN."),))
    view = nye(broken)
    assert view.describe()["severity"] == "error"
    assert "nan" not in view.to_text().lower().replace("the model gave nan", "")
    assert all(cell["text"] == "" for cell in view.data["cells"])
    view.to_svg()


@pytest.mark.parametrize(
    ("shape", "kind"),
    [((3, 3), "dielectric"), ((3, 6), "piezoelectric"), ((3, 3, 3), "piezoelectric"), ((6, 6), "elastic"),
     ((3, 3, 3, 3), "elastic")],
)  # fmt: skip
def test_kind_is_told_from_the_shape(shape, kind):
    assert nye(np.zeros(shape), "4mm").describe()["kind"] == kind


def test_both_forms_of_a_tensor_give_the_same_view():
    form = cn.tensor_form("quartz", "elastic")
    full = form.kind.cartesian(states.quartz_elastic())
    assert nye(full, "quartz").describe() == states.elastic_view().describe()


def test_index_asymmetry_is_reported():
    eps = np.diag([2.0, 2.0, 3.0])
    eps[0, 1] = 0.5
    d = nye(eps, "4mm").describe()
    assert d["notices"][0]["code"] == "tensor.index_symmetry"


@pytest.mark.parametrize(
    ("call", "code"),
    [
        (lambda: nye(np.zeros((3, 3))), "view.structure_missing"),
        (lambda: nye(np.zeros((4, 4)), "quartz"), "tensor.kind"),
        (lambda: nye(np.full((3, 3), np.nan), "quartz"), "tensor.non_finite"),
        (lambda: nye(np.zeros((3, 3)), "quartz", "elastic"), "tensor.shape"),
        (lambda: nye(np.zeros((6, 6)), cn.tensor_form("quartz", "dielectric")), "view.kind"),
        (lambda: nye("quartz"), "tensor.kind"),
        (lambda: nye(np.zeros((3, 3)), "quartz", unit="bananas"), "name.unknown_unit"),
        (lambda: nye(np.zeros((3, 3)), "quartz", unit="GPa"), "unit.dimension"),
        (lambda: nye([[1, 2], [3]], "quartz"), "tensor.kind"),
        (lambda: nye(np.full((3, 3), 1e200), "quartz"), "tensor.too_large"),
    ],
)
def test_faults_have_codes(call, code):
    with pytest.raises(cn.CrysnbError) as caught:
        call()
    assert caught.value.code == code


def test_numbers_are_readable():
    assert [number_text(v, decimals_for([105.8])) for v in (105.8, -17.91, 0.0, 0.004)] == [
        "105.8",
        "−17.9",
        "0",
        "0.0",
    ]
    assert number_text(3.2e-9, decimals_for([3.2e-9])) == "3.20e−09"
    assert number_text(2.4627, decimals_for([2.4627])) == "2.463"


def test_text_and_repr_are_short(view):
    one = view("elastic")
    assert repr(one) == "NyeView(quartz: elastic, P3_221 (154), 6 independent)"
    assert "c22 = c11" in one.to_text()
    assert len(one.to_text().splitlines()) < 20


def test_table_has_one_row_per_component(view):
    frame = view("elastic").result.to_frame()
    assert list(frame["component"]) == list(view("elastic").selectable("cells"))


def test_a_random_orientation_still_draws():
    from scipy.spatial.transform import Rotation

    s = cn.as_structure("quartz").copy()
    turn = Rotation.random(random_state=3).as_matrix()
    s.lattice = type(s.lattice)(s.lattice.matrix @ turn.T)
    view = nye(cn.tensor_form(s, "elastic"))
    d = view.describe()
    assert d["n_independent"] == 6
    assert any(n["code"] == "form.note" for n in d["notices"])
    assert view.to_svg()
    assert view.to_png()[:4] == b"\x89PNG"
