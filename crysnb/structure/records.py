"""JSON text and dictionaries to a :class:`RawCrystal`.

Two forms: ``Structure.as_dict()`` of pymatgen, and the flat record ``{id, lattice, species,
frac_coords}`` of the data sets. Only the named keys are looked at; nothing in them is imported or
called, unlike in pymatgen's own decoder.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from crysnb.errors import StructureError, quote
from crysnb.structure import check
from crysnb.structure.band_gap import stored_gap
from crysnb.structure.numbers import array
from crysnb.structure.raw import RawCrystal, ordered

_LONGEST_ID = 120


def read_json(text: str, block: str | int | None = None) -> RawCrystal:
    """Crystal in JSON text: one object, or a list from which ``block`` chooses."""
    return read_mapping(_choose(_load(text), block))


def names(text: str) -> tuple[str, ...]:
    """Ids of the records in JSON text, or their positions; empty for one object."""
    value = _load(text)
    return _names(value) if isinstance(value, list) else ()


def _load(text: str) -> Any:
    try:
        return json.loads(text, object_pairs_hook=_unique)
    except (ValueError, RecursionError) as exc:
        raise StructureError(
            "structure.syntax",
            found=f"the JSON text cannot be read: {type(exc).__name__}",
            accepted="one JSON object: pymatgen's Structure.as_dict(), or a record",
            action="For JSON Lines, give one line",
        ) from None


def _names(value: list[Any]) -> tuple[str, ...]:
    return tuple(str(v.get("id", i)) if isinstance(v, dict) else str(i) for i, v in enumerate(value))


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    out = dict(pairs)
    if len(out) != len(pairs):
        raise StructureError("structure.syntax", found="a JSON object has the same key twice")
    return out


def _choose(value: Any, block: str | int | None) -> Any:
    if not isinstance(value, list):
        return value
    known = _names(value)
    if block is None:
        check.several(known, "records")
        block = 0
    index = known.index(block) if isinstance(block, str) and block in known else block
    if not isinstance(index, int) or not 0 <= index < len(value):
        raise StructureError(
            "structure.block", found=f"there is no record {quote(block)}", accepted=f"0 to {len(value) - 1}"
        )
    return value[index]


def read_mapping(data: Any) -> RawCrystal:
    """Crystal in a dictionary of either form."""
    if isinstance(data, Mapping):
        if "sites" in data and isinstance(data.get("lattice"), Mapping):
            return _from_pymatgen(data)
        if {"lattice", "species", "frac_coords"} <= set(data):
            return _from_record(data)
    raise StructureError(
        "structure.format",
        found=f"the data are {quote(sorted(map(str, data))[:6] if isinstance(data, Mapping) else data)}",
        accepted="pymatgen's Structure.as_dict(), or a record with lattice, species and frac_coords",
    )


def _from_record(data: Mapping[str, Any]) -> RawCrystal:
    species = data["species"]
    if (
        not isinstance(species, Sequence)
        or isinstance(species, str)
        or not all(isinstance(s, str) for s in species)
    ):
        raise StructureError(
            "structure.number", found=f"species is {quote(species)}", accepted="a list of symbols"
        )
    check.site_count(len(species))
    name = data.get("id", "")
    return RawCrystal(
        cell=array(data["lattice"], (3, 3), "lattice"),
        coords=array(data["frac_coords"], (len(species), 3), "frac_coords"),
        name=name[:_LONGEST_ID] if isinstance(name, str) else "",
        band_gap=stored_gap(data),
        **ordered(list(species)),
    )


def _from_pymatgen(data: Mapping[str, Any]) -> RawCrystal:
    sites = data["sites"]
    if not isinstance(sites, Sequence) or isinstance(sites, str):
        raise StructureError("structure.number", found=f"sites is {quote(sites)}", accepted="a list of sites")
    check.site_count(len(sites))
    symbols, occupancies, coords = [], [], []
    for i, site in enumerate(sites, 1):
        if (
            not isinstance(site, Mapping)
            or "abc" not in site
            or not isinstance(site.get("species"), Sequence)
        ):
            raise StructureError(
                "structure.missing",
                found=f"site {i} is {quote(site)}",
                accepted="an object with species and abc",
            )
        kinds = [s for s in site["species"] if isinstance(s, Mapping) and isinstance(s.get("element"), str)]
        if len(kinds) != len(site["species"]) or not kinds:
            raise StructureError(
                "structure.missing",
                found=f"site {i} has species {quote(site['species'])}",
                accepted="elements",
            )
        symbols.append(tuple(s["element"] for s in kinds))
        occupancies.append(
            tuple(array([s.get("occu", 1.0) for s in kinds], (None,), f"occu of site {i}").tolist())
        )
        coords.append(array(site["abc"], (3,), f"abc of site {i}"))
    for occupancy in occupancies:
        check.finite("the occupancies", np.array(occupancy))
    return RawCrystal(
        cell=array(data["lattice"].get("matrix"), (3, 3), "lattice.matrix"),
        coords=np.array(coords),
        symbols=tuple(symbols),
        occupancies=tuple(occupancies),
        band_gap=stored_gap(data),
    )
