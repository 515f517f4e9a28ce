"""`cn.ModelAdapter` and `cn.check_adapter`; ASE calculators; our models by name."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

import crysnb as cn


class Volume(cn.ModelAdapter):
    kind = "scalar"

    def predict(self, structures):
        return [s.volume / len(s) for s in structures]


def adapter(predict, **attributes):
    cls = type("Mine", (cn.ModelAdapter,), {"predict": lambda self, x: predict(x), **attributes})
    return cls()


def test_a_good_adapter_comes_back_and_can_be_audited():
    mine = cn.check_adapter(Volume())
    assert isinstance(mine, Volume)
    assert repr(mine) == "Volume(scalar)"
    report = cn.audit(mine, ["CsCl", "GaN"])
    assert report.passed
    assert report.name == "Volume"


def test_torch_outputs_with_gradients_are_numbers():
    weight = torch.ones(3, 3, requires_grad=True)
    assert cn.check_adapter(adapter(lambda x: [weight * len(s) for s in x], kind="dielectric"))


@pytest.mark.parametrize(
    ("wrong", "code", "word"),
    [
        (Volume, "adapter.type", "Write Volume(…)"),
        (nn.Linear(1, 1), "adapter.type", "predict(structures)"),
        (lambda x: x, "adapter.type", "subclass of crysnb.ModelAdapter"),
        (type("Empty", (cn.ModelAdapter,), {})(), "adapter.predict", "predict(self, structures)"),
        (adapter(lambda x: [1.0]), "audit.length", "results for a list"),
        (adapter(lambda x: [np.nan for _ in x]), "audit.non_finite", "NaN"),
        (adapter(lambda x: ["a" for _ in x]), "audit.not_numeric", "real numbers"),
        (adapter(lambda x: [np.ones(len(s)) for s in x]), "audit.shape", "shape"),
        (adapter(lambda x: 1 / 0), "audit.raised", "ZeroDivisionError"),
        (
            adapter(lambda x: [s.volume * (1 + k) for k, s in enumerate(x)]),
            "adapter.list",
            "the place in",
        ),
        (adapter(lambda x: [s.volume * (k - len(x)) for k, s in enumerate(x)]), "adapter.list", "by 1"),
        (adapter(lambda x: sorted(s.volume for s in x)), "adapter.list", "another order"),
        (adapter(lambda x: [s.volume / sum(t.volume for t in x) for s in x]), "adapter.list", "sums over"),
        (adapter(lambda x: np.random.default_rng().normal(size=len(x))), "adapter.list", "chance"),
        (
            adapter(lambda x: [s.perturb(0.1).volume for s in x]),
            "audit.mutates_input",
            "changed the structure",
        ),
        (adapter(lambda x: [1.0 for _ in x], kind="elastic"), "audit.kind", "elastic"),
        (adapter(lambda x: [1.0 for _ in x], kind="elastik"), "name.unknown_tensor_kind", "elastic"),
        (adapter(lambda x: [1.0 for _ in x], trace=lambda self, s: 3), "adapter.trace", "mapping"),
        (adapter(lambda x: [1.0 for _ in x], trace=lambda self, s: 1 / 0), "adapter.trace", "ZeroDivision"),
    ],
)
def test_each_mistake_has_its_code_and_says_what_to_do(wrong, code, word):
    with pytest.raises(cn.CrysnbError) as caught:
        cn.check_adapter(wrong)
    assert caught.value.code == code
    assert word in caught.value.text


def test_a_module_in_training_mode_is_refused_by_name():
    mine = Volume()
    mine.net = nn.Sequential(nn.Linear(1, 1), nn.Dropout())
    with pytest.raises(cn.CrysnbError, match="net") as caught:
        cn.check_adapter(mine)
    assert caught.value.code == "adapter.train_mode"
    mine.net.eval()
    assert cn.check_adapter(mine) is mine


def test_a_good_trace_is_accepted():
    assert cn.check_adapter(adapter(lambda x: [1.0 for _ in x], trace=lambda self, s: {"a": np.ones(3)}))


def test_a_bare_module_is_told_what_to_write():
    with pytest.raises(cn.CrysnbError) as caught:
        cn.audit(nn.Linear(1, 1), ["CsCl"])
    assert caught.value.code == "adapter.type"


def test_ase_calculators_give_energy_per_atom_and_stress():
    pytest.importorskip("ase")
    from ase.calculators.lj import LennardJones

    calculator = LennardJones(sigma=2.4, epsilon=0.1, rc=5.0, smooth=True)
    energy = cn.audit(calculator, ["CsCl", "MoS2"])
    assert (energy.kind, energy.passed) == ("scalar", True), energy
    stress = cn.audit(calculator, ["CsCl", "MoS2"], kind="stress")
    assert (stress.kind, stress.passed) == ("stress", True), stress
    with pytest.raises(cn.CrysnbError) as caught:
        cn.audit(calculator, ["CsCl"], kind="elastic")
    assert caught.value.code == "audit.kind"


def test_our_models_are_audited_raw_by_name_or_loaded():
    loaded = cn.load_model("gmtnet-dielectric", device="cpu")
    by_name, by_model = (cn.audit(m, ["CsCl"]).to_dict() for m in ("gmtnet-dielectric", loaded))
    assert by_name == by_model
    assert by_name["kind"] == "dielectric"
    assert cn.audit(loaded, ["CsCl"], kind="dielectric").passed
    with pytest.raises(cn.CrysnbError) as caught:
        cn.audit(loaded, ["CsCl"], kind="elastic")
    assert caught.value.code == "name.unknown_property"
