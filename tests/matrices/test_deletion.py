"""Attention beside what its deletion does."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import crysnb as cn
from crysnb.errors import UnknownName
from crysnb.matrices.deletion import deletion
from crysnb.matrices.report import analyse
from crysnb.symmetry.action import site_action
from crysnb.values.trace import Recorder, Trace

MODEL = "gmtnet-dielectric"


class Weighted:
    """y = Σ_ij A_ij w_j: what the deletion of an orbit does is known."""

    def __init__(self, name, power):
        self.batch = cn.trace(name, MODEL).batch
        orbit = torch.from_numpy(site_action(name).orbit_of_site)
        received = (1.0 + orbit) ** 2
        self.a = (received / received.sum()).repeat(len(orbit), 1).double()
        self.w = (received**power).double()

    def __call__(self, change):
        tap = Recorder(change)
        a = tap("attn", self.a, axes=("atom", "atom"))
        return Trace(tap.trace(), batch=self.batch, outputs={"y": (a @ self.w).sum()[None]})


@pytest.mark.parametrize(("power", "status"), [(0, "learned"), (1, "learned"), (-2, "not significant")])
def test_the_effect_is_that_of_the_deleted_terms(power, status):
    run = Weighted("kyanite", power)
    result = analyse(run({}))
    found = deletion(result, "attn", run)
    total = float((run.a @ run.w).sum())
    for k, orbit in enumerate(result.group.action.orbits):
        sites = list(orbit.sites)
        assert found.effect[k] == pytest.approx(float((run.a[:, sites] @ run.w[sites]).sum()) / total)
    assert found.attention.sum() == pytest.approx(1)
    assert found.output == "y"
    assert len(found.to_frame()) == 16
    assert found.status == status
    assert (found.correlation > 0.9) == (status == "learned")


def test_few_orbits_are_not_ranked_and_a_shipped_model_is_asked_in_one_line():
    def run(change):
        return cn.trace("rutile", MODEL, dtype="float64", change=change)

    result = analyse(run({}))
    found = deletion(result, "member0.block1.gate", run, output="dielectric")
    assert found.status == "undefined here"
    assert (found.effect > 0).all()
    # Deleting everything at once is another network than deleting nothing: the parts are smaller than that.
    assert (found.effect < 1).all()
    with pytest.raises(UnknownName, match="output"):
        deletion(result, "member0.block1.gate", run, output="colour")
    assert np.isfinite(found.attention).all()
