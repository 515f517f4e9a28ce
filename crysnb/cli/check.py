"""``crysnb check``: a given tensor against a crystal. Needs no torch."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from crysnb.cli import console, text
from crysnb.units import display_unit

if TYPE_CHECKING:
    from crysnb.tensors.report import TensorReport


def check(
    file: Annotated[
        str, typer.Argument(metavar="FILE", help="Crystal file, bundled name, or point group such as 4mm.")
    ],
    kind: console.Kind,
    tensor: Annotated[
        Path,
        typer.Option(
            "--tensor",
            "-t",
            metavar="T.json",
            help="Nested list of numbers: 3x3, 3x6, 6x6 (xx yy zz yz xz xy) or full Cartesian.",
        ),
    ],
    symprec: console.Symprec = "auto",
    as_json: console.Json = False,
) -> None:
    """Check a given tensor against the symmetry of a crystal."""
    from crysnb.cli.tensor_file import read_tensor
    from crysnb.tensors.check import check as run

    tolerance, chosen = console.tolerance_of(symprec), console.kind_of(kind)
    item_id, source = console.group_or_source_of(file)
    try:
        # Whatever the files do, their failure is an object with a code.
        report = run(read_tensor(tensor), source, chosen, symprec=tolerance)
    except Exception as error:
        console.report_failure(item_id, error, as_json=as_json)
        raise typer.Exit(1) from error
    if as_json:
        console.emit(report.to_dict())
    else:
        typer.echo(describe(item_id, report))


def describe(item_id: str, report: TensorReport) -> str:
    """The verdict, what is broken, which mistake explains it, its own symmetry, and what physics says."""
    head = [text.printable(item_id), report.kind]
    if report.space_group is not None:
        head.append(f"space group {report.space_group}")
    head.append(f"class {report.point_group}")
    if report.symprec is not None:
        head.append(f"symprec {report.symprec:g} Å")
    unit = f" {display_unit(report.unit)}".rstrip() if report.unit else ""
    lines = [", ".join(head), f"{report.verdict}: {_size(report)}"]
    if report.offenders:
        lines += ["broken blocks: " + _blocks(report), "", _offenders(report, unit)]
    if explained := _explained(report):
        lines += ["", *explained]
    if len(report.physical):
        lines += ["", *(f"{'ok' if f.passed else 'NOT PHYSICAL'}: {f.text}" for f in report.physical)]
    return "\n".join(lines)


def _explained(report: TensorReport) -> list[str]:
    lines = []
    repair = report.best_frame
    if repair is not None:
        lines.append(f"repair: {repair.text} Put right, delta is {repair.delta:.2g}.")
        if repair.doubt:
            lines.append(f"  {repair.doubt}")
    elif not report.consistent and not report.must_vanish:
        lines.append(
            "repair: none. No mistake of axes, Voigt order or factor that is known explains the tensor."
        )
    if report.nearest_group is not None:
        lines.append(report.nearest_group.text)
    return lines


def _size(report: TensorReport) -> str:
    if report.must_vanish:
        return f"the crystal allows nothing of this kind; {report.size}"
    if report.is_zero:
        return f"zero within the noise of its unit; {report.size}"
    return f"|T - PT| / |T| = {report.delta:.2g}; {report.size}"


def _blocks(report: TensorReport) -> str:
    shares = {**report.blocks, "index symmetry": report.asymmetry}
    return ", ".join(f"{name} {share:.2g}" for name, share in shares.items() if share > 1e-9)


def _offenders(report: TensorReport, unit: str) -> str:
    rows = [("component", f"value{unit}", f"required{unit}", "breaks")]
    scale = report.norm
    rows += [
        (o.name, text.number(o.value, scale), text.number(o.required, scale), o.relation)
        for o in report.offenders
    ]
    return text.table(rows, indent="  ")
