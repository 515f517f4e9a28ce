"""What the breaking view asks a model, away from the view: a distortion in, curve and answer out."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crysnb.breaking.patterns import Pattern
from crysnb.breaking.response import Response, TensorFunction, amplitudes_of, response
from crysnb.errors import UnknownName
from crysnb.symmetry.parent import Parent
from crysnb.values.tensor_kind import TensorKind

if TYPE_CHECKING:
    from pymatgen.core.structure import Structure

    from crysnb.breaking.model_tensor import ModelTensor
    from crysnb.models.interface import Model

#: Called with the parts done and the parts in all; it raises where the work should end.
Step = Callable[[int, int], None]
_MAX_CURVES = 24


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BreakingRequest:
    """What a model is asked.

    Attributes
    ----------
    parent
        The crystal before it is distorted.
    pattern, amplitude
        The distortion.
    kind
        Tensor that is wanted.
    """

    parent: Parent
    pattern: Pattern
    amplitude: float
    kind: TensorKind

    @property
    def key(self) -> tuple[str, str, int]:
        """What the curve depends on."""
        return self.pattern.name, self.kind.name, -1 if self.amplitude < 0 else 1


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BreakingAnswer:
    """What a model said.

    Attributes
    ----------
    request
        What was asked.
    model
        Name of the model.
    curve
        The response over the amplitudes of one sign.
    now
        The response at the amplitude of the request; None at amplitude 0.
    """

    request: BreakingRequest
    model: str
    curve: Response
    now: Response | None


@dataclass(frozen=True, slots=True, eq=False)
class GivenTensor:
    """A function of crystals that somebody passed, with the kind of its tensors."""

    function: TensorFunction
    kind: TensorKind

    @property
    def name(self) -> str:
        """Name of the function."""
        return str(getattr(self.function, "__name__", type(self.function).__name__))[:60]

    @property
    def unit(self) -> str:
        """Not known."""
        return ""

    def __call__(self, structures: Sequence[Structure]) -> Sequence[Any]:
        """What the function says."""
        return self.function(structures)


Work = Callable[[BreakingRequest, Step], BreakingAnswer]


class Asker:
    """Asks one model; curves that were worked out are kept. It knows nothing of a view."""

    def __init__(self, model: str | Path | Model | TensorFunction) -> None:
        self._model = model
        self._function: ModelTensor | GivenTensor | None = None
        self._curves: dict[tuple[str, str, int], Response] = {}
        self._parent: Parent | None = None
        self._turn = threading.Lock()

    def __call__(self, request: BreakingRequest, step: Step) -> BreakingAnswer:
        """The answer to a request; polls ``step`` between the crystals.

        Raises
        ------
        CrysnbError
            Of the model, and of a crystal that it cannot predict; and whatever ``step`` raises.
        """
        with self._turn:
            from crysnb.breaking.model_tensor import ModelTensor

            step(0, 0)
            function = self._loaded(request.kind)
            if request.parent is not self._parent:
                if isinstance(function, ModelTensor):
                    function.check(request.parent.structure)
                self._curves, self._parent = {}, request.parent
            edges = function.edges if isinstance(function, ModelTensor) else None
            given: dict[str, Any] = {"unit": function.unit, "report": step}
            if request.key not in self._curves:
                sizes = amplitudes_of(request.pattern, request.key[2])
                curve = response(request.parent, request.pattern, function, request.kind,
                                 amplitudes=sizes, edges=edges, **given)  # fmt: skip
                if len(self._curves) >= _MAX_CURVES:
                    self._curves.pop(next(iter(self._curves)))
                self._curves[request.key] = curve
            now = None
            if request.amplitude:
                now = response(request.parent, request.pattern, function, request.kind,
                               amplitudes=[request.amplitude], **given)  # fmt: skip
            return BreakingAnswer(
                request=request, model=function.name, curve=self._curves[request.key], now=now
            )

    def _loaded(self, kind: TensorKind) -> ModelTensor | GivenTensor:
        from crysnb.breaking.model_tensor import ModelTensor
        from crysnb.models.interface import Model

        if self._function is None:
            if callable(self._model) and not isinstance(self._model, Model):
                self._function = GivenTensor(self._model, kind)
            else:
                self._function = ModelTensor(self._model)
        if self._function.kind.name != kind.name:
            raise UnknownName(
                "name.unknown_tensor_property",
                found=f"the {kind.name} tensor, which {self._function.name} does not predict",
                accepted=self._function.kind.name,
                action="What symmetry allows is shown all the same",
            )
        return self._function
