"""What this process may use of the machine: a container's limits count, not what the host has.

Read from control groups (both versions), the variables that JupyterHub sets, the CPU mask and
``/proc/meminfo``. Nothing is changed here: threads and limits are the user's.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

#: What JupyterHub and Binder tell: bytes, and cores.
MEMORY_VARIABLE, CPU_VARIABLE = "MEM_LIMIT", "CPU_LIMIT"

# Version 1 writes "no limit" as the largest multiple of a page that fits into 63 bits.
_NO_LIMIT = 1 << 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Processor cores and memory that this process may use.

    Attributes
    ----------
    cpus
        Cores, by quota or mask; may be a fraction.
    memory
        Bytes that all processes under the same limit may use together: of the container where it has a limit,
        else of the machine; None if the system does not tell.
    free
        Bytes of these that are still free, caches counted as free; None if the system does not tell.
    source
        Where the memory limit comes from: ``"cgroup"``, ``"MEM_LIMIT"``, ``"machine"`` or ``""``.
    """

    cpus: float
    memory: int | None
    free: int | None
    source: str

    @property
    def threads(self) -> int:
        """Threads that make sense for computing: whole cores, at least one."""
        return max(int(self.cpus), 1)

    def to_dict(self) -> dict[str, Any]:
        """The fields, and ``threads``."""
        return {**asdict(self), "threads": self.threads}


def limits() -> Limits:
    """Cores and memory that this process may use, with the limits of its container.

    Returns
    -------
    Limits
        Read anew on every call.

    Notes
    -----
    Control groups: https://docs.kernel.org/admin-guide/cgroup-v2.html and cgroup-v1/memory.html.
    """
    mask = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return read_limits(Path("/"), os.environ, mask)


def read_limits(root: Path, variables: Mapping[str, str], mask: int) -> Limits:
    """The same from a file system, environment variables and the number of cores in the CPU mask."""
    total, available = _meminfo(root)
    groups = list(_groups(root))
    cpus = [float(mask), *(q for folder in groups for q in _quota(folder))]
    caps = [(total, available, "machine")] if total is not None else []
    caps += [(*memory, "cgroup") for folder in groups for memory in _memory(folder)]
    if (told := _positive(variables.get(CPU_VARIABLE, ""))) is not None:
        cpus.append(told)
    if (told := _positive(variables.get(MEMORY_VARIABLE, ""))) is not None:
        caps.append((int(told), None, MEMORY_VARIABLE))
    if not caps:
        return Limits(cpus=min(cpus), memory=None, free=None, source="")
    memory, _, source = min(caps, key=lambda cap: cap[0])
    # The least that any limit leaves; a group above ours may be nearer to its end than ours.
    left = [free for _, free, _ in caps if free is not None]
    return Limits(cpus=min(cpus), memory=memory, free=min(memory, *left) if left else None, source=source)


def _meminfo(root: Path) -> tuple[int | None, int | None]:
    lines = dict(line.split(":", 1) for line in _text(root / "proc/meminfo").splitlines() if ":" in line)
    kib = {key: lines[key].split() for key in ("MemTotal", "MemAvailable") if key in lines}
    total, available = (_integer(kib[k][0]) if kib.get(k) else None for k in ("MemTotal", "MemAvailable"))
    return (total * 1024 if total else None), (available * 1024 if available is not None else None)


def _groups(root: Path) -> Iterator[Path]:
    """Folders of the control groups that this process is in, and of those above them."""
    base = root / "sys/fs/cgroup"
    for line in _text(root / "proc/self/cgroup").splitlines():
        number, _, rest = line.partition(":")
        names, _, path = rest.partition(":")
        mounts = [base, base / "unified"] if number == "0" and not names else [base / names]
        mounts += [base / name for name in names.split(",") if name and name != names]
        parts = [part for part in path.split("/") if part not in ("", ".", "..")]
        for mount in mounts:
            # Inside a container the path may be the host's, and only its root is mounted here.
            for depth in range(len(parts), -1, -1):
                folder = mount.joinpath(*parts[:depth])
                if folder.is_dir():
                    yield folder


def _quota(folder: Path) -> Iterator[float]:
    words = _text(folder / "cpu.max").split()
    if not words:
        words = [_text(folder / f"cpu.cfs_{name}_us").strip() for name in ("quota", "period")]
    quota, period = (_integer(word) for word in [*words, "", ""][:2])
    if quota is not None and period is not None and quota > 0 and period > 0:
        yield quota / period


def _memory(folder: Path) -> Iterator[tuple[int, int | None]]:
    """Limit of a group, and what it leaves free."""
    for limit_file, usage_file, cache in (
        ("memory.max", "memory.current", "inactive_file"),
        ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
    ):
        limit = _integer(_text(folder / limit_file))
        if limit is None or not 0 < limit < _NO_LIMIT:
            continue
        usage = _integer(_text(folder / usage_file))
        if usage is None:
            yield limit, None
            continue
        stat = dict(line.split(" ", 1) for line in _text(folder / "memory.stat").splitlines() if " " in line)
        # What Kubernetes calls the working set: cached files are given back when memory is short.
        used = usage - (_integer(stat.get(cache, "")) or 0)
        yield limit, min(max(limit - used, 0), limit)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii", errors="replace")
    except OSError:
        return ""


def _integer(word: str) -> int | None:
    word = word.strip()
    return int(word) if word.lstrip("-").isdecimal() and len(word) < 30 else None


def _positive(word: str) -> float | None:
    try:
        value = float(word)
    except ValueError:
        return None
    return value if math.isfinite(value) and value > 0 else None
