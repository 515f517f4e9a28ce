"""Audit of a package from outside, CHGNet: energy and stress (Deng et al. 2023).

Method: doi:10.1038/s42256-023-00716-3. Its weights come with the package, so that ``pip install chgnet``
is all it needs; it is no dependency of crysnb. Without it one line says that it was skipped. The result
is told in ``docs/audit.md``.
"""

from __future__ import annotations

import importlib
import json
import time
import warnings
from importlib.metadata import version
from typing import Any

import crysnb as cn


class CHGNetAdapter(cn.ModelAdapter):
    """Energy per atom in eV, or stress in GPa."""

    def __init__(self, model: Any, kind: str) -> None:
        self.model, self.kind = model.eval(), kind

    def predict(self, structures: list[Any]) -> list[Any]:
        """One number or 3×3 matrix per structure."""
        task, key = ("e", "e") if self.kind == "scalar" else ("efs", "s")
        found = self.model.predict_structure(structures, task=task)
        return [one[key] for one in (found if isinstance(found, list) else [found])]


def main() -> None:
    """Print one JSON line per property."""
    try:
        chgnet: Any = importlib.import_module("chgnet.model")
    except ImportError as error:
        print(json.dumps({"benchmark": "audit_outside", "skipped": f"{error.name} is not installed"}))
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its own, of its dependencies
        model = chgnet.CHGNet.load(use_device="cpu", verbose=False)
        for kind in ("scalar", "stress"):
            start = time.perf_counter()
            report = cn.audit(cn.check_adapter(CHGNetAdapter(model, kind)))
            print(
                json.dumps(
                    {
                        "benchmark": "audit_outside",
                        "package": f"chgnet {version('chgnet')}",
                        "kind": report.kind,
                        "crystals": report.crystals,
                        "passed": report.passed,
                        "failures": [f.text for f in report.failures],
                        "faults": [f.to_dict() for f in report.faults],
                        "rounding": report.rounding,
                        "largest": {c.check: c.largest for c in report.checks if c.tested},
                        "float_noise": [c.check for c in report.checks if c.noisy],
                        "seconds": round(time.perf_counter() - start, 1),
                    }
                ),
                flush=True,
            )


if __name__ == "__main__":
    main()
