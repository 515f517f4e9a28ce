"""cn.predict: shapes, notices, lists, errors, memory. The numbers themselves are in test_whole_path."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from pymatgen.core import Lattice, Structure

import crysnb as cn
from crysnb.errors import (
    CrysnbError,
    OutOfDomain,
    ShapeError,
    StructureError,
    SymmetryUndetermined,
    UnknownName,
)
from crysnb.graph.build import build_one
from crysnb.models.interface import Model, load_model
from crysnb.predict import domain, memory
from crysnb.predict import run as run_module
from crysnb.predict.stamp import tolerance_notices
from crysnb.structure.band_gap import stored_gap
from crysnb.symmetry.project import residual
from crysnb.values.crystal_batch import CrystalBatch
from crysnb.values.tensor_kind import DIELECTRIC


def codes(prediction: cn.Prediction) -> list[str]:
    return [n.code for n in prediction.notices]


def test_prediction_says_what_it_is() -> None:
    p = cn.predict("rutile")
    assert p.value.shape == (3, 3)
    assert (p.unit, p.frame, p.property, p.model) == ("1", "own", "dielectric", "gmtnet-dielectric")
    assert p.symmetry is not None
    assert p.symmetry.number == 136
    assert p.structure_id == "rutile"
    assert p.formula == "TiO2"
    assert "ε∞" in repr(p)


def test_zeros_and_equalities_are_exact() -> None:
    p = cn.predict("quartz")
    off_diagonal = p.value[~np.eye(3, dtype=bool)]
    assert (off_diagonal == 0).all()
    assert p.value[0, 0] == p.value[1, 1]
    assert p.value[0, 0] != p.value[2, 2]


def test_residual_is_that_of_the_raw_path_before_projection() -> None:
    bent = cn.as_structure("rutile")
    bent.translate_sites([2], [0.012, 0.004, 0.0])
    p = cn.predict(bent, symprec=0.2)
    raw = cn.predict(bent, idealize=False, symprec=0.2)
    assert p.symmetry is not None
    assert p.symmetry.number == 136
    expected = residual(DIELECTRIC, raw.value, p.symmetry.rotations)
    assert expected > 1e-5
    assert p.symmetry_residual == pytest.approx(expected)
    assert residual(DIELECTRIC, p.value, p.symmetry.rotations) < 1e-14
    assert "symmetry.idealized" in codes(p)
    assert "symmetry.idealized" not in codes(raw)


def test_a_list_gives_a_list_in_order_and_one_failure_costs_nothing() -> None:
    bad = Structure(Lattice.cubic(4), ["Na", "Cl"], [[0, 0, 0], [0.01, 0, 0]])
    results = cn.predict(["NaCl", bad, "GaAs"], on_error="return")
    assert [getattr(r, "formula", None) for r in results] == ["NaCl", None, "GaAs"]
    assert isinstance(results[1], StructureError)
    with pytest.raises(StructureError):
        cn.predict(["NaCl", bad])
    assert cn.predict([]) == []


def test_all_properties_come_as_a_dictionary() -> None:
    assert list(cn.predict("NaCl", property="all")) == ["dielectric"]
    with pytest.raises(UnknownName, match="dielectric"):
        cn.predict("NaCl", property="dielektric")


def test_element_that_was_never_trained_on_is_refused() -> None:
    card = load_model("gmtnet-dielectric").card
    unseen = sorted({"He", "Pu", "Ar", "Np"} - set(card.element_counts))
    assert unseen
    with pytest.raises(OutOfDomain, match=unseen[0]) as caught:
        cn.predict(Structure(Lattice.cubic(4), [unseen[0], "O"], [[0] * 3, [0.5] * 3]))
    assert caught.value.code == "domain.element"


def test_rare_elements_are_named_with_their_count() -> None:
    card = load_model("gmtnet-dielectric").card
    symbol, count = min(card.element_counts.items(), key=lambda item: item[1])
    assert count < domain.RARE_BELOW
    crystal = Structure.from_spacegroup("Fm-3m", Lattice.cubic(5), [symbol, "O"], [[0] * 3, [0.5] * 3])
    notice = next(n for n in cn.predict(crystal).notices if n.code == "domain.rare_element")
    assert f"{symbol} ({count})" in notice.text


def test_metals_are_warned_about() -> None:
    brass = Structure(Lattice.cubic(2.95), ["Cu", "Zn"], [[0] * 3, [0.5] * 3])
    assert "property.metal" in codes(cn.predict(brass))
    assert "property.metal" not in codes(cn.predict("NaCl"))


@pytest.mark.parametrize(("gap", "expected"), [(0.0, True), (0.5, False)])
def test_a_stored_gap_decides_over_the_composition(gap: float, expected: bool) -> None:
    record: dict[str, Any] = {
        "id": "x1",
        "formula": "CuZn",
        "lattice": [[2.95, 0, 0], [0, 2.95, 0], [0, 0, 2.95]],
        "species": ["Cu", "Zn"],
        "frac_coords": [[0, 0, 0], [0.5, 0.5, 0.5]],
        "targets": {"band_gap_pbe": gap},
    }
    carried = Structure.from_dict(
        cn.as_structure({k: v for k, v in record.items() if k != "targets"}).as_dict()
    )
    carried.properties = {"band_gap": gap}
    for source in (
        record,
        json.dumps(record),
        cn.as_structure(record),
        cn.as_structure(cn.as_structure(record)),
        carried,
    ):
        assert ("property.metal" in codes(cn.predict(source))) is expected
    assert cn.predict(record).structure_id == "x1"


def test_a_gap_that_is_no_number_or_an_error_bar_is_not_a_gap() -> None:
    assert stored_gap({"band_gap": float("nan"), "band_gap_error": 0.0}) is None
    assert stored_gap({"band_gap_error": 0.01, "band_gap": 5.0}) == 5.0
    assert stored_gap({"targets": ["band_gap"]}, None) is None


@pytest.mark.parametrize("symprec", ["0.01", float("nan"), 0, 2.0, None, True, np.ones(2)], ids=repr)
def test_a_wrong_symprec_is_an_error_not_an_unprojected_tensor(symprec: Any) -> None:
    with pytest.raises(SymmetryUndetermined, match=r"symmetry\.symprec"):
        cn.predict("quartz", symprec=symprec)


@pytest.mark.parametrize("idealize", ["no", 2, 0, 1, "False", np.zeros(2)], ids=repr)
def test_idealize_is_checked(idealize: Any) -> None:
    with pytest.raises(ShapeError, match=r"predict\.idealize"):
        cn.predict("quartz", idealize=idealize)


def test_a_warning_names_how_far_the_cell_is_from_its_symmetry() -> None:
    crystal = cn.as_structure("rutile")
    crystal.translate_sites([0], [0.0, 0.0, 0.02 / crystal.lattice.c], frac_coords=True)
    p = cn.predict(crystal, symprec=0.1)
    notice = next(n for n in p.notices if n.code == "symmetry.idealized")
    assert notice.severity == "warning"
    assert "0.0" in notice.text
    assert "P4_2/mnm" in notice.text


def test_a_cell_that_nearly_has_more_symmetry_is_told_how_far_it_is() -> None:
    crystal = cn.as_structure("NaCl")
    crystal.translate_sites([0], [0.02, 0.0, 0.0], frac_coords=False)
    p = cn.predict(crystal)
    assert p.symmetry is not None
    assert p.symmetry.number != 225
    notice = next(n for n in p.notices if n.code == "symmetry.near")
    assert "Fm-3m" in notice.text
    assert "1 free component instead of 2" in notice.text
    assert "0.018 Å" in notice.text  # 7/8 of 0.02 Å: the other seven atoms move the centre
    assert "symmetry.near" not in codes(cn.predict("NaCl"))
    assert cn.predict(crystal, symprec=0.1).symmetry.number == 225  # type: ignore[union-attr]


def test_a_group_that_depends_on_the_tolerance_is_told() -> None:
    found = replace(cn.symmetry("NaCl"), candidates=((0.01, 225), (0.03, 225), (0.001, 99)))
    (notice,) = tolerance_notices(found)
    assert notice.severity == "info"  # only a tighter tolerance differs: noise in the positions
    assert "99 at 0.001 Å" in notice.text
    (notice,) = tolerance_notices(found, ((0.1, 229), (0.03, 225)))
    assert notice.severity == "warning"
    assert "229 at 0.1 Å" in notice.text
    assert tolerance_notices(cn.symmetry("NaCl")) == ()


def test_undetermined_symmetry_still_predicts(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> None:
        raise SymmetryUndetermined("symmetry.undetermined", found="nothing")

    monkeypatch.setattr(run_module, "detect", fail)
    p = cn.predict("NaCl")
    assert p.symmetry is None
    assert p.symmetry_residual is None
    assert np.isfinite(p.value).all()
    assert "symmetry.undetermined" in codes(p)
    assert p.to_dict()["space_group"] is None


class Patched:
    """A network whose output or failure a test chooses."""

    def __init__(self, inner: Model, act: Any) -> None:
        self.inner, self.act, self.sizes = inner.network, act, []
        self.cutoff, self.properties = inner.cutoff, inner.properties

    def __call__(self, batch: CrystalBatch, tap: Any = None) -> dict[str, torch.Tensor]:
        self.sizes.append(batch.n_crystals)
        return self.act(batch, self.inner)


def patched(act: Any) -> tuple[Model, Patched]:
    inner = load_model("gmtnet-dielectric", device="cpu")
    network = Patched(inner, act)
    return replace(inner, network=network), network


def test_non_finite_output_is_shown_as_invalid() -> None:
    model, _ = patched(
        lambda batch, inner: {"dielectric": torch.full((batch.n_crystals, 3, 3), float("nan"))}
    )
    p = cn.predict("NaCl", model)
    assert p.notices[0].code == "prediction.non_finite"
    assert json.loads(json.dumps(p.to_dict(), allow_nan=False))["value"][0][0] is None


@pytest.mark.parametrize("limit", [1, 2, 3])
def test_out_of_memory_halves_the_batch(limit: int) -> None:
    def act(batch: CrystalBatch, inner: Any) -> dict[str, torch.Tensor]:
        if batch.n_crystals > limit:
            message = "DefaultCPUAllocator: can't allocate memory"
            raise RuntimeError(message)
        return inner(batch)

    model, network = patched(act)
    expected = cn.predict(["NaCl", "GaAs", "GaN", "rutile", "quartz"])
    results = cn.predict(["NaCl", "GaAs", "GaN", "rutile", "quartz"], model)
    for a, b in zip(expected, results, strict=True):
        np.testing.assert_allclose(a.value, b.value, rtol=1e-6)
    assert max(network.sizes) == 5


def test_no_memory_for_a_single_crystal_is_our_error() -> None:
    def act(batch: CrystalBatch, inner: Any) -> dict[str, torch.Tensor]:
        raise MemoryError

    with pytest.raises(cn.DeviceMemory, match=r"device\.memory"):
        cn.predict("NaCl", patched(act)[0])


def test_other_runtime_errors_are_not_swallowed() -> None:
    def act(batch: CrystalBatch, inner: Any) -> dict[str, torch.Tensor]:
        message = "something else"
        raise RuntimeError(message)

    with pytest.raises(RuntimeError, match="something else"):
        cn.predict("NaCl", patched(act)[0])


def test_chunks_cover_everything_in_order() -> None:
    graphs = [memory.collate([build_one(cn.as_structure(n), 5.5)]) for n in ("NaCl", "GaAs", "GaN")]
    assert [list(c) for c in memory.chunks(graphs, 2)] == [[0, 1], [2]]
    assert [k for c in memory.chunks(graphs, None) for k in c] == [0, 1, 2]


@pytest.mark.parametrize("size", [0, -1, True, "3", 1.5, float("nan")])
def test_batch_size_is_checked(size: Any) -> None:
    with pytest.raises(ShapeError, match="batch_size"):
        cn.predict("NaCl", batch_size=size)


def test_on_error_is_checked() -> None:
    with pytest.raises(UnknownName):
        cn.predict("NaCl", on_error="ignore")


def test_a_path_gives_its_stem_as_id(tmp_path: Path) -> None:
    file = tmp_path / "my crystal.cif"
    file.write_text(cn.as_structure("NaCl").to(fmt="cif"))
    assert cn.predict(file).structure_id == "my crystal"


def test_models_table() -> None:
    table = cn.models()
    assert list(table.columns) == ["name", "properties", "unit", "data", "test error", "licence"]
    row = table.set_index("name").loc["gmtnet-dielectric"]
    assert row["licence"] == "CC0 1.0"


def test_errors_are_ours() -> None:
    for bad in (None, 7, "no such file.cif", b"\x00\x01", {"lattice": 1}, object()):
        with pytest.raises(CrysnbError):
            cn.predict(bad)
