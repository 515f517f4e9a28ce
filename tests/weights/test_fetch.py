"""Where fetched files are kept, the offline switch, and certificates; row M6 has the rest."""

from __future__ import annotations

import shutil
import ssl
import subprocess
import sys
import threading
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

import local_server

from crysnb.datasets import download_matbench
from crysnb.errors import CrysnbError
from crysnb.weights import fetch as module
from crysnb.weights.fetch import cache_folder, fetch, is_offline


def test_the_hook_of_the_tests_is_off() -> None:
    assert not module.PLAIN_HTTP


@pytest.mark.parametrize(
    ("value", "off"),
    [(None, False), ("", False), ("0", False), ("False", False), (" no ", False), ("1", True), ("x", True)],
)  # fmt: skip
def test_the_offline_switch(monkeypatch: pytest.MonkeyPatch, value: str | None, off: bool) -> None:
    monkeypatch.delenv("CRYSNB_OFFLINE", raising=False)
    if value is not None:
        monkeypatch.setenv("CRYSNB_OFFLINE", value)
    assert is_offline() is off


def test_the_cache_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CRYSNB_CACHE", str(tmp_path / "mine"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert cache_folder() == tmp_path / "mine"
    monkeypatch.delenv("CRYSNB_CACHE")
    assert cache_folder() == tmp_path / "xdg" / "crysnb"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert cache_folder() == tmp_path / ".cache" / "crysnb"
    assert list(tmp_path.iterdir()) == []


def test_no_home(monkeypatch: pytest.MonkeyPatch) -> None:
    def homeless() -> Path:
        raise RuntimeError("Could not determine home directory.")

    for name in ("CRYSNB_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(Path, "home", homeless)
    with pytest.raises(CrysnbError, match="CRYSNB_CACHE") as caught:
        cache_folder()
    assert caught.value.code == "cache.no_home"


def test_a_cache_that_cannot_be_written_names_the_variable(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.delenv("CRYSNB_OFFLINE", raising=False)
    monkeypatch.setenv("CRYSNB_CACHE", str(tmp_path / "file" / "cache"))
    with pytest.raises(CrysnbError, match="CRYSNB_CACHE") as caught:
        download_matbench("matbench_phonons")
    assert caught.value.code == "download.not_writable"


def test_a_certificate_of_nobody_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if shutil.which("openssl") is None:
        pytest.skip("no openssl to make a certificate with")
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", str(key), "-out",
         str(certificate), "-days", "2", "-subj", "/CN=localhost"],
        check=True, capture_output=True,
    )  # fmt: skip
    server = local_server.LocalServer(b"content")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.delenv("CRYSNB_OFFLINE", raising=False)
    try:
        with pytest.raises(CrysnbError, match="certificate") as caught:
            fetch(f"https://{server.netloc}/file", tmp_path / "out", sha256="0" * 64)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
    assert caught.value.code == "download.refused"
    assert server.requests == []
