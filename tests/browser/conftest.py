"""A real JupyterLab and a real browser. Everything skips, with the reason, where either is missing."""

import shutil
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from lab_driver import CHROMIUM_ARGS, Lab, LabServer, chromium

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def screenshots() -> Path:
    folder = Path(__file__).parent / "screenshots"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def browser():
    path = chromium()
    if path is None:
        pytest.skip("no Chromium: install the distribution's chromium, or set CHROMIUM to its path")
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=CHROMIUM_ARGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def lab_server(tmp_path_factory):
    pytest.importorskip("jupyterlab", reason="jupyterlab is not installed")
    server = LabServer(tmp_path_factory.mktemp("lab"))
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def lab(lab_server, browser):
    """One page per module: opening a notebook and running it takes far longer than what is then asserted."""
    context = browser.new_context(viewport={"width": 1400, "height": 1000})
    yield Lab(lab_server, context.new_page())
    context.close()
    lab_server.end_sessions()


@pytest.fixture(scope="module")
def notebook(lab_server):
    """Copy one of the shipped notebooks into the server's folder."""

    def copy(name: str) -> str:
        shutil.copy(ROOT / "notebooks" / name, lab_server.work / name)
        return name

    return copy
