"""The drop zone without a browser: one reader, every rule, and a refused file leaves what was shown."""

import functools
import gc
import importlib.util
import json
import weakref
from pathlib import Path

import pytest

import crysnb as cn
from crysnb.errors import CrysnbError
from crysnb.structure.write import cif_text
from crysnb.widgets.present import Shown
from crysnb.widgets.upload_files import MAX_FILES

FRONT = Path(__file__).parents[2] / "widgets"
MIB = 1 << 20
CANARY = "<img src=x onerror=canary()>"
NACL = cif_text("NaCl").encode()
TWO = (cif_text("NaCl") + cif_text("rutile")).encode()
#: Rows of the fault table whose cases are texts and bytes, as the tests of the reader have them.
HOSTILE = (
    "s10_missing_symbols", "s11_not_a_structure", "s2_code", "s3_size", "s4_non_finite", "s5_volume",
    "s6_overlap", "s7_disorder", "s8_elements",
)  # fmt: skip


@functools.cache
def hostile_cases():
    """Every input of the rows that a file can hold, with the code that the reader gives it."""
    found = {}
    for row in HOSTILE:
        path = Path(__file__).parents[1] / "hostile" / f"test_{row}.py"
        spec = importlib.util.spec_from_file_location(f"hostile_{row}", path)
        rows = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(rows)
        for case in rows.CASES:
            name, kind, given, code = case[:4]
            if kind in ("text", "bytes") and code is not None:
                data = bytes.fromhex(given) if kind == "bytes" else given.encode("utf-8", "replace")
                found[f"{row}-{name}"] = (data, code)
    return found


@pytest.fixture(scope="session")
def model():
    from crysnb.models.interface import load_model

    return load_model("gmtnet-dielectric")


@pytest.fixture
def zone(model):
    made = []

    def make(**options):
        made.append(cn.upload(model, **options))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture
def cheap(zone):
    """A drop zone that predicts nothing; its views are stand-ins."""

    class Stub:
        def __init__(self, reading):
            import ipywidgets

            self.widget = ipywidgets.Box()
            self.reading, self.is_closed = reading, False

        def describe(self):
            return {"id": self.reading.structure_id}

        def to_text(self):
            return self.reading.structure_id

        def close(self):
            self.widget.close()
            self.is_closed = True

    return lambda: zone(present=lambda reading: Shown(views=(Stub(reading),)))


def send(view, name, data, *, size=None, position=0, count=1):
    """What the browser sends for one file."""
    content = {
        "kind": "file",
        "name": name,
        "size": len(data) if size is None else size,
        "position": position,
        "count": count,
    }
    view._handle_custom_msg(content, [] if data is None else [memoryview(data)])


def fates(view):
    return [row["state"] for row in view.data["files"]]


def test_a_good_file_is_shown_and_predicted(zone):
    view = zone()
    seen = []
    view.observe(lambda change: seen.append(change["new"]), "structure")
    send(view, "my crystal.cif", cif_text("quartz").encode())
    assert fates(view) == ["shown"]
    assert view.errors == []
    assert seen == [view.structure]
    assert view.structure.composition.reduced_formula == "SiO2"
    assert view.result.structure_id == "my crystal"
    assert view.result.value.shape == (3, 3)
    (shown,) = view.views
    assert (shown.crystal.describe()["id"], shown.symmetry.point_group) == ("my crystal", "32")
    assert view._content.children == (shown.widget,)
    assert view.describe()["structure_id"] == "my crystal"
    assert (view.status, view.message) == ("idle", "")


@pytest.mark.parametrize("fmt", ["cif", "poscar", "json"])
def test_every_format_is_told_by_its_content(cheap, fmt):
    view = cheap()
    send(view, "a.txt", cn.as_structure("rutile").to(fmt=fmt).encode())
    assert fates(view) == ["shown"]
    assert view.structure.composition.reduced_formula == "TiO2"


@pytest.mark.parametrize("case", hostile_cases())
def test_every_rule_of_the_reader_applies_and_the_session_goes_on(cheap, case):
    data, code = hostile_cases()[case]
    view = cheap()
    send(view, "good.cif", NACL)
    before, shown = view.structure, view.views
    send(view, f"{CANARY}.cif", data, size=len(data))
    if len(data) > MIB:
        assert view.n_dropped == 1  # a browser never sends so much; it sends the size alone
        send(view, "big.cif", b"", size=len(data))
        return
    if code == "structure.several":
        assert fates(view) == ["choice"]
        assert view.errors == []
    else:
        assert [e.code for e in view.errors] == [code]
        (row,) = view.data["files"]
        assert row["state"] == "refused"
        assert row["error"]["code"] == code
        assert row["error"]["found"]
    assert view.structure is before
    assert view.views is shown
    assert not shown[0].is_closed
    assert view.status == "idle"


def test_the_hostile_rows_are_all_there():
    rows = {name.partition("-")[0] for name in hostile_cases()}
    assert rows == set(HOSTILE)
    assert len(hostile_cases()) > 100


def test_a_file_over_the_limit_is_refused_by_its_size_alone(cheap):
    view = cheap()
    content = {"kind": "file", "name": "big.cif", "size": MIB + 1, "position": 0, "count": 1}
    view._handle_custom_msg(content, [])
    assert [e.code for e in view.errors] == ["structure.too_large"]
    send(view, "full.cif", NACL + b"#" * (MIB - len(NACL)))
    assert fates(view) == ["shown"]
    send(view, "full.cif", NACL + b"#" * (MIB + 1 - len(NACL)))
    assert view.n_dropped == 1


def test_a_folder_and_an_empty_file(cheap):
    view = cheap()
    view._handle_custom_msg({"kind": "file", "name": "d", "size": 4096, "position": 0, "count": 1}, [])
    assert [e.code for e in view.errors] == ["upload.not_received"]
    for buffers in ([], [memoryview(b"")]):
        content = {"kind": "file", "name": "e", "size": 0, "position": 0, "count": 1}
        view._handle_custom_msg(content, buffers)
        assert [e.code for e in view.errors] == ["structure.empty"]


def test_several_structures_are_a_choice_and_never_the_first_in_silence(cheap):
    view = cheap()
    send(view, "two.cif", TWO)
    assert fates(view) == ["choice"]
    assert view.data["files"][0]["choices"] == ["NaCl", "TiO2"]
    assert view.structure is None
    assert view.views == ()
    view._handle_custom_msg({"kind": "show", "file": 0, "block": 1}, [])
    assert fates(view) == ["shown"]
    assert view.structure.composition.reduced_formula == "TiO2"
    view.choose(0, 0)
    assert view.structure.composition.reduced_formula == "NaCl"
    assert view.data["files"][0]["chosen"] == 0


def test_a_bad_structure_among_good_ones_can_be_left_again(cheap):
    view = cheap()
    bad = cif_text("rutile").replace("_cell_length_a   4", "_cell_length_a   -4")
    send(view, "two.cif", (cif_text("NaCl") + bad).encode())
    view.choose(0, 0)
    view.choose(0, 1)
    assert [e.code for e in view.errors] == ["structure.negative_length"]
    assert view.structure.composition.reduced_formula == "NaCl"
    view.choose(0, 0)
    assert view.errors == []
    assert fates(view) == ["shown"]


def test_the_same_name_twice_is_chosen_by_position(cheap):
    view = cheap()
    text = cif_text("NaCl") + cif_text("rutile").replace("data_TiO2", "data_NaCl")
    send(view, "two.cif", text.encode())
    view.choose(0, 1)
    assert view.structure.composition.reduced_formula == "TiO2"


def test_several_files_are_listed_and_one_is_shown(cheap):
    view = cheap()
    view.add(("a.cif", NACL), ("b.cif", b"\x00"), ("c.cif", cif_text("rutile").encode()), ("d.cif", TWO))
    assert fates(view) == ["shown", "refused", "accepted", "choice"]
    assert [e.code for e in view.errors] == ["structure.binary"]
    view._handle_custom_msg({"kind": "show", "file": 2, "block": -1}, [])
    assert fates(view) == ["accepted", "refused", "shown", "choice"]
    assert view.structure.composition.reduced_formula == "TiO2"


def test_more_files_than_are_read_is_said(cheap):
    view = cheap()
    view.add(*[(f"{k}.cif", NACL) for k in range(MAX_FILES + 5)])
    assert len(fates(view)) == MAX_FILES
    assert [e.code for e in view.errors] == ["upload.too_many"]
    view.add(("a.cif", NACL))
    assert view.errors == []


def test_an_element_without_training_leaves_the_crystal_and_what_symmetry_allows(zone):
    view = zone()
    send(view, "po.cif", cif_text("NaCl").replace("Na", "Po").encode())
    assert fates(view) == ["shown"]
    assert view.result is None
    assert [e.code for e in view.errors] == ["domain.element"]
    assert view.data["problems"][0]["code"] == "domain.element"
    (shown,) = view.views
    assert shown.crystal.describe()["formula"] == "PoCl"
    assert shown.tabs["tensor"].view.describe()["free"] == ["eps11"]
    send(view, "bad.cif", b"")
    assert [e.code for e in view.errors] == ["structure.empty", "domain.element"]


def test_a_fault_while_showing_keeps_what_was_shown(zone, caplog):
    calls = []

    def present(reading):
        calls.append(reading)
        if len(calls) > 1:
            raise ZeroDivisionError(CANARY)
        return Shown(views=())

    view = zone(present=present)
    view.add(("a.cif", NACL))
    before = view.structure
    view.add(("b.cif", cif_text("rutile").encode()))
    assert [e.code for e in view.errors] == ["internal.error"]
    assert view.structure is before
    assert view.status == "idle"
    assert CANARY not in json.dumps(view.data)


def test_a_fault_in_an_observer_is_told_and_ends_nothing(cheap):
    view = cheap()

    def broken(change):
        raise ValueError(CANARY)

    view.observe(broken, "structure")
    view.add(("a.cif", NACL))
    assert fates(view) == ["shown"]
    assert view.data["problems"][0]["code"] == "upload.observer"
    assert view.status == "idle"


def test_the_work_is_announced_before_it_is_done(zone):
    seen = []
    view = zone(present=lambda reading: seen.append((view.status, view.message)) or Shown(views=()))
    view.add(("a.cif", NACL))
    assert seen == [("running", "Predicting a.cif …")]


def test_shown_views_are_closed_when_others_come_and_nothing_stays_alive(cheap):
    view = cheap()
    view.add(("a.cif", NACL))
    (first,) = view.views
    view.add(("b.cif", NACL))
    assert first.is_closed
    (second,) = view.views
    view.close()
    assert second.is_closed
    view.close()
    left = weakref.ref(first)
    del first
    gc.collect()
    assert left() is None


def test_a_closed_zone_takes_no_file(cheap):
    view = cheap()
    view.close()
    with pytest.raises(cn.CrysnbError) as caught:
        view.add(("a.cif", b"data_x"))
    assert caught.value.code == "view.closed"
    send(view, "a.cif", NACL)
    assert view.views == ()
    assert view.errors == []


BAD_MESSAGES = [
    {"kind": "file"},
    {"kind": "file", "name": 3, "size": 1, "position": 0, "count": 1},
    {"kind": "file", "name": "x" * 256, "size": 1, "position": 0, "count": 1},
    {"kind": "file", "name": "a", "size": -1, "position": 0, "count": 1},
    {"kind": "file", "name": "a", "size": 2, "position": 0, "count": 1},
    {"kind": "file", "name": "a", "size": True, "position": 0, "count": 1},
    {"kind": "file", "name": "a", "size": 1.0, "position": 0, "count": 1},
    {"kind": "file", "name": "a", "size": 1, "position": 1, "count": 1},
    {"kind": "file", "name": "a", "size": 1, "position": MAX_FILES, "count": 100},
    {"kind": "file", "name": "a", "size": 1, "position": 0, "count": 0},
    {"kind": "file", "name": "a", "size": 1, "position": 0, "count": 1, "path": "/etc/passwd"},
    {"kind": "show", "file": 0, "block": 0},
    {"kind": "show", "file": -1, "block": -1},
    {"kind": "show", "file": 1, "block": -1},
    {"kind": "show", "file": "0", "block": -1},
    {"kind": "show", "file": 0},
    {"kind": "eval", "text": "1"},
    ["file"],
    None,
]


@pytest.mark.parametrize("content", BAD_MESSAGES, ids=str)
def test_malformed_messages_are_counted_and_change_nothing(cheap, content):
    view = cheap()
    view.add(("a.cif", NACL))
    before = view.data
    view._handle_custom_msg(content, [memoryview(b"x")])
    assert view.n_dropped == 1
    assert view.data == before


def test_a_browser_may_write_no_trait(cheap):
    view = cheap()
    view.set_state({"data": {}, "status": "error", "structure": 3, "cells": ["c11"]})
    assert view.n_dropped == 4
    assert view.status == "idle"


@pytest.mark.parametrize(
    "file", [(), ("a",), ("a", "text"), (b"a", b"b"), "ab", None, ("a", b"", 1)], ids=str
)
def test_add_takes_names_and_bytes(cheap, file):
    with pytest.raises(CrysnbError) as caught:
        cheap().add(file)
    assert caught.value.code == "upload.type"


@pytest.mark.parametrize(
    "choice", [(0, 0), (1, None), (-1, None), ("0", None), (0, -1), (True, None)], ids=str
)
def test_choose_takes_what_is_listed(cheap, choice):
    view = cheap()
    view.add(("a.cif", NACL))
    with pytest.raises(CrysnbError) as caught:
        view.choose(*choice)
    assert caught.value.code == "upload.choice"


def test_names_are_plain_and_short(cheap):
    view = cheap()
    name = f"../{CANARY}\x1b[31m\u202e\n" + "x" * 200 + ".cif"
    send(view, name, NACL)
    (row,) = view.data["files"]
    assert len(row["name"]) <= 80
    assert row["name"].isprintable()
    assert "/" not in view.describe()["structure_id"]


def test_the_state_fits_the_schema_and_the_fixture(cheap):
    jsonschema = pytest.importorskip("jsonschema")
    view = cheap()
    view.add(("a.cif", NACL), ("b.cif", b"\x00"), ("c.cif", cif_text("rutile").encode()), ("d.cif", TWO))
    schema = json.loads((FRONT / "schema" / "upload.schema.json").read_text())
    jsonschema.validate(view.data, schema)
    stored = json.loads((FRONT / "test" / "fixtures" / "upload.json").read_text())
    assert view.data == stored, "rewrite widgets/test/fixtures/upload.json"


def test_pictures_texts_and_pages(cheap):
    view = cheap()
    assert "drop a file here" in view.to_svg()
    view.add((f"{CANARY}.cif", NACL), ("b.cif", b"\x00"))
    assert "<img" not in view.to_svg()
    assert "structure.binary" in view.to_svg()
    assert view.to_png().startswith(b"\x89PNG")
    assert "b.cif: refused" in view.to_text()
    page = view.to_html()
    assert CANARY not in page
    assert '"enabled": false' in page
    assert repr(view).startswith("UploadView(2 files")


def test_an_unknown_model_is_named_at_once():
    with pytest.raises(CrysnbError) as caught:
        cn.upload("gmtnet-dielectrik")
    assert caught.value.code == "name.unknown_model"
