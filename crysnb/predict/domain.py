"""How far a crystal is from what a model was trained on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pymatgen.core import Structure

from crysnb.errors import OutOfDomain
from crysnb.values.prediction import Notice
from crysnb.weights.card import ModelCard
from crysnb.weights.reference import FeatureReference

Array = NDArray[np.float64]

#: An element in fewer training crystals than this is called rare.
RARE_BELOW = 10
#: Farther from the training set than this share of the validation crystals: a notice, and a warning.
FAR, VERY_FAR = 0.75, 0.95


def element_notices(structure: Structure, card: ModelCard) -> tuple[Notice, ...]:
    """Notice for elements that few training crystals contain.

    Raises
    ------
    OutOfDomain
        ``domain.element`` if no training crystal contains one of the elements.
    """
    counts = {str(e): card.element_counts.get(str(e), 0) for e in structure.composition.elements}
    unknown = sorted(e for e, n in counts.items() if n == 0)
    if unknown:
        raise OutOfDomain(
            "domain.element",
            found=f"{card.name} was never trained on {', '.join(unknown)}",
            accepted=f"crystals of its {sum(n > 0 for n in card.element_counts.values())} trained elements",
            action="Choose another model; cn.tensor_form still says what symmetry allows",
        )
    rare = sorted((n, e) for e, n in counts.items() if n < RARE_BELOW)
    if not rare:
        return ()
    listed = ", ".join(f"{e} ({n})" for n, e in rare)
    text = f"Rarely seen in training: {listed}. The number in brackets counts training crystals."
    return (Notice("domain.rare_element", "warning", text),)


def axes_notices(value: Array, card: ModelCard) -> tuple[Notice, ...]:
    """Notice where the labels of a model have axes that are known only up to the normaliser of the class.

    Parameters
    ----------
    value
        The predicted tensor; one that is zero has no axes.
    card
        Its ``dataset`` says in ``open_axes`` how many training labels are of this kind.
    """
    n = card.dataset.get("open_axes")
    if not isinstance(n, int) or n < 1 or not np.any(value):
        return ()
    text = (
        f"{n} of the training labels have axes that are known only up to rotations which keep the crystal's "
        "class. So is this tensor: sizes and zeros mean something, an overall sign does not."
    )
    return (Notice("prediction.open_axes", "info", text),)


def turning_notices(network: object, name: str) -> tuple[Notice, ...]:
    """Notice where a network of tensors does not turn with the crystal; ``name`` is that of the model."""
    if getattr(network, "turns", True):
        return ()
    text = (
        f"{name} is a baseline that gives components in fixed axes: the same crystal turned gets the same "
        "numbers, so that directions mean nothing. Projection onto the point group does not mend that."
    )
    return (Notice("model.fixed_axes", "warning", text),)


def distance_notices(features: Array, reference: FeatureReference | None) -> tuple[Notice, ...]:
    """Notice where a crystal lies far from those that the model was trained on.

    Parameters
    ----------
    features
        The model's features of the crystal, shape [channel].
    reference
        Where the training crystals lie; None if the model does not say.

    Notes
    -----
    Only the validation crystals can say whether the distance means anything: the text quotes what was
    measured on them when the model was made (see ``benchmarks/domain_distance.py``).
    """
    if reference is None:
        return ()
    place = reference.place(features)
    if place.farther_than < FAR:
        return ()
    n, percent = len(reference.val), 100 * place.farther_than
    text = (
        f"Unlike the training crystals: {place.ratio:.2g} times the median distance of the {n} validation "
        f"crystals, farther than {percent:.0f} % of them; the nearest training crystal is {place.nearest}. "
        f"{_experience(reference.measured)}"
    )
    return (Notice("domain.far", "warning" if place.farther_than >= VERY_FAR else "info", text),)


def _experience(measured: Mapping[str, Any]) -> str:
    """What this distance was worth on the validation crystals."""
    interval, near, far = (measured.get(k) for k in ("spearman_ci95", "near_error", "far_error"))
    if interval is None or near is None or far is None:
        return "Whether this goes along with the error was not measured."
    if interval[0] <= 0:
        return "On the validation crystals this did not go along with the error."
    return (
        f"The farthest quarter of them had a median relative error of {100 * far:.2g} %, the nearest quarter "
        f"one of {100 * near:.2g} %."
    )
