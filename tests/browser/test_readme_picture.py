"""The picture of the README is a screenshot of this page; docs/images holds it with fewer colours."""

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.filterwarnings("ignore::ResourceWarning")]

NAME = "readme.ipynb"
CELLS = ('import crysnb as cn\n\ncn.explain("quartz")',)


def test_picture(lab, lab_server, screenshots):
    import nbformat

    cells = [nbformat.v4.new_code_cell(text) for text in CELLS]
    kernel = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=kernel), lab_server.work / NAME)
    page = lab.page
    page.set_viewport_size({"width": 1080, "height": 2000})
    lab.open(NAME)
    lab.command("application:toggle-left-area")
    lab.run_all()
    assert lab.errors() == []
    view = page.locator(".cn-root[data-kind=tensor][data-status=idle]")
    lab.settle(view.locator("[data-cell=eps13]")).click()
    page.locator(".jp-WindowedPanel-outer").evaluate("(e) => e.scrollTo(0, 0)")
    for theme, light in (("JupyterLab Light", True), ("JupyterLab Dark", False)):
        lab.theme(theme, light=light)
        page.locator(".jp-WindowedPanel-outer").evaluate("(e) => e.scrollTo(0, 0)")
        page.mouse.move(5, 5)
        page.wait_for_timeout(1500)
        first = page.locator(".jp-CodeCell").first.bounding_box()
        last = view.bounding_box()
        area = {"x": first["x"], "y": first["y"], "width": first["width"]}
        area["height"] = last["y"] + last["height"] + 24 - first["y"]
        assert 900 < area["height"] < page.viewport_size["height"] - first["y"]
        page.screenshot(path=screenshots / f"readme-{'light' if light else 'dark'}.png", clip=area)
    assert lab.console_errors == []
    assert lab.outside == []
