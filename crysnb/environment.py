"""A report on the environment that crysnb runs in; nothing here changes anything."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import crysnb
from crysnb.machine import CPU_VARIABLE, MEMORY_VARIABLE, limits

if TYPE_CHECKING:
    import pandas as pd

Status = Literal["ok", "note", "fault"]

CORE = (
    "torch", "e3nn", "pymatgen", "spglib", "numpy", "scipy", "scikit-learn", "safetensors",
    "matplotlib", "lazy-loader", "tqdm", "typer",
)  # fmt: skip
EXTRAS: dict[str, tuple[str, ...]] = {
    "notebook": ("jupyterlab", "ipywidgets", "anywidget", "nglview", "plotly"),
    "train": ("lightning",),
}
#: Front-end parts that JupyterLab must find, and the package that brings each.
LAB_EXTENSIONS = {
    "@jupyter-widgets/jupyterlab-manager": "jupyterlab_widgets",
    "anywidget": "anywidget",
    "nglview-js-widgets": "nglview",
}
VARIABLES = (
    "CRYSNB_DATA",
    "CRYSNB_CACHE",
    "CRYSNB_OFFLINE",
    "CUDA_VISIBLE_DEVICES",
    "OMP_NUM_THREADS",
    CPU_VARIABLE,
    MEMORY_VARIABLE,
)
#: JupyterLab and one kernel at work on the quickstart (0.66 GB at most, printed by binder/measure.py) and
#: some room; room for one prediction.
LESSON_BYTES, SPARE_BYTES = 800_000_000, 300_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One line of the report.

    Attributes
    ----------
    name
        What was looked at.
    status
        ``"ok"``; ``"note"`` if something optional is missing; ``"fault"`` if crysnb cannot work so.
    found
        What is there.
    action
        What to do; empty where nothing needs doing.
    """

    name: str
    status: Status
    found: str
    action: str = ""

    def to_dict(self) -> dict[str, str]:
        """The four fields."""
        return {"name": self.name, "status": self.status, "found": self.found, "action": self.action}


@dataclass(frozen=True, slots=True, repr=False)
class DoctorReport:
    """All checks, in the order they were made."""

    checks: tuple[Check, ...]

    @property
    def ok(self) -> bool:
        """True if nothing keeps crysnb from working."""
        return all(check.status != "fault" for check in self.checks)

    def __repr__(self) -> str:
        width = max(len(check.name) for check in self.checks)
        lines = []
        for check in self.checks:
            lines.append(f"{check.status:5}  {check.name:{width}}  {check.found}")
            if check.action:
                lines.append(f"{'':5}  {'':{width}}  → {check.action}")
        return "\n".join(lines)

    def to_dict(self) -> dict[str, Any]:
        """``{"ok": …, "checks": [{"name", "status", "found", "action"}, …]}``."""
        return {"ok": self.ok, "checks": [check.to_dict() for check in self.checks]}

    def to_frame(self) -> pd.DataFrame:
        """One row per check."""
        import pandas as pd

        return pd.DataFrame([check.to_dict() for check in self.checks])


def doctor() -> DoctorReport:
    """Report on versions, device, shipped weights and notebook parts.

    Returns
    -------
    DoctorReport
        With a readable ``repr``, ``ok``, ``to_dict()`` and ``to_frame()``. No file is written, no
        connection is opened, no environment variable but those named in the report is read.
    """
    return DoctorReport(
        (
            Check(name="crysnb", status="ok", found=crysnb.__version__),
            _python(),
            *(_package(name, None) for name in CORE),
            *(_package(name, extra) for extra, names in EXTRAS.items() for name in names),
            _device(),
            *_machine(),
            _examples(),
            *_models(),
            _bundle(),
            *_lab_extensions(),
            *_variables(),
        )
    )


def _python() -> Check:
    found = f"{platform.python_version()} on {platform.system()} {platform.machine()}"
    racy = sys.version_info < (3, 11, 9) or (3, 12) <= sys.version_info < (3, 12, 3)
    return Check(
        name="Python",
        status="note" if racy else "ok",
        found=found,
        action="Several threads that import crysnb at once may race before 3.11.9 and 3.12.3" if racy else "",
    )


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def _package(name: str, extra: str | None) -> Check:
    version = _version(name)
    if version is None:
        wanted = f"crysnb[{extra}]" if extra else "crysnb"
        return Check(
            name=name,
            status="note" if extra else "fault",
            found="not installed",
            action=f'pip install "{wanted}"',
        )
    if name == "nglview" and version == "4.0.1":
        return Check(
            name=name,
            status="note",
            found=f"{version}, whose front end does not load in JupyterLab",
            action='pip install "nglview==4.0"',
        )
    return Check(name=name, status="ok", found=version)


def _device() -> Check:
    try:
        import torch
    except (ImportError, OSError) as error:  # OSError: a shared library of torch does not load
        return Check(
            name="device", status="fault", found=f"torch does not import: {error}", action="Reinstall torch"
        )
    if torch.cuda.is_available():
        gpu = torch.cuda.get_device_properties(0)
        return Check(name="device", status="ok", found=f"{gpu.name}, {gpu.total_memory / 2**30:.0f} GiB")
    return Check(name="device", status="ok", found=f"CPU, {torch.get_num_threads()} threads")


def _machine() -> Iterator[Check]:
    found = limits()
    try:
        from torch import get_num_threads

        threads = get_num_threads()
    except (ImportError, OSError):  # told as a fault of the device
        threads = 1
    crowded = threads > max(found.cpus, 1)
    yield Check(
        name="processor",
        status="note" if crowded else "ok",
        found=f"{found.cpus:g} cores for this process, {threads} threads",
        action=f"Set OMP_NUM_THREADS={found.threads} before Python starts" if crowded else "",
    )
    if found.memory is None:
        yield Check(name="memory", status="ok", found="the system does not tell")
        return
    free = found.memory if found.free is None else found.free
    limit = "" if found.source == "machine" else f", limited by {found.source}"
    if found.memory < LESSON_BYTES:
        action = f"JupyterLab and one kernel need about {LESSON_BYTES / 1e9:.1f} GB: ask for more"
    elif free < SPARE_BYTES:
        action = "Shut down other kernels"
    else:
        action = ""
    yield Check(
        name="memory",
        status="note" if action else "ok",
        found=f"{free / 2**30:.1f} of {found.memory / 2**30:.1f} GiB free{limit}",
        action=action,
    )


def _examples() -> Check:
    from crysnb.structure.examples import examples

    return Check(name="bundled crystals", status="ok", found=", ".join(examples()))


def _models() -> Iterator[Check]:
    from crysnb.errors import CrysnbError
    from crysnb.weights import store

    names = store.shipped()
    for name in names:
        try:
            stored = store.load(name)
        except CrysnbError as error:
            yield Check(name=f"model {name}", status="fault", found=str(error), action="Install crysnb again")
        else:
            count = sum(tensor.numel() for tensor in stored.tensors.values())
            yield Check(name=f"model {name}", status="ok", found=f"{count} numbers, as its hash promises")
    if not names:
        yield Check(name="models", status="note", found="no model is shipped")


def _bundle() -> Check:
    folder = Path(crysnb.__file__).parent / "widgets" / "static"
    modules = sorted(folder.glob("*.mjs"))
    if not modules:
        return Check(
            name="views", status="fault", found="the browser module is missing", action="Install crysnb again"
        )
    size = sum(module.stat().st_size for module in modules)
    return Check(
        name="views", status="ok", found=f"{', '.join(m.name for m in modules)}, {size / 1000:.0f} kB"
    )


def _lab_extensions() -> Iterator[Check]:
    if _version("jupyterlab") is None:
        return
    from jupyter_core.paths import jupyter_path

    for extension, package in LAB_EXTENSIONS.items():
        found = [p for p in jupyter_path("labextensions") if (Path(p) / extension / "package.json").is_file()]
        yield Check(
            name=f"JupyterLab part {extension}",
            status="ok" if found else "note",
            found=found[0] if found else "not found",
            action="" if found else f"Install {package} in the environment that runs JupyterLab",
        )


def _variables() -> Iterator[Check]:
    for name in VARIABLES:
        value = os.environ.get(name)
        missing = name == "CRYSNB_DATA" and value is not None and not Path(value).is_dir()
        yield Check(
            name=name,
            status="note" if missing else "ok",
            found="not set" if value is None else value + (" (no such folder)" if missing else ""),
        )
