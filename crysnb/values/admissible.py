"""What physics demands of a tensor beside symmetry: no crystal has a tensor that fails here."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crysnb.values.tensor_kind import TensorKind

Array = NDArray[np.float64]

#: Rounding of eigenvalues, as a share of the largest.
ROUNDING = 1e-12
# Voigt matrix of a stiffness to Mandel form: √2 for each shear index.
_MANDEL = np.outer(*2 * [np.sqrt([1.0, 1.0, 1.0, 2.0, 2.0, 2.0])])


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One demand of physics, and whether the tensor meets it.

    Attributes
    ----------
    code
        Stable dotted name, for example ``"elastic.positive_definite"``.
    passed
        Whether it is met.
    text
        One sentence with the numbers.
    eigenvalues
        Where the demand is one on eigenvalues: these, in the unit of the tensor, smallest first.
    values
        What else was looked at: (name, value), for example ``("c11 - c12", 80.0)``.
    """

    code: str
    passed: bool
    text: str
    eigenvalues: tuple[float, ...] = ()
    values: tuple[tuple[str, float], ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "code": self.code,
            "passed": self.passed,
            "eigenvalues": list(self.eigenvalues),
            "values": dict(self.values),
            "text": self.text,
        }


@dataclass(frozen=True, slots=True)
class Admissibility:
    """All demands that are known for a kind of tensor; true if none is broken.

    Attributes
    ----------
    findings
        Each demand; empty for kinds that may have any value.
    """

    findings: tuple[Finding, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether no demand is broken; true where there is none."""
        return all(f.passed for f in self.findings)

    def __bool__(self) -> bool:
        return self.passed

    def __iter__(self) -> Iterator[Finding]:
        return iter(self.findings)

    def __len__(self) -> int:
        return len(self.findings)

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return {"passed": self.passed, "findings": [f.to_dict() for f in self.findings]}


def admissibility(kind: TensorKind, tensor: NDArray[np.float64]) -> Admissibility:
    """Whether a material can have this tensor at all, whatever its symmetry.

    Parameters
    ----------
    kind
        ``dielectric`` and ``elastic`` are looked at; other kinds have no finding.
    tensor
        Either form, in the usual unit (1, GPa); entries that differ only by the order of indices
        are averaged first.

    Notes
    -----
    Rotations do not change the answer. ε∞: electrons can only screen a field, so no eigenvalue is below
    that of the vacuum. Stiffness: every strain costs energy, i.e. the matrix in Mandel form, whose
    eigenvalues are those of the tensor as an operator on strains, is positive definite (Born and Huang
    1954, §11; Mouhat and Coudert 2014, doi:10.1103/PhysRevB.90.224104).
    """
    rule = _RULES.get(kind.name)
    if rule is None:
        return Admissibility()
    symmetric = kind.matrix(kind.from_components(kind.components(tensor)))
    return Admissibility((rule(symmetric),))


def told_apart(value: float, limit: float) -> tuple[str, str]:
    """Two different numbers with five digits, or as many more as tell them apart."""
    for digits in range(5, 17):
        texts = f"{value:.{digits}g}", f"{limit:.{digits}g}"
        if texts[0] != texts[1]:
            break
    return texts


def _screens(matrix: Array) -> Finding:
    values = np.linalg.eigvalsh(matrix)
    passed = bool(values[0] >= 1.0 - ROUNDING * np.abs(values).max())
    word = "not below" if passed else "below"
    smallest = f"{values[0]:.5g}" if passed else told_apart(values[0], 1.0)[0]
    return Finding(
        code="dielectric.eigenvalues",
        passed=passed,
        eigenvalues=tuple(values.tolist()),
        text=f"The smallest eigenvalue of the permittivity is {smallest}, {word} 1, that of the vacuum.",
    )


def _resists(matrix: Array) -> Finding:
    values = np.linalg.eigvalsh(matrix * _MANDEL)
    passed = bool(values[0] > ROUNDING * np.abs(values).max())
    word = "every strain costs energy" if passed else "the crystal would not be stable"
    return Finding(
        code="elastic.positive_definite",
        passed=passed,
        eigenvalues=tuple(values.tolist()),
        text=f"The smallest eigenvalue of the stiffness (Mandel form) is {values[0]:.5g} GPa: {word}.",
    )


_RULES: dict[str, Callable[[Array], Finding]] = {"dielectric": _screens, "elastic": _resists}
