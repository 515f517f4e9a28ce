"""Build the Binder environment, run the quickstart there in a browser, print what it costs as one JSON line.

``python binder/measure.py`` with the interpreter of ``make .venv`` (it drives the browser; nothing of it
is in what is measured). It takes minutes and 2 GB of disk, so ``make bench`` leaves it out.
Targets: 1.2 GB of memory at most, 1.8 GB installed, the first view within 60 s after the server is up.

What a machine of its own cannot measure: the image of the operating system, and starting it on Binder.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import shutil
import stat
import subprocess
import sys
import tarfile
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests" / "browser"))

from conftest import CHROMIUM_ARGS  # noqa: E402 - the browser tests' own driver
from lab_driver import Lab, LabServer  # noqa: E402

NOTEBOOK = "00_quickstart.ipynb"
BUDGET_MEMORY, BUDGET_INSTALLED, BUDGET_SECONDS = 1.2e9, 1.8e9, 60
#: What Binder gives to a session, about.
CPUS = "1.0"
START_RUN_ALL = "() => { window.jupyterapp.commands.execute('notebook:run-all-cells'); return 1; }"


class Sampler(threading.Thread):
    """Resident memory of a process and all its children, every twentieth of a second."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.process = psutil.Process(pid)
        self.done = threading.Event()
        self.peak = self.n = 0
        self.parts: dict[str, int] = {}

    def run(self) -> None:
        """Sample until told to end."""
        while not self.done.wait(0.05):
            parts: dict[str, int] = {}
            with suppress(psutil.Error):
                for process in (self.process, *self.process.children(recursive=True)):
                    with suppress(psutil.Error):
                        kind = "kernel" if "ipykernel_launcher" in " ".join(process.cmdline()) else "server"
                        parts[kind] = parts.get(kind, 0) + process.memory_info().rss
            self.n += 1
            if sum(parts.values()) > self.peak:
                self.peak, self.parts = sum(parts.values()), parts


@contextmanager
def sampled(pid: int) -> Iterator[Sampler]:
    """Sample the memory of a process while the block runs."""
    sampler = Sampler(pid)
    sampler.start()
    yield sampler
    sampler.done.set()
    sampler.join()


def build(folder: Path, *, local_torch: bool) -> tuple[Path, Path, dict[str, str]]:
    """The environment and the repository as Binder makes them, and the variables to use them with."""
    repository, env = folder / "repository", folder / "env"
    archive = subprocess.run(["git", "archive", "HEAD"], cwd=ROOT, capture_output=True, check=True).stdout  # noqa: S607
    with tarfile.open(fileobj=io.BytesIO(archive)) as files:
        files.extractall(repository, filter="data")
    subprocess.run([sys.executable, "-m", "venv", str(env)], check=True)
    variables = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "VIRTUAL_ENV", "CRYSNB_DATA")}
    variables["PATH"] = f"{env / 'bin'}{os.pathsep}{variables['PATH']}"
    requirements = repository / "binder" / "requirements.txt"
    if local_torch:
        requirements.write_text("".join(requirements.read_text().splitlines(keepends=True)[1:]))
    pip = [str(env / "bin" / "pip"), "install", "-q", "--no-cache-dir", "-r", "binder/requirements.txt"]
    for command in (pip, ["binder/postBuild"]):
        subprocess.run(command, cwd=repository, env=variables, stdout=sys.stderr, check=True)
    return env, repository, variables


def installed_bytes(folder: Path) -> tuple[int, int]:
    """Bytes in the files of a folder, as layers of an image count them, and on this disk with its blocks."""
    found = {(s.st_dev, s.st_ino): s for s in (path.lstat() for path in folder.rglob("*"))}.values()
    files = sum(s.st_size for s in found if not stat.S_ISDIR(s.st_mode))
    return files, sum(s.st_blocks * 512 for s in found)


def overrides_are_active(server: LabServer) -> bool:
    """Whether the server knows the settings of binder/overrides.json as its defaults."""
    wanted: dict[str, dict[str, Any]] = json.loads((ROOT / "binder" / "overrides.json").read_text())
    for plugin, values in wanted.items():
        request = urllib.request.Request(  # noqa: S310 - our own server
            f"{server.url}/lab/api/settings/{plugin}", headers={"Authorization": f"token {server.token}"}
        )
        with urllib.request.urlopen(request, timeout=20) as reply:  # noqa: S310 - our own server
            properties = json.loads(reply.read())["schema"]["properties"]
        if any(properties[key].get("default") != value for key, value in values.items()):
            return False
    return True


def walk_through(server: LabServer) -> dict[str, Any]:
    """Run the notebook in a browser and look at every view; seconds from opening the page."""
    from playwright.sync_api import sync_playwright

    path = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=CHROMIUM_ARGS)
        lab = Lab(server, browser.new_context(viewport={"width": 1400, "height": 1000}).new_page())
        start = time.monotonic()
        lab.open(NOTEBOOK)
        lab.page.evaluate(START_RUN_ALL)
        lab.page.locator(".cn-root[data-status=idle]").first.wait_for(state="attached", timeout=120_000)
        first = time.monotonic() - start
        lab.page.wait_for_function(
            "() => [...document.querySelectorAll('.jp-CodeCell .jp-InputPrompt')]"
            ".every((p) => /\\d/.test(p.innerText))", timeout=120_000,
        )  # fmt: skip
        lab.wait_idle()
        everything = time.monotonic() - start
        for k in range(lab.page.locator(".cn-root").count()):
            lab.settle(lab.page.locator(".cn-root").nth(k))
        told = {
            "seconds_to_first_view": round(first, 1),
            "seconds_to_last_cell": round(everything, 1),
            "views": lab.page.locator(".cn-root[data-status=idle]").count(),
            "errors": lab.errors() + lab.console_errors,
            "outside_requests": len(lab.outside),
        }
        browser.close()
    return told


def measure(folder: Path, *, local_torch: bool) -> dict[str, Any]:
    """Everything that is printed."""
    begin = time.monotonic()
    env, repository, variables = build(folder, local_torch=local_torch)
    built = time.monotonic()
    server = LabServer(
        folder / "lab",
        launcher=(str(repository / "binder" / "start"), str(env / "bin" / "python")),
        settings={},
        environment={**variables, "CPU_LIMIT": CPUS},
    )
    server.folder.mkdir()
    server.start()
    try:
        shutil.copy(repository / "notebooks" / NOTEBOOK, server.work / NOTEBOOK)
        assert server.process is not None  # noqa: S101 - it has just started
        up = time.monotonic()
        with sampled(server.process.pid) as sampler:
            walked = walk_through(server)
        active = overrides_are_active(server)
    finally:
        server.stop()
    installed, on_disk = installed_bytes(env)
    sound = active and not walked["errors"] and walked["views"] > 0 and not walked["outside_requests"]
    return {
        "benchmark": "binder",
        "megabytes_peak": round(sampler.peak / 1e6),
        "megabytes_parts": {name: round(size / 1e6) for name, size in sampler.parts.items()},
        "samples": sampler.n,
        "budget_megabytes": round(BUDGET_MEMORY / 1e6),
        "megabytes_installed": round(installed / 1e6),
        "megabytes_on_disk": round(on_disk / 1e6),
        "budget_megabytes_installed": round(BUDGET_INSTALLED / 1e6),
        "seconds_build": round(built - begin),
        "seconds_server": round(up - built, 1),
        **walked,
        "overrides_active": active,
        "torch": _version(env),
        "within_budget": bool(
            sound
            and sampler.peak <= BUDGET_MEMORY
            and installed <= BUDGET_INSTALLED
            and walked["seconds_to_first_view"] <= BUDGET_SECONDS
        ),
    }


def _version(env: Path) -> str:
    command = [str(env / "bin" / "python"), "-c", "import torch; print(torch.__version__)"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def main() -> None:
    """Print one JSON line; the environment is removed again."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--local-torch",
        action="store_true",
        help="leave out the index of torch, where it cannot be reached and pip finds the CPU build elsewhere",
    )
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="crysnb-binder-") as folder:
        print(json.dumps(measure(Path(folder), local_torch=options.local_torch)))


if __name__ == "__main__":
    main()
