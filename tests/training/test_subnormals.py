"""Training may flush subnormal numbers, but not for the rest of the process."""

import sys

import pytest

from crysnb.training.begin import without_subnormals
from crysnb.training.run import train


def half_of_the_smallest() -> float:
    return float(sys.float_info.min) / float(2)


def test_flushed_inside_and_kept_outside() -> None:
    assert half_of_the_smallest() > 0
    with without_subnormals():
        assert half_of_the_smallest() == 0
    assert half_of_the_smallest() > 0


def test_a_failed_training_turns_it_back_too(tmp_path) -> None:
    with pytest.raises(Exception, match="unknown"):
        train("no-such-recipe", data=tmp_path, out=tmp_path)
    assert half_of_the_smallest() > 0
