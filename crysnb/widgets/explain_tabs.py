"""Tabs of ``cn.explain``: what one has to offer, and the register that they are found in."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from crysnb.registry import Registry
from crysnb.values.prediction import Prediction
from crysnb.widgets import html
from crysnb.widgets.scene import Scene
from crysnb.widgets.session import Session
from crysnb.widgets.story import Sentence

if TYPE_CHECKING:
    from crysnb.structure.read import Reading
    from crysnb.values.symmetry_info import SymmetryInfo

Predictions = Mapping[str, Prediction]


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What a tab is made from.

    Attributes
    ----------
    reading
        The crystal.
    symmetry
        Its symmetry; None where none was found.
    model
        Name or folder of the model.
    predictions
        Name of a property -> what the model says of it; empty where it could say nothing.
    measured
        Figures of the model on test data, from its card.
    session
        Views of the tab are added to it.
    source
        How the crystal is written in a line of code.
    options
        ``symprec`` and ``idealize`` where they are not at their default.
    changed
        To be called when the code of the tab is another one.
    """

    reading: Reading
    symmetry: SymmetryInfo | None
    model: str
    predictions: Predictions
    measured: Mapping[str, Any]
    session: Session
    source: str
    options: Mapping[str, Any]
    changed: Callable[[], None] = lambda: None


class TabPanel(Protocol):
    """The inside of one tab."""

    @property
    def widget(self) -> Any:
        """The ipywidget that is shown."""

    @property
    def code(self) -> str:
        """The line that shows the same alone."""

    def sentences(self) -> Sequence[Sentence]:
        """What the tab adds to the story."""

    def scene(self) -> Scene:
        """The still picture of what is shown now."""

    def sections(self) -> Sequence[html.Section]:
        """All of it on an offline page."""

    def to_text(self) -> str:
        """All of it as plain text."""

    def follow(self, context: Context) -> None:
        """Show new predictions, and the symmetry that they were made with."""

    def close(self) -> None:
        """Release the views."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tab:
    """A tab that ``cn.explain`` can have.

    Attributes
    ----------
    name
        Under which it is registered.
    title
        On the tab.
    build
        Makes the inside; None where the tab has nothing to say about this crystal.
    """

    name: str
    title: str
    build: Callable[[Context], TabPanel | None]


def arguments(options: Mapping[str, Any]) -> str:
    """Options as further arguments in a line of code."""
    return "".join(f", {name}={value!r}" for name, value in options.items())


TABS: Registry[Tab] = Registry("tab")


def register_tab(tab: Tab) -> None:
    """Add a tab to every later ``cn.explain``; they stand in the order of their registration."""
    TABS.add(tab.name, tab)
