"""One selection shared by several views: atoms, pairs, elements, operations and tensor cells."""

from __future__ import annotations

import uuid
import weakref
from collections.abc import Collection, Mapping
from typing import Any

from crysnb.errors import MissingExtra, ShapeError, UnknownName, quote
from crysnb.widgets.messages import Check, is_index_list, is_name_list, is_pair_list

try:
    import traitlets
except ImportError as _error:
    raise MissingExtra.notebook(_error) from _error

#: Kinds of things that can be selected, each a trait of the same name on every view, and the check of
#: what a browser writes there.
SELECTABLE: Mapping[str, Check] = {
    "atoms": is_index_list,
    "pairs": is_pair_list,
    "elements": is_name_list,
    "operations": is_name_list,
    "cells": is_name_list,
}


_SINGULAR = {
    "atoms": "atom", "pairs": "pair", "elements": "element", "operations": "operation", "cells": "component",
}  # fmt: skip


class Selection(traitlets.HasTraits):
    """The five lists of selected things.

    Attributes
    ----------
    atoms
        Indices of sites of the given cell, from 0.
    pairs
        Pairs ``(i, j)`` of such indices.
    elements
        Symbols of elements.
    operations
        Names of symmetry operations, as ``Operation.name`` has them.
    cells
        Names of tensor components, for example ``["c14"]``.
    """

    atoms = traitlets.List(traitlets.Int()).tag(sync=True)
    pairs = traitlets.List(traitlets.Tuple(traitlets.Int(), traitlets.Int())).tag(sync=True)
    elements = traitlets.List(traitlets.Unicode()).tag(sync=True)
    operations = traitlets.List(traitlets.Unicode()).tag(sync=True)
    cells = traitlets.List(traitlets.Unicode()).tag(sync=True)

    def selected(self) -> dict[str, list[Any]]:
        """All that is selected, by kind."""
        return {kind: list(getattr(self, kind)) for kind in SELECTABLE}

    def clear(self) -> None:
        """Select nothing."""
        for kind in SELECTABLE:
            setattr(self, kind, [])


class Member(Selection):
    """What can take part in a session: a selection that knows what there is to select.

    Attributes
    ----------
    session
        Members with the same session share hover and selection in the browser.
    """

    session = traitlets.Unicode("").tag(sync=True)
    #: The session that it takes part in, or None.
    linked: Session | None = None

    def selectable(self, kind: str) -> Collection[Any] | None:
        """What of a kind may be selected; None if the view does not show that kind and takes anything."""
        del kind
        return None

    def take(self, kind: str, values: list[Any]) -> None:
        """Take over a selection from the session; what this view does not have is left out."""
        known = self.selectable(kind)
        setattr(self, kind, [v for v in values if known is None or v in known])

    @traitlets.validate(*SELECTABLE)
    def _check_selection(self, proposal: Any) -> list[Any]:
        kind, values = proposal["trait"].name, list(proposal["value"])
        known = self.selectable(kind)
        for value in values:
            if known is not None and value not in known:
                raise UnknownName.of(_SINGULAR[kind], str(value), [str(k) for k in known])
        return list(dict.fromkeys(values))


class Session(Selection):
    """What linked views have in common. Made by :func:`crysnb.link`.

    Setting one of its lists sets it in every view that can show it, and a selection made in a view
    arrives here. In the browser the views speak to each other directly, without the kernel.

    Attributes
    ----------
    id
        Name under which the views find each other in the page.
    """

    def __init__(self, *views: Member) -> None:
        super().__init__()
        self.id = uuid.uuid4().hex
        self._views: weakref.WeakSet[Member] = weakref.WeakSet()
        self._is_passing = False
        for view in views:
            self.add(view)

    @property
    def views(self) -> tuple[Member, ...]:
        """The views that are alive."""
        return tuple(self._views)

    def add(self, view: Member) -> None:
        """Let a view take part; it leaves the session that it was in."""
        if not isinstance(view, Member):
            raise ShapeError(
                "session.not_a_view", found=quote(type(view).__name__), accepted="views such as cn.nye(...)"
            )
        before = view.linked
        if before is self:
            return
        if before is not None:
            before.remove(view)
        view.linked = self
        view.session = self.id
        # The view holds the session, never the other way round: a closed view is freed.
        self._views.add(view)
        for kind in SELECTABLE:
            view.take(kind, getattr(self, kind) or getattr(view, kind))
        view.observe(self._heard, names=list(SELECTABLE))
        for kind in SELECTABLE:
            if not getattr(self, kind):
                setattr(self, kind, getattr(view, kind))

    def remove(self, view: Member) -> None:
        """Let a view go on alone."""
        if view not in self._views:
            return
        view.unobserve(self._heard, names=list(SELECTABLE))
        self._views.discard(view)
        view.linked = None
        view.session = uuid.uuid4().hex

    def _heard(self, change: Any) -> None:
        # What a view takes over it may shorten; that is not a wish of its user.
        if not self._is_passing:
            setattr(self, change["name"], list(change["new"]))

    @traitlets.observe(*SELECTABLE)
    def _pass_on(self, change: Any) -> None:
        self._is_passing = True
        try:
            for view in self.views:
                view.take(change["name"], list(change["new"]))
        finally:
            self._is_passing = False

    def __repr__(self) -> str:
        chosen = {kind: values for kind, values in self.selected().items() if values}
        return f"Session({len(self.views)} views, selected {chosen or 'nothing'})"


def link(*views: Member) -> Session:
    """Link views: hover and selection in one are seen in all others.

    Parameters
    ----------
    views
        Views of one crystal, such as ``cn.nye(...)`` or ``cn.show(...)``.

    Returns
    -------
    Session
        Holds the common selection as traits ``atoms``, ``pairs``, ``elements``, ``operations`` and
        ``cells``; observe them, or set them from Python.

    Raises
    ------
    ShapeError
        ``session.not_a_view`` for anything that is not a view.
    """
    return Session(*views)
