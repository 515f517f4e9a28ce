"""Properties of compounds by the class of their elements, beside what random classes would give."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pymatgen.core import Composition
from scipy.stats import kruskal, rankdata

from crysnb.elements.chemistry import element_property
from crysnb.elements.clusters import ElementClusters
from crysnb.errors import CrysnbError, ShapeError, UnknownName, quote
from crysnb.values.real_numbers import real_numbers

#: Which class a compound of several elements belongs to; ``contains`` and ``cations`` give several.
Rule = Literal["electropositive", "contains", "majority_cation", "cations"]
_ANIONS = frozenset({"N", "O", "F", "P", "S", "Cl", "Se", "Br", "Te", "I"})
_PARTITIONS = 200
_RESAMPLES = 500
_INTERVAL = (2.5, 97.5)


@dataclass(frozen=True, slots=True)
class ClassDistribution:
    """Values of the compounds of one class.

    Attributes
    ----------
    label
        Class of elements.
    n
        Number of compounds.
    quartiles
        25, 50 and 75 %.
    median_ci95
        Bootstrap interval of the median.
    """

    label: int
    n: int
    quartiles: tuple[float, float, float]
    median_ci95: tuple[float, float]


@dataclass(frozen=True, slots=True)
class ClassEffect:
    """How much a property differs between classes of elements.

    Attributes
    ----------
    rule
        How compounds were assigned to classes; print it beside the picture.
    classes
        Those with compounds.
    eta2
        Share of the variance of the ranks between classes.
    null_band
        2.5 and 97.5 % of ``eta2`` over random classes of the same sizes.
    p
        Share of the random classes with as large an ``eta2``.
    kruskal_p
        Kruskal and Wallis 1952, doi:10.2307/2280779. It takes compounds as independent,
        which those that share an element are not: judge by ``p``.
    cliffs_delta
        Pairs of classes to δ, -1 to 1: how often a value of the first is larger, less how often it is
        smaller.
    left_out
        Number of compounds in no class.
    """

    rule: str
    classes: tuple[ClassDistribution, ...]
    eta2: float
    null_band: tuple[float, float]
    p: float
    kruskal_p: float
    cliffs_delta: dict[str, float]
    left_out: int

    def to_dict(self) -> dict[str, Any]:
        """JSON values."""
        return asdict(self)


def class_effect(
    formulas: Sequence[object],
    values: ArrayLike,
    labels: ElementClusters | Mapping[str, int],
    *,
    rule: Rule = "electropositive",
    seed: int = 0,
) -> ClassEffect:
    """A property of compounds by the class of their elements.

    Parameters
    ----------
    formulas
        Formulas, structures or compositions.
    values
        [compound], finite.
    labels
        Class of each element.
    rule
        ``"electropositive"`` (class of the element of least electronegativity), ``"majority_cation"``,
        ``"cations"`` (a compound counts for each class of its cations), ``"contains"`` (for each element).
    seed
        Of the random classes and the bootstrap.

    Raises
    ------
    CrysnbError
        ``elements.formula``, ``elements.shape``, ``elements.non_finite``; ``elements.one_class`` if
        fewer than two classes have compounds; ``name.unknown_rule``.
    """
    if rule not in _RULES:
        raise UnknownName.of("rule", rule, _RULES)
    numbers = real_numbers(values, "values of compounds")
    if numbers.shape != (len(formulas),):
        raise ShapeError(
            "elements.shape",
            found=f"values of shape {numbers.shape} for {len(formulas)} compounds",
            accepted="one value per compound",
        )
    if not np.isfinite(numbers).all():
        raise ShapeError("elements.non_finite", found="a value that is not finite", accepted="finite values")
    classes = labels.labels if isinstance(labels, ElementClusters) else labels
    chosen = [_RULES[rule](_amounts(formula)) for formula in formulas]
    ranks = rankdata(numbers)
    rng = np.random.default_rng(seed)
    member, names = _membership(chosen, classes)
    if len(names) < 2:
        raise CrysnbError(
            "elements.one_class",
            found=f"compounds of {len(names)} class of elements",
            accepted="compounds of at least two classes",
        )
    eta2 = _eta2(ranks, member)
    null = [_eta2(ranks, _membership(chosen, _shuffled(classes, rng))[0]) for _ in range(_PARTITIONS)]
    parts = [numbers[row] for row in member]
    low, high = np.percentile(null, _INTERVAL)
    return ClassEffect(
        rule,
        tuple(_distribution(label, part, rng) for label, part in zip(names, parts, strict=True)),
        eta2,
        (float(low), float(high)),
        (1 + int((np.array(null) >= eta2 - 1e-12).sum())) / (_PARTITIONS + 1),
        float(kruskal(*parts).pvalue) if np.ptp(numbers) > 0 else 1.0,
        {
            f"{names[i]}-{names[j]}": _cliffs_delta(parts[i], parts[j])
            for i in range(len(names))
            for j in range(i + 1, len(names))
        },
        int((~member.any(axis=0)).sum()),
    )


def _amounts(formula: object) -> dict[str, float]:
    given = getattr(formula, "composition", formula)
    try:
        amounts = Composition(given).get_el_amt_dict()
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise CrysnbError(
            "elements.formula", found=f"{quote(formula)} is no formula", accepted="formulas such as BaTiO3"
        ) from error
    if not amounts:
        raise CrysnbError("elements.formula", found="an empty formula", accepted="formulas such as BaTiO3")
    return {str(s): float(n) for s, n in amounts.items()}


def _electropositive(amounts: dict[str, float]) -> list[str]:
    order = element_property("X", amounts)
    known = np.where(np.isfinite(order), order, np.inf)
    return [list(amounts)[int(known.argmin())]]


def _cations(amounts: dict[str, float]) -> list[str]:
    return [s for s in amounts if s not in _ANIONS] or _electropositive(amounts)


def _majority(amounts: dict[str, float]) -> list[str]:
    return [max(_cations(amounts), key=lambda s: amounts[s])]


_RULES: dict[str, Callable[[dict[str, float]], list[str]]] = {
    "electropositive": _electropositive,
    "contains": list,
    "majority_cation": _majority,
    "cations": _cations,
}


def _membership(
    chosen: Sequence[Sequence[str]], classes: Mapping[str, int]
) -> tuple[NDArray[np.bool_], list[int]]:
    """Which compounds [class, compound] belong to which class, and the classes that have any."""
    found = [{classes[s] for s in symbols if classes.get(s, -1) >= 0} for symbols in chosen]
    names = sorted(set().union(*found))
    return np.array([[name in held for held in found] for name in names], dtype=bool).reshape(
        len(names), len(found)
    ), names


def _shuffled(classes: Mapping[str, int], rng: np.random.Generator) -> dict[str, int]:
    return dict(zip(classes, rng.permutation(list(classes.values())).tolist(), strict=True))


def _eta2(ranks: NDArray[np.float64], member: NDArray[np.bool_]) -> float:
    """Between-class share of the variance; a compound of several classes counts in each."""
    weights = member.astype(np.float64)
    counts = weights.sum(axis=1)
    total_count = counts.sum()
    if total_count == 0:
        return 0.0
    mean = float((weights @ ranks).sum() / total_count)
    between = float((counts * ((weights @ ranks) / np.maximum(counts, 1) - mean) ** 2).sum())
    total = float((weights.sum(axis=0) * (ranks - mean) ** 2).sum())
    return between / total if total > 0 else 0.0


def _distribution(label: int, values: NDArray[np.float64], rng: np.random.Generator) -> ClassDistribution:
    again = np.median(values[rng.integers(len(values), size=(_RESAMPLES, len(values)))], axis=1)
    low, high = np.percentile(again, _INTERVAL)
    q1, q2, q3 = np.percentile(values, (25, 50, 75))
    return ClassDistribution(
        int(label), len(values), (float(q1), float(q2), float(q3)), (float(low), float(high))
    )


def _cliffs_delta(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    """Cliff 1993, doi:10.1037/0033-2909.114.3.494, by ranks."""
    ranks = rankdata(np.concatenate([a, b]))
    u = ranks[: len(a)].sum() - len(a) * (len(a) + 1) / 2
    return float(2 * u / (len(a) * len(b)) - 1)
