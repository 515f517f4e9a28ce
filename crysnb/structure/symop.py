"""Symmetry operations of a CIF: parsing, tables, and the orbit of a listed position."""

from __future__ import annotations

import importlib.util
import json
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crysnb.errors import StructureError, quote

# Positions of one orbit nearer than this are one atom on a special position, written with few digits.
SPECIAL_POSITION_TOLERANCE = 0.05  # Å
# Translations are multiples of 1/24 in every setting; "0.333" and "0.3333" mean 1/3.
_TRANSLATION_UNIT = 24
_TRANSLATION_TOLERANCE = 2e-3
_CLOSURE_TOLERANCE = 5e-3
# Largest relative change of the metric that rounded cell constants may explain.
METRIC_TOLERANCE = 0.01

_TERM = re.compile(
    r"([+-]?)(?:(\d{1,3}(?:\.\d{0,16})?|\.\d{1,16})(?:/(\d{1,3}))?)?(\*?)([xyz]?)", re.IGNORECASE | re.ASCII
)
_LONGEST = 80


@dataclass(frozen=True, slots=True)
class Operations:
    """Rotations int [op, 3, 3] and translations float64 [op, 3] acting on fractional coordinates."""

    rotations: NDArray[np.int64]
    translations: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.rotations)


def parse(texts: list[str]) -> Operations:
    """Operations from texts such as ``-x+1/2, y, z``; nothing in them is ever evaluated.

    Raises
    ------
    StructureError
        ``structure.symmetry_operation`` for a text that is not an operation, or a list that is not a group.
    """
    rows = [_parse_one(text) for text in texts]
    operations = Operations(np.array([r for r, _ in rows]), np.array([t for _, t in rows]))
    operations = _distinct(operations)
    refuse_non_group(operations)
    return operations


def _bad(text: str) -> StructureError:
    return StructureError(
        "structure.symmetry_operation",
        found=f"{quote(text)} is not a symmetry operation",
        accepted="three expressions in x, y, z such as '-x+1/2, y, -z'",
    )


def _parse_one(text: str) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    parts = text.strip().replace(" ", "").replace("\t", "").split(",")
    if len(text) > _LONGEST or len(parts) != 3:
        raise _bad(text)
    rotation = np.zeros((3, 3), dtype=np.int64)
    translation = np.zeros(3)
    for row, part in enumerate(parts):
        position = 0
        while position < len(part):
            match = _TERM.match(part, position)
            if match is None or match.end() == position or (position and not match[1]):
                raise _bad(text)
            _add_term(match, rotation[row], translation, row, text)
            position = match.end()
    if abs(round(float(np.linalg.det(rotation)))) != 1:
        raise _bad(text)
    return rotation, _tidy(translation)


def _add_term(
    match: re.Match[str], rotation: NDArray[np.int64], translation: NDArray[np.float64], row: int, text: str
) -> None:
    sign, digits, divisor, star, axis = match.groups()
    if not digits and not axis:
        raise _bad(text)
    if divisor is not None and int(divisor) == 0:
        raise _bad(text)
    value = (float(digits) if digits else 1.0) / (float(divisor) if divisor else 1.0)
    value = -value if sign == "-" else value
    if axis:
        if value != round(value) or abs(value) > 2 or (star and not digits):
            raise _bad(text)
        rotation["xyz".index(axis.lower())] += int(value)
    elif star or not abs(value) < 10.0:
        raise _bad(text)
    else:
        translation[row] += value


def _tidy(translation: NDArray[np.float64]) -> NDArray[np.float64]:
    """Translation modulo 1, with decimals such as 0.6667 replaced by the fraction they stand for."""
    exact = np.round(translation * _TRANSLATION_UNIT) / _TRANSLATION_UNIT
    close = np.abs(exact - translation) < _TRANSLATION_TOLERANCE
    return np.asarray(np.mod(np.where(close, exact, translation), 1.0), dtype=np.float64)


# One integer for each rotation, whose entries and those of a product lie within -12 … 12.
_DIGITS = 25 ** np.arange(9)


def _distinct(operations: Operations) -> Operations:
    """Without operations that are listed twice, in the given order."""
    kept: list[int] = []
    seen: dict[int, list[int]] = {}
    for i, key in enumerate((operations.rotations.reshape(-1, 9) @ _DIGITS).tolist()):
        same = seen.setdefault(key, [])
        if (
            not same
            or not _equal_translation(operations.translations[same], operations.translations[i]).any()
        ):
            kept.append(i)
            same.append(i)
    return Operations(operations.rotations[kept], operations.translations[kept])


def _equal_translation(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.bool_]:
    difference = a - b
    difference -= np.round(difference)
    return np.asarray((np.abs(difference) < _CLOSURE_TOLERANCE).all(axis=-1))


def refuse_non_group(operations: Operations) -> None:
    """S2: refuse an incomplete list, which would generate a wrong crystal without any other sign."""
    rotations = np.einsum("aij,bjk->abik", operations.rotations, operations.rotations).reshape(-1, 9)
    translations = np.einsum("aij,bj->abi", operations.rotations.astype(float), operations.translations)
    translations = (translations + operations.translations[:, None, :]).reshape(-1, 3)
    products, own = rotations @ _DIGITS, operations.rotations.reshape(-1, 9) @ _DIGITS
    explained = np.zeros(len(products), dtype=bool)
    for key, translation in zip(own, operations.translations, strict=True):
        rows = np.flatnonzero(products == key)
        explained[rows] |= _equal_translation(translations[rows], translation)
    if not explained.all():
        raise StructureError(
            "structure.symmetry_operation",
            found="the listed symmetry operations are not a group: the product of two of them is missing",
            accepted="every operation of the space group, centring included",
            action="Complete the list, or remove it and keep the name of the space group",
        )


def metric_misfit(operations: Operations, cell: NDArray[np.float64]) -> float:
    """Largest change of the metric tensor of ``cell`` under the rotations, relative to its lengths."""
    metric = cell @ cell.T
    moved = np.einsum("aji,jk,akl->ail", operations.rotations, metric, operations.rotations)
    lengths = np.linalg.norm(cell, axis=1)
    return float(np.max(np.abs(moved - metric) / np.outer(lengths, lengths)))


# ---- tables ---------------------------------------------------------------------------------------

# Symbols of before 1992 for the five groups with an "e" glide plane.
_OLD_NAMES = {"abm2": "aem2", "aba2": "aea2", "cmca": "cmce", "cmme": "cmma", "ccca": "ccce"}


@lru_cache(maxsize=1)
def _table() -> list[dict[str, Any]]:
    # Only the table is wanted, and nothing that could call spglib: the package is found, not imported.
    spec = importlib.util.find_spec("pymatgen.symmetry")
    folders = spec.submodule_search_locations if spec else None
    path = Path(next(iter(folders or ()))) / "symm_ops.json"
    entries: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
    return entries


def _fold(name: str) -> str:
    folded = re.sub(r"[\s_'\"]", "", name).lower()
    return _OLD_NAMES.get(folded, folded)


def from_tables(
    *, hall: str | None, name: str | None, number: int | None, cell: NDArray[np.float64]
) -> Operations | None:
    """Operations of a space group known only by name; None if nothing is given.

    The cell decides between settings with the same name. Where only the origin differs, nothing can.

    Raises
    ------
    StructureError
        ``structure.space_group`` for an unknown name, ``structure.setting`` for an ambiguous one.
    """
    asked = hall or name or (f"number {number}" if number is not None else None)
    if asked is None:
        return None
    entries = _entries(hall, name, number)
    if not entries:
        raise StructureError(
            "structure.space_group",
            found=f"the space group {quote(asked)} is not known",
            accepted="Hermann-Mauguin symbols, Hall symbols, numbers 1 to 230, or a list of operations",
            action="List the symmetry operations in the file",
        )
    fitting = [
        (e, ops) for e in entries if metric_misfit(ops := parse(list(e["symops"])), cell) < METRIC_TOLERANCE
    ]
    if not fitting:
        refuse_misfit(asked)
    operations = fitting[0][1]
    origins = {name for e, _ in fitting if (name := str(e["universal_h_m"])).endswith((":1", ":2"))}
    if len(origins) > 1:
        raise StructureError(
            "structure.setting",
            found=f"the space group {quote(asked)} may be any of {', '.join(sorted(origins))}",
            accepted="one of these names in full, or a list of operations",
            action="List the symmetry operations in the file",
        )
    return operations


def _entries(hall: str | None, name: str | None, number: int | None) -> list[dict[str, Any]]:
    table = _table()
    if hall:
        wanted = re.sub(r"[\s_]+", " ", hall.strip()).lower()
        if found := [e for e in table if str(e["hall"]).strip().lower() == wanted]:
            return found[:1]
    if name:
        folded = _fold(name)
        if found := [e for e in table if _fold(str(e["universal_h_m"])) == folded]:
            return found
        standard = [e for e in table if "(" not in str(e["universal_h_m"])]
        for key in ("hermann_mauguin", "short_h_m"):
            if found := [
                e for e in standard if _fold(str(e[key])) == folded and e["universal_h_m"] != "C c c a :2"
            ]:
                return _both_origins_of_ccce(found)
    if number is not None and not name:
        same = [e for e in table if e["number"] == number and "(" not in str(e["universal_h_m"])]
        return _both_origins_of_ccce([e for e in same if e["hermann_mauguin"] == same[0]["hermann_mauguin"]])
    return []


def _both_origins_of_ccce(entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The table calls the second origin of Ccce by its old name, Ccca: add it to the first."""
    if any(e["universal_h_m"] == "C c c e :1" for e in entries) and len(entries) == 1:
        return [*entries, *(e for e in _table() if e["universal_h_m"] == "C c c a :2")]
    return entries


def refuse_misfit(what: str) -> None:
    """Refuse a cell that the symmetry operations do not map onto itself (``structure.symmetry_cell``)."""
    raise StructureError(
        "structure.symmetry_cell",
        found=f"the cell does not have the symmetry of {what}",
        accepted="cell lengths and angles that the operations leave unchanged",
        action="Check the setting (hexagonal or rhombohedral, unique axis) against the cell",
    )


# ---- orbits ---------------------------------------------------------------------------------------


def orbit(
    position: NDArray[np.float64], operations: Operations, cell: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Distinct positions equivalent to ``position``, fractional in [0, 1), the given one first.

    A position within :data:`SPECIAL_POSITION_TOLERANCE` of a special one (0.3333 for 1/3) is first
    moved onto it: the mean of its images under the operations that nearly leave it in place. So
    duplicates merge exactly, and the number of atoms is the multiplicity of the Wyckoff position.
    """
    fixing = np.zeros(len(operations), dtype=bool)
    for _ in range(4):
        shift = _apply(operations, position) - position
        shift -= np.round(shift)
        near = np.linalg.norm(shift @ cell, axis=1) < SPECIAL_POSITION_TOLERANCE
        if (near == fixing).all():
            break
        fixing = near
        position = position + shift[near].mean(axis=0)
    kept: list[NDArray[np.float64]] = []
    for image in np.mod(_apply(operations, position), 1.0):
        if kept:
            difference = image - np.array(kept)
            difference -= np.round(difference)
            if (np.linalg.norm(difference @ cell, axis=1) < SPECIAL_POSITION_TOLERANCE).any():
                continue
        kept.append(image)
    if len(kept) * int(fixing.sum()) != len(operations):
        raise StructureError(
            "structure.special_position",
            found=f"the position {', '.join(f'{v:.4f}' for v in position)} is too near to a special one",
            accepted="coordinates with at least four digits",
            action="Give more digits, or the exact special position",
        )
    return np.array(kept)


def _apply(operations: Operations, position: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(operations.rotations @ position + operations.translations, dtype=np.float64)
