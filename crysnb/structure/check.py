"""Admission rules: what a structure must satisfy before anything else may see it.

One function per rule, limits as named constants. Rules on the text run before parsing, rules on
numbers before pymatgen or spglib are handed them, :func:`check` on the finished structure. A rule
refuses with a :class:`StructureError` or answers with notices; none changes the structure. Rules
that only ever remark are in :mod:`remarks`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from crysnb.errors import DisorderedStructure, StructureError, quote
from crysnb.structure import geometry, remarks
from crysnb.structure.elements import resolve
from crysnb.values.prediction import Notice

if TYPE_CHECKING:
    from pymatgen.core.structure import Structure

# S3: before parsing
MAX_BYTES = 1 << 20
MAX_LINES = 5_000
MAX_EXPANSION = 20_000  # listed sites × symmetry operations
MAX_OPERATIONS = 192  # of a space group in any conventional cell
# S3: after parsing
MAX_SITES = 500
MIN_LENGTH = 1.0  # Å
MAX_LENGTH = 100.0  # Å
MAX_CELLS_AWAY = 1_000.0  # a fractional coordinate beyond this has lost its digits
# S4: beyond this a volume overflows
LARGEST_NUMBER = 1e100
# S5
MIN_VOLUME_PER_ATOM = 1.0  # Å^3
MIN_CELL_HEIGHT = 0.5  # Å
# S6
MIN_DISTANCE = 0.5  # Å
CLOSE_DISTANCE = 0.8  # Å; bonds of hydrogen are shorter
# S7
OCCUPANCY_TOLERANCE = 1e-8
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1f\x7f]")
_AXES = ("a", "b", "c")


# ---- before parsing -------------------------------------------------------------------------------


def text_size(n_bytes: int) -> None:
    """S3: refuse a text larger than :data:`MAX_BYTES` (``structure.too_large``)."""
    if n_bytes > MAX_BYTES:
        raise too_large(n_bytes)


def too_large(_: int) -> StructureError:
    """The error for a file that is too large, whatever its size."""
    return StructureError(
        "structure.too_large",
        found=f"the structure file has more than {MAX_BYTES:,} bytes",
        accepted=f"at most {MAX_BYTES:,} bytes",
        action="Remove everything but the crystal structure from the file",
    )


def line_count(n_lines: int) -> None:
    """S3: refuse a text of more than :data:`MAX_LINES` lines (``structure.too_large``)."""
    if n_lines > MAX_LINES:
        raise StructureError(
            "structure.too_large",
            found=f"the structure text has {n_lines:,} lines",
            accepted=f"at most {MAX_LINES:,} lines",
            action="Remove everything but the crystal structure from the file",
        )


def text_bytes(data: bytes) -> None:
    """S11: refuse empty and binary content (``structure.empty``, ``structure.binary``)."""
    if not data.strip():
        raise StructureError(
            "structure.empty", found="the structure text is empty", accepted="CIF, POSCAR or JSON text"
        )
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise StructureError(
            "structure.encoding",
            found="the text is encoded as UTF-16",
            accepted="UTF-8 or ASCII",
            action="Save the file again as UTF-8",
        )
    if data.startswith((b"\x1f\x8b", b"BZh", b"PK\x03\x04", b"\xfd7zXZ")):
        raise StructureError(
            "structure.binary",
            found="the file is a compressed archive",
            accepted="plain CIF, POSCAR or JSON text",
            action="Decompress the file first",
        )
    if _CONTROL.search(data):
        raise StructureError(
            "structure.binary",
            found="the file holds control characters, so it is not text",
            accepted="plain CIF, POSCAR or JSON text",
        )


def expansion(n_listed: int, n_operations: int | None) -> None:
    """S3: refuse a list of sites that symmetry would blow up (``structure.expansion``)."""
    operations = MAX_OPERATIONS if n_operations is None else n_operations
    if operations > MAX_OPERATIONS:
        raise StructureError(
            "structure.expansion",
            found=f"{operations:,} symmetry operations are listed",
            accepted=f"at most {MAX_OPERATIONS}",
        )
    if n_listed * operations > MAX_EXPANSION:
        raise StructureError(
            "structure.expansion",
            found=f"{n_listed:,} listed sites times {operations} symmetry operations",
            accepted=f"a product of at most {MAX_EXPANSION:,}",
            action="Give the primitive cell",
        )


def several(names: Sequence[str], what: str) -> None:
    """S11: refuse a choice that only the user can make (``structure.several``)."""
    if len(names) > 1:
        shown = ", ".join(quote(name) for name in names[:8]) + (", …" if len(names) > 8 else "")
        raise StructureError(
            "structure.several",
            found=f"the text holds {len(names)} {what}: {shown}",
            accepted="one structure",
            action="Choose one with block=, by its name or by its position counted from 0",
        )


def missing_symbols(n_kinds: int, line: str) -> None:
    """S10: refuse a POSCAR without symbols, showing the line to add (``structure.missing_symbols``)."""
    raise StructureError(
        "structure.missing_symbols",
        found=f"the POSCAR names no elements for its {n_kinds} kinds of atoms (VASP 4 format)",
        accepted="a line of element symbols before the counts",
        action=f"Add line 6, for example: {line!r}",
    )


# ---- numbers, before pymatgen or spglib see them --------------------------------------------------


def site_count(n_sites: int) -> None:
    """S3, S11: refuse no sites (``structure.no_sites``) and too many (``structure.too_many_sites``)."""
    if n_sites == 0:
        raise StructureError(
            "structure.no_sites", found="the structure has no atoms", accepted="1 to 500 atoms"
        )
    if n_sites > MAX_SITES:
        raise StructureError(
            "structure.too_many_sites",
            found=f"the cell holds {n_sites:,} atoms",
            accepted=f"at most {MAX_SITES}",
            action="Give the primitive cell",
        )


def finite(what: str, values: NDArray[np.float64]) -> None:
    """S4: refuse NaN, infinity and numbers that overflow (``structure.non_finite``), naming the field."""
    with np.errstate(invalid="ignore"):
        bad = ~(np.abs(values) <= LARGEST_NUMBER)
    if bad.any():
        where = tuple(int(i) for i in np.argwhere(bad)[0])
        place = f"{what}[{', '.join(map(str, where))}]" if where else what
        raise StructureError(
            "structure.non_finite",
            found=f"{place} is {values[where]!s}",
            accepted="finite numbers",
            action="Correct this number in the input",
        )


def negative_length(field: str, value: float) -> None:
    """S5: refuse a length that is not positive before its sign is lost (``structure.negative_length``)."""
    if value <= 0.0:
        raise StructureError(
            "structure.negative_length", found=f"{field} is {value:g}", accepted="a positive length in Å"
        )


def cell_angles(angles: NDArray[np.float64]) -> None:
    """S5: refuse three angles, in degrees, that no cell has (``structure.cell_angle``)."""
    ca, cb, cg = np.cos(np.radians(angles))
    squared_volume = 1.0 - ca * ca - cb * cb - cg * cg + 2.0 * ca * cb * cg
    if not (angles > 0.0).all() or not (angles < 180.0).all() or squared_volume <= 0.0:
        raise StructureError(
            "structure.cell_angle",
            found=f"the cell angles are {', '.join(f'{angle:g}' for angle in angles)}",
            accepted="degrees between 0 and 180, each smaller than the sum of the others, together below 360",
        )


def cell_size(cell: NDArray[np.float64]) -> None:
    """S3: refuse lattice vectors that are too short or too long (``structure.cell_length``)."""
    for axis, vector in zip(_AXES, cell, strict=True):
        length = float(np.linalg.norm(vector))
        if not MIN_LENGTH <= length <= MAX_LENGTH:
            raise StructureError(
                "structure.cell_length",
                found=f"lattice vector {axis} has length {length:.6g} Å",
                accepted=f"{MIN_LENGTH:g} to {MAX_LENGTH:g} Å",
                action="Check the cell and its unit",
            )


def cell_volume(cell: NDArray[np.float64], n_sites: int) -> None:
    """S5: refuse a flat or sliver cell (``structure.volume``, ``structure.cell_height``).

    The volume is |det|, so a left-handed cell is as good as any.
    """
    volume = abs(float(np.linalg.det(cell)))
    if volume < MIN_VOLUME_PER_ATOM * max(n_sites, 1):
        raise StructureError(
            "structure.volume",
            found=f"the cell has a volume of {volume:.4g} Å^3 for {n_sites} atoms",
            accepted=f"at least {MIN_VOLUME_PER_ATOM:g} Å^3 per atom",
            action="Check the lattice vectors and their unit",
        )
    heights = geometry.cell_heights(cell)
    k = int(np.argmin(heights))
    if heights[k] < MIN_CELL_HEIGHT:
        raise StructureError(
            "structure.cell_height",
            found=f"the cell is only {heights[k]:.4g} Å high along {_AXES[k]}*",
            accepted=f"at least {MIN_CELL_HEIGHT:g} Å",
            action="Reduce the cell: its vectors are nearly parallel",
        )


def coordinate_range(frac: NDArray[np.float64]) -> None:
    """S4: refuse positions absurdly many cells away (``structure.coordinate_range``)."""
    far = np.abs(frac) > MAX_CELLS_AWAY
    if far.any():
        site, axis = (int(i) for i in np.argwhere(far)[0])
        raise StructureError(
            "structure.coordinate_range",
            found=f"site {site + 1} lies {abs(frac[site, axis]):.3g} cells away along {_AXES[axis]}",
            accepted=f"fractional coordinates within ±{MAX_CELLS_AWAY:g}",
            action="Wrap the atoms into the cell",
        )


def full_occupancy(symbols: Sequence[Sequence[str]], occupancies: Sequence[Sequence[float]]) -> None:
    """S7: refuse partial, mixed and overfull sites (``structure.disorder``), listing them."""
    bad = [
        f"site {i} ({' + '.join(f'{s} {o:g}' for s, o in zip(site, occ, strict=True))})"
        for i, (site, occ) in enumerate(zip(symbols, occupancies, strict=True), 1)
        if len(site) != 1 or not abs(occ[0] - 1.0) <= OCCUPANCY_TOLERANCE
    ]
    if bad:
        more = f" and {len(bad) - 6} more" if len(bad) > 6 else ""
        raise DisorderedStructure(
            "structure.disorder",
            found=f"partly or jointly occupied: {', '.join(bad[:6])}{more}",
            accepted="sites that hold exactly one atom",
            action="Choose one ordered configuration; occupancies are never rounded",
        )


def symbols_agree(written: Sequence[str], structure: Structure) -> None:
    """S8: refuse if the structure holds another element than the text (``structure.symbol_mismatch``)."""
    for i, (text, site) in enumerate(zip(written, structure, strict=True), 1):
        symbol = getattr(site.specie, "symbol", "")
        if resolve(text).symbol != symbol:
            raise StructureError(
                "structure.symbol_mismatch",
                found=f"site {i} is written as {quote(text)} but was read as {quote(symbol)}",
                accepted="symbols of elements",
                action="Correct the symbol",
            )


# ---- the finished structure -----------------------------------------------------------------------


def check(structure: Structure) -> tuple[Notice, ...]:
    """Apply every rule to a pymatgen structure.

    Parameters
    ----------
    structure
        Any pymatgen structure.

    Returns
    -------
    tuple of Notice
        Remarks of S6, S12 and S13.

    Raises
    ------
    StructureError
        With the code of the first rule that refuses.
    """
    cell = np.array(structure.lattice.matrix, dtype=np.float64)
    frac = np.array(structure.frac_coords, dtype=np.float64).reshape(-1, 3)
    site_count(len(structure))
    finite("the cell", cell)
    finite("the coordinates", frac)
    cell_size(cell)
    cell_volume(cell, len(structure))
    coordinate_range(frac)
    symbols = [[written_symbol(s) for s in site.species] for site in structure]
    elements = [[resolve(s, where=f"site {i}").symbol for s in site] for i, site in enumerate(symbols, 1)]
    full_occupancy(elements, [list(site.species.values()) for site in structure])
    ordered = [site[0] for site in elements]
    pairs = geometry.shortest_pairs(structure)
    return (
        *overlap(ordered, pairs),
        *remarks.units(ordered, cell, pairs),
        *remarks.vacuum(cell, frac),
    )


def written_symbol(species: object) -> str:
    """Symbol of a pymatgen species, in a form that no dummy species can fake."""
    from pymatgen.core.periodic_table import DummySpecies

    # Deuterium is an H with another name.
    name = getattr(species, "name", "")
    text = name if name in ("D", "T") else getattr(species, "symbol", str(species))
    # A dummy species may carry the name of an element as its prefix.
    return f"dummy {text}" if isinstance(species, DummySpecies) else str(text)


def overlap(symbols: Sequence[str], pairs: geometry.Pairs) -> tuple[Notice, ...]:
    """S6: refuse overlapping atoms (``structure.overlap``), naming the pair; notice for close ones."""
    first, second, distance = (values[pairs[2] < CLOSE_DISTANCE] for values in pairs)
    for i, j, d in zip(first, second, distance, strict=True):
        other = f"{symbols[j]}{j + 1}" if i != j else "its own periodic image"
        pair = f"{symbols[i]}{i + 1} and {other}"
        if d < MIN_DISTANCE:
            raise StructureError(
                "structure.overlap",
                found=f"{pair} are {d:.3f} Å apart",
                accepted=f"at least {MIN_DISTANCE:g} Å",
                action="Remove the duplicate, or check the coordinates and the symmetry operations",
            )
        if "H" not in (symbols[i], symbols[j]):
            text = f"{pair} are only {d:.2f} Å apart. Check the cell."
            return (Notice("structure.close_atoms", "warning", text),)
    return ()
