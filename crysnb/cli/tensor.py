"""``crysnb tensor``: the allowed form of a tensor, with reasons. Needs no torch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from crysnb.cli import console, text
from crysnb.errors import UnknownName

if TYPE_CHECKING:
    from crysnb.values.tensor_kind import TensorKind

FRAMES = ("own", "nye", "ieee")
#: Fields of the documented object, in order; the Python object holds more.
FIELDS = (
    "kind", "frame", "space_group", "point_group", "symprec",
    "n_independent", "free", "zeros", "relations", "why", "rotation", "setting", "settings",
)  # fmt: skip
#: Longer right-hand sides are listed below the matrix instead of inside it.
_CELL = 14


def tensor(
    file: Annotated[
        str, typer.Argument(metavar="FILE", help="Crystal file, bundled name, or point group such as 4mm.")
    ],
    kind: console.Kind,
    frame: Annotated[str, typer.Option(metavar="|".join(FRAMES), help="Axes of the answer.")] = "own",
    symprec: console.Symprec = "auto",
    setting: Annotated[
        int, typer.Option(metavar="N", help="Which choice of axes, where the frame leaves several.")
    ] = 0,
    as_json: console.Json = False,
) -> None:
    """Allowed form of a tensor, and the operations that force it."""
    from crysnb.tensors.form import tensor_form

    if frame not in FRAMES:
        raise console.usage(UnknownName.of("frame", frame, FRAMES), "--frame")
    tolerance = console.tolerance_of(symprec)
    chosen = console.kind_of(kind)
    item_id, source = console.group_or_source_of(file)
    try:
        # Whatever a file does, its failure is an object with a code.
        form = tensor_form(source, chosen, frame=frame, symprec=tolerance, setting=setting)
        answer = form.to_dict()
    except Exception as error:
        console.report_failure(item_id, error, as_json=as_json)
        raise typer.Exit(1) from error
    if as_json:
        console.emit({name: answer[name] for name in FIELDS})
        for note in answer.get("notes", ()):
            console.tell(text.printable(str(note)))
    else:
        typer.echo(describe(item_id, chosen, answer))


def describe(item_id: str, kind: TensorKind, form: Mapping[str, Any]) -> str:
    """The form as a matrix in the layout of Nye's tables, then relations and reasons.

    Parameters
    ----------
    item_id
        What the form belongs to.
    kind
        Kind of the tensor.
    form
        The documented object of ``crysnb tensor``.
    """
    head = [text.printable(item_id), kind.name]
    if form["space_group"] is not None:
        head.append(f"space group {form['space_group']}")
    head += [f"class {form['point_group']}", f"frame {form['frame']}"]
    if form["symprec"] is not None:
        head.append(f"symprec {form['symprec']:g} Å")
    free = ", ".join(form["free"]) or "the tensor vanishes"
    lines = [
        ", ".join(head),
        f"{form['n_independent']} independent of {kind.n_components}: {free}",
    ]
    lines += _axes(form)
    if len(kind.matrix_shape) <= 2:  # more indices do not fit on a page: the lists below say everything
        lines += ["", text.table(_layout(kind, form), right=True, indent="  ")]
    lines += [f"  note: {text.printable(str(note))}" for note in form.get("notes", ())]
    if form["relations"]:
        lines += ["", "relations"]
        lines += [f"  {name} = {rhs}" for name, rhs in form["relations"].items()]
    if form["why"]:
        lines += ["", "forced by", text.table(_reasons(form), indent="  ")]
    return "\n".join(lines)


def _axes(form: Mapping[str, Any]) -> list[str]:
    """Which axes these are: the matrix from the structure's own, and the other choices."""
    if form["frame"] == "own":
        return []
    rows = [[text.number(value, 1.0) for value in row] for row in form["rotation"]]
    lines = ["rotation from the structure's own axes to these", text.table(rows, right=True, indent="  ")]
    settings = form["settings"]
    if len(settings) > 1:
        head = (
            f"these axes are setting {form['setting']} of {len(settings)} that the frame allows (--setting):"
        )
        return [*lines, head, *(f"  {k}  {one['text']}" for k, one in enumerate(settings))]
    return [*lines, "the frame leaves no other choice of axes"]


def _layout(kind: TensorKind, form: Mapping[str, Any]) -> list[list[str]]:
    """Cells: a free name, a short right-hand side, ``.`` for zero, or a name with a star, explained below."""
    shape = kind.matrix_shape if len(kind.matrix_shape) > 1 else (1, *kind.matrix_shape)
    rows = [""] if shape[0] == 1 else text.axis_labels(shape[0])
    body = [
        [label, *(_cell(sign, name, form) for sign, name in line)]
        for label, line in zip(rows, _named_cells(kind, shape), strict=True)
    ]
    return [["", *text.axis_labels(shape[1])], *body]


def _named_cells(kind: TensorKind, shape: Sequence[int]) -> list[list[tuple[int, str]]]:
    """Sign and name of the independent component behind every cell of the printed matrix."""
    grid = [[(0, "")] * shape[1] for _ in range(shape[0])]
    for column, name in enumerate(kind.names):
        unit = [float(k == column) for k in range(kind.n_components)]
        cells = kind.matrix(kind.from_components(unit)).reshape(shape)
        for i in range(shape[0]):
            for j in range(shape[1]):
                if cells[i, j]:
                    grid[i][j] = (1 if cells[i, j] > 0 else -1, name)
    return grid


def _cell(sign: int, name: str, form: Mapping[str, Any]) -> str:
    if not sign or name in form["zeros"]:
        return "."
    rhs = form["relations"].get(name, name)
    if sign > 0 and len(rhs) <= _CELL:
        return str(rhs)
    return f"{'-' if sign < 0 else ''}{name}{'*' if rhs != name else ''}"


def _reasons(form: Mapping[str, Any]) -> Sequence[Sequence[str]]:
    """Components that one minimal set of operations forces, on one line each."""
    groups: dict[tuple[str, ...], list[str]] = {}
    for name, operations in form["why"].items():
        if operations:
            groups.setdefault(tuple(op["text"] for op in operations), []).append(name)
    return [[" and ".join(reason), ", ".join(names)] for reason, names in groups.items()]
