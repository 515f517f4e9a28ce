"""`crysnb warmup`: what an image runs once; a step that fails is told, and fails the build."""

import pytest

from crysnb.cli import warmup
from crysnb.errors import CrysnbError


@pytest.mark.slow
def test_everything_is_touched(crysnb, objects):
    result = crysnb("warmup", "--json")
    assert result.exit_code == 0
    steps = {o["id"]: o["seconds"] for o in objects(result)}
    assert {"models", "tensors"} <= set(steps)
    assert all(seconds >= 0 for seconds in steps.values())


def test_a_step_that_fails_fails_the_command_and_not_the_others(crysnb, objects, monkeypatch):
    def broken():
        raise CrysnbError("weights.corrupt", found="planted")

    monkeypatch.setattr(warmup, "_models", broken)
    monkeypatch.setattr(warmup, "_views", lambda: None)
    result = crysnb("warmup", "--json")
    assert result.exit_code == 1
    first, *others = objects(result)
    assert first == {"id": "models", "error": {"code": "weights.corrupt", "text": "planted."}}
    assert "tensors" in [o["id"] for o in others]
    assert "planted" in crysnb("warmup").stderr
