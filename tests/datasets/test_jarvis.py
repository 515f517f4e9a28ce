"""JARVIS-DFT records and GMTNet's filters and split, on payloads made here."""

from __future__ import annotations

import io
import json
import random
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import crysnb as cn
from crysnb.datasets import jarvis
from crysnb.datasets.jarvis import gmtnet_split, read_gmtnet, read_jarvis
from crysnb.errors import CrysnbError, UnknownName
from crysnb.tensors.convert import reorder


def record(name: str, jid: str, *, cartesian: bool = False, **fields: Any) -> dict[str, Any]:
    s = cn.as_structure(name)
    atoms = {
        "lattice_mat": s.lattice.matrix.tolist(),
        "coords": (s.cart_coords if cartesian else s.frac_coords).tolist(),
        "elements": [f"{x} " for x in s.species],
        "cartesian": cartesian,
        "props": [""] * len(s),
    }
    return {"jid": jid, "atoms": atoms, **fields}


def write(path: Path, records: Any) -> Path:
    path.write_text(json.dumps(records))
    return path


def test_targets_and_axes(tmp_path: Path) -> None:
    piezo = np.arange(18.0).reshape(3, 6)
    stiff = np.arange(36.0).reshape(6, 6)
    records = [
        record("quartz", "JVASP-41", piezoelectric_C_m2=piezo.tolist(), elastic_total_kbar=stiff.tolist()),
        record("NaCl", "JVASP-23", cartesian=True, dielectric=(2.3 * np.eye(3)).tolist(),
               formation_energy=-2.0, gap="na", eps_max=float("nan"), ok=True, elastic_total_kbar="na"),
    ]  # fmt: skip
    found = read_jarvis(write(tmp_path / "d.json", records))
    quartz, salt = found
    assert (quartz.id, salt.id) == ("JVASP-41", "JVASP-23")
    assert quartz.targets["piezo"] == reorder(piezo, "vasp").tolist()
    assert quartz.targets["elastic"] == pytest.approx(reorder(stiff, "vasp") / 10)
    assert salt.targets == {"eps_electronic": (2.3 * np.eye(3)).tolist(), "formation_energy": -2.0}
    for crystal, name in zip(found, ("quartz", "NaCl"), strict=True):
        own = cn.as_structure(name)
        assert crystal.structure.lattice.matrix == pytest.approx(own.lattice.matrix)
        assert crystal.structure.frac_coords == pytest.approx(own.frac_coords, abs=1e-9)


def test_the_archive_of_figshare(tmp_path: Path) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("d3-5-16-2021.json", json.dumps([record("NaCl", "JVASP-23", e=1)]))
    (tmp_path / "d.zip").write_bytes(packed.getvalue())
    assert read_jarvis(tmp_path / "d.zip").records[0].targets == {"e": 1}


@pytest.mark.parametrize("content", [{}, [], 3, "x", None])
def test_no_list_of_records(tmp_path: Path, content: Any) -> None:
    with pytest.raises(CrysnbError, match=r"data\.invalid"):
        read_jarvis(write(tmp_path / "d.json", content))


BAD_ATOMS: list[Any] = [
    None, {}, 3, {"lattice_mat": [[1]], "coords": [], "elements": []},
    {"lattice_mat": np.eye(3).tolist(), "coords": [[0, 0, 0]], "elements": "Na"},
    {"lattice_mat": np.eye(3).tolist(), "coords": [[0, 0, 0]], "elements": [1]},
    {"lattice_mat": np.eye(3).tolist(), "coords": [[0, 0]], "elements": ["Na"]},
    {"lattice_mat": np.zeros((3, 3)).tolist(), "coords": [[0, 0, 0]], "elements": ["Na"], "cartesian": True},
    {"lattice_mat": [[float("nan")] * 3] * 3, "coords": [[0, 0, 0]], "elements": ["Na"], "cartesian": True},
    {"lattice_mat": (4 * np.eye(3)).tolist(), "coords": [[0, 0, 0]], "elements": ["Xx"]},
]  # fmt: skip


def test_a_bad_record_is_listed(tmp_path: Path) -> None:
    records = [record("NaCl", "good"), *({"jid": "bad", "atoms": a} for a in BAD_ATOMS), 7, [], "x"]
    records.append(record("NaCl", "tensor", dielectric=[[1, 2], [3]]))
    found = read_jarvis(write(tmp_path / "d.json", records))
    assert [r.id for r in found] == ["good"]
    assert len(found.rejected) == len(BAD_ATOMS) + 4
    assert found.rejected[-2].id == f"record {len(records) - 1}"


@pytest.mark.parametrize("n", [10, 99, 4713, 14220])
def test_the_split_is_the_published_one(n: int) -> None:
    ids = list(np.arange(n))
    state = random.getstate()
    try:
        random.seed(32)
        random.shuffle(ids)
    finally:
        random.setstate(state)
    n_train, n_val, n_test = int(0.8 * n), int(0.1 * n), int(0.1 * n)
    found = gmtnet_split([str(k) for k in range(n)])
    assert found["train"] == [str(k) for k in ids[:n_train]]
    assert found["val"] == [str(k) for k in ids[-(n_val + n_test) : -n_test]]
    assert found["test"] == [str(k) for k in ids[-n_test:]]
    if n == 4713:
        assert [len(found[p]) for p in ("train", "val", "test")] == [3770, 471, 471]


def test_dielectric_filter(tmp_path: Path) -> None:
    eps = (3 * np.eye(3)).tolist()
    records = [record("NaCl", f"J-{k}", dielectric=eps) for k in range(20)]
    records += [
        record("NaCl", "large", dielectric=(100 * np.eye(3)).tolist()),
        record("NaCl", "none", dielectric=[]),
        record("NaCl", "nan", dielectric=[[float("nan")] * 3] * 3),
        {"jid": "broken", "dielectric": eps},
    ]
    found = read_gmtnet(write(tmp_path / "d.json", records), "dielectric")
    assert [r.id for r in found.dataset] == [f"J-{k}" for k in range(20)]
    assert [r.id for r in found.dataset.rejected] == ["broken"]
    assert found.split == gmtnet_split([*(f"J-{k}" for k in range(20)), "broken"])


def test_piezo_zeros_leave_the_training_part_alone(tmp_path: Path) -> None:
    tensor = np.full((3, 6), 0.1).tolist()
    records = [
        record("quartz", f"J-{k}", piezoelectric_C_m2=np.zeros((3, 6)).tolist() if k % 2 else tensor)
        for k in range(40)
    ]
    found = read_gmtnet(write(tmp_path / "d.json", records), "piezoelectric")
    whole = gmtnet_split([f"J-{k}" for k in range(40)])
    assert found.split["train"] == [i for i in whole["train"] if int(i[2:]) % 2 == 0]
    assert found.split["test"] == whole["test"]
    assert any(int(i[2:]) % 2 for i in found.split["test"] + found.split["val"])


def test_elastic_filter_zeroes_what_symmetry_forbids(tmp_path: Path) -> None:
    cubic = np.zeros((6, 6))
    cubic[:3, :3] = 500.0
    cubic += np.diag([1000.0, 1000, 1000, 300, 300, 300])
    noisy, broken, hard = cubic.copy(), cubic.copy(), cubic.copy()
    noisy[0, 4] = noisy[4, 0] = 5e-4  # kbar
    broken[0, 3] = broken[3, 0] = 0.5
    hard[0, 0] = 15000.0
    records = [
        record("NaCl", name, elastic_total_kbar=c.tolist())
        for name, c in (("clean", cubic), ("noisy", noisy), ("broken", broken), ("hard", hard))
    ]
    found = read_gmtnet(write(tmp_path / "d.json", records), "elastic")
    assert [r.id for r in found.dataset] == ["clean", "noisy"]
    assert found.dataset.records[1].targets["elastic"] == found.dataset.records[0].targets["elastic"]
    assert found.dataset.records[0].targets["elastic"][0][:4] == pytest.approx([150, 50, 50, 0])


def test_names(tmp_path: Path) -> None:
    assert set(jarvis.TENSORS) == {"dielectric", "piezoelectric", "elastic"}
    with pytest.raises(UnknownName):
        read_gmtnet(tmp_path / "d.json", "magnetic")
