"""MatBench and UnconvBench: tables of structures with one target, and their official folds.

Both are JSON (pandas' form "split"), and their five folds follow from the order of the rows: scikit-learn's
KFold, shuffled with a seed, stratified for the classes of MatBench. Neither package is needed. Sources:
Dunn et al. (2020), doi:10.1038/s41524-020-00406-3; Wang et al., arXiv 2407.16131.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from crysnb.datasets.dataset import Dataset, Rejected, collect, raw_of
from crysnb.datasets.json_files import MAX_BYTES, load_json
from crysnb.errors import CrysnbError, UnknownName, quote
from crysnb.structure.read import read
from crysnb.weights.fetch import CACHE, Progress, cache_folder, fetch

_N_FOLDS = 5
_MATBENCH_SEED, _UNCONVBENCH_SEED = 18012019, 42
_MATBENCH_URL = "https://ml.materialsproject.org/projects/{name}.json.gz"


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One task of a benchmark.

    Attributes
    ----------
    name
        Of the task.
    target
        Column of the label; empty where it is the last one.
    rows
        Number of rows of the official table, on which the folds depend.
    prefix
        Of the ids: ``prefix-0001`` for the first row.
    seed
        Of the folds.
    stratified
        Whether the folds keep the share of each class.
    unit
        Of the target, as its authors give it.
    sha256
        Of the published file, or empty if that is not known.
    """

    name: str
    target: str
    rows: int
    prefix: str
    seed: int
    stratified: bool = False
    unit: str = ""
    sha256: str = ""

    def id(self, row: int) -> str:
        """Official id of a row, counted from 0."""
        return f"{self.prefix}-{row + 1:0{len(str(self.rows))}d}"


def _matbench(name: str, target: str, rows: int, unit: str, sha256: str) -> Task:
    return Task(
        name=name,
        target=target,
        rows=rows,
        prefix=name.replace("matbench", "mb").replace("_", "-"),
        seed=_MATBENCH_SEED,
        stratified=not unit,
        unit=unit,
        sha256=sha256,
    )


#: The tasks on structures; rows, targets and hashes as MatBench v0.1 and matminer publish them.
MATBENCH: dict[str, Task] = {
    task.name: task
    for task in (
        _matbench("matbench_dielectric", "n", 4764, "1",
                  "83befa09bc2ec2f4b6143afc413157827a90e5e2e42c1eb507ccfa01bf26a1d6"),
        _matbench("matbench_jdft2d", "exfoliation_en", 636, "meV/atom",
                  "26057dc4524e193e32abffb296ce819b58b6e11d1278cae329a2f97817a4eddf"),
        _matbench("matbench_log_gvrh", "log10(G_VRH)", 10987, "log10(GPa)",
                  "098af941f4c663270f1fe21abf20ffad6fb85ecbfcba5786ceac03983ac29da7"),
        _matbench("matbench_log_kvrh", "log10(K_VRH)", 10987, "log10(GPa)",
                  "44b113ddb7e23aa18731a62c74afa7e5aa654199e0db5f951c8248a00955c9cd"),
        _matbench("matbench_mp_e_form", "e_form", 132752, "eV/atom",
                  "dedcb1d4ba2e3e50dbdd45ba5bc647a00e9c2bcf8f8bf556dc8e92caa39eb21f"),
        _matbench("matbench_mp_gap", "gap pbe", 106113, "eV",
                  "58b65746bd88329986ed66031a2ac1369c7c522f7bc9f9081528e07097c2c057"),
        _matbench("matbench_mp_is_metal", "is_metal", 106113, "",
                  "9a028ed5750a4c76ca36e9f3c8d48fe0bf3fb21b76ec2289e58ae7048d527919"),
        _matbench("matbench_perovskites", "e_form", 18928, "eV/unit cell",
                  "4641e2417f8ec8b50096d2230864468dfa08278dc9d257c327f65d0305278483"),
        _matbench("matbench_phonons", "last phdos peak", 1265, "1/cm",
                  "4db551f21ec5f577e6202725f10e34dfc509aa7df3a6bdaac497da7f6dbbb9b3"),
    )
}  # fmt: skip

#: Version 1.0.1. The files are on figshare (article 26657428), without hashes known here.
UNCONVBENCH: dict[str, Task] = {
    name: Task(name=name, target="", rows=rows, prefix=name, seed=_UNCONVBENCH_SEED)
    for name, rows in {
        "unconvbench_supercon": 1058,
        "unconvbench_exfoliation": 4527,
        "unconvbench_2d_gap": 3520,
        "unconvbench_2d_e_tot": 3520,
        "unconvbench_co2_adsp": 13765,
        "unconvbench_qmof": 5106,
        "unconvbench_defected": 530,
        "unconvbench_src_bulk": 530,
        "unconvbench_bulk_s": 5000,
        "unconvbench_bulk_m": 5000,
        "unconvbench_bulk_l": 5000,
    }.items()
}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Benchmark:
    """A task with its data and its official folds.

    Attributes
    ----------
    task
        What it is.
    dataset
        The crystals that the structure rules admit; the others are in ``dataset.rejected``.
    folds
        Five times ``{"train": ids, "test": ids}``, of *all* rows: a score must say how many test crystals
        are missing.
    """

    task: Task
    dataset: Dataset
    folds: tuple[dict[str, list[str]], ...]


def read_matbench(path: str | Path, task: str | Task | None = None) -> Benchmark:
    """A MatBench task from its published file ``matbench_*.json.gz``.

    Parameters
    ----------
    path
        The file.
    task
        Name of the task; None for the name of the file.

    Raises
    ------
    UnknownName
        For a task that is not among :data:`MATBENCH`; those on compositions alone are not.
    CrysnbError
        ``data.invalid``, ``data.rows`` if the table has not the official number of rows, from which the
        folds would be wrong, ``data.nothing``, and those of :func:`~crysnb.datasets.json_files.load_json`.
    """
    return _read(path, _task(path, task, MATBENCH))


def read_unconvbench(path: str | Path, task: str | Task | None = None) -> Benchmark:
    """An UnconvBench task from its published file ``ub_unconvbench_*.json``.

    Parameters
    ----------
    path
        The file.
    task
        Name of the task; None for the name of the file.

    Raises
    ------
    UnknownName, CrysnbError
        As :func:`read_matbench`.
    """
    return _read(path, _task(path, task, UNCONVBENCH))


def download_matbench(
    task: str, folder: str | Path | None = None, *, progress: Progress | None = None
) -> Path:
    """The published file of a MatBench task, fetched once and checked against its hash.

    Parameters
    ----------
    task
        Name of the task.
    folder
        Where to keep it; None for :func:`~crysnb.weights.fetch.cache_folder`.
    progress
        See :func:`~crysnb.weights.fetch.fetch`, which raises the errors.
    """
    known = _named(task, MATBENCH)
    target = (Path(folder) if folder is not None else cache_folder()) / f"{known.name}.json.gz"
    url = _MATBENCH_URL.format(name=known.name)
    try:
        return fetch(url, target, sha256=known.sha256, limit=MAX_BYTES, progress=progress)
    except CrysnbError as error:
        if error.code != "download.not_writable" or folder is not None:
            raise
        raise CrysnbError(
            error.code,
            found=error.found,
            accepted=error.accepted,
            action=f"Set {CACHE} to a folder that may be written to",
        ) from error


def folds(task: Task, labels: list[Any]) -> tuple[dict[str, list[str]], ...]:
    """Official folds of a table with these labels, in the order of its rows."""
    from sklearn.model_selection import KFold, StratifiedKFold

    kind = StratifiedKFold if task.stratified else KFold
    splitter = kind(n_splits=_N_FOLDS, shuffle=True, random_state=task.seed)
    return tuple(
        {"train": [task.id(i) for i in train], "test": [task.id(i) for i in test]}
        for train, test in splitter.split(labels, labels)
    )


def _task(path: str | Path, task: str | Task | None, known: Mapping[str, Task]) -> Task:
    if isinstance(task, Task):
        return task
    return _named(Path(path).name.split(".")[0].removeprefix("ub_") if task is None else task, known)


def _named(task: str, known: Mapping[str, Task]) -> Task:
    if task not in known:
        raise UnknownName.of("task", task, known)
    return known[task]


def _read(path: str | Path, task: Task) -> Benchmark:
    table = load_json(path)
    columns, data = (table.get("columns"), table.get("data")) if isinstance(table, dict) else (None, None)
    if (
        not isinstance(columns, list)
        or not isinstance(data, list)
        or not all(isinstance(row, list) and len(row) == len(columns) for row in data)
        or len(columns) < 2
        or (task.target and task.target not in columns)
    ):
        raise CrysnbError(
            "data.invalid",
            found=f"{quote(Path(path).name)} is not the table of {task.name}",
            accepted=f"JSON with columns (a structure and {task.target or 'a target'}) and data",
        )
    if len(data) != task.rows:
        raise CrysnbError(
            "data.rows",
            found=f"{len(data)} rows in {quote(Path(path).name)}",
            accepted=f"the {task.rows} rows of {task.name}, on which the folds depend",
        )
    label_at = columns.index(task.target) if task.target else len(columns) - 1
    crystal_at = columns.index("structure") if "structure" in columns else 0
    target = re.sub(r"[^0-9A-Za-z]+", "_", str(columns[label_at])).strip("_")
    labels = [int(row[label_at]) if isinstance(row[label_at], bool) else row[label_at] for row in data]
    if task.stratified and not set(map(str, labels)) <= {"0", "1"}:
        raise CrysnbError("data.invalid", found=f"classes of {task.name} other than 0 and 1")
    crystals = (row[crystal_at] for row in data)
    rows = _rows(task, target, zip(crystals, labels, strict=True))
    return Benchmark(task=task, dataset=collect(task.name, rows), folds=folds(task, labels))


def _rows(task: Task, target: str, rows: Iterator[tuple[Any, Any]]) -> Iterator[dict[str, Any] | Rejected]:
    for number, (crystal, label) in enumerate(rows):
        name = task.id(number)
        try:
            if label is None:
                raise CrysnbError("label.missing", found="a row without a label", accepted="a number")
            yield raw_of(read(crystal).structure, name, {target: label})
        except CrysnbError as error:
            yield Rejected.of(name, error)
