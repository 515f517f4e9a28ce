"""The prediction panel: cards, options, the newest wish, cancelling, errors, and the end."""

import gc
import json
import threading
import time
import weakref
from dataclasses import replace

import numpy as np
import pytest
import states

import crysnb as cn
from crysnb.errors import ShapeError
from crysnb.values.prediction import Notice, Prediction
from crysnb.values.property_spec import PROPERTIES
from crysnb.widgets.prediction_cards import card, headline_text
from crysnb.widgets.prediction_panel import PredictionPanel, panel
from crysnb.widgets.prediction_state import facts
from crysnb.widgets.worker import Cancelled


def update(state):
    return {"content": {"data": {"method": "update", "state": state, "buffer_paths": []}}, "buffers": []}


class Slow:
    """Work that takes a while, polls, and remembers what it was asked."""

    def __init__(self, seconds=0.0, error=None):
        self.seconds, self.error, self.asked, self.ended = seconds, error, [], []

    def __call__(self, request, step):
        self.asked.append(request)
        try:
            for k in range(100):
                step(k, 100)
                time.sleep(self.seconds / 100)
        except Cancelled:
            self.ended.append("cancelled")
            raise
        if self.error is not None and len(self.asked) > 1:
            raise self.error
        self.ended.append("done")
        return states.fake_work(request, lambda done, total: None)


@pytest.fixture
def made():
    panels = []

    def make(work=states.fake_work):
        panels.append(states.panel_view(work=work))
        return panels[-1]

    yield make
    for one in panels:
        one.close()
        assert one.wait(10)


# -- what is shown ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def real():
    view = panel("quartz")
    yield view
    view.close()


def test_the_first_prediction_is_there_when_the_cell_returns(real):
    assert (real.status, real.n_results, real.message) == ("idle", 1, "")
    p = real.result["dielectric"]
    assert np.array_equal(p.value, cn.predict("quartz").value)
    d = real.describe()
    assert d["predictions"]["dielectric"]["space_group"] == 154
    assert d["facts"]["device"] == "cpu" or d["facts"]["device"].startswith("cuda")
    assert d["facts"]["dtype"] == "float32"
    assert d["facts"]["weights"] == cn.load_model("gmtnet-dielectric").card.sha256[:12]
    assert d["facts"]["trained on"].endswith(" crystals")
    assert "test set" in "".join(d["facts"])
    assert float(d["facts"]["time"].split()[0]) > 0
    json.dumps(d)
    assert "gmtnet-dielectric" in repr(real)
    assert len(repr(real)) < 200


def test_the_mean_is_a_third_of_the_trace_and_its_uncertainty_a_bound(real):
    p = real.result["dielectric"]
    head = real.describe()["cards"][0]["headline"]
    assert float(head["value"]) == pytest.approx(np.trace(p.value) / 3, abs=0.006)
    bound = float(head["uncertainty"].removeprefix("± "))
    assert bound == pytest.approx(np.trace(p.uncertainty) / 3, rel=0.05)
    lines = {f["label"]: f["value"] for f in real.describe()["cards"][0]["lines"]}
    shown = [float(v) for v in lines["eigenvalues"].split(", ")]
    assert shown == pytest.approx(np.linalg.eigvalsh(p.value), abs=1e-3)


def test_the_stamp_tells_learned_from_guaranteed(real):
    stamp = real.describe()["cards"][0]["stamp"]
    told = {f["label"]: f["value"] for f in stamp["facts"]}
    assert told["space group"].endswith("(154)")
    assert told["point group"] == "32"
    assert told["symprec"] == "0.01 Å"
    assert float(told["raw residual"]) == pytest.approx(real.result["dielectric"].symmetry_residual, rel=0.05)
    assert "projected onto the form" in stamp["guaranteed"]
    assert stamp["learned"] == "the values of eps11, eps33, by gmtnet-dielectric"


def prediction(name, value, **changes):
    given = {
        "value": value, "spec": PROPERTIES[name], "model": "m", "frame": "own",
        "symmetry": cn.symmetry("quartz"), "symmetry_residual": None, "structure_id": "quartz",
    }  # fmt: skip
    return Prediction(**{**given, **changes})


def test_card_of_a_stiffness():
    c = states.quartz_elastic()
    c[5, 5] = 39.9
    one = card(prediction("elastic", c, uncertainty=np.full((6, 6), 0.9)))
    assert one["unit"] == "GPa"
    # K_V with these constants: (279.4 + 61.6) / 9.
    assert headline_text(one) == "c: bulk modulus 37.89 ± 0.90 GPa"
    assert float(one["headline"]["value"]) == pytest.approx((279.4 + 61.6) / 9, abs=0.06)
    lines = {f["label"]: f["value"] for f in one["lines"]}
    assert lines["largest"] == "c33 = 105.8 GPa"
    assert float(lines["shear modulus"].split()[0]) == pytest.approx((279.4 - 30.8 + 3 * 156.3) / 15, abs=0.1)
    assert 0 < float(lines["anisotropy"]) < 1


def test_an_isotropic_stiffness_has_no_anisotropy_and_an_unstable_one_no_index():
    c = np.diag([30.0] * 3 + [10.0] * 3)
    c[:3, :3] += 10.0
    c[np.arange(3), np.arange(3)] = 30.0
    one = card(prediction("elastic", c, symmetry=cn.symmetry("NaCl")))
    lines = {f["label"]: f["value"] for f in one["lines"]}
    assert lines["anisotropy"] == "0"
    assert one["headline"]["value"] == "16.67"
    unstable = card(prediction("elastic", -c, symmetry=cn.symmetry("NaCl")))
    assert {f["label"]: f["value"] for f in unstable["lines"]}["anisotropy"] == "not defined: not stable"


def test_card_of_a_tensor_that_symmetry_forbids():
    one = card(
        prediction("piezoelectric", np.zeros((3, 6)), symmetry=cn.symmetry("NaCl"), structure_id="NaCl")
    )
    assert one["headline"]["value"] == "0"
    assert "Inversion forbids it" in one["headline"]["hint"]
    assert one["stamp"]["learned"] == "nothing: symmetry leaves no free component"


def test_card_without_symmetry_says_not_determined_and_never_p1():
    one = card(prediction("dielectric", np.diag([2.0, 2.0, 3.0]), symmetry=None))
    assert one["stamp"]["severity"] == "warning"
    assert one["stamp"]["facts"][0]["value"] == "not determined"
    assert "P1" not in json.dumps(one)
    assert one["headline"]["uncertainty"] == ""


def test_a_number_that_is_none_is_never_drawn_as_one():
    notice = Notice("prediction.non_finite", "error", "NaN.")
    one = card(prediction("dielectric", np.full((3, 3), np.nan), notices=(notice,)))
    assert one["headline"]["value"] == "not a number"
    assert one["stamp"]["severity"] == "error"
    assert "nan" not in json.dumps(one).replace("not a number", "")


def test_a_raw_tensor_is_not_called_guaranteed(made):
    view = panel("quartz")
    view.options = {"idealize": False}
    assert view.wait(60)
    assert view.status == "idle", view.message
    stamp = view.describe()["cards"][0]["stamp"]
    assert "nothing: the tensor shown was not projected" in stamp["guaranteed"]
    view.close()


def test_scalars_have_a_card_without_a_stamp():
    spec = replace(PROPERTIES["dielectric"], name="gap", symbol="Eg", unit="eV", tensor=None)
    one = card(prediction("dielectric", 1.923, spec=spec, uncertainty=np.array(0.1), symmetry=None))
    assert one["stamp"] is None
    assert headline_text(one) == "Eg: 1.92 ± 0.10 eV"


def test_facts_of_a_card_that_says_little(made):
    view = made()
    bare = replace(view._result, card=states.card(dataset={}, metrics={}), dtype="")
    labels = [f["label"] for f in facts(bare)]
    assert labels == ["model", "weights", "device", "time"]
    scalar = replace(view._result, card=states.card(metrics={"test": {"mae": 0.0456}}))
    assert {f["label"]: f["value"] for f in facts(scalar)}["error on its test set"] == "0.04560 (mean)"


# -- asking -----------------------------------------------------------------------------------------


def test_options_from_the_browser_predict_anew_with_exactly_those(made):
    work = Slow()
    view = made(work)
    view._handle_msg(update({"options": {"symprec": 1e-3, "model": "gmtnet-dielectric", "idealize": False}}))
    assert view.status == "running"
    assert view.wait(10)
    assert (view.status, view.n_results) == ("idle", 2)
    request = work.asked[-1]
    assert (request.symprec, request.name, request.idealize) == (1e-3, "gmtnet-dielectric", False)
    assert list(view.result) == ["dielectric"]
    assert view.data["subtitle"].endswith("gmtnet-dielectric")


def test_options_from_python_act_like_a_hand(made):
    view = made()
    heard = []
    view.observe(lambda change: heard.append(change["new"]), "n_results")
    view.options = {"symprec": 1e-3}
    assert view.options == {"model": "both", "symprec": 1e-3, "idealize": True}
    assert view.wait(10)
    assert heard == [2]


@pytest.mark.parametrize(
    "options",
    [{"model": "unknown"}, {"model": 7}, {"symprec": 0}, {"symprec": -1e-3}, {"symprec": 1.0},
     {"symprec": True}, {"symprec": float("nan")}, {"symprec": float("inf")}, {"symprec": "1e-3"},
     {"symprec": None}, {"symprec": [1e-3]}, {"idealize": 1}, {"idealize": "yes"}, {"device": "cuda"},
     {"property": "all"}],
)  # fmt: skip
def test_w4_wrong_options_are_refused_from_both_sides(made, options):
    work = Slow()
    view = made(work)
    before = dict(view.options)
    view._handle_msg(update({"options": options}))
    assert view.options == before
    assert view.n_dropped == 1
    with pytest.raises(cn.CrysnbError):
        view.options = options
    assert view.options == before
    assert len(work.asked) == 1
    assert view.status == "idle"


def test_w1_a_thousand_changes_in_a_second_run_the_model_twice_and_show_the_last(made):
    work = Slow(0.05)
    view = made(work)
    n = len(work.asked)
    start = time.monotonic()
    for k in range(1000):
        view._handle_msg(update({"options": {"symprec": 1e-4 * (1 + k / 1000)}}))
        time.sleep(max(start + k / 1000 - time.monotonic(), 0))
    last = view.options["symprec"]
    assert view.wait(10)
    assert len(work.asked) - n <= 2
    assert work.asked[-1].symprec == last == pytest.approx(1.999e-4)
    assert view._result.request.symprec == last
    assert view.status == "idle"


def test_predict_runs_again_and_the_button_does_the_same(made):
    work = Slow()
    view = made(work)
    view.predict()
    assert view.wait(10)
    view._handle_custom_msg({"kind": "run"}, [])
    assert view.wait(10)
    assert (len(work.asked), view.n_results) == (3, 3)


def test_back_at_the_options_of_the_values_shown_nothing_is_computed(made):
    work = Slow(0.5)
    view = made(Slow())
    view._worker._work = lambda request, token: work(request, token.step)
    view.options = {"symprec": 1e-3}
    time.sleep(0.05)
    view.options = {"symprec": "auto"}
    assert view.status == "idle"
    assert view.wait(10)
    assert work.ended == ["cancelled"]
    assert view.n_results == 1


def test_a_result_that_comes_after_a_newer_wish_is_dropped(made):
    release = threading.Event()
    view = made()
    view._worker._work = lambda request, token: release.wait(5) and states.fake_work(request, token.step)
    view.options = {"symprec": 1e-3}
    late = replace(view._result, request=view._request())
    number = view._number
    view.options = {"symprec": 2e-3}
    view.worker_done(number, late)  # the worker had let it through a moment before
    view.worker_failed(number, ValueError("late"))
    view.worker_progress(number, 0.9)
    assert (view.status, view.n_results, view.progress) == ("running", 1, 0.0)
    release.set()
    assert view.wait(10)
    assert (view.status, view.n_results) == ("idle", 2)
    assert view._result.request.symprec == 2e-3


def test_cancel_keeps_the_values_and_says_whose_they_are(made):
    work = Slow(5.0)
    view = made()
    before = view.data
    view._worker._work = lambda request, token: work(request, token.step)
    view.options = {"symprec": 1e-3}
    time.sleep(0.3)
    assert view.status == "running"
    assert 0 < view.progress < 1
    view._handle_custom_msg({"kind": "cancel"}, [])
    assert view.status == "stale"
    assert view.message.startswith("Cancelled. The values shown are for quartz, both, symprec auto")
    assert view.progress == 0
    start = time.monotonic()
    assert view.wait(5)
    assert time.monotonic() - start < 1
    assert work.ended == ["cancelled"]
    assert view.data == before
    assert (view.n_results, view.status) == (1, "stale")
    view.cancel()  # nothing to cancel
    assert view.status == "stale"


def test_progress_is_told_in_few_steps(made):
    view = made(Slow(0.3))
    heard = []
    view.observe(lambda change: heard.append(change["new"]), "progress")
    view.predict()
    assert view.wait(10)
    assert 10 < len(heard) <= 55
    assert heard[-1] == 0.0
    assert max(heard) > 0.9


@pytest.mark.parametrize(
    "error",
    [
        cn.OutOfDomain("domain.element", found="never trained on Pu", action="Choose another"),
        ValueError("x" * 999),
    ],
)
def test_w2_an_error_is_one_line_the_values_stay_and_the_controls_return(made, error, caplog):
    work = Slow(error=error)
    view = made(work)
    before = view.data
    view.options = {"symprec": 1e-3}
    assert view.wait(10)
    assert view.status == "error"
    assert view.data == before
    assert (view.n_results, view.progress) == (1, 0)
    assert "\n" not in view.message
    assert "Traceback" not in view.message + view.details
    if isinstance(error, cn.CrysnbError):
        told = "[domain.element] never trained on Pu. Choose another."
        assert view.message == f"{told} The values shown are for quartz, both, symprec auto, idealised."
    else:
        assert view.message.startswith("ValueError: ")
        assert "Traceback" in caplog.text
    assert "Traceback" in view.error_report
    assert view.message in view.to_text()
    work.error = None
    view.predict()
    assert view.wait(10)
    assert (view.status, view.message, view.details, view.error_report) == ("idle", "", "", "")


def test_the_first_prediction_may_fail_and_another_model_may_be_chosen(made):
    def work(request, step):
        if request.name == "both":
            raise cn.OutOfDomain("domain.element", found="never trained on Si")
        return states.fake_work(request, step)

    view = made(work)
    assert (view.status, view.result, view.n_results) == ("error", {}, 0)
    assert view.measured == {}
    assert "No prediction." in view.to_text()
    assert "never trained on Si" in view.to_svg()
    view.options = {"model": "gmtnet-dielectric"}
    assert view.wait(10)
    assert view.status == "idle"
    assert list(view.result) == ["dielectric"]


def test_an_element_out_of_domain_is_an_error_in_the_panel():
    structure = cn.as_structure("NaCl").copy()
    structure.replace_species({"Na": "Pu"})
    view = cn.panel(structure)
    assert view.status == "error"
    assert view.message.startswith("[domain.element] ")
    view.close()


@pytest.mark.parametrize(
    ("x", "model"), [("no-such-crystal", None), ("quartz", "no-such-model"), ("quartz", 7)]
)
def test_what_cannot_be_read_raises(x, model):
    with pytest.raises(cn.CrysnbError):
        cn.panel(x, model)


def test_a_model_from_a_folder_stands_in_the_list():
    from crysnb.weights import store

    folder = store._SHIPPED / "gmtnet-dielectric"
    view = cn.panel("NaCl", folder)
    assert view.options["model"] == "gmtnet-dielectric (given)"
    assert view.model == str(folder)
    assert {"gmtnet-dielectric", "gmtnet-dielectric (given)"} <= {m["name"] for m in view.data["models"]}
    assert view.result
    view.close()
    loaded = cn.panel("NaCl", cn.load_model("gmtnet-dielectric"))
    assert loaded.model == "gmtnet-dielectric"
    assert loaded.measured["n"] > 0
    loaded.close()


def test_another_crystal_may_be_set(made):
    view = made()
    view.structure = "NaCl"
    assert view.wait(10)
    assert "Na" in view.structure.formula
    with pytest.raises(cn.StructureError):
        view.structure = "data_\nnothing"
    assert "Na" in view.structure.formula


# -- following --------------------------------------------------------------------------------------


def test_others_follow_the_results(made):
    view = made()
    heard = []
    forget = view.on_result(heard.append)
    view.options = {"symprec": 1e-3}
    assert view.wait(10)
    assert [sorted(p) for p in heard] == [["dielectric", "piezoelectric"]]
    assert heard[0]["dielectric"] is view.result["dielectric"]
    forget()
    forget()
    view.predict()
    assert view.wait(10)
    assert len(heard) == 1


def test_a_follower_that_raises_is_shown_and_does_not_stop_the_others(made):
    view = made()
    heard = []
    view.on_result(lambda predictions: 1 / 0)
    view.on_result(heard.append)
    view.predict()
    assert view.wait(10)
    assert len(heard) == 1
    assert view.status == "error"
    assert view.message.startswith("ZeroDivisionError")
    assert view.n_results == 2


# -- the end ----------------------------------------------------------------------------------------


def test_closing_while_running_ends_the_work(made):
    work = Slow(5.0)
    view = made()
    view._worker._work = lambda request, token: work(request, token.step)
    view.predict()
    time.sleep(0.1)
    view.close()
    view.close()
    assert view.wait(2)
    assert view.status == "idle"
    assert work.ended == ["cancelled"]


def test_w5_a_panel_that_is_running_is_not_kept_alive():
    import ipywidgets

    release = threading.Event()

    def work(request, step):
        release.wait(5)
        return states.fake_work(request, step)

    view = states.panel_view()
    view._worker._work = lambda request, token: work(request, token.step)
    view.predict()
    reference = weakref.ref(view)
    worker = view._worker
    view.close()
    del view
    gc.collect()
    assert reference() is None
    release.set()
    assert worker.join(5)
    assert isinstance(ipywidgets.Widget, type)


def test_w5_closed_panels_are_gone_with_their_threads():
    def once():
        view = states.panel_view()
        view.on_result(lambda predictions: None)
        view.observe(lambda change: None, "n_results")
        view.predict()
        view._live_bundle()
        view.close()
        assert view.wait(5)
        return weakref.ref(view)

    once()
    gc.collect()
    threads = threading.active_count()
    references = [once() for _ in range(50)]
    gc.collect()
    assert sum(r() is not None for r in references) <= 1
    assert threading.active_count() <= threads + 1


def test_offline_page_has_no_controls(made):
    state = made().section().state
    assert state["data"]["has_controls"] is False
    assert state["kind"] == "prediction"


def test_the_panel_is_public():
    assert cn.panel is panel
    assert PredictionPanel.__doc__


CANARY = "<script>canary()</script><img src=x onerror=canary()>\ud800\x00"


def test_s1_text_of_cards_structures_and_errors_never_becomes_markup():
    def work(request, step):
        if request.symprec != "auto":
            raise ValueError(CANARY)
        result = states.fake_work(request, step)
        card = states.card(CANARY, dataset={"name": CANARY, "crystals": {"train": 7}}, sha256=CANARY)
        p = replace(
            states.prediction(structure_id=CANARY, notices=(Notice("a.b", "info", CANARY),)), model=CANARY
        )
        return replace(result, card=card, predictions={"dielectric": p}, device=CANARY)

    view = states.panel_view(work=work)
    view._reading = replace(view._reading, structure_id=CANARY)
    view.predict(wait=True)
    assert view.status == "idle", view.error_report
    view.options = {"symprec": 1e-3}
    assert view.wait(10)
    assert view.status == "error"
    for text in (view.to_html(), view.to_svg()):
        assert "<script>canary" not in text
        assert "<img src=x" not in text
    assert view.to_png()[:4] == b"\x89PNG"
    sent = view.get_state(["data", "message", "details", "options", "progress", "status"])
    json.dumps(sent, ensure_ascii=False).encode()  # a lone surrogate would end the message on its way
    json.dumps(view.describe(), ensure_ascii=False).encode()
    view.to_text().encode()
    view.close()


@pytest.mark.parametrize("symprec", [10**400, -(10**400), 10**5000], ids=["400", "-400", "5000"])
def test_a_tolerance_of_four_hundred_digits_is_refused(symprec):
    view = states.panel_view()
    with pytest.raises(ShapeError) as caught:
        view.options = {"symprec": symprec}
    assert caught.value.code == "view.option"
    view.close()
