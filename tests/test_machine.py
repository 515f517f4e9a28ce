"""Limits of a container are read from both versions of control groups, and from what JupyterHub tells."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import crysnb as cn
from crysnb import environment
from crysnb.machine import Limits, read_limits

GIB = 1 << 30
NO_LIMIT = "9223372036854771712"


def tree(root: Path, files: dict[str, object]) -> Path:
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{content}\n")
    return root


HOST = {"proc/meminfo": f"MemTotal: {16 * GIB // 1024} kB\nMemFree: 1 kB\nMemAvailable: {8 * GIB // 1024} kB"}
V2 = {**HOST, "proc/self/cgroup": "0::/"}
V1 = {**HOST, "proc/self/cgroup": "4:memory:/docker/abc\n2:cpu,cpuacct:/docker/abc\n1:name=systemd:/x"}


def test_without_a_container_the_machine_counts(tmp_path):
    found = read_limits(tree(tmp_path, HOST), {}, 8)
    assert found == Limits(cpus=8, memory=16 * GIB, free=8 * GIB, source="machine")


def test_version_2(tmp_path):
    files = {
        "memory.max": 2 * GIB, "memory.current": GIB, "cpu.max": "150000 100000",
        "memory.stat": f"anon 5\nfile 7\ninactive_file {GIB // 4}\nactive_file 3",
    }  # fmt: skip
    root = tree(tmp_path, {**V2, **{f"sys/fs/cgroup/{k}": v for k, v in files.items()}})
    found = read_limits(root, {}, 8)
    assert found == Limits(cpus=1.5, memory=2 * GIB, free=GIB + GIB // 4, source="cgroup")
    assert found.threads == 1


def test_version_2_without_limits(tmp_path):
    root = tree(tmp_path, {**V2, "sys/fs/cgroup/memory.max": "max", "sys/fs/cgroup/cpu.max": "max 100000"})
    assert read_limits(root, {}, 8) == Limits(cpus=8, memory=16 * GIB, free=8 * GIB, source="machine")


def test_a_group_above_counts_too(tmp_path):
    inner = "sys/fs/cgroup/kubepods/pod1"
    root = tree(
        tmp_path,
        {
            **HOST,
            "proc/self/cgroup": "0::/kubepods/pod1/notebook",
            f"{inner}/notebook/memory.max": "max",
            f"{inner}/memory.max": 3 * GIB, f"{inner}/memory.current": 3 * GIB - 10,
            f"{inner}/cpu.max": "50000 100000",
            "sys/fs/cgroup/kubepods/memory.max": 12 * GIB,
            "sys/fs/cgroup/kubepods/memory.current": 12 * GIB - 4,
        },
    )  # fmt: skip
    found = read_limits(root, {}, 8)
    assert found == Limits(cpus=0.5, memory=3 * GIB, free=4, source="cgroup")
    assert found.threads == 1


@pytest.mark.parametrize("folder", ["docker/abc/", ""], ids=["host's path", "mounted root"])
@pytest.mark.parametrize("cpu", ["cpu", "cpu,cpuacct"])
def test_version_1(tmp_path, folder, cpu):
    memory, cpus = f"sys/fs/cgroup/memory/{folder}", f"sys/fs/cgroup/{cpu}/{folder}"
    root = tree(
        tmp_path,
        {
            **V1,
            f"{memory}memory.limit_in_bytes": GIB, f"{memory}memory.usage_in_bytes": GIB // 2,
            f"{memory}memory.stat": "cache 9\ninactive_file 1\ntotal_inactive_file 100",
            f"{cpus}cpu.cfs_quota_us": 200_000, f"{cpus}cpu.cfs_period_us": 100_000,
        },
    )  # fmt: skip
    assert read_limits(root, {}, 8) == Limits(cpus=2, memory=GIB, free=GIB // 2 + 100, source="cgroup")


def test_version_1_without_limits(tmp_path):
    root = tree(
        tmp_path,
        {
            **V1,
            "sys/fs/cgroup/memory/memory.limit_in_bytes": NO_LIMIT,
            "sys/fs/cgroup/cpu/cpu.cfs_quota_us": -1, "sys/fs/cgroup/cpu/cpu.cfs_period_us": 100_000,
        },
    )  # fmt: skip
    assert read_limits(root, {}, 8).source == "machine"
    assert read_limits(root, {}, 8).cpus == 8


def test_what_jupyterhub_tells(tmp_path):
    variables = {"MEM_LIMIT": str(GIB), "CPU_LIMIT": "1.0"}
    found = read_limits(tree(tmp_path, HOST), variables, 8)
    assert found == Limits(cpus=1, memory=GIB, free=GIB, source="MEM_LIMIT")
    # A wider one than the machine's changes nothing.
    wide = read_limits(tmp_path, {"MEM_LIMIT": str(99 * GIB), "CPU_LIMIT": "64"}, 8)
    assert (wide.cpus, wide.source) == (8, "machine")


@pytest.mark.parametrize("word", ["", "2G", "nan", "inf", "-1", "0", "1e999", "x" * 10_000])
def test_a_variable_that_is_no_number_is_left_out(tmp_path, word):
    assert read_limits(tree(tmp_path, HOST), {"MEM_LIMIT": word, "CPU_LIMIT": word}, 8).source == "machine"


def test_a_system_that_tells_nothing(tmp_path):
    assert read_limits(tmp_path, {}, 4) == Limits(cpus=4, memory=None, free=None, source="")


NAMES = ["proc/meminfo", "proc/self/cgroup", *(f"sys/fs/cgroup/{n}" for n in (
    "memory.max", "memory.current", "memory.stat", "cpu.max", "memory/memory.limit_in_bytes",
    "memory/memory.usage_in_bytes", "cpu/cpu.cfs_quota_us", "cpu/cpu.cfs_period_us"))]  # fmt: skip
WORDS = st.lists(
    st.sampled_from(["0", "-1", "max", ":", "0::/", "4:memory:/..", "MemTotal:", " ", "7", "\n", "٣"])
)


@given(st.dictionaries(st.sampled_from(NAMES), WORDS.map("".join)))
def test_any_content_is_survived(tmp_path_factory, files):
    found = read_limits(tree(tmp_path_factory.mktemp("m"), files), {}, 4)
    assert 0 < found.cpus <= 4
    assert found.free is None or 0 <= found.free <= found.memory


def test_this_process():
    found = cn.limits()
    assert 0 < found.cpus <= (os.cpu_count() or 1)
    assert found.to_dict()["threads"] == found.threads
    if sys.platform == "linux":
        assert 0 < found.free <= found.memory


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="no CPU mask on this system")
def test_the_mask_of_the_process_counts():
    code = (
        "import os; os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})\n"
        "import crysnb; print(crysnb.limits().cpus)"
    )
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert float(printed) == 1


# -- crysnb doctor -------------------------------------------------------------------------------------------


def told(monkeypatch, threads=2, **found):
    import torch

    limits = Limits(**{"cpus": 2, "memory": 8 * GIB, "free": 6 * GIB, "source": "machine", **found})
    monkeypatch.setattr(environment, "limits", lambda: limits)
    monkeypatch.setattr(torch, "get_num_threads", lambda: threads)
    return {check.name: check for check in environment._machine()}


def test_doctor_is_content_with_room_enough(monkeypatch):
    checks = told(monkeypatch)
    assert {check.status for check in checks.values()} == {"ok"}
    assert checks["memory"].found == "6.0 of 8.0 GiB free"


def test_doctor_sees_more_threads_than_cores(monkeypatch):
    check = told(monkeypatch, threads=16, cpus=1.5)["processor"]
    assert check.status == "note"
    assert "OMP_NUM_THREADS=1" in check.action


def test_doctor_sees_a_small_container(monkeypatch):
    check = told(monkeypatch, memory=700_000_000, free=GIB // 2, source="cgroup")["memory"]
    assert check.status == "note"
    assert "cgroup" in check.found
    assert "other kernels" in told(monkeypatch, free=GIB // 4)["memory"].action


def test_doctor_says_where_nothing_is_told(monkeypatch):
    assert told(monkeypatch, memory=None, free=None, source="")["memory"].found == "the system does not tell"
