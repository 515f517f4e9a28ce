// The crystal view: the drawing, the operations that can be shown and set to work, the sites as a table.
import { h } from "./dom";
import type { Motion } from "./crystal_layers";
import { lowered } from "./crystal_marks";
import { Legend, Operations, SiteTable, toolbar } from "./crystal_panel";
import { parseCrystal, siteLabel, type CrystalData, type CrystalOperation } from "./crystal_schema";
import { CrystalStage } from "./crystal_stage";
import { deedOf, litBy, orbitOf, type Lit } from "./crystal_state";
import { shareAt } from "./motion";
import { containKeys, header, leave, noticeList, showStatus, statusLines, watchStatus } from "./panel";
import { chosen, KINDS, type Selected } from "./selection";
import { guarded, type ViewContext } from "./view";

const KEYS_HELP =
  "Drag or arrow keys: turn. Shift and drag: shift. Wheel (after a click), + and −: zoom. a, b, c, x, y, z: look along. " +
  "0: reset. Click: select an atom; with Shift: add; double click: the whole orbit. Esc: clear, then back to the notebook.";

export function mountCrystal(context: ViewContext): void {
  const { state, signal } = context;
  let stop = new AbortController();
  const draw = guarded<void>(state, () => {
    stop.abort();
    stop = new AbortController();
    new CrystalScene(context, stop.signal).start();
  });
  signal.addEventListener("abort", () => stop.abort(), { once: true });
  state.watch(["data"], signal, draw);
  containKeys(context);
  new CrystalScene(context, stop.signal).start();
  watchStatus(context);
}

class CrystalScene {
  private readonly data: CrystalData;
  private readonly stage: CrystalStage;
  private readonly legend: Legend;
  private readonly operations: Operations;
  private readonly table: SiteTable;
  private readonly act: HTMLButtonElement;
  private readonly caption = h("p", { class: "cn-caption" });
  private readonly live = h("div", { class: "cn-live", role: "status", "aria-live": "polite" });
  private readonly help = h("p", { class: "cn-help", hidden: true }, KEYS_HELP);
  /** Pointed at here; pointed at in another view; meant by what is selected elsewhere. */
  private near: Partial<Selected> = {};
  private far: Partial<Selected> = {};
  private implied: Partial<Selected> = {};
  private motion: Motion | null = null;
  private began = 0;

  constructor(private readonly context: ViewContext, private readonly signal: AbortSignal) {
    const { state } = context;
    this.data = parseCrystal(state.data);
    const common = { escape: () => this.escape(), help: () => { this.help.hidden = !this.help.hidden; } };
    this.stage = new CrystalStage(this.data, {
      point: (atom) => this.point(atom),
      pick: (atom, add) => this.pick(this.siteOf(atom), add),
      gather: (atom) => this.gather(this.siteOf(atom)),
      ...common,
    });
    this.legend = new Legend(this.data, () => this.paint());
    this.operations = new Operations(this.data.operations, {
      preview: (k) => this.preview(k < 0 ? {} : { operations: this.names(k) }),
      choose: (k, add) => this.choose(this.names(k), add),
      ...common,
    });
    this.table = new SiteTable(this.data, {
      preview: (k) => this.preview(k < 0 ? {} : { atoms: [k] }),
      choose: (k, add) => this.pick(k, add),
      gather: (k) => this.gather(k),
      ...common,
    });
    this.act = h("button", { type: "button", class: "cn-act", disabled: true }, "Show it act");
  }

  start(): void {
    const { context: { state, root }, signal, data } = this;
    const wrap = <E>(handler: (event: E) => void): ((event: E) => void) => guarded(state, handler);
    for (const part of [this.stage, this.operations, this.table]) part.listen(signal, wrap);
    this.act.addEventListener("click", wrap(() => this.animate()), { signal });
    state.watch([...KINDS], signal, wrap<void>(() => { this.paint(); this.announce(); }));
    state.join(signal, {
      hover: wrap((what: Partial<Selected>) => { this.far = what; this.paint(); }),
      implied: wrap((what: Partial<Selected>) => { this.implied = what; this.paint(); }),
    });
    const tools = toolbar({
      view: (key) => this.stage.lookAlong(key), zoom: (f) => this.stage.zoom(f), reset: () => this.stage.reset(),
    });
    const side = h("div", { class: "cn-side" }, this.legend.element,
      ...(data.operations.length > 0 ? [this.operations.element, this.act] : []));
    const sites = h("details", { class: "cn-sites" }, h("summary", {}, "Sites as a table"), this.table.element);
    const keep = root.querySelector<HTMLDetailsElement>(".cn-sites")?.open;
    sites.open = keep ?? false;
    root.replaceChildren(
      header(data.title, data.subtitle, "", data.facts),
      h("div", { class: "cn-crystal" }, h("div", { class: "cn-drawing" }, tools, this.stage.element, this.caption), side),
      sites, ...noticeList(data.notices), this.help, ...statusLines(), this.live);
    this.paint();
    this.announce();
    showStatus(this.context);
  }

  private get selected(): Selected {
    const { state } = this.context;
    return Object.fromEntries(KINDS.map((kind) => [kind, state.selected(kind)])) as unknown as Selected;
  }

  private get lit(): Lit {
    return litBy(this.data, { selected: this.selected, near: this.near, far: this.far, implied: this.implied });
  }

  private paint(): void {
    const lit = this.lit;
    this.stage.show(lit, this.legend.hidden, this.motion);
    this.operations.paint(this.context.state.selected("operations"), lit);
    const first = lit.operations[0];
    if (first && this.near.operations === undefined) this.operations.reveal(first.name);
    this.table.paint(lit);
    this.act.disabled = lit.operations.length === 0 && this.motion === null;
    this.caption.textContent = this.captionOf(lit);
  }

  private captionOf(lit: Lit): string {
    const [op] = lit.operations;
    if (!op) return this.data.operations.length > 1 ? "Choose an operation to see where it lies." : "";
    if (lit.operations.length === 1) return `${lowered(op.text)}. ${deedOf(this.data, op)}`;
    const more = lit.left_out > 0 ? `; ${lit.left_out} more are not drawn` : "";
    return `${lit.operations.map(({ text }) => lowered(text)).join("; ")}${more}`;
  }

  private announce(): void {
    const { atoms, operations } = this.selected;
    const found = this.data.operations.filter(({ name }) => operations.includes(name));
    const sites = atoms.slice(0, 12).map((k) => siteLabel(this.data, k)).join(", ");
    const more = atoms.length > 12 ? ` and ${atoms.length - 12} more` : "";
    this.live.textContent = [
      atoms.length > 0 ? `Selected ${sites}${more}.` : "",
      ...found.map((op) => `${lowered(op.text)}. ${deedOf(this.data, op)}`),
    ].filter((text) => text !== "").join(" ");
  }

  private siteOf(atom: number): number {
    return this.data.atom_site[atom] ?? -1;
  }

  private names(k: number): string[] {
    const op = this.data.operations[k];
    return op ? [op.name] : [];
  }

  private point(atom: number): void {
    const site = this.siteOf(atom);
    this.stage.label(site < 0 ? "" : this.tip(site));
    if ((this.near.atoms?.[0] ?? -1) !== site) this.preview(site < 0 ? {} : { atoms: [site] });
  }

  private tip(site: number): string {
    const { scalars, site_frac } = this.data;
    const frac = [0, 1, 2].map((i) => (site_frac[3 * site + i] ?? 0).toFixed(3)).join(" ");
    const number = scalars ? `, ${scalars.name} ${scalars.texts[site]} ${scalars.unit}`.trimEnd() : "";
    return `${siteLabel(this.data, site)} at ${frac}${number}`;
  }

  private preview(what: Partial<Selected>): void {
    this.near = what;
    this.context.state.hover(what);
    this.paint();
  }

  private pick(site: number, add: boolean): void {
    const { state } = this.context;
    if (site >= 0) state.select("atoms", chosen(site, add, state.selected("atoms")));
    else if (!add && state.selected("atoms").length > 0) state.select("atoms", []);
  }

  private gather(site: number): void {
    if (site >= 0) this.context.state.select("atoms", orbitOf(this.data, site));
  }

  private choose([name]: readonly string[], add: boolean): void {
    const { state } = this.context;
    if (name === undefined) return;
    const before = state.selected("operations");
    // A second click on the only one takes it away: the list is a row of switches.
    state.select("operations", !add && before.length === 1 && before[0] === name ? [] : chosen(name, add, before));
  }

  private escape(): void {
    const { state, root } = this.context;
    if (this.motion) return this.still();
    if (state.selected("atoms").length > 0) state.select("atoms", []);
    else if (state.selected("operations").length > 0) state.select("operations", []);
    else leave(root);
  }

  private animate(): void {
    if (this.motion) return this.still();
    const op: CrystalOperation | undefined = this.lit.operations[0];
    if (!op) return;
    this.began = performance.now();
    this.motion = { op, share: 0 };
    this.act.textContent = "Stop";
    this.context.root.toggleAttribute("data-acting", true);
    this.step();
  }

  private step(): void {
    if (!this.motion || this.signal.aborted) return;
    const share = shareAt(performance.now() - this.began, prefersStill());
    if (share === null) return this.still();
    this.motion = { op: this.motion.op, share };
    this.paint();
    requestAnimationFrame(guarded(this.context.state, () => this.step()));
  }

  private still(): void {
    const op = this.motion?.op;
    this.motion = null;
    this.act.textContent = "Show it act";
    this.context.root.toggleAttribute("data-acting", false);
    if (op) this.live.textContent = `${lowered(op.text)}: every atom has come to where an atom of its element was.`;
    this.paint();
  }
}

function prefersStill(): boolean {
  return typeof matchMedia === "function" && matchMedia("(prefers-reduced-motion: reduce)").matches;
}
