"""The one door for structures: anything a user may hold becomes a checked pymatgen Structure."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crysnb.errors import CrysnbError, StructureError, quote
from crysnb.structure import check, examples, objects, records, remarks, source
from crysnb.structure.cif import read_cif, structure_blocks
from crysnb.structure.cif_tokens import split_lines
from crysnb.structure.formula import reduced_formula
from crysnb.structure.poscar import looks_like_poscar, read_poscar
from crysnb.structure.raw import RawCrystal, build
from crysnb.values.prediction import Notice

if TYPE_CHECKING:
    from pymatgen.core.structure import Structure

_ACCEPTED = (
    "a bundled name, a path, CIF, POSCAR or JSON text, a pymatgen Structure, ASE Atoms, "
    "a dictionary, or spglib's cell tuple"
)
_MP_ID = re.compile(r"(?:mp|mvc)-\d{1,12}", re.IGNORECASE)
_LONGEST_NAME = 120
_PROPERTY = "crysnb"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A structure that passed every admission rule.

    Attributes
    ----------
    structure
        pymatgen Structure: neutral elements, labels ``element + index``, sites in the given order,
        orientation as given. ``structure.properties["crysnb"]`` repeats id and notices.
    structure_id
        Name of the bundled crystal, stem of the file, id of the record, or the reduced formula.
    notices
        Remarks about the input.
    source
        ``"example"``, ``"file"``, ``"text"``, ``"structure"``, ``"atoms"``, ``"dict"`` or ``"cell"``.
    """

    structure: Structure
    structure_id: str
    notices: tuple[Notice, ...]
    source: str


def as_structure(x: object, *, block: str | int | None = None) -> Structure:
    """Checked pymatgen Structure of anything that describes a crystal.

    Parameters
    ----------
    x
        Bundled name (:func:`crysnb.examples`), path, CIF/POSCAR/JSON text, pymatgen Structure, ASE
        Atoms, dictionary (``Structure.as_dict()`` or ``{id, lattice, species, frac_coords}``), or
        spglib's ``(lattice, positions, numbers)``. A string is tried as an existing file, as
        content, as a bundled name, in this order. Lengths are in Å.
    block
        Which structure to read where a text holds several: name, or position from 0.

    Returns
    -------
    pymatgen.core.Structure
        Cell rows in Å in the orientation given. A CIF gives none; the result has z ∥ c and a in the
        x-z plane (y ∥ b*), as pymatgen's own reader. A POSCAR keeps its own. Bundled crystals have
        x ∥ a and z ∥ c*.

    Raises
    ------
    StructureError
        If a rule of :mod:`crysnb.structure.check` refuses it; ``.code`` says which.
    UnknownName
        For a string that is neither a file nor content nor a bundled name.
    """
    return read(x, block=block).structure


def read(x: object, *, block: str | int | None = None, name: str = "") -> Reading:
    """Like :func:`as_structure`, with id and notices beside the structure.

    Parameters
    ----------
    x
        As in :func:`as_structure`; also the bytes of a file.
    block
        Which structure to read where a text holds several.
    name
        Id of a structure in bytes that carry none, such as the stem of the file they came from.
    """
    try:
        return _read(x, block, name)
    except (CrysnbError, KeyboardInterrupt, SystemExit, GeneratorExit):
        raise
    except BaseException as exc:  # a panic in an extension library derives from BaseException only
        raise StructureError(
            "structure.unreadable",
            found=f"reading the structure failed with {type(exc).__name__}",
            accepted=_ACCEPTED,
            action="Please report this input as a bug",
        ) from exc


def block_names(data: bytes) -> tuple[str, ...]:
    """Names of the structures in the bytes of a file, in order; each may be chosen by its position.

    Raises
    ------
    StructureError
        If the bytes are no text, or none that can be read.
    """
    text = source.decode(data)
    lines = split_lines(text)
    check.line_count(len(lines))
    if text.lstrip()[:1] in ("{", "["):
        return records.names(text)
    if looks_like_poscar(lines) or not _looks_like_cif(lines):
        return ()
    return tuple(b.name for b in structure_blocks(lines))


def _read(x: object, block: str | int | None, name: str) -> Reading:
    if isinstance(x, str):
        return _read_string(x, block)
    if isinstance(x, os.PathLike):
        return _read_path(Path(x), block)
    if isinstance(x, bytes):
        raw = _parse(source.decode(x), block)
        return _finish(raw, raw.name or name, "text")
    return _read_object(x)


def _read_object(x: object) -> Reading:
    if isinstance(x, Mapping):
        raw = records.read_mapping(x)
        return _finish(raw, raw.name, "dict")
    if objects.is_from(x, "pymatgen", "IStructure"):
        name, carried = _carried(x)
        return _finish(objects.read_structure(x), name, "structure", carried)
    if objects.is_from(x, "ase", "Atoms"):
        return _finish(objects.read_atoms(x), "", "atoms")
    if isinstance(x, tuple):
        return _finish(objects.read_cell(x), "", "cell")
    raise StructureError("structure.type", found=f"an object of type {type(x).__name__}", accepted=_ACCEPTED)


def _read_string(text: str, block: str | int | None) -> Reading:
    path = source.existing_path(text)
    if path is not None and not (path.is_dir() and _is_example(text)):
        return _read_path(path, block)
    if "\n" in text or "\r" in text or text.lstrip()[:1] in ("{", "["):
        return _finish(_parse(source.decode(text.encode("utf-8", "replace")), block), "", "text")
    if not text.strip():
        raise StructureError("structure.empty", found="an empty text", accepted=_ACCEPTED)
    if _MP_ID.fullmatch(text.strip()):
        raise StructureError(
            "structure.no_network",
            found=f"{quote(text)} is an id of the Materials Project",
            accepted=_ACCEPTED,
            action="crysnb never downloads structures: fetch it with mp-api and pass the Structure",
        )
    if re.search(r"[\\/]|\.(cif|vasp|poscar|json|mcif)$", text, re.IGNORECASE) or len(text) > _LONGEST_NAME:
        raise StructureError(
            "structure.not_found", found=f"there is no file {quote(text)}", action="Check the path"
        )
    name = examples.find(text).name
    reading = _finish(objects.read_structure(examples.example(name)), name, "example")
    return reading


def _is_example(text: str) -> bool:
    return text.strip().casefold() in {name.casefold() for name in examples.examples()}


def _read_path(path: Path, block: str | int | None) -> Reading:
    raw = _parse(source.decode(source.read_file(path)), block)
    return _finish(raw, raw.name or path.stem, "file")


def _parse(text: str, block: str | int | None) -> RawCrystal:
    """Crystal in a text, whose form is told by its content, never by a file's suffix."""
    lines = split_lines(text)
    check.line_count(len(lines))
    if text.lstrip()[:1] in ("{", "["):
        return records.read_json(text, block)
    if looks_like_poscar(lines):
        return read_poscar(lines)
    if _looks_like_cif(lines):
        return read_cif(lines, block)
    raise StructureError(
        "structure.format",
        found=f"the text begins with {quote(text.strip()[:40])}, which is none of the known forms",
        accepted="CIF, VASP POSCAR, or JSON of a structure",
    )


def _looks_like_cif(lines: list[str]) -> bool:
    return any(line.lstrip()[:5].lower() in ("data_", "loop_") for line in lines)


def _finish(raw: RawCrystal, name: str, kind: str, carried: Iterable[Notice] = ()) -> Reading:
    structure, found = build(raw)
    notices = _unique([*carried, *found])
    printable = "".join(c if c.isprintable() else "?" for c in name or raw.name)[:_LONGEST_NAME]
    structure_id = printable or reduced_formula(structure)
    kept: dict[str, Any] = {"id": structure_id, "notices": [notice.to_dict() for notice in notices]}
    if raw.band_gap is not None:
        kept["band_gap"] = raw.band_gap
    structure.properties = {_PROPERTY: kept}
    return Reading(structure=structure, structure_id=structure_id, notices=notices, source=kind)


def _unique(notices: Iterable[Notice]) -> tuple[Notice, ...]:
    order = {"error": 0, "warning": 1, "info": 2}
    return tuple(sorted(dict.fromkeys(notices), key=lambda notice: order[notice.severity]))


def _carried(structure: Any) -> tuple[str, list[Notice]]:
    """Id and notices that an earlier reading left, without those that are found anew."""
    left = getattr(structure, "properties", {}).get(_PROPERTY)
    if not isinstance(left, Mapping):
        return "", []
    name, notices = left.get("id"), left.get("notices")
    kept = [
        Notice(**{key: str(n[key]) for key in ("code", "severity", "text")})  # type: ignore[arg-type]
        for n in (notices if isinstance(notices, list) else [])
        if isinstance(n, Mapping)
        and {"code", "severity", "text"} <= set(n)
        and n["severity"] in ("info", "warning", "error")
        and n["code"] not in remarks.RECOMPUTED
    ]
    return name if isinstance(name, str) else "", kept
