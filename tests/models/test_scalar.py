"""What networks of numbers have in common."""

import pytest
import torch

from crysnb.errors import ShapeError
from crysnb.graph.build import build
from crysnb.models.scalar import ScalarNetwork, ScalarOutput
from crysnb.structure.examples import example
from crysnb.values.trace import no_tap


class Counting(ScalarNetwork):
    """Number of atoms, and twice that."""

    @property
    def cutoff(self):
        return 4.0

    def latent(self, batch, tap=no_tap):
        n = torch.bincount(batch.crystal_of_atom).float()
        return ScalarOutput(latent=torch.stack([n, 2 * n], dim=1), features=n[:, None])


def test_latent_numbers_become_properties_in_their_unit():
    network = Counting(("formation_energy", "band_gap"))
    network.standardise(torch.tensor([[1.0, 2.0], [3.0, float("nan")], [5.0, 4.0]]))
    assert network.shift.tolist() == [3.0, 3.0]
    assert network.scale.tolist() == pytest.approx([2.0, 2**0.5])
    result = network(build([example("NaCl"), example("quartz")], 4.0))
    atoms = torch.tensor([float(len(example(name))) for name in ("NaCl", "quartz")])
    assert torch.allclose(result["formation_energy"], 3 + 2 * atoms)
    assert torch.allclose(result["band_gap"], 3 + 2**0.5 * 2 * atoms)
    assert result["features"].shape == (2, 1)


def test_labels_without_spread_leave_the_scale_alone():
    network = Counting(("formation_energy", "band_gap"))
    network.standardise(torch.tensor([[1.0, float("nan")], [1.0, float("nan")]]))
    assert (network.shift.tolist(), network.scale.tolist()) == ([1.0, 0.0], [1.0, 1.0])


@pytest.mark.parametrize("names", [(), ("dielectric",), ("band_gap", "elastic")])
def test_only_scalars_are_accepted(names):
    with pytest.raises(ShapeError):
        Counting(names)


def test_a_gap_is_never_negative_and_an_energy_may_be():
    network = Counting(("formation_energy", "band_gap"))
    network.standardise(torch.tensor([[-100.0, -100.0], [-101.0, -101.0]]))
    result = network(build([example("NaCl")], 4.0))
    assert float(result["formation_energy"]) < 0
    assert result["band_gap"].tolist() == [0.0]
