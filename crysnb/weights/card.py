"""Model cards: what a model is, what it was trained on, and how good it is."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from crysnb.errors import WeightsCorrupt, quote
from crysnb.files import parse_json

SCHEMA_VERSION = 1
_MAX_BYTES = 1 << 20
_MAX_DEPTH = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelCard:
    """Description of a trained model; plain JSON.

    Attributes
    ----------
    name
        Name of the model.
    family
        Registered family that builds the module, for example ``"gmtnet"``.
    config
        Configuration of the module, with its own schema version.
    properties
        Names of the predicted properties; the first is the default.
    targets
        Key of a data record -> name of the property it labels.
    element_counts
        Element symbol -> number of training crystals that contain it.
    dataset
        Name, source, licence, citation, filters and split of the training data.
    metrics
        Per split part, error measures with the command that prints them.
    training
        Command, seed, recipe and its hash.
    sha256
        Hash of ``weights.safetensors``.
    citation
        BibTeX of the method.
    domain
        Hash of ``domain.safetensors``, where the training crystals lie in feature space, and how the distance
        to them went along with the error on validation; empty if the model has none.
    """

    name: str
    family: str
    config: dict[str, Any]
    properties: tuple[str, ...]
    targets: dict[str, str]
    element_counts: dict[str, int]
    dataset: dict[str, Any]
    metrics: dict[str, Any]
    training: dict[str, Any]
    sha256: str
    citation: str = ""
    domain: dict[str, Any] = field(default_factory=dict)
    schema_version: int = field(default=SCHEMA_VERSION)

    def to_json(self) -> str:
        """Indented JSON with sorted keys; the same card always gives the same bytes."""
        data = {**asdict(self), "properties": list(self.properties)}
        return json.dumps(data, indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n"

    @classmethod
    def from_json(cls, text: bytes) -> ModelCard:
        """Inverse of :meth:`to_json`.

        Raises
        ------
        WeightsCorrupt
            For anything but a complete card of a known schema: wrong types, duplicate or unknown
            keys, JSON that is too large or too deeply nested.
        """
        data = _parse(text)
        if data.get("schema_version") != SCHEMA_VERSION:
            raise _corrupt(f"schema version {quote(data.get('schema_version'))}", f"{SCHEMA_VERSION}")
        types = {f.name: _KINDS[str(f.type).split("[")[0]] for f in fields(cls)}
        if unknown := sorted(set(data) - set(types)):
            raise _corrupt(f"unknown keys {quote(unknown)}", ", ".join(types))
        for name, kind in types.items():
            if name not in data and name not in _OPTIONAL:
                raise _corrupt(f"no {name!r}", "a complete card")
            if name in data and not isinstance(data[name], kind):
                raise _corrupt(f"{name} is {quote(data[name])}", kind.__name__)
        properties = data.pop("properties")
        if not properties or not all(isinstance(p, str) for p in properties):
            raise _corrupt(f"properties {quote(properties)}", "a list of names")
        _check_values(data)
        return cls(**data, properties=tuple(properties))


# Numbers inside the free-form parts that predicting and scoring rely on.
_OPTIONAL_NUMBERS = (("metrics", "uncertainty_factor"), ("dataset", "max_entry"))
_LARGEST = 1e100


def _check_values(data: dict[str, Any]) -> None:
    if not all(isinstance(n, int) and n >= 0 for n in data["element_counts"].values()):
        raise _corrupt("element counts that are not whole numbers", "counts of at least 0")
    if domain := data.get("domain"):
        if not isinstance(domain.get("sha256"), str):
            raise _corrupt("a domain without a hash", "sha256 of its file")
        interval = domain.get("spearman_ci95", [0, 0])
        pair = interval if isinstance(interval, list) and len(interval) == 2 else [None]
        measured = [*pair, *(domain.get(key, 0) for key in ("spearman", "near_error", "far_error"))]
        if not all(type(x) in (int, float) and abs(x) < _LARGEST for x in measured):
            raise _corrupt(f"measures of the domain {quote(measured)}", "numbers")
    for holder, key in _OPTIONAL_NUMBERS:
        value = data[holder].get(key)
        if value is not None and not (type(value) in (int, float) and 0 <= value < _LARGEST):
            raise _corrupt(f"{key} is {quote(value)}", "a number")


_OPTIONAL = frozenset({"citation", "domain"})
_KINDS: dict[str, type] = {"str": str, "dict": dict, "tuple": list, "int": int}


def _parse(text: bytes) -> dict[str, Any]:
    if len(text) > _MAX_BYTES:
        raise _corrupt(f"{len(text)} bytes", f"at most {_MAX_BYTES} bytes")
    data = parse_json(text, depth=_MAX_DEPTH, refuse=_corrupt)
    if not isinstance(data, dict):
        raise _corrupt("a JSON value that is not an object", "a JSON object")
    return data


def _corrupt(found: str, accepted: str) -> WeightsCorrupt:
    return WeightsCorrupt(
        "weights.card",
        found=f"model card: {found}",
        accepted=accepted,
        action="Fetch or train the model again",
    )


def figure(measured: Mapping[str, Any], name: str) -> tuple[str, float] | None:
    """Name and value of a measure of a card, also of one taken up to the axes that labels leave open."""
    for key in (name, f"{name}_gauge"):
        if isinstance(measured.get(key), float):
            return key, measured[key]
    return None


def measured(card: ModelCard, part: str, name: str) -> Mapping[str, Any]:
    """Figures of a part of the data for the property called ``name``; empty if it was not measured."""
    found = card.metrics.get(part, {})
    own = found.get(name, found) if isinstance(found, Mapping) else {}
    return own if isinstance(own, Mapping) else {}
