"""``cn.wyckoff``: a crystal as its Wyckoff sequence, which shows itself in a notebook.

Importing this module, and every number, works without the ``notebook`` extra.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from crysnb.errors import MissingExtra
from crysnb.structure.read import read
from crysnb.symmetry.detect import Symprec
from crysnb.symmetry.wyckoff import wyckoff as headless
from crysnb.symmetry.wyckoff_sequence import WyckoffSequence

if TYPE_CHECKING:
    from crysnb.widgets.wyckoff_view import WyckoffView


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class ShownWyckoff(WyckoffSequence):
    """A :class:`~crysnb.symmetry.wyckoff_sequence.WyckoffSequence` that shows itself in Jupyter.

    Attributes
    ----------
    title
        Name of the crystal.
    """

    title: str

    def view(self) -> WyckoffView:
        """A new view with controls for what is free.

        Raises
        ------
        MissingExtra
            If the notebook extra is not installed.
        """
        from crysnb.widgets.wyckoff_view import WyckoffView

        return WyckoffView(self, self.title)

    def _ipython_display_(self, **_: Any) -> None:
        try:
            view = self.view()
        except MissingExtra:
            raise NotImplementedError from None  # IPython then shows the plain text
        view._ipython_display_()


def wyckoff(x: Any, symprec: Symprec = "auto") -> ShownWyckoff:
    """The Wyckoff sequence of a crystal: what its space group does not say already.

    Parameters
    ----------
    x
        Anything that :func:`crysnb.as_structure` accepts.
    symprec
        As in :func:`crysnb.symmetry`.

    Returns
    -------
    ShownWyckoff
        In the standardised conventional cell, in the setting that spglib reports (``hall_number``).
        ``.tokens``, ``.degrees_of_freedom``, ``.with_changes(…)``, ``.structure()``; shows itself in Jupyter.

    Raises
    ------
    SymmetryUndetermined
        If no group is found, or the sites do not fall into whole orbits of it.
    StructureError
        If the structure is not one that can be worked with.

    Notes
    -----
    Also the alphabet of the generator CrystalFormer (Cao, Luo, Lv and Wang 2024, arXiv 2403.15734), which is
    no relative of CrystalTransformer. There is no model here.
    """
    reading = read(x)
    found = headless(reading.structure, symprec)
    values = {f.name: getattr(found, f.name) for f in fields(found)}
    return ShownWyckoff(title=reading.structure_id, **values)
