"""M7: a training that is killed goes on from its last checkpoint, and ends with the same bytes.

Source: a batch system kills what runs too long; SIGKILL leaves no time to tidy up.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

from crysnb.errors import CrysnbError
from crysnb.training import checkpoint

WORKER = Path(__file__).with_name("training_worker.py")


def killed(folder: Path, stage: str, kills: int, seed: int = 0) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, str(WORKER), str(folder), stage, str(kills), str(seed)],
        capture_output=True,
        text=True,
        timeout=800,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def test_killed_at_a_few_random_moments(tmp_path: Path) -> None:
    answer = killed(tmp_path, "tensors", 3)
    assert len(answer["killed_at"]) == 3
    assert answer["same"], answer


@pytest.mark.slow
@pytest.mark.parametrize("stage", ["tensors", "lessons"])
def test_killed_at_ten_random_moments(tmp_path: Path, stage: str) -> None:
    answer = killed(tmp_path, stage, 10, seed=1)
    assert len(answer["killed_at"]) == 10
    assert answer["same"], answer


def state(epoch: int) -> checkpoint.Checkpoint:
    log = [{"epoch": k + 1, "loss": 0.5} for k in range(epoch)]
    return checkpoint.Checkpoint(epoch, "hash", {"network.a": torch.full((9,), float(epoch))}, log)


class Killed(BaseException):
    """As abrupt as the signal."""


@pytest.mark.parametrize("after", ["state.safetensors", "state.json"])
def test_killed_while_a_checkpoint_is_written_anew(
    tmp_path: Path, after: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The epoch was saved before, and the pointer leads to it: what is under its name stays whole."""
    checkpoint.save(tmp_path, state(1))
    write = checkpoint.write_whole

    def last(path: Path, content: bytes, **options: Any) -> None:
        write(path, content[: len(content) // 2] if path.name == after else content, **options)
        if path.name == after:
            raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(checkpoint, "write_whole", last)
        with pytest.raises(Killed):
            checkpoint.save(tmp_path, state(1))
    found = checkpoint.latest(tmp_path, "hash")
    assert found is not None
    assert found.epoch == 1
    assert torch.equal(found.tensors["network.a"], torch.ones(9))


def test_a_checkpoint_that_was_changed_gives_way_to_the_one_before(tmp_path: Path) -> None:
    for epoch in (1, 2):
        checkpoint.save(tmp_path, state(epoch))
    file = tmp_path / "epoch00002" / "state.safetensors"
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(content)
    found = checkpoint.latest(tmp_path, "hash")
    assert found is not None
    assert found.epoch == 1


def test_a_checkpoint_that_the_pointer_does_not_reach_yet_is_not_used(tmp_path: Path) -> None:
    for epoch in (1, 2):
        checkpoint.save(tmp_path, state(epoch))
    (tmp_path / "latest.json").write_text('{"checkpoint": "epoch00001"}')
    found = checkpoint.latest(tmp_path, "hash")
    assert found is not None
    assert found.epoch == 1


def test_a_checkpoint_of_another_recipe_is_refused(tmp_path: Path) -> None:
    checkpoint.save(tmp_path, state(1))
    with pytest.raises(CrysnbError) as caught:
        checkpoint.latest(tmp_path, "another hash")
    assert caught.value.code == "training.other_recipe"
