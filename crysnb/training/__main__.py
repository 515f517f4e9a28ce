"""``python -m crysnb.training``: ``score`` a model folder, then ``ship`` it into the source tree.

``reference`` adds where the training crystals lie in feature space; training does so by itself.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import crysnb.weights
from crysnb.training.publish import score, ship
from crysnb.training.reference import add_reference


def main() -> None:
    """Parse the command line and act."""
    parser = argparse.ArgumentParser(prog="python -m crysnb.training", description=__doc__)
    actions = parser.add_subparsers(dest="action", required=True)
    scoring = actions.add_parser("score", help="evaluate and write the figures into the card")
    scoring.add_argument("folder", type=Path)
    scoring.add_argument("--data", type=Path)
    scoring.add_argument("--part", default="test")
    placing = actions.add_parser("reference", help="write the training crystals' place in feature space")
    placing.add_argument("folder", type=Path)
    placing.add_argument("--data", type=Path)
    shipping = actions.add_parser("ship", help="copy into the package and list the hashes")
    shipping.add_argument("folder", type=Path)
    arguments = parser.parse_args()
    if arguments.action == "score":
        score(arguments.folder, arguments.data, arguments.part)
    elif arguments.action == "reference":
        add_reference(arguments.folder, arguments.data)
    else:
        ship(arguments.folder, Path(crysnb.weights.__path__[0]) / "shipped")


if __name__ == "__main__":
    main()
