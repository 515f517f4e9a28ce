"""What Python sends is what the browser half reads: schema, fixtures, keys."""

import json
import re
from pathlib import Path

import pytest
import states

from crysnb.widgets import base
from crysnb.widgets.crystal_view import CrystalView
from crysnb.widgets.structure_view import StructureView
from crysnb.widgets.tensor_view import NyeView

FRONT = Path(__file__).parents[2] / "widgets"


@pytest.mark.parametrize("name", states.VIEWS)
def test_state_fits_the_schema(view, name):
    jsonschema = pytest.importorskip("jsonschema")
    one = view(name)
    schema = json.loads((FRONT / "schema" / f"{one.kind}.schema.json").read_text())
    jsonschema.validate(one.data, schema)


@pytest.mark.parametrize("name", states.VIEWS)
def test_fixtures_of_the_browser_tests_are_what_python_writes(view, name):
    stored = json.loads((FRONT / "test" / "fixtures" / f"{name}.json").read_text())
    made = json.loads(json.dumps(view(name).data))
    if name == "structure":
        # Where nglview is not installed the same crystal is a still picture.
        made["engine"] = stored["engine"]
    assert made == stored, f"rewrite widgets/test/fixtures/{name}.json from VIEWS in tests/widgets/states.py"


@pytest.mark.parametrize("cls", [base.ExplainerWidget, CrystalView, NyeView, StructureView])
def test_synced_traits_and_browser_keys_agree_both_ways(cls):
    source = (FRONT / "src" / "model.ts").read_text()
    keys = re.search(r"MODEL_KEYS = \[(.*?)\]", source, re.DOTALL)
    assert keys is not None
    browser = set(re.findall(r'"(\w+)"', keys[1]))
    inherited = {"layout", "tabbable", "tooltip"}  # of every ipywidget
    python = {name for name in cls.class_traits(sync=True) if not name.startswith("_")} - inherited
    assert python == browser


@pytest.mark.parametrize("name", states.VIEWS)
def test_kind_is_known_to_the_browser_half(view, name):
    source = (FRONT / "src" / "index.ts").read_text()
    views = re.search(r"VIEWS:.*?= \{(.*?)\}", source, re.DOTALL)
    assert views is not None
    assert view(name).kind in re.findall(r"(\w+):", views[1])


def test_browser_may_write_only_what_it_says_it_writes():
    written = [
        re.findall(r"host\.set\(([^,]+),", path.read_text()) for path in sorted((FRONT / "src").glob("*.ts"))
    ]
    # Selections in two places, where the argument is of type `Kind`, and options in one.
    assert [w for w in written if w] == [["kind", '"options"', "kind"]]
    kinds = re.search(r"KINDS = \[(.*?)\]", (FRONT / "src" / "selection.ts").read_text())
    assert kinds is not None
    assert set(re.findall(r'"(\w+)"', kinds[1])) == set(base.ExplainerWidget._writable)
