"""What all tests share: the data folder, reproducible hypothesis, and no way out to the internet."""

from __future__ import annotations

import os
import socket
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

# The same examples every time, so that a red test is red for everybody; HYPOTHESIS_PROFILE=free explores.
settings.register_profile(
    "fixed", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("free", deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "fixed"))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Keep the tests of a file in one process, and all that drive a browser: they share one Lab."""
    from xdist.scheduler import LoadScopeScheduling

    class ByFile(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            file = nodeid.split("::", 1)[0]
            return "tests/browser" if file.startswith("tests/browser/") else file

    return ByFile(config, log)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Make what was captured sendable: hostile tests log half surrogate pairs, which no pipe takes."""
    report = yield
    report.sections = [
        (title, text.encode(errors="backslashreplace").decode()) for title, text in report.sections
    ]
    return report


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """The folder of real DFT data; tests that ask for it are skipped where there is none."""
    folder = os.environ.get("CRYSNB_DATA")
    if not folder:
        pytest.skip("CRYSNB_DATA is not set: no real data to test on")
    return Path(folder)


@pytest.fixture(autouse=True, scope="session")
def _offline(request: pytest.FixtureRequest) -> Iterator[None]:
    """Refuse every connection that leaves the machine: the default suite runs offline."""
    if "network" in (request.config.option.markexpr or "").replace("not network", ""):
        yield
        return
    patch = pytest.MonkeyPatch()
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        host = address[0] if isinstance(address, tuple) else None  # a unix socket has a path
        if host is not None and host not in ("localhost", "::1") and not str(host).startswith("127."):
            message = f"a test tried to reach {host}"
            raise OSError(message)
        connect(self, address)

    patch.setattr(socket.socket, "connect", guarded)
    yield
    patch.undo()
