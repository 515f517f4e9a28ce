"""Audit a function of crystals against the laws of symmetry."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crysnb.audit.continuity import continuity
from crysnb.audit.equivalence import batch_mates, from_primitive, largest_call, written_differently
from crysnb.audit.findings import Finding, failure, result
from crysnb.audit.neumann import index_symmetry, patterns
from crysnb.audit.report import CHECKS, AuditReport
from crysnb.audit.subject import subject_of
from crysnb.audit.trial import Trial, repetitions, trial
from crysnb.errors import ShapeError, quote
from crysnb.structure.formula import reduced_formula
from crysnb.structure.read import read
from crysnb.symmetry.detect import detect
from crysnb.symmetry.idealize import idealized_primitive
from crysnb.values.tensor_kind import TensorKind

if TYPE_CHECKING:
    from pymatgen.core.structure import Structure

#: Bundled crystals that are audited, in their primitive cells, when none are given: equal distances, atoms
#: that are their own neighbours, cubic sites, polar and chiral classes, and a monoclinic one, all small.
DEFAULT = (
    "NaCl", "GaAs", "CsCl", "SrTiO3", "fluorite", "rutile", "anatase", "quartz", "GaN", "BaTiO3", "MoS2",
    "FeSi", "baddeleyite",
)  # fmt: skip


def audit(f: Any, structures: Any = None, kind: str | TensorKind | None = None, seed: int = 0) -> AuditReport:
    """Report on which laws of symmetry a function of crystals keeps.

    Parameters
    ----------
    f
        A function: list of pymatgen structures -> list of numbers or arrays, one per structure, intensive
        and in the frame of the structure. Or a :class:`ModelAdapter`; the name or folder of a model, or a
        loaded one (its raw network, nothing projected); or an ASE calculator (energy per atom).
    structures
        Anything that :func:`crysnb.as_structure` accepts, or a list of such. None: thirteen bundled crystals.
    kind
        How the output turns with the crystal: ``"scalar"`` (numbers that stay, in any shape), the name of a
        tensor kind, ``"stress"``, a Jahn symbol, or a :class:`TensorKind`. For a model also one of its
        properties. None: told from the shape; a number is a scalar, 3×3 dielectric, 3×6 or 3×3×3
        piezoelectric, 6×6 or 3×3×3×3 elastic.
    seed
        Of all random rotations, orders and displacements.

    Returns
    -------
    AuditReport
        ``failures`` has at most one entry per check, with the smallest crystal and the simplest change that
        show it. Sizes are norms of the violation relative to that of the output (Cartesian for tensors).

    Raises
    ------
    ShapeError
        ``audit.subject``, ``audit.kind``, ``audit.seed``, ``audit.nothing`` if no crystal has a result,
        ``audit.too_small`` if all outputs are below 1e-100 and not all are zero;
        ``adapter.type`` for a bare torch module.
    UnknownName
        For an unknown kind, model or property.
    StructureError
        If one of ``structures`` is refused.

    Notes
    -----
    A violation passes up to 30 times the function's own rounding error, which is measured
    (:mod:`crysnb.audit.rounding`); at least 1e-8 (double precision) or 1e-5 (single), at most 5e-5 of the
    output. What exceeds that is measured again with the rounding re-rolled, which tells a fault from noise;
    noise passes as long as it is no larger than 30 times what was measured.

    Exceptions and results that are not finite become ``faults``; everything else is still checked. Each
    crystal is handed over as a copy. Laws: Nye (1957), ch. I (Neumann's principle).

    Examples
    --------
    >>> report = audit(lambda structures: [s.lattice.a for s in structures], ["NaCl", "GaN"])
    >>> [failure.check for failure in report.failures]
    ['cell', 'supercell']
    """
    if type(seed) is not int or seed < 0:
        raise ShapeError("audit.seed", found=f"seed {quote(seed)}", accepted="a whole number from 0")
    subject = subject_of(f, kind)
    t = trial(subject, _crystals(structures), seed)
    findings = _findings(t)
    grouped = {check: [f for f in findings if f.check == check] for check in CHECKS}
    found = {check: failure(group, lambda f: from_primitive(t, f)) for check, group in grouped.items()}
    return AuditReport(
        name=subject.name,
        kind=t.law.name,
        failures=tuple(f for f in found.values() if f is not None),
        faults=tuple(t.evaluator.faults),
        checks=tuple(result(check, g, passed=found[check] is None) for check, g in grouped.items()),
        crystals=len(t.crystals),
        rounding=t.rounding,
        precision="single" if t.single else "double",
        deterministic=t.deterministic,
    )


def _findings(t: Trial) -> list[Finding]:
    batch = repetitions(t)
    before = len(t.evaluator.faults)
    if t.deterministic:
        batch = batch_mates(t)
    disturbed = any(f.failed for f in batch) or len(t.evaluator.faults) > before
    # Crystals share calls from here on only if that changes nothing, and in calls no larger than was tried.
    t.evaluator.sharing = 1 if disturbed else largest_call(t)
    findings = [*batch, *written_differently(t), *continuity(t)]
    if t.law.kind is not None:
        findings += [*index_symmetry(t, t.law.kind), *patterns(t, t.law.kind)]
    return findings


def _crystals(structures: Any) -> list[tuple[str, Structure]]:
    if structures is None:
        return [(name, _primitive(name)) for name in DEFAULT]
    # Structures, atoms and spglib's tuples are sequences of their own; a list of crystals is a list.
    one = not isinstance(structures, list)
    readings = [read(x) for x in ([structures] if one else structures)]
    return [(r.structure_id or reduced_formula(r.structure), r.structure) for r in readings]


def _primitive(name: str) -> Structure:
    structure = read(name).structure
    return idealized_primitive(structure, detect(structure))
