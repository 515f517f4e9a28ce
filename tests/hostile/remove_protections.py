"""Take out the protections of the fault rows one by one, and see a test fail for each.

    python tests/hostile/remove_protections.py [--fast] [--row M4 M5]

prints one line for each: row, what was removed, the test that failed, OK or NOT CAUGHT. Exit code 1 if one
was not caught. Each runs in a fork of a process that has the libraries imported and the product not; of the
browser half in a changed copy, where Node and ``widgets/node_modules`` are there.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")  # a fork of a process with worker threads would hang
HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

import protections  # noqa: E402
import pytest  # noqa: E402

#: Imported once, before the forks.
LIBRARIES = ("torch", "e3nn.o3", "pymatgen.core", "spglib", "scipy.spatial", "ase", "anywidget", "typer")
#: Exit code for what cannot be tried here.
SKIPPED = 97
# Plugins that were imported before the fork keep their plain assertions.
NO_REWRITE = "ignore::pytest.PytestAssertRewriteWarning"


class Failures:
    """Names of the tests that failed."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def pytest_runtest_logreport(self, report: Any) -> None:
        if report.failed:
            self.names.append(report.nodeid.partition("hostile/")[2] or report.nodeid)


def failing_test(protection: protections.Protection) -> tuple[int, str]:
    """Exit code of pytest without the protection, and the first test that failed."""
    receive, send = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(receive)
        code, text = 99, ""
        try:
            code, text = _without(protection)
        except BaseException as error:  # noqa: BLE001 - the parent is told
            text = f"{type(error).__name__}: {error}"
        with os.fdopen(send, "w") as out:
            out.write(f"{code} {text}")
        os._exit(0)
    os.close(send)
    with os.fdopen(receive) as answer:
        text = answer.read()
    os.waitpid(child, 0)
    code, _, name = (text or "98 the process died").partition(" ")
    return int(code), name


def failing_front_test(protection: protections.Protection) -> tuple[int, str]:
    """Exit code of the unit tests of a copy of the browser half, and the first test that failed."""
    front = protections.FRONT
    if shutil.which("npx") is None or not (front / "node_modules").is_dir():
        return SKIPPED, "no Node, or no widgets/node_modules: run `make bundle`"
    file, _, name = protection.test.partition("::")
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "widgets"
        shutil.copytree(front, copy, ignore=shutil.ignore_patterns("node_modules"))
        (copy / "node_modules").symlink_to(front / "node_modules")
        (copy / "src" / protection.file).write_text(protection.source(), encoding="utf-8")
        report = Path(folder) / "report.json"
        command = ["npx", "vitest", "run", f"test/{file}", "--reporter=json", f"--outputFile={report}"]
        done = subprocess.run(
            [*command, "-t", name], cwd=copy, capture_output=True, text=True, timeout=300, check=False
        )
        if not report.is_file():
            return 98, f"vitest ended with {done.returncode}"
        results = [t for f in json.loads(report.read_text())["testResults"] for t in f["assertionResults"]]
    failed = [t["fullName"] for t in results if t["status"] == "failed"]
    if not failed:
        ran = sum(t["status"] == "passed" for t in results)
        return 0 if ran else 5, f"{ran} tests passed"
    return 1, f"{file}::{failed[0]}"


def _without(protection: protections.Protection) -> tuple[int, str]:
    protections.install(protection.name)
    file, _, name = protection.test.partition("::")
    path = (HERE / file).resolve()
    failures = Failures()
    arguments = [
        "-x",
        "-q",
        "--no-header",
        "-p",
        "no:cacheprovider",
        "-W",
        NO_REWRITE,
        "-m",
        "not gpu and not browser",
        str(path),
    ]
    if name:
        arguments += ["-k", name]
    with Path(os.devnull).open("w") as nowhere, contextlib.redirect_stdout(nowhere):
        try:
            code = int(pytest.main(arguments, plugins=[failures]))
        except Warning:  # of a thread that died, told after the last test
            code = int(bool(failures.names))
    return code, failures.names[0] if failures.names else f"pytest ended with {code}"


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--fast", action="store_true", help="a handful that takes seconds")
    parser.add_argument("--row", nargs="*", default=protections.ROWS, help="only these rows")
    options = parser.parse_args()
    for name in LIBRARIES:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    chosen = [p for p in protections.PROTECTIONS if (p.fast or not options.fast) and p.row in options.row]
    missed = skipped = 0
    for p in chosen:
        code, name = failing_front_test(p) if p.in_browser else failing_test(p)
        word = {1: "OK", SKIPPED: "SKIPPED"}.get(code, "NOT CAUGHT")
        missed += word == "NOT CAUGHT"
        skipped += word == "SKIPPED"
        print(f"{p.row:4} {p.what:48} {name:100} {word}", flush=True)  # noqa: T201
    caught = len(chosen) - missed - skipped
    print(f"{caught} of {len(chosen)} removals were caught, {skipped} skipped")  # noqa: T201
    return int(missed > 0)


if __name__ == "__main__":
    sys.exit(main())
