"""``cn.panel``: what a model predicts for a crystal, how sure it is, and what symmetry guarantees."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import traitlets

from crysnb.values.prediction import Prediction
from crysnb.weights.card import measured
from crysnb.widgets import html
from crysnb.widgets.asking_view import AskingView
from crysnb.widgets.messages import Check, encodable, is_tolerance
from crysnb.widgets.prediction_cards import headline_text
from crysnb.widgets.prediction_scene import prediction_scene
from crysnb.widgets.prediction_state import model_entry, panel_rows, panel_state, panel_text
from crysnb.widgets.prediction_work import PanelRequest, PanelResult, Work, model_choices, predict_all
from crysnb.widgets.scene import Scene

if TYPE_CHECKING:
    from crysnb.models.interface import Model
    from crysnb.structure.read import Reading
    from crysnb.weights.card import ModelCard

Predictions = Mapping[str, Prediction]

#: Tolerances in Å that the slider covers.
MIN_SYMPREC, MAX_SYMPREC = 1e-5, 1e-1
_is_symprec = partial(is_tolerance, low=MIN_SYMPREC, high=MAX_SYMPREC)


class PredictionPanel(AskingView[PanelRequest, PanelResult]):
    """Controls, and a value card for every property that the model predicts. Made by :func:`panel`.

    Choosing another model or tolerance predicts anew, in a thread of its own; of many wishes the newest
    wins. What is shown stays, dimmed, until the new values are there.

    Attributes
    ----------
    options
        ``model`` (a name in the list), ``symprec`` (``"auto"`` or 1e-5 to 1e-1 Å) and ``idealize``. Setting
        some of them does what a hand in the browser does.
    n_results
        Counts the results; observe it, or use :meth:`on_result`.
    """

    kind = traitlets.Unicode("prediction").tag(sync=True)
    n_results = traitlets.Int(0)

    def __init__(
        self,
        reading: Reading,
        models: Mapping[str, tuple[str | Path | Model, ModelCard]],
        model: str,
        work: Work = predict_all,
    ) -> None:
        self._reading = reading
        self._models = dict(models)
        self._result: PanelResult | None = None
        self._callbacks: list[Callable[[Predictions], object]] = []
        options = {"model": model, "symprec": "auto", "idealize": True}
        super().__init__(work, options=options, data=self._state())

    # -- results ---------------------------------------------------------------------------------

    @property
    def result(self) -> Predictions:
        """Name of a property -> prediction; empty as long as the model could say nothing."""
        return {} if self._result is None else dict(self._result.predictions)

    @property
    def structure(self) -> Any:
        """The crystal; set it to anything that :func:`crysnb.as_structure` accepts to predict that one."""
        return self._reading.structure

    @structure.setter
    def structure(self, x: Any) -> None:
        from crysnb.structure.read import read

        self._reading = read(x)
        self._submit()

    @property
    def model(self) -> str:
        """What the chosen model is loaded by: its shipped name, or its folder."""
        source, _ = self._models[self.options["model"]]
        return str(source) if isinstance(source, (str, Path)) else source.name

    @property
    def measured(self) -> Mapping[str, Any]:
        """Figures of the model on its test set, from its card; empty without a result."""
        if self._result is None:
            return {}
        card = self._result.card
        return dict(measured(card, "test", card.properties[0]))

    def on_result(self, callback: Callable[[Predictions], object]) -> Callable[[], None]:
        """Call ``callback`` with the predictions by property whenever there are new ones.

        It may be called in another thread than that of the notebook. What it raises is shown in the
        panel. Returns a function that ends the calls.
        """
        self._callbacks.append(callback)

        def forget() -> None:
            if callback in self._callbacks:
                self._callbacks.remove(callback)

        return forget

    # -- asking ----------------------------------------------------------------------------------

    def predict(self, *, wait: bool = False) -> None:
        """Predict with the options as they are, as the button does.

        Parameters
        ----------
        wait
            Compute here and now instead of in the background.
        """
        self.ask(wait=wait)

    def option_checks(self) -> Mapping[str, Check]:
        """What the browser may ask for."""
        return {
            "model": lambda v: isinstance(v, str) and v in self._models,
            "symprec": _is_symprec,
            "idealize": lambda v: isinstance(v, bool),
        }

    def accepts(self, option: str) -> str:
        """What an option may be, in words."""
        return {
            "model": ", ".join(self._models),
            "symprec": f'"auto", or a distance from {MIN_SYMPREC:g} to {MAX_SYMPREC:g} Å',
            "idealize": "True or False",
        }[option]

    def _refresh(self) -> None:
        self._submit()

    def _request(self) -> PanelRequest:
        name = self.options["model"]
        return PanelRequest(
            reading=self._reading,
            model=self._models[name][0],
            name=name,
            symprec=self.options["symprec"],
            idealize=self.options["idealize"],
        )

    def _submit(self, *, at_once: bool = False) -> None:
        with self._turn, self.hold_sync():
            if not at_once and self._is_current():
                # Back where the values shown come from: nothing to compute.
                self._drop()
                self._settle("")
                return
            super()._submit(at_once=at_once)

    def _show(self, result: PanelResult) -> None:
        with self._turn, self.hold_sync():
            self._result, self.failure = result, None
            self.data = self._state()
            self._settle("")

    def _tell(self) -> None:
        self.n_results += 1
        for callback in tuple(self._callbacks):
            try:
                callback(self.result)
            except Exception as error:  # noqa: BLE001 - of a user, so it may be anything
                self._fail(error)

    def _fail(self, error: Exception) -> None:
        with self._turn, self.hold_sync():
            super()._fail(error)
            if self._result is not None and not self._is_current():
                self.message = f"{self.message} The values shown are for {self._result.request.text}."

    def _is_current(self) -> bool:
        shown = None if self._result is None else self._result.request
        return shown is not None and shown.reading is self._reading and shown.options == dict(self.options)

    def _settle(self, message: str) -> None:
        """The state when nothing runs: idle, or stale if the values belong to other options."""
        super()._settle(message)
        if self._is_current() or self._result is None:
            return
        shown = f"The values shown are for {self._result.request.text}."
        self.message = f"{message} {shown} Press Predict for new ones.".strip()
        self.status = "stale"

    def clear_error(self) -> None:
        """Empty the error area."""
        self._callback_failed = False
        with self._turn, self.hold_sync():
            if self._worker.is_busy:
                self.message = self.details = ""
                self.status = "running"
            else:
                self._settle("")

    # -- pictures and display --------------------------------------------------------------------

    def _state(self, *, has_controls: bool = True) -> dict[str, Any]:
        models = [model_entry(card, name) for name, (_, card) in self._models.items()]
        return panel_state(self._reading, self._result, models, has_controls=has_controls)

    def describe(self) -> dict[str, Any]:
        """The facts shown, as plain data."""
        state = self._state()
        return {
            "id": state["title"],
            "options": dict(self.options),
            "status": self.status,
            "message": self.message,
            "n_results": self.n_results,
            "predictions": encodable({name: p.to_dict() for name, p in self.result.items()}),
            "cards": state["cards"],
            "facts": {f["label"]: f["value"] for f in state["facts"]},
            "summary": state["summary"],
        }

    def _scene(self) -> Scene:
        return prediction_scene(self._state(), self.message)

    def to_text(self) -> str:
        """Title, values, stamps, notices as plain text."""
        text = panel_text(self._state())
        return f"{text}\n{self.message}" if self.message else text

    def alt_text(self) -> str:
        """One line that stands for the picture where it cannot be seen."""
        return str(self._state()["summary"])

    def section(self, heading: str = "") -> html.Section:
        """The view on an offline page."""
        state = self._state(has_controls=False)
        return html.Section(
            heading=heading,
            svg=self.to_svg(),
            alt=self.alt_text(),
            caption="All values",
            headers=("property", "what", "value"),
            rows=panel_rows(state),
            state=self.offline_state(state),
        )

    def close(self) -> None:
        """Stop the work, forget the callbacks, and release the view."""
        self._callbacks.clear()
        super().close()

    def __repr__(self) -> str:
        title = self._reading.structure_id
        cards = "; ".join(headline_text(c) for c in self._state()["cards"]) or "no prediction"
        return f"PredictionPanel({title}: {cards}, {self.options['model']}, {self.status})"


def panel(x: Any, model: str | Path | Model | None = None) -> PredictionPanel:
    """Predictions for one crystal with their uncertainty, symmetry and domain; model and tolerance to choose.

    Parameters
    ----------
    x
        Anything that :func:`crysnb.as_structure` accepts.
    model
        Shipped name, folder with weights and card, or a loaded model; the default model of
        :func:`crysnb.predict` if omitted. The list in the panel has all shipped models beside it.

    Returns
    -------
    PredictionPanel
        Shows itself in Jupyter. ``.result`` has the predictions by property, ``.options`` the choices.
        A model that cannot predict this crystal is an error in the panel, where another can be chosen.

    Raises
    ------
    StructureError
        If the structure is refused.
    UnknownName, WeightsMissing, WeightsCorrupt
        If there is no such model.
    """
    from crysnb.predict.run import DEFAULT_MODEL
    from crysnb.structure.read import read

    reading = read(x)
    models, chosen = model_choices(DEFAULT_MODEL if model is None else model)
    view = PredictionPanel(reading, models, chosen)
    view.predict(wait=True)
    return view
