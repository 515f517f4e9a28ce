"""What the prediction panel computes, without the panel: a request in, predictions and how they came out."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from crysnb.values.prediction import Prediction
from crysnb.widgets.messages import encodable

if TYPE_CHECKING:
    from crysnb.models.interface import Model
    from crysnb.structure.read import Reading
    from crysnb.weights.card import ModelCard

_MAX_NAME = 60

#: Called with the parts done and the parts in all; it raises where the work should end.
Step = Callable[[int, int], None]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PanelRequest:
    """What is to be predicted.

    Attributes
    ----------
    reading
        The crystal.
    model
        Shipped name, folder or loaded model.
    name
        What the model is called in the panel.
    symprec
        Distance tolerance in Å, or ``"auto"``.
    idealize
        Whether to idealise the crystal and project the tensor.
    """

    reading: Reading
    model: str | Path | Model
    name: str
    symprec: float | Literal["auto"]
    idealize: bool

    @property
    def options(self) -> dict[str, Any]:
        """The options of the panel that ask for this."""
        return {"model": self.name, "symprec": self.symprec, "idealize": self.idealize}

    @property
    def text(self) -> str:
        """The same for people."""
        tolerance = self.symprec if isinstance(self.symprec, str) else f"{self.symprec:g} Å"
        treated = "idealised" if self.idealize else "as given"
        return f"{self.reading.structure_id}, {self.name}, symprec {tolerance}, {treated}"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PanelResult:
    """What was predicted, and how.

    Attributes
    ----------
    request
        What was asked.
    predictions
        Name of a property -> prediction.
    card
        Card of the model.
    device
        Where the model is, for example ``"cpu"``.
    dtype
        Numbers of the network, for example ``"float32"``.
    seconds
        Wall time, with loading the model where that was needed.
    """

    request: PanelRequest
    predictions: Mapping[str, Prediction]
    card: ModelCard
    device: str
    dtype: str
    seconds: float


Work = Callable[[PanelRequest, Step], PanelResult]


def predict_all(request: PanelRequest, step: Step) -> PanelResult:
    """Every property that the model predicts, for the crystal of the request.

    Raises
    ------
    CrysnbError
        Those of :func:`crysnb.predict`; and whatever ``step`` raises.
    """
    from crysnb.models.interface import load_model
    from crysnb.predict.run import predict

    start = time.perf_counter()
    step(0, 0)
    model = load_model(request.model)
    step(0, 0)
    predictions = predict(
        request.reading.structure,
        request.model,
        "all",
        idealize=request.idealize,
        symprec=request.symprec,
        progress=step,
    )
    return PanelResult(
        request=request,
        predictions=predictions,
        card=model.card,
        device=str(model.device),
        dtype=_dtype(model),
        seconds=time.perf_counter() - start,
    )


def model_choices(model: str | Path | Model) -> tuple[dict[str, tuple[str | Path | Model, ModelCard]], str]:
    """The given and all shipped models, and the given one's name.

    Name -> what the model is loaded by, and its card.
    """
    from crysnb.models.interface import load_model
    from crysnb.weights import store

    known = {name: (name, store.shipped_card(name)) for name in store.shipped()}
    out: dict[str, tuple[str | Path | Model, ModelCard]] = dict(known)
    if isinstance(model, str) and model in known:
        return out, model
    card = load_model(model).card
    given = encodable(card.name[:_MAX_NAME])
    name = f"{given} (given)" if given in known else given
    return {name: (model, card), **out}, name


def _dtype(model: Model) -> str:
    parameters = getattr(model.network, "parameters", None)
    first = next(iter(parameters()), None) if callable(parameters) else None
    return "" if first is None else str(first.dtype).removeprefix("torch.")
