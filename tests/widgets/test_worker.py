"""At most one running and one waiting request; the newest wins; nothing is kept alive."""

import gc
import subprocess
import sys
import threading
import time
import weakref

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crysnb.widgets.worker import Cancelled, LatestWins

WISHES = ["submit", "press", "cancel"]


class Heard:
    """A listener that writes everything down."""

    def __init__(self):
        self.done, self.failed, self.progress, self.threads = [], [], [], set()

    def worker_done(self, number, result):
        self.threads.add(threading.current_thread())
        self.done.append((number, result))

    def worker_failed(self, number, error):
        self.failed.append((number, error))

    def worker_progress(self, number, share):
        self.progress.append((number, share))


@pytest.fixture
def made():
    """Makes a worker and its listener; every worker is closed and gone at the end."""
    workers = []

    def make(work, pause=0.05):
        heard = Heard()
        workers.append((LatestWins(work, lambda: heard, pause), heard))
        return workers[-1]

    yield make
    for worker, _ in workers:
        worker.close()
        assert worker.join(5)


def test_a_result_comes_with_the_number_of_its_request_from_another_thread(made):
    worker, heard = made(lambda x, token: (x, token.number))
    assert worker.submit("a") == 1
    assert worker.join(5)
    assert worker.submit("b") == 2
    assert worker.join(5)
    assert heard.done == [(1, ("a", 1)), (2, ("b", 2))]
    assert threading.main_thread() not in heard.threads


@pytest.mark.parametrize("seconds", [0.0, 0.005, 0.4])
def test_w1_a_thousand_requests_in_a_second_cost_two_computations(made, seconds):
    computed = []

    def work(x, token):
        computed.append(x)
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            token.check()
            time.sleep(0.001)
        return x

    worker, heard = made(work, pause=0.3)
    start = time.monotonic()
    for k in range(1000):
        worker.submit(k)
        time.sleep(max(start + k / 1000 - time.monotonic(), 0))
    assert worker.join(10)
    assert len(computed) <= 2
    assert worker.n_started == len(computed)
    assert heard.done[-1] == (1000, 999)
    assert heard.failed == []


def test_two_never_run_at_the_same_time_and_older_results_are_dropped(made):
    running, most, release = [], [], threading.Event()

    def deaf(x, token):  # never polls
        running.append(x)
        most.append(len(running))
        release.wait(5)
        running.remove(x)
        return x

    worker, heard = made(deaf, pause=0.0)
    worker.submit("old")
    time.sleep(0.05)
    for x in ("a", "b", "c"):
        worker.submit(x)
    time.sleep(0.05)
    assert running == ["old"]
    release.set()
    assert worker.join(5)
    assert max(most) == 1
    assert [x for _, x in heard.done] == ["c"]


def test_a_newer_request_cancels_the_running_one(made):
    seen = []

    def work(x, token):
        while not token.is_cancelled and x == "old":
            time.sleep(0.001)
        seen.append((x, token.is_cancelled))
        token.check()
        return x

    worker, heard = made(work, pause=0.0)
    worker.submit("old")
    time.sleep(0.05)
    worker.submit("new")
    assert worker.join(5)
    assert seen == [("old", True), ("new", False)]
    assert [x for _, x in heard.done] == ["new"]
    assert heard.failed == []


def test_cancelled_work_is_heard_of_no_more(made):
    def work(x, token):
        for k in range(10_000):
            token.step(k, 10_000)
            time.sleep(0.001)
        return x

    worker, heard = made(work)
    worker.submit("a")
    time.sleep(0.05)
    assert worker.is_busy
    assert worker.cancel()
    assert not worker.is_busy
    assert not worker.cancel()
    start = time.monotonic()
    assert worker.join(5)
    assert time.monotonic() - start < 1
    assert (heard.done, heard.failed) == ([], [])
    before = len(heard.progress)
    time.sleep(0.02)
    assert len(heard.progress) == before > 0
    worker.submit("b")  # it still works
    assert worker.is_busy


def test_a_request_that_waits_can_be_cancelled_too(made):
    worker, heard = made(lambda x, token: x, pause=0.2)
    worker.submit("a")
    worker.submit("b")
    worker.cancel()
    assert worker.join(5)
    assert [x for _, x in heard.done] in ([], ["a"])
    assert "b" not in [x for _, x in heard.done]


@pytest.mark.parametrize("error", [ValueError("x"), Cancelled(), KeyError(1), MemoryError()])
def test_w2_an_exception_is_handed_on_and_the_worker_goes_on(made, error):
    def work(x, token):
        if x == "bad":
            raise error
        return x

    worker, heard = made(work)
    worker.submit("bad")
    assert worker.join(5)
    assert heard.failed == [(1, error)]
    worker.submit("good", at_once=True)
    assert worker.join(5)
    assert heard.done == [(2, "good")]


def test_a_listener_that_raises_does_not_end_the_worker(made, caplog):
    worker, heard = made(lambda x, token: x)
    heard.worker_done = lambda number, result: 1 / 0
    worker.submit("a")
    assert worker.join(5)
    assert "ZeroDivisionError" in caplog.text
    del heard.worker_done
    worker.submit("b")
    assert worker.join(5)
    assert heard.done == [(2, "b")]


def test_progress_goes_from_the_work_to_the_listener(made):
    def work(x, token):
        for k in range(5):
            token.step(k, 4)
        token.step(1, 0)

    worker, heard = made(work)
    worker.submit(None)
    assert worker.join(5)
    assert heard.progress == [(1, 0.0), (1, 0.25), (1, 0.5), (1, 0.75), (1, 1.0), (1, 0.0)]


def test_a_button_does_not_wait_for_quiet(made):
    worker, heard = made(lambda x, token: x, pause=30)
    worker.submit("a")
    assert worker.join(5)
    worker.submit("b", at_once=True)
    assert worker.join(5)
    assert [x for _, x in heard.done] == ["a", "b"]


def test_closing_while_running_ends_the_thread_and_refuses_more(made):
    started = threading.Event()

    def work(x, token):
        started.set()
        while True:
            token.check()
            time.sleep(0.001)

    worker, heard = made(work)
    worker.submit("a")
    assert started.wait(5)
    worker.close()
    worker.close()
    assert worker.join(2)
    assert worker.submit("b") == 0
    assert not worker.is_busy
    assert (heard.done, heard.failed) == ([], [])


def test_closing_does_not_wait_for_work_that_does_not_poll(made):
    release = threading.Event()
    worker, heard = made(lambda x, token: release.wait(5))
    worker.submit("a")
    time.sleep(0.02)
    start = time.monotonic()
    worker.close()
    assert time.monotonic() - start < 0.5
    release.set()
    assert worker.join(5)
    assert heard.done == []


def test_no_thread_is_left_when_idle(made):
    before = threading.active_count()
    for _ in range(20):
        worker, _ = made(lambda x, token: x)
        worker.submit(1)
        assert worker.join(5)
    time.sleep(0.05)
    assert threading.active_count() <= before


def test_w5_a_running_worker_keeps_its_listener_not_alive():
    release = threading.Event()
    heard = Heard()
    reference = weakref.ref(heard)
    worker = LatestWins(lambda x, token: release.wait(5), reference)
    worker.submit("a")
    time.sleep(0.02)
    del heard
    gc.collect()
    assert reference() is None
    release.set()
    assert worker.join(5)


def test_payload_and_result_are_let_go():
    class Big:
        pass

    heard = Heard()
    worker = LatestWins(lambda x, token: Big(), lambda: heard)
    payload = Big()
    gone = weakref.ref(payload)
    worker.submit(payload)
    assert worker.join(5)
    result = weakref.ref(heard.done.pop()[1])
    del payload
    gc.collect()
    assert gone() is None
    assert result() is None


@settings(max_examples=15, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(["submit", "press", "cancel"]), st.sampled_from([0.0, 0.002, 0.02])),
        max_size=12,
    )
)
def test_whatever_is_asked_the_last_wish_is_what_is_heard_last(steps):
    heard = Heard()
    worker = LatestWins(lambda x, token: x, lambda: heard, 0.01)
    wish = None
    for k, (what, wait) in enumerate(steps):
        if what == "cancel":
            worker.cancel()
            wish = None
        else:
            worker.submit(k, at_once=what == "press")
            wish = k
        time.sleep(wait)
    assert worker.join(5)
    numbers = [number for number, _ in heard.done]
    assert numbers == sorted(set(numbers))
    if wish is not None:
        assert heard.done[-1][1] == wish
    worker.close()


def test_the_end_of_the_program_cancels_running_work_and_waits_for_it():
    script = """
import threading, time
from crysnb.widgets.worker import LatestWins
running = threading.Event()
def work(x, token):
    running.set()
    while not token.is_cancelled:
        time.sleep(0.01)
    time.sleep(0.2)  # a step that does not poll
    print("came to its end", flush=True)
worker = LatestWins(work, lambda: None)
worker.submit(1)
assert running.wait(30)
"""
    command = [sys.executable, "-c", script]
    ended = subprocess.run(command, check=False, capture_output=True, text=True, timeout=120)
    assert (ended.returncode, ended.stdout) == (0, "came to its end\n"), ended.stderr
