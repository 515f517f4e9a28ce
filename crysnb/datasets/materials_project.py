"""The Materials Project: structures with tensors in the same axes.

``mp-api`` makes the connection (extra ``data``); the key comes from the environment variable ``MP_API_KEY``
alone. Source: Jain et al. (2013), doi:10.1063/1.4812323.

Its dielectric and piezoelectric tensors are stored in IEEE axes while its structures are not (emmet, class
``DielectricDoc``); they are turned back into the axes of the structure. Its stiffness is taken as ``raw``,
which has the axes of the structure that comes with it. Where a structure was standardised after the
calculation this cannot be undone: look at :func:`crysnb.datasets.symmetry_report` before training.
"""

from __future__ import annotations

import importlib
import os
import warnings
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crysnb.datasets.dataset import Dataset, Rejected, collect, raw_of
from crysnb.errors import CrysnbError, MissingExtra, SymmetryUndetermined, UnknownName, quote
from crysnb.structure.read import read
from crysnb.values.tensor_kind import DIELECTRIC, ELASTIC, PIEZOELECTRIC, TensorKind, rotate
from crysnb.weights.fetch import OFFLINE, is_offline

KEY = "MP_API_KEY"
#: Property -> endpoint of the Materials Project, and field -> name of the target.
_TENSORS: dict[str, tuple[str, TensorKind, dict[str, str]]] = {
    "dielectric": ("dielectric", DIELECTRIC, {"electronic": "eps_electronic", "total": "eps_total"}),
    "piezoelectric": ("piezoelectric", PIEZOELECTRIC, {"total": "piezo"}),
    "elastic": ("elasticity", ELASTIC, {"elastic_tensor": "elastic"}),
}
_SCALARS = {
    "formation_energy_per_atom": "formation_energy_per_atom",
    "band_gap": "band_gap_pbe",
    "energy_above_hull": "e_above_hull",
}
_BATCH = 500


def read_materials_project(what: str, material_ids: Iterable[str]) -> Dataset:
    """Structures of the Materials Project with one kind of tensor, or with energies and band gaps.

    Parameters
    ----------
    what
        ``"dielectric"``, ``"piezoelectric"``, ``"elastic"``, or ``"summary"`` for formation energy, energy
        above the hull (eV/atom) and PBE band gap (eV).
    material_ids
        Such as ``mp-149``.

    Returns
    -------
    Dataset
        Tensors in the Cartesian axes of the structures: dimensionless, C/m², GPa; columns xx, yy, zz, yz, xz,
        xy. An id that the Materials Project does not know, or that has no such tensor, is in ``rejected``.

    Raises
    ------
    UnknownName
        For another ``what``.
    MissingExtra
        If ``mp-api`` is not installed.
    CrysnbError
        ``data.key`` without a key, ``download.offline``, ``download.refused`` if the service fails,
        ``data.id`` for an id of another form, ``data.nothing``.
    """
    if what != "summary" and what not in _TENSORS:
        raise UnknownName.of("property", what, ["summary", *_TENSORS])
    ids = [_checked(i) for i in material_ids]
    documents = _documents(what, ids)
    known = {name for name, _ in documents}
    missing = [
        Rejected(id=i, code="data.missing", text=f"The Materials Project has no {what} of {i}.")
        for i in ids
        if i not in known
    ]
    rows = (_row(what, name, document) for name, document in documents)
    return collect(f"Materials Project, {what}", rows, missing)


def _checked(name: object) -> str:
    prefix, _, number = str(name).partition("-")
    if prefix not in ("mp", "mvc") or not number.isascii() or not number.isalnum() or len(number) > 16:
        raise CrysnbError("data.id", found=f"the id {quote(name)}", accepted="an id such as mp-149")
    return str(name)


def _client() -> Any:
    if is_offline():
        raise CrysnbError(
            "download.offline",
            found=f"{OFFLINE} is set",
            action=f"Unset {OFFLINE} to ask the Materials Project",
        )
    key = os.environ.get(KEY, "").strip()
    if not key:
        raise CrysnbError(
            "data.key",
            found=f"no {KEY} in the environment",
            accepted="the key that the Materials Project gives to everyone who signs in",
            action=f"Set {KEY} before starting Python",
        )
    try:
        module = importlib.import_module("mp_api.client")
    except ImportError as error:
        raise MissingExtra(
            "extra.data",
            found=f"the Materials Project needs {error.name}, which is not installed",
            action="Install it with: pip install 'crysnb[data]'",
        ) from error
    return module.MPRester(key)


def _documents(what: str, ids: list[str]) -> list[tuple[str, dict[str, Any]]]:
    """Id and fields of every material that was found."""
    found: list[tuple[str, dict[str, Any]]] = []
    try:
        with _client() as client:
            for k in range(0, len(ids), _BATCH):
                found += _batch(client, what, ids[k : k + _BATCH])
    except CrysnbError:
        raise
    except Exception as error:  # noqa: BLE001 - see below
        # Whatever the client raises; its text may hold the request, and with it the key.
        raise CrysnbError(
            "download.refused",
            found=f"the Materials Project did not answer: {type(error).__name__}",
            action="Check the key and the connection, and try again",
        ) from None
    return found


def _batch(client: Any, what: str, ids: list[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    if what == "summary":
        fields = ["material_id", "structure", *_SCALARS]
        for document in map(_fields, client.materials.summary.search(material_ids=ids, fields=fields)):
            yield str(document["material_id"]), document
        return
    endpoint, _, targets = _TENSORS[what]
    fields = ["material_id", "structure", *targets] if what == "elastic" else ["material_id", *targets]
    search = getattr(client.materials, endpoint).search
    documents = [_fields(d) for d in search(material_ids=ids, fields=fields)]
    structures: dict[str, Any] = {}
    if what != "elastic" and documents:  # these documents come without their structure
        names = [str(d["material_id"]) for d in documents]
        found = client.materials.summary.search(material_ids=names, fields=["material_id", "structure"])
        structures = {str(d["material_id"]): d.get("structure") for d in map(_fields, found)}
    for document in documents:
        name = str(document["material_id"])
        yield name, {**document, "structure": document.get("structure") or structures.get(name)}


def _fields(document: Any) -> dict[str, Any]:
    """Fields of a document, be it a mapping or a model of pydantic, one level deep."""
    if isinstance(document, Mapping):
        return dict(document)
    names = getattr(type(document), "model_fields", None) or vars(document)
    return {name: getattr(document, name, None) for name in names}


def _row(what: str, name: str, document: Mapping[str, Any]) -> dict[str, Any] | Rejected:
    try:
        if document.get("structure") is None:
            raise CrysnbError("data.missing", found=f"no structure of {name}", accepted="a structure")
        structure = read(document["structure"]).structure
        if what == "summary":
            targets = {
                ours: float(document[theirs])
                for theirs, ours in _SCALARS.items()
                if isinstance(document.get(theirs), (int, float))
            }
            return raw_of(structure, name, targets)
        _, kind, fields = _TENSORS[what]
        found = {}
        for theirs, ours in fields.items():
            given = document.get(theirs)
            given = _fields(given).get("raw") if what == "elastic" and given is not None else given
            if given is not None:
                tensor = kind.cartesian(given)
                if what != "elastic":
                    tensor = rotate(kind, tensor, _ieee_rotation(structure).T)
                found[ours] = kind.matrix(tensor).tolist()
        if not found:
            raise CrysnbError("label.missing", found=f"no {what} tensor of {name}", accepted="a tensor")
        return raw_of(structure, name, found)
    except CrysnbError as error:
        return Rejected.of(name, error)


def _ieee_rotation(structure: Any) -> NDArray[np.float64]:
    """Rotation from the axes of the structure into those in which the Materials Project stores tensors."""
    from pymatgen.core.tensors import Tensor

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # of pymatgen's call of spglib
            return np.asarray(Tensor.get_ieee_rotation(structure), dtype=np.float64)
    except (ValueError, TypeError, AttributeError, np.linalg.LinAlgError) as error:
        raise SymmetryUndetermined(
            "symmetry.undetermined", found="no IEEE axes for the structure", accepted="a crystal with a cell"
        ) from error
