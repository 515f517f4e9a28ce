"""What the configurations of all networks have in common: plain data in and out, every value checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Any, TypeVar

from crysnb.errors import ShapeError, UnknownName, quote
from crysnb.values.property_spec import property_spec

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

SCHEMA_VERSION = 1

Config = TypeVar("Config", bound="DataclassInstance")


def to_plain(config: DataclassInstance) -> dict[str, Any]:
    """The fields of a configuration as JSON data, with its schema version."""
    lists = {k: list(v) if isinstance(v, tuple) else v for k, v in asdict(config).items()}
    return {"schema_version": SCHEMA_VERSION, **lists}


def from_plain(cls: type[Config], data: Mapping[str, Any]) -> Config:
    """Inverse of :func:`to_plain`.

    Raises
    ------
    ShapeError
        ``config.schema`` for an unknown schema version.
    UnknownName
        For a key that is no field.
    """
    rest = dict(data)
    version = rest.pop("schema_version", None)
    if type(version) is not int or version != SCHEMA_VERSION:
        raise ShapeError("config.schema", found=f"schema version {version!r}", accepted=f"{SCHEMA_VERSION}")
    known = {f.name for f in fields(cls)}
    for key in rest:
        if key not in known:
            raise UnknownName.of("configuration key", key, known)
    return cls(**rest)


def check_properties(given: object) -> tuple[str, ...]:
    """Names of properties, from a card and so perhaps of any type.

    Raises
    ------
    ShapeError
        ``config.range`` unless it is a list of at least one name.
    UnknownName
        For a property that is not known.
    """
    if not isinstance(given, (list, tuple)) or not all(isinstance(n, str) for n in given):
        raise ShapeError("config.range", found=f"properties = {quote(given)}", accepted="a list of names")
    for name in given:
        property_spec(name)
    if not given:
        raise ShapeError("config.range", found="no properties", accepted="at least one")
    return tuple(given)


def check_numbers(config: DataclassInstance, limits: Mapping[str, tuple[float, float]]) -> None:
    """Refuse fields outside their limits, and fractions where the field is a whole number.

    Raises
    ------
    ShapeError
        ``config.range``.
    """
    whole = {f.name for f in fields(config) if f.type in ("int", "int | None")}
    for name, (low, high) in limits.items():
        value: object = getattr(config, name)
        number = isinstance(value, (int, float)) and not isinstance(value, bool)
        is_whole = name in whole
        if not number or (is_whole and not isinstance(value, int)) or not low <= float(value) <= high:  # type: ignore[arg-type]
            raise ShapeError(
                "config.range",
                found=f"{name} = {quote(value)}",
                accepted=f"{name} from {low} to {high}{', a whole number' if is_whole else ''}",
            )


def check_choice(name: str, value: object, choices: tuple[str, ...]) -> None:
    """Refuse a value that is none of ``choices``.

    Raises
    ------
    ShapeError
        ``config.range``.
    """
    if value not in choices:
        raise ShapeError(
            "config.range", found=f"{name} = {quote(value)}", accepted=f"{name}: {', '.join(choices)}"
        )


def check_flag(name: str, value: object) -> None:
    """Refuse what is neither true nor false.

    Raises
    ------
    ShapeError
        ``config.range``.
    """
    if type(value) is not bool:
        raise ShapeError("config.range", found=f"{name} = {quote(value)}", accepted="true or false")
