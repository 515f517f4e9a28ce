"""The laws that every model must keep, as an inheritable test class.

A new model writes ``class TestMine(ModelContract): model = "mine"`` and receives them all. Tolerances
are relative to the norm of the output, for single precision.
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import pytest
from numpy.typing import NDArray
from pymatgen.core import Structure

from crysnb.errors import CrysnbError
from crysnb.models.interface import Model, build_network, load_model
from crysnb.structure.examples import example
from crysnb.structure.transforms import random_rotation, recelled, reordered, rotated, supercell
from crysnb.testing.crystals import REPRESENTATIVE
from crysnb.values.admissible import admissibility
from crysnb.values.property_spec import FLOOR, property_spec
from crysnb.values.tensor_kind import rotate
from crysnb.values.trace import Recorder

Array = NDArray[np.float64]


class ModelContract:
    """Subclass with ``model`` set to a shipped name, a folder, or a loaded model."""

    model: ClassVar[str | Model]
    rotation_tolerance: ClassVar[float] = 1e-5
    cell_tolerance: ClassVar[float] = 1e-4
    order_tolerance: ClassVar[float] = 1e-6
    #: False for a baseline of components in fixed axes: then the tensors must stay as the crystal turns.
    turns: ClassVar[bool] = True

    def output(self, *structures: Structure) -> dict[str, Array]:
        """Raw output [crystal, …] of each property."""
        loaded = load_model(self.model, device="cpu")
        output = loaded.forward(loaded.graph(*structures))
        return {name: output[name].numpy() for name in loaded.properties}

    @staticmethod
    def assert_close(a: Array, b: Array, tolerance: float, floor: float = 0.0) -> None:
        """‖a − b‖ ≤ tolerance · ‖b‖ or ``floor``, or an absolute 1e-5 where symmetry makes b vanish."""
        size = float(np.linalg.norm(b))
        limit = max(tolerance * size, floor) if size > 1e-3 else 1e-5
        assert float(np.linalg.norm(a - b)) <= limit  # noqa: S101 - this is a test

    def test_card_matches_the_output(self) -> None:
        """Properties, shapes and units are those of the card."""
        output = self.output(example("quartz"))
        for name, value in output.items():
            kind = property_spec(name).tensor
            assert value.shape == (1, *(3,) * (kind.rank if kind else 0))  # noqa: S101

    @pytest.mark.parametrize("proper", [True, False])
    @pytest.mark.parametrize("name", REPRESENTATIVE)
    def test_rotation_and_reflection(self, name: str, *, proper: bool) -> None:
        """Tensors turn with the crystal, scalars stay."""
        q = random_rotation(np.random.default_rng(0), proper=proper)
        before, after = self.output(example(name)), self.output(rotated(example(name), q))
        for key, value in before.items():
            spec = property_spec(key)
            expected = rotate(spec.tensor, value[0], q) if spec.tensor and self.turns else value[0]
            # A tensor that is small because large parts nearly cancel has their rounding.
            floor = FLOOR.get(spec.unit, 0.0) / 100
            self.assert_close(after[key][0], expected, self.rotation_tolerance, floor)

    @pytest.mark.parametrize("name", REPRESENTATIVE)
    def test_choice_of_cell(self, name: str) -> None:
        """Supercells, other lattice vectors, another origin: the same intensive property."""
        structure = example(name)
        others = [supercell(structure, (2, 1, 1)), recelled(structure, np.random.default_rng(1))]
        expected, output = self.output(structure), self.output(*others)
        for key, value in expected.items():
            for k in range(len(others)):
                self.assert_close(output[key][k], value[0], self.cell_tolerance)

    @pytest.mark.parametrize("name", REPRESENTATIVE)
    def test_order_and_batch_mates(self, name: str) -> None:
        """Another order of the sites, and other crystals in the batch, change nothing."""
        structure = example(name)
        shuffled = reordered(structure, np.random.default_rng(2))
        expected = self.output(structure)
        output = self.output(example("NaCl"), structure, shuffled, example("GaN"))
        for key, value in expected.items():
            self.assert_close(output[key][1], value[0], self.order_tolerance)
            self.assert_close(output[key][2], value[0], self.order_tolerance)

    @pytest.mark.parametrize("name", REPRESENTATIVE)
    def test_no_output_is_unphysical(self, name: str) -> None:
        """Permittivities have eigenvalues above 1, stiffnesses cost energy for every strain."""
        for key, value in self.output(example(name)).items():
            kind = property_spec(key).tensor
            if kind is not None:
                assert all(finding.passed for finding in admissibility(kind, value[0]))  # noqa: S101

    def test_trace_changes_nothing_and_names_are_unique(self) -> None:
        """Recording gives the same output bit for bit."""
        loaded = load_model(self.model, device="cpu")
        batch = loaded.graph(example("quartz"))
        plain, traced = loaded.forward(batch), loaded.forward(batch, Recorder())
        for key, value in plain.items():
            assert bool((value == traced[key]).all())  # noqa: S101

    def test_same_call_gives_the_same_bits(self) -> None:
        """No hidden randomness in evaluation mode."""
        first, second = self.output(example("rutile")), self.output(example("rutile"))
        for key, value in first.items():
            np.testing.assert_array_equal(value, second[key])

    def test_bad_configuration_is_our_error(self) -> None:
        """An unknown key of the configuration is named."""
        card = load_model(self.model, device="cpu").card
        bad: dict[str, Any] = {**card.config, "no_such_key": 1}
        with pytest.raises(CrysnbError, match="no_such_key"):
            build_network(card.family, bad)
