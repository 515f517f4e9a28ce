"""A tab of ``cn.explain`` that makes its view when asked: nobody waits for what is not looked at."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from crysnb.errors import CrysnbError
from crysnb.widgets import html
from crysnb.widgets.base import ExplainerWidget
from crysnb.widgets.closing import close_whole
from crysnb.widgets.explain_tabs import Context
from crysnb.widgets.scene import INK, Scene, Text
from crysnb.widgets.story import Sentence


class AskedTab:
    """A button, and in its place the view once it was pressed. Subclasses say what is made.

    Attributes
    ----------
    title, ask
        What the view shows, as a heading; and what stands on the button.
    view
        The view, or None before it was asked for.
    """

    title = ""
    ask = ""

    def __init__(self, context: Context) -> None:
        import ipywidgets

        self._context = context
        self.view: ExplainerWidget | None = None
        self._button = ipywidgets.Button(description=self.ask, layout={"width": "auto"})
        self._button.on_click(lambda _: self.show())
        self._line = ipywidgets.Label(value=self.about())
        self.widget: Any = ipywidgets.VBox((self._line, self._button))

    def make(self) -> ExplainerWidget:
        """The view for what is shown now."""
        raise NotImplementedError

    def about(self) -> str:
        """The line above the button."""
        raise NotImplementedError

    def fits(self, context: Context) -> bool:
        """Whether the view for the present context is that for another one, too."""
        raise NotImplementedError

    @property
    def code(self) -> str:
        """The line that shows the same alone."""
        raise NotImplementedError

    def show(self) -> None:
        """Make the view; where it cannot be made, the line says why."""
        self._button.disabled, self._line.value = True, "Working …"
        try:
            view = self.make()
        except CrysnbError as error:
            self._line.value = error.text
        else:
            self._drop()
            self.view = view
            self._context.session.add(view)
            self.widget.children = (view,)
        finally:
            self._button.disabled = False

    def _drop(self) -> None:
        if self.view is not None:
            self.view.close()
            self.view = None

    def sentences(self) -> Sequence[Sentence]:
        """Nothing: what is asked for by hand is no finding about the crystal."""
        return ()

    def scene(self) -> Scene:
        """The picture of the view, once there is one."""
        if self.view is not None:
            return self.view.scene()
        text = Text(x=14, y=26, text=f"{self.title}: not asked for", size=12, color=INK)
        return Scene(width=640, height=40, shapes=(text,), title=self.title, description=text.text)

    def sections(self) -> Sequence[html.Section]:
        """The view, once there is one."""
        return [] if self.view is None else [self.view.section(self.title)]

    def to_text(self) -> str:
        """The view, once there is one."""
        return "" if self.view is None else self.view.to_text()

    def follow(self, context: Context) -> None:
        """Wait to be asked again where the view does not fit the new context."""
        same, self._context = self.fits(context), context
        if same:
            return
        self._drop()
        self._line.value = self.about()
        self.widget.children = (self._line, self._button)

    def close(self) -> None:
        """Release the view and the controls."""
        self._drop()
        self._button.on_click(None, remove=True)
        for widget in (self._button, self._line, self.widget):
            close_whole(widget)
