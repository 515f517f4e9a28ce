"""From the tensors of a trace to matrices with a known action of the crystal's operations."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from crysnb.errors import ShapeError, quote
from crysnb.matrices.group import MatrixGroup, blocks

if TYPE_CHECKING:
    from crysnb.values.trace import Trace, TraceEntry

Array = NDArray[np.float64]
Role = Literal["pairs", "rows", "poses", "crystal"]

#: Entries of dense matrices over atoms that one layer may hold: 500 sites and 32 heads.
MAX_ENTRIES = 8_000_000
#: Numbers beyond it have no square that can be summed.
MAX_VALUE = 1e100


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Layer:
    """One intermediate tensor, in the form in which symmetry acts on it.

    Attributes
    ----------
    name
        As in the trace.
    role
        ``"pairs"`` (matrices over atoms), ``"rows"`` (invariants of atoms), ``"poses"`` (irreps of atoms), or
        ``"crystal"`` (irreps or invariants of the whole crystal).
    values
        Pairs: [site, site, head]. Rows: [site, width]. Poses: [site, channel, component].
        Crystal: [channel, component].
    irreps
        Of the last axis of poses and of a crystal's row; None where it is invariant.
    edges
        Where the matrix is the sum over the images of a neighbour: the values themselves, [edge, head].
    doc
        What the tensor is, in the model's words.
    """

    name: str
    role: Role
    values: Array
    irreps: str | None = None
    edges: Array | None = None
    doc: str = ""

    @property
    def n_heads(self) -> int:
        """Matrices over atoms in this layer; 1 for what is none."""
        return int(self.values.shape[2]) if self.role == "pairs" else 1

    def matrix(self, head: int | None = None) -> Array:
        """One matrix over atoms, [site, site]; the mean over the heads for None.

        Raises
        ------
        ShapeError
            ``matrices.role`` for a layer that is no matrix over atoms, ``matrices.head``.
        """
        if self.role != "pairs":
            raise ShapeError(
                "matrices.role",
                found=f"{quote(self.name)} holds {self.role}, shape {self.values.shape}",
                accepted="a layer with a matrix over atoms, shape [site, site]",
            )
        if head is None:
            return np.asarray(self.values.mean(axis=2))
        if type(head) is not int or not 0 <= head < self.n_heads:
            raise ShapeError(
                "matrices.head", found=f"head {quote(head)} of {quote(self.name)}",
                accepted=f"0 to {self.n_heads - 1}, or None for the mean",
            )  # fmt: skip
        return np.asarray(self.values[:, :, head])

    def act(self, group: MatrixGroup, op: int) -> Array:
        """What an operation makes of ``values``."""
        if self.role == "pairs":
            return group.on_pairs(op, self.values)
        moved = self.values if self.role == "crystal" else group.on_rows(op, self.values)
        return moved if self.irreps is None else group.on_components(op, moved, self.irreps)

    def __repr__(self) -> str:
        shape = " × ".join(map(str, self.values.shape))
        return f"Layer({self.name!r}, {self.role}, {shape}{', ' + self.irreps if self.irreps else ''})"


def layers_of(trace: Trace) -> tuple[dict[str, Layer], dict[str, str]]:
    """Everything in a trace that the operations act on, and for the rest why not.

    Parameters
    ----------
    trace
        Of one crystal, with its ``batch``.

    Returns
    -------
    layers, left_out
        Name -> layer, in the order of the trace; name -> reason.

    Raises
    ------
    ShapeError
        ``matrices.batch`` for a trace without its crystal or of several; ``matrices.non_finite``,
        ``matrices.too_large``, ``matrices.shape``, ``matrices.irreps``, each with the name of the entry.
    """
    batch = trace.batch
    if batch is None or batch.n_crystals != 1:
        raise ShapeError(
            "matrices.batch",
            found="a trace without its crystal" if batch is None else f"{batch.n_crystals} crystals",
            accepted="the trace of one crystal, from cn.trace(structure, model)",
        )
    layers, left_out = {}, {}
    edges = batch.edge_index.numpy()
    for name, entry in trace.items():
        _check_numbers(name, entry)
        made = _layer(name, entry, edges, batch.n_atoms)
        if isinstance(made, Layer):
            layers[name] = _with_own_share(made, trace)
        else:
            left_out[name] = made
    return layers, left_out


def _check_numbers(name: str, entry: TraceEntry) -> None:
    value = entry.value.numpy()
    if not value.size:
        raise ShapeError(
            "matrices.shape", found=f"{quote(name)} of shape {value.shape}", accepted="at least one number"
        )
    if not np.isfinite(value).all():
        raise ShapeError(
            "matrices.non_finite",
            found=f"NaN or infinity in {quote(name)}",
            accepted="finite numbers",
            action="Look at the layers before it; the weights or the input are broken",
        )
    largest = float(np.abs(value).max())
    if largest > MAX_VALUE:
        raise ShapeError(
            "matrices.too_large",
            found=f"{largest:.3g} in {quote(name)}",
            accepted=f"numbers up to {MAX_VALUE:g}, whose squares are finite",
        )


def _layer(  # noqa: PLR0911 - one return per kind of tensor
    name: str, entry: TraceEntry, edges: NDArray[np.int64], n: int
) -> Layer | str:
    value = entry.value.numpy().astype(np.float64)
    axes = entry.axes
    _check_sizes(name, axes, value, {"atom": n, "edge": edges.shape[1], "crystal": 1})
    n_atom = axes.count("atom")
    if n_atom > 2 or (n_atom and "edge" in axes) or axes.count("edge") > 1:
        return f"no action is known for the axes {', '.join(axes)}"
    if "edge" in axes:
        if entry.irreps is not None:
            return "directed quantities of edges are not compared"
        flat = np.moveaxis(value, axes.index("edge"), 0).reshape(edges.shape[1], -1)
        if n * n * flat.shape[1] > MAX_ENTRIES:
            flat = flat.mean(axis=1, keepdims=True)
        dense = np.zeros((n, n, flat.shape[1]))
        np.add.at(dense, (edges[0], edges[1]), flat)
        return Layer(name=name, role="pairs", values=dense, edges=flat, doc=entry.doc)
    if entry.irreps is not None and axes[-1] != "component":
        return "irreps of an axis that is not the last"
    if n_atom == 2:
        first, second = (k for k, axis in enumerate(axes) if axis == "atom")
        pairs = np.moveaxis(value, (first, second), (0, 1)).reshape(n, n, -1)
        return Layer(name=name, role="pairs", values=pairs, doc=entry.doc)
    if n_atom == 0 and "crystal" not in axes:
        return "belongs neither to atoms nor to the crystal"
    front = np.moveaxis(value, axes.index("atom" if n_atom else "crystal"), 0)
    if entry.irreps is None:
        rows = front.reshape(len(front), -1)
        return Layer(name=name, role="rows" if n_atom else "crystal", values=rows, doc=entry.doc)
    blocks(entry.irreps, value.shape[-1], name)
    poses = front.reshape(len(front), -1, value.shape[-1])
    if not n_atom:
        return Layer(name=name, role="crystal", values=poses[0], irreps=entry.irreps, doc=entry.doc)
    return Layer(name=name, role="poses", values=poses, irreps=entry.irreps, doc=entry.doc)


def _with_own_share(layer: Layer, trace: Trace) -> Layer:
    """Attention to neighbours, ``x.attn.h``, with an atom's own share, ``x.self.h``, on the diagonal."""
    stem, _, rest = layer.name.partition(".attn")
    name = f"{stem}.self{rest}"
    if layer.edges is None or name not in trace or trace[name].axes != ("atom",):
        return layer
    own = trace[name]
    values = layer.values.copy()
    n = len(values)
    values[np.arange(n), np.arange(n)] += own.value.numpy().astype(np.float64)[:, None]
    return replace(layer, values=values)


def _check_sizes(name: str, axes: tuple[str, ...], value: Array, sizes: dict[str, int]) -> None:
    for axis, size in zip(axes, value.shape, strict=True):
        if sizes.get(axis, size) != size:
            raise ShapeError(
                "matrices.shape",
                found=f"{quote(name)} of shape {value.shape} with axes {axes}",
                accepted=f"{sizes[axis]} along {axis!r}",
            )
