"""The views need the notebook extra; without it they are skipped, the rest of the suite is not."""

import sys
from pathlib import Path

import pytest

pytest.importorskip("anywidget", reason="the notebook extra is not installed")
sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture
def view():
    """Makes a view by name and closes it afterwards."""
    import states

    made = []

    def make(name):
        made.append(states.VIEWS[name]())
        return made[-1]

    yield make
    for one in made:
        one.close()
