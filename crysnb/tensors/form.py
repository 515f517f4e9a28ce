"""The form that symmetry allows a tensor to have, in a named frame, with reasons."""

from __future__ import annotations

import operator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from crysnb.errors import CrysnbError, UnknownName
from crysnb.symmetry.detect import Symprec, detect, structure_of
from crysnb.symmetry.point_groups import (
    POINT_GROUPS,
    Setting,
    class_setting,
    hall_setting,
    space_group_setting,
)
from crysnb.symmetry.project import Invariants, invariants
from crysnb.tensors.frames import FRAMES, ieee_rotation, turned
from crysnb.tensors.relations import Relations, relations
from crysnb.tensors.settings import AxisSetting, axis_settings, class_settings
from crysnb.tensors.why import reasons, vanishing_alone
from crysnb.values.symmetry_info import Operation, SymmetryInfo
from crysnb.values.tensor_kind import TensorKind, tensor_kind

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class TensorForm:
    """Free components, zeros and relations of a tensor under a crystal's symmetry.

    What is printed is computed when it is first asked for.

    Attributes
    ----------
    kind
        Kind of tensor.
    frame
        ``"own"``, ``"nye"`` or ``"ieee"``.
    rotation
        Matrix that turns the own frame into ``frame`` (v' = rotation · v), shape [3, 3]; the
        identity for ``"own"`` and for a point or space group without a crystal.
    rotations
        Point-group operations in this frame, shape [op, 3, 3].
    symmetry
        Symmetry of the crystal; None if only a point or space group was named.
    point_group
        Hermann–Mauguin symbol.
    space_group
        Number, or None if only a point group was named.
    symprec
        Tolerance in Å that was used, or None without a crystal.
    setting
        Names of the operations.
    axes
        Columns are the conventional axes in this frame, shape [3, 3].
    setting_index
        Which of ``settings`` this is.
    """

    kind: TensorKind
    frame: str
    rotation: NDArray[np.float64]
    rotations: NDArray[np.float64]
    symmetry: SymmetryInfo | None
    point_group: str
    space_group: int | None
    symprec: float | None
    setting: Setting
    axes: NDArray[np.float64]
    setting_index: int = 0

    @cached_property
    def settings(self) -> tuple[AxisSetting, ...]:
        """Choices of axes that the frame leaves open and this kind of tensor can tell apart.

        One entry where there is no choice, as always for ``"own"``.
        """
        if self.symmetry is not None:
            return axis_settings(self.symmetry, self.frame, self.kind)
        if self.frame == "own":
            return class_settings(np.eye(3)[None], self.kind)
        return class_settings(self.rotations, self.kind)

    @cached_property
    def operations(self) -> tuple[Operation, ...]:
        """Named operations in this frame, the identity first."""
        return self.setting.operations(self.rotations, self.axes)

    @cached_property
    def _space(self) -> Invariants:
        return invariants(self.kind, self.rotations)

    @cached_property
    def _relations(self) -> Relations:
        return relations(self._space)

    @property
    def n_independent(self) -> int:
        """Number of independent components; 0 where symmetry forbids the whole tensor."""
        return self._space.dimension

    @property
    def free(self) -> tuple[str, ...]:
        """Names of the independent components, in printing order."""
        return self._relations.free

    @property
    def zeros(self) -> tuple[str, ...]:
        """Names of the components that must vanish."""
        return self._relations.zeros

    @property
    def relations(self) -> dict[str, str]:
        """Right-hand side of every dependent component, e.g. ``{"c66": "(c11 - c12)/2"}``.

        Plain ASCII that sympy reads. Closed forms are verified; decimals carry twelve digits.
        """
        return dict(self._relations.text)

    @property
    def coefficients(self) -> dict[str, dict[str, float]]:
        """The same as numbers, e.g. ``{"c66": {"c11": 0.5, "c12": -0.5}}``."""
        return {name: dict(row) for name, row in self._relations.coefficients.items()}

    @property
    def notes(self) -> tuple[str, ...]:
        """Remarks, for example that the orientation has no closed forms."""
        return self._relations.notes

    @property
    def basis(self) -> NDArray[np.float64]:
        """All named components from the free ones, shape [component, n_independent]."""
        return self._relations.matrix.copy()

    @property
    def projector(self) -> NDArray[np.float64]:
        """Symmetric idempotent matrix in orthonormal coordinates, shape [component, component]."""
        return self._space.projector.copy()

    def project(self, tensor: ArrayLike) -> NDArray[np.float64]:
        """Nearest allowed tensor, in the form (Cartesian or matrix) it came in; in this frame."""
        return self._space.project(tensor)

    def residual(self, tensor: ArrayLike) -> float:
        """‖T − P T‖ / ‖T‖ in the Cartesian norm; 0 for T = 0. The tensor is in this frame."""
        return self._space.residual(tensor)

    def why(self, name: str) -> tuple[Operation, ...]:
        """The smallest set of operations that already forces the zero or the relation.

        Leaving any one of them out sets the component free of it. Among equally small sets the
        one that is easiest to picture is taken, always the same.

        Parameters
        ----------
        name
            Component, for example ``"c14"``.

        Returns
        -------
        tuple of Operation
            Empty for a free component.

        Raises
        ------
        UnknownName
            If there is no such component.
        """
        if name not in self.kind.names:
            raise UnknownName.of("tensor component", name, self.kind.names)
        return tuple(self.operations[k] for k in self._reasons.get(name, ()))

    @property
    def operation_names(self) -> tuple[str, ...]:
        """Names of the operations, in the order of ``operations``."""
        return tuple(operation.name for operation in self.operations)

    def vanishing_under(self, operation: str) -> tuple[str, ...]:
        """Components that one operation forces to vanish by itself, whatever the others do.

        Parameters
        ----------
        operation
            Name of an operation, for example ``"m [100]"``.

        Raises
        ------
        UnknownName
            If the form has no such operation.
        """
        if operation not in self.operation_names:
            raise UnknownName.of("operation", operation, self.operation_names)
        return self._vanishing[self.operation_names.index(operation)]

    @cached_property
    def _vanishing(self) -> tuple[tuple[str, ...], ...]:
        found = vanishing_alone(self.kind, self._space.group)
        return tuple(tuple(self.kind.names[k] for k in row) for row in found)

    @cached_property
    def _reasons(self) -> dict[str, tuple[int, ...]]:
        bound = [name for name in self.kind.names if name not in self.free]
        if not bound:
            return {}
        rows = np.array([self.functional(name) for name in bound])
        costs = tuple(label.cost for label in self.setting.labels)
        return dict(zip(bound, reasons(self.kind, self._space.group, costs, rows), strict=True))

    def functional(self, name: str) -> NDArray[np.float64]:
        """Row f, shape [component], with f · components = 0 for every allowed tensor: name − relation."""
        names = self.kind.names
        row = np.zeros(len(names))
        row[names.index(name)] = 1.0
        for free, factor in self._relations.coefficients.get(name, {}).items():
            row[names.index(free)] -= factor
        return row

    def __repr__(self) -> str:
        group = self.point_group if self.symmetry is None else self.symmetry.symbol
        return (
            f"TensorForm({self.kind.name}, {group}, frame {self.frame!r}: {self.n_independent} of "
            f"{self.kind.n_components} independent)"
        )

    def to_dict(self) -> dict[str, Any]:
        """The documented JSON object of ``crysnb tensor``.

        ``rotation`` leads from the structure's own axes to these; ``setting`` is the index of these axes
        in ``settings``, each with ``text``, ``turn`` and ``rotation``.
        """
        return {
            "kind": self.kind.name,
            "frame": self.frame,
            "space_group": self.space_group,
            "point_group": self.point_group,
            "symprec": self.symprec,
            "n_independent": self.n_independent,
            "free": list(self.free),
            "zeros": list(self.zeros),
            "relations": self.relations,
            "why": {name: [op.to_dict() for op in self.why(name)] for name in self._reasons},
            "rotation": self.rotation.tolist(),
            "setting": self.setting_index,
            "settings": [setting.to_dict() for setting in self.settings],
            "notes": list(self.notes),
        }

    def to_frame(self) -> pd.DataFrame:
        """One row per component: name, role (free, zero, dependent), relation, reasons."""
        import pandas as pd

        rows = []
        for name in self.kind.names:
            role = "free" if name in self.free else "zero" if name in self.zeros else "dependent"
            text = {"free": name, "zero": "0"}.get(role) or self.relations[name]
            rows.append((name, role, text, "; ".join(op.text for op in self.why(name))))
        return pd.DataFrame(rows, columns=["component", "role", "value", "why"])


def tensor_form(
    x: Any, kind: str | TensorKind, frame: str = "own", symprec: Symprec = "auto", *, setting: int = 0
) -> TensorForm:
    """The form that symmetry allows: what is free, what vanishes, what depends on what, and why.

    Parameters
    ----------
    x
        Anything that :func:`crysnb.as_structure` accepts, or the :class:`SymmetryInfo` of a crystal;
        or the symbol of a crystal class such as ``"4mm"``, or a space-group number, for which the
        standard setting is used.
    kind
        ``"dielectric"``, ``"piezoelectric"``, ``"elastic"`` or another name, a Jahn symbol such as
        ``"V[V2]"``, or a :class:`TensorKind`.
    frame
        ``"own"``: the frame of the structure as given; ``"nye"``: x ∥ a, z ∥ c* of the
        conventional cell; ``"ieee"``: the axes of IEEE Standard 176-1987. The last two are not unique
        for quartz and its like: see ``setting``.
    symprec
        As in :func:`crysnb.symmetry`.
    setting
        Which of the ``settings`` that the rules of the frame leave open; 0 is the one that the structure's
        own axes suggest. The crystal and its operations stay, the axes change.

    Raises
    ------
    UnknownName
        For an unknown kind, frame, setting, or space group.
    SymmetryUndetermined
        If no symmetry is found.
    CrysnbError
        ``frame.needs_structure`` for the IEEE frame of a group without a crystal.

    Examples
    --------
    >>> tensor_form("32", "elastic").relations["c66"]
    '(c11 - c12)/2'
    """
    kind = tensor_kind(kind)
    if frame not in FRAMES:
        raise UnknownName.of("frame", frame, FRAMES)
    named = _named_group(x)
    form = _crystal_form(x, kind, frame, symprec) if named is None else _group_form(named, kind, frame)
    # The usual case does not ask how many there are.
    return form if type(setting) is int and setting == 0 else _in_setting(form, setting)


def _in_setting(form: TensorForm, setting: Any) -> TensorForm:
    """The same form in another of its settings; the operations keep their order and names."""
    settings = form.settings
    try:
        index = -1 if isinstance(setting, bool) else operator.index(setting)
    except TypeError:
        index = -1
    if not 0 <= index < len(settings):
        raise UnknownName.of("setting", setting, map(str, range(len(settings))))
    chosen = settings[index]
    return replace(
        form,
        rotation=chosen.rotation,
        rotations=turned(form.rotations, chosen.turn),
        axes=chosen.turn @ form.axes,
        setting_index=index,
    )


def _group_form(named: tuple[Setting, str, int | None], kind: TensorKind, frame: str) -> TensorForm:
    setting, point_group, number = named
    if frame == "ieee":
        raise CrysnbError(
            "frame.needs_structure",
            found="the IEEE frame of a group without a crystal; its axes depend on the lattice lengths",
            accepted='frame "nye", or a structure',
        )
    return TensorForm(
        kind=kind,
        frame=frame,
        rotation=np.eye(3),
        rotations=setting.rotations,
        symmetry=None,
        point_group=point_group,
        space_group=number,
        symprec=None,
        setting=setting,
        axes=setting.standard_axes,
    )


def _crystal_form(x: Any, kind: TensorKind, frame: str, symprec: Symprec) -> TensorForm:
    info = x if isinstance(x, SymmetryInfo) else detect(structure_of(x), symprec)
    setting = hall_setting(info.hall_number)
    if frame == "own":
        rotation, rotations = np.eye(3), info.rotations
    elif frame == "nye":
        # The axes are defined by the operations' own conventional cell: exact for every crystal.
        rotation, rotations = info.standard_frame, setting.rotations
    else:
        rotation = ieee_rotation(info)
        rotations = turned(info.rotations, rotation)
    return TensorForm(
        kind=kind,
        frame=frame,
        rotation=rotation,
        rotations=rotations,
        symmetry=info,
        point_group=info.point_group,
        space_group=info.number,
        symprec=info.symprec,
        setting=setting,
        axes=rotation @ info.conventional_axes.T,
    )


def _named_group(x: Any) -> tuple[Setting, str, int | None] | None:
    """Setting, point group and space-group number if ``x`` names a group."""
    if isinstance(x, str):
        return (class_setting(x), x, None) if x in POINT_GROUPS else None
    try:
        number = operator.index(x)
    except TypeError:
        return None
    setting, _, point_group = space_group_setting(x if isinstance(x, bool) else number)
    return setting, point_group, number
