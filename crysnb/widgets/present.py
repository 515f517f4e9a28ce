"""What is shown of a structure: the one function that every way of offering a structure calls."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from crysnb.errors import CrysnbError
from crysnb.structure.read import Reading

if TYPE_CHECKING:
    from crysnb.models.interface import Model
    from crysnb.values.prediction import Prediction


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Shown:
    """What is shown for one structure.

    Attributes
    ----------
    views
        Views in the order in which they stand.
    result
        The prediction, or None if there is none.
    error
        Why there is no prediction, or None.
    """

    views: tuple[Any, ...]
    result: Prediction | None = None
    error: CrysnbError | None = None


#: Makes what is shown of a structure that passed every rule.
Present = Callable[[Reading], Shown]


def explanation(reading: Reading, model: Model) -> Shown:
    """All of :func:`crysnb.explain` about one structure.

    Parameters
    ----------
    reading
        A structure that passed every admission rule.
    model
        A loaded model. Where it cannot predict (an element it never saw, say), crystal and symmetry are
        shown without numbers.
    """
    from crysnb.widgets.explain import explain

    view = explain(reading.structure, model)
    error = view.panel.failure
    return Shown(
        views=(view,),
        result=next(iter(view.result.values()), None),
        error=error if isinstance(error, CrysnbError) else None,
    )
