"""A small training that is killed again and again; ``test_m7_killed_training.py`` starts it.

``python training_worker.py FOLDER tensors|lessons KILLS SEED`` makes data sets of bundled crystals in FOLDER,
trains once without interruption and once with KILLS times SIGKILL at random moments; it writes a JSON line.
The imports are paid once: each run is a fork of this process.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import random
import shutil
import signal
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))
import protections

protections.install_from_environment()

import numpy as np  # noqa: E402 - after the protection is out

import crysnb as cn  # noqa: E402
from crysnb.datasets.dataset import raw_of  # noqa: E402
from crysnb.training.recipes import RECIPES  # noqa: E402
from crysnb.training.run import train  # noqa: E402
from crysnb.training.tensor_recipe import TensorRecipe  # noqa: E402

NAMES = ("NaCl", "GaAs", "rutile", "quartz", "GaN", "MgO")
SIZES: dict[str, Any] = {
    "members": 2, "batch_size": 2, "width": 8, "channels": 2, "blocks": 1, "cutoff": 4.0, "dropout": 0.2,
}  # fmt: skip


def recipe_of(stage: str) -> TensorRecipe:
    """Epochs of the tensors, or long lessons and short tensors."""
    if stage == "tensors":
        return RECIPES.get("gmtnet-dielectric").with_changes(epochs=8, **SIZES)
    return RECIPES.get("gmtnet-elastic").with_changes(epochs=2, lesson_epochs=10, also=(), **SIZES)


def write(folder: Path, targets: dict[str, Any]) -> None:
    """All crystals with the same targets, the last one in the validation part."""
    folder.mkdir(parents=True)
    records = [raw_of(cn.as_structure(name), name, targets) for name in NAMES]
    text = "".join(json.dumps(r) + "\n" for r in records)
    (folder / "structures.jsonl.gz").write_bytes(gzip.compress(text.encode()))
    (folder / "split.json").write_text(json.dumps({"train": NAMES[:-1], "val": NAMES[-1:], "test": []}))


def make_data(root: Path) -> None:
    """The data sets that the two recipes read."""
    stiffness = np.diag([90.0, 90, 90, 30, 30, 30]) + 30 * np.pad(np.ones((3, 3)) - np.eye(3), (0, 3))
    write(root / "mp_dielectric", {"eps_electronic": (3 * np.eye(3)).tolist()})
    write(root / "mp_elastic_2015", {"elastic": stiffness.tolist()})
    write(root / "mp_moduli_3k", {"k_vrh": 50.0, "g_vrh": 30.0})
    write(root / "mp_moduli_binary", {"bulk_modulus_vrh": 50.0, "shear_modulus_vrh": 30.0})


def start(stage: str, root: Path, out: Path) -> int:
    """Process that trains; it ends with code 0, or 1 after an error."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            train(recipe_of(stage), data=root, out=out, resume=True)
            code = 0
        finally:
            os._exit(code)
    return child


def finish(child: int) -> None:
    """Wait for a process that must end well."""
    _, status = os.waitpid(child, 0)
    if status != 0:
        sys.exit(f"a run ended with status {status}")


def digest(out: Path) -> str:
    """Of the weights that a run has left."""
    return hashlib.sha256((out / "model" / "weights.safetensors").read_bytes()).hexdigest()


def main() -> None:
    """Train undisturbed, then train and kill."""
    root, stage, kills, seed = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    make_data(root)
    began = time.monotonic()
    finish(start(stage, root, root / "whole"))
    duration = time.monotonic() - began
    rng = random.Random(seed)  # noqa: S311 - moments that a test can repeat
    cut, moments, same = root / "cut", [], True
    while len(moments) < kills:
        child = start(stage, root, cut)
        moment = rng.uniform(0.0, 0.9 * duration)
        time.sleep(moment)
        os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        if os.WIFSIGNALED(status):
            moments.append(round(moment / duration, 3))
        else:  # it was done before; begin anew
            same &= digest(cut) == digest(root / "whole")
            shutil.rmtree(cut)
    finish(start(stage, root, cut))
    same &= digest(cut) == digest(root / "whole")
    sys.stdout.write(json.dumps({"same": same, "killed_at": moments}) + "\n")


if __name__ == "__main__":
    main()
