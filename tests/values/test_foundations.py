"""Errors, registry, units."""

from __future__ import annotations

import pickle

import pytest

from crysnb import errors
from crysnb.errors import CrysnbError, StructureError, UnknownName, quote, sentences
from crysnb.registry import Registry
from crysnb.units import check_unit, convert, display_unit, known_units


def test_every_error_has_code_and_text_and_survives_a_worker_process() -> None:
    error = StructureError("structure.x", found="a thing", accepted="another", action="Do this.")
    assert str(error) == "[structure.x] a thing. Accepted: another. Do this."
    again = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own bytes, as multiprocessing does it
    assert type(again) is StructureError
    assert again.to_dict() == error.to_dict()


def test_all_errors_derive_from_one() -> None:
    classes = [c for c in vars(errors).values() if isinstance(c, type) and issubclass(c, Exception)]
    assert all(issubclass(c, CrysnbError) for c in classes)
    assert len(classes) == 11


def test_quote_cuts_to_eighty() -> None:
    assert len(quote("x" * 500)) == 80
    assert quote("<b>\x00") == "'<b>\\x00'"


def test_quote_prints_what_python_does_not() -> None:
    assert quote(10**5000) == "<int>"
    assert quote([10**5000]) == "<list>"

    class Broken:
        def __repr__(self) -> str:
            raise RuntimeError

    assert quote(Broken()) == "<Broken>"


def test_a_message_ends_each_part_once() -> None:
    error = CrysnbError("a.b", found="cut …", accepted="x, y:", action="Did you mean 'x'?")
    assert error.text == "cut … Accepted: x, y. Did you mean 'x'?"
    assert sentences("one.", "", "two..", "three!") == "one. two. three!"


def test_registry_suggests_and_refuses_twice() -> None:
    registry: Registry[int] = Registry("fruit")
    registry.add("apple", 1)
    assert registry.get("apple") == 1
    with pytest.raises(UnknownName, match="Did you mean 'apple'"):
        registry.get("appel")
    with pytest.raises(CrysnbError, match=r"name\.taken"):
        registry.add("apple", 2)
    with pytest.raises(UnknownName):
        registry.get([])  # type: ignore[arg-type]


def test_units() -> None:
    assert convert(1, "eV/angstrom^3", "GPa") == pytest.approx(160.2176634)
    assert convert(10, "kbar", "GPa") == pytest.approx(1)
    assert display_unit("C/m^2") == "C/m²"
    assert all(check_unit(u) == u for u in known_units())
    with pytest.raises(CrysnbError, match=r"unit\.dimension"):
        convert(1, "GPa", "eV")
    with pytest.raises(UnknownName):
        convert(1, "GPa", "furlong")
