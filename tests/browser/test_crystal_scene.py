"""The crystal scene in a real browser, on its own offline page: drawn, turned, picked, lit, acting."""

import base64
import io
import itertools

import numpy as np
import pytest
from page_probes import CLIPPED, CONTRAST

pytest.importorskip("anywidget", reason="the notebook extra is not installed")
from crysnb.widgets.crystal_view import crystal

Image = pytest.importorskip("PIL.Image")

pytestmark = [pytest.mark.browser, pytest.mark.filterwarnings("ignore::ResourceWarning")]

DARK = {"--jp-ui-font-color1": "#ffffff", "--jp-layout-color0": "#111111", "background": "#111111"}
COLORS = """(canvas) => {
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  const seen = new Set();
  for (let i = 0; i < data.length; i += 4) if (data[i + 3] > 200) seen.add((data[i] << 16) | (data[i + 1] << 8) | data[i + 2]);
  return seen.size;
}"""  # noqa: E501 - JavaScript
# Middle of everything painted, in page pixels.
CENTRE = """(canvas) => {
  const { data, width } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  let [n, x, y] = [0, 0, 0];
  for (let i = 3; i < data.length; i += 4) if (data[i] > 100) { n += 1; x += (i >> 2) % width; y += Math.floor((i >> 2) / width); }
  return [x / n, y / n, n];
}"""  # noqa: E501 - JavaScript
FRAMES = "() => new Promise((r) => requestAnimationFrame(() => requestAnimationFrame(() => r(1))))"


class Scene:
    """One open page."""

    def __init__(self, page, data):
        self.page, self.data, self.faults = page, data, []
        page.on("console", lambda m: self.faults.append(m.text) if m.type == "error" else None)
        page.on("pageerror", lambda e: self.faults.append(str(e)))
        page.on("request", self._request)
        self.canvas = page.locator("canvas.cn-canvas")

    def _request(self, request):
        if not request.url.startswith(("file:", "blob:", "data:")):
            self.faults.append(f"asked for {request.url}")

    def faint(self):
        """Texts that do not stand out from what is behind them."""
        found = self.page.evaluate(f"({CONTRAST})(document.querySelector('.cn-root'))")
        assert len(found) > 20
        return [text for ratio, text in found if ratio < 4.5]

    def picture(self):
        # Rims of bonds are painted once the crystal stands still.
        self.page.wait_for_timeout(250)
        self.page.evaluate(FRAMES)
        return self.now()

    def now(self):
        """What is on the canvas, waiting for nothing: shape [row, column, rgba]."""
        text = self.canvas.evaluate("(c) => c.toDataURL()")
        with Image.open(io.BytesIO(base64.b64decode(text.partition(",")[2]))) as image:
            return np.asarray(image.convert("RGBA"), dtype=int)

    def selected(self):
        rows = self.page.locator("tr[data-site][aria-selected=true]")
        return [int(k) for k in rows.evaluate_all("(rows) => rows.map((r) => r.dataset.site)")]

    def chosen_operations(self):
        items = self.page.locator(".cn-operation[aria-selected=true]")
        return items.evaluate_all("(items) => items.map((i) => i.dataset.operation)")

    def places(self):
        """Where every drawn atom is at the first view, and how near; worked out here, not there."""
        box = self.canvas.bounding_box()
        d = self.data
        turn, cell = np.reshape(d["view"], (3, 3)), np.reshape(d["cell"], (3, 3))
        radii = np.array([d["species"][d["site_species"][s]]["radius"] for s in d["atom_site"]])
        corners = np.array([(i & 1, i >> 1 & 1, i >> 2 & 1) for i in range(8)]) @ cell
        middle = cell.sum(axis=0) / 2
        points = np.reshape(d["atom_xyz"], (-1, 3)) - middle
        seen, rim = points @ turn.T, (corners - middle) @ turn.T

        def reach(x, y):
            return np.maximum(0.8 * np.abs(x), np.abs(y))

        first = max((reach(seen[:, 0], seen[:, 1]) + radii).max(initial=0), reach(rim[:, 0], rim[:, 1]).max())
        ball = max((np.linalg.norm(points, axis=1) + radii).max(), np.linalg.norm(rim, axis=1).max())
        scale = min(box["width"], box["height"]) / 2 / max(1.06 * first, 0.8 * ball)
        x = box["x"] + box["width"] / 2 + scale * seen[:, 0]
        y = box["y"] + box["height"] / 2 - scale * seen[:, 1]
        return x, y, seen[:, 2]

    def nearest_atom(self, element):
        """Page coordinates and site of the nearest drawn atom of an element: nothing hides it."""
        x, y, depth = self.places()
        sites = np.array(self.data["atom_site"])
        index = [s["symbol"] for s in self.data["species"]].index(element)
        depth = np.where(np.array(self.data["site_species"])[sites] == index, depth, -np.inf)
        k = int(depth.argmax())
        return float(x[k]), float(y[k]), int(sites[k])

    def drag(self, dx, dy, *, shift=False):
        box = self.canvas.bounding_box()
        x, y = box["x"] + box["width"] - 30, box["y"] + 30
        if shift:
            self.page.keyboard.down("Shift")
        self.page.mouse.move(x, y)
        self.page.mouse.down()
        self.page.mouse.move(x + dx, y + dy, steps=8)
        self.page.mouse.up()
        if shift:
            self.page.keyboard.up("Shift")


def same(a, b):
    """Whether two pictures show the same.

    Chromium smooths edges in another way once a canvas has been read a few times; so a few pixels
    may differ.
    """
    return a.shape == b.shape and (np.abs(a - b).max(axis=2) > 60).mean() < 1.5e-3


@pytest.fixture
def scene(browser, tmp_path):
    """``scene(view, **context)`` opens a view's offline page; nothing may have gone wrong at the end."""
    opened = []

    def make(view, **options):
        path = tmp_path / f"{len(opened)}.html"
        path.write_text(view.to_html(), encoding="utf-8")
        context = browser.new_context(**{"viewport": {"width": 1000, "height": 800}, **options})
        one = Scene(context.new_page(), view.data)
        opened.append((context, one, view))
        one.page.goto(path.as_uri())
        if options.get("java_script_enabled", True):
            one.page.wait_for_selector(".cn-root[data-status=idle]")
            one.page.locator(".cn-sites summary").click()
            one.picture()
        return one

    yield make
    for context, one, view in opened:
        assert one.faults == []
        context.close()
        view.close()


def test_the_crystal_is_drawn_and_follows_the_theme(scene, screenshots):
    view = crystal("rutile")
    view.operations = ["m [110]", "4+ [001]"]
    s = scene(view)
    light = s.picture()
    assert s.canvas.evaluate(COLORS) > 50
    assert s.faint() == []
    assert s.page.evaluate(f"({CLIPPED})(document.querySelector('.cn-root'))") == []
    s.page.screenshot(path=screenshots / "crystal-light.png")
    s.page.evaluate(
        "(css) => { for (const [k, v] of Object.entries(css)) document.body.style.setProperty(k, v); }", DARK
    )
    assert not same(s.picture(), light)
    assert s.canvas.evaluate(COLORS) > 50
    assert s.faint() == []
    s.page.screenshot(path=screenshots / "crystal-dark.png")


def test_dragging_turns_and_shift_shifts(scene):
    s = scene(crystal("NaCl"))
    first, (x, y, n) = s.picture(), s.canvas.evaluate(CENTRE)
    s.drag(-120, 40, shift=True)
    shifted = s.canvas.evaluate(CENTRE)
    assert shifted[0] - x == pytest.approx(-120, abs=15)
    assert shifted[1] - y == pytest.approx(40, abs=15)
    s.page.keyboard.press("0")
    s.page.mouse.move(5, 5)  # an atom under the pointer is ringed
    assert same(s.picture(), first)
    s.drag(-90, 25)
    turned = s.picture()
    assert not same(turned, first)
    assert s.canvas.evaluate(CENTRE)[2] == pytest.approx(n, rel=0.5)
    assert s.selected() == []  # a drag is no click


def test_the_wheel_zooms_only_where_somebody_works(scene):
    s = scene(crystal("NaCl"), viewport={"width": 700, "height": 420})
    box = s.canvas.bounding_box()
    first = s.picture()
    s.page.mouse.move(box["x"] + 15, box["y"] + 60)
    s.page.mouse.wheel(0, 120)
    s.page.wait_for_timeout(200)
    assert s.page.evaluate("scrollY") > 0
    assert same(s.picture(), first)
    s.canvas.evaluate("(c) => c.focus({ preventScroll: true })")
    before = s.page.evaluate("scrollY")
    small = s.canvas.evaluate(CENTRE)[2]
    s.page.mouse.wheel(0, -120)
    s.picture()
    assert s.page.evaluate("scrollY") == before
    assert s.canvas.evaluate(CENTRE)[2] > 1.1 * small


def test_the_atom_under_the_pointer_is_picked(scene):
    s = scene(crystal("quartz"))
    x, y, silicon = s.nearest_atom("Si")
    s.page.mouse.move(x, y)
    tip = s.page.locator(".cn-tip")
    tip.wait_for(state="visible")
    assert tip.inner_text().startswith(f"Si{silicon + 1} at ")
    s.page.mouse.click(x, y)
    assert s.selected() == [silicon]
    x, y, oxygen = s.nearest_atom("O")
    s.page.keyboard.down("Shift")
    s.page.mouse.click(x, y)
    s.page.keyboard.up("Shift")
    assert s.selected() == sorted([silicon, oxygen])
    s.page.mouse.dblclick(x, y)
    assert s.selected() == [3, 4, 5, 6, 7, 8]
    s.page.keyboard.press("Escape")
    assert s.selected() == []
    # Where oxygen is hidden it can no longer be hit.
    s.page.get_by_role("button", name="O × 6").click()
    s.picture()
    s.page.mouse.click(x, y)
    assert oxygen not in s.selected()


def test_keys_look_along_axes_and_stay_inside(scene):
    s = scene(crystal("anatase"))
    s.page.evaluate(
        "document.body.addEventListener('keydown', (e) => { window.leaked = (window.leaked ?? '') + e.key; })"
    )
    first = s.picture()
    s.canvas.focus()
    seen = {}
    for key in "abcxyz":
        s.page.keyboard.press(key)
        seen[key] = s.picture()
    # In a tetragonal crystal a is x and c is z; from b and y the same.
    assert same(seen["a"], seen["x"])
    assert not same(seen["c"], seen["a"])
    assert not any(same(first, one) for one in seen.values())
    for key in ("+", "-", "ArrowLeft", "ArrowUp", "m", "d"):
        s.page.keyboard.press(key)
    s.page.keyboard.press("0")
    assert same(s.picture(), first)
    assert s.page.evaluate("window.leaked ?? ''") == ""


def test_an_operation_is_shown_when_pointed_at_and_kept_when_clicked(scene):
    s = scene(crystal("Si"))
    bare = s.picture()
    item = s.page.locator(".cn-operation", has_text="m [001]")
    item.hover()
    hovered = s.picture()
    assert not same(hovered, bare)
    assert "glide plane d" in s.page.locator(".cn-caption").inner_text()
    s.page.mouse.move(5, 5)
    assert same(s.picture(), bare)
    item.click()
    s.page.mouse.move(5, 5)
    s.canvas.focus()
    assert s.chosen_operations() == ["m [001]"]
    assert same(s.picture(), hovered)
    s.page.keyboard.press("Escape")
    assert s.chosen_operations() == []
    assert same(s.picture(), bare)


def test_an_operation_acts_and_comes_to_an_end(scene, screenshots):
    s = scene(crystal("BaTiO3"))
    s.page.locator(".cn-operation", has_text="4+ [001]").click()
    s.page.mouse.move(5, 5)
    still = s.picture()
    button = s.page.locator(".cn-act")
    button.click()
    s.page.wait_for_selector(".cn-root[data-acting]")
    pictures = []
    for _ in range(4):
        pictures.append(s.now())
        s.page.wait_for_timeout(180)
    s.page.screenshot(path=screenshots / "crystal-acting.png")
    assert sum(not same(a, b) for a, b in itertools.pairwise(pictures)) >= 2
    s.page.wait_for_selector(".cn-root:not([data-acting])")
    s.page.mouse.move(5, 5)
    assert same(s.picture(), still)
    assert "every atom has come" in s.page.locator(".cn-live").text_content()


def test_with_reduced_motion_it_jumps(scene):
    s = scene(crystal("BaTiO3"), reduced_motion="reduce")
    s.page.locator(".cn-operation", has_text="4+ [001]").click()
    s.page.locator(".cn-act").click()
    s.page.wait_for_timeout(300)
    first = s.now()
    s.page.wait_for_timeout(500)
    assert s.page.locator(".cn-root[data-acting]").count() == 1
    assert same(s.now(), first)


@pytest.mark.parametrize("width", [360, 700, 1400])
def test_every_width_and_fine_screens(scene, screenshots, width):
    k = np.arange(12.0)
    view = crystal(
        "anatase",
        scalars={"name": "charge", "unit": "e", "values": k - 4},
        glyphs={"name": "force", "unit": "eV/Å", "values": np.column_stack([k, -k, 3 - k])},
    )
    view.operations = ["4+ [001]"]
    s = scene(view, viewport={"width": width, "height": 900}, device_scale_factor=2)
    size = s.canvas.evaluate("(c) => [c.width, c.clientWidth, c.height, c.clientHeight]")
    assert size[0] == 2 * size[1]
    assert size[2] == 2 * size[3]
    assert s.canvas.evaluate(COLORS) > 50
    # The table of sites scrolls in a box of its own where it is wider than the page.
    assert s.page.evaluate(f"({CLIPPED})(document.querySelector('.cn-crystal'))") == []
    assert s.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    s.page.screenshot(path=screenshots / f"crystal-{width}.png")


def test_without_scripts_the_picture_and_the_sites_are_there(scene):
    s = scene(crystal("quartz"), java_script_enabled=False)
    image = s.page.locator("img")
    assert image.is_visible()
    assert "P3_221" in image.get_attribute("alt")
    assert "Si1" in s.page.locator("table").text_content()
