"""Which mistake explains a tensor that its crystal may not have, and the tensor without it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crysnb.tensors.form import TensorForm
from crysnb.tensors.mistakes import (
    FIRST,
    PAIR,
    SECOND,
    STANDARD,
    THIRD,
    Rewriting,
    Turn,
    rewritings,
    suggested,
    turns,
)
from crysnb.tensors.nearest_group import nearest_group
from crysnb.tensors.turning import orthonormal, turned_many
from crysnb.tensors.verdicts import CONSISTENT_BELOW, NOISE_BELOW

Array = NDArray[np.float64]

#: Mistakes explain a tensor equally well if their δ differ by less than this factor, or are rounding.
EQUALLY, ROUNDING = 4.0, 1e-6
#: A repair has to make δ smaller by this factor, so that noise is not mended.
GAIN = 5.0
#: The same where the repaired tensor is still at the level of numerical noise: a tensor of rank 2 has so few
#: components that a wrong turn may come near by chance.
NOISY_GAIN, NOISY_GAIN_OF_RANK_2 = 8.0, 20.0
MAX_ALTERNATIVES = 5


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Repair:
    """A mistake that explains a tensor, and the tensor without it.

    Attributes
    ----------
    delta
        ‖T' − P T'‖ / ‖T'‖ of the repaired tensor T'.
    rotation
        Orthogonal matrix [3, 3] that turned the tensor into the structure's frame, after the order
        of its indices was put right; the identity if only that was wrong. Improper for a left-handed frame.
    order
        Voigt order in which the tensor was given, such as ``"xx yy zz xy yz xz"``; the standard one unless
        the order was the mistake.
    text
        The mistake in one sentence.
    tensor
        Repaired tensor in the structure's frame, full Cartesian, in the unit of the given one.
    ambiguous
        Whether an equally simple mistake leads to another tensor; then symmetry cannot tell which.
    alternatives
        Other mistakes that explain the tensor as well and lead to other tensors, the simplest first; at
        most five.
    n_alternatives
        How many there are.
    """

    delta: float
    rotation: Array
    order: str
    text: str
    tensor: Array
    ambiguous: bool = False
    alternatives: tuple[Repair, ...] = ()
    n_alternatives: int = 0

    @property
    def doubt(self) -> str:
        """What symmetry cannot tell, in one sentence; empty where no other mistake explains the tensor."""
        if not self.alternatives:
            return ""
        n = self.n_alternatives
        others = "Another mistake leads" if n == 1 else f"{n} other mistakes lead"
        other = self.alternatives[0].text.removeprefix("The tensor was given ").rstrip(".")
        weight = "is as simple" if self.ambiguous else "is less simple"
        return f"{others} to other numbers that the crystal may have, such as “{other}”, which {weight}."

    def __repr__(self) -> str:
        return f"Repair({self.text!r}, delta {self.delta:.2g}{', ambiguous' if self.ambiguous else ''})"

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "delta": self.delta,
            "rotation": self.rotation.tolist(),
            "order": self.order,
            "text": self.text,
            "tensor": self.tensor.tolist(),
            "ambiguous": self.ambiguous,
            "doubt": self.doubt,
            "alternatives": [a.to_dict() for a in self.alternatives],
            "n_alternatives": self.n_alternatives,
        }


@dataclass(frozen=True, slots=True, eq=False)
class _Found:
    rank: int
    delta: float
    turn: Turn | None
    rewriting: Rewriting | None
    tensor: Array

    @property
    def simple(self) -> int:
        """The rank, with that of the turn by how easily it is made and not by how soon it is tried."""
        return self.rank if self.turn is None else self.rank - self.turn.rank + self.turn.simple


def find_repair(form: TensorForm, full: Array, lattice: Array | None = None) -> Repair | None:
    """The simplest mistake that explains a tensor which the crystal may not have.

    Parameters
    ----------
    form
        What the crystal allows, in the frame in which the tensor should be.
    full
        Cartesian tensor.
    lattice
        Rows are the lattice vectors in Å of the crystal as given, shape [3, 3], in its own frame; without
        them the frames of its own cell are not tried.

    Returns
    -------
    Repair or None
        None if the tensor is consistent as it is, if the crystal allows nothing of the kind, or if
        no mistake leads to a tensor that is consistent and at least 5 times nearer than the given one. Where
        none does, the commonest mistakes may leave numerical noise (δ < 1e-2), if δ falls by a factor of 8
        (20 for tensors of rank 2).

    Notes
    -----
    Tried one at a time: the 48 ways to call the Cartesian axes; frames that the lattice vectors of
    the given, conventional and primitive cell span, the frames nye and ieee, with all equivalent axes of the
    lattice and all orders of axes; each of these with the rotation applied twice or transposed; Voigt orders;
    factors 2 and √2 at the shear indices. Then an order or a factor together with axes. Of the mistakes
    that explain the tensor equally well (δ within a factor of 4 of the best) the simplest is
    returned. Symmetry alone cannot tell tensors apart that differ by a rotation which maps the point group
    onto itself, such as the sign of c14 in quartz: these are the alternatives. An order or a factor is not
    blamed where the tensor has more symmetry by itself than the crystal asks for: it belongs to another one.
    """
    delta = form.residual(full)
    if form.n_independent == 0 or delta < CONSISTENT_BELOW:
        return None
    ways = turns(form, lattice)
    written = (*suggested(form.kind, form.kind.matrix(full)), *rewritings(form.kind))
    found = _explained(form, full, ways, written, min(CONSISTENT_BELOW, delta / GAIN))
    if not found:
        found = _paired(form, full, ways, written, min(CONSISTENT_BELOW, delta / GAIN))
    if not found:  # a noisy tensor with a mistake: the first guesses alone
        first = [way for way in ways if way.rank <= SECOND]
        orders = tuple(way for way in written if way.rank == FIRST)
        gain = NOISY_GAIN if form.kind.rank > 2 else NOISY_GAIN_OF_RANK_2
        found = _explained(form, full, first, orders, min(NOISE_BELOW, delta / gain))
    if any(one.rewriting is not None for one in found) and _is_special(form, full):
        found = [one for one in found if one.rewriting is None]
    return _simplest(found) if found else None


def _explained(
    form: TensorForm, full: Array, ways: list[Turn], written: tuple[Rewriting, ...], enough: float
) -> list[_Found]:
    """Single mistakes that explain a tensor."""
    found = _turned(form, full, ways, None, enough)
    for way in written:
        found += _kept(form, _Found(way.rank, 0.0, None, way, _rewritten(form, full, way)), enough)
    return found


def _paired(
    form: TensorForm, full: Array, ways: list[Turn], written: tuple[Rewriting, ...], enough: float
) -> list[_Found]:
    """An order or a factor together with axes."""
    found = []
    simple = [way for way in ways if way.rank <= THIRD]
    for way in written:
        if way.rank <= SECOND:
            found += _turned(form, _rewritten(form, full, way), simple, way, enough)
    return found


def _rewritten(form: TensorForm, full: Array, way: Rewriting) -> Array:
    return form.kind.cartesian(way.undo(form.kind.matrix(full)))


def _is_special(form: TensorForm, full: Array) -> bool:
    """Whether a tensor has more symmetry by itself than the crystal asks for.

    Another order of the indices or a factor destroys symmetry: such a tensor is that of another crystal.
    """
    own = nearest_group(full, form.kind)
    return own is not None and own.n_independent < form.n_independent


def _turned(
    form: TensorForm, full: Array, ways: list[Turn], rewriting: Rewriting | None, enough: float
) -> list[_Found]:
    """Candidates of one tensor in many orientations that the crystal may have."""
    kind = form.kind
    if not ways:
        return []
    tensors = turned_many(kind, full, np.array([way.rotation for way in ways]))
    inside = orthonormal(kind, tensors) @ form.projector
    left = 1.0 - (inside**2).sum(axis=1) / (full**2).sum()
    found = []
    for k in np.flatnonzero(left < enough**2 + ROUNDING**2):
        rank = ways[k].rank if rewriting is None else PAIR + ways[k].rank + rewriting.rank
        found += _kept(form, _Found(rank, 0.0, ways[k], rewriting, tensors[k]), enough)
    return found


def _kept(form: TensorForm, one: _Found, enough: float) -> list[_Found]:
    delta = form.residual(one.tensor)
    return [replace(one, delta=delta)] if delta < enough else []


def _simplest(found: list[_Found]) -> Repair:
    best = min(one.delta for one in found)
    found = sorted((one for one in found if one.delta <= max(EQUALLY * best, ROUNDING)), key=lambda f: f.rank)
    first, *rest = found
    others: list[_Found] = []
    for one in sorted(rest, key=lambda f: f.simple):
        if all(_differ(one, known) for known in (first, *others)):
            others.append(one)
    return replace(
        _repair(first),
        ambiguous=any(one.simple <= first.simple for one in others),
        alternatives=tuple(_repair(one) for one in others[:MAX_ALTERNATIVES]),
        n_alternatives=len(others),
    )


def _differ(one: _Found, other: _Found) -> bool:
    # Tensors that are the same but for what an operation of the group would change in them.
    allowed = 2 * (one.delta + other.delta) + ROUNDING
    return bool(np.linalg.norm(one.tensor - other.tensor) > allowed * np.linalg.norm(one.tensor))


def _repair(found: _Found) -> Repair:
    parts = [part.text for part in (found.rewriting, found.turn) if part is not None]
    return Repair(
        delta=found.delta,
        rotation=np.eye(3) if found.turn is None else found.turn.rotation.copy(),
        order=STANDARD if found.rewriting is None else found.rewriting.order,
        text=f"The tensor was given {', and '.join(parts)}.",
        tensor=found.tensor.copy(),
    )
