"""W2: a callback that raises or sleeps ends in the error area; options and events are checked (W4)."""

import pytest
import traitlets

import crysnb as cn
from crysnb.errors import CrysnbError
from crysnb.widgets import faults, messages
from crysnb.widgets.base import ExplainerWidget


def update(state):
    return {"content": {"data": {"method": "update", "state": state, "buffer_paths": []}}, "buffers": []}


class Knobs(ExplainerWidget):
    """A view with two options and a button."""

    kind = traitlets.Unicode("tensor").tag(sync=True)

    def __init__(self):
        self.asked = []
        super().__init__(options={"level": 1, "name": "a"})

    def option_checks(self):
        return {"level": lambda v: type(v) is int and 0 <= v <= 9, "name": lambda v: v in ("a", "b")}

    def accepts(self, option):
        return {"level": "0 to 9", "name": "a or b"}[option]

    def _on_event(self, kind):
        self.asked.append(kind)
        if self.asked.count(kind) > 1:
            message = f"{kind} twice"
            raise ValueError(message)

    @faults.shows_errors
    def fail(self, error):
        raise error


@pytest.fixture
def knobs():
    one = Knobs()
    yield one
    one.close()


@pytest.mark.parametrize(
    "error",
    [ValueError("<b>x<b>"), KeyError("x"), ZeroDivisionError(), MemoryError(),
     CrysnbError("a.b", found="found it", accepted="this", action="Do that")],
    ids=lambda e: type(e).__name__,
)  # fmt: skip
@pytest.mark.parametrize("name", ["elastic", "structure"])
def test_w2_a_raising_callback_is_shown_in_one_line_and_the_view_goes_on(view, name, error, caplog):
    one = view(name)
    trait = "cells" if name == "elastic" else "atoms"
    value = ["c14"] if name == "elastic" else [0]
    heard = []

    def fail(change):
        heard.append(change["new"])
        if len(heard) == 1:
            raise error

    one.observe(fail, trait)
    one._handle_msg(update({trait: value}))
    assert one.status == "error"
    assert "\n" not in one.message
    for text in (one.message, one.details):
        assert "Traceback" not in text
        assert "/" not in text
        assert ".py" not in text
    if isinstance(error, CrysnbError):
        assert one.message == "[a.b] found it. Do that."
        assert "Accepted: this" in one.details
    else:
        assert one.message.startswith(type(error).__name__)
        assert "test_faults.fail, line" in one.details
        assert "Traceback" in caplog.text
    assert "Traceback" in one.error_report
    assert getattr(one, trait) == value
    one._handle_msg(update({trait: []}))  # the controls still work, and the message is gone
    assert (one.status, one.message, one.details, one.error_report) == ("idle", "", "", "")
    assert heard == [value, []]


def test_messages_of_errors_are_cut():
    error = ValueError("x" * 10_000)
    assert len(faults.line_of(error)) < 700
    assert len(faults.details_of(error)) <= 2000
    ours = CrysnbError("a.b", found="y" * 10_000)
    assert len(faults.line_of(ours)) <= 600


def test_the_decorator_shows_instead_of_raising(knobs):
    knobs.fail(RuntimeError("x"))
    assert knobs.status == "error"
    with pytest.raises(KeyboardInterrupt):
        knobs.fail(KeyboardInterrupt())


def test_options_from_python_are_merged_and_checked(knobs):
    knobs.options = {"level": 5}
    assert knobs.options == {"level": 5, "name": "a"}
    with pytest.raises(cn.ShapeError, match="0 to 9"):
        knobs.options = {"level": 10}
    with pytest.raises(cn.UnknownName, match="unknown option"):
        knobs.options = {"levle": 1}
    assert knobs.options == {"level": 5, "name": "a"}


@pytest.mark.parametrize(
    ("sent", "kept", "dropped"),
    [
        ({"level": 3}, {"level": 3, "name": "a"}, 0),
        ({"level": 3, "name": "b"}, {"level": 3, "name": "b"}, 0),
        ({"level": 3, "evil": "x"}, {"level": 3, "name": "a"}, 1),
        ({"level": 10}, {"level": 1, "name": "a"}, 1),
        ({"level": "3"}, {"level": 1, "name": "a"}, 1),
        ({"level": True}, {"level": 1, "name": "a"}, 1),
        ({"name": ["a"]}, {"level": 1, "name": "a"}, 1),
        ({"__proto__": {}, "constructor": 1}, {"level": 1, "name": "a"}, 2),
        ({str(k): k for k in range(30)}, {"level": 1, "name": "a"}, 1),
        ([], {"level": 1, "name": "a"}, 1),
        (None, {"level": 1, "name": "a"}, 1),
        ({"name": "b" * 70_000}, {"level": 1, "name": "a"}, 1),
    ],
)
def test_w4_options_from_a_browser_are_checked_one_by_one(knobs, sent, kept, dropped):
    knobs._handle_msg(update({"options": sent}))
    assert knobs.options == kept
    assert knobs.n_dropped == dropped
    assert knobs.status == "idle"


@pytest.mark.parametrize(
    "state", [{"progress": 0.5}, {"details": "x"}, {"message": "x"}, {"status": "error"}]
)
def test_w4_a_browser_cannot_write_what_python_says(knobs, state):
    before = knobs.get_state(["progress", "details", "message", "status"])
    knobs._handle_msg(update(state))
    assert knobs.get_state(list(before)) == before
    assert knobs.n_dropped == 1


def test_views_without_options_take_none(view):
    one = view("structure")
    one._handle_msg(update({"options": {"level": 1}}))
    assert (one.options, one.n_dropped) == ({}, 1)
    with pytest.raises(cn.UnknownName):
        one.options = {"level": 1}


def test_events_reach_the_view_and_their_errors_are_shown(knobs):
    knobs._handle_custom_msg({"kind": "run"}, [])
    knobs._handle_custom_msg({"kind": "cancel"}, [])
    assert knobs.asked == ["run", "cancel"]
    assert knobs.status == "idle"
    knobs._handle_custom_msg({"kind": "run"}, [])
    assert (knobs.status, knobs.message.split(":")[0]) == ("error", "ValueError")
    assert "run twice" in knobs.details


@pytest.mark.parametrize(
    "content", [{"kind": "run", "x": 1}, {"kind": "stop"}, {"kind": ["run"]}, {"kind": None}, {}]
)
def test_w4_other_events_are_dropped(knobs, content):
    knobs._handle_custom_msg(content, [])
    assert (knobs.asked, knobs.n_dropped) == ([], 1)


def test_views_that_compute_nothing_drop_events(view):
    one = view("structure")
    one._handle_custom_msg({"kind": "run"}, [])
    assert one.n_dropped == 1


def test_every_event_is_admitted():
    for kind in messages.EVENTS:
        assert messages.admit_event({"kind": kind}) == {"kind": kind}


def test_half_of_a_surrogate_pair_does_not_end_a_message(knobs):
    import json

    knobs.data = {"a": ["\ud800x", {"\udfff": "Å"}], "n": 1.5}
    knobs.show_error(ValueError("\ud800"))
    assert knobs.data == {"a": ["?x", {"?": "Å"}], "n": 1.5}
    json.dumps(knobs.get_state(["data", "message", "details"]), ensure_ascii=False).encode()
