"""``python -m crysnb.training ship MODEL_FOLDER``: put a trained model into the source tree."""

from __future__ import annotations

import argparse
from pathlib import Path

import crysnb.weights
from crysnb.training.publish import ship


def main() -> None:
    """Parse the command line and copy the model."""
    parser = argparse.ArgumentParser(prog="python -m crysnb.training", description=__doc__)
    parser.add_argument("action", choices=["ship"])
    parser.add_argument("folder", type=Path)
    arguments = parser.parse_args()
    ship(arguments.folder, Path(crysnb.weights.__path__[0]) / "shipped")


if __name__ == "__main__":
    main()
