"""W7: the offline page of a view where a content security policy blocks scripts, or code made from text."""

import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.filterwarnings("ignore::ResourceWarning")]

# What the page itself needs: its own inline module, which loads the views from a blob.
NO_EVAL = "script-src 'unsafe-inline' blob:"
NO_SCRIPTS = "script-src 'none'"
# Later, and by the page itself: what the driver evaluates stands above the policy.
TRY_EVAL = """() => {
  setTimeout(() => { try { eval("1"); window.outcome = "ran"; } catch { window.outcome = "blocked"; } }, 0);
}"""


@pytest.fixture
def opened(browser, tmp_path):
    """Opens the page of a view under a policy; gives the page and what the browser complained of."""
    sys.path.insert(0, str(Path(__file__).parents[1] / "widgets"))
    import states

    contexts = []

    def go(name, policy):
        view = states.VIEWS[name]()
        tag = f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        path = tmp_path / "page.html"
        path.write_text(view.to_html().replace("<head>", f"<head>{tag}", 1), encoding="utf-8")
        view.close()
        contexts.append(browser.new_context(offline=True))
        tab = contexts[-1].new_page()
        said = []
        tab.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
        tab.on("pageerror", lambda error: said.append(str(error)))
        tab.goto(path.as_uri())
        return tab, said

    yield go
    for context in contexts:
        context.close()


@pytest.mark.parametrize("name", ["crystal", "elastic", "structure", "story", "panel"])
def test_w7_no_view_needs_eval(opened, name):
    tab, said = opened(name, NO_EVAL)
    tab.locator(".cn-root[data-status=idle]").wait_for()
    assert said == []
    tab.evaluate(TRY_EVAL)
    tab.wait_for_function("window.outcome !== undefined")
    assert tab.evaluate("window.outcome") == "blocked"


@pytest.mark.parametrize("name", ["crystal", "elastic", "structure", "panel"])
def test_w7_where_scripts_are_blocked_there_is_the_picture_and_the_table(opened, name):
    tab, said = opened(name, NO_SCRIPTS)
    assert said  # it was blocked
    assert tab.locator(".cn-root").count() == 0
    picture = tab.locator("body > img")
    assert picture.is_visible()
    assert picture.evaluate("(i) => i.complete && i.naturalWidth") > 100
    tab.locator("details summary").first.click()
    assert tab.locator("table tbody tr").first.is_visible()
