"""``cn.explain``: a crystal, what a model says of it, and why; one selection shared by all of it."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from crysnb.errors import CrysnbError, SymmetryUndetermined
from crysnb.models.interface import Model
from crysnb.predict.run import DEFAULT_MODEL
from crysnb.structure.read import Reading, read
from crysnb.symmetry.detect import symmetry
from crysnb.values.symmetry_info import SymmetryInfo
from crysnb.widgets import (  # noqa: F401 - they register their tabs
    breaking_tab,
    elements_tab,
    html,
    matrix_tab,
    tensor_tab,
)
from crysnb.widgets.base import display_twice
from crysnb.widgets.closing import close_whole
from crysnb.widgets.crystal_view import CrystalView
from crysnb.widgets.explain_tabs import TABS, Context, Predictions, TabPanel, arguments
from crysnb.widgets.prediction_panel import PredictionPanel, panel
from crysnb.widgets.scene import Scene, stacked
from crysnb.widgets.session import Session
from crysnb.widgets.story import Sentence, crystal_sentences, near_sentences, notice_sentences
from crysnb.widgets.story_view import LABELS, StoryView

_log = logging.getLogger(__name__)

#: What the panel begins with, and :func:`crysnb.predict` does without being told.
_USUAL = {"symprec": "auto", "idealize": True}
_SHIFTED = ("screw", "glide", "twofold screw", "threefold screw", "fourfold screw", "sixfold screw")
_SHIFT_NOTE = (
    "Reasons are named by the rotation part of an operation, which is all that a tensor feels: in this "
    "crystal some rotations are screw axes, or some mirrors glide planes."
)
_COLUMNS = "repeat(auto-fit, minmax(min(100%, 27em), 1fr))"


class Explain:
    """Crystal and predictions on top, tabs below, a story above. Made by :func:`explain`.

    Attributes
    ----------
    session
        What is selected, in every view alike; observe it or set it.
    crystal, panel
        The two views on top.
    tabs
        Name -> inside of each tab.
    story
        The strip of sentences.
    """

    def __init__(
        self, reading: Reading, info: SymmetryInfo | None, model: PredictionPanel, source: str
    ) -> None:
        self._reading, self._symmetry, self._source = reading, info, source
        self._structure = model.structure
        self.session = Session()
        self.panel = model
        self.crystal = CrystalView(reading, info)
        self.session.add(self.crystal)
        self.session.add(self.panel)
        self.tabs: dict[str, TabPanel] = {}
        self._faults: dict[str, str] = {}
        self._is_open = False
        self._near: tuple[SymmetryInfo | None, list[Sentence]] | None = None
        self._build_tabs()
        lines = self.code()  # first, so that the story tells of a tab that fails here
        self.story = StoryView(self._title, self.sentences(), lines)
        self.session.add(self.story)
        self.panel.on_result(self._follow)
        self._box: Any = None
        self._below: Any = None  # the tabs, inside the box
        self._is_open = True

    def _build_tabs(self) -> None:
        """Make the tabs that have something to say and are not there yet."""
        for name in TABS.list():
            if name not in self.tabs:
                with self._guarding(name):
                    inside = TABS.get(name).build(self._context())
                    if inside is not None:
                        self.tabs[name] = inside

    @property
    def result(self) -> Predictions:
        """Name of a property -> prediction; empty where the model could say nothing."""
        return self.panel.result

    @property
    def symmetry(self) -> SymmetryInfo | None:
        """Symmetry of the crystal; None where none was found."""
        return self._symmetry

    def sentences(self) -> list[Sentence]:
        """The story: the crystal, warnings, then what each tab adds."""
        notices = [*self._reading.notices, *(n for p in self.result.values() for n in p.notices)]
        out = [*crystal_sentences(self._reading, self._symmetry), *notice_sentences(notices)]
        if not any(n.code == "symmetry.near" for n in notices):  # a prediction says it with its components
            out += self._nearly()
        if not self.result and self.panel.failure is not None and self.panel.message:
            out.append(Sentence("error", self.panel.message))
        for name, tab in self.tabs.items():
            with self._guarding(name):
                out += tab.sentences()
        out += [Sentence("error", text) for text in self._faults.values()]
        if any(op["text"].startswith(_SHIFTED) for op in self.crystal.describe()["operations"]):
            out.append(Sentence("fact", _SHIFT_NOTE))
        return list(dict.fromkeys(out))

    def _nearly(self) -> list[Sentence]:
        """The symmetry that the crystal only just misses; looked for once."""
        if self._near is None or self._near[0] is not self._symmetry:
            told = near_sentences(self._reading.structure, self._symmetry)
            self._near = self._symmetry, told
        return self._near[1]

    @property
    def _title(self) -> str:
        return f"Explaining {self._reading.structure_id}"

    @contextlib.contextmanager
    def _guarding(self, name: str) -> Iterator[None]:
        """Keep a fault of one tab inside that tab; the story tells it."""
        try:
            yield
        except Exception as error:  # noqa: BLE001 - a registered tab may raise anything
            _log.exception("the tab %s raised", name)
            self._faults[name] = f"The tab {name} failed ({type(error).__name__}); the log has more."

    def code(self) -> list[tuple[str, str]]:
        """Title of each panel, and the line that shows it alone."""
        lines = [
            ("Crystal", f"cn.show({self._source})"),
            (
                "Prediction",
                f"cn.predict({self._source}, model={self.panel.model!r}{arguments(self._options())})",
            ),
        ]
        for name, tab in self.tabs.items():
            with self._guarding(name):
                lines.append((TABS.get(name).title, tab.code))
        return lines

    @property
    def widget(self) -> Any:
        """All of it as one ipywidget, for use in layouts."""
        if not self._is_open:
            raise CrysnbError(
                "view.closed", found=f"{self._title} was closed", action="Call cn.explain again"
            )
        if self._box is None:
            import ipywidgets

            top = ipywidgets.GridBox((self.crystal, self.panel))
            top.layout.grid_template_columns = _COLUMNS
            top.layout.grid_gap = "0 1.5em"
            self._below = ipywidgets.Tab()
            self._box = ipywidgets.VBox((self.story, top))
            self._fill()
        return self._box

    def _fill(self) -> None:
        """Put the tabs that there are below."""
        if self._box is None or not self.tabs or len(self._below.children) == len(self.tabs):
            return
        self._below.children = [tab.widget for tab in self.tabs.values()]
        self._below.titles = [TABS.get(name).title for name in self.tabs]
        self._box.children = (*self._box.children[:2], self._below)

    def describe(self) -> dict[str, Any]:
        """The facts shown, as plain data."""
        return {
            "story": [{"certainty": s.certainty, "text": s.text} for s in self.sentences()],
            "crystal": self.crystal.describe(),
            "prediction": self.panel.describe(),
            "tabs": list(self.tabs),
            "selected": self.session.selected(),
        }

    def scene(self) -> Scene:
        """The still picture: story, crystal, predictions, and the first tab."""
        parts = [self.story.scene(), self.crystal.scene(), self.panel.scene()]
        for name, tab in list(self.tabs.items())[:1]:
            with self._guarding(name):
                parts.append(tab.scene())
        return stacked(parts)

    def to_text(self) -> str:
        """All of it as plain text."""
        parts = [self.story.to_text(), self.panel.to_text()]
        for name, tab in self.tabs.items():
            with self._guarding(name):
                parts.append(tab.to_text())
        return "\n\n".join(parts)

    def to_svg(self) -> str:
        """The picture as SVG, made without a browser."""
        from crysnb.widgets.svg import to_svg

        return to_svg(self.scene())

    def to_png(self, scale: float = 2) -> bytes:
        """The picture as PNG, made without a browser."""
        from crysnb.widgets.png import to_png

        return to_png(self.scene(), scale, self.story.fallback_id)

    def to_html(self) -> str:
        """All of it as one offline page: linked where scripts run, pictures and sentences where not."""
        # Title and sentences stand on the page as text; a picture of them would say them twice.
        story = replace(self.story.section(), svg="")
        story.state["data"]["title"] = "What was found"
        sections = [
            story,
            self.crystal.section("Crystal"),
            self.panel.section("Prediction"),
        ]
        for name, tab in self.tabs.items():
            with self._guarding(name):
                sections += tab.sections()
        for section in sections:
            section.state["session"] = self.session.id
        told = [(LABELS[s.certainty], s.text) for s in self.sentences()]
        title = self._title
        return html.page(
            title=title,
            sections=sections,
            module=self.story.module,
            lead=html.heading(title) + html.without_scripts(html.sentences(told)),
        )

    def close(self) -> None:
        """Release all views; it may be called twice."""
        self._is_open = False
        self.session.clear()
        if self._box is not None:
            for child in self._box.children[1:]:
                close_whole(child)
            close_whole(self._box)
            close_whole(self._below)
            self._box = None
        for name, tab in self.tabs.items():
            with self._guarding(name):
                tab.close()
        for view in (self.story, self.crystal, self.panel):
            view.close()

    def _context(self) -> Context:
        return Context(
            reading=self._reading,
            symmetry=self._symmetry,
            model=self.panel.model,
            predictions=self.result,
            measured=self.panel.measured,
            session=self.session,
            source=self._source,
            options=self._options(),
            changed=self._code_changed,
        )

    def _code_changed(self) -> None:
        """Another tensor or frame was chosen in a tab."""
        if self._is_open:
            self.story.update(self._title, self.story.sentences, self.code())

    def _options(self) -> dict[str, Any]:
        chosen = self.panel.options
        return {name: chosen[name] for name, usual in _USUAL.items() if chosen[name] != usual}

    def _follow(self, predictions: Predictions) -> None:
        if self.panel.structure is not self._structure:
            # Another crystal was given to the panel: all of it is about that one now.
            self._structure, self._reading, self._source = (
                self.panel.structure,
                read(self.panel.structure),
                "structure",
            )
            self._near = None
            self._symmetry = _symmetry_of(self._reading)
            self.crystal.update(self._symmetry, self._reading)
        # Another tolerance may give another group, or none: then the crystal has other operations.
        for p in predictions.values():
            if p.spec.tensor is not None and p.symmetry is not self._symmetry:
                self.crystal.update(p.symmetry)
                self._symmetry = p.symmetry
                break
        self._faults = {name: text for name, text in self._faults.items() if name not in self.tabs}
        for name, tab in self.tabs.items():
            with self._guarding(name):
                tab.follow(self._context())
        self._build_tabs()
        self._fill()
        lines = self.code()
        self.story.update(self._title, self.sentences(), lines)

    def _ipython_display_(self, **_: Any) -> None:
        bundle = self.widget._repr_mimebundle_()
        live = bundle[0] if isinstance(bundle, tuple) else bundle
        live = {**(live or {}), "text/plain": repr(self)}
        display_twice(live, self.scene(), self.to_png(), self.to_text(), self.story.alt_text())

    def __repr__(self) -> str:
        told = len(self.sentences())
        return f"Explain({self._reading.structure_id}: {told} sentences, tabs {list(self.tabs)})"


def explain(x: Any, model: str | Path | Model = DEFAULT_MODEL) -> Explain:
    """Everything about one crystal in one view: structure, predictions, and what symmetry forces.

    Parameters
    ----------
    x
        Anything that :func:`crysnb.as_structure` accepts.
    model
        Shipped name, folder, or a loaded model.

    Returns
    -------
    Explain
        Shows itself in Jupyter. ``.describe()`` has all facts, ``.session`` the shared selection,
        ``.to_html()`` an offline page. Where the model cannot predict, crystal and symmetry are shown
        all the same, and the story says why.

    Raises
    ------
    StructureError
        If the structure is refused.
    UnknownName
        For an unknown model.
    """
    reading = read(x)
    return Explain(reading, _symmetry_of(reading), panel(reading.structure, model), _source_of(x))


def _symmetry_of(reading: Reading) -> SymmetryInfo | None:
    try:
        return symmetry(reading.structure)
    except SymmetryUndetermined:
        return None


def _source_of(x: Any) -> str:
    """How the crystal is written in a line of code: its name or path as typed, else a variable."""
    if isinstance(x, (str, Path)):
        text = str(x)
        if len(text) <= 80 and text.isprintable():
            return repr(text)
    return "structure"
