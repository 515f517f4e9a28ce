"""`crysnb freeze`: live views go, pictures and all else stay; what is no notebook is refused."""

from __future__ import annotations

import base64
import copy
import json
import os
import stat
import struct
import subprocess
import sys
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crysnb.errors import CrysnbError
from crysnb.widgets import notebook_file
from crysnb.widgets.freeze import PLACEHOLDER, VIEW_MIME, freeze, freeze_notebook
from crysnb.widgets.notebook_file import read_notebook

LIVE = {VIEW_MIME: {"model_id": "0" * 32, "version_major": 2, "version_minor": 1}}


def png(mark=""):
    """A PNG of one pixel, with the text chunk of our views if there is a mark."""

    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    text = chunk(b"tEXt", b"crysnb-fallback\0" + mark.encode()) if mark else b""
    return base64.b64encode(
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 6, 0, 0, 0)) + text
        + chunk(b"IDAT", zlib.compress(b"\0\0\0\0\0")) + chunk(b"IEND", b"")
    ).decode()  # fmt: skip


def live(**data):
    return {"data": {**LIVE, **data}, "metadata": {}, "output_type": "display_data"}


def picture(mark="a" * 32, text="the view as text"):
    data = {"image/png": png(mark) + "\n", "text/plain": [text]}
    return {"data": data, "metadata": {"image/png": {"alt": "ε∞"}}, "output_type": "display_data"}


def stream(text):
    return {"name": "stderr", "output_type": "stream", "text": [text]}


def cell(*outputs):
    return {
        "cell_type": "code", "execution_count": 1, "id": "abc-1", "metadata": {"tags": ["x"]},
        "outputs": list(outputs), "source": ["cn.nye(p)  # α"],
    }  # fmt: skip


def notebook(*cells, state=True):
    made = {
        "cells": [*cells, {"cell_type": "markdown", "id": "m", "metadata": {}, "source": ["<b>ε</b>\u2028"]}],
        "metadata": {"kernelspec": {"name": "python3"}, "zz": {"b": 1, "a": 2.5e-7}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    if state:
        made["metadata"]["widgets"] = {"application/vnd.jupyter.widget-state+json": {"state": {"x": {}}}}
    return made


JUPYTER = {"indent": 1, "ensure_ascii": False, "separators": (",", ": ")}


def write(path, content, newline="\n", tail="\n", **style):
    text = json.dumps(content, **(style or JUPYTER))
    path.write_bytes((text.replace("\n", newline) + tail).encode())
    return path


def frozen(*outputs):
    nb = notebook(cell(*outputs))
    done = freeze_notebook(nb)
    return nb["cells"][0]["outputs"], done


# -- what goes and what stays --------------------------------------------------------------------------------


def test_a_view_with_a_picture_leaves_the_picture_alone():
    outputs, done = frozen(live(**{"text/plain": ["NyeView()"]}), picture())
    assert outputs == [picture()]
    assert (done.views, done.pictures, done.texts, done.state) == (1, 1, 0, True)


def test_a_view_without_a_picture_keeps_its_text():
    outputs, done = frozen(live(**{"text/plain": ["IntSlider(value=0)"]}))
    assert [o["data"] for o in outputs] == [{"text/plain": ["IntSlider(value=0)"]}]
    assert (done.views, done.pictures, done.texts) == (1, 0, 1)


def test_a_view_with_nothing_else_says_that_there_was_one():
    outputs, _ = frozen(live())
    assert [o["data"] for o in outputs] == [{"text/plain": [PLACEHOLDER]}]


def test_a_picture_in_the_same_output_stays():
    outputs, _ = frozen(live(**{"text/plain": ["x"], "image/png": png()}))
    assert set(outputs[0]["data"]) == {"text/plain", "image/png"}


def test_a_picture_of_somebody_else_takes_no_text_away():
    other = {
        "data": {"image/png": png(), "text/plain": ["<Figure>"]},
        "metadata": {},
        "output_type": "display_data",
    }
    outputs, done = frozen(live(**{"text/plain": ["IntSlider()"]}), other)
    assert outputs[0]["data"] == {"text/plain": ["IntSlider()"]}
    assert outputs[1] == other
    assert (done.pictures, done.texts) == (0, 1)


@pytest.mark.parametrize("bad", ["", "!!!!", "iVBO", ["a", 3], 7, None, {"x": 1}, "é" * 500])
def test_what_only_looks_like_a_picture_is_none(bad):
    outputs, done = frozen(
        live(**{"text/plain": ["x"]}), {"data": {"image/png": bad}, "output_type": "display_data"}
    )
    assert (len(outputs), done.pictures) == (2, 0)


def test_warnings_between_view_and_picture_do_not_part_them():
    outputs, done = frozen(live(**{"text/plain": ["x"]}), stream("careful"), picture())
    assert outputs == [stream("careful"), picture()]
    assert done.pictures == 1


def test_each_view_of_a_cell_is_told_from_the_others():
    one, two = picture("1" * 32), picture("2" * 32)
    text = {"text/plain": ["IntSlider()"]}
    outputs, done = frozen(
        live(**text), live(**{"text/plain": ["A"]}), one, live(**{"text/plain": ["B"]}), two
    )
    assert [o["data"] for o in outputs] == [text, one["data"], two["data"]]
    assert (done.views, done.pictures, done.texts) == (3, 2, 1)


def test_the_same_picture_twice_counts_once():
    outputs, done = frozen(
        live(**{"text/plain": ["IntSlider()"]}), live(**{"text/plain": ["A"]}), picture(), picture()
    )
    assert len(outputs) == 3
    assert done.pictures == 1


def test_widget_state_goes_even_without_a_view():
    nb = notebook(cell(stream("hello")))
    done = freeze_notebook(nb)
    assert nb == notebook(cell(stream("hello")), state=False)
    assert (done.state, done.views) == (True, 0)


# -- the file ------------------------------------------------------------------------------------------------

STYLES = {
    "jupyter": {},
    "no final newline": {"tail": ""},
    "crlf": {"newline": "\r\n", "tail": "\r\n"},
    "two spaces": {"indent": 2, "ensure_ascii": False},
    "tabs": {"indent": "\t", "ensure_ascii": False},
    "escaped": {"indent": 1, "ensure_ascii": True},
    "one line": {"ensure_ascii": False},
    "compact": {"ensure_ascii": False, "separators": (",", ":")},
}


@pytest.mark.parametrize("style", STYLES.values(), ids=STYLES)
def test_all_else_stays_byte_for_byte(crysnb, tmp_path, style):
    full = notebook(cell(live(**{"text/plain": ["x"]}), picture()), cell(stream("\x1b[0m\x7f")))
    kept = notebook(cell(picture()), cell(stream("\x1b[0m\x7f")), state=False)
    path = write(tmp_path / "n.ipynb", full, **style)
    assert crysnb("freeze", path).exit_code == 0
    assert path.read_bytes() == write(tmp_path / "wanted", kept, **style).read_bytes()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(metadata=st.dictionaries(st.text(), JSON, max_size=4), style=st.sampled_from(list(STYLES.values())))
def test_any_metadata_comes_back_as_it_was(tmp_path_factory, metadata, style):
    nb = {**notebook(cell(picture())), "metadata": metadata}
    path = write(tmp_path_factory.mktemp("n") / "n.ipynb", nb, **style)
    file = read_notebook(path)
    assert file.write(copy.deepcopy(file.notebook)) == path.read_bytes()


def test_half_a_surrogate_pair_is_no_fault(crysnb, tmp_path):
    nb = notebook(cell(live(), stream("\ud800")))
    path = write(tmp_path / "n.ipynb", nb, indent=1, ensure_ascii=True)
    path.write_bytes(path.read_bytes().replace(b"\\u03b1", "α".encode()))
    assert crysnb("freeze", path).exit_code == 0
    assert json.loads(path.read_bytes())["cells"][0]["outputs"][1] == stream("\ud800")


def test_a_notebook_with_nothing_to_drop_is_not_touched(crysnb, tmp_path, objects):
    path = write(tmp_path / "n.ipynb", notebook(cell(picture()), state=False), indent=5)
    os.utime(path, (1, 1))
    before = path.read_bytes()
    (told,) = objects(crysnb("freeze", path, "--json"))
    assert told == {"id": "n", "file": str(path), "views": 0, "pictures": 0, "texts": 0, "state": False,
                    "bytes_before": len(before), "bytes_after": len(before)}  # fmt: skip
    assert (path.read_bytes(), path.stat().st_mtime) == (before, 1)
    assert "nothing to drop" in crysnb("freeze", path).stdout
    assert crysnb("freeze", path, "-o", tmp_path / "out.ipynb").exit_code == 0
    assert (tmp_path / "out.ipynb").read_bytes() == before


def test_out_leaves_the_notebook_alone(crysnb, tmp_path, objects):
    path = write(tmp_path / "n.ipynb", notebook(cell(live(), picture())))
    before = path.read_bytes()
    (told,) = objects(crysnb("freeze", path, "-o", tmp_path / "out.ipynb", "--json"))
    assert path.read_bytes() == before
    after = (tmp_path / "out.ipynb").read_bytes()
    assert told["file"] == str(tmp_path / "out.ipynb")
    assert (told["bytes_before"], told["bytes_after"]) == (len(before), len(after))
    assert json.loads(after)["cells"][0]["outputs"] == [picture()]


def test_permissions_and_links_survive(crysnb, tmp_path):
    path = write(tmp_path / "n.ipynb", notebook(cell(live(), picture())))
    path.chmod(0o600)
    link = tmp_path / "link.ipynb"
    link.symlink_to(path)
    assert crysnb("freeze", link).exit_code == 0
    assert link.is_symlink()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert VIEW_MIME not in path.read_text()


def test_a_write_that_fails_leaves_the_old_file_and_no_litter(crysnb, tmp_path, monkeypatch, objects):
    path = write(tmp_path / "n.ipynb", notebook(cell(live(), picture())))
    before = path.read_bytes()

    def fail(self, target):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pathlib.Path.replace", fail)
    result = crysnb("freeze", path, "--json")
    assert result.exit_code == 1
    assert objects(result)[0]["error"]["code"] == "file.not_writable"
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["n.ipynb"]


# -- what is refused -----------------------------------------------------------------------------------------

REFUSED = {
    "notebook.syntax": [b"", b"{", b"# a script\n", b"\xff\xfe{}", b'{"a": 1, "a": 2}', b"[" * 100_000,
                        b"1" * 10_000, b"[" * 300 + b"]" * 300],
    "notebook.not_a_notebook": [
        b"{}", b"[]", b"null", b"3", b'"x"', b'{"nbformat": 4}',
        b'{"nbformat": true, "cells": [], "metadata": {}}',
        b'{"nbformat": 4, "cells": {}, "metadata": {}}', b'{"nbformat": 4, "cells": [], "metadata": []}',
        b'{"nbformat": 4, "cells": [3], "metadata": {}}', b'{"nbformat": 4, "cells": [{}], "metadata": {}}',
        *(b'{"nbformat": 4, "metadata": {}, "cells": [{"cell_type": "code", "outputs": %s}]}' % outputs
          for outputs in (b"null", b"{}", b"[3]", b'[{"data": null}]', b'[{"data": [], "metadata": {}}]')),
    ],
    "notebook.version": [b'{"nbformat": 3, "worksheets": [], "metadata": {}}', b'{"nbformat": 10}'],
}  # fmt: skip


@pytest.mark.parametrize(("code", "data"), [(code, data) for code, all_ in REFUSED.items() for data in all_])
def test_what_is_no_notebook_is_refused_and_left_as_it_is(crysnb, objects, tmp_path, code, data):
    path = tmp_path / "n.ipynb"
    path.write_bytes(data)
    result = crysnb("freeze", path, "--json")
    assert result.exit_code == 1
    assert objects(result) == [{"id": "n", "error": objects(result)[0]["error"]}]
    assert objects(result)[0]["error"]["code"] == code
    assert path.read_bytes() == data


@given(content=JSON)
def test_any_json_is_refused_or_frozen(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("n") / "n.ipynb"
    path.write_text(
        json.dumps({"nbformat": 4, "metadata": {}, "cells": [{"cell_type": "code", "outputs": content}]})
    )
    try:
        done = freeze(path)
    except CrysnbError as error:
        code = error.code
    else:
        code = f"{done.views} views"
    assert code in ("notebook.not_a_notebook", "0 views")


def test_folders_pipes_and_files_that_are_not_there(crysnb, objects, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for name, code in (
        ("pipe", "not_a_file"),
        (".", "not_a_file"),
        ("no.ipynb", "not_found"),
    ):
        result = crysnb("freeze", tmp_path / name, "--json")
        assert (result.exit_code, objects(result)[0]["error"]["code"]) == (1, f"notebook.{code}")


def test_a_huge_file_is_refused_unread(crysnb, objects, tmp_path):
    path = tmp_path / "n.ipynb"
    with path.open("wb") as file:
        file.truncate(notebook_file.MAX_BYTES + 1)  # sparse
    (told,) = objects(crysnb("freeze", path, "--json"))
    assert told["error"]["code"] == "notebook.too_large"


def test_a_folder_is_no_place_for_the_result(crysnb, objects, tmp_path):
    path = write(tmp_path / "n.ipynb", notebook(cell(live())))
    for out in (tmp_path, tmp_path / "missing" / "out.ipynb", tmp_path / ("x" * 300)):
        result = crysnb("freeze", path, "-o", out, "--json")
        assert (result.exit_code, objects(result)[0]["error"]["code"]) == (1, "file.not_writable")


def test_a_bad_notebook_does_not_stop_the_others(crysnb, objects, tmp_path):
    bad = tmp_path / "bad.ipynb"
    bad.write_text("{")
    good = write(tmp_path / "good.ipynb", notebook(cell(live(), picture())))
    result = crysnb("freeze", bad, good, "--json")
    assert result.exit_code == 1
    assert [o["id"] for o in objects(result)] == ["bad", "good"]
    assert objects(result)[1]["pictures"] == 1


def test_two_notebooks_and_one_place_is_wrong_usage(crysnb, tmp_path):
    assert crysnb("freeze", "a.ipynb", "b.ipynb", "-o", tmp_path / "c.ipynb").exit_code == 2


def test_a_name_cannot_steer_the_terminal(crysnb, tmp_path):
    path = write(tmp_path / "a\x1b[31m.ipynb", notebook(cell(live())))
    assert "\x1b" not in crysnb("freeze", path).stdout
    path.write_text("{")
    assert "\x1b" not in crysnb("freeze", path).stderr


def test_it_needs_neither_jupyter_nor_a_widget_library(tmp_path):
    path = write(tmp_path / "n.ipynb", notebook(cell(live(), picture())))
    code = (
        "import sys\n"
        "for name in ('anywidget', 'ipywidgets', 'traitlets', 'nbformat', 'nbconvert', 'IPython', 'torch'):\n"
        "    sys.modules[name] = None\n"
        f"sys.argv = ['crysnb', 'freeze', {str(path)!r}]\n"
        "from crysnb.cli import main\nmain()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "1 picture kept" in done.stdout
