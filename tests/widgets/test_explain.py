"""``cn.explain``: parts linked, story true, nothing lost when the model fails, one page offline."""

import gc
import json
import re
import weakref
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import crysnb as cn
from crysnb.widgets import explain_tabs
from crysnb.widgets.explain import Explain

DOCS = Path(__file__).parents[2] / "docs" / "views.md"


@pytest.fixture
def explain():
    made = []

    def make(*args, **kwargs):
        made.append(cn.explain(*args, **kwargs))
        return made[-1]

    yield make
    for one in made:
        one.close()


def told(view, certainty):
    return [s.text for s in view.sentences() if s.certainty == certainty]


def test_all_views_share_one_selection(explain):
    view = explain("quartz")
    tensor = view.tabs["tensor"].view
    for one in (view.crystal, view.panel, view.story, tensor):
        assert one.session == view.session.id
    tensor.cells = ["eps13"]
    assert view.session.cells == ["eps13"]
    view.crystal.operations = ["2 [100]"]
    assert tensor.operations == ["2 [100]"]
    view.session.atoms = [0, 3]
    assert view.crystal.atoms == [0, 3]
    view.session.clear()
    assert tensor.cells == view.crystal.operations == view.crystal.atoms == []


def test_names_of_operations_are_the_same_in_every_part(explain):
    view = explain("quartz")
    in_crystal = {op["name"] for op in view.crystal.describe()["operations"]}
    form = view.tabs["tensor"].view.result.form
    assert in_crystal == set(form.operation_names)
    assert {op.name for name in form.zeros for op in form.why(name)} <= in_crystal


def test_the_story_is_the_numbers(explain):
    view = explain("quartz")
    p = view.result["dielectric"]
    fact, shifted = told(view, "fact")
    assert "screw axes" in shifted
    assert "P3_221 (154)" in fact
    assert "6 operations" in fact
    learned, alone = told(view, "learned")
    assert "By itself, for the crystal exactly as given" in alone
    assert f"eps11 = {p.value[0, 0]:.3f}" in learned
    assert f"eps33 = {p.value[2, 2]:.3f}" in learned
    (measured,) = told(view, "measured")
    card = cn.load_model("gmtnet-dielectric").card.metrics["test"]
    assert f"{card['n']} test crystals" in measured
    assert f"{100 * card['rel_median']:.1f} %" in measured
    sure = told(view, "guaranteed")
    assert any("eps12 and eps13 vanish because of the twofold rotation about [100]" in s for s in sure)
    assert any(s.startswith("6 of 21 elastic components") for s in sure)


def test_forbidden_tensors_and_warnings_are_told(explain):
    salt = explain("NaCl")
    assert any("Inversion forbids it" in s for s in told(salt, "guaranteed"))
    moved = cn.as_structure("quartz").copy()
    moved.translate_sites([0], [0.004, 0, 0], frac_coords=True)
    view = explain(moved)
    assert told(view, "warning")
    assert any("Å" in s for s in told(view, "warning"))


def test_a_model_that_fails_costs_only_its_own_part(explain):
    strange = cn.as_structure("NaCl").copy()
    strange.replace_species({"Cl": "Po"})
    view = explain(strange)
    assert view.result == {}
    (why,) = told(view, "error")
    assert "Po" in why
    assert view.tabs["tensor"].shown == "dielectric"
    assert view.tabs["tensor"].view.result.prediction is None
    assert any("elastic" in s for s in told(view, "guaranteed"))
    assert "Po" in view.to_html()


def test_undetermined_symmetry_is_said(explain, monkeypatch):
    from crysnb.predict import run

    def nothing(*_args, **_kwargs):
        raise cn.SymmetryUndetermined("symmetry.not_found", found="no space group")

    monkeypatch.setattr("crysnb.widgets.explain.symmetry", nothing)
    monkeypatch.setattr(run, "detect", nothing)
    view = explain("quartz")
    assert view.symmetry is None
    assert any("not determined" in s for s in told(view, "warning"))
    assert "P1" not in view.to_text()


def test_a_new_tolerance_reaches_every_part(explain):
    polar = cn.as_structure("BaTiO3")
    view = explain(polar)
    assert view.symmetry.point_group == "4mm"
    view.tabs["tensor"].shown = "piezoelectric"
    view.panel.options = {**view.panel.options, "symprec": 0.1}
    assert view.panel.wait()
    assert view.result["dielectric"].symmetry.symprec == 0.1
    group = view.result["dielectric"].symmetry.point_group
    assert group == view.symmetry.point_group
    assert view.crystal.describe()["point_group"] == group
    assert view.tabs["tensor"].shown == "piezoelectric"
    assert view.tabs["tensor"].view.result.form.point_group == group
    assert f"point group {group}" in view.story.to_text()


@pytest.mark.parametrize("x", ["quartz", "structure"])
def test_every_line_of_code_runs(explain, x):
    structure = cn.as_structure("quartz")
    view = explain(x if x == "quartz" else structure)
    titles = [title for title, _ in view.code()]
    assert titles == ["Crystal", "Prediction", "Tensor", "Break", "Elements", "Matrices"]
    for _, line in view.code():
        shown = eval(line, {"cn": cn, "structure": structure})  # noqa: S307 - our own line
        if hasattr(shown, "close"):
            shown.close()


def test_the_code_tells_the_tensor_and_the_frame_that_were_chosen(explain):
    view = explain("quartz")
    tab = view.tabs["tensor"]

    def told_code():
        line = dict(view.story.code)["Tensor"]
        shown, there = eval(line, {"cn": cn}).result, tab.view.result  # noqa: S307 - our own line
        assert (shown.kind, shown.form.frame) == (there.kind, there.form.frame)
        assert shown.form.setting_index == there.form.setting_index
        return line

    assert "frame" not in told_code()
    tab.view.options = {"frame": "ieee"}
    assert told_code().endswith("), frame='ieee')")
    tab.shown = "elastic"
    assert told_code() == "cn.nye(cn.tensor_form('quartz', 'elastic'), frame='ieee')"  # it stays
    tab.view.options = {"frame": "nye", "setting": 1}
    assert told_code() == "cn.nye(cn.tensor_form('quartz', 'elastic'), frame='nye', setting=1)"
    tab.view.options = {"frame": "own"}
    assert "frame" not in told_code()


def test_what_is_nearly_symmetric_is_told_without_a_prediction(explain):
    salt = cn.as_structure("NaCl")
    salt.translate_sites([0], [0.02, 0.0, 0.0], frac_coords=False)
    with_prediction = [s for s in told(explain(salt), "warning") if "only" in s and "Fm-3m" in s]
    assert len(with_prediction) == 1
    assert "free component" in with_prediction[0]
    salt.replace_species({"Cl": "Po"})  # an element that the model does not know
    view = explain(salt)
    assert view.result == {}
    (alone,) = (s for s in told(view, "warning") if "Fm-3m" in s)
    assert alone.startswith("The crystal is only 0.018 Å")
    assert not any("The crystal is only" in s for s in told(explain("NaCl"), "warning"))


def noisy_quartz():
    crystal, random = cn.as_structure("quartz").copy(), np.random.default_rng(0)
    for k in range(len(crystal)):
        step = random.normal(size=3)
        crystal.translate_sites([k], 0.01 * step / np.linalg.norm(step), frac_coords=False)
    return crystal


def test_what_was_not_projected_is_not_called_exact(explain):
    view = explain(noisy_quartz())
    assert any("exact, because the tensor was projected" in s for s in told(view, "guaranteed"))
    assert any("0.013 Å away from its symmetry" in s for s in told(view, "learned"))
    view.panel.options = {"idealize": False}
    assert view.panel.wait()
    assert not any("exact" in s for s in told(view, "guaranteed"))
    assert any("was not projected" in s for s in told(view, "warning"))
    # A crystal is drawn as it is; one that is being distorted is never idealised, nor for its matrices.
    as_given = ("Crystal", "Break", "Elements", "Matrices")
    told_with = {title: line for title, line in view.story.code if title not in as_given}
    assert all("idealize=False" in line for line in told_with.values())
    assert len(told_with) >= 2


def test_nothing_is_guaranteed_where_symmetry_binds_nothing(explain):
    view = explain("kyanite")
    assert not any("exact" in s or "misses" in s for s in view.story.to_text().splitlines())
    assert any("none must vanish" in s for s in told(view, "guaranteed"))


def test_glides_and_screws_are_not_passed_off_as_mirrors_and_rotations(explain):
    assert any("glide planes" in s for s in told(explain("baddeleyite"), "fact"))
    assert not any("glide planes" in s for s in told(explain("CsCl"), "fact"))


@pytest.mark.parametrize("other", ["Si", "quartz"])
def test_another_crystal_in_the_panel_is_explained_as_a_whole(explain, other):
    view = explain("NaCl")
    view.panel.structure = other
    assert view.panel.wait()
    info = cn.symmetry(other)
    (fact, *_) = told(view, "fact")
    assert f"{info.symbol} ({info.number})" in fact
    assert view.crystal.describe()["space_group"] == view.symmetry.number == info.number
    assert view.story.describe()["title"] == f"Explaining {other}"
    assert view.tabs["tensor"].view.result.form.space_group == info.number
    assert view.panel.status == "idle"


def test_a_result_without_symmetry_is_not_shown_with_the_old_one(explain):
    view = explain("quartz")
    before = view.result["dielectric"]
    bare = replace(before, symmetry=None, symmetry_residual=None)
    view._follow({"dielectric": bare})
    assert view.symmetry is None
    assert view.crystal.describe()["space_group"] is None


@pytest.mark.parametrize("where", ["build", "follow", "sentences", "code", "sections", "to_text", "close"])
def test_a_faulty_tab_harms_nothing_else(explain, where):
    before = dict(explain_tabs.TABS._items)

    def part(name, value):
        if where == name:
            raise ZeroDivisionError
        return value

    class Faulty:
        code = property(lambda _self: part("code", "cn"))

        def __init__(self, _context):
            import ipywidgets

            self.widget = part("build", ipywidgets.Label("x"))
            for name, value in {"sections": [], "to_text": "", "follow": None, "close": None}.items():
                setattr(self, name, lambda *_, name=name, value=value: part(name, value))
            self.sentences = lambda: part("sentences", [])

    try:
        explain_tabs.register_tab(explain_tabs.Tab(name="faulty", title="Faulty", build=Faulty))
        view = explain("NaCl")
        assert "NaCl" in view.to_text()
        assert "NaCl" in view.to_html()
        if where not in ("sections", "to_text"):
            view._follow(view.result)
        if where != "close":
            assert any("faulty failed (ZeroDivisionError)" in s for s in told(view, "error"))
        if where not in ("sections", "to_text"):
            assert view.story.sentences == tuple(view.sentences())
        view.close()
        assert view.crystal.comm is None
    finally:
        explain_tabs.TABS._items = before


def test_a_tab_that_has_nothing_to_say_at_first_comes_when_it_has(explain):
    before = dict(explain_tabs.TABS._items)

    class Late:
        code = "cn"

        def __init__(self):
            import ipywidgets

            self.widget = ipywidgets.Label("late")

        def sentences(self):
            return []

        def follow(self, _context):
            pass

        def close(self):
            self.widget.close()

    answers = iter([None, Late()])
    try:
        explain_tabs.register_tab(
            explain_tabs.Tab(name="late", title="Late", build=lambda _context: next(answers))
        )
        view = explain("NaCl")
        below = view.widget.children[-1]
        assert "late" not in view.tabs
        view._follow(view.result)
        assert below.titles[-1] == "Late"
        assert below.children[-1] is view.tabs["late"].widget
    finally:
        explain_tabs.TABS._items = before


def test_a_closed_explanation_says_so(explain):
    view = explain("NaCl")
    view.close()
    with pytest.raises(cn.CrysnbError) as caught:
        view.widget  # noqa: B018
    assert caught.value.code == "view.closed"


def test_display_is_one_view_and_one_picture(explain, monkeypatch):
    shown = []
    monkeypatch.setattr("IPython.display.display", lambda data, **kw: shown.append((data, kw)))
    view = explain("quartz")
    view._ipython_display_()
    live, picture = shown
    assert set(live[0]) == {"application/vnd.jupyter.widget-view+json", "text/plain"}
    assert set(picture[0]) == {"image/png", "text/plain"}
    assert view.story.fallback_id.encode() in picture[0]["image/png"]
    assert "quartz" in picture[1]["metadata"]["image/png"]["alt"]
    json.dumps(view.describe())


def test_the_page_holds_everything_and_fetches_nothing(explain):
    page = explain("quartz").to_html()
    assert len(page) < 5_000_000
    for outside in ("http://", "https://", "//cdn"):
        assert outside not in page.replace("http://www.w3.org/2000/svg", "")
    assert page.count("data:image/svg+xml") == 7  # crystal, prediction, three tensors, surface, breaking
    assert page.count("<script") == page.count("</script>") == 3
    states = json.loads(re.search(r"id='cn-state'>(.*?)</script>", page, re.DOTALL)[1])
    kinds = ["story", "crystal", "prediction", "tensor", "surface", "tensor", "tensor", "breaking"]
    assert [s["kind"] for s in states] == kinds
    assert len({s["session"] for s in states}) == 1
    assert "<noscript><ul" in page


def test_a_closed_explanation_is_gone():
    def once():
        view = cn.explain("NaCl")
        assert view.widget is view.widget
        view.close()
        view.close()  # twice is fine
        return weakref.ref(view)

    once()
    references = [once() for _ in range(3)]
    gc.collect()
    assert sum(r() is not None for r in references) <= 1


def test_the_tab_of_the_docs_works_as_it_stands(explain, monkeypatch):
    before = dict(explain_tabs.TABS._items)
    blocks = re.findall(r"```python\n(.*?)```", DOCS.read_text(), re.DOTALL)
    (source,) = (block for block in blocks if "register_tab(" in block)
    try:
        exec(compile(source, str(DOCS), "exec"), {})  # noqa: S102 - our own documentation
        view = explain("NaCl")
        assert list(view.tabs) == ["tensor", "breaking", "elements", "matrices", "density"]
        assert any("density" in s for s in told(view, "fact"))
        assert "g/cm³" in view.to_text()
        view.to_png()
        view.to_html()
    finally:
        explain_tabs.TABS._items = before


def test_a_bad_structure_or_model_is_refused():
    with pytest.raises(cn.CrysnbError):
        cn.explain("no such crystal")
    with pytest.raises(cn.UnknownName):
        cn.explain("quartz", "no-such-model")
    assert isinstance(Explain, type)
