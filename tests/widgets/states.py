"""The views that the browser half is tested with, made from a real form and a made-up prediction."""

import numpy as np

import crysnb as cn
from crysnb.breaking.response import Response
from crysnb.elements.computed import random
from crysnb.structure.read import read
from crysnb.symmetry.detect import symmetry
from crysnb.symmetry.parent import parent_of
from crysnb.tensors.form import tensor_form
from crysnb.values.prediction import Notice, Prediction
from crysnb.values.property_spec import PROPERTIES
from crysnb.values.tensor_kind import tensor_kind
from crysnb.weights.card import ModelCard
from crysnb.widgets import story
from crysnb.widgets.breaking_view import BreakingView
from crysnb.widgets.breaking_work import BreakingAnswer
from crysnb.widgets.crystal_view import crystal
from crysnb.widgets.elements_view import periodic_table
from crysnb.widgets.matrices import matrices
from crysnb.widgets.nye_result import nye_result
from crysnb.widgets.prediction_panel import PredictionPanel
from crysnb.widgets.prediction_work import PanelResult
from crysnb.widgets.story_view import StoryView
from crysnb.widgets.structure_view import StructureView
from crysnb.widgets.surface import surface
from crysnb.widgets.tensor_view import nye


def quartz_elastic():
    """A measured-like stiffness whose c66 breaks its relation."""
    c = np.zeros((6, 6))
    c[:3, :3] = [[86.8, 7.0, 11.9], [7.0, 86.8, 11.9], [11.9, 11.9, 105.8]]
    c[3, 3] = c[4, 4] = 58.2
    c[5, 5] = 36.0  # (86.8 - 7.0) / 2 = 39.9
    for i, j, v in ((0, 3, -17.9), (1, 3, 17.9), (4, 5, -17.9)):
        c[i, j] = c[j, i] = v
    return c


def elastic_view():
    return nye(quartz_elastic(), "quartz")


def turned_view():
    """Other axes, all tolerances on offer, and the tensor made symmetric."""
    view = nye(quartz_elastic(), "quartz", frame="ieee", setting=1)
    view.options = {"shown": "symmetrised"}
    view.compare_tolerances(wait=True)
    return view


def forbidden_view():
    return nye(tensor_form("NaCl", "piezoelectric"), "NaCl")


def prediction(value=None, *, notices=None, with_symmetry=True, structure_id="quartz"):
    info = symmetry("quartz") if with_symmetry else None
    if notices is None:
        notices = (Notice("domain.rare_element", "warning", "Si has few training crystals."),)
    return Prediction(
        value=np.diag([2.35, 2.35, 2.38]) if value is None else value,
        spec=PROPERTIES["dielectric"],
        model="gmtnet-dielectric",
        frame="own",
        symmetry=info,
        uncertainty=np.diag([0.05, 0.05, 0.06]),
        symmetry_residual=3.1e-7 if with_symmetry else None,
        notices=notices,
        structure_id=structure_id,
        formula="SiO2",
    )


def prediction_view():
    return nye(prediction())


def structure_view():
    reading = read("quartz")
    return StructureView(reading, symmetry(reading.structure))


def crystal_view():
    """Screw axes, and both a number and a vector on every site."""
    k = np.arange(9.0)
    charges = {"name": "charge", "unit": "e", "values": k / 4 - 1}
    forces = {"name": "force", "unit": "eV/Å", "values": np.column_stack([k, 4 - k, k % 3]) / 10}
    return crystal("quartz", scalars=charges, glyphs=forces)


def diamond_view():
    """Glide planes, centres, rotoinversions, and a tensor on every site."""
    tensors = np.array([np.diag([1.0, 2.0, 3.0]) + 0.1 * k for k in range(8)])
    return crystal("Si", glyphs={"name": "charge tensor", "unit": "e", "values": tensors})


def surface_view():
    """All elastic properties, with a direction chosen."""
    view = surface(quartz_elastic(), "young", "quartz").view()
    view.direction = (0.36, 0.48, 0.8)
    return view


def lobes_view():
    """A property of both signs."""
    return surface(piezoelectric()).view()


class Weights(cn.ModelAdapter):
    """Made-up attention in two heads, of which one forgets the symmetry; rows and vectors of the atoms."""

    kind = "scalar"

    def predict(self, structures):
        return [s.volume / len(s) for s in structures]

    def trace(self, structure):
        n = len(structure)
        near = np.round(1 / (1 + structure.distance_matrix), 3)
        index = np.arange(n)
        broken = near + ((7 * index[:, None] + 3 * index) % 5) / 20
        rows = np.array([[site.specie.Z, k % 2] for k, site in enumerate(structure)], dtype=float)
        return {"attention": np.stack([near, broken]), "features": rows[:, :1], "marks": rows}


def matrix_view():
    """Two heads over the atoms of rutile."""
    return matrices(Weights(), "rutile").view()


def story_view():
    reading = read("quartz")
    result = nye_result(prediction())
    sentences = [
        *story.crystal_sentences(reading, symmetry(reading.structure)),
        *story.notice_sentences(result.notices),
        *story.form_sentences(result),
        *story.prediction_sentences(result, {"rel_median": 0.06, "n": 100}),
    ]
    return StoryView("Explaining quartz", sentences, [("Crystal", "cn.show('quartz')")])


def card(name="gmtnet-dielectric", **changes):
    """A made-up card, so that no picture changes when a model is trained again."""
    given = {
        "name": name,
        "family": "gmtnet",
        "config": {},
        "properties": ("dielectric",),
        "targets": {},
        "element_counts": {"O": 300, "Si": 40},
        "dataset": {"name": "MP dielectric tensors", "crystals": {"train": 733, "val": 99}},
        "metrics": {"test": {"rel_median": 0.0612, "n": 114}},
        "training": {},
        "sha256": "0123456789ab" + "c" * 52,
    }
    return ModelCard(**{**given, **changes})


def fake_work(request, step):
    """A result without a network."""
    step(1, 2)
    known = {"dielectric": prediction(), "piezoelectric": piezoelectric()}
    return PanelResult(
        request=request,
        predictions=known if request.name == "both" else {"dielectric": prediction()},
        card=card(request.name),
        device="cpu",
        dtype="float32",
        seconds=0.118,
    )


def piezoelectric():
    e = np.zeros((3, 6))
    e[0, 0], e[0, 1], e[1, 5] = 0.171, -0.171, -0.171
    e[0, 3], e[1, 4] = -0.0407, 0.0407
    return Prediction(
        value=e,
        spec=PROPERTIES["piezoelectric"],
        model="both",
        frame="own",
        symmetry=symmetry("quartz"),
        symmetry_residual=2.2e-6,
        structure_id="quartz",
        formula="SiO2",
    )


def panel_view(model="both", work=fake_work):
    models = {name: (name, card(name)) for name in ("gmtnet-dielectric", "both")}
    view = PredictionPanel(read("quartz"), models, model, work)
    view.predict(wait=True)
    return view


def fake_answer(request, step):
    """A curve without a network: slope 2 allowed, slope 1 forbidden, one crossing."""
    step(1, 2)

    def made(sizes, edges=()):
        n = len(request.parent.operations)
        sizes = np.asarray(sizes)
        return Response(
            pattern=request.pattern,
            kind=request.kind,
            unit="",
            operations=request.parent.names,
            amplitudes=sizes,
            values=np.array([np.eye(3) for _ in sizes]),
            start=np.eye(3),
            changed=40 * sizes**2,
            leak=0.5 * np.abs(sizes),
            residuals=np.outer(np.abs(sizes), np.arange(n) / n),
            noise=2e-14,
            edges=edges,
            changed_order=2,
            leak_order=1,
        )

    sign = request.key[2]
    curve = made([sign * v for v in (1e-4, 1e-3, 1e-2, 0.1, 0.3)], (250, 250, 250, 250, 256))
    now = made([request.amplitude]) if request.amplitude else None
    return BreakingAnswer(request=request, model="made up", curve=curve, now=now)


def breaking_view(work=fake_answer):
    view = BreakingView(parent_of("SrTiO3"), work, tensor_kind("piezoelectric"), "SrTiO3", asks=False)
    view.options = {"pattern": "atom 1 z", "amplitude": 0.1}
    view.ask(wait=True)
    return view


def elements_view():
    """Groups in double precision throughout, so that every machine finds the same; some selected."""
    view = periodic_table("magpie-like", method="agglomerative", k=4)
    view.elements = ["Fe", "O"]
    return view


def noise_view():
    """A table that says nothing, and elements that it has not seen."""
    table = random(16, 0)
    rows = table.vectors.copy()
    rows[40:45] = np.nan
    return periodic_table(table.replaced(vectors=rows), method="agglomerative")


VIEWS = {
    "breaking": breaking_view,
    "crystal": crystal_view,
    "diamond": diamond_view,
    "elastic": elastic_view,
    "elements": elements_view,
    "noise": noise_view,
    "forbidden": forbidden_view,
    "turned": turned_view,
    "prediction": prediction_view,
    "story": story_view,
    "structure": structure_view,
    "surface": surface_view,
    "lobes": lobes_view,
    "matrix": matrix_view,
    "panel": panel_view,
}
