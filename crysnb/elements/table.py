"""Element tables by name, file or frame."""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from crysnb import files
from crysnb.elements import table_file
from crysnb.elements.computed import COMPUTED
from crysnb.errors import CrysnbError, MissingExtra, ShapeError, UnknownName, WeightsMissing, quote
from crysnb.values.element_table import ElementTable
from crysnb.weights import store

if TYPE_CHECKING:
    import pandas as pd

#: Learned by the shipped CrystalTransformer.
SHIPPED = "ct-uae"
_FOLDER = "element_tables"
_MAGPIE_22 = (
    "Number", "MendeleevNumber", "AtomicWeight", "MeltingT", "Column", "Row", "CovalentRadius",
    "Electronegativity", "NsValence", "NpValence", "NdValence", "NfValence", "NValence", "NsUnfilled",
    "NpUnfilled", "NdUnfilled", "NfUnfilled", "NUnfilled", "GSvolume_pa", "GSbandgap", "GSmagmom",
    "SpaceGroupNumber",
)  # fmt: skip
_XIE = "Xie and Grossman 2018, doi:10.1103/PhysRevLett.120.145301"
#: File, kind and source of the tables of the data folder; others are read by the stem of their file.
_FOREIGN: dict[str, tuple[str, str, str]] = {
    "magpie": ("magpie_elements.csv", "descriptor", "Ward et al. 2016, doi:10.1038/npjcompumats.2016.28"),
    "cgcnn92": ("cgcnn92.json", "descriptor", _XIE),
    "cgcnn_atom_init": ("cgcnn_atom_init.json", "descriptor", _XIE),
    "megnet16": ("megnet16.json", "learned", "Chen et al. 2019, doi:10.1021/acs.chemmater.9b01294"),
    "matscholar200": (
        "matscholar200.json",
        "learned",
        "Tshitoyan et al. 2019, doi:10.1038/s41586-019-1335-8",
    ),
    "periodic_table": (
        "periodic_table.csv",
        "descriptor",
        "Ong et al. 2013, doi:10.1016/j.commatsci.2012.10.028",
    ),
}


def element_table(source: str | Path | ElementTable | pd.DataFrame | Any) -> ElementTable:
    """Vectors of elements by name, from a file, from a frame, or from a mapping.

    Parameters
    ----------
    source
        A name: ``"ct-uae"`` (shipped), ``"cgcnn92-like"``, ``"magpie-like"``, ``"mendeleev"``, ``"onehot"``,
        ``"random"`` (computed), then those of the ElementEmbeddings package if it is installed, then the
        files in ``$CRYSNB_DATA/element_tables`` (``"magpie"``, ``"matscholar200"``, ``"megnet16"``,
        ``"cgcnn92"``). Or a path to JSON, CSV or npz; a data frame indexed by symbols, or with a column
        ``element``; a mapping of symbols to vectors; a table itself.

    Returns
    -------
    ElementTable
        Elements that the table has not seen have rows of NaN.

    Raises
    ------
    UnknownName
        ``name.unknown_element_table``.
    WeightsMissing
        If ``"ct-uae"`` does not come with this installation.
    CrysnbError
        ``elements.…`` for a file or frame that holds no table.
    """
    if isinstance(source, ElementTable):
        return source
    if isinstance(source, str) and (maker := _named(source)):
        return maker()
    if isinstance(source, str | os.PathLike):
        return _from_path(os.fspath(source))
    if hasattr(source, "columns") and hasattr(source, "select_dtypes"):
        return _from_frame(source)
    if hasattr(source, "items"):
        return table_file.from_mapping(dict(source.items()), "table")
    raise ShapeError(
        "elements.format",
        found=f"{quote(source)} for an element table",
        accepted="a name, a path, a data frame, a mapping of symbols to vectors, or an ElementTable",
    )


def element_tables() -> list[str]:
    """Names that :func:`element_table` knows here and now."""
    names = [*([SHIPPED] if _ships() else []), *COMPUTED]
    return list(dict.fromkeys([*names, *_installed(), *_foreign_files()]))


def _named(name: str) -> Callable[[], ElementTable] | None:
    if name == SHIPPED:
        return _shipped
    if name in COMPUTED:
        return COMPUTED[name]
    if name in _installed():
        return lambda: _from_element_embeddings(name)
    path = _foreign_files().get(name)
    return (lambda: _foreign(name, path)) if path else None


def _from_path(text: str) -> ElementTable:
    if not files.is_file(text) and Path(text).suffix.lower() not in (".json", ".csv", ".npz"):
        error = UnknownName.of("element table", text, element_tables())
        if not error.action:
            error.action = "Set CRYSNB_DATA to the folder of the data sets, or pass a path"
        raise error
    return table_file.read(text)


_TABLE_MODULE = "crysnb.models.crystal_transformer.table"
#: The model whose first layer the table is.
_TABLE_MODEL = "crystal-transformer"


def _ships() -> bool:
    return _TABLE_MODEL in store.shipped()


def _shipped() -> ElementTable:
    if not _ships():
        raise WeightsMissing(
            "elements.not_shipped",
            found=f"the table {SHIPPED} does not come with this installation",
            accepted=", ".join(COMPUTED),
            action="Take a computed table, or pass the path of one",
        )
    table: ElementTable = importlib.import_module(_TABLE_MODULE).shipped_table()
    return table


def _foreign_files() -> dict[str, Path]:
    base = os.environ.get("CRYSNB_DATA")
    folder = Path(base) / _FOLDER if base else None
    if folder is None or not folder.is_dir():
        return {}
    found = {n: folder / f for n, (f, _, _) in _FOREIGN.items() if files.is_file(folder / f)}
    rest = {p.stem: p for p in sorted(folder.iterdir()) if p.suffix in (".json", ".csv", ".npz")}
    return {**rest, **found}


def _foreign(name: str, path: Path) -> ElementTable:
    table = table_file.read(path)
    if name == "magpie" and set(_MAGPIE_22) <= set(table.columns):
        index = [table.columns.index(c) for c in _MAGPIE_22]
        table = table.replaced(vectors=table.vectors[:, index], columns=list(_MAGPIE_22), left_out=None)
    _, kind, citation = _FOREIGN.get(name, ("", "", ""))
    told: dict[str, Any] = {"kind": kind, "citation": citation} if kind else {}
    return table.replaced(name=name, source=f"{_FOLDER}/{path.name}", **told)


def _from_frame(frame: pd.DataFrame) -> ElementTable:
    for title in ("element", "symbol"):
        if title in frame.columns:
            frame = frame.set_index(title)
            break
    numbers = frame.select_dtypes("number")
    if numbers.shape[1] == 0:
        raise ShapeError(
            "elements.format",
            found=f"a frame without a column of numbers: {quote(list(frame.columns)[:6])}",
            accepted="symbols as index or in a column 'element', and columns of numbers",
        )
    told = table_file.describes(str(c) for c in numbers.columns)
    return ElementTable(numbers.to_numpy(dtype=float), tuple(numbers.index), "frame", told)


#: Of the tables of ElementEmbeddings; the others were learned.
_KINDS = {
    "magpie": "descriptor", "oliynyk": "descriptor", "xenonpy": "descriptor", "mod_petti": "descriptor",
    "atomic": "descriptor", "random_200": "random",
}  # fmt: skip


class _Embedding(Protocol):
    embeddings: dict[str, Any]


def _embedding_class() -> Any:
    """The class of ElementEmbeddings (Onwuli et al. 2023, doi:10.1039/D3DD00121K), or None without it."""
    try:
        return importlib.import_module("elementembeddings.core").Embedding
    except ImportError:  # also where one of its own dependencies is missing
        return None


def _needs_element_embeddings() -> MissingExtra:
    return MissingExtra(
        "extra.element_embeddings",
        found="this needs ElementEmbeddings, which is not installed, or not with all that it needs",
        action="Install it with: pip install ElementEmbeddings",
    )


def _installed() -> tuple[str, ...]:
    # The list of names alone: the package itself loads plotting libraries.
    try:
        module = importlib.import_module("elementembeddings.utils.config")
    except ImportError:
        return ()
    return tuple(getattr(module, "DEFAULT_ELEMENT_EMBEDDINGS", {}))


def _from_element_embeddings(name: str) -> ElementTable:
    embedding = _embedding_class()
    if embedding is None:
        raise _needs_element_embeddings()
    found: _Embedding = embedding.load_data(name)
    source: dict[str, str] = {
        "source": "ElementEmbeddings",
        "citation": "Onwuli et al. 2023, doi:10.1039/D3DD00121K",
        "kind": _KINDS.get(name.removesuffix("_sc"), "learned"),
    }
    rows = {s: list(map(float, v)) for s, v in found.embeddings.items()}
    return table_file.from_mapping(rows, name, **source)


def to_element_embeddings(table: ElementTable) -> Any:
    """The table as an ``Embedding`` of the ElementEmbeddings package, without elements that were not seen.

    Raises
    ------
    MissingExtra
        ``extra.element_embeddings`` if the package is not installed.
    """
    embedding = _embedding_class()
    if embedding is None:
        raise _needs_element_embeddings()
    try:
        return embedding({s: table[s] for s in table.seen}, table.name)
    except (TypeError, ValueError) as error:
        raise CrysnbError(
            "elements.format", found=f"ElementEmbeddings refused: {quote(str(error))}"
        ) from error
