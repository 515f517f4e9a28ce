"""Start a JupyterLab of our own, and drive it: open, run all, act, read back."""

import contextlib
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

START_SECONDS = 90
CHROMIUM_ARGS = [
    "--no-sandbox",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--force-color-profile=srgb",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
]

# A fixed look and no traffic of Lab's own; a user's settings are never read.
SETTINGS = {
    "@jupyterlab/apputils-extension/notification": {
        "fetchNews": "false",
        "checkForUpdates": False,
        "doNotDisturbMode": True,
    },
    "@jupyterlab/apputils-extension/themes": {"theme": "JupyterLab Light", "adaptive-theme": False},
    "@jupyterlab/docmanager-extension/plugin": {"autosave": False},
    "@jupyterlab/notebook-extension/tracker": {"windowingMode": "none"},
}

# What JupyterLab itself, or the browser about it, writes to the console; nothing of ours may be added here.
LAB_CONSOLE = (
    # Lab asks for files that need not exist (workspace, a custom style sheet) and the browser logs the 404.
    "Failed to load resource: the server responded with a status of 404",
)


# Read from the notebook's model: what is drawn lags behind it.
_CELLS = "window.jupyterapp.shell.currentWidget.content"
FIND_CELL = f"""(source) => {{
  const notebook = {_CELLS};
  const k = notebook.widgets.findIndex(
    (c) => c.model.type === "code" && c.model.sharedModel.getSource().includes(source));
  if (k >= 0) {{ notebook.activeCellIndex = k; notebook.deselectAll(); }}
  return k;
}}"""
EXECUTION_COUNT = f"(k) => {_CELLS}.widgets[k].model.executionCount"
KERNEL_IDLE = """() =>
  window.jupyterapp.shell.currentWidget?.sessionContext?.session?.kernel?.status === "idle" """
# Resolves with a primitive, and rejects when a dialog of Lab would wait for ever.
RUN_COMMAND = """([name, args]) => Promise.race([
  window.jupyterapp.commands.execute(name, args).then(() => 1),
  new Promise((_, reject) => setTimeout(() => reject(new Error(`${name} did not end`)), 120000)),
])"""
ERRORS = f"""() => {_CELLS}.widgets.flatMap((c) => c.model.type !== "code" ? [] :
  c.model.outputs.toJSON().filter((o) => o.output_type === "error")
    .map((o) => `${{o.ename}}: ${{o.evalue}}`))"""
LAST_OUTPUT = f"""(k) => {{
  const outputs = {_CELLS}.widgets[k].model.outputs;
  const last = outputs.length ? outputs.get(outputs.length - 1).toJSON() : {{}};
  return last.text ?? last.data?.["text/plain"] ?? `${{last.ename}}: ${{last.evalue}}`;
}}"""


@dataclass
class LabServer:
    """A JupyterLab on the loopback address with its own configuration, data and runtime folders."""

    folder: Path
    token: str = field(default_factory=lambda: secrets.token_hex(16))
    port: int = 0
    launcher: tuple[str, ...] = (sys.executable,)  # what is put before `-m jupyterlab`
    settings: dict[str, Any] = field(default_factory=lambda: SETTINGS)
    environment: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        self.port = _free_port()
        home = self.folder / "home"
        for name in ("config", "data", "runtime", "settings", "workspaces", "work"):
            (home / name).mkdir(parents=True)
        for plugin, values in self.settings.items():
            path = home / "settings" / f"{plugin}.jupyterlab-settings"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(values))
        env = {
            **os.environ,
            **self.environment,
            "HOME": str(home),
            "JUPYTER_CONFIG_DIR": str(home / "config"),
            "JUPYTER_DATA_DIR": str(home / "data"),
            "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
            "JUPYTERLAB_SETTINGS_DIR": str(home / "settings"),
            "JUPYTERLAB_WORKSPACES_DIR": str(home / "workspaces"),
            "CRYSNB_OFFLINE": "1",
        }
        command = [
            *self.launcher, "-m", "jupyterlab",
            "--no-browser", "--allow-root", "--ServerApp.ip=127.0.0.1", f"--ServerApp.port={self.port}",
            "--ServerApp.port_retries=0", f"--ServerApp.root_dir={home / 'work'}",
            f"--IdentityProvider.token={self.token}", "--LabApp.expose_app_in_browser=True",
            "--LabApp.extension_manager=readonly", "--LabApp.news_url=None",
        ]  # fmt: skip
        log = (self.folder / "lab.log").open("wb")
        self.process = subprocess.Popen(
            command, env=env, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
        )
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                break
            with contextlib.suppress(OSError):
                self.api("GET", "status")
                return
            time.sleep(0.2)
        self.stop()
        raise RuntimeError("JupyterLab did not start:\n" + (self.folder / "lab.log").read_text()[-4000:])

    def write(self, name: str, cells: Iterable[str]) -> str:
        """Put a notebook with these code cells into the server's folder; its name."""
        empty: dict[str, object] = {
            "cell_type": "code",
            "execution_count": None,
            "metadata": {},
            "outputs": [],
        }
        kernel = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
        numbered = [{**empty, "id": f"cell-{k}", "source": text.strip()} for k, text in enumerate(cells)]
        content = {"nbformat": 4, "nbformat_minor": 5, "metadata": kernel, "cells": numbered}
        (self.work / name).write_text(json.dumps(content), encoding="utf-8")
        return name

    @property
    def work(self) -> Path:
        return self.folder / "home" / "work"

    def api(self, method: str, path: str) -> Any:
        request = urllib.request.Request(  # noqa: S310 - our own server
            f"{self.url}/api/{path}", method=method, headers={"Authorization": f"token {self.token}"}
        )
        with urllib.request.urlopen(request, timeout=5) as reply:  # noqa: S310
            body = reply.read()
        return json.loads(body) if body else None

    def end_sessions(self) -> None:
        """A reopened notebook would otherwise attach to its old kernel."""
        for session in self.api("GET", "sessions"):
            self.api("DELETE", f"sessions/{session['id']}")
        for kernel in self.api("GET", "kernels"):
            self.api("DELETE", f"kernels/{kernel['id']}")

    def stop(self) -> None:
        if self.process is None or self.process.poll() is not None:
            return
        with contextlib.suppress(OSError):
            self.end_sessions()
        os.killpg(self.process.pid, signal.SIGTERM)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


class Lab:
    """One browser page on a Lab server; collects console errors and outside requests from the start."""

    def __init__(self, server: LabServer, page: Any) -> None:
        self.server = server
        self.page = page
        self.console_errors: list[str] = []
        self.outside: list[str] = []
        self.n_sent = 0  # messages from the page to the kernel
        page.on("console", self._on_console)
        page.on("pageerror", lambda error: self.console_errors.append(f"uncaught: {error}"))
        page.on("request", self._on_request)
        page.on("websocket", lambda socket: socket.on("framesent", self._on_frame))

    def _on_console(self, message: Any) -> None:
        if message.type == "error" and not any(known in message.text for known in LAB_CONSOLE):
            self.console_errors.append(message.text)

    def _on_frame(self, _: Any) -> None:
        self.n_sent += 1

    def _on_request(self, request: Any) -> None:
        parts = urlsplit(request.url)
        if parts.scheme not in ("data", "blob", "about") and parts.hostname != "127.0.0.1":
            self.outside.append(request.url)

    # -- notebook ---------------------------------------------------------------------------------

    def open(self, notebook: str, *, kernel: bool = True) -> None:
        """Open a notebook; without a kernel it is shown exactly as it was saved."""
        base = f"{self.server.url}/lab"
        self.page.goto(f"{base}/tree/{notebook}?token={self.server.token}&reset" if kernel
                       else f"{base}?token={self.server.token}&reset")  # fmt: skip
        # A splash that has not appeared yet counts as gone, so the application is waited for first.
        self.page.wait_for_function("() => window.jupyterapp !== undefined", timeout=60_000)
        self.page.evaluate("() => window.jupyterapp.restored.then(() => 1)")
        self.page.wait_for_selector("#jupyterlab-splash", state="detached", timeout=60_000)
        if not kernel:
            self.page.wait_for_function("() => window.jupyterapp.commands.hasCommand('docmanager:open')")
            preference = {"shouldStart": False, "canStart": False, "autoStartDefault": False}
            self.command("docmanager:open", {"path": notebook, "kernelPreference": preference})
        self.page.wait_for_selector(".jp-NotebookPanel:not(.lm-mod-hidden) .jp-Cell", timeout=60_000)
        if kernel:
            # The indicator says idle before there is a kernel; running then would ask which kernel to take.
            self.page.wait_for_function(
                KERNEL_IDLE,
                timeout=60_000,
            )
            self.wait_idle()

    def command(self, name: str, args: dict[str, Any] | None = None) -> None:
        """Run a command of Lab. A raw promise result must not be returned: it hangs the driver."""
        self.page.evaluate(
            RUN_COMMAND,
            [name, args or {}],
        )

    def wait_idle(self) -> None:
        self.page.wait_for_selector(
            ".jp-NotebookPanel:not(.lm-mod-hidden) .jp-Notebook-ExecutionIndicator[data-status=idle]",
            timeout=120_000,
        )

    def run_all(self) -> None:
        self.command("notebook:run-all-cells")
        self.wait_idle()

    def errors(self) -> list[str]:
        """Errors in outputs; run-all resolves early when a cell raises."""
        return list(self.page.evaluate(ERRORS))

    def prompts(self) -> list[str]:
        """Texts of the prompts of all code cells, such as ``[3]:``."""
        return list(self.page.locator(".jp-CodeCell .jp-InputPrompt").all_inner_texts())

    def run_cell_with(self, source: str) -> str:
        """Run the code cell whose source contains ``source`` again, and return its last output as text."""
        index = self.page.evaluate(FIND_CELL, source)
        assert index >= 0, f"no code cell with {source!r}"
        before = self.page.evaluate(EXECUTION_COUNT, index)
        self.command("notebook:run-cell")
        self.page.wait_for_function(
            f"([k, before]) => {{ const n = ({EXECUTION_COUNT})(k); return n !== null && n !== before; }}",
            arg=[index, before],
        )
        self.wait_idle()
        return str(self.page.evaluate(LAST_OUTPUT, index))

    def settle(self, target: Any) -> Any:
        """Bring an element into view and wait for the frame; a click right after a scroll may miss."""
        target.scroll_into_view_if_needed()
        self.page.wait_for_timeout(400)
        self.page.evaluate(
            "() => new Promise((r) => requestAnimationFrame(() => requestAnimationFrame(() => r(1))))"
        )
        return target

    def theme(self, name: str, *, light: bool) -> None:
        self.command("apputils:change-theme", {"theme": name})
        self.page.wait_for_selector(f"body[data-jp-theme-light='{str(light).lower()}']", state="attached")
        self.page.wait_for_timeout(400)

    def visible_pictures(self) -> int:
        """Pictures in outputs that a reader sees, drawings inside live views not counted."""
        return int(
            self.page.evaluate(
                """() => [...document.querySelectorAll(".jp-OutputArea-output img[src^='data:image/png']")]
                     .filter((i) => i.getClientRects().length > 0).length"""
            )
        )


def _free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])


def chromium() -> str | None:
    """Path of the browser, or None where there is none."""
    path = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    return path if path and Path(path).exists() else None


@contextlib.contextmanager
def opened(cells: Iterable[str]) -> Iterator[Lab]:
    """A notebook with these code cells in a Lab and a browser that end with the block; for measurements."""
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder, sync_playwright() as playwright:
        server = LabServer(Path(folder))
        server.start()
        try:
            browser = playwright.chromium.launch(executable_path=chromium(), args=CHROMIUM_ARGS)
            lab = Lab(server, browser.new_page(viewport={"width": 1400, "height": 1000}))
            lab.open(server.write("measured.ipynb", cells))
            yield lab
            browser.close()
        finally:
            server.stop()
