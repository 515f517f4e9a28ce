"""``cn.matrices``: what a model computed inside; the numbers need no browser, and show themselves in one.

Importing this module, and every number, works without the ``notebook`` extra.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crysnb.errors import MissingExtra
from crysnb.matrices.report import Matrices, analyse
from crysnb.models.adapter import ModelAdapter
from crysnb.models.interface import Model, load_model
from crysnb.predict.tracing import trace
from crysnb.predict.tracing import untrained as untrained_copies
from crysnb.structure.read import Reading, read
from crysnb.symmetry.detect import Symprec

if TYPE_CHECKING:
    from crysnb.widgets.crystal_view import CrystalView
    from crysnb.widgets.matrix_view import MatrixView


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class ShownMatrices(Matrices):
    """A :class:`~crysnb.matrices.report.Matrices` that shows itself in Jupyter. Made by :func:`matrices`.

    Attributes
    ----------
    reading
        The crystal, with its name.
    """

    reading: Reading

    def view(self, layer: str | None = None) -> MatrixView:
        """A new view of the matrices alone, to be linked with :func:`crysnb.link` or saved as a picture.

        Parameters
        ----------
        layer
            Name of the layer to begin with; None for the first that is a matrix over atoms.

        Raises
        ------
        MissingExtra
            If the notebook extra is not installed.
        UnknownName
            If there is no such layer.
        """
        from crysnb.widgets.matrix_view import MatrixView

        return MatrixView(self, self.reading.structure_id, layer)

    def crystal(self) -> CrystalView:
        """A new view of the crystal, to be linked with one of the matrices."""
        from crysnb.widgets.crystal_view import CrystalView

        return CrystalView(self.reading, self.group.action.symmetry)

    def _ipython_display_(self, **_: Any) -> None:
        try:
            from crysnb.widgets.matrix_view import display_with_crystal
        except MissingExtra:
            raise NotImplementedError from None  # IPython then shows the plain text
        display_with_crystal(self.view(), self.crystal())


def matrices(
    model: str | Path | Model | ModelAdapter,
    s: Any,
    *,
    symprec: Symprec = "auto",
    untrained: int = 0,
) -> ShownMatrices:
    """The intermediate matrices of a model under the crystal's own operations.

    Parameters
    ----------
    model
        Shipped name, folder, loaded model, or an adapter with a method ``trace``. A model of ours runs in
        float64, so that symmetry is told from rounding.
    s
        Anything that :func:`crysnb.as_structure` accepts.
    symprec
        As in :func:`crysnb.symmetry`.
    untrained
        Copies with random weights to compare with, for a model of ours.

    Returns
    -------
    ShownMatrices
        ``layers()``, ``residuals(name)``, ``orbits(name)``, ``interaction(name)``, ``summary()``,
        ``to_frame()``, and a view.

    Raises
    ------
    CrysnbError
        Of the structure, the model, the trace, and the symmetry.
    """
    reading = read(s)
    loaded: Any = model if isinstance(model, (ModelAdapter, type)) else load_model(model, "cpu")
    found = trace(reading.structure, loaded, dtype="float64")
    copies = untrained_copies(reading.structure, loaded, n=untrained) if untrained else ()
    result = analyse(found, symprec=symprec, untrained=copies)
    return ShownMatrices(
        trace=result.trace,
        group=result.group,
        notices=(*reading.notices, *result.notices),
        untrained=result.untrained,
        reading=reading,
    )
