"""A vector for each element: what a model learned, what a periodic table says, or noise to compare with."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from crysnb.errors import ShapeError, UnknownName, quote
from crysnb.values.real_numbers import real_numbers
from crysnb.values.symbols import SYMBOLS

if TYPE_CHECKING:
    import pandas as pd

#: ``learned`` by a model, ``descriptor`` of tabulated properties, ``random`` without any meaning.
TableKind = Literal["learned", "descriptor", "random"]
SCHEMA = 1
MAX_DIM = 4096

_NUMBER = {symbol: z for z, symbol in enumerate(SYMBOLS, 1)}


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class ElementTable:
    """Vectors of chemical elements.

    Attributes
    ----------
    vectors
        [element, dim] float64, read-only. NaN is a value that is not known; a row of nothing else is an
        element that was not seen when the table was made. No infinity.
    elements
        Symbols in the order of the rows, each once.
    name
        Of the table, as views print it.
    meta
        What else is known, JSON values only: ``kind`` (:data:`TableKind`), ``columns`` [dim],
        ``counts`` (symbol to number of training crystals), ``bias`` [dim], ``source``, ``citation``,
        ``licence``, seeds, hashes.

    Raises
    ------
    ShapeError
        ``elements.shape``, ``elements.non_finite``, ``elements.symbol``, ``elements.twice``,
        ``elements.meta``; ``tensor.not_numeric`` for vectors that are no numbers.
    """

    vectors: NDArray[np.float64]
    elements: tuple[str, ...]
    name: str
    meta: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        elements = _checked_symbols(self.elements)
        vectors = _checked_vectors(self.vectors, len(elements))
        object.__setattr__(self, "vectors", vectors)
        object.__setattr__(self, "elements", elements)
        object.__setattr__(self, "name", str(self.name)[:80] or "table")
        object.__setattr__(self, "meta", _checked_meta(self.meta, elements, vectors.shape[1]))

    def __repr__(self) -> str:
        unseen = len(self.unseen)
        tail = f", {unseen} unseen" if unseen else ""
        return f"ElementTable({self.name}: {len(self)} elements × {self.dim}, {self.kind}{tail})"

    def __len__(self) -> int:
        return len(self.elements)

    def __contains__(self, symbol: object) -> bool:
        return symbol in self.elements

    def __getitem__(self, symbol: str) -> NDArray[np.float64]:
        """Vector [dim] of one element."""
        try:
            row: NDArray[np.float64] = self.vectors[self.elements.index(symbol)]
        except ValueError:
            raise UnknownName.of("element", symbol, self.elements) from None
        return row

    @property
    def dim(self) -> int:
        """Length of a vector."""
        return int(self.vectors.shape[1])

    @property
    def kind(self) -> TableKind:
        """Whether the table was learned, describes elements, or is noise; ``"learned"`` if not told."""
        kind: TableKind = self.meta.get("kind", "learned")
        return kind

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns; numbers where the table gives none."""
        return tuple(self.meta.get("columns") or (str(i) for i in range(self.dim)))

    @property
    def counts(self) -> Mapping[str, int] | None:
        """Number of training crystals that contain each element, or None if not told."""
        counts: Mapping[str, int] | None = self.meta.get("counts")
        return counts

    @property
    def numbers(self) -> NDArray[np.int64]:
        """Atomic number [element] of each row."""
        return np.array([_NUMBER[symbol] for symbol in self.elements], dtype=np.int64)

    @property
    def seen(self) -> tuple[str, ...]:
        """Elements with at least one known value."""
        return tuple(s for s, known in zip(self.elements, self._known(), strict=True) if known)

    @property
    def unseen(self) -> tuple[str, ...]:
        """Elements whose row is NaN throughout."""
        return tuple(s for s, known in zip(self.elements, self._known(), strict=True) if not known)

    def _known(self) -> list[bool]:
        known: list[bool] = np.asarray(np.isfinite(self.vectors).any(axis=1)).tolist()
        return known

    def select(self, elements: Iterable[str]) -> ElementTable:
        """The table of these elements, in this order.

        Raises
        ------
        UnknownName
            ``name.unknown_element`` for one that has no row.
        """
        chosen = tuple(elements)
        rows = np.array([self[symbol] for symbol in chosen]).reshape(len(chosen), self.dim)
        return self.replaced(vectors=rows, elements=chosen)

    def replaced(
        self,
        *,
        vectors: ArrayLike | None = None,
        elements: tuple[str, ...] | None = None,
        name: str | None = None,
        **meta: Any,
    ) -> ElementTable:
        """A table with other vectors, elements, name or entries of ``meta``; an entry of None is dropped."""
        rows = self.vectors if vectors is None else np.asarray(vectors, dtype=np.float64)
        merged = self._plain_meta()
        if rows.shape[1:] != (self.dim,):
            merged = {k: v for k, v in merged.items() if k not in ("columns", "bias")}
        merged |= meta
        return ElementTable(
            rows,
            self.elements if elements is None else elements,
            self.name if name is None else name,
            {k: v for k, v in merged.items() if v is not None},
        )

    def by_atomic_number(self, largest: int = len(SYMBOLS)) -> NDArray[np.float64]:
        """Rows [Z, dim] for Z = 0 … ``largest``: NaN for Z = 0 and for every element without a row."""
        table = np.full((largest + 1, self.dim), np.nan)
        numbers = self.numbers
        fits = numbers <= largest
        table[numbers[fits]] = self.vectors[fits]
        return table

    @property
    def sha256(self) -> str:
        """Hash of the symbols and vectors, whatever the name and the remarks."""
        digest = hashlib.sha256(" ".join(self.elements).encode())
        digest.update(np.ascontiguousarray(self.vectors, dtype="<f8").tobytes())
        return digest.hexdigest()

    def _plain_meta(self) -> dict[str, Any]:
        return {k: dict(v) if isinstance(v, Mapping) else v for k, v in self.meta.items()}

    def to_dict(self) -> dict[str, Any]:
        """The JSON object of the table: schema, name, elements, vectors (None for NaN) and meta."""
        rows = [[x if x == x else None for x in row] for row in self.vectors.tolist()]  # noqa: PLR0124 - NaN
        return {
            "schema_version": SCHEMA,
            "name": self.name,
            "meta": self._plain_meta(),
            "elements": list(self.elements),
            "vectors": rows,
        }

    @classmethod
    def from_dict(cls, found: object) -> ElementTable:
        """The table in what :meth:`to_dict` gave.

        Raises
        ------
        ShapeError
            ``elements.format`` for another object, or what the constructor raises.
        """
        if not isinstance(found, Mapping) or found.get("schema_version") != SCHEMA:
            raise ShapeError(
                "elements.format",
                found=f"an element table of schema {quote(_get(found, 'schema_version'))}",
                accepted=f"an object with schema_version {SCHEMA}, name, elements and vectors",
            )
        vectors = [
            [np.nan if x is None else x for x in row] if isinstance(row, list) else row
            for row in _list(found.get("vectors"), "vectors")
        ]
        rows = np.asarray(real_numbers(vectors, "element vectors"))
        elements = tuple(_list(found.get("elements"), "elements"))
        return cls(rows, elements, str(found.get("name", "table")), found.get("meta") or {})

    def to_frame(self) -> pd.DataFrame:
        """One row per element, indexed by its symbol; columns are those of the table."""
        import pandas as pd

        index = pd.Index(self.elements, name="element")
        return pd.DataFrame(self.vectors, index=index, columns=list(self.columns))


def _get(found: object, key: str) -> object:
    return found.get(key) if isinstance(found, Mapping) else found


def _list(found: object, what: str) -> list[Any]:
    if not isinstance(found, list | tuple):
        raise ShapeError(
            "elements.format", found=f"{what} that are {quote(found)}", accepted=f"a list of {what}"
        )
    return list(found)


def _checked_symbols(elements: Iterable[object]) -> tuple[str, ...]:
    if isinstance(elements, str):
        raise ShapeError(
            "elements.symbol", found=f"the text {quote(elements)} for elements", accepted="a list of symbols"
        )
    symbols = tuple(elements)
    if wrong := [s for s in symbols if not (isinstance(s, str) and s in _NUMBER)]:
        raise ShapeError(
            "elements.symbol",
            found=f"{quote(wrong[0])} is not the symbol of an element",
            accepted="symbols of the elements 1 to 118, such as Na",
            action="Leave out rows for unknown or dummy elements",
        )
    if len(set(symbols)) < len(symbols):
        double = next(s for i, s in enumerate(symbols) if s in symbols[:i])
        raise ShapeError("elements.twice", found=f"two rows for {double}", accepted="one row per element")
    return tuple(str(s) for s in symbols)


def _checked_vectors(given: ArrayLike, n_elements: int) -> NDArray[np.float64]:
    vectors = np.array(real_numbers(given, "element vectors"), dtype=np.float64)
    if vectors.ndim != 2 or vectors.shape[0] != n_elements or not 1 <= vectors.shape[1] <= MAX_DIM:
        raise ShapeError(
            "elements.shape",
            found=f"vectors of shape {vectors.shape} for {n_elements} elements",
            accepted=f"[element, dim] with one row per element and 1 to {MAX_DIM} columns",
        )
    if np.isinf(vectors).any():
        raise ShapeError(
            "elements.non_finite",
            found="an infinite number in an element table",
            accepted="finite numbers, and NaN for what is not known",
        )
    vectors.flags.writeable = False
    return vectors


def _checked_meta(meta: object, elements: tuple[str, ...], dim: int) -> Mapping[str, Any]:
    found = {} if meta is None else meta
    if not isinstance(found, Mapping):
        raise _bad_meta(f"remarks that are {quote(found)}", "a dict of JSON values")
    try:
        plain: dict[str, Any] = json.loads(json.dumps(_jsonable(found), allow_nan=False))
    except (TypeError, ValueError, RecursionError) as error:
        raise _bad_meta(f"remarks that are no JSON ({quote(str(error))})", "a dict of JSON values") from None
    if "kind" in plain and plain["kind"] not in get_args(TableKind):
        raise _bad_meta(f"kind {quote(plain['kind'])}", " or ".join(get_args(TableKind)))
    for key in ("columns", "bias"):
        if plain.get(key) is not None and (not isinstance(plain[key], list) or len(plain[key]) != dim):
            raise _bad_meta(f"{key} that do not fit {dim} columns", f"a list of {dim} entries")
    counts = plain.get("counts")
    if counts is not None:
        if not isinstance(counts, dict) or not all(_is_count(n) for n in counts.values()):
            raise _bad_meta(f"counts that are {quote(counts)}", "numbers ≥ 0 by symbol")
        plain["counts"] = MappingProxyType({s: int(n) for s, n in counts.items() if s in elements})
    return MappingProxyType(plain)


def _is_count(n: object) -> bool:
    return isinstance(n, int | float) and not isinstance(n, bool) and 0 <= n < 2**53


def _jsonable(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(k): _jsonable(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_jsonable(v) for v in value]
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    return value


def _bad_meta(found: str, accepted: str) -> ShapeError:
    return ShapeError("elements.meta", found=found, accepted=accepted)
