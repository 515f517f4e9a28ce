"""The picture of fusion diagrams: trees, how many there are, what they cost, and the way to another shape."""

from __future__ import annotations

from crysnb.tensors.fusion import FusionDiagrams, count_text
from crysnb.tensors.fusion_trees import Line as Tree
from crysnb.tensors.fusion_trees import places_of, shape_text
from crysnb.tensors.recoupling import Recoupling
from crysnb.widgets.number_text import MINUS, small_text
from crysnb.widgets.scene import INK, RELATION, RULE, TIE, Circle, Line, Polygon, Scene, Shape, Text

WIDTH, _MARGIN = 640, 14
_PER_ROW, MAX_TREES = 6, 18
_CELL, _LEVEL = 102.0, 22.0
_MAX_MATRIX, _SIDE, _NAMES = 8, 40.0, 130.0
_BELOW = str.maketrans("1234", "₁₂₃₄")


def fusion_scene(diagrams: FusionDiagrams, recoupling: Recoupling | None = None) -> Scene:
    """Picture of diagrams; with the matrix to another shape where one is given.

    Parameters
    ----------
    diagrams
        All admissible ones. Those with the leaves of the matrix are drawn where there is one, otherwise the
        first.
    recoupling
        From the shape of ``diagrams`` to another.
    """
    trees = diagrams.diagrams if recoupling is None else recoupling.first
    title = f"{shape_text(diagrams.shape)} → {diagrams.target_name}, factors l ≤ {diagrams.l_max}"
    lines = _lines(diagrams, recoupling, len(trees))
    shapes: list[Shape] = [Text(x=_MARGIN, y=26, text=title, size=16, color=INK, bold=True)]
    y = 28.0
    for line in lines:
        y += 18
        shapes.append(Text(x=_MARGIN, y=y, text=line, size=12, color=INK))
    y += 16
    height = 58 + _LEVEL * (diagrams.order - 1)
    for k, tree in enumerate(trees[:MAX_TREES]):
        left, top = _MARGIN + (k % _PER_ROW) * _CELL, y + (k // _PER_ROW) * height
        shapes += _tree(tree, places_of(diagrams.shape), left, top)
    y += height * -(-min(len(trees), MAX_TREES) // _PER_ROW)
    if recoupling is not None:
        matrix, y = _matrix(recoupling, y)
        shapes += matrix
    return Scene(
        width=WIDTH, height=int(y + _MARGIN), shapes=tuple(shapes), title=title, description=lines[0]
    )


def _lines(diagrams: FusionDiagrams, recoupling: Recoupling | None, n_trees: int) -> list[str]:
    equal = f"{diagrams.n_for_equal_factors} independent where all factors are equal"
    out = [f"{count_text(len(diagrams))} for factors of their own; {equal}."]
    if len(diagrams):
        out += [
            f"{cost.shape}: {cost.apart:,} multiplications one by one, {cost.shared:,} with shared vertices."
            for cost in diagrams.costs
        ]
        leaves = "" if recoupling is None else f" with leaves {_orders(recoupling.leaves)}"
        drawn = (
            f"Drawn: {count_text(n_trees)}{leaves}"
            if n_trees <= MAX_TREES
            else f"Drawn: {MAX_TREES} of {n_trees}"
        )
        out.append(f"{drawn}. Numbers are orders l, indices name the factors.")
    return out


def _orders(leaves: tuple[int, ...]) -> str:
    return ", ".join(map(str, leaves))


def _tree(tree: Tree, places: list[int], left: float, top: float) -> list[Shape]:
    gap = (_CELL - 26) / max(1, len(places) - 1)
    lines: list[Shape] = []
    marks: list[Shape] = []

    def drawn(line: Tree) -> tuple[float, float, int]:
        """Where a line ends below, and how many vertices lie above it."""
        if line.sources is None:
            x = left + 8 + gap * places.index(line.place)
            name = f"{line.l}{str(line.place + 1).translate(_BELOW)}"
            marks.append(Text(x=x, y=top + 10, text=name, size=12, color=INK, anchor="middle", bold=True))
            return x, top + 16, 0
        ends = [drawn(source) for source in line.sources]
        depth = 1 + max(end[2] for end in ends)
        x, y = (ends[0][0] + ends[1][0]) / 2, top + 16 + _LEVEL * depth
        lines.extend(Line(x1=a, y1=b, x2=x, y2=y, color=RULE, width=1.5) for a, b, _ in ends)
        marks.append(Circle(x=x, y=y, r=3, fill=TIE))
        if line is not tree:
            marks.append(Text(x=x + 6, y=y + 4, text=str(line.l), size=12, color=TIE))
        return x, y, depth

    x, y, _ = drawn(tree)
    lines.append(Line(x1=x, y1=y, x2=x, y2=y + 12, color=RULE, width=1.5))
    marks.append(Text(x=x, y=y + 24, text=str(tree.l), size=12, color=INK, anchor="middle", bold=True))
    return [*lines, *marks]


def _matrix(found: Recoupling, top: float) -> tuple[list[Shape], float]:
    n = len(found.first)
    said = (
        f"{found.shapes[0]} → {found.shapes[1]}: one space to {small_text(found.span_residual)}, "
        f"orthogonal to {small_text(found.orthogonality_residual)}, by 6j to {small_text(found.residual)}."
    )
    out: list[Shape] = [Text(x=_MARGIN, y=top + 16, text=said, size=12, color=INK)]
    if n > _MAX_MATRIX:
        note = f"The {n} × {n} matrix is in .recoupling(…).matrix."
        return [*out, Text(x=_MARGIN, y=top + 34, text=note, size=12, color=INK)], top + 40
    y0 = top + 48
    for k in range(n):
        middle = y0 + (k + 0.5) * _SIDE + 4
        out.append(Text(x=_MARGIN, y=middle, text=found.first[k].text, size=11, color=INK))
        column = _MARGIN + _NAMES + (k + 0.5) * _SIDE
        out.append(Text(x=column, y=y0 - 8, text=chr(ord("a") + k), size=11, color=INK, anchor="middle"))
        for j in range(n):
            out += _entry(found.matrix[k, j], _MARGIN + _NAMES + j * _SIDE, y0 + k * _SIDE)
    right = _MARGIN + _NAMES + n * _SIDE + 16
    for j, line in enumerate(found.second):
        text = f"{chr(ord('a') + j)}: {line.text}"
        out.append(Text(x=right, y=y0 + (j + 0.5) * _SIDE + 4, text=text, size=11, color=INK))
    return out, y0 + n * _SIDE


def _entry(value: float, x: float, y: float) -> list[Shape]:
    corners = ((x, y), (x + _SIDE, y), (x + _SIDE, y + _SIDE), (x, y + _SIDE))
    size = min(1.0, abs(float(value)))
    fill = TIE if value > 0 else RELATION
    text = f"{value:.3f}".replace("-", MINUS) if size > 1e-9 else "0"
    return [
        Polygon(points=corners, fill=fill, stroke=RULE, opacity=0.2 * size),
        Text(x=x + _SIDE / 2, y=y + _SIDE / 2 + 4, text=text, size=10, color=INK, anchor="middle"),
    ]
