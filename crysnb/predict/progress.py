"""How far a prediction is, told between batches, ensemble members and layers."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from torch import Tensor

#: Called with the parts that are done and the parts in all; raising in it ends the work.
Report = Callable[[int, int], None]

# How an ensemble prefixes the names of its members' intermediate tensors.
_MEMBER = re.compile(r"member(\d+)\.")


class Progress:
    """Counts batches times ensemble members.

    Parameters
    ----------
    report
        Called often, also with an unchanged count, so that it can stop the work.
    n_members
        Members of the ensemble, 1 for a single network.
    """

    def __init__(self, report: Report, n_members: int) -> None:
        self._report = report
        self._n_members = max(n_members, 1)
        self._n_batches = 0
        self._batches = self._members = 0

    def preparing(self) -> None:
        """Crystals are read: nothing is done, and how much there is to do is not known."""
        self._report(0, 0)

    def expect(self, n_batches: int) -> None:
        """The network is going to run so many times."""
        self._n_batches = n_batches
        self._tell()

    def batch_done(self) -> None:
        """One more run of the network is done."""
        self._batches, self._members = self._batches + 1, 0
        self._tell()

    def tap(self, name: str, value: Tensor, /, **_: Any) -> Tensor:
        """Tap of the network, which passes here between its layers; ``value`` itself."""
        if found := _MEMBER.match(name):
            self._members = int(found[1])
        self._tell()
        return value

    def _tell(self) -> None:
        total = self._n_batches * self._n_members
        # Batches that were halved for want of memory are more than were expected.
        self._report(min(self._batches * self._n_members + self._members, total), total)
