"""VASP POSCAR text to a :class:`RawCrystal`. Orientation, handedness and site order are kept."""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray

from crysnb.errors import StructureError, quote
from crysnb.structure import check
from crysnb.structure.numbers import number
from crysnb.structure.raw import RawCrystal, ordered
from crysnb.values.symbols import SYMBOLS

_COUNT = re.compile(r"\d{1,18}", re.ASCII)
_MOST_HEADER_LINES = 64  # of symbols or counts; VASP breaks such lists every 20 entries


def looks_like_poscar(lines: list[str]) -> bool:
    """Whether line 2 is a scale factor and line 3 a vector."""
    if len(lines) < 7:
        return False
    scale, vector = lines[1].split(), lines[2].split()
    return len(scale) in (1, 3) and len(vector) >= 3 and all(_is_number(t) for t in [*scale, *vector[:3]])


def _is_number(token: str) -> bool:
    try:
        number(token, "")
    except StructureError:
        return False
    return True


def _syntax(found: str, accepted: str) -> StructureError:
    return StructureError("structure.syntax", found=found, accepted=accepted)


def _line(lines: list[str], index: int) -> str:
    if index >= len(lines):
        raise _syntax(f"the POSCAR ends at line {len(lines)}", "a line for every atom")
    return lines[index]


def read_poscar(lines: list[str]) -> RawCrystal:
    """Crystal in a POSCAR or CONTCAR of VASP 5 or later; velocities are ignored.

    Direct and Cartesian coordinates, one or three scale factors, a negative one as the volume, and
    selective dynamics are understood. VASP 4 files are read only if each position line ends in a symbol.
    """
    cell, scale = _cell(lines)
    symbols, index = _header(lines)
    counts, index = _counts(lines, index)
    check.site_count(sum(counts))
    mode, index, columns = _mode(lines, index)
    rows = [_line(lines, index + i).split() for i in range(sum(counts))]
    coords = np.array([[_entry(row, k, index + i) for k in range(3)] for i, row in enumerate(rows)])
    check.finite("the coordinates", coords)
    if symbols is None:
        species = _trailing_symbols(rows, columns, lines, len(counts))
    elif len(symbols) != len(counts):
        raise _syntax(f"{len(symbols)} symbols but {len(counts)} counts", "one count for each symbol")
    else:
        species = [s for s, n in zip(symbols, counts, strict=True) for _ in range(n)]
    cartesian = mode == "c"
    return RawCrystal(
        cell=cell, coords=coords * scale if cartesian else coords, cartesian=cartesian, **ordered(species)
    )


def _cell(lines: list[str]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Cell in Å and the factor [3] that Cartesian coordinates share with it."""
    factors = np.array([number(t, "the scale factor (line 2)") for t in _line(lines, 1).split()])
    rows = []
    for i in range(3):
        tokens = _line(lines, 2 + i).split()
        if len(tokens) < 3:
            raise _syntax(
                f"line {3 + i} is {quote(lines[2 + i])}", "the three components of a lattice vector"
            )
        rows.append([number(t, f"lattice vector {'abc'[i]}") for t in tokens[:3]])
    cell = np.array(rows)
    check.finite("the scale factor", factors)
    check.finite("the cell", cell)
    if (factors == 0.0).any() or (len(factors) == 3 and (factors < 0.0).any()):
        check.negative_length("the scale factor (line 2)", float(factors.min()))
    if len(factors) == 1 and factors[0] < 0.0:
        # VASP: a negative factor is the volume of the cell in Å^3.
        with np.errstate(all="ignore"):
            volume = abs(float(np.linalg.det(cell)))
        check.finite("the volume of the cell", np.asarray(volume))
        if volume == 0.0:
            check.cell_volume(cell, 1)
        factors = np.array([(-factors[0] / volume) ** (1.0 / 3.0)])
    scale = np.broadcast_to(factors, (3,))
    with np.errstate(all="ignore"):
        scaled = cell * scale
    check.finite("the scaled cell", scaled)
    return scaled, scale


def _header(lines: list[str]) -> tuple[list[str] | None, int]:
    """Symbols (None in VASP 4) and the index of the line of counts."""
    symbols: list[str] = []
    for index in range(5, 5 + _MOST_HEADER_LINES):
        tokens = _line(lines, index).split()
        if not tokens:
            raise _syntax(f"line {index + 1} is empty", "element symbols, then their counts")
        if _COUNT.fullmatch(tokens[0]):
            return (symbols or None), index
        # VASP 6 writes the name of the potential, "Mg_pv/f474ac0d".
        symbols += [token.split("/")[0].split("_")[0] for token in tokens]
    raise _syntax("no line of atom counts follows the cell", "element symbols, then their counts")


def _counts(lines: list[str], index: int) -> tuple[list[int], int]:
    counts: list[int] = []
    while index < len(lines) and (tokens := lines[index].split()) and _COUNT.fullmatch(tokens[0]):
        for token in tokens:
            if not _COUNT.fullmatch(token):
                break
            counts.append(int(token))
        check.site_count(max(sum(counts), 1))
        index += 1
    return counts, index


def _mode(lines: list[str], index: int) -> tuple[str, int, int]:
    """``"c"`` or ``"d"``, the index of the first position, and how many columns precede a symbol."""
    columns = 3
    text = _line(lines, index).strip().lower()
    if text.startswith("s"):
        columns = 6
        index += 1
        text = _line(lines, index).strip().lower()
    if text[:1] in ("c", "k"):
        return "c", index + 1, columns
    if text[:1] in ("d", "f"):
        return "d", index + 1, columns
    raise _syntax(f"line {index + 1} is {quote(lines[index])}", "Direct or Cartesian")


def _entry(row: list[str], k: int, index: int) -> float:
    if len(row) < 3:
        raise _syntax(f"line {index + 1} has {len(row)} columns", "the three coordinates of an atom")
    return number(row[k], f"coordinate {'xyz'[k]} in line {index + 1}")


def _trailing_symbols(rows: list[list[str]], columns: int, lines: list[str], n_kinds: int) -> list[str]:
    """S10: symbols behind the positions, or a refusal that shows the line to add."""
    known = frozenset(SYMBOLS) | {"D", "T"}
    if all(len(row) > columns and row[columns] in known for row in rows):
        return [row[columns] for row in rows]
    guess = re.findall(r"[A-Z][a-z]?", lines[0])
    line = " ".join(guess) if len(guess) == n_kinds and set(guess) <= known else " ".join(["El"] * n_kinds)
    check.missing_symbols(n_kinds, line)
    return []
