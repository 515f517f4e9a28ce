"""Which of two models is better on the same crystals, and how sure that is.

``python -m crysnb.studies.paired A.json B.json`` compares two files of errors per crystal: what ``crysnb
evaluate --per-crystal`` writes, or a file of ``docs/results``. One JSON line: each measure of A and of B over
the crystals that both have, and A − B with its bootstrap 95 % interval over crystals, drawn for both alike.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crysnb.errors import CrysnbError, quote
from crysnb.evaluate.metrics import ZERO_NORM, Indices, bootstrap
from crysnb.files import parse_json, read_whole

_MAX_BYTES = 1 << 26

Errors = Mapping[str, tuple[float, float]]


def errors_of(rows: Sequence[Mapping[str, Any]]) -> dict[str, tuple[float, float]]:
    """Id -> (‖error‖, ‖label‖) from rows with ``id``, ``error`` and ``norm``."""
    return {str(row["id"]): (float(row["error"]), float(row["norm"])) for row in rows}


def paired(a: Errors, b: Errors, *, draws: int = 2000, seed: int = 0) -> dict[str, Any]:
    """Measures of two models over their common crystals, and the differences a − b.

    Parameters
    ----------
    a, b
        Id -> (‖error‖, ‖label‖).
    draws, seed
        Of the bootstrap (Efron 1979, doi:10.1214/aos/1176344552).

    Returns
    -------
    dict
        ``n``; ``a``, ``b`` and ``difference`` by measure: the mean error, the median relative error and the
        percentages below 25 and 10 %, relative to the labels of ``a`` that are not zero; ``ci95`` of the
        differences.

    Raises
    ------
    CrysnbError
        ``paired.nothing`` where no crystal is in both.
    """
    common = sorted(a.keys() & b.keys())
    if not common:
        raise CrysnbError(
            "paired.nothing",
            found=f"{len(a)} and {len(b)} crystals, none of them in both",
            accepted="two files for the same part of the same data",
        )
    norm = np.array([a[i][1] for i in common])
    first, second = (np.array([one[i][0] for i in common]) for one in (a, b))

    def differences(chosen: Indices) -> dict[str, float]:
        one, other = (_measures(e[chosen], norm[chosen]) for e in (first, second))
        return {name: one[name] - other[name] for name in one.keys() & other.keys()}

    everything = np.arange(len(common))
    return {
        "n": len(common),
        "a": _measures(first, norm),
        "b": _measures(second, norm),
        "difference": differences(everything),
        "ci95": {k: list(v) for k, v in bootstrap(differences, len(common), draws=draws, seed=seed).items()},
    }


def _measures(error: NDArray[np.float64], norm: NDArray[np.float64]) -> dict[str, float]:
    found = {"mean": float(error.mean())}
    relative = error[norm > ZERO_NORM] / norm[norm > ZERO_NORM]
    if len(relative):
        found["rel_median"] = float(np.median(relative))
        found |= {f"ewt{p}": float(100 * np.mean(relative < p / 100)) for p in (25, 10)}
    return found


def read_errors(file: str | Path) -> dict[str, tuple[float, float]]:
    """Errors per crystal from a file of this format.

    Raises
    ------
    CrysnbError
        ``paired.syntax`` for another one.
    """

    def refuse(found: str, _: str = "") -> CrysnbError:
        return CrysnbError(
            "paired.syntax",
            found=f"{quote(str(file))}: {found}",
            accepted="a list of objects with id, error and norm, or an object that has it as per_crystal",
        )

    content = read_whole(
        Path(file), "paired", limit=_MAX_BYTES, too_large=lambda size: refuse(f"a file of {size:,} bytes")
    )
    try:
        held = parse_json(content, depth=8, refuse=refuse)
        return errors_of(held["per_crystal"] if isinstance(held, dict) else held)
    except (KeyError, TypeError, ValueError) as error:
        raise refuse(f"no errors of crystals ({error})") from error


def main() -> None:
    """Parse the command line and write one JSON line."""
    parser = argparse.ArgumentParser(prog="python -m crysnb.studies.paired", description=__doc__)
    parser.add_argument("a", type=Path)
    parser.add_argument("b", type=Path)
    arguments = parser.parse_args()
    try:
        found = paired(read_errors(arguments.a), read_errors(arguments.b))
    except CrysnbError as error:
        parser.error(str(error))
    sys.stdout.write(json.dumps({"study": "paired", **found}) + "\n")


if __name__ == "__main__":
    main()
