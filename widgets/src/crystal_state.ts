// What is lit up in the crystal, from what is selected, pointed at, and implied. No DOM here.
import { siteLabel, type CrystalData, type CrystalOperation } from "./crystal_schema";
import type { Selected } from "./selection";

/** More symmetry elements than this hide the crystal. */
export const MOST_ELEMENTS = 6;

export interface Sources {
  /** Chosen by hand, here or elsewhere. */
  readonly selected: Selected;
  /** Pointed at in this view. */
  readonly near: Partial<Selected>;
  /** Pointed at in another view. */
  readonly far: Partial<Selected>;
  /** What a selection of another kind means. */
  readonly implied: Partial<Selected>;
}

export interface Lit {
  /** Operations whose elements are drawn. */
  readonly operations: readonly CrystalOperation[];
  /** How many more were asked for than are drawn. */
  readonly left_out: number;
  /** Sites that are chosen, pointed at, and sent to another site by the one shown operation, if others stay. */
  readonly chosen: ReadonlySet<number>;
  readonly pointed: ReadonlySet<number>;
  readonly moved: ReadonlySet<number>;
  readonly pairs: readonly (readonly [number, number])[];
}

export function litBy(data: CrystalData, { selected, near, far, implied }: Sources): Lit {
  const wanted = firstOf(near.operations, far.operations) ?? union(selected.operations, implied.operations ?? []);
  const found = wanted.flatMap((name) => data.operations.filter((op) => op.name === name && op.kind !== "identity"));
  const pairs = firstOf(near.pairs, far.pairs) ?? selected.pairs;
  const pointed = new Set([...(near.atoms ?? []), ...(far.atoms ?? []), ...sitesOf(data, far.elements ?? [])]);
  const moves = found.length === 1 && found[0] ? movedSites(found[0]) : [];
  const known = (site: number): boolean => site < data.site_species.length;
  return {
    operations: found.slice(0, MOST_ELEMENTS),
    left_out: Math.max(0, found.length - MOST_ELEMENTS),
    chosen: new Set([...selected.atoms, ...sitesOf(data, selected.elements)].filter(known)),
    pointed: new Set([...pointed].filter(known)),
    // Where all sites move, to mark them all would say nothing.
    moved: new Set(moves.length < data.site_species.length ? moves : []),
    pairs: pairs.filter(([i, j]) => known(i) && known(j)),
  };
}

function firstOf<T>(...lists: (readonly T[] | undefined)[]): readonly T[] | undefined {
  return lists.find((l) => l !== undefined && l.length > 0);
}

function union<T>(a: readonly T[], b: readonly T[]): T[] {
  return [...new Set([...a, ...b])];
}

function sitesOf(data: CrystalData, elements: readonly string[]): number[] {
  if (elements.length === 0) return [];
  return data.site_species.flatMap((s, k) => (elements.includes(data.species[s]?.symbol ?? "") ? [k] : []));
}

/** Sites that an operation sends to another site. */
export function movedSites(op: CrystalOperation): number[] {
  return op.permutation.flatMap((to, from) => (to === from ? [] : [from]));
}

/** All sites of the orbit of a site. */
export function orbitOf(data: CrystalData, site: number): number[] {
  const orbit = data.site_orbit[site];
  return data.site_orbit.flatMap((o, k) => (o === orbit ? [k] : []));
}

/** What an operation does to the sites, in one sentence. */
export function deedOf(data: CrystalData, op: CrystalOperation): string {
  const n = data.site_species.length;
  if (op.kind === "identity") return "Every atom stays where it is.";
  if (op.permutation.length === 0) {
    return "It maps the crystal onto itself, but not this supercell: its shape has less symmetry.";
  }
  const moves = movedSites(op);
  if (moves.length === 0) return n === 1 ? "The site stays or goes to an image of itself." : "Every site stays or goes to an image of itself.";
  const shown = moves.slice(0, 4).map((k) => `${siteLabel(data, k)} → ${siteLabel(data, op.permutation[k] ?? k)}`);
  return `It exchanges ${moves.length} of ${n} sites: ${shown.join(", ")}${moves.length > shown.length ? ", …" : "."}`;
}
