"""The breaking view without a browser: options, answers, errors, the session, and what a browser may send."""

import subprocess
import sys
import time

import pytest
import states

import crysnb as cn
from crysnb.breaking.library import Library
from crysnb.breaking.patterns import displacement
from crysnb.errors import CrysnbError, OutOfDomain, ShapeError, UnknownName
from crysnb.symmetry.parent import parent_of
from crysnb.values.tensor_kind import tensor_kind
from crysnb.widgets.breaking_view import BreakingView


@pytest.fixture
def made():
    views = []

    def make(work=states.fake_answer, crystal="SrTiO3", kind="dielectric", **more):
        view = BreakingView(parent_of(crystal), work, tensor_kind(kind), crystal, asks=False, **more)
        views.append(view)
        return view

    yield make
    for view in views:
        view.close()


def test_options_distort_and_the_answer_follows_when_they_rest(made):
    calls = []

    def work(request, step):
        calls.append(request.amplitude)
        return states.fake_answer(request, step)

    view = made(work)
    view.pattern = "atom 1 z"
    for k in range(1, 21):
        view.amplitude = 0.01 * k
        assert view.result.amplitude == pytest.approx(0.01 * k)
    assert view.status == "running"
    assert view.result.group == "P4mm (99)"
    assert view.wait(10)
    assert calls == [pytest.approx(0.2)]  # one of twenty
    assert (view.status, view.n_answers) == ("idle", 1)
    assert view.response.pattern is view.pattern
    assert "slope of the allowed part" in view.to_text()


def test_amplitudes_are_cut_to_what_the_distortion_allows(made):
    view = made()
    view.options = {"pattern": "rotation", "amplitude": -170}
    assert view.amplitude == -170
    assert view.result.lost == ()
    view.pattern = "strain e4"
    assert view.amplitude == -0.05


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"pattern": "mode 99"}, ShapeError),
        ({"amplitude": float("nan")}, ShapeError),
        ({"amplitude": True}, ShapeError),
        ({"kind": "colour"}, ShapeError),
        ({"twist": 1}, UnknownName),
    ],
)
def test_bad_options_are_refused_from_python_and_dropped_from_a_browser(made, options, error):
    view = made()
    before = dict(view.options)
    with pytest.raises(error):
        view.options = options
    view.set_state({"options": options})
    assert view.options == before
    assert view.n_dropped >= 1


def test_what_is_lost_and_opened_is_selected_for_linked_views(made):
    view, other = made(kind="piezoelectric"), cn.nye(cn.tensor_form("SrTiO3", "piezoelectric"), "SrTiO3")
    session = cn.link(view, other)
    view.options = {"pattern": "atom 1 z", "amplitude": 0.1}
    assert set(session.cells) == set(other.cells) == {"e31", "e32", "e33", "e24", "e15"}
    assert len(session.operations) == 40
    view.pattern = "strain hydrostatic"
    assert session.operations == session.cells == []
    other.close()


def test_a_selection_by_hand_stays_while_the_same_operations_are_lost(made):
    view = made()
    view.options = {"pattern": "atom 1 z", "amplitude": 0.1}
    view.operations = ["-1"]
    view.amplitude = 0.15
    assert view.operations == ["-1"]


def test_a_model_that_fails_leaves_the_symmetry_alone(made):
    def work(request, step):
        raise OutOfDomain("domain.element", found="never trained on Pu")

    view = made(work)
    view.amplitude = 0.02
    assert view.wait(10)
    assert view.status == "error"
    assert "never trained on Pu" in view.message
    view.amplitude = 0.03
    assert view.result.amplitude == 0.03
    assert view.data["amplitude"] == 0.03
    assert view._worker.n_started == 1  # not asked again for the same crystal
    view.ask()
    assert view.wait(10)
    assert view._worker.n_started == 2
    with pytest.raises(CrysnbError) as error:
        _ = view.figure
    assert error.value.code == "breaking.no_curve"


def test_a_tensor_that_no_model_predicts_is_a_line_and_no_error():
    view = cn.break_symmetry("SrTiO3", kind="elastic")
    assert view.wait(60)
    assert view.status == "idle"
    assert "does not predict" in view.message
    assert view.response is None
    view.close()


def test_any_function_can_be_asked():
    import numpy as np

    view = cn.break_symmetry("NaCl", lambda crystals: [np.eye(3)] * len(crystals), kind="dielectric")
    view.ask(wait=True)
    assert view.response.changed_slope is None
    assert view.figure.data
    view.close()
    with pytest.raises(CrysnbError) as error:
        cn.break_symmetry("NaCl", lambda crystals: crystals)
    assert error.value.code == "breaking.kind"


def test_closing_ends_a_running_answer(made):
    def work(request, step):
        for _ in range(400):
            step(1, 2)
            time.sleep(0.01)
        return states.fake_answer(request, step)

    view = made(work)
    view.ask()
    view.close()
    assert view.wait(10)
    assert view.n_answers == 0
    view.close()


def test_cancel_keeps_the_answer_shown(made):
    view = states.breaking_view()
    view.amplitude = 0.2
    view.cancel()
    assert view.status == "idle"
    assert view.message == "Cancelled."
    assert view.response is not None
    view.close()


def test_library_lists_what_it_knows():
    library = Library(parent_of("quartz"))
    for family in library.families:
        for name in library.names(family):
            assert library.get(name).name == name
            assert library.get(name).family == family
    with pytest.raises(UnknownName):
        library.get("atom 99 z")
    with pytest.raises(UnknownName):
        library.names("twist")
    own = displacement("quartz", 0, [1, 1, 0])
    assert library.add(own) is library.get(own.name)
    assert library.families[0] == "strain"
    assert Library(parent_of("Fe")).families in (("strain", "rotation"), library.families)


def test_explain_has_the_tab_and_asks_no_model_by_itself():
    view = cn.explain("quartz")
    tab = view.tabs["breaking"]
    assert tab.view.n_answers == 0
    assert tab.view.status == "idle"
    assert not tab.view._worker.is_busy
    tab.view.pattern = "strain e1"
    assert tab.view.result.lost
    view.panel.structure = "NaCl"
    assert view.panel.wait(60)
    assert tab.view.parent.symmetry.number == 225
    assert tab.view.wait(60)
    view.close()


def test_explain_of_a_cell_without_the_whole_point_group_has_no_tab():
    double = cn.as_structure("NaCl").copy()
    double.make_supercell([2, 1, 1])
    view = cn.explain(double)
    assert "breaking" not in view.tabs
    assert "failed" not in view.story.to_text()
    view.panel.structure = "quartz"
    assert view.panel.wait(60)
    tab = view.tabs["breaking"]
    assert tab.view.parent.symmetry.number == 154
    view.panel.structure = double
    assert view.panel.wait(60)
    assert "The tab Break stays with quartz" in view.story.to_text()
    assert "failed" not in view.story.to_text()
    view.panel.structure = "NaCl"
    assert view.panel.wait(60)
    assert tab.view.parent.symmetry.number == 225
    assert "stays with" not in view.story.to_text()
    view.close()


@pytest.mark.slow
def test_a_script_that_ends_while_the_model_is_asked_ends_well():
    script = """
import crysnb as cn
first, second = cn.break_symmetry("NaCl"), cn.break_symmetry("NaCl")
print(second.to_text()[:4])
"""
    command = [sys.executable, "-c", script]
    ended = subprocess.run(command, check=False, capture_output=True, text=True, timeout=300)
    assert (ended.returncode, ended.stdout) == (0, "NaCl\n"), ended.stderr
