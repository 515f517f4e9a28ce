// A symmetry operation as a movement: from where the atoms are to where they are sent. No DOM here.
import { add, cross, dot, sub, times, type Vec3 } from "./camera";
import type { CrystalOperation } from "./crystal_schema";

/** Seconds that an operation takes to act, and how long its end stays. */
export const ACT_MS = 1800;
export const HOLD_MS = 900;

/**
 * Where `point` is when a share `t` of the operation is done; `t` = 1 is its image.
 *
 * A rotation turns, a screw turns and climbs, a mirror flattens space onto its plane and unfolds it on
 * the other side, a glide plane shifts as well, an inversion shrinks through its centre. A rotoinversion
 * is a turn by another angle and a mirror across its axis: the same operation in a form that can be seen.
 */
export function moved(op: CrystalOperation, point: Vec3, t: number): Vec3 {
  if (op.kind === "identity") return point;
  const from = sub(point, op.point);
  const flip = 1 - 2 * t;
  if (op.kind === "inversion") return add(op.point, times(flip, from));
  const height = dot(from, op.axis);
  const flat = sub(from, times(height, op.axis));
  const turnedFlat = rotated(flat, op.axis, t * angleOf(op));
  const up = op.kind === "rotation" || op.kind === "screw" ? height : height * flip;
  return add(add(op.point, add(turnedFlat, times(up, op.axis))), times(t, op.translation));
}

/** Angle of the turn in the form that `moved` shows, in radians. */
export function angleOf(op: CrystalOperation): number {
  const full = (2 * Math.PI) / op.order;
  switch (op.kind) {
    case "rotation": case "screw": return full;
    // An inversion is half a turn and a mirror.
    case "rotoinversion": return full - Math.PI;
    default: return 0;
  }
}

function rotated(v: Vec3, axis: Vec3, angle: number): Vec3 {
  return add(times(Math.cos(angle), v), times(Math.sin(angle), cross(axis, v)));
}

/** Slow at both ends. */
export function eased(t: number): number {
  const s = Math.min(Math.max(t, 0), 1);
  return s * s * (3 - 2 * s);
}

/** Share of the operation done `ms` after its start, or null when it is over and its end was held. */
export function shareAt(ms: number, still: boolean): number | null {
  if (ms >= ACT_MS + HOLD_MS) return null;
  return still ? 1 : eased(ms / ACT_MS);
}

/** Every point of a flat list moved. */
export function movedAll(op: CrystalOperation, points: Float64Array, t: number): Float64Array {
  const out = new Float64Array(points.length);
  for (let i = 0; i < points.length; i += 3) {
    out.set(moved(op, [points[i]!, points[i + 1]!, points[i + 2]!], t), i);
  }
  return out;
}
