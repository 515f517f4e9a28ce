"""`cn.trace`: shipped models, one's own, precision, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

import crysnb as cn
from crysnb.errors import ShapeError, UnknownName
from crysnb.models.precision import double

MODEL = "gmtnet-dielectric"


def test_names_axes_and_the_crystal_come_with_a_trace():
    trace = cn.trace("quartz", MODEL)
    assert trace["member0.embedding"].axes == ("atom", "channel")
    assert trace["member0.dielectric.nodes"].value.shape == (9, 6)
    assert trace.model == MODEL
    assert trace.by_construction
    assert trace.batch is not None
    assert trace.batch.n_atoms == 9
    assert trace["member0.block0.gate"].value.shape[0] == trace.batch.n_edges


def test_recording_changes_no_result_to_the_last_bit():
    model = cn.load_model(MODEL)
    structure = cn.as_structure("rutile")
    plain = model.forward(model.graph(structure))
    traced = cn.trace(structure, model).outputs
    assert set(traced) == set(plain)
    assert all(torch.equal(traced[name], plain[name]) for name in plain)


def test_double_precision_keeps_the_weights_and_the_model():
    model = cn.load_model(MODEL)
    single, double = (cn.trace("quartz", model, dtype=d) for d in ("float32", "float64"))
    assert single["member0.block1.out"].value.dtype == torch.float32
    assert double["member0.block1.out"].value.dtype == torch.float64
    assert next(model.network.parameters()).dtype == torch.float32
    torch.testing.assert_close(
        double["member0.block1.out"].value.float(), single["member0.block1.out"].value, atol=1e-4, rtol=1e-4
    )


def test_idealize_runs_on_the_primitive_cell():
    assert cn.trace("NaCl", MODEL).batch.n_atoms == 8
    assert cn.trace("NaCl", MODEL, idealize=True).batch.n_atoms == 2


def test_a_network_in_training_mode_is_refused():
    model = double(cn.load_model(MODEL))  # a copy of its own
    model.network.train()
    with pytest.raises(ShapeError) as caught:
        cn.trace("quartz", model)
    assert caught.value.code == "trace.train_mode"


def test_another_precision_is_refused():
    with pytest.raises(UnknownName, match="dtype"):
        cn.trace("quartz", MODEL, dtype="float16")


class Mine(cn.ModelAdapter):
    """Attention by distance, with a vector per atom: a model of one's own."""

    kind = "scalar"

    def __init__(self, **entries):
        self.entries = entries

    def predict(self, structures):
        return [s.volume / len(s) for s in structures]

    def trace(self, structure):
        weight = np.exp(-structure.distance_matrix)
        return {"attention": weight / weight.sum(axis=1, keepdims=True), **self.entries}


def test_an_adapter_of_ones_own():
    entry = cn.TraceEntry(value=torch.ones(9, 3), axes=("atom", "component"), irreps="1x1o", doc="a vector")
    trace = cn.trace("quartz", cn.check_adapter(Mine(vector=entry, rows=np.ones((9, 5)))))
    assert trace["attention"].axes == ("atom", "atom")
    assert trace["rows"].axes == ("atom", "channel")
    assert trace["vector"].irreps == "1x1o"
    assert trace["attention"].value.dtype == torch.float64
    assert not trace.by_construction
    assert trace.batch.n_edges == 0
    np.testing.assert_allclose(trace.batch.frac.numpy(), cn.as_structure("quartz").frac_coords)


def test_an_adapter_may_record_with_taps_and_its_own_edges():
    class Tapped(Mine):
        def trace(self, structure):
            graph = cn.load_model(MODEL).graph(structure)
            tap = cn.Recorder()
            tap("star.attn", torch.ones(graph.n_edges, 2), axes=("edge", "head"))
            return cn.Trace(tap.trace(), batch=graph)

    trace = cn.trace("quartz", Tapped())
    assert trace["star.attn"].value.shape == (trace.batch.n_edges, 2)


def entry(shape, axes, irreps=None):
    return cn.TraceEntry(value=torch.ones(shape), axes=axes, irreps=irreps, doc="")


@pytest.mark.parametrize(
    ("value", "code", "words"),
    [
        (np.ones((4, 9, 3)), "trace.axes", "cn.TraceEntry"),
        (np.ones(9), "trace.axes", "without names"),
        (entry((9, 3), ("atom",)), "trace.axes", "one of"),
        (entry((9, 3), ("atom", "colour")), "trace.axes", "channel"),
        (entry((8, 3), ("atom", "channel")), "trace.shape", "9 atoms"),
        (entry((5, 3), ("edge", "channel")), "trace.shape", "whose batch"),
        (entry((9, 4), ("atom", "component"), "1x1o"), "trace.irreps", "dimension 3"),
        (entry((9, 3), ("atom", "channel"), "1x1o"), "trace.irreps", "component"),
        (entry((9, 3), ("atom", "component"), "three"), "trace.irreps", "1x0e"),
        ("text", "adapter.trace", "no array"),
        (np.ones((9, 2), dtype=complex), "adapter.trace", "complex"),
    ],
)
def test_wrong_entries_are_named_with_their_shapes(value, code, words):
    with pytest.raises(ShapeError, match="strange") as caught:
        cn.trace("quartz", Mine(strange=value))
    assert caught.value.code == code
    assert words in str(caught.value)


def test_an_adapter_that_cannot_be_traced_is_refused():
    class Silent(cn.ModelAdapter):
        def predict(self, structures):
            return [0.0 for _ in structures]

    class Noisy(Mine):
        def trace(self, structure):
            raise ZeroDivisionError

    class Learning(Mine):
        def __init__(self):
            super().__init__()
            self.net = nn.Linear(1, 1).train()

    for adapter, code in (
        (Silent(), "adapter.trace"), (Noisy(), "adapter.trace"), (Learning(), "adapter.train_mode"),
        (Mine, "adapter.type"),
    ):  # fmt: skip
        with pytest.raises(ShapeError) as caught:
            cn.trace("quartz", adapter)
        assert caught.value.code == code


def test_a_tensor_may_be_changed_on_the_way():
    plain = cn.trace("quartz", MODEL)
    same = cn.trace("quartz", MODEL, change={"member*.block1.gate": lambda a: a})
    assert torch.equal(same.outputs["dielectric"], plain.outputs["dielectric"])
    closed = cn.trace("quartz", MODEL, change={"member*.block1.gate": torch.zeros_like})
    assert closed["member0.block1.gate"].value.abs().max() == 0
    assert closed["member3.block1.gate"].value.abs().max() == 0
    assert torch.equal(closed["member0.block0.out"].value, plain["member0.block0.out"].value)
    assert not torch.allclose(closed.outputs["dielectric"], plain.outputs["dielectric"])
    # Nothing stays attached to the model.
    assert torch.equal(cn.trace("quartz", MODEL).outputs["dielectric"], plain.outputs["dielectric"])


def test_changes_that_cannot_be_made_are_refused():
    with pytest.raises(UnknownName, match="Did you mean"):
        cn.trace("quartz", MODEL, change={"block1.gates": torch.zeros_like})
    for wrong in (lambda a: a[:1], lambda a: None):
        with pytest.raises(ShapeError) as caught:
            cn.trace("quartz", MODEL, change={"member0.block1.gate": wrong})
        assert caught.value.code == "trace.change"
    with pytest.raises(ShapeError) as caught:
        cn.trace("quartz", Mine(), change={"attention": torch.zeros_like})
    assert caught.value.code == "trace.change"
