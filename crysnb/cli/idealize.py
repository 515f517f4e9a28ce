"""``crysnb idealize``: the same crystal with its symmetry exact, as a CIF. Needs no torch."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from crysnb.cli import console, text


def idealize(
    file: Annotated[str, typer.Argument(metavar="FILE", help="Crystal file, or bundled name.")],
    output: Annotated[Path, typer.Option("--output", "-o", metavar="OUT.cif", help="File to write.")],
    symprec: console.Symprec = "auto",
    force: Annotated[bool, typer.Option("--force", help="Replace OUT.cif if it is there.")] = False,
    as_json: console.Json = False,
) -> None:
    """The crystal with exact symmetry as a CIF: same cell, same sites, same order."""
    from crysnb.structure.read import read
    from crysnb.structure.write import write_cif
    from crysnb.symmetry.detect import detect
    from crysnb.symmetry.idealize import idealize as run

    tolerance = console.tolerance_of(symprec)
    item_id, source = console.source_of(file)
    try:
        reading = read(source)
        info = detect(reading.structure, tolerance)
        path = write_cif(run(reading.structure, tolerance), output, overwrite=force)
    except Exception as error:  # whatever a file does, its failure is an object with a code
        console.report_failure(item_id, error, as_json=as_json)
        raise typer.Exit(1) from error
    if as_json:
        console.emit(
            {
                "id": reading.structure_id,
                "formula": reading.structure.composition.reduced_formula,
                "space_group": info.number,
                "point_group": info.point_group,
                "symprec": info.symprec,
                "displacement": info.displacement,
                "strain": info.strain,
                "file": str(path),
            }
        )
        return
    typer.echo(
        text.printable(
            f"{reading.structure_id}: {info.symbol} ({info.number}), symprec {info.symprec:g} Å; "
            f"atoms moved by at most {info.displacement:.2g} Å, strain {info.strain:.2g}; written to {path}"
        )
    )
