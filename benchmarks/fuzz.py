"""Mutated structure files through reading, symmetry, tensor forms and prediction, each in its own process.

Bundled crystals as CIF, POSCAR and JSON are spoiled in one to four ways (``crysnb.testing.mutations``) and
handed over as bytes. Goals: no process killed, no exception that is not ours, nothing slower than 5 s.
There is no peer.

    python benchmarks/fuzz.py --n 1000 --seed 0 --save FOLDER

writes every file that broke a goal into FOLDER; such a file belongs into ``tests/hostile/corpus``. With
``--keep FOLDER`` it writes one file for each kind of answer in each form, and ``answers.json``.
"""

from __future__ import annotations

import os

# Before torch is imported: a fork of a process with worker threads would wait for them forever.
os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = os.environ["MKL_NUM_THREADS"] = "1"

import argparse
import contextlib
import json
import random
import resource
import signal
import sys
import warnings
from collections import Counter
from pathlib import Path
from typing import Any

from crysnb.errors import CrysnbError
from crysnb.predict.run import predict
from crysnb.structure.read import read
from crysnb.symmetry.detect import detect
from crysnb.tensors.form import tensor_form
from crysnb.testing.mutations import FORMS, all_seeds, mutated

SLOWEST, KILL_AFTER, MEGABYTES = 5.0, 20.0, 2048
PREDICT_EVERY = 8
LARGEST_KEPT = 8000


def main() -> None:
    """Print one JSON line; exit 1 if a goal is missed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--n", type=int, default=1000, help="number of mutated files")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--save", type=Path, help="folder for the files that broke a goal")
    parser.add_argument("--keep", type=Path, help="folder for one file of each kind of answer")
    options = parser.parse_args()
    warnings.simplefilter("error")
    warnings.filterwarnings("ignore", message=".*fork.*", category=DeprecationWarning)
    predict("NaCl")  # loads what every child needs, once
    rng = random.Random(options.seed)  # noqa: S311 - a reproducible choice, no secret
    seeds = all_seeds()
    answers: Counter[str] = Counter()
    broken: list[dict[str, Any]] = []
    slowest = 0.0
    kept: dict[str, str] = {}
    for k in range(options.n):
        form = tuple(FORMS)[k % len(FORMS)]
        data, changes = mutated(rng, seeds[form])
        answer = in_fork(data, with_prediction=k % PREDICT_EVERY == 0)
        slowest = max(slowest, answer["seconds"])
        answers[answer["answer"]] += 1
        if options.keep:
            _keep(options.keep, kept, f"{form}-{changes[-1]}", FORMS[form], data, answer)
        if answer["answer"] in ("killed", "bare") or answer["seconds"] > SLOWEST:
            broken.append({"file": f"{options.seed}-{k}{FORMS[form]}", "changes": changes, **answer})
            if options.save:
                options.save.mkdir(parents=True, exist_ok=True)
                (options.save / broken[-1]["file"]).write_bytes(data)
    result = {
        "benchmark": "fuzz",
        "n": options.n,
        "seed": options.seed,
        "accepted": answers["accepted"],
        "refused_by_code": answers["refused"],
        "killed": answers["killed"],
        "bare_tracebacks": answers["bare"],
        "slowest_s": round(slowest, 2),
        "within_budget": not broken,
        "broken": broken,
    }
    print(json.dumps(result))
    sys.exit(bool(broken))


def _keep(
    folder: Path, kept: dict[str, str], name: str, suffix: str, data: bytes, answer: dict[str, Any]
) -> None:
    """Write a file whose form, last change and answer are new together."""
    file = f"{name}-{answer['detail'].removeprefix('structure.') or 'read'}{suffix}"
    if file in kept or len(data) > LARGEST_KEPT or answer["answer"] not in ("accepted", "refused"):
        return
    kept[file] = answer["detail"]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / file).write_bytes(data)
    (folder / "answers.json").write_text(json.dumps(kept, indent=0, sort_keys=True) + "\n", encoding="utf-8")


def in_fork(data: bytes, *, with_prediction: bool) -> dict[str, Any]:
    """What became of one file: ``answer``, ``seconds`` of processor time, and a detail.

    Processor time, so that a busy machine breaks no goal; what waits for something is killed.
    """
    receive, send = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(receive)
        _limit()
        with os.fdopen(send, "w") as out:
            out.write(json.dumps(_judge(data, with_prediction=with_prediction)))
        os._exit(0)
    os.close(send)
    with os.fdopen(receive) as lines:
        text = lines.read()
    _, status, usage = os.wait4(child, 0)
    seconds = usage.ru_utime + usage.ru_stime
    if os.WIFSIGNALED(status) or not text:
        name = signal.Signals(os.WTERMSIG(status)).name if os.WIFSIGNALED(status) else "no answer"
        return {"answer": "killed", "detail": name, "seconds": seconds}
    return {**json.loads(text), "seconds": seconds}


def _limit() -> None:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    limit = pages * resource.getpagesize() + MEGABYTES * 2**20
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.setitimer(signal.ITIMER_REAL, KILL_AFTER)


def _judge(data: bytes, *, with_prediction: bool) -> dict[str, str]:
    code = ""
    try:
        structure = read(data).structure
        try:
            detect(structure)
            for kind in ("dielectric", "piezoelectric", "elastic"):
                tensor_form(structure, kind)
        finally:
            if with_prediction:
                with contextlib.suppress(CrysnbError):
                    predict(structure)
    except CrysnbError as error:
        code = error.code
        if not code.endswith(".unreadable") and len(error.text) < 1000:
            return {"answer": "refused", "detail": code}
        return {"answer": "bare", "detail": str(error)[:300]}
    except BaseException as error:  # noqa: BLE001 - that is what is looked for
        return {"answer": "bare", "detail": f"{type(error).__name__}: {error}"[:300]}
    return {"answer": "accepted", "detail": ""}


if __name__ == "__main__":
    main()
