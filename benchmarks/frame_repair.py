"""How often ``cn.check`` repairs a planted mistake of frame or order, on the test records of three data sets.

Every tensor that is consistent as stored is spoilt in five ways with code that the search does not use. Where
the spoilt tensor is no longer consistent, the repaired one is checked afresh and compared with the true one,
up to the rotations that map the point group onto itself (no symmetry can tell these). Then: repairs offered
for tensors without a mistake, for random ones, and for those of another crystal. Needs ``$CRYSNB_DATA``;
prints tables and one JSON line, writes nothing. ``--limit N`` takes the first N records of each set.
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import json
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import spglib
from pymatgen.core import Lattice, Structure
from pymatgen.core.tensors import Tensor
from scipy.optimize import minimize_scalar

import crysnb as cn
from crysnb.datasets.records import data_folder, raw_records, select, to_record
from crysnb.tensors.report import TensorReport
from crysnb.tensors.stability import MODULI, reported_bounds
from crysnb.tensors.verdicts import NOISE, SUSPICIOUS
from crysnb.values.tensor_kind import KINDS, TensorKind

SETS = (
    ("mp_dielectric", "eps_electronic", "dielectric"),
    ("mp_elastic_2015", "elastic", "elastic"),
    ("mp_piezoelectric", "piezo", "piezoelectric"),
)
MISTAKES = ("axis permutation", "Voigt order", "standard cell's frame", "transposed rotation", "handedness")
#: Share of the norm by which two tensors may differ and still be the same one.
SAME = 5e-3
Array = np.ndarray[Any, np.dtype[np.floating[Any]]]


def turned(tensor: Array, matrix: Array) -> Array:
    """T'_{ij…} = M_{ia} M_{jb} … T_{ab…}."""
    for axis in range(tensor.ndim):
        tensor = np.moveaxis(np.tensordot(tensor, matrix, axes=(axis, 1)), -1, axis)
    return tensor


def standard_rotations(structure: Structure) -> dict[str, Array]:
    """Rotations from the structure's frame to standard ones, by other packages than ours."""
    cell: Any = (structure.lattice.matrix, structure.frac_coords, structure.atomic_numbers)
    data: Any = spglib.get_symmetry_dataset(cell, symprec=0.01)
    file = Lattice.from_parameters(*structure.lattice.parameters).matrix
    from_file = np.linalg.solve(structure.lattice.matrix, file).T
    if np.linalg.det(from_file) < 0:
        from_file = -from_file
    found = {"spglib": np.array(data.std_rotation_matrix), "CIF": from_file}
    with contextlib.suppress(ValueError, IndexError):
        found["IEEE"] = np.array(Tensor.get_ieee_rotation(structure))
    return {k: r for k, r in found.items() if np.abs(r @ r.T - np.eye(3)).max() < 1e-3}


def spoilt(kind: TensorKind, tensor: Array, structure: Structure) -> Iterator[tuple[str, str, Array]]:
    """(mistake, variant, spoilt tensor) for one Cartesian tensor."""
    for p in ((1, 2, 0), (2, 0, 1), (1, 0, 2), (0, 2, 1), (2, 1, 0)):
        yield MISTAKES[0], "xyz"[p[0]] + "xyz"[p[1]] + "xyz"[p[2]], tensor[np.ix_(*(p,) * tensor.ndim)]
    vasp = [0, 1, 2, 5, 3, 4]
    if kind.matrix_shape == (6, 6):
        yield MISTAKES[1], "VASP", kind.cartesian(kind.matrix(tensor)[np.ix_(vasp, vasp)])
    elif kind.matrix_shape == (3, 6):
        yield MISTAKES[1], "VASP", kind.cartesian(kind.matrix(tensor)[:, vasp])
    for name, r in standard_rotations(structure).items():
        u, _, v = np.linalg.svd(r)
        yield MISTAKES[2], name, turned(tensor, u @ v)
        yield MISTAKES[3], name, turned(turned(tensor, u @ v), u @ v)
        if name == "spglib":
            yield MISTAKES[4], "standard frame, y reversed", turned(tensor, np.diag([1.0, -1, 1]) @ u @ v)
    yield MISTAKES[4], "z reversed", turned(tensor, np.diag([1.0, 1, -1]))


def up_to_normaliser(a: Array, b: Array, info: cn.SymmetryInfo) -> float:
    """‖a − b‖ / ‖b‖, at its least over orthogonal matrices that map the point group onto itself.

    In the standard frame: signed permutations of the axes, turned about the main axis by multiples of 15°, by
    any angle for the cyclic classes. The inversion belongs to every normaliser, so that the sign of a tensor
    of odd rank is free.
    """
    if info.point_group in ("1", "-1"):
        return 0.0  # any rotation
    own = info.standard_frame
    a, b = turned(a, own), turned(b, own)
    group = own @ info.rotations @ own.T
    cyclic = info.point_group.split("/")[0].lstrip("-") in "2346m"
    axis = 1 if info.number < 16 else 2
    best, chosen = np.inf, np.eye(3)
    for angle in np.deg2rad(np.arange(0.0, 360.0, 5.0 if cyclic else 15.0)):
        for m in CUBE:
            q = about(axis, angle) @ m
            if all(np.abs(group - q @ g @ q.T).max(axis=(1, 2)).min() < 1e-6 for g in group):
                found = apart(turned(a, q), b)
                if found < best:
                    best, chosen = found, q
    if cyclic:
        near = minimize_scalar(
            lambda t: apart(turned(a, about(axis, t) @ chosen), b),
            bounds=(-0.1, 0.1),
            method="bounded",
            options={"xatol": 1e-7},
        )
        best = min(best, float(near.fun))
    return best


def apart(a: Array, b: Array) -> float:
    """‖a − b‖ / ‖b‖; for odd rank ‖−a − b‖ / ‖b‖ if that is less."""
    found = float(np.linalg.norm(a - b))
    if b.ndim % 2:
        found = min(found, float(np.linalg.norm(a + b)))
    return found / float(np.linalg.norm(b))


def about(axis: int, angle: float) -> Array:
    """Rotation matrix about a Cartesian axis."""
    i, j = [k for k in range(3) if k != axis]
    out = np.eye(3)
    out[i, i] = out[j, j] = np.cos(angle)
    out[i, j], out[j, i] = -np.sin(angle), np.sin(angle)
    return out


def signed_permutations() -> Array:
    """The 24 proper ones, shape [24, 3, 3]."""
    every = [
        np.diag(signs) @ np.eye(3)[list(order)]
        for order in itertools.permutations(range(3))
        for signs in itertools.product((1.0, -1.0), repeat=3)
    ]
    return np.array([m for m in every if np.linalg.det(m) > 0])


CUBE = signed_permutations()


def planted(
    kind: TensorKind, true: Array, structure: Structure, info: cn.SymmetryInfo, count: Counter[Any]
) -> None:
    """Count what becomes of each spoilt tensor."""
    for mistake, variant, bad in spoilt(kind, true, structure):
        key = (kind.name, mistake)
        count[key, "planted"] += 1
        report = cn.check(bad, structure, kind)
        if report.consistent:
            continue
        count[key, "visible"] += 1
        repair = report.best_frame
        if repair is None:
            print(
                f"  not repaired: {structure.composition.reduced_formula} {info.point_group} {mistake} "
                f"({variant}), delta {report.delta:.2g}"
            )
            continue
        count[key, "offered"] += 1
        count[key, "consistent"] += cn.check(repair.tensor, structure, kind).consistent
        count[key, "true up to the normaliser"] += up_to_normaliser(repair.tensor, true, info) < SAME
        count[key, "true"] += float(np.linalg.norm(repair.tensor - true) / np.linalg.norm(true)) < SAME
        count[key, "told ambiguous"] += repair.n_alternatives > 0


def planted_in_noise(kind: TensorKind, true: Array, structure: Structure, count: Counter[Any]) -> None:
    """Count what becomes of spoilt tensors that were at the level of numerical noise before."""
    for _, _, bad in spoilt(kind, true, structure):
        report = cn.check(bad, structure, kind)
        if report.verdict == SUSPICIOUS:
            count[kind.name, "noise", "visible"] += 1
            repair = report.best_frame
            if repair is not None:
                count[kind.name, "noise", "offered"] += 1
                again = cn.check(repair.tensor, structure, kind)
                count[kind.name, "noise", "noise or better"] += again.verdict != SUSPICIOUS


def false_offers(
    kind: TensorKind, structure: Structure, others: Sequence[Array], count: Counter[Any]
) -> None:
    """Count repairs that are offered for tensors that have nothing to do with the crystal."""
    for name, tensors in (
        ("random", [kind.from_components(RNG.normal(size=kind.n_components)) for _ in range(3)]),
        ("another crystal's", others),
    ):
        for tensor in tensors:
            report = cn.check(tensor, structure, kind)
            if not report.consistent and not report.must_vanish:
                count[kind.name, name, "inconsistent"] += 1
                count[kind.name, name, "offered"] += report.best_frame is not None


RNG = np.random.default_rng(0)


def records(name: str, target: str, limit: int | None) -> list[tuple[str, Structure, Any, dict[str, Any]]]:
    """Id, structure, tensor and other targets of the test records."""
    folder = data_folder(name)
    raw = select(raw_records(folder / "structures.jsonl.gz"), folder / "split.json", "test")
    found = [to_record(r) for r in itertools.islice(raw, limit)]
    return [(r.id, r.structure, r.targets[target], r.targets) for r in found if target in r.targets]


def stored(report: TensorReport) -> str:
    """In which row of the first table a record goes."""
    if report.is_zero:
        return "zero"
    return report.verdict


def run(name: str, target: str, kind: TensorKind, limit: int | None, count: Counter[Any]) -> None:
    """All counts of one data set."""
    rows = records(name, target, limit)
    full = [kind.cartesian(tensor) for _, _, tensor, _ in rows]
    for k, (record, structure, _, targets) in enumerate(rows):
        report = cn.check(full[k], structure, kind)
        count[kind.name, "stored", stored(report)] += 1
        count[kind.name, "stored", "not physical"] += not report.physical
        moduli = {name: targets[name] for name in MODULI if name in targets}
        bounds = reported_bounds(moduli) if kind.name == "elastic" else ()
        count[kind.name, "stored", "Voigt < Reuss as reported"] += any(not b.passed for b in bounds)
        repair = report.best_frame
        if not report.consistent:
            if repair is not None:
                count[kind.name, "stored", "repair offered"] += 1
            print(
                f"  as stored: {record} {report.point_group} {report.verdict}, delta {report.delta:.2g}: "
                f"{repair.text if repair else 'no repair'}"
            )
        elif not report.is_zero:
            count[kind.name, "untouched", "offers"] += repair is not None
            info = cn.symmetry(structure)
            planted(kind, full[k], structure, info, count)
        if report.verdict == NOISE:
            planted_in_noise(kind, full[k], structure, count)
        others = [full[(k + step) % len(full)] for step in (1, 7, 19)]
        false_offers(kind, structure, others, count)


def main() -> None:
    """Print the tables and one JSON line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--limit", type=int, default=None)
    limit = parser.parse_args().limit
    count: Counter[Any] = Counter()
    start = time.perf_counter()
    for name, target, kind in SETS:
        print(f"{name} ({kind})")
        run(name, target, KINDS[kind], limit, count)
    result = table(count)
    result["seconds"] = round(time.perf_counter() - start)
    print(json.dumps(result))


def table(count: Counter[Any]) -> dict[str, Any]:
    """Print what was counted and return it as plain data."""
    kinds = [kind for _, _, kind in SETS]
    verdicts = (
        "consistent",
        "zero",
        "numerical noise",
        "suspicious: wrong frame?",
        "must vanish",
        "repair offered",
        "not physical",
        "Voigt < Reuss as reported",
    )
    print("\n| as stored | " + " | ".join(verdicts) + " |")
    result: dict[str, Any] = {"benchmark": "frame_repair", "stored": {}, "planted": {}, "false": {}}
    for kind in kinds:
        row = {v: count[kind, "stored", v] for v in verdicts}
        result["stored"][kind] = row
        print(f"| {kind} | " + " | ".join(str(v) for v in row.values()) + " |")
    columns = (
        "planted",
        "visible",
        "offered",
        "consistent",
        "true up to the normaliser",
        "true",
        "told ambiguous",
    )
    print("\n| kind | mistake | " + " | ".join(columns) + " |")
    for kind in kinds:
        for mistake in MISTAKES:
            row = {c: count[(kind, mistake), c] for c in columns}
            if row["planted"]:
                result["planted"][f"{kind}: {mistake}"] = row
                print(f"| {kind} | {mistake} | " + " | ".join(str(v) for v in row.values()) + " |")
    for mistake in MISTAKES:
        row = {c: sum(count[(kind, mistake), c] for kind in kinds) for c in columns}
        result["planted"][mistake] = {**row, "repaired": round(row["consistent"] / max(row["visible"], 1), 4)}
        print(f"| all | {mistake} | " + " | ".join(str(v) for v in row.values()) + " |")
    result["offers_for_untouched"] = sum(count[kind, "untouched", "offers"] for kind in kinds)
    for kind in kinds:
        for name in ("random", "another crystal's"):
            result["false"][f"{kind}: {name}"] = {
                c: count[kind, name, c] for c in ("inconsistent", "offered")
            }
    counted = ("visible", "offered", "noise or better")
    result["noise"] = {kind: {c: count[kind, "noise", c] for c in counted} for kind in kinds}
    print("\nplanted in records with numerical noise", result["noise"])
    print("\nfalse offers", result["false"], "; for untouched tensors", result["offers_for_untouched"])
    result["reached"] = all(result["planted"][m]["repaired"] >= 0.95 for m in MISTAKES)
    return result


if __name__ == "__main__":
    main()
