"""The Materials Project through a client that plays back documents: no connection, no key in any message."""

from __future__ import annotations

import sys
import types
import warnings
from types import SimpleNamespace
from typing import Any, Self

import numpy as np
import pytest
from pymatgen.core import Lattice, Structure
from pymatgen.core.tensors import Tensor

import crysnb as cn
from crysnb.datasets.materials_project import read_materials_project
from crysnb.errors import CrysnbError, MissingExtra, UnknownName
from crysnb.structure.transforms import random_rotation
from crysnb.symmetry.project import residual
from crysnb.values.tensor_kind import PIEZOELECTRIC

KEY = "canary-key-0123456789"
EPS = np.diag([2.5, 2.5, 3.5])


def turned_rutile() -> Structure:
    s = cn.as_structure("rutile")
    q = random_rotation(np.random.default_rng(0))
    return Structure(Lattice(s.lattice.matrix @ q.T), s.species, s.frac_coords)


class Endpoint:
    def __init__(self, documents: list[Any]) -> None:
        self.documents = documents

    def search(self, material_ids: list[str], fields: list[str]) -> list[Any]:
        if any(i == "mp-666" for i in material_ids):
            raise RuntimeError(f"GET https://api/?key={KEY}")
        return [d for d in self.documents if str(_get(d, "material_id")) in material_ids]


def _get(document: Any, name: str) -> Any:
    return document[name] if isinstance(document, dict) else getattr(document, name)


class Client:
    seen: str

    def __init__(self, key: str) -> None:
        Client.seen = key
        salt, rutile = cn.as_structure("NaCl"), turned_rutile()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            ieee = Tensor(_own_eps(rutile)).rotate(Tensor.get_ieee_rotation(rutile), tol=1e-2)
        stiff = np.diag([50.0, 50, 50, 12, 12, 12])
        self.materials = SimpleNamespace(
            summary=Endpoint(
                [
                    {
                        "material_id": "mp-1",
                        "structure": salt,
                        "band_gap": 5.0,
                        "energy_above_hull": 0.0,
                        "formation_energy_per_atom": -2.1,
                    },
                    SimpleNamespace(material_id="mp-2", structure=rutile, band_gap=None),
                    {"material_id": "mp-3", "structure": None},
                ]
            ),
            dielectric=Endpoint(
                [{"material_id": "mp-2", "electronic": np.asarray(ieee).tolist(), "total": None}]
            ),
            piezoelectric=Endpoint([{"material_id": "mp-3", "total": np.zeros((3, 6)).tolist()}]),
            elasticity=Endpoint(
                [
                    SimpleNamespace(
                        material_id="mp-1", structure=salt, elastic_tensor=SimpleNamespace(raw=stiff.tolist())
                    ),
                    {"material_id": "mp-2", "structure": rutile, "elastic_tensor": None},
                ]
            ),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass


def _own_eps(structure: Structure) -> np.ndarray:
    """Permittivity of a tetragonal crystal whose fourfold axis is the third cell vector."""
    c = structure.lattice.matrix[2] / structure.lattice.c
    return 2.5 * np.eye(3) + np.outer(c, c)


@pytest.fixture(autouse=True)
def _service(monkeypatch: pytest.MonkeyPatch) -> None:
    module = types.ModuleType("mp_api.client")
    module.MPRester = Client  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "mp_api", types.ModuleType("mp_api"))
    monkeypatch.setitem(sys.modules, "mp_api.client", module)
    monkeypatch.setenv("MP_API_KEY", KEY)
    monkeypatch.delenv("CRYSNB_OFFLINE", raising=False)


def test_energies_and_gaps() -> None:
    found = read_materials_project("summary", ["mp-1", "mp-2", "mp-3", "mp-404"])
    assert found.records[0].id == "mp-1"
    assert found.records[0].targets == {
        "formation_energy_per_atom": -2.1, "band_gap_pbe": 5.0, "e_above_hull": 0.0,
    }  # fmt: skip
    assert {r.id: r.code for r in found.rejected} == {"mp-3": "data.missing", "mp-404": "data.missing"}
    assert Client.seen == KEY


def test_an_ieee_tensor_is_turned_into_the_axes_of_the_structure() -> None:
    found = read_materials_project("dielectric", ["mp-2"]).records[0]
    assert np.array(found.targets["eps_electronic"]) == pytest.approx(_own_eps(found.structure), abs=1e-6)
    assert (
        residual("dielectric", found.targets["eps_electronic"], cn.symmetry(found.structure).rotations) < 1e-6
    )
    assert "eps_total" not in found.targets


def test_a_stiffness_comes_with_its_structure() -> None:
    found = read_materials_project("elastic", ["mp-1", "mp-2"])
    assert [r.id for r in found] == ["mp-1"]
    assert found.records[0].targets["elastic"][3][3] == 12
    assert found.rejected_counts() == {"label.missing": 1}


def test_nothing_usable() -> None:
    with pytest.raises(CrysnbError, match=r"data\.nothing"):
        read_materials_project("piezoelectric", ["mp-3"])
    assert PIEZOELECTRIC.n_components == 18


@pytest.mark.parametrize(
    "name", ["149", "mp-", "mp-1/../x", "mp-1 or 1=1", "mp_1", "", None, 5, "mp-" + "1" * 40]
)
def test_other_ids_are_not_sent(name: Any) -> None:
    with pytest.raises(CrysnbError, match=r"data\.id"):
        read_materials_project("summary", [name])


def test_a_failure_of_the_service_does_not_tell_the_key() -> None:
    with pytest.raises(CrysnbError, match=r"download\.refused") as caught:
        read_materials_project("summary", ["mp-666"])
    assert KEY not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("key", [None, "", "  "])
def test_no_key(monkeypatch: pytest.MonkeyPatch, key: str | None) -> None:
    monkeypatch.delenv("MP_API_KEY")
    if key is not None:
        monkeypatch.setenv("MP_API_KEY", key)
    with pytest.raises(CrysnbError, match=r"data\.key"):
        read_materials_project("summary", ["mp-1"])


def test_offline_and_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRYSNB_OFFLINE", "1")
    with pytest.raises(CrysnbError, match=r"download\.offline"):
        read_materials_project("summary", ["mp-1"])
    monkeypatch.delenv("CRYSNB_OFFLINE")
    monkeypatch.setitem(sys.modules, "mp_api.client", None)
    with pytest.raises(MissingExtra, match=r"crysnb\[data\]"):
        read_materials_project("summary", ["mp-1"])
    with pytest.raises(UnknownName):
        read_materials_project("magnetism", ["mp-1"])
