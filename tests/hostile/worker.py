"""Child process for inputs that may crash, hang or eat the memory.

Reads JSON ``{"cases": [{"kind", "input", "remove"}], "seconds", "megabytes"}`` from standard input, runs
every case in a fork of its own under these limits, and prints one JSON line per case: ``{"code"}``
with the code of our error or null where it was read, ``{"notices"}``, ``{"signal"}``, or
``{"escaped"}`` with the name of an exception that is not ours. A case with ``"deep"`` goes on to symmetry and
tensor forms.
"""

from __future__ import annotations

import importlib
import json
import os
import resource
import signal
import sys
import warnings
from pathlib import Path
from typing import Any

import protections


def build(kind: str, value: Any) -> Any:
    """The object that a case describes."""
    if kind in ("text", "record"):
        return value
    if kind == "bytes":
        return bytes.fromhex(value)
    if kind == "cell":
        return tuple(value)
    if kind == "path":
        return Path(value)
    if kind == "structure":
        from pymatgen.core import Lattice, Structure

        return Structure(Lattice(value["lattice"]), value["species"], value["frac_coords"])
    from ase import Atoms

    return Atoms(
        value["species"], positions=value["positions"], cell=value["lattice"], pbc=value.get("pbc", True)
    )


def run(case: dict[str, Any]) -> dict[str, Any]:
    """Result of one case in this process."""
    from crysnb.errors import CrysnbError
    from crysnb.structure.read import read

    for dotted in case.get("remove") or []:
        module, name = dotted.rsplit(".", 1)
        harmless = (lambda *_, **__: ()) if module.endswith("remarks") else (lambda *_, **__: None)
        if name == "overlap":
            harmless = lambda *_, **__: ()  # noqa: E731
        assert hasattr(importlib.import_module(module), name), dotted
        setattr(importlib.import_module(module), name, harmless)
    try:
        reading = read(build(case["kind"], case["input"]))
    except CrysnbError as exc:
        return {"code": exc.code, "text": exc.text, "type": type(exc).__name__}
    except BaseException as exc:  # noqa: BLE001
        return {"escaped": f"{type(exc).__name__}: {exc}"[:300]}
    if case.get("deep"):
        return {"code": follow(reading.structure)}
    return {
        "code": None,
        "notices": [notice.code for notice in reading.notices],
        "n_sites": len(reading.structure),
        "state": json.dumps(reading.structure.as_dict(), default=str),
    }


def follow(structure: Any) -> str | None:
    """Symmetry and tensor forms of what was read: null, or the code of our error."""
    from crysnb.errors import CrysnbError
    from crysnb.symmetry.detect import detect
    from crysnb.tensors.form import tensor_form

    try:
        detect(structure)
        for kind in ("dielectric", "piezoelectric", "elastic"):
            tensor_form(structure, kind)
    except CrysnbError as exc:
        return exc.code
    except BaseException as exc:  # noqa: BLE001
        return f"escaped {type(exc).__name__}: {exc}"[:300]
    return None


def in_fork(case: dict[str, Any], seconds: float, megabytes: int) -> dict[str, Any]:
    """Result of one case in a fork with its own limits."""
    receive, send = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(receive)
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        limit = pages * resource.getpagesize() + megabytes * 2**20
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        signal.setitimer(signal.ITIMER_REAL, seconds)
        with os.fdopen(send, "w") as out:
            out.write(json.dumps(run(case)))
        os._exit(0)
    os.close(send)
    with os.fdopen(receive) as answers:
        answer = answers.read()
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        return {"signal": signal.Signals(os.WTERMSIG(status)).name}
    return json.loads(answer) if answer else {"escaped": "the child died without a word"}


def main() -> None:
    """Run all cases."""
    # Imported by path: this file runs as a script, beside the registry.
    protections.install_from_environment()
    warnings.simplefilter("error")  # as the test suite does; forking itself may warn
    warnings.filterwarnings("ignore", message=".*fork.*", category=DeprecationWarning)
    job = json.load(sys.stdin)
    # Import what every case needs once, in the parent.
    import ase  # noqa: F401

    from crysnb.structure.read import read

    read("NaCl")
    for case in job["cases"]:
        print(json.dumps(in_fork(case, job["seconds"], job["megabytes"])), flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
