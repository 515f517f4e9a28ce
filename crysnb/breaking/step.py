"""What is left of the symmetry of a distorted crystal, in the names of the crystal that it was."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

from crysnb.breaking.library import pattern_of
from crysnb.breaking.patterns import Pattern, distort
from crysnb.symmetry.detect import cell_of
from crysnb.symmetry.parent import Parent, is_kept, parent_of
from crysnb.symmetry.project import invariants
from crysnb.symmetry.search import search
from crysnb.tensors.form import tensor_form
from crysnb.values.tensor_kind import TensorKind, tensor_kind

if TYPE_CHECKING:
    from pymatgen.core.structure import Structure

Array = NDArray[np.float64]

#: Share of the largest amplitude at which the group that a pattern leaves is looked up: no special value.
_PROBE = 0.2137
#: The search runs at this share of the smallest distance of a lost operation, within these limits in Å.
_SHARE, _LEAST, _MOST = 0.1, 1e-6, 1e-3
#: An operation within this many tolerances may count as seen.
_NEAR = 3.0
_OPENED = 1e-9


@dataclass(frozen=True, kw_only=True, slots=True)
class Away:
    """What a distortion leaves at any amplitude but 0: that is a matter of its direction, not of its size.

    Attributes
    ----------
    group
        Symbol and number of the space group that is left.
    lost
        Names of the operations of the parent that are not left.
    opened
        Components that need not vanish any more.
    """

    group: str
    lost: tuple[str, ...]
    opened: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class _Left:
    """What a pattern leaves, looked up once: group, when that is noticed, and kept operations [operation]."""

    group: str
    noticed: float
    kept: NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Step:
    """A distorted crystal and what is left of its symmetry.

    Attributes
    ----------
    pattern, amplitude
        The distortion.
    kind
        Tensor whose components are looked at.
    structure
        The distorted crystal.
    parent_group, group, seen_group
        Symbol and number of the space group before; of the operations that are left, whatever the amplitude
        (searched at a tolerance far below the distortion); and as a search at the crystal's own tolerance
        sees the crystal at this amplitude.
    own_symprec
        That tolerance, Å.
    seen_from
        Amplitude from which the first lost operation is further away than that; 0 if none is lost.
    kept, lost
        Names of the operations of the parent that are left, and that are not.
    distances
        Name of an operation -> how far the crystal is from having it, Å.
    n_translations_lost
        Pure translations of the cell that are lost: above 0 the primitive cell has grown.
    is_higher
        Whether a search sees more operations than the parent's: by chance the distorted crystal has others.
    opened
        Components that had to vanish and need not any more.
    untied
        Components that followed from others and do not any more.
    away
        What holds at every amplitude but 0.
    """

    pattern: Pattern
    amplitude: float
    kind: TensorKind
    structure: Structure
    parent_group: str
    group: str
    seen_group: str
    own_symprec: float
    seen_from: float
    kept: tuple[str, ...]
    lost: tuple[str, ...]
    distances: dict[str, float]
    n_translations_lost: int
    is_higher: bool
    opened: tuple[str, ...]
    untied: tuple[str, ...]
    away: Away

    @property
    def is_seen(self) -> bool:
        """Whether a search at the crystal's own tolerance notices the distortion."""
        return self.seen_group != self.parent_group

    @property
    def distance(self) -> float:
        """Largest distance from an operation of the parent, Å."""
        return max(self.distances.values(), default=0.0)

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "pattern": self.pattern.name,
            "amplitude": self.amplitude,
            "unit": self.pattern.unit,
            "kind": self.kind.name,
            "parent_group": self.parent_group,
            "group": self.group,
            "seen_group": self.seen_group,
            "own_symprec": self.own_symprec,
            "seen_from": self.seen_from,
            "is_seen": self.is_seen,
            "kept": list(self.kept),
            "lost": list(self.lost),
            "distances": dict(self.distances),
            "n_translations_lost": self.n_translations_lost,
            "is_higher": self.is_higher,
            "opened": list(self.opened),
            "untied": list(self.untied),
        }

    def __repr__(self) -> str:
        size = f"{self.amplitude:g} {self.pattern.unit}".rstrip()
        return f"Step({self.pattern.name} {size}: {self.parent_group} to {self.group}, {len(self.lost)} lost)"


def step(x: Any, pattern: Pattern | str, amplitude: float, kind: str | TensorKind = "dielectric") -> Step:
    """Distort a crystal, and say what is left of its symmetry.

    Every operation of the parent is tested by itself against the distorted crystal, by a distance in Å. So
    operations keep the names that they have in the parent, and no tolerance decides. The space group beside
    it is that of a search.

    Parameters
    ----------
    x
        Anything that :func:`crysnb.as_structure` accepts, or its :class:`~crysnb.symmetry.parent.Parent`.
    pattern
        The distortion, or its name in :class:`~crysnb.breaking.library.Library`.
    amplitude
        How far, in ``pattern.unit``.
    kind
        Tensor whose components are looked at, in the frame of the structure.

    Raises
    ------
    StructureError
        ``breaking.cell`` for a supercell that does not carry every point operation of the crystal.
    ShapeError
        ``breaking.amplitude``, ``breaking.pattern``.
    UnknownName
        For an unknown kind or distortion.
    """
    whole, kind = parent_of(x), tensor_kind(kind)
    pattern = pattern_of(whole, pattern)
    distorted = distort(whole, pattern, amplitude)
    of_cell = whole.distances(distorted)
    by_operation = whole.by_operation(of_cell)
    kept = is_kept(by_operation)
    own = whole.symmetry.symprec
    seen, order = _group(distorted, own)
    before = whole.symmetry
    left = _left(whole, pattern)
    opened, untied = _opened(whole, kind, kept)
    names = whole.names
    away = Away(
        group=left.group,
        lost=tuple(n for n, k in zip(names, left.kept, strict=True) if not k),
        opened=opened if amplitude else _opened(whole, kind, left.kept)[0],
    )
    pure = whole.is_translation
    return Step(
        pattern=pattern,
        amplitude=float(amplitude),
        kind=kind,
        structure=distorted,
        parent_group=f"{before.symbol} ({before.number})",
        group=f"{before.symbol} ({before.number})" if amplitude == 0 else left.group,
        seen_group=seen,
        own_symprec=own,
        seen_from=left.noticed,
        kept=tuple(n for n, k in zip(names, kept, strict=True) if k),
        lost=tuple(n for n, k in zip(names, kept, strict=True) if not k),
        distances={n: float(d) for n, d in zip(names, by_operation, strict=True)},
        n_translations_lost=int((~is_kept(of_cell)[pure]).sum()),
        is_higher=order > int((by_operation < _NEAR * own).sum()),
        opened=opened,
        untied=untied,
        away=away,
    )


def _left(whole: Parent, pattern: Pattern) -> _Left:
    """What a pattern leaves at an amplitude that is nothing special; found once."""
    if pattern not in whole.left:
        size = _PROBE * pattern.largest
        distorted = distort(whole, pattern, size)
        distances = whole.by_operation(whole.distances(distorted))
        kept = is_kept(distances)
        lost = distances[~kept]
        least = lost.min(initial=_MOST / _SHARE)
        group, _ = _group(distorted, float(np.clip(_SHARE * least, _LEAST, _MOST)))
        noticed = size * whole.symmetry.symprec / float(lost.max()) if len(lost) else 0.0
        whole.left[pattern] = _Left(group=group, noticed=noticed, kept=kept)
    return cast("_Left", whole.left[pattern])


def _group(structure: Structure, symprec: float) -> tuple[str, int]:
    """Symbol with number, and the order of the point group; 0 where the search fails."""
    found = search(cell_of(structure), symprec)
    if found is None:
        return "not determined", 0
    return f"{found.international} ({found.number})", len(np.unique(found.rotations, axis=0))


def _opened(
    whole: Parent, kind: TensorKind, kept: NDArray[np.bool_]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Components whose zero, and whose relation, in the parent no longer holds."""
    if kept.all():
        return (), ()
    form = tensor_form(whole.symmetry, kind)
    basis = invariants(kind, whole.rotations[kept]).reduced.matrix
    zeros, free = set(form.zeros), set(form.free)
    bound = [name for name in kind.names if name not in free]
    broken = [name for name in bound if np.abs(form.functional(name) @ basis).max(initial=0.0) > _OPENED]
    return tuple(n for n in broken if n in zeros), tuple(n for n in broken if n not in zeros)
