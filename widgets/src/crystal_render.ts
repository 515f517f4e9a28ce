// Painting on a canvas what crystal_layers.ts has put in order.
import { projected, type Camera, type Frame } from "./camera";
import { ATOM, BOND, EDGE, GHOST, type Layers, type Painting } from "./crystal_layers";
import { arrowOf, ellipseOf, signOf, type Ink, type Mark } from "./crystal_marks";
import type { CrystalData } from "./crystal_schema";
import type { Lit } from "./crystal_state";
import type { Sprites } from "./sprites";

/** Colours of the host, as a canvas understands them. */
export type Look = Readonly<Record<Ink | "fg" | "page", string>>;

export interface Brush {
  readonly pen: CanvasRenderingContext2D;
  readonly look: Look;
  readonly sprites: Sprites;
  readonly camera: Camera;
  readonly frame: Frame;
  /** Device pixels per page pixel. */
  readonly ratio: number;
  /** Leave out what costs most: for the moment, the crystal turns. */
  readonly plain: boolean;
}

const BOND_WIDTH = 0.16; // Å
const MOST_DASHED = 40;
const FONT = "600 13px system-ui, sans-serif";

/** Colour of every drawn atom: that of its element, or of its number. */
export function atomColors(data: CrystalData): string[] {
  return data.atom_site.map((site) =>
    data.scalars?.colors[site] ?? data.species[data.site_species[site] ?? -1]?.color ?? "#808080");
}

export function paintCrystal(brush: Brush, layers: Layers, painting: Painting, colors: readonly string[], lit: Lit): void {
  const { pen, ratio } = brush;
  const { data } = layers;
  pen.setTransform(1, 0, 0, 1, 0, 0);
  pen.clearRect(0, 0, pen.canvas.width, pen.canvas.height);
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  pen.lineJoin = "round";
  const width = BOND_WIDTH * brush.frame.scale;
  for (const entry of painting.order) {
    const [kind, index] = [entry & 7, entry >> 3];
    if (kind === BOND) paintBond(brush, painting.halves, index, colors[data.bonds[index]!]!, width);
    else if (kind === ATOM) paintAtom(brush, data, painting, index, colors[index]!, lit);
    else if (kind === EDGE) paintEdge(brush, painting.edges, index);
    else if (kind === GHOST) paintGhost(brush, painting, index);
    else if (painting.marks[index]) paintMark(brush, painting.marks[index]);
  }
  paintTripod(brush, layers);
}

function paintAtom(brush: Brush, data: CrystalData, { atoms, radii, moving }: Painting, k: number, color: string, lit: Lit): void {
  const { pen, look, ratio } = brush;
  const [x, y, r] = [atoms[3 * k]!, atoms[3 * k + 1]!, radii[k]!];
  const site = data.atom_site[k]!;
  if (data.glyphs?.kind === "ellipsoids" && !moving) {
    const { long, short, angle } = ellipseOf(data.glyphs.values.slice(9 * site, 9 * site + 9), brush);
    pen.beginPath();
    pen.ellipse(x, y, long, short, angle, 0, 2 * Math.PI);
    pen.globalAlpha = 0.9;
    pen.fillStyle = color;
    pen.fill();
    pen.globalAlpha = 1;
    pen.lineWidth = 1.2;
    pen.strokeStyle = look.fg;
    pen.stroke();
  } else {
    pen.setTransform(1, 0, 0, 1, 0, 0);
    brush.sprites.stamp(pen, color, x * ratio, y * ratio, r * ratio);
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  }
  if (lit.chosen.has(site)) ring(brush, x, y, r + 3.5, look.tie, 3, []);
  if (lit.pointed.has(site)) ring(brush, x, y, r + 1, look.fg, 2.5, []);
  if (!lit.moved.has(site)) return;
  // Dashes are dear, and rings too: with hundreds of them the drawing would no longer turn smoothly.
  const many = lit.moved.size > MOST_DASHED;
  if (!many || !brush.plain) ring(brush, x, y, r + 1, look.symmetry, 1.6, many ? [] : [3, 3]);
}

function ring({ pen, look }: Brush, x: number, y: number, r: number, color: string, width: number, dash: number[]): void {
  pen.beginPath();
  pen.arc(x, y, r, 0, 2 * Math.PI);
  if (color !== look.symmetry) {
    // A seam in the colour of the page keeps the ring apart from an atom of its own colour.
    pen.lineWidth = width + 2;
    pen.strokeStyle = look.page;
    pen.stroke();
  }
  if (dash.length > 0) pen.setLineDash(dash);
  pen.lineWidth = width;
  pen.strokeStyle = color;
  pen.stroke();
  if (dash.length > 0) pen.setLineDash([]);
}

function paintGhost({ pen, look }: Brush, { ghosts, radii }: Painting, k: number): void {
  pen.beginPath();
  pen.arc(ghosts[3 * k]!, ghosts[3 * k + 1]!, radii[k]! + 1, 0, 2 * Math.PI);
  pen.setLineDash([2, 3]);
  pen.lineWidth = 1.4;
  pen.strokeStyle = look.ink;
  pen.stroke();
  pen.setLineDash([]);
}

function paintBond({ pen, look, plain }: Brush, halves: Float64Array, e: number, color: string, width: number): void {
  const i = 4 * e;
  pen.beginPath();
  pen.moveTo(halves[i]!, halves[i + 1]!);
  pen.lineTo(halves[i + 2]!, halves[i + 3]!);
  if (!plain) {
    pen.lineWidth = width + 1.6;
    pen.strokeStyle = look.ink;
    pen.stroke();
  }
  pen.lineWidth = width;
  pen.strokeStyle = color;
  pen.stroke();
}

function paintEdge({ pen, look }: Brush, edges: Float64Array, k: number): void {
  const i = 6 * k;
  pen.beginPath();
  pen.moveTo(edges[i]!, edges[i + 1]!);
  pen.lineTo(edges[i + 3]!, edges[i + 4]!);
  pen.lineWidth = 1.2;
  pen.strokeStyle = look.ink;
  pen.stroke();
}

function paintMark(brush: Brush, mark: Mark): void {
  const { pen, look } = brush;
  const color = look[mark.ink];
  pen.strokeStyle = pen.fillStyle = color;
  switch (mark.shape) {
    case "line":
      pen.setLineDash(mark.dashed ? [6, 4] : []);
      pen.lineWidth = mark.width;
      path(pen, [mark.a, mark.b]);
      pen.stroke();
      break;
    case "plane":
      path(pen, mark.corners, true);
      pen.globalAlpha = 0.24;
      pen.fill();
      pen.globalAlpha = 1;
      pen.setLineDash(mark.dashed ? [8, 5] : []);
      pen.lineWidth = 2;
      pen.stroke();
      break;
    case "sign":
      path(pen, signOf(mark.order).map(([x, y]) => [mark.at[0] + 8 * x, mark.at[1] + 8 * y]), true);
      if (mark.hollow) pen.fillStyle = look.page;
      pen.fill();
      pen.lineWidth = 2;
      pen.stroke();
      break;
    case "centre":
      pen.beginPath();
      pen.arc(mark.at[0], mark.at[1], 5, 0, 2 * Math.PI);
      pen.fillStyle = look.page;
      pen.fill();
      pen.lineWidth = 2.4;
      pen.stroke();
      break;
    case "arrow": paintArrow(brush, mark); break;
    case "label": paintText(brush, mark.text, mark.at[0] + 11, mark.at[1] - 9, color); break;
  }
  pen.setLineDash([]);
}

function paintArrow({ pen, look }: Brush, { a, b, width }: Mark & { shape: "arrow" }): void {
  const arrow = arrowOf(a, b);
  if (!arrow) return;
  const { strokeStyle } = pen;
  // An outline in the page's colour lets the arrow be seen before an atom.
  for (const [extra, color] of [[2.5, look.page], [0, strokeStyle]] as const) {
    pen.lineWidth = width + extra;
    pen.strokeStyle = color;
    path(pen, [a, arrow.neck]);
    pen.stroke();
    path(pen, arrow.head, true);
    if (extra > 0) pen.stroke();
  }
  pen.fill();
}

function paintText({ pen, look }: Brush, text: string, x: number, y: number, color: string): void {
  pen.font = FONT;
  pen.textBaseline = "middle";
  pen.lineWidth = 3.5;
  pen.strokeStyle = look.page;
  pen.strokeText(text, x, y);
  pen.fillStyle = color;
  pen.fillText(text, x, y);
}

function path(pen: CanvasRenderingContext2D, corners: readonly (readonly number[])[], closed = false): void {
  pen.beginPath();
  corners.forEach((p, k) => (k === 0 ? pen.moveTo(p[0]!, p[1]!) : pen.lineTo(p[0]!, p[1]!)));
  if (closed) pen.closePath();
}

/** a, b, c as arrows from a corner of the page. */
function paintTripod(brush: Brush, layers: Layers): void {
  const { pen, look, camera, ratio } = brush;
  const height = pen.canvas.height / ratio;
  const longest = Math.max(...layers.cell.map((v) => Math.hypot(...v)));
  const frame: Frame = { x: 40, y: height - 40, scale: 30 / longest };
  pen.textAlign = "center";
  (["a", "b", "c"] as const).forEach((name, k) => {
    const tip = projected(layers.cell[k]!, [0, 0, 0], camera, frame);
    const arrow = arrowOf([frame.x, frame.y, 0], tip);
    pen.strokeStyle = pen.fillStyle = look.fg;
    pen.lineWidth = 1.6;
    if (arrow) {
      path(pen, [[frame.x, frame.y], arrow.neck]);
      pen.stroke();
      path(pen, arrow.head, true);
      pen.fill();
    }
    const [dx, dy] = [tip[0] - frame.x, tip[1] - frame.y];
    const away = 9 / Math.max(Math.hypot(dx, dy), 6);
    paintText(brush, name, tip[0] + away * dx, tip[1] + away * dy, look.fg);
  });
  pen.textAlign = "start";
}
