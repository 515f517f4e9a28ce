"""Dividing crystals into parts, and finding what leaks from one part into another.

Every function takes records, also plain ones, or a mapping of id -> reduced formula, and gives
``{part: [ids]}``, the form of a split file. The answer depends on the ids, the formulas and the seed, never
on the order of the records.
"""

from __future__ import annotations

import hashlib
import json
import random as _random
from collections import Counter, defaultdict
from collections.abc import Callable, Container, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

from pymatgen.core import Composition

from crysnb.datasets.records import PARTS, Record, read_split
from crysnb.errors import CrysnbError, UnknownName, quote
from crysnb.files import write_whole
from crysnb.structure.formula import formula_of_symbols
from crysnb.structure.numbers import array

Parts = dict[str, list[str]]
Records = Iterable[Record | Mapping[str, Any]] | Mapping[str, str]

FRACTIONS = (0.8, 0.1, 0.1)
#: Of the hashed split that all data sets of the project share.
SALT = "crysnb-split-v1:"


def given(records: Records, file: str | Path) -> Parts:
    """The split of a file, restricted to the records that are there.

    Raises
    ------
    CrysnbError
        ``data.split`` if the file is none; ``split.overlap`` if an id stands in two parts or twice in one;
        ``split.unknown`` if none of its ids is a record.
    """
    parts = read_split(file)
    known = _formulas(records)
    kept = {part: [i for i in ids if i in known] for part, ids in parts.items()}
    if not any(kept.values()):
        raise CrysnbError(
            "split.unknown",
            found=f"none of the ids in {quote(Path(file).name)} is a record",
            accepted="the split file of this data set",
        )
    return kept


def random(
    records: Records,
    fractions: Sequence[float] = FRACTIONS,
    *,
    seed: int = 0,
    strata: Mapping[str, Hashable] | None = None,
) -> Parts:
    """Crystals divided at random, whatever their formula: near copies may end up on both sides.

    Parameters
    ----------
    records
        The crystals.
    fractions
        Of ``train``, ``val`` and ``test``; they sum to 1.
    seed
        Of the shuffle.
    strata
        Id -> class, such as the crystal system; each class is divided in the same proportion, to within one
        crystal for each part.

    Raises
    ------
    CrysnbError
        ``split.fractions``, ``split.seed``; ``split.too_few`` if a part would be empty;
        ``split.strata`` if a record has no class.
    """
    shares, ids = _fractions(fractions), sorted(_formulas(records))
    _shuffler(seed).shuffle(ids)
    if strata is not None:
        missing = [i for i in ids if i not in strata]
        if missing:
            raise CrysnbError(
                "split.strata", found=f"no class for {quote(missing[0])}", accepted="a class for each record"
            )
        order = {name: k for k, name in enumerate(sorted({repr(strata[i]) for i in ids}))}
        ids.sort(key=lambda i: order[repr(strata[i])])
    return _deal([[i] for i in ids], shares)


def by_formula(records: Records, fractions: Sequence[float] = FRACTIONS, *, seed: int = 0) -> Parts:
    """All crystals of one reduced formula in one part; sizes as near to ``fractions`` as groups allow.

    Raises
    ------
    CrysnbError
        ``split.fractions``, ``split.seed``; ``split.too_few`` if a part would be empty.
    """
    return _grouped(records, fractions, seed, lambda formula: formula)


def by_chemical_system(records: Records, fractions: Sequence[float] = FRACTIONS, *, seed: int = 0) -> Parts:
    """All crystals made of the same elements (such as Ba-O-Ti) in one part.

    Raises
    ------
    CrysnbError
        ``split.fractions``, ``split.seed``; ``split.too_few`` if a part would be empty;
        ``split.formula`` for a formula that is none.
    """
    return _grouped(records, fractions, seed, lambda formula: "-".join(elements_of(formula)))


def leave_one_element_out(
    records: Records, element: str, *, val_fraction: float = 0.1, seed: int = 0
) -> Parts:
    """Every crystal that contains ``element`` as ``test``; the others as ``train`` and ``val``, by formula.

    Raises
    ------
    UnknownName
        If no crystal contains the element.
    CrysnbError
        ``split.fractions``, ``split.seed``; ``split.too_few`` if a part would be empty.
    """
    formulas = _formulas(records)
    having = {i: elements_of(formula) for i, formula in formulas.items()}
    test = sorted(i for i, elements in having.items() if element in elements)
    if not test:
        raise UnknownName.of("element", element, {e for elements in having.values() for e in elements})
    rest = {i: formula for i, formula in formulas.items() if i not in set(test)}
    _fractions((1 - val_fraction, val_fraction, 0.0))
    parts = by_formula(rest, (1 - val_fraction, val_fraction, 0.0), seed=seed)
    return {**parts, "test": test}


def hashed(records: Records, *, salt: str = SALT) -> Parts:
    """By a hash of the formula, h mod 100: below 80 train, below 90 val, the others test.

    h is the number that the first 12 hexadecimal digits of the SHA-256 of salt + reduced formula make.

    A formula lies in the same part in every data set, and stays there when crystals are added. Parts of
    small data sets may be empty.
    """
    parts: Parts = {part: [] for part in PARTS}
    for name, formula in _formulas(records).items():
        rest = int(hashlib.sha256((salt + formula).encode()).hexdigest()[:12], 16) % 100
        parts["train" if rest < 80 else "val" if rest < 90 else "test"].append(name)
    return {part: sorted(ids) for part, ids in parts.items()}


def write_split(path: str | Path, parts: Mapping[str, Sequence[str]], *, scheme: str) -> Path:
    """Write a split file that :func:`given` reads; never over another file."""
    content = json.dumps({"scheme": scheme, **{part: list(ids) for part, ids in parts.items()}}, indent=1)
    return write_whole(path, content.encode(), overwrite=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaks:
    """What two parts of a split have in common.

    Attributes
    ----------
    shared_ids
        ``"train/test"`` -> ids in both.
    shared_formulas
        ``"train/test"`` -> reduced formula -> number of crystals in the first and in the second part.
    unseen_elements
        Part other than ``train`` -> elements that no training crystal contains: no leak, but a test of
        extrapolation.
    unused
        Number of records in no part.
    """

    shared_ids: dict[str, list[str]]
    shared_formulas: dict[str, dict[str, tuple[int, int]]]
    unseen_elements: dict[str, list[str]]
    unused: int

    @property
    def clean(self) -> bool:
        """True if no id and no formula is in two parts."""
        return not any(self.shared_ids.values()) and not any(self.shared_formulas.values())

    def to_dict(self) -> dict[str, Any]:
        """Everything, for JSON."""
        return {
            "clean": self.clean,
            "shared_ids": self.shared_ids,
            "shared_formulas": {
                pair: {formula: list(n) for formula, n in shared.items()}
                for pair, shared in self.shared_formulas.items()
            },
            "unseen_elements": self.unseen_elements,
            "unused": self.unused,
        }

    def __str__(self) -> str:
        lines = []
        for pair, shared in self.shared_formulas.items():
            examples = ", ".join(list(shared)[:3]) + (", …" if len(shared) > 3 else "")
            found = f"{len(shared)} shared formulas ({examples})" if shared else "no shared formula"
            lines.append(f"{pair}: {found}; {len(self.shared_ids[pair])} shared ids")
        lines += [f"{part}: not in train: {', '.join(e)}" for part, e in self.unseen_elements.items() if e]
        return "\n".join(lines)


def leaks(records: Records, parts: Mapping[str, Sequence[str]]) -> Leaks:
    """Ids and formulas that stand in more than one part.

    Parameters
    ----------
    records
        The crystals.
    parts
        A split.

    Raises
    ------
    CrysnbError
        ``split.unknown`` if a part names an id that is no record.
    """
    formulas = _formulas(records)
    check_known(parts, formulas)
    counts = {part: Counter(formulas[i] for i in ids) for part, ids in parts.items()}
    shared_ids, shared_formulas = {}, {}
    for a, b in combinations(parts, 2):
        pair = f"{a}/{b}"
        shared_ids[pair] = sorted(set(parts[a]) & set(parts[b]))
        both = sorted(set(counts[a]) & set(counts[b]))
        shared_formulas[pair] = {f: (counts[a][f], counts[b][f]) for f in both}
    elements = {part: {e for f in found for e in elements_of(f)} for part, found in counts.items()}
    seen = elements.get("train")
    return Leaks(
        shared_ids=shared_ids,
        shared_formulas=shared_formulas,
        unseen_elements={}
        if seen is None
        else {part: sorted(found - seen) for part, found in elements.items() if part != "train"},
        unused=len(set(formulas) - {i for ids in parts.values() for i in ids}),
    )


def check_known(parts: Mapping[str, Sequence[str]], known: Container[str]) -> None:
    """Refuse a split that names an id which is not ``known``.

    Raises
    ------
    CrysnbError
        ``split.unknown``.
    """
    for part, ids in parts.items():
        strange = [i for i in ids if i not in known]
        if strange:
            raise CrysnbError(
                "split.unknown",
                found=f"{len(strange)} ids of part {quote(part)} are no records, such as {quote(strange[0])}",
                accepted="a split of these records",
            )


def elements_of(formula: str) -> tuple[str, ...]:
    """Symbols in a formula, sorted.

    Raises
    ------
    CrysnbError
        ``split.formula`` for a formula that is none.
    """
    try:
        return tuple(sorted(str(e) for e in Composition(formula).elements))
    except (ValueError, KeyError, TypeError) as error:
        raise CrysnbError(
            "split.formula", found=f"the formula {quote(formula)}", accepted="a chemical formula"
        ) from error


def _formulas(records: Records) -> dict[str, str]:
    """Id -> reduced formula."""
    if isinstance(records, Mapping):
        return dict(records)
    found: dict[str, str] = {}
    for record in records:
        if isinstance(record, Mapping):
            name, formula = str(record.get("id")), formula_of(record)
        else:
            name, formula = record.id, record.formula
        if name in found:
            raise CrysnbError("data.duplicate_id", found=f"two records with id {quote(name)}")
        found[name] = formula
    return found


def formula_of(raw: Mapping[str, Any]) -> str:
    """Reduced formula of a plain record, of its species; of the formula that it states where it has none.

    A stated formula may be written in many ways (Na4Cl4), which would part equal crystals. What is neither a
    list of symbols nor a formula is no crystal and stays as it is.
    """
    species, stated = raw.get("species"), raw.get("formula")
    try:
        if isinstance(species, list) and species:
            return formula_of_symbols(str(s) for s in species)
        return str(Composition(stated).reduced_formula) if isinstance(stated, str) and stated else ""
    except (ValueError, KeyError, TypeError, OverflowError):
        return str(stated or "")


def _fractions(fractions: Sequence[float]) -> tuple[float, ...]:
    try:
        shares = tuple(array(fractions, (len(PARTS),), "the fractions").tolist())
    except CrysnbError:
        shares = ()
    if not shares or not all(0 <= f <= 1 for f in shares) or not abs(sum(shares) - 1) < 1e-9:
        raise CrysnbError(
            "split.fractions",
            found=f"the fractions {quote(fractions)}",
            accepted=f"three numbers from 0 to 1 that sum to 1, of {', '.join(PARTS)}",
        )
    return shares


def _shuffler(seed: int) -> _random.Random:
    if type(seed) is not int:
        raise CrysnbError("split.seed", found=f"the seed {quote(seed)}", accepted="an integer")
    return _random.Random(seed)  # noqa: S311 - a split is no secret


def _deal(groups: Sequence[list[str]], shares: Sequence[float], total: int | None = None) -> Parts:
    """Groups dealt out in order, each to the part that lacks most of its share.

    Of ``total`` crystals where that is given, else of those dealt so far: then every stretch of groups of
    one has the shares, to within one for each part.
    """
    parts: list[list[list[str]]] = [[] for _ in shares]
    sizes, dealt = [0] * len(shares), 0
    for group in groups:
        dealt += len(group)
        owed = [share * (total or dealt) - size for share, size in zip(shares, sizes, strict=True)]
        at = owed.index(max(owed))
        parts[at].append(group)
        sizes[at] += len(group)
    _fill_empty(parts, shares)
    return {name: sorted(i for g in part for i in g) for name, part in zip(PARTS, parts, strict=True)}


def _fill_empty(parts: list[list[list[str]]], shares: Sequence[float]) -> None:
    """Give a part that should not be empty the last group of the part that has most groups."""
    for at, share in enumerate(shares):
        if share == 0 or parts[at]:
            continue
        rich = max(parts, key=len)
        if len(rich) < 2:
            raise CrysnbError(
                "split.too_few",
                found=f"too few crystals or groups: {PARTS[at]} would be empty",
                accepted="a group for every part whose fraction is above 0",
                action="Give such a part the fraction 0, or add crystals",
            )
        parts[at].append(rich.pop())


def _grouped(records: Records, fractions: Sequence[float], seed: int, key: Callable[[str], str]) -> Parts:
    shares = _fractions(fractions)
    groups: dict[str, list[str]] = defaultdict(list)
    for name, formula in sorted(_formulas(records).items()):
        groups[key(formula)].append(name)
    order = sorted(groups)
    _shuffler(seed).shuffle(order)
    order.sort(key=lambda group: -len(groups[group]))  # large ones first, so that small ones even it out
    return _deal([groups[group] for group in order], shares, sum(map(len, groups.values())))
