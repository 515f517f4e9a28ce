// The canvas of the crystal scene: which atom lies where, and what is painted. What is chosen it only reports.
import { frameOf, type Mat3 } from "./camera";
import { Layers, type Motion, type Painting } from "./crystal_layers";
import { pick } from "./crystal_pick";
import { atomColors, paintCrystal } from "./crystal_render";
import { rows, type CrystalData } from "./crystal_schema";
import type { Lit } from "./crystal_state";
import { Sprites } from "./sprites";
import { TurnStage, type Inks, type StageEvents } from "./stage";

export interface CrystalStageEvents extends StageEvents {
  /** The drawn atom under the pointer, or -1. */
  point(atom: number): void;
  pick(atom: number, add: boolean): void;
  /** Double click: the whole orbit. */
  gather(atom: number): void;
}

/** From this many halves of bonds on, their rims wait until the crystal stands still. */
const MANY_BONDS = 1000;
const CALM_MS = 160;

export class CrystalStage extends TurnStage {
  readonly layers: Layers;
  private readonly colors: readonly string[];
  /** Å from the middle to the rim at zoom 1: the first view fits, and most others. */
  private readonly reach: number;
  private painting: Painting | null = null;
  private sprites: Sprites | null = null;
  private hidden: ReadonlySet<number> = new Set();
  private motion: Motion | null = null;
  private lit: Lit | null = null;
  private calm: ReturnType<typeof setTimeout> | undefined;

  constructor(data: CrystalData, private readonly events: CrystalStageEvents) {
    super({ turn: rows(data.view), pan: [0, 0], zoom: 1 }, "crystal drawing",
      `${data.title}, ${data.site_species.length} sites. Arrow keys turn; a, b, c, x, y, z look along an axis; ` +
      "plus and minus zoom; 0 resets. The sites stand in the table.", events);
    this.layers = new Layers(data);
    this.colors = atomColors(data);
    this.reach = Math.max(1.06 * this.layers.reachOf(this.camera), 0.8 * this.layers.radius);
  }

  show(lit: Lit, hidden: ReadonlySet<number>, motion: Motion | null): void {
    this.lit = lit;
    this.hidden = hidden;
    this.motion = motion;
    if (motion) this.turning();
    this.refresh();
  }

  protected get cell(): Mat3 {
    return this.layers.cell;
  }

  /** Paint plainly until nothing has turned for a moment. */
  protected override turning(): void {
    if (this.layers.data.bonds.length < MANY_BONDS) return;
    clearTimeout(this.calm);
    this.calm = setTimeout(() => { this.calm = undefined; this.refresh(); }, CALM_MS);
  }

  protected override ended(): void {
    clearTimeout(this.calm);
  }

  protected override recolored(inks: Inks): void {
    this.sprites = new Sprites(inks.ink);
  }

  protected clicked(event: PointerEvent, add: boolean): void {
    this.events.pick(this.under(event), add);
  }

  protected override doubled(event: MouseEvent): void {
    this.events.gather(this.under(event));
  }

  protected hovered(event: PointerEvent | null): void {
    const atom = event ? this.under(event) : -1;
    this.canvas.toggleAttribute("data-over", atom >= 0);
    this.events.point(atom);
  }

  private under(event: MouseEvent): number {
    return this.painting ? pick({ seen: this.painting.atoms, radii: this.painting.radii }, ...this.at(event)) : -1;
  }

  protected draw(pen: CanvasRenderingContext2D | null, look: Inks): void {
    const { lit, sprites, camera, hidden, motion } = this;
    if (!lit || !sprites) return;
    const frame = frameOf(camera, this.size.width, this.size.height, this.reach);
    this.painting = this.layers.paint({ camera, frame, hidden, lit, motion });
    if (pen) paintCrystal({ pen, look, sprites, camera, frame, ratio: this.ratio, plain: this.calm !== undefined }, this.layers, this.painting, this.colors, lit);
  }
}
