"""The story strip of ``cn.explain``: plain sentences, how sure each is, and the code behind each panel."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import Any

import traitlets

from crysnb.errors import CrysnbError
from crysnb.widgets import html
from crysnb.widgets.base import ExplainerWidget
from crysnb.widgets.scene import INK, TIE, VIOLATION, Scene, Shape, Text
from crysnb.widgets.story import Sentence

#: What stands before a sentence.
LABELS = {
    "fact": "crystal",
    "guaranteed": "guaranteed",
    "learned": "learned",
    "measured": "measured",
    "warning": "warning",
    "error": "error",
}
_COLORS = {"guaranteed": TIE, "warning": VIOLATION, "error": VIOLATION}
_WIDTH, _MARGIN, _INDENT = 640, 12, 92


class StoryView(ExplainerWidget):
    """Sentences, and lines of code that show each panel alone."""

    kind = traitlets.Unicode("story").tag(sync=True)

    def __init__(self, title: str, sentences: Sequence[Sentence], code: Sequence[tuple[str, str]]) -> None:
        self._title, self._sentences, self._code = title, tuple(sentences), tuple(code)
        super().__init__(data=self._state())

    @property
    def sentences(self) -> tuple[Sentence, ...]:
        """What is told."""
        return self._sentences

    @property
    def code(self) -> tuple[tuple[str, str], ...]:
        """Title of each panel and the line that shows it alone."""
        return self._code

    def update(self, title: str, sentences: Sequence[Sentence], code: Sequence[tuple[str, str]]) -> None:
        """Tell another story; one that is too large to send leaves the old one."""
        before = self._title, self._sentences, self._code
        self._title, self._sentences, self._code = title, tuple(sentences), tuple(code)
        try:
            self.data = self._state()
        except CrysnbError:
            self._title, self._sentences, self._code = before
            raise

    def _state(self) -> dict[str, Any]:
        return {
            "title": self._title,
            "sentences": [{"certainty": s.certainty, "text": s.text} for s in self._sentences],
            "code": [{"title": title, "code": code} for title, code in self._code],
        }

    def describe(self) -> dict[str, Any]:
        """The facts shown, as plain data."""
        return self._state()

    def to_text(self) -> str:
        """Title and sentences as plain text."""
        return "\n".join([self._title, *(f"{LABELS[s.certainty]}: {s.text}" for s in self._sentences)])

    def _scene(self) -> Scene:
        title = textwrap.shorten(self._title, 60, placeholder="…")
        shapes: list[Shape] = [Text(x=_MARGIN, y=28, text=title, size=17, color=INK, bold=True)]
        y = 36.0
        for s in self._sentences:
            label, color = LABELS[s.certainty], _COLORS.get(s.certainty, INK)
            shapes.append(Text(x=_MARGIN, y=y + 18, text=label, size=12, color=color, bold=True))
            for line in textwrap.wrap(s.text, 76):
                y += 18
                shapes.append(Text(x=_MARGIN + _INDENT, y=y, text=line, size=12, color=INK))
            y += 4
        first = self._sentences[0].text if self._sentences else ""
        return Scene(
            width=_WIDTH, height=int(y + _MARGIN), shapes=tuple(shapes), title=self._title, description=first
        )

    def section(self, heading: str = "") -> html.Section:
        """The story on an offline page, the code as its table."""
        return html.Section(
            heading=heading,
            svg=self.to_svg(),
            alt=self.to_text(),
            caption="The code behind each panel",
            headers=("panel", "code"),
            rows=self._code,
            state=self.offline_state(self._state()),
        )

    def table(self) -> tuple[Sequence[str], Sequence[Sequence[object]]]:
        """The sentences, and how sure each is."""
        return ("certainty", "sentence"), [(LABELS[s.certainty], s.text) for s in self._sentences]

    def __repr__(self) -> str:
        return f"StoryView({self._title}: {len(self._sentences)} sentences)"
