"""Is a given tensor one that the crystal may have? δ against the point group, block by block."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from crysnb.errors import ShapeError
from crysnb.symmetry.detect import Symprec, structure_of
from crysnb.tensors.blocks import block_norms
from crysnb.tensors.form import TensorForm, tensor_form
from crysnb.tensors.given import given_tensor, norm_of
from crysnb.tensors.mistakes import standard_frame
from crysnb.tensors.report import Offender, TensorReport
from crysnb.tensors.stability import born_conditions, polycrystal_bounds
from crysnb.tensors.verdicts import CONSISTENT, verdict_of
from crysnb.values.admissible import Admissibility, admissibility
from crysnb.values.prediction import Prediction
from crysnb.values.property_spec import PROPERTIES
from crysnb.values.symmetry_info import SymmetryInfo
from crysnb.values.tensor_kind import TensorKind, rotate

Array = NDArray[np.float64]

#: Offenders that are listed, and what the smallest of them has of the share of the largest.
MAX_OFFENDERS, SMALLEST_SHARE = 10, 1e-2
#: Entries that differ by less than this share of the largest one are equal.
ROUNDING = 1e-9


def check(
    T: ArrayLike | Prediction, s: Any, kind: str | TensorKind | None = None, *, symprec: Symprec = "auto"
) -> TensorReport:
    """Report on whether a crystal may have this tensor: by its symmetry, and by physics.

    Parameters
    ----------
    T
        Full Cartesian tensor or printed matrix (3×3, 3×6, 6×6 in the order xx, yy, zz, yz, xz, xy,
        stiffness and e without factors), in the frame of ``s``, in the usual unit of its kind (1, C/m²,
        GPa); or a :class:`Prediction`.
    s
        Anything that :func:`crysnb.as_structure` accepts; the symbol of a crystal class such as
        ``"4mm"`` or a space-group number for the standard setting; or a :class:`TensorForm`.
    kind
        Kind of tensor, its name, or a Jahn symbol such as ``"V[V2]"``. If omitted it is told from the
        shape: dielectric, piezoelectric or elastic.
    symprec
        As in :func:`crysnb.symmetry`; not looked at if ``s`` is no crystal.

    Raises
    ------
    ShapeError
        ``tensor.shape``, ``tensor.not_numeric``, ``tensor.masked``, ``tensor.non_finite``,
        ``tensor.too_large``; ``tensor.kind`` if the shape names no kind, or two kinds contradict each other;
        ``tensor.jahn``.
    UnknownName
        For an unknown kind.
    CrysnbError
        Those of :func:`crysnb.tensor_form`.

    Notes
    -----
    δ, the blocks and the physical demands stay the same when crystal and tensor are turned together; the
    offenders are components, and belong to the frame of ``s``. Nye (1957), ch. I (Neumann's principle).

    Examples
    --------
    >>> import numpy as np
    >>> check(np.diag([2.0, 2.0, 3.0]), "4mm").verdict
    'consistent'
    >>> check(np.diag([2.0, 3.0, 2.0]), "4mm").offenders[0].relation
    'eps22 = eps11'
    """
    chosen, full = given_tensor(T, kind)
    form, lattice = _form_and_lattice(s, chosen, symprec)
    if form.kind.formula != chosen.formula or form.kind.axial != chosen.axial:
        raise ShapeError(
            "tensor.kind",
            found=f"a tensor of kind {chosen.name} and the form of kind {form.kind.name}",
            accepted="a tensor and a form of one kind",
        )
    return _report(form, chosen, full, lattice)


def _form_and_lattice(s: Any, kind: TensorKind, symprec: Symprec) -> tuple[TensorForm, Array | None]:
    if isinstance(s, TensorForm):
        return s, None
    form = tensor_form(s, kind, symprec=symprec)
    if form.symmetry is None or isinstance(s, SymmetryInfo):
        return form, None
    return form, np.array(structure_of(s).lattice.matrix)


def _report(form: TensorForm, kind: TensorKind, full: Array, lattice: Array | None) -> TensorReport:
    spec = PROPERTIES.get(kind.name)
    unit = spec.unit if spec is not None else None
    allowed = form.project(full)
    rest = full - allowed
    norm, distance = norm_of(full), norm_of(rest)
    must_vanish = form.n_independent == 0
    # With nothing allowed the rest is the tensor itself; a quotient of equal numbers is 1 to the last bit.
    delta = distance / norm if norm else 0.0
    verdict = verdict_of(delta, norm, unit, must_vanish=must_vanish)
    scale = norm or 1.0
    indexed = kind.from_components(kind.components(full))
    return TensorReport(
        kind=kind.name,
        point_group=form.point_group,
        space_group=form.space_group,
        symprec=form.symprec,
        unit=unit,
        norm=norm,
        distance=distance,
        delta=delta,
        verdict=verdict,
        must_vanish=must_vanish,
        blocks=block_norms(kind, rest / scale),
        asymmetry=norm_of(full - indexed) / scale,
        offenders=() if verdict == CONSISTENT else _offenders(form, full, allowed, indexed),
        physical=_physical(form, kind, full, allowed, verdict),
        tensor=full,
        form=form,
        lattice=lattice,
    )


def _physical(form: TensorForm, kind: TensorKind, full: Array, allowed: Array, verdict: str) -> Admissibility:
    demands = admissibility(kind, full)
    if kind.name != "elastic":
        return demands
    # Born's conditions hold for the form of the class, so the nearest allowed tensor is what they are put to.
    standard = rotate(kind, allowed, standard_frame(form))
    bounds = polycrystal_bounds(full) if demands else ()
    note = "" if verdict == CONSISTENT else " (nearest allowed tensor)"
    return Admissibility((*demands, *born_conditions(standard, form.point_group, note), *bounds))


def _offenders(form: TensorForm, full: Array, allowed: Array, indexed: Array) -> tuple[Offender, ...]:
    kind = form.kind
    given, means, required = (kind.matrix(t) for t in (full, indexed, allowed))
    repeats = np.bincount(kind.cartesian_rows, minlength=given.size)
    found = []
    for k, (place, flat) in enumerate(
        zip(np.ndindex(*kind.matrix_shape), kind.matrix_rows.tolist(), strict=True)
    ):
        name = kind.letter + "".join(str(p + 1) for p in place)
        is_component = name in kind.names
        # An entry that repeats a component is told only where it does not repeat it.
        if is_component or abs(given[place] - means[place]) > ROUNDING * np.abs(given).max():
            relation = _relation(form, name) if is_component else _twin(kind, name, flat)
            value, wanted = float(given[place]), float(required[place])
            weight = kind.multiplicity[kind.names.index(name)] if is_component else repeats[k]
            share = abs(value - wanted) * float(np.sqrt(weight))
            found.append((share, Offender(name=name, value=value, required=wanted, relation=relation)))
    largest = max((share for share, _ in found), default=0.0)
    if not largest:
        return ()
    kept = [pair for pair in found if pair[0] >= SMALLEST_SHARE * largest]
    # Rounded, so that equal shares keep the order of printing whatever their last digit.
    kept.sort(key=lambda pair: -round(pair[0] / largest, 9))
    return tuple(offender for _, offender in kept[:MAX_OFFENDERS])


def _relation(form: TensorForm, name: str) -> str:
    if name in form.zeros:
        return f"{name} = 0"
    relations = form.relations
    if name in relations:
        return f"{name} = {relations[name]}"
    tied = [f"{other} = {relations[other]}" for other, row in form.coefficients.items() if name in row]
    return "; ".join(tied[:2]) or f"{name} is free"


def _twin(kind: TensorKind, name: str, flat: int) -> str:
    """What index symmetry demands of an entry that repeats another one, such as ``c21 = c12``."""
    row = kind.expand[flat]
    column = int(np.abs(row).argmax())
    sign = "-" if row[column] < 0 else ""
    return f"{name} = {sign}{kind.names[column]}" if row[column] else f"{name} = 0"
