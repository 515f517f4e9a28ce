"""The way in for a model of your own: one class of about twenty lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from crysnb.errors import ShapeError, quote
from crysnb.structure.objects import is_from

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from pymatgen.core.structure import Structure

    from crysnb.values.tensor_kind import TensorKind

#: Crystals that :func:`check_adapter` asks for: two elements, four and nine atoms.
TRIAL = ("GaN", "quartz")
#: Results in a list and alone may differ by this share of the largest entry; the audit looks closer.
SAME_ALONE = 1e-3


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
        """Named intermediate arrays for one structure; optional."""
        raise NotImplementedError

    def __repr__(self) -> str:
        return (
            f"{self.name or type(self).__name__}({getattr(self.kind, 'name', self.kind) or 'told by shape'})"
        )


def check_adapter(adapter: ModelAdapter) -> ModelAdapter:
    """The adapter itself, once it has been tried on two crystals and does what it should.

    Whether its model keeps the laws of symmetry is another question: :func:`crysnb.audit`.

    Parameters
    ----------
    adapter
        An instance of a subclass of :class:`ModelAdapter`.

    Raises
    ------
    ShapeError
        ``adapter.type`` for anything but an instance, ``adapter.predict`` without a predict method,
        ``adapter.train_mode`` if a torch module in it is in training mode, ``adapter.trace``; and
        ``audit.raised``, ``audit.length``, ``audit.not_numeric``, ``audit.non_finite``,
        ``audit.too_large``, ``audit.shape``, ``audit.mutates_input``, ``adapter.list`` (a result depends on
        its place in the list or on the others) for what ``predict`` does with the crystals.
    UnknownName
        For an unknown ``kind``.
    """
    from crysnb.audit.evaluator import Case, Evaluator
    from crysnb.audit.subject import law_of, subject_of
    from crysnb.structure.read import as_structure

    require_adapter(adapter)
    _refuse_training(adapter)
    subject = subject_of(adapter, None)
    evaluator = Evaluator(subject)
    cases = [Case(as_structure(name), name) for name in TRIAL]
    alone = [evaluator.one(case) for case in cases]
    lists = evaluator.together(cases), evaluator.together(cases[::-1])[::-1]
    if evaluator.faults:
        fault = evaluator.faults[0]
        raise ShapeError(
            fault.code,
            found=f"{adapter!r} on {fault.crystal}: {fault.text}",
            accepted="one finite number or array per structure, all of one shape, and untouched structures",
        )
    for k, case in enumerate(cases):
        _check_place(adapter, case.crystal, np.array(alone[k]), [np.array(some[k]) for some in lists])
    law_of(subject.kind, next(y.shape for y in alone if y is not None))
    if type(adapter).trace is not ModelAdapter.trace:
        _check_trace(adapter, cases[0].structure)
    return adapter


def _check_place(
    adapter: ModelAdapter, crystal: str, alone: NDArray[np.float64], listed: list[NDArray[np.float64]]
) -> None:
    """A result that depends on the others in the list, or on the place in it."""
    size = float(np.abs(alone).max(initial=0.0))
    off = max(float(np.abs(y - alone).max(initial=0.0)) for y in listed)
    if off > SAME_ALONE * size:
        share = f"by {100 * off / size:.2g} %" if size else f"by {off:.3g}"
        raise ShapeError(
            "adapter.list",
            found=f"{adapter!r} on {crystal}: the result in a list of two differs {share} from that alone",
            accepted="results that depend neither on the place in the list, nor on the others, nor on chance",
            action="Look for results in another order, for sums over all crystals, and for dropout",
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


def _refuse_training(adapter: ModelAdapter) -> None:
    for name, value in vars(adapter).items():
        if is_from(value, "torch", "Module") and value.training:
            raise ShapeError(
                "adapter.train_mode",
                found=f"the module {quote(name)} of {adapter!r} is in training mode",
                accepted="evaluation mode; batch norms and dropout let batch mates and chance decide",
                action=f"Call self.{name}.eval() in __init__",
            )


def _check_trace(adapter: ModelAdapter, structure: Structure) -> None:
    try:
        trace: Any = adapter.trace(structure.copy())
    except Exception as error:
        raise ShapeError(
            "adapter.trace", found=f"trace raised {type(error).__name__}: {quote(str(error))}"
        ) from error
    if not isinstance(trace, Mapping) or not all(isinstance(name, str) for name in trace):
        raise ShapeError(
            "adapter.trace",
            found=f"trace gave {quote(type(trace).__name__)}",
            accepted="a mapping of dotted names to arrays",
        )
