"""What SEN-E3 guarantees whatever its weights, and the controls by which such a test can fail."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from e3nn import o3
from numpy.typing import NDArray
from pymatgen.core import Lattice, Structure
from scipy.linalg import block_diag

from crysnb.graph.build import build
from crysnb.models.sen.config import SENConfig
from crysnb.models.sen.model import SEN
from crysnb.models.tensor_head import wigner
from crysnb.structure.examples import example
from crysnb.structure.transforms import (
    displaced,
    mirrored,
    random_rotation,
    recelled,
    reordered,
    rotated,
    shifted,
    supercell,
)
from crysnb.symmetry.action import site_action
from crysnb.symmetry.detect import detect
from crysnb.symmetry.idealize import idealized_primitive
from crysnb.testing.crystals import REPRESENTATIVE
from crysnb.values.trace import Recorder, Trace, TraceEntry

Array = NDArray[np.float64]
CONFIG = SENConfig.analysis(width=32, edge_width=16, channels=8)
PROPERTIES = CONFIG.properties


def seeded(config: SENConfig, seed: int = 3) -> SEN:
    """Random weights, also where training starts from zero; float64."""
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.set_state(torch.Generator().manual_seed(seed).get_state())
        network = SEN(config).double().eval()
        with torch.no_grad():
            for parameter in network.parameters():
                parameter.add_(0.1 * torch.randn_like(parameter))
        return network


@pytest.fixture(scope="module")
def network() -> SEN:
    return seeded(CONFIG)


def run(network: SEN, *structures: Structure) -> Array:
    """Outputs, [crystal, property]."""
    with torch.inference_mode():
        output = network(build(structures, CONFIG.cutoff))
    return torch.stack([output[name] for name in PROPERTIES], dim=1).numpy()


def traced(network: SEN, structure: Structure) -> Trace:
    recorder = Recorder()
    with torch.inference_mode():
        network(build([structure], CONFIG.cutoff), recorder)
    return recorder.trace()


def matrix_of(irreps: str, rotation: Array) -> Array:
    """Matrix of an orthogonal operation on a vector of natural irreps."""
    turn = torch.from_numpy(rotation)
    blocks = [wigner(irrep.l, turn).numpy() for n, irrep in o3.Irreps(irreps) for _ in range(n)]
    return np.asarray(block_diag(*blocks))


def moved(entry: TraceEntry, permutation: NDArray[np.int64], rotation: Array) -> Array:
    """An entry after an operation that sends atom i to permutation[i]."""
    value = entry.value.numpy()
    out = np.empty_like(value)
    if entry.axes[:2] == ("atom", "atom"):
        out[np.ix_(permutation, permutation)] = value
        return out
    if entry.axes[0] == "atom":
        out[permutation] = value
        value = out
    return value @ matrix_of(entry.irreps, rotation).T if entry.irreps else value


def without_edges(trace: Trace) -> dict[str, TraceEntry]:
    return {name: e for name, e in trace.items() if "edge" not in e.axes}


def size(value: Array) -> float:
    return float(np.linalg.norm(value))


@pytest.mark.parametrize("name", ["rutile", "corundum", "SrTiO3", "GaAs", "quartz"])
def test_every_tensor_has_the_symmetry_of_the_crystal(network: SEN, name: str) -> None:
    structure = example(name)
    action = site_action(structure)
    # Bundled coordinates are rounded; the residual of exact ones is that of the arithmetic.
    exact = idealized_primitive(structure, detect(structure))
    action = site_action(exact)
    for key, entry in without_edges(traced(network, exact)).items():
        value = entry.value.numpy()
        worst = max(
            size(value - moved(entry, permutation, rotation))
            for permutation, rotation in zip(action.permutations, action.rotations, strict=True)
        )
        assert worst <= 1e-8 * max(size(value), 1e-3), key


@pytest.mark.parametrize("name", ["rutile", "quartz"])
def test_control_the_wrong_action_is_noticed(network: SEN, name: str) -> None:
    exact = idealized_primitive(example(name), detect(example(name)))
    action = site_action(exact)
    entry = traced(network, exact)["prim.pose"]
    still = TraceEntry(value=entry.value[..., 2:], axes=entry.axes, irreps=None, doc="")
    residuals = [
        size(still.value.numpy() - moved(still, p, r)) / size(still.value.numpy())
        for p, r in zip(action.permutations, action.rotations, strict=True)
    ]
    assert max(residuals) > 0.3


def test_control_a_random_matrix_is_noticed() -> None:
    exact = idealized_primitive(example("rutile"), detect(example("rutile")))
    action = site_action(exact)
    n = len(exact)
    noise = torch.rand(n, n, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    entry = TraceEntry(value=noise, axes=("atom", "atom"), irreps=None, doc="")
    value = noise.numpy()
    mean = np.mean([moved(entry, p, np.eye(3)) for p in action.permutations], axis=0)
    assert size(mean) ** 2 / size(value) ** 2 < 0.95


@pytest.mark.parametrize("proper", [True, False])
@pytest.mark.parametrize("name", ["quartz", "baddeleyite"])
def test_every_tensor_turns_with_the_crystal(network: SEN, name: str, *, proper: bool) -> None:
    structure = example(name)
    q = random_rotation(np.random.default_rng(1), proper=proper)
    before, after = traced(network, structure), traced(network, rotated(structure, q))
    identity = np.arange(len(structure))
    for key, entry in before.items():
        expected = moved(entry, identity, q)
        assert size(after[key].value.numpy() - expected) <= 1e-8 * max(size(expected), 1e-3), key


@pytest.mark.parametrize("name", REPRESENTATIVE)
def test_output_is_that_of_the_crystal_alone(network: SEN, name: str) -> None:
    structure = example(name)
    rng = np.random.default_rng(4)
    same = {
        "supercell": supercell(structure, (2, 1, 1)),
        "another cell": recelled(structure, rng),
        "Niggli cell": structure.get_reduced_structure("niggli"),
        "origin": shifted(structure, (0.31, 0.17, 0.43)),
        "order": reordered(structure, rng),
        "rotation": rotated(structure, random_rotation(rng)),
        "reflection": rotated(structure, random_rotation(rng, proper=False)),
    }
    expected = run(network, structure)[0]
    for how, value in zip(same, run(network, *same.values()), strict=True):
        assert np.abs(value - expected).max() < 1e-8, how


def test_primitive_and_conventional_cell_agree(network: SEN) -> None:
    conventional = example("NaCl").copy()
    primitive = conventional.get_primitive_structure()
    bigger = supercell(primitive, (2, 2, 2))
    values = run(network, conventional, primitive, bigger)
    assert np.abs(values - values[0]).max() < 1e-8


@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float64, 1e-10), (torch.float32, 1e-5)])
def test_batch_mates_do_not_matter(network: SEN, dtype: torch.dtype, tolerance: float) -> None:
    structures = [example(name) for name in REPRESENTATIVE]
    here = seeded(CONFIG).to(dtype)
    alone = np.concatenate([run(here, s) for s in structures])
    order = np.random.default_rng(0).permutation(len(structures))
    together = run(here, *(structures[i] for i in order))
    spread = np.ptp(alone, axis=0).max()
    assert np.abs(together - alone[order]).max() < tolerance * max(1.0, spread)
    assert spread > 1e-3  # the test would pass for a constant


@pytest.mark.parametrize(
    ("name", "forbidden"),
    [("SrTiO3", {"Sr": (1, 2, 3), "Ti": (1, 2, 3), "O": (1, 3)}), ("GaAs", {"Ga": (1, 2), "As": (1, 2)})],
)
def test_forbidden_orders_of_poses_vanish(
    network: SEN, name: str, forbidden: dict[str, tuple[int, ...]]
) -> None:
    structure = example(name)
    pose = traced(network, structure)["prim.pose"].value
    parts = network.layout.split(pose)
    largest = float(pose.abs().max())
    for i, site in enumerate(structure):
        for order, part in enumerate(parts):
            norm = float(part[i].abs().max())
            if order in forbidden[site.specie.symbol]:
                assert norm < 1e-10 * largest, (site, order)
            elif order == 4:
                assert norm > 1e-6 * largest, (site, order)


def test_a_mirror_image_has_the_same_output_and_mirrored_poses(network: SEN) -> None:
    quartz = example("quartz")
    mirror = np.diag([1.0, 1.0, -1.0])
    image = mirrored(quartz, mirror)
    assert np.abs(run(network, quartz) - run(network, image)).max() < 1e-8
    before, after = (traced(network, s)["cap.pose.0"] for s in (quartz, image))
    expected = moved(before, np.arange(len(quartz)), mirror)
    assert size(after.value.numpy() - expected) < 1e-8 * size(expected)
    assert size(after.value.numpy() - before.value.numpy()) > 1e-3 * size(expected)


def chain(distance: float) -> Structure:
    """Two atoms a distance apart, and their images 12 Å away."""
    return Structure(
        Lattice.cubic(12),
        ["Na", "Cl", "O"],
        [[0.0, 0.0, 0.0], [distance, 0.0, 0.0], [0.0, 3.0, 0.0]],
        coords_are_cartesian=True,
    )


def test_output_is_smooth_where_a_neighbour_leaves(network: SEN) -> None:
    r, h = CONFIG.cutoff, 1e-6
    inside, outside = build([chain(r - h)], r), build([chain(r + h)], r)
    assert inside.n_edges > outside.n_edges
    values = run(network, chain(r - h), chain(r + h))
    assert np.abs(values[0] - values[1]).max() < 1e-6
    far = run(network, chain(r - 0.5))
    assert np.abs(far - values[0]).max() > 1e-6  # the neighbour matters


def test_control_a_neighbour_list_cut_inside_a_shell_breaks_the_symmetry(network: SEN) -> None:
    """Five of six equal neighbours: the invariance under rotation stays, that of the crystal goes."""
    structure = idealized_primitive(example("NaCl"), detect(example("NaCl")))
    batch = build([structure], 3.0)
    assert batch.n_edges == 12
    cut = type(batch)(
        atomic_number=batch.atomic_number,
        frac=batch.frac,
        cell=batch.cell,
        crystal_of_atom=batch.crystal_of_atom,
        edge_index=batch.edge_index[:, 1:],
        edge_image=batch.edge_image[1:],
    )
    recorder = Recorder()
    with torch.inference_mode():
        network(cut, recorder)
    parts = network.layout.split(recorder.trace()["prim.pose"].value)
    assert float(parts[1].abs().max()) > 1e-4  # an inversion centre with a vector


def test_an_atom_without_neighbours_is_possible(network: SEN) -> None:
    lonely = Structure(Lattice.cubic(15), ["He"], [[0, 0, 0]])
    assert np.isfinite(run(network, lonely, example("NaCl"))).all()
    assert np.abs(run(network, lonely) - run(network, lonely, example("NaCl"))[0]).max() < 1e-10


def test_two_runs_give_the_same_bits_and_taps_change_none() -> None:
    single = seeded(CONFIG).float()
    batch = build([example("quartz"), example("NaCl")], CONFIG.cutoff)
    with torch.inference_mode():
        first, second, with_tap = single(batch), single(batch), single(batch, Recorder())
    for name in PROPERTIES:
        assert torch.equal(first[name], second[name])
        assert torch.equal(first[name], with_tap[name])


def slope(network: SEN, structure: Structure, pattern: Array) -> float:
    """Exponent of the change of the output with the amplitude of a displacement."""
    start = run(network, structure)[0]
    amplitudes = np.array([1e-3, 2e-3])
    changes = [np.abs(run(network, displaced(structure, a * pattern))[0] - start).max() for a in amplitudes]
    return float(np.log(changes[1] / changes[0]) / np.log(2))


def test_displacements_that_break_the_symmetry_act_in_second_order(network: SEN) -> None:
    crystal: Any = example("SrTiO3")
    off_centre = np.zeros((len(crystal), 3))
    off_centre[[s.specie.symbol for s in crystal].index("Ti"), 2] = 1.0
    assert slope(network, crystal, off_centre) == pytest.approx(2, abs=0.05)
    rutile = idealized_primitive(example("rutile"), detect(example("rutile")))
    rng = np.random.default_rng(0).normal(size=(len(rutile), 3))
    action = site_action(rutile)
    symmetric = np.zeros_like(rng)
    for permutation, rotation in zip(action.permutations, action.rotations, strict=True):
        symmetric[permutation] += rng @ rotation.T / len(action.permutations)
    assert slope(network, rutile, symmetric) == pytest.approx(1, abs=0.05)
    assert slope(network, rutile, rng - symmetric) == pytest.approx(2, abs=0.05)


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        (np.eye(3), 1),
        (np.diag([-0.5, -0.5, 1.0]), 2),
        (np.array([[0.0, 1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 0.0]]), 2),
    ],
    ids=["volume", "tetragonal", "shear"],
)
def test_strains_that_break_the_symmetry_act_in_second_order(
    network: SEN, pattern: Array, expected: int
) -> None:
    crystal = example("SrTiO3")
    still = np.zeros((len(crystal), 3))
    start = run(network, crystal)[0]
    changes = [
        np.abs(run(network, displaced(crystal, still, a * pattern))[0] - start).max() for a in (1e-4, 2e-4)
    ]
    assert np.log2(changes[1] / changes[0]) == pytest.approx(expected, abs=0.05)
