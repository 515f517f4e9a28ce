"""Is an adapter of a model fit for use? It is tried on two crystals."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from crysnb.errors import ShapeError, quote
from crysnb.models.adapter import ModelAdapter, refuse_training, require_adapter

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from pymatgen.core.structure import Structure


#: Crystals that :func:`check_adapter` asks for: two elements, four and nine atoms.
TRIAL = ("GaN", "quartz")
#: Results in a list and alone may differ by this share of the largest entry; the audit looks closer.
SAME_ALONE = 1e-3


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
    refuse_training(adapter)
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
