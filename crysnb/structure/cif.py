"""CIF text to a :class:`RawCrystal`. The symmetry operations are applied here, nothing is guessed.

A CIF gives lengths and angles but no orientation. The one that results is pymatgen's usual one:
z ∥ c, a in the x-z plane with x > 0 (so y ∥ b*), for a right-handed cell.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from crysnb.errors import DisorderedStructure, StructureError, quote
from crysnb.structure import check, remarks, symop
from crysnb.structure.cif_tokens import Block, blocks, syntax
from crysnb.structure.elements import isotope_of_label, resolve, symbol_of_label
from crysnb.structure.numbers import number
from crysnb.structure.raw import RawCrystal, ordered
from crysnb.values.prediction import Notice

if TYPE_CHECKING:
    from collections.abc import Sequence

_LENGTHS = ("_cell_length_a", "_cell_length_b", "_cell_length_c")
_ANGLES = ("_cell_angle_alpha", "_cell_angle_beta", "_cell_angle_gamma")
_COORDINATES = ("_atom_site_fract_x", "_atom_site_fract_y", "_atom_site_fract_z")
_OPERATIONS = ("_space_group_symop_operation_xyz", "_symmetry_equiv_pos_as_xyz")
_HALL = ("_space_group_name_hall", "_symmetry_space_group_name_hall")
_NAMES = (
    "_space_group_name_h-m_alt",
    "_symmetry_space_group_name_h-m",
    "_space_group_name_h-m_full",
    "_space_group_name_h-m",
)
_NUMBERS = ("_space_group_it_number", "_symmetry_int_tables_number")
_MAGNETIC = ("_space_group_magn", "_space_group_symop_magn", "_atom_site_moment", "_magnetic_space_group")
_MODULATED = ("_cell_modulation", "_cell_wave_vector", "_cell_subsystem", "_space_group_ssg")
_FORMULA_TOLERANCE = 0.02  # of an element's share of the atoms


def read_cif(lines: list[str], block: str | int | None = None) -> RawCrystal:
    """Crystal in a CIF.

    Parameters
    ----------
    lines
        The text, line by line.
    block
        Name or position (from 0, among the blocks that hold a structure) of the one to read.
    """
    chosen = _choose(structure_blocks(lines), lines, block)
    for key in chosen.items:
        if key.startswith(_MAGNETIC + _MODULATED):
            raise StructureError(
                "structure.magnetic" if key.startswith(_MAGNETIC) else "structure.modulated",
                found=f"the block holds {quote(key)}",
                accepted="ordinary three-dimensional crystals without magnetic symmetry",
                action="Export the crystal structure alone",
            )
    cell = _cell(chosen)
    return _expand(chosen, cell)


def structure_blocks(lines: list[str]) -> list[Block]:
    """Blocks of a CIF that hold a structure, in order."""
    return [b for b in blocks(lines) if "_cell_length_a" in b.items and _COORDINATES[0] in b.items]


def _choose(found: Sequence[Block], lines: list[str], block: str | int | None) -> Block:
    if isinstance(block, int) and 0 <= block < len(found):
        return found[block]
    named = [b for b in found if b.name == block] if isinstance(block, str) else found
    if (block is not None and not named) or isinstance(block, int):
        raise StructureError(
            "structure.block",
            found=f"there is no block {quote(block)}",
            accepted=", ".join(quote(b.name) for b in found[:8]) or "no block holds a structure",
        )
    if not named:
        cartesian = any("_atom_site_cartn_x" in line.lower().replace(".", "_") for line in lines)
        raise StructureError(
            "structure.no_sites",
            found="no data block holds both a cell and fractional coordinates"
            + (" (Cartesian ones are not read)" if cartesian else ""),
            accepted="a block with _cell_length_a and a loop with _atom_site_fract_x",
        )
    check.several([b.name for b in named], "data blocks with a structure")
    return named[0]


def _required(block: Block, name: str) -> str:
    value = block.value(name)
    if value is None:
        raise StructureError(
            "structure.missing",
            found=f"{name} is not given",
            accepted="a number",
            action="Add it to the file",
        )
    return value


def _cell(block: Block) -> NDArray[np.float64]:
    lengths = np.array([number(_required(block, name), name) for name in _LENGTHS])
    angles = np.array([number(_required(block, name), name) for name in _ANGLES])
    for name, value in zip(_LENGTHS + _ANGLES, (*lengths, *angles), strict=True):
        check.finite(name, np.asarray(value))
    for name, value in zip(_LENGTHS, lengths, strict=True):
        check.negative_length(name, value)
    check.cell_angles(angles)
    return cell_from_parameters(lengths, angles)


def cell_from_parameters(lengths: NDArray[np.float64], angles: NDArray[np.float64]) -> NDArray[np.float64]:
    """Rows a, b, c in Å for lengths in Å and possible angles in degrees: z ∥ c, y ∥ b*.

    Cosines of 60°, 90° and 120° are exact, so that a hexagonal cell is hexagonal to the last digit.
    """
    exact = {60.0: 0.5, 90.0: 0.0, 120.0: -0.5}
    ca, cb, cg = (exact.get(float(x), float(np.cos(np.radians(x)))) for x in angles)
    a, b, c = lengths
    sa, sb = np.sqrt(1.0 - ca * ca), np.sqrt(1.0 - cb * cb)
    x = (cg - ca * cb) / sb
    y = np.sqrt(sa * sa - x * x)
    return np.array([[a * sb, 0.0, a * cb], [b * x, b * y, b * ca], [0.0, 0.0, c]])


def _operations(block: Block, cell: NDArray[np.float64]) -> symop.Operations | None:
    listed = block.column(*_OPERATIONS)
    if listed:
        check.expansion(1, len(listed))
        return symop.parse(listed)
    it_number = block.value(*_NUMBERS)
    value = number(it_number, "the number of the space group") if it_number else None
    return symop.from_tables(
        hall=block.value(*_HALL),
        name=block.value(*_NAMES),
        number=int(value) if value is not None and 1 <= value <= 230 and value == int(value) else None,
        cell=cell,
    )


def _expand(block: Block, cell: NDArray[np.float64]) -> RawCrystal:
    coordinates = [block.column(name) or [] for name in _COORDINATES]
    n = len(coordinates[0])
    if any(len(column) != n for column in coordinates):
        raise syntax("the three columns of fractional coordinates differ in length")
    check.expansion(n, 1)
    check.cell_size(cell)
    operations = _operations(block, cell)
    notices: list[Notice] = []
    if operations is None:
        operations = symop.parse(["x,y,z"])
        notices.append(_NO_SYMMETRY)
    check.expansion(n, len(operations))
    if symop.metric_misfit(operations, cell) > symop.METRIC_TOLERANCE:
        symop.refuse_misfit("the listed operations")
    symbols, isotopes = _symbols(block, n)
    occupancies = _occupancies(block, n)
    check.full_occupancy([[s] for s in symbols], [[o] for o in occupancies])
    orbits: list[NDArray[np.float64]] = []
    kept: list[str] = []
    for i in range(n):
        frac = np.array(
            [_coordinate(c[i], name, i) for c, name in zip(coordinates, _COORDINATES, strict=True)]
        )
        check.coordinate_range(frac[None, :])
        orbits.append(symop.orbit(frac, operations, cell))
        kept += [symbols[i]] * len(orbits[-1])
        check.site_count(len(kept))
    notices += [*remarks.isotopes(isotopes), *_formula(block, kept)]
    return RawCrystal(
        cell=cell,
        coords=np.concatenate(orbits) if orbits else np.zeros((0, 3)),
        notices=tuple(notices),
        **ordered(kept),
    )


_NO_SYMMETRY = Notice(
    "structure.no_symmetry",
    "warning",
    "The CIF names no symmetry, so the listed atoms were taken as the whole cell (P1).",
)


def _coordinate(text: str, name: str, site: int) -> float:
    if text in ("?", "."):
        raise StructureError(
            "structure.missing",
            found=f"{name} of site {site + 1} is not given",
            accepted="a position for every listed atom",
            action="Complete or remove the site",
        )
    value = number(text, f"{name} of site {site + 1}")
    check.finite(f"{name} of site {site + 1}", np.asarray(value))
    return value


def _full_column(block: Block, n: int, name: str) -> list[str] | None:
    column = block.column(name)
    if column is not None and len(column) != n:
        raise syntax(f"{name} has {len(column)} values for {n} sites")
    return column


def _symbols(block: Block, n: int) -> tuple[list[str], list[str]]:
    """Element symbols of the listed sites, and the isotopes among them."""
    types = _full_column(block, n, "_atom_site_type_symbol")
    labels = _full_column(block, n, "_atom_site_label")
    hydrogens = _full_column(block, n, "_atom_site_attached_hydrogens") or []
    for i, text in enumerate(hydrogens):
        if text not in ("?", ".", "0"):
            raise StructureError(
                "structure.implicit_hydrogen",
                found=f"site {i + 1} has {quote(text)} attached hydrogens without positions",
                accepted="a position for every atom",
                action="Add the hydrogens to the file",
            )
    flags = _full_column(block, n, "_atom_site_calc_flag") or []
    symbols, isotopes = [], []
    for i in range(n):
        where = f"site {i + 1}"
        if flags and flags[i].lower() == "dum":
            resolve("dummy", where=where)
        if types is not None and types[i] not in ("?", "."):
            text = types[i]
        elif labels is not None:
            text = symbol_of_label(labels[i], where=where)
        else:
            raise StructureError(
                "structure.missing",
                found=f"{where} has neither a type symbol nor a label",
                accepted="a column _atom_site_type_symbol",
            )
        element = resolve(text, where=where)
        symbols.append(element.symbol)
        of_label = isotope_of_label(labels[i]) if labels is not None and element.symbol == "H" else ""
        isotopes.append(element.isotope or of_label)
    return symbols, isotopes


def _occupancies(block: Block, n: int) -> list[float]:
    groups = _full_column(block, n, "_atom_site_disorder_group") or []
    alternatives = sorted(set(groups) - {".", "?", "0"})
    if len(alternatives) > 1:
        raise DisorderedStructure(
            "structure.disorder",
            found=f"the sites form {len(alternatives)} alternative disorder groups",
            accepted="sites that hold exactly one atom",
            action="Choose one group and remove the others",
        )
    column = _full_column(block, n, "_atom_site_occupancy")
    if column is None:
        return [1.0] * n
    values = [
        1.0 if text in ("?", ".") else number(text, f"the occupancy of site {i + 1}")
        for i, text in enumerate(column)
    ]
    check.finite("the occupancies", np.array(values))
    return values


def _formula(block: Block, symbols: list[str]) -> tuple[Notice, ...]:
    """Say so if the formula in the file is not that of its atoms: often hydrogens are missing."""
    text = block.value("_chemical_formula_sum")
    parts = re.findall(r"([A-Z][a-z]?)(\d+(?:\.\d+)?)?", text[:400]) if text else []
    written: dict[str, float] = {}
    for symbol, count in parts:
        key = "H" if symbol in ("D", "T") else symbol
        written[key] = written.get(key, 0.0) + (float(count) if count else 1.0)
    total = sum(written.values())
    if not 0.0 < total < 1e6:
        return ()
    found = {s: symbols.count(s) / len(symbols) for s in set(symbols)}
    off = [
        s
        for s in sorted(set(written) | set(found))
        if abs(found.get(s, 0.0) - written.get(s, 0.0) / total) > _FORMULA_TOLERANCE
    ]
    if not off:
        return ()
    return (
        Notice(
            "structure.formula",
            "warning",
            f"The formula stated in the CIF differs from its atoms in the share of {', '.join(off)}.",
        ),
    )
