"""What can be laid over the sites of a drawn crystal: numbers as colours, vectors and tensors as glyphs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from crysnb.errors import ShapeError, quote

#: Viridis at equal steps (van der Walt and Smith 2015, CC0).
VIRIDIS = ("#440154", "#472d7b", "#3b528b", "#2c728e", "#21918c", "#28ae80", "#5ec962", "#addc30", "#fde725")
#: Length in Å of the longest drawn vector, and of the longest half axis of an ellipsoid.
LONGEST_VECTOR, LONGEST_AXIS = 1.6, 0.8
_MAX_TEXT = 40


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Scalars:
    """One number per site.

    Attributes
    ----------
    name, unit
        What is shown; the unit may be empty.
    values
        Shape [site].
    """

    name: str
    unit: str
    values: NDArray[np.float64]

    @property
    def range(self) -> tuple[float, float]:
        """Smallest and largest value."""
        return float(self.values.min()), float(self.values.max())

    def colors(self) -> list[str]:
        """Colour of every site as ``#rrggbb``; the middle of the scale where all values are equal."""
        low, high = self.range
        spread = high - low
        share = (self.values - low) / spread if spread > 0 else np.full(len(self.values), 0.5)
        return [color_at(float(s)) for s in share]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Glyphs:
    """One vector or one symmetric tensor per site.

    Attributes
    ----------
    kind
        ``"vectors"`` or ``"ellipsoids"``.
    name, unit
        What is shown; the unit may be empty.
    values
        Cartesian, in the frame of the structure, shape [site, 3] or [site, 3, 3]. Of a tensor the
        symmetric part is drawn; the half axes are its eigenvalues without sign.
    """

    kind: Literal["vectors", "ellipsoids"]
    name: str
    unit: str
    values: NDArray[np.float64]

    @property
    def largest(self) -> float:
        """Length of the longest vector, or largest eigenvalue without sign."""
        if self.kind == "vectors":
            return float(np.linalg.norm(self.values, axis=1).max())
        return float(np.abs(np.linalg.eigvalsh(self.values)).max())

    def scaled(self) -> NDArray[np.float64]:
        """The same in Å on the drawing."""
        longest = LONGEST_VECTOR if self.kind == "vectors" else LONGEST_AXIS
        return self.values * (longest / self.largest) if self.largest > 0 else self.values


def scalars_of(given: Any, n_sites: int) -> Scalars | None:
    """Checked numbers per site.

    Parameters
    ----------
    given
        ``n_sites`` finite numbers, or a mapping with ``values`` and, if wanted, ``name`` and ``unit``.

    Raises
    ------
    ShapeError
        ``view.scalars``
    """
    if given is None:
        return None
    name, unit, raw = _parts(given, "value")
    values = _numbers(raw)
    if values is None or values.shape != (n_sites,):
        raise ShapeError(
            "view.scalars", found=_found(raw, values), accepted=f"{n_sites} finite numbers, one per site"
        )
    return Scalars(name=name, unit=unit, values=values)


def glyphs_of(given: Any, n_sites: int) -> Glyphs | None:
    """Checked vectors or tensors per site.

    Parameters
    ----------
    given
        Array of shape [site, 3] or [site, 3, 3], or a mapping with ``values`` and, if wanted, ``name``
        and ``unit``.

    Raises
    ------
    ShapeError
        ``view.glyphs``
    """
    if given is None:
        return None
    name, unit, raw = _parts(given, "vector")
    values = _numbers(raw)
    if values is None or values.shape not in ((n_sites, 3), (n_sites, 3, 3)):
        raise ShapeError(
            "view.glyphs",
            found=_found(raw, values),
            accepted=f"finite numbers of shape ({n_sites}, 3) or ({n_sites}, 3, 3)",
        )
    if values.ndim == 2:
        return Glyphs(kind="vectors", name=name, unit=unit, values=values)
    values = (values + values.transpose(0, 2, 1)) / 2
    return Glyphs(kind="ellipsoids", name="tensor" if name == "vector" else name, unit=unit, values=values)


def _parts(given: Any, name: str) -> tuple[str, str, Any]:
    if not isinstance(given, Mapping):
        return name, "", given
    unknown = set(map(str, given)) - {"name", "unit", "values"}
    if unknown or "values" not in given:
        raise ShapeError(
            "view.overlay",
            found=f"a mapping with {quote(sorted(map(str, given)))}",
            accepted="the keys values, name, unit",
        )
    return str(given.get("name", name))[:_MAX_TEXT], str(given.get("unit", ""))[:_MAX_TEXT], given["values"]


def _numbers(raw: Any) -> NDArray[np.float64] | None:
    """The array, or None unless it is one of finite real numbers."""
    try:
        values = np.asarray(raw)
        if values.dtype.kind not in "iuf":
            return None
        values = values.astype(np.float64)
    except (TypeError, ValueError, OverflowError, RuntimeError):
        return None
    # Beyond this range the differences that the colours need overflow.
    return values if values.size and np.abs(values).max() < 1e150 else None


def _found(raw: Any, values: NDArray[np.float64] | None) -> str:
    return quote(raw) if values is None else f"an array of shape {values.shape}"


def color_at(share: float, stops: Sequence[str] = VIRIDIS) -> str:
    """Colour at a share of the way along a scale of evenly spaced stops, as ``#rrggbb``."""
    at = min(max(share, 0.0), 1.0) * (len(stops) - 1)
    k = min(int(at), len(stops) - 2)
    low, high = (_rgb(stops[k]), _rgb(stops[k + 1]))
    mixed = [round(a + (b - a) * (at - k)) for a, b in zip(low, high, strict=True)]
    return "#" + "".join(f"{v:02x}" for v in mixed)


def _rgb(color: str) -> tuple[int, int, int]:
    n = int(color[1:], 16)
    return n >> 16 & 255, n >> 8 & 255, n & 255
