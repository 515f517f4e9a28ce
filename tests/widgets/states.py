"""The views that the browser half is tested with, made from a real form and a made-up prediction."""

import numpy as np

from crysnb.structure.read import read
from crysnb.symmetry.detect import symmetry
from crysnb.tensors.form import tensor_form
from crysnb.values.prediction import Notice, Prediction
from crysnb.values.property_spec import PROPERTIES
from crysnb.widgets.structure_view import StructureView
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


VIEWS = {
    "elastic": elastic_view,
    "forbidden": forbidden_view,
    "prediction": prediction_view,
    "structure": structure_view,
}
