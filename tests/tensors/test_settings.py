"""Choices of axes: how many, what they do to a tensor, and the six bases of quartz."""

from __future__ import annotations

import itertools
import json

import numpy as np
import pytest
from pymatgen.core import Structure
from pymatgen.core.tensors import Tensor

import crysnb as cn
from crysnb.errors import UnknownName
from crysnb.structure.transforms import random_rotation, rotated
from crysnb.symmetry.detect import detect
from crysnb.symmetry.point_groups import POINT_GROUPS, class_setting
from crysnb.tensors.form import tensor_form
from crysnb.tensors.settings import axis_settings, class_settings, turn_text
from crysnb.values.tensor_kind import KINDS, rotate

#: Cosets of each class in the proper rotations of its lattice: |lattice| / |class without improper ones|.
COSETS = {
    "1": 1, "-1": 1, "2": 1, "m": 2, "2/m": 1, "222": 1, "mm2": 2, "mmm": 1,
    "4": 2, "-4": 4, "4/m": 2, "422": 1, "4mm": 2, "-42m": 2, "4/mmm": 1,
    "3": 4, "-3": 4, "32": 2, "3m": 4, "-3m": 2,
    "6": 2, "-6": 4, "6/m": 2, "622": 1, "6mm": 2, "-6m2": 2, "6/mmm": 1,
    "23": 2, "m-3": 2, "432": 1, "-43m": 2, "m-3m": 1,
}  # fmt: skip
#: Those that a kind of tensor can tell apart: dielectric, piezoelectric, elastic.
TOLD_APART = {
    "3m": (1, 4, 2), "-3m": (1, 1, 2), "3": (1, 4, 4), "6": (1, 2, 1), "4/m": (1, 1, 2), "-42m": (1, 2, 1),
    "mm2": (1, 2, 1), "m": (1, 2, 1), "m-3": (1, 1, 1), "m-3m": (1, 1, 1),
}  # fmt: skip


@pytest.mark.parametrize("symbol", sorted(POINT_GROUPS))
def test_cosets_of_every_class(symbol: str) -> None:
    group = class_setting(symbol).rotations
    settings = class_settings(group)
    assert len(settings) == COSETS[symbol]
    assert np.array_equal(settings[0].turn, np.eye(3))
    for one, other in itertools.combinations(settings, 2):
        joining = one.turn @ other.turn.T
        assert np.abs(group - joining).max(axis=(1, 2)).min() > 0.1
    for setting in settings:
        moved = setting.turn @ group @ setting.turn.T
        assert np.linalg.det(setting.turn) == pytest.approx(1)
        assert max(np.abs(group - m).max(axis=(1, 2)).min() for m in moved) < 1e-12


@pytest.mark.parametrize("symbol", sorted(TOLD_APART))
def test_settings_that_a_kind_of_tensor_can_tell_apart(symbol: str) -> None:
    kinds = ("dielectric", "piezoelectric", "elastic")
    assert tuple(len(tensor_form(symbol, kind, "nye").settings) for kind in kinds) == TOLD_APART[symbol]


@pytest.mark.parametrize(
    "name", ["quartz", "GaN", "BaTiO3", "GaAs", "corundum", "LiNbO3", "FeSi", "baddeleyite", "rutile"]
)
@pytest.mark.parametrize("frame", ["nye", "ieee"])
def test_components_of_a_setting_are_those_of_the_turned_tensor(name: str, frame: str) -> None:
    info = detect(rotated(cn.as_structure(name), random_rotation(np.random.default_rng(1))))
    rng = np.random.default_rng(0)
    for kind in ("piezoelectric", "elastic"):
        own = tensor_form(info, kind)
        tensor = own.project(own.kind.from_components(rng.normal(size=own.kind.n_components)))
        forms = [
            tensor_form(info, kind, frame, setting=k)
            for k in range(len(tensor_form(info, kind, frame).settings))
        ]
        first = rotate(own.kind, tensor, forms[0].rotation)
        for k, form in enumerate(forms):
            assert form.setting_index == k
            assert form.operation_names == own.operation_names
            here = rotate(form.kind, tensor, form.rotation)
            assert form.residual(here) < 1e-9 or np.abs(here).max() < 1e-9
            np.testing.assert_allclose(here, rotate(form.kind, first, form.settings[k].turn), atol=1e-9)
            np.testing.assert_allclose(
                form.rotation @ info.rotations @ form.rotation.T, form.rotations, atol=1e-9
            )
            np.testing.assert_allclose(form.axes, form.rotation @ info.conventional_axes.T, atol=1e-9)
            assert form.free == forms[0].free
            assert k == 0 or np.abs(here - first).max() > 1e-3


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # spglib, called by pymatgen
def test_the_six_bases_of_quartz_lead_to_both_signs_and_we_list_them(
    quartz_bases: list[Structure], quartz_stiffness: np.ndarray
) -> None:
    """pymatgen gives -18 or +18 GPa for one physical crystal; both are among our settings of every basis."""
    physical = KINDS["elastic"].cartesian(quartz_stiffness)
    theirs = set()
    for s in quartz_bases:
        turned = Tensor(physical).convert_to_ieee(s, initial_fit=False)
        theirs.add(round(float(turned[0, 0, 1, 2]), 6))
        found = detect(s)
        forms = [tensor_form(found, "elastic", "ieee", setting=k) for k in (0, 1)]
        ours = {round(float(rotate(f.kind, physical, f.rotation)[0, 0, 1, 2]), 6) for f in forms}
        assert ours == {-18.0, 18.0}
        assert [x.text for x in forms[0].settings] == ["axes as found", "turned by 180° about z"]
    assert theirs == {-18.0, 18.0}


def test_own_axes_are_never_a_choice() -> None:
    info = detect(cn.as_structure("quartz"))
    assert [s.text for s in axis_settings(info, "own")] == ["axes as found"]
    assert len(tensor_form("quartz", "elastic").settings) == 1
    assert len(tensor_form("32", "elastic").settings) == 1
    assert tensor_form("32", "elastic", "nye", setting=1).settings[1].text == "turned by 180° about z"


@pytest.mark.parametrize("setting", [2, -1, True, 0.0, 1.5, "1", None, np.nan])
def test_a_setting_that_is_not_there_is_refused(setting: object) -> None:
    with pytest.raises(UnknownName) as error:
        tensor_form("quartz", "elastic", "ieee", setting=setting)  # type: ignore[arg-type]
    assert error.value.code == "name.unknown_setting"
    assert error.value.accepted == "0, 1"


def test_numpy_integers_are_fine() -> None:
    assert tensor_form("quartz", "elastic", "ieee", setting=np.int64(1)).setting_index == 1
    assert tensor_form("quartz", "elastic", "ieee", setting=np.int64(0)).setting_index == 0


def test_the_document_names_the_axes() -> None:
    answer = json.loads(json.dumps(tensor_form("quartz", "elastic", "ieee", setting=1).to_dict()))
    assert answer["setting"] == 1
    assert answer["settings"][1]["text"] == "turned by 180° about z"
    assert answer["settings"][1]["rotation"] == answer["rotation"]


def test_turns_in_words() -> None:
    c, s = np.cos(np.pi / 3), np.sin(np.pi / 3)
    assert turn_text(np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]])) == "turned by 60° about z"
    assert turn_text(np.array([[c, s, 0], [-s, c, 0], [0, 0, 1]])) == "turned by -60° about z"
    assert turn_text(np.array([[0, 1, 0], [1, 0, 0], [0, 0, -1.0]])) == "turned by 180° about x + y"
    assert turn_text(np.array([[0, -1, 0], [-1, 0, 0], [0, 0, -1.0]])) == "turned by 180° about x - y"
