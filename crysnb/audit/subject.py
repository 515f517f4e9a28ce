"""What can be audited: functions, adapters, our models, ASE calculators; and how their output turns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from crysnb.errors import ShapeError, UnknownName
from crysnb.models.adapter import ModelAdapter, require_adapter
from crysnb.models.interface import Model, load_model
from crysnb.structure.objects import is_from
from crysnb.tensors.given import kind_of_shape
from crysnb.values.property_spec import PROPERTIES, property_spec
from crysnb.values.tensor_kind import KINDS, TensorKind, rotate, tensor_kind

if TYPE_CHECKING:
    from pymatgen.core.structure import Structure

Array = NDArray[np.float64]
Call = Callable[[list["Structure"]], Any]

SCALAR = "scalar"
#: Kinds beside those that are predicted: what calculators give.
STRESS = TensorKind("stress", "s", "ij=ji", (1, 1), irreps="1x0e+1x2e", jahn="[V2]")


@dataclass(frozen=True, slots=True)
class Subject:
    """What is audited.

    Attributes
    ----------
    call
        List of structures -> one number or array each.
    name
        For the report.
    kind
        A tensor kind, ``"scalar"``, or None if only the shape can tell.
    """

    call: Call
    name: str
    kind: TensorKind | str | None


@dataclass(frozen=True, slots=True)
class Law:
    """How an output turns with the crystal: as a tensor of a kind, or not at all."""

    kind: TensorKind | None

    @property
    def name(self) -> str:
        """``"scalar"``, or the name of the kind."""
        return SCALAR if self.kind is None else self.kind.name

    @property
    def unit(self) -> str | None:
        """The usual unit; None where there is none."""
        spec = PROPERTIES.get(self.name)
        return spec.unit if spec is not None else None

    def full(self, output: Array) -> Array:
        """Scalars as they are, tensors in full Cartesian form."""
        return output if self.kind is None else self.kind.cartesian(output)

    def turned(self, full: Array, rotation: Array | None) -> Array:
        """What a full output becomes when the crystal is turned."""
        return full if self.kind is None or rotation is None else rotate(self.kind, full, rotation)


def law_of(kind: TensorKind | str | None, shape: tuple[int, ...]) -> Law:
    """The law for outputs of this shape.

    Raises
    ------
    ShapeError
        ``audit.kind`` if the shape names no kind, or is not one of the named kind.
    """
    if kind == SCALAR or (kind is None and shape in ((), (1,))):
        return Law(None)
    try:
        found = kind if isinstance(kind, TensorKind) else kind_of_shape(shape)
    except ShapeError as error:
        raise ShapeError(
            "audit.kind",
            found=f"outputs of shape {shape}, which names no kind of tensor",
            accepted='kind="scalar" for invariants in any number, the name of a kind, or a Jahn symbol',
        ) from error
    if shape not in (found.matrix_shape, (3,) * found.rank):
        raise ShapeError(
            "audit.kind",
            found=f"outputs of shape {shape} for {found.name}",
            accepted=f"{found.matrix_shape} or the full Cartesian {(3,) * found.rank}",
        )
    return Law(found)


def kind_named(kind: str | TensorKind | None) -> TensorKind | str | None:
    """The kind that a word means: ``"scalar"``, ``"stress"``, a tensor kind, or a Jahn symbol."""
    if kind is None or kind == SCALAR:
        return kind
    return STRESS if kind == STRESS.name else tensor_kind(kind, (SCALAR, STRESS.name))


def subject_of(f: Any, kind: str | TensorKind | None) -> Subject:
    """What :func:`crysnb.audit` was given, as one callable.

    Raises
    ------
    ShapeError
        ``audit.subject`` for what cannot be called; the codes of :func:`crysnb.check_adapter`.
    UnknownName
        For an unknown model, kind, or a property that the model has not.
    """
    if isinstance(f, (str, Path, Model)):
        return _of_model(load_model(f), kind)
    if is_from(f, "torch", "Module") or (isinstance(f, type) and issubclass(f, ModelAdapter)):
        require_adapter(f)  # raises, and says what to write
    wanted = kind_named(kind)
    if isinstance(f, ModelAdapter):
        require_adapter(f)
        return Subject(f.predict, f.name or type(f).__name__, wanted or kind_named(f.kind))
    if hasattr(f, "get_potential_energy") and hasattr(f, "calculate"):
        return _of_calculator(f, wanted)
    if not callable(f):
        raise ShapeError(
            "audit.subject",
            found=f"an object of type {type(f).__name__}",
            accepted="a function of a list of structures, a ModelAdapter, a model, or an ASE calculator",
        )
    return Subject(f, str(getattr(f, "__name__", type(f).__name__)), wanted)


def _of_model(model: Model, kind: str | TensorKind | None) -> Subject:
    """The raw network for the cell as given: nothing idealised, nothing projected."""
    name = _property(model, kind)

    def call(structures: list[Structure]) -> Any:
        return model.forward(model.graph(*structures))[name].numpy()

    return Subject(call, model.name, property_spec(name).tensor or SCALAR)


def _property(model: Model, kind: str | TensorKind | None) -> str:
    if kind is None:
        return model.properties[0]
    if isinstance(kind, str) and kind in model.properties:
        return kind
    wanted = kind_named(kind) if kind in (SCALAR, *KINDS) or isinstance(kind, TensorKind) else None
    for name in model.properties:
        if wanted is not None and (property_spec(name).tensor or SCALAR) == wanted:
            return name
    raise UnknownName.of("property", getattr(kind, "name", kind), model.properties)


def _of_calculator(calculator: Any, kind: TensorKind | str | None) -> Subject:
    """Energy per atom in eV, or the stress in eV/Å³, of an ASE calculator; one crystal at a time."""
    if kind not in (None, SCALAR, STRESS) and getattr(kind, "formula", "") != STRESS.formula:
        raise ShapeError(
            "audit.kind",
            found=f"kind {getattr(kind, 'name', kind)!r} for an ASE calculator",
            accepted='"scalar" (energy per atom) or "stress"',
        )
    stress = isinstance(kind, TensorKind)

    def call(structures: list[Structure]) -> list[Any]:
        from pymatgen.io.ase import AseAtomsAdaptor

        results = []
        for structure in structures:
            atoms: Any = AseAtomsAdaptor.get_atoms(structure, msonable=False)
            atoms.calc = calculator
            energy: Any = None if stress else calculator.get_potential_energy(atoms)
            results.append(atoms.get_stress(voigt=False) if stress else energy / len(atoms))
        return results

    return Subject(call, type(calculator).__name__, STRESS if stress else SCALAR)
