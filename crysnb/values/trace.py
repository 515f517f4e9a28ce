"""Named intermediate tensors of a model, and the taps that record them.

A model calls ``x = tap("block0.attention", x, axes=("edge", "channel"))`` wherever something
interesting exists. The default tap returns ``x`` unchanged; a :class:`Recorder` keeps a copy; any
other callable of the same signature may return a changed tensor, which is how ablation is done.
Nothing is attached to the module, so nothing can leak from one notebook cell to the next.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Protocol

from crysnb.errors import CrysnbError, ShapeError, UnknownName, quote

if TYPE_CHECKING:
    from torch import Tensor

    from crysnb.values.crystal_batch import CrystalBatch

#: The only words an axis may be called.
AXES = frozenset(
    {"atom", "crystal", "edge", "op", "head", "capsule", "channel", "neighbor", "component", "xyz"}
)


class Tap(Protocol):
    """Callable that sees every named intermediate tensor and returns the one to go on with."""

    def __call__(
        self, name: str, value: Tensor, /, *, axes: tuple[str, ...], irreps: str | None = None, doc: str = ""
    ) -> Tensor:
        """Return ``value`` or its replacement of the same shape."""
        ...


def no_tap(
    name: str, value: Tensor, /, *, axes: tuple[str, ...], irreps: str | None = None, doc: str = ""
) -> Tensor:
    """The tap that does nothing."""
    return value


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceEntry:
    """One recorded tensor.

    Attributes
    ----------
    value
        The tensor on the CPU, without gradient.
    axes
        One word per dimension, from :data:`AXES`.
    irreps
        e3nn irreps of the last axis, or None where it does not carry a representation.
    doc
        What the tensor is, in one sentence.
    """

    value: Tensor
    axes: tuple[str, ...]
    irreps: str | None
    doc: str

    def __repr__(self) -> str:
        shape = ", ".join(f"{a}={n}" for a, n in zip(self.axes, self.value.shape, strict=True))
        return f"TraceEntry({shape}{'; ' + self.irreps if self.irreps else ''})"


@dataclass(frozen=True, slots=True, eq=False)
class Trace(Mapping[str, TraceEntry]):
    """Ordered mapping of dotted names to recorded tensors; holds no module and no gradient.

    Attributes
    ----------
    entries
        The tensors by name.
    batch
        The crystal as the model saw it, with the edges that "edge" axes count; None where it is not known.
    model
        Name of the model; empty where it is not known.
    by_construction
        Whether the architecture, whatever its weights, makes every tensor transform as its ``axes`` and
        ``irreps`` say. True for the families of this package, whose contract tests show it.
    outputs
        What the model gave in the same run: property -> tensor [crystal, …].
    """

    entries: Mapping[str, TraceEntry]
    batch: CrystalBatch | None = None
    model: str = ""
    by_construction: bool = False
    outputs: Mapping[str, Tensor] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "entries", MappingProxyType(dict(self.entries)))
        object.__setattr__(self, "outputs", MappingProxyType(dict(self.outputs)))

    def __getitem__(self, name: str) -> TraceEntry:
        if name not in self.entries:
            raise UnknownName.of("trace entry", name, self.entries)
        return self.entries[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.entries)

    def __contains__(self, name: object) -> bool:
        return name in self.entries

    def __len__(self) -> int:
        return len(self.entries)

    def __repr__(self) -> str:
        return f"Trace({len(self)} tensors: {', '.join(list(self)[:4])}{', …' if len(self) > 4 else ''})"

    def to_dict(self) -> dict[str, dict[str, Any]]:
        """Names, axes, irreps, documentation and shapes; not the numbers."""
        return {
            name: {"shape": list(e.value.shape), "axes": list(e.axes), "irreps": e.irreps, "doc": e.doc}
            for name, e in self.entries.items()
        }


#: Name of a tensor, or a pattern such as ``"member*.block1.gate"`` -> what takes its place.
Changes = Mapping[str, Callable[["Tensor"], "Tensor"]]


class Recorder:
    """A tap that keeps a detached copy of every tensor it sees, and may put others in their place.

    Parameters
    ----------
    changes
        Name or pattern (``*`` for any letters) -> function of the tensor, whose result of the same shape the
        model goes on with, and which is what is recorded.

    Raises
    ------
    CrysnbError
        ``trace.duplicate_name`` if a model uses one name twice.
    ShapeError
        ``trace.axes`` if the axes do not fit the tensor, or an axis word is not in :data:`AXES`;
        ``trace.change`` if a function changes the shape.
    """

    def __init__(self, changes: Changes | None = None) -> None:
        self._entries: dict[str, TraceEntry] = {}
        self._changes = dict(changes or {})
        self._unused = set(self._changes)

    @property
    def unused(self) -> tuple[str, ...]:
        """Names and patterns of changes that no tensor has had so far."""
        return tuple(name for name in self._changes if name in self._unused)

    def __call__(
        self, name: str, value: Tensor, /, *, axes: tuple[str, ...], irreps: str | None = None, doc: str = ""
    ) -> Tensor:
        """Keep a copy of ``value`` on the CPU and return ``value`` itself, or what takes its place."""
        if name in self._entries:
            raise CrysnbError("trace.duplicate_name", found=f"two intermediate tensors are called {name!r}")
        if len(axes) != value.ndim or not AXES.issuperset(axes):
            raise ShapeError(
                "trace.axes",
                found=f"{name}: axes {axes} for a tensor of shape {tuple(value.shape)}",
                accepted=f"one of {sorted(AXES)} per dimension",
            )
        value = self._changed(name, value)
        self._entries[name] = TraceEntry(
            value=value.detach().to("cpu", copy=True), axes=tuple(axes), irreps=irreps, doc=doc
        )
        return value

    def _changed(self, name: str, value: Tensor) -> Tensor:
        for pattern, change in self._changes.items():
            if not fnmatch.fnmatchcase(name, pattern):
                continue
            self._unused.discard(pattern)
            changed = change(value)
            if getattr(changed, "shape", None) != value.shape:
                raise ShapeError(
                    "trace.change",
                    found=f"{name}: {quote(type(changed).__name__)} in the place of a tensor of shape "
                    f"{tuple(value.shape)}",
                    accepted="a tensor of the same shape",
                )
            value = changed.to(value.dtype)
        return value

    def trace(self) -> Trace:
        """What was recorded so far."""
        return Trace(dict(self._entries))
