"""Size of what ships: the browser module (budget 150 kB) and all weights together (15 MB).

The peer of the same run is the front end of nglview, the viewer that we use for whole structures.
"""

from __future__ import annotations

import gzip
import json
from importlib.metadata import files
from pathlib import Path

import crysnb


def main() -> None:
    """Print one JSON line."""
    package = Path(crysnb.__file__).parent
    modules = sorted((package / "widgets" / "static").glob("*.mjs"))
    size = sum(path.stat().st_size for path in modules)
    packed = sum(len(gzip.compress(path.read_bytes())) for path in modules)
    weights = sum(path.stat().st_size for path in package.rglob("*.safetensors"))
    nglview = [
        Path(str(f.locate()))
        for f in files("nglview") or []
        if "labextensions" in f.parts and f.suffix == ".js"
    ]
    print(
        json.dumps(
            {
                "benchmark": "bundle_size",
                "bytes": size,
                "bytes_gzip": packed,
                "budget_bytes": 150_000,
                "weights_bytes": weights,
                "budget_weights_bytes": 15_000_000,
                "within_budget": 0 < size <= 150_000 and weights <= 15_000_000,
                "peer": "nglview's JupyterLab front end",
                "peer_bytes": sum(path.stat().st_size for path in nglview),
            }
        )
    )


if __name__ == "__main__":
    main()
