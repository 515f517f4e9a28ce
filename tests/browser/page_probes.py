"""Measurements inside the page: contrast of text, what is clipped, what collides."""

# ruff: noqa: E501 - JavaScript

# Every text node of a view against the colour behind it, as WCAG 2 computes contrast.
CONTRAST = """
(root) => {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 1;
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  const rgba = (css) => {
    pen.clearRect(0, 0, 1, 1); pen.fillStyle = css; pen.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = pen.getImageData(0, 0, 1, 1).data;
    return [r, g, b, a / 255];
  };
  const over = (top, below) => top.slice(0, 3).map((v, i) => v * top[3] + below[i] * (1 - top[3]));
  const behind = (el) => {
    const layers = [];
    for (let at = el; at; at = at.parentElement) layers.push(rgba(getComputedStyle(at).backgroundColor));
    return layers.reverse().reduce((below, top) => over(top, below), [255, 255, 255]);
  };
  const light = (rgb) => {
    const [r, g, b] = rgb.map((v) => { const c = v / 255; return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4; });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const found = [];
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const el = node.parentElement;
    if (!node.textContent.trim() || !el || el.closest(".cn-live") || el.getClientRects().length === 0) continue;
    const back = behind(el);
    const front = over(rgba(getComputedStyle(el).color), back);
    const [x, y] = [light(front), light(back)];
    found.push([(Math.max(x, y) + 0.05) / (Math.min(x, y) + 0.05), node.textContent.trim().slice(0, 40)]);
  }
  return found.sort((a, b) => a[0] - b[0]);
}
"""

# Elements of a view whose text sticks out of it, or out of the view.
CLIPPED = """
(root) => {
  const box = root.getBoundingClientRect();
  return [...root.querySelectorAll("p, li, span, b, td, th, h3")]
    .filter((el) => !el.closest(".cn-live") && el.getClientRects().length > 0)
    .filter((el) => {
      const r = el.getBoundingClientRect();
      return r.right > box.right + 1 || r.left < box.left - 1 || el.scrollWidth > el.clientWidth + 1 && el.clientWidth > 0
        && getComputedStyle(el).overflow !== "visible";
    })
    .map((el) => el.className + ": " + el.textContent.slice(0, 40));
}
"""

# Numbers of neighbouring cells that run into each other.
COLLIDING = """
(root) => {
  const boxes = [...root.querySelectorAll(".cn-number")].filter((el) => el.textContent)
    .map((el) => [el.textContent, el.getBoundingClientRect()]);
  const hits = [];
  for (let i = 0; i < boxes.length; i++) for (let j = i + 1; j < boxes.length; j++) {
    const [a, b] = [boxes[i][1], boxes[j][1]];
    if (a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom) hits.push([boxes[i][0], boxes[j][0]]);
  }
  return hits;
}
"""
