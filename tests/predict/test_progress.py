"""The progress of a prediction, and how a prediction is stopped."""

import numpy as np
import pytest

import crysnb as cn
from crysnb.predict.progress import Progress

MEMBERS = 4  # of the shipped ensemble


class Stop(Exception):
    pass


def test_progress_grows_to_the_end_and_changes_no_number():
    heard = []
    p = cn.predict("quartz", progress=lambda done, total: heard.append((done, total)))
    assert heard[0] == (0, 0)
    counts = [done for done, total in heard if total]
    assert {total for _, total in heard[1:]} == {2 * MEMBERS}  # the crystal as given, and idealised
    assert counts == sorted(counts)
    assert set(counts) == set(range(2 * MEMBERS + 1))
    assert len(counts) > 20 * MEMBERS  # between the layers, too
    assert np.array_equal(p.value, cn.predict("quartz").value)


def test_batches_count():
    heard = []
    cn.predict(
        ["quartz", "NaCl", "GaN"],
        batch_size=1,
        idealize=False,
        progress=lambda done, total: heard.append((done, total)),
    )
    assert heard[-1] == (3 * MEMBERS, 3 * MEMBERS)
    assert heard[:3] == [(0, 0)] * 3


@pytest.mark.parametrize("after", [0, 1, 30])
def test_raising_in_it_ends_the_work(after):
    calls = []

    def stop(done, total):
        calls.append((done, total))
        if len(calls) > after:
            raise Stop

    with pytest.raises(Stop):
        cn.predict("quartz", progress=stop)
    assert len(calls) == after + 1
    with pytest.raises(Stop):  # it is no error of a crystal, which could be returned
        cn.predict(["quartz"], progress=stop, on_error="return")


def test_halved_batches_never_count_beyond_the_end():
    heard = []
    progress = Progress(lambda done, total: heard.append((done, total)), 1)
    progress.expect(1)
    for _ in range(3):
        progress.batch_done()
    assert heard[-1] == (1, 1)
