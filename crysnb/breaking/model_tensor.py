"""The raw tensor of a trained model in double precision: nothing idealised, nothing projected."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from crysnb.errors import UnknownName
from crysnb.models.interface import Model, load_model
from crysnb.models.precision import double
from crysnb.predict.domain import element_notices
from crysnb.predict.reach import neighbor_notices
from crysnb.units import display_unit
from crysnb.values.crystal_batch import collate
from crysnb.values.property_spec import property_spec
from crysnb.values.tensor_kind import TensorKind

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from pymatgen.core.structure import Structure


class ModelTensor:
    """A tensor property of a model as a function of crystals, for :func:`crysnb.breaking.response.response`.

    The network runs in float64 on the CPU with the weights as they are, so that slopes are clean down to
    small amplitudes. The result is that of ``cn.predict(…, idealize=False)`` to the rounding of float32.

    Parameters
    ----------
    model
        Shipped name, folder, or loaded model.
    property
        Name of a tensor property; None for the first one that the model has.

    Raises
    ------
    UnknownName
        If the model predicts no such tensor.
    WeightsMissing, WeightsCorrupt
        Of the model.
    """

    def __init__(self, model: str | Path | Model, property: str | None = None) -> None:  # noqa: A002
        loaded = load_model(model, "cpu")
        tensors = [name for name in loaded.properties if property_spec(name).tensor is not None]
        if (property is None and not tensors) or (property is not None and property not in tensors):
            raise UnknownName.of("tensor property", property or "(any)", tensors)
        self._spec = property_spec(property or tensors[0])
        self._model = double(loaded)

    @property
    def name(self) -> str:
        """Name of the model."""
        return self._model.name

    @property
    def kind(self) -> TensorKind:
        """Kind of the tensor."""
        return cast("TensorKind", self._spec.tensor)

    @property
    def unit(self) -> str:
        """Unit of the tensor, for people; empty where it has none."""
        return display_unit(self._spec.unit)

    def edges(self, structure: Structure) -> int:
        """Edges of the graph of a crystal: pairs of atoms within the reach of the model."""
        return self._model.graph(structure).n_edges

    def check(self, structure: Structure) -> None:
        """Raise :class:`~crysnb.errors.OutOfDomain` for a crystal that the model knows nothing of."""
        element_notices(structure, self._model.card)
        neighbor_notices(self._model.graph(structure), self._model.cutoff)

    def __call__(self, structures: Sequence[Structure]) -> list[NDArray[np.float64]]:
        """The raw tensors, Cartesian, shape (3,)*rank each."""
        graphs = [self._model.graph(s) for s in structures]
        if not graphs:
            return []
        output: Any = self._model.forward(collate(graphs))[self._spec.name]
        return [np.asarray(t.numpy(), dtype=np.float64) for t in output]

    def __repr__(self) -> str:
        return f"ModelTensor({self.name!r}, {self._spec.name}, float64)"
