"""Calls a function of crystals with care: copies in, checked numbers out, every fault kept and none fatal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from crysnb.audit.report import Fault
from crysnb.audit.subject import Subject
from crysnb.errors import quote
from crysnb.tensors.given import LARGEST_ENTRY
from crysnb.values.prediction import Prediction

if TYPE_CHECKING:
    from pymatgen.core.structure import Structure

Array = NDArray[np.float64]

#: Crystals and atoms that share a call at most.
MAX_CRYSTALS, MAX_ATOMS = 32, 400


@dataclass(frozen=True, slots=True)
class Case:
    """A structure that the function is asked about, and what to call it in a report."""

    structure: Structure
    crystal: str
    change: str = ""


class Evaluator:
    """The function, guarded.

    Parameters
    ----------
    subject
        What is audited.

    Attributes
    ----------
    faults
        What went wrong, in order, each once per crystal and kind of fault.
    single
        Whether every number so far would fit into single precision.
    sharing
        Crystals that share a call at most.
    shape
        Shape of the outputs, once there is one.
    """

    def __init__(self, subject: Subject) -> None:
        self.subject = subject
        self.faults: list[Fault] = []
        self.single = True
        self.sharing = MAX_CRYSTALS
        self.shape: tuple[int, ...] | None = None
        self._raised = 0

    def one(self, case: Case, *, quiet: bool = False) -> Array | None:
        """Output for one crystal in a call of its own; None after a fault, which ``quiet`` does not keep."""
        return self.together([case], quiet=quiet)[0]

    def many(self, cases: Sequence[Case]) -> list[Array | None]:
        """Outputs in order, several crystals to a call, up to ``sharing``."""
        results: list[Array | None] = []
        chunk: list[Case] = []
        for case in cases:
            atoms = sum(len(c.structure) for c in chunk) + len(case.structure)
            if chunk and (len(chunk) >= self.sharing or atoms > MAX_ATOMS):
                results += self.together(chunk)
                chunk = []
            chunk.append(case)
        return results + (self.together(chunk) if chunk else [])

    def together(self, cases: Sequence[Case], *, quiet: bool = False) -> list[Array | None]:
        """Outputs of one call; after an exception, of a call for each crystal.

        It is a fault if none of those raises, unless memory ran out: then the length of the list decides.
        """
        copies = [case.structure.copy() for case in cases]
        try:
            answer = self.subject.call(copies)
            outputs = list(answer)
        except Exception as error:  # noqa: BLE001 - whatever a foreign function raises is a finding
            text = f"{type(error).__name__}: {quote(str(error))}"
            if len(cases) == 1:
                self._raised += 1
                self._fault("raised", cases[0], text, quiet=quiet)
                return [None]
            before = self._raised
            alone = [self.one(case, quiet=quiet) for case in cases]
            if self._raised == before and not _out_of_memory(error):
                text += f", for a list of {len(cases)} structures; for each of them alone it does not"
                self._fault("raised", cases[0], text, quiet=quiet)
            return alone
        for case, copy in zip(cases, copies, strict=True):
            if not _same(case.structure, copy):
                self._fault(
                    "mutates_input", case, "the function changed the structure it was given", quiet=quiet
                )
        if len(outputs) != len(cases):
            text = f"{len(outputs)} results for a list of {len(cases)} structures"
            self._fault("length", cases[0], text, quiet=quiet)
            return [None] * len(cases)
        return [self._checked(y, case, quiet=quiet) for y, case in zip(outputs, cases, strict=True)]

    def _checked(self, output: Any, case: Case, *, quiet: bool) -> Array | None:
        try:
            array = _numbers(output)
        except (TypeError, ValueError, OverflowError, RuntimeError) as error:
            self._fault(
                "not_numeric", case, f"a result that is no array of real numbers ({error})", quiet=quiet
            )
            return None
        if not np.isfinite(array).all():
            self._fault("non_finite", case, "a result with NaN or infinity", quiet=quiet)
            return None
        largest = float(np.abs(array).max(initial=0.0))
        if largest > LARGEST_ENTRY:
            text = f"a result with an entry of {largest:.3g}, above {LARGEST_ENTRY:g}"
            self._fault("too_large", case, text, quiet=quiet)
            return None
        if self.shape is None:
            self.shape = array.shape
        if array.shape != self.shape:
            text = f"a result of shape {array.shape} after one of shape {self.shape}"
            self._fault("shape", case, text, quiet=quiet)
            return None
        with np.errstate(over="ignore"):
            self.single &= bool((array == array.astype(np.float32)).all())
        return array

    def _fault(self, code: str, case: Case, text: str, *, quiet: bool) -> None:
        known = any(f.code == f"audit.{code}" and f.crystal == case.crystal for f in self.faults)
        if not quiet and not known:
            self.faults.append(
                Fault(code=f"audit.{code}", crystal=case.crystal, change=case.change, text=text)
            )


def _out_of_memory(error: Exception) -> bool:
    return isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError"  # torch's own


def _numbers(output: Any) -> Array:
    if isinstance(output, Prediction):
        output = output.value
    if hasattr(output, "detach"):  # a torch tensor, perhaps with a gradient or on a GPU
        output = output.detach().cpu().numpy()
    array = np.asarray(output)
    if array.dtype.kind not in "fiub":
        raise TypeError(f"dtype {array.dtype}")
    return array.astype(np.float64)


def _same(a: Structure, b: Structure) -> bool:
    return (
        len(a) == len(b)
        and np.array_equal(a.lattice.matrix, b.lattice.matrix)
        and np.array_equal(a.frac_coords, b.frac_coords)
        and a.species == b.species
    )
