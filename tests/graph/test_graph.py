"""Neighbours: complete, unique, independent of orientation and cell."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch
from pymatgen.core import Lattice, Structure

from crysnb.errors import ShapeError
from crysnb.graph.build import build_one
from crysnb.graph.element_features import FEATURES, MAX_Z, element_features
from crysnb.graph.neighbors import neighbors
from crysnb.structure.examples import example, examples
from crysnb.structure.transforms import random_rotation, recelled, rotated


def brute_force(structure: Structure, cutoff: float, reach: int = 4) -> set[tuple[int, ...]]:
    """Every (centre, neighbour, image) by exhaustive search."""
    cart, lattice = structure.cart_coords, structure.lattice.matrix
    found = set()
    for image in itertools.product(range(-reach, reach + 1), repeat=3):
        shift = np.array(image) @ lattice
        for i, j in itertools.product(range(len(cart)), repeat=2):
            distance = np.linalg.norm(cart[j] + shift - cart[i])
            if 1e-8 < distance <= cutoff:
                found.add((i, j, *image))
    return found


@pytest.mark.parametrize("name", ["NaCl", "GaN", "rutile"])
def test_edges_are_all_pairs_each_once(name: str) -> None:
    structure = example(name).get_primitive_structure() if name == "NaCl" else example(name)
    centre, neighbour, image = neighbors(structure, 4.1)
    edges = [tuple(map(int, e)) for e in np.column_stack([centre, neighbour, image])]
    assert len(edges) == len(set(edges))
    assert set(edges) == brute_force(structure, 4.1)


def test_primitive_rocksalt_has_no_doubled_self_edges() -> None:
    # An atom's own images are the classic place to count twice: 12 cations + 6 anions around each.
    primitive = Structure(
        Lattice([[0, 2.82, 2.82], [2.82, 0, 2.82], [2.82, 2.82, 0]]), ["Na", "Cl"], [[0] * 3, [0.5] * 3]
    )
    graph = build_one(primitive, 4.0)
    assert graph.n_edges == 36


@pytest.mark.parametrize("name", examples())
def test_rotation_and_cell_do_not_change_the_edges_per_atom(name: str) -> None:
    structure = example(name)
    rng = np.random.default_rng(0)
    # Off any shell, so that rounding cannot move an edge across the cutoff.
    cutoff = 5.4321
    expected = build_one(structure, cutoff).n_edges / len(structure)
    for other in (rotated(structure, random_rotation(rng, proper=False)), recelled(structure, rng)):
        assert build_one(other, cutoff).n_edges / len(other) == expected


@pytest.mark.parametrize("cutoff", [0, -1, 13, float("nan")])
def test_cutoff_range(cutoff: float) -> None:
    with pytest.raises(ShapeError, match=r"graph\.cutoff"):
        neighbors(example("NaCl"), cutoff)


def test_element_features_are_complete() -> None:
    table = element_features()
    assert table.shape == (MAX_Z + 1, len(FEATURES))
    assert np.isfinite(table).all()
    assert len(np.unique(table[1:], axis=0)) == MAX_Z


@pytest.mark.parametrize(("name", "nearest", "degree"), [("NaCl", 12, 18), ("NaCl", 6, 6), ("Si", 4, 4)])
def test_whole_shells_of_the_nearest_neighbours_are_taken(name, nearest, degree):
    graph = build_one(example(name), 8.0, nearest)
    assert torch.bincount(graph.edge_index[0]).tolist() == [degree] * graph.n_atoms


def test_shells_are_no_wider_than_the_cutoff_and_need_no_full_number():
    assert build_one(example("NaCl"), 3.0, 12).n_edges == build_one(example("NaCl"), 3.0).n_edges > 0
    with pytest.raises(ShapeError, match=r"graph\.neighbors|0 neighbours"):
        build_one(example("NaCl"), 3.0, 0)


def test_shells_do_not_depend_on_the_order_of_atoms_or_on_a_turn():
    crystal = example("quartz")
    order = list(reversed(range(len(crystal))))
    turned = Structure(crystal.lattice, [crystal[k].specie for k in order], crystal.frac_coords[order])
    one, other = build_one(crystal, 8.0, 12), build_one(turned, 8.0, 12)
    assert sorted(one.edge_vector.norm(dim=1).round(decimals=6).tolist()) == pytest.approx(
        sorted(other.edge_vector.norm(dim=1).round(decimals=6).tolist())
    )
