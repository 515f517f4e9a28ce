// Shaded discs, drawn once for each colour and size and then stamped: that is what keeps turning smooth.

/** More than this are thrown away together; zooming makes a new size at every step. */
const MOST = 160;
/** Sizes are rounded to this, in device pixels. */
const STEP = 1;

export class Sprites {
  private readonly made = new Map<string, HTMLCanvasElement>();

  constructor(private readonly rim: string) {}

  /** Paint a ball of radius `r` (device pixels) at (x, y). */
  stamp(pen: CanvasRenderingContext2D, color: string, x: number, y: number, r: number): void {
    const size = Math.max(STEP, Math.round(r / STEP) * STEP);
    const sprite = this.of(color, size);
    const half = (sprite.width / 2) * (r / size);
    pen.drawImage(sprite, x - half, y - half, 2 * half, 2 * half);
  }

  private of(color: string, r: number): HTMLCanvasElement {
    const key = `${color}/${r}`;
    const known = this.made.get(key);
    if (known) return known;
    if (this.made.size >= MOST) this.made.clear();
    const canvas = document.createElement("canvas");
    canvas.width = canvas.height = 2 * Math.ceil(r) + 4;
    const pen = canvas.getContext("2d");
    if (pen) ball(pen, color, canvas.width / 2, r, this.rim);
    this.made.set(key, canvas);
    return canvas;
  }
}

function ball(pen: CanvasRenderingContext2D, color: string, middle: number, r: number, rim: string): void {
  pen.beginPath();
  pen.arc(middle, middle, r, 0, 2 * Math.PI);
  pen.fillStyle = color;
  pen.fill();
  const light = pen.createRadialGradient(middle - 0.35 * r, middle - 0.4 * r, 0, middle, middle, r);
  light.addColorStop(0, "rgba(255,255,255,0.75)");
  light.addColorStop(0.35, "rgba(255,255,255,0.12)");
  light.addColorStop(0.75, "rgba(0,0,0,0.06)");
  light.addColorStop(1, "rgba(0,0,0,0.34)");
  pen.fillStyle = light;
  pen.fill();
  pen.lineWidth = Math.max(1, r / 18);
  pen.strokeStyle = rim;
  pen.stroke();
}
