"""``cn.fusion_diagrams``: fusion diagrams that draw themselves in a notebook.

Importing this module, and every number, works without the ``notebook`` extra.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import wraps
from typing import TYPE_CHECKING, Any, ParamSpec

from crysnb.errors import MissingExtra
from crysnb.tensors.fusion import FusionDiagrams
from crysnb.tensors.fusion import fusion_diagrams as headless
from crysnb.tensors.recoupling import Recoupling
from crysnb.widgets.fusion_scene import fusion_scene
from crysnb.widgets.png import to_png
from crysnb.widgets.svg import to_svg

if TYPE_CHECKING:
    from crysnb.widgets.fusion_view import FusionView

P = ParamSpec("P")


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class ShownFusion(FusionDiagrams):
    """:class:`~crysnb.tensors.fusion.FusionDiagrams` that draw themselves in Jupyter."""

    def view(self) -> FusionView:
        """A new view with controls for the factors, the target and the shapes.

        Raises
        ------
        MissingExtra
            If the notebook extra is not installed.
        """
        from crysnb.widgets.fusion_view import FusionView

        return FusionView(self)

    def to_svg(self, recoupling: Recoupling | None = None) -> str:
        """The diagrams as SVG, with the matrix to another shape where one is given."""
        return to_svg(fusion_scene(self, recoupling))

    def to_png(self, scale: float = 2, recoupling: Recoupling | None = None) -> bytes:
        """The same as PNG.

        Raises
        ------
        MissingExtra
            If Pillow is not installed.
        """
        return to_png(fusion_scene(self, recoupling), scale)

    def _repr_mimebundle_(self, **_: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        return picture_bundle(self)


def picture_bundle(
    diagrams: FusionDiagrams, recoupling: Recoupling | None = None
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Data and metadata of a still picture with its text; the text alone without Pillow."""
    scene = fusion_scene(diagrams, recoupling)
    try:
        picture = to_png(scene)
    except MissingExtra:
        return {"text/plain": repr(diagrams)}, {}
    size = {"width": scene.width, "height": scene.height, "alt": f"{scene.title}. {scene.description}"}
    return {"image/png": picture, "text/plain": repr(diagrams)}, {"image/png": size}


def _shown(numbers: Callable[P, FusionDiagrams]) -> Callable[P, ShownFusion]:
    """The same function, whose result draws itself."""

    @wraps(numbers)
    def fusion_diagrams(*args: P.args, **kwargs: P.kwargs) -> ShownFusion:
        found = numbers(*args, **kwargs)
        return ShownFusion(**{f.name: getattr(found, f.name) for f in fields(found)})

    return fusion_diagrams


fusion_diagrams = _shown(headless)
