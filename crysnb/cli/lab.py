"""``crysnb lab``: copies the notebooks and opens JupyterLab there."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import subprocess
import sys
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Annotated

import typer

import crysnb
from crysnb.cli import console
from crysnb.errors import CrysnbError, MissingExtra, quote
from crysnb.files import write_whole

FIRST = "00_quickstart.ipynb"
#: Remembers what was copied, so that a notebook that the user has changed is told from an old copy.
MANIFEST = ".crysnb-notebooks.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Copied:
    """What :func:`copy_notebooks` did, by file name."""

    folder: str
    new: list[str] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    beside: list[str] = field(default_factory=list)


def lab(
    context: typer.Context,
    folder: Annotated[
        str, typer.Argument(metavar="[DIR]", help="Where the notebooks go.")
    ] = "crysnb-notebooks",
    copy_only: Annotated[bool, typer.Option("--copy-only", help="Do not open JupyterLab.")] = False,
    as_json: console.Json = False,
) -> None:
    """Copy the notebooks to DIR and open JupyterLab there.

    Further arguments go to JupyterLab. A notebook that you have changed is never overwritten:
    a newer version is put beside it.
    """
    extra = list(context.args)
    if folder.startswith("-"):  # `crysnb lab -- --no-browser`
        folder, extra = "crysnb-notebooks", [folder, *extra]
    try:
        copied = copy_notebooks(Path(folder))
        if as_json:
            console.emit(asdict(copied))
        else:
            _say(copied)
        code = 0 if copy_only else _open(Path(folder), extra)
    except CrysnbError as error:
        console.report_failure(folder, error, as_json=as_json)
        raise typer.Exit(1) from error
    raise typer.Exit(1 if code else 0)


def notebooks_folder() -> Path:
    """Folder of the shipped notebooks: the repository's in an editable install, else the wheel's."""
    package = Path(crysnb.__file__).parent
    for folder in (package.parent / "notebooks", package / "_notebooks"):
        # A stranger's folder called "notebooks" may lie beside an installed package.
        if (folder / FIRST).is_file() and (folder.name == "_notebooks" or _is_repository(package.parent)):
            return folder
    raise CrysnbError(
        "notebooks.missing",
        found="this installation holds no notebooks",
        action="Install crysnb again",
    )


def _is_repository(folder: Path) -> bool:
    return (folder / "pyproject.toml").is_file()


def copy_notebooks(target: Path) -> Copied:
    """Copy the shipped notebooks to ``target`` without overwriting the user's work.

    Parameters
    ----------
    target
        Folder; made if it is not there.

    Returns
    -------
    Copied
        Names of the files that are new, were brought up to date, were the same already, or were
        kept because the user has changed them; ``beside`` names the newer versions of the latter.

    Raises
    ------
    CrysnbError
        ``notebooks.folder`` if the folder cannot be written.
    """
    shipped = notebooks_folder()
    done = Copied(folder=str(target))
    try:
        target.mkdir(parents=True, exist_ok=True)
        manifest = _read_manifest(target / MANIFEST)
        for source in sorted(shipped.glob("*.ipynb")):
            content = source.read_bytes()
            _place(target, source.name, content, manifest.get(source.name), done)
            manifest[source.name] = _digest(content)
        write_whole(
            target / MANIFEST, json.dumps(manifest, indent=1, sort_keys=True).encode(), overwrite=True
        )
    except OSError as error:
        raise CrysnbError(
            "notebooks.folder",
            found=f"cannot write to {quote(str(target))} ({error.strerror})",
            accepted="a folder of yours",
            action="Name another one: crysnb lab DIR",
        ) from error
    return done


def _place(target: Path, name: str, content: bytes, last: str | None, done: Copied) -> None:
    path = target / name
    if not path.exists():
        write_whole(path, content, overwrite=True)
        done.new.append(name)
        return
    present = _digest(path.read_bytes())
    if present == _digest(content):
        done.unchanged.append(name)
    elif present == last:
        write_whole(path, content, overwrite=True)
        done.updated.append(name)
    else:
        done.kept.append(name)
        if last != _digest(content):  # the shipped one is newer than the one the user began with
            other = path.with_name(f"{path.stem}.crysnb-{crysnb.__version__}{path.suffix}")
            if not other.exists():
                write_whole(other, content, overwrite=True)
                done.beside.append(other.name)


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _read_manifest(path: Path) -> dict[str, str]:
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}  # without it every file that differs counts as changed by the user
    return {str(k): str(v) for k, v in manifest.items()} if isinstance(manifest, dict) else {}


def _say(copied: Copied) -> None:
    counts = ((copied.new, "new"), (copied.updated, "updated"), (copied.unchanged, "unchanged"))
    parts = [f"{len(names)} {word}" for names, word in counts if names]
    if copied.kept:
        parts.append(f"{len(copied.kept)} kept because you changed them ({', '.join(copied.kept)})")
    console.tell(f"Notebooks in {copied.folder}: {'; '.join(parts) or 'none'}.")
    if copied.beside:
        console.tell(f"Newer versions are beside them: {', '.join(copied.beside)}.")


def _open(folder: Path, extra: list[str]) -> int:
    if importlib.util.find_spec("jupyterlab") is None:
        raise MissingExtra(
            "extra.notebook",
            found="JupyterLab is not installed",
            action='Install it with: pip install "crysnb[notebook]"',
        )
    command = [sys.executable, "-m", "jupyterlab", f"--ServerApp.root_dir={folder.resolve()}"]
    command.append(f"--LabApp.default_url=/lab/tree/{FIRST}")
    if hasattr(os, "geteuid") and os.geteuid() == 0 and "--allow-root" not in extra:
        # In a container one is often root; the server listens to this machine only and asks for a token.
        command.append("--allow-root")
    return _become([*command, *extra])


def _become(command: list[str]) -> int:
    """Let JupyterLab take the place of this process, so that every signal reaches it."""
    sys.stdout.flush()
    if os.name == "posix":
        os.execv(command[0], command)  # noqa: S606 - our interpreter, the user's own arguments
    try:
        return subprocess.call(command)  # noqa: S603 - the same
    except KeyboardInterrupt:
        return 0  # Ctrl-C is how one leaves JupyterLab
