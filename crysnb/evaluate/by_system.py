"""The same measures for each crystal system, with intervals only where there are crystals enough."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from crysnb.evaluate.metrics import Indices, bootstrap

#: Crystal systems by the last space-group number of each (International Tables A).
SYSTEMS: tuple[tuple[int, str], ...] = (
    (2, "triclinic"),
    (15, "monoclinic"),
    (74, "orthorhombic"),
    (142, "tetragonal"),
    (167, "trigonal"),
    (194, "hexagonal"),
    (230, "cubic"),
)
#: Where no symmetry was found.
UNDETERMINED = "undetermined"
#: Below this many crystals a row is marked as small and carries no interval: resampling a handful
#: says how these few differ, not how another few would.
SMALL = 10


def crystal_system(number: int | None) -> str:
    """Crystal system of a space-group number, or ``"undetermined"`` for None."""
    if number is None:
        return UNDETERMINED
    return next(name for last, name in SYSTEMS if number <= last)


def by_system(
    systems: Sequence[str], measures: Callable[[Indices], dict[str, float]], seed: int
) -> dict[str, dict[str, Any]]:
    """Measures per crystal system, from low symmetry to high; systems without a crystal are left out.

    Parameters
    ----------
    systems
        Of each crystal.
    measures
        From indices of crystals to named numbers.
    seed
        Of the bootstrap.

    Returns
    -------
    dict
        Per system ``n``, the measures, ``small`` (fewer than :data:`SMALL` crystals) and ``ci95``: name to
        95 % interval, empty where ``small``.
    """
    names = np.array(systems)
    table: dict[str, dict[str, Any]] = {}
    for system in [*(name for _, name in SYSTEMS), UNDETERMINED]:
        at = np.flatnonzero(names == system)
        if not len(at):
            continue
        small = len(at) < SMALL
        interval = {} if small else bootstrap(lambda i, at=at: measures(at[i]), len(at), seed=seed)  # type: ignore[misc]
        table[system] = {
            "n": len(at),
            "small": small,
            **measures(at),
            "ci95": {name: list(pair) for name, pair in interval.items()},
        }
    return table
