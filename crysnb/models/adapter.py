"""The way in for a model of your own: one class of about twenty lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from crysnb.errors import ShapeError, quote
from crysnb.structure.objects import is_from

if TYPE_CHECKING:
    from pymatgen.core.structure import Structure

    from crysnb.values.tensor_kind import TensorKind


class ModelAdapter:
    """Base class that puts a model of any origin behind one method; subclass it.

    Attributes
    ----------
    kind
        What ``predict`` gives: ``"scalar"``, the name of a tensor kind, a Jahn symbol, or a
        :class:`TensorKind`. None: told from the shape.
    name
        For reports; empty for the name of the class.

    Examples
    --------
    >>> class Volume(ModelAdapter):
    ...     kind = "scalar"
    ...
    ...     def predict(self, structures):
    ...         return [s.volume / len(s) for s in structures]
    >>> check_adapter(Volume())
    Volume(scalar)
    """

    kind: str | TensorKind | None = None
    name: str = ""

    def predict(self, structures: list[Structure]) -> Sequence[Any]:
        """One number or array per structure, in order; in an intensive unit, in the structure's own frame.

        Parameters
        ----------
        structures
            Checked pymatgen structures; they must stay as they are.
        """
        raise NotImplementedError

    def trace(self, structure: Structure) -> Mapping[str, Any]:
        """Named intermediate arrays for one structure; optional. :func:`crysnb.trace` says in what form."""
        raise NotImplementedError

    def __repr__(self) -> str:
        return (
            f"{self.name or type(self).__name__}({getattr(self.kind, 'name', self.kind) or 'told by shape'})"
        )


def require_adapter(adapter: object) -> None:
    """Refuse what is no usable adapter, with what to do about it."""
    if isinstance(adapter, type) and issubclass(adapter, ModelAdapter):
        raise ShapeError(
            "adapter.type",
            found=f"the class {adapter.__name__}",
            accepted="an instance of it",
            action=f"Write {adapter.__name__}(…)",
        )
    if not isinstance(adapter, ModelAdapter):
        module = is_from(adapter, "torch", "Module")
        raise ShapeError(
            "adapter.type",
            found=f"an object of type {type(adapter).__name__}",
            accepted="an instance of a subclass of crysnb.ModelAdapter",
            action="Write a subclass whose predict(structures) makes the module's inputs and calls it"
            if module
            else "",
        )
    if type(adapter).predict is ModelAdapter.predict:
        raise ShapeError(
            "adapter.predict",
            found=f"{type(adapter).__name__} without a method predict",
            accepted="predict(self, structures) that returns one number or array per structure",
        )


def refuse_training(adapter: ModelAdapter) -> None:
    """Refuse an adapter that holds a torch module in training mode."""
    for name, value in vars(adapter).items():
        if is_from(value, "torch", "Module") and value.training:
            raise ShapeError(
                "adapter.train_mode",
                found=f"the module {quote(name)} of {adapter!r} is in training mode",
                accepted="evaluation mode; batch norms and dropout let batch mates and chance decide",
                action=f"Call self.{name}.eval() in __init__",
            )
