var ue="http://www.w3.org/2000/svg";function j(e,t,n){for(let[r,o]of Object.entries(t))o!==!1&&e.setAttribute(r,o===!0?"":String(o));e.append(...n)}function i(e,t={},...n){let r=document.createElement(e);return j(r,t,n),r}function u(e,t={},...n){let r=document.createElementNS(ue,e);return j(r,t,n),r}var pe="crysnb-fallback";function me(e){let t=/^data:image\/png;base64,([A-Za-z0-9+/]{40,400})/.exec(e);if(!t?.[1])return"";let n=t[1].slice(0,Math.floor(t[1].length/4)*4);return new RegExp(`${pe}\\0([0-9a-f]{8,64})`).exec(atob(n))?.[1]??""}function F(e,t,n){if(t==="")return;let r=new Set,o,a=s=>{for(let d of s.querySelectorAll("img[src^='data:image/png']")){if(me(d.src)!==t)continue;let g=d.closest(".jp-OutputArea-child")??d;g.style.setProperty("display","none"),r.add(g)}};requestAnimationFrame(()=>{let s=e.closest(".jp-OutputArea, .output, .output_container");n.aborted||!s||(a(s),o=new MutationObserver(()=>a(s)),o.observe(s,{childList:!0,subtree:!0}))}),n.addEventListener("abort",()=>{o?.disconnect();for(let s of r)s.style.removeProperty("display")},{once:!0})}var fe=["kind","status","message","selection","data","fallback_id"],ge=["idle","loading","running","error","stale"],L=class{constructor(t){this.host=t}host;get kind(){return z(this.read("kind"))}get status(){let t=this.read("status");return ge.find(n=>n===t)??"error"}get message(){return z(this.read("message"))}get fallbackId(){return z(this.read("fallback_id"))}get data(){return this.read("data")}get selection(){let t=this.read("selection");return Array.isArray(t)?t.filter(n=>typeof n=="string"):[]}select(t){this.host.set("selection",[...t]),this.host.save_changes()}report(t){this.host.send({kind:"js_error",text:t.slice(0,2e3)})}ready(){this.host.send({kind:"ready"})}watch(t,n,r){this.listen(t.map(o=>`change:${o}`),n,r)}onDead(t,n){this.listen(["comm:dead"],t,n)}listen(t,n,r){for(let o of t)this.host.on(o,r),n.addEventListener("abort",()=>this.host.off(o,r),{once:!0})}read(t){return this.host.get(t)}};function z(e){return typeof e=="string"?e:""}var he={tie:{hex:"#0072b2",share:.68},relation:{hex:"#cc79a7",share:.5},violation:{hex:"#d55e00",share:.62},sure:{hex:"#009e73",share:.5},warn:{hex:"#e69f00",share:.45}};function q(){return`.cn-root{${Object.entries(he).map(([t,{hex:n,share:r}])=>`--cn-${t}:color-mix(in srgb,${n} ${Math.round(r*100)}%,var(--cn-fg));`).join("")}}`}var I=`.cn-root {
  --cn-fg: var(--jp-ui-font-color1, var(--vscode-editor-foreground, CanvasText));
  --cn-muted: var(--jp-ui-font-color2, var(--vscode-descriptionForeground, GrayText));
  --cn-muted: color-mix(in srgb, var(--cn-fg) 72%, transparent);
  --cn-page: var(--jp-layout-color0, var(--vscode-editor-background, Canvas));
  --cn-line: color-mix(in srgb, var(--cn-fg) 22%, transparent);
  --cn-wash: color-mix(in srgb, var(--cn-fg) 5%, transparent);
  --cn-head-w: 2.1em;
  --cn-row-h: 2.7em;
  container: cn-root / inline-size;
  box-sizing: border-box;
  flex: 1 1 20em;
  width: 100%;
  max-width: 68em;
  padding: 0.6em 0.2em;
  color: var(--cn-fg);
  font-family: var(--jp-ui-font-family, system-ui, sans-serif);
  font-size: 14px;
  line-height: 1.4;
}
.cn-root *, .cn-root *::before { box-sizing: border-box; }
.cn-root p, .cn-root ul, .cn-root dl, .cn-root dd { margin: 0; padding: 0; }
.cn-root ul { list-style: none; }
.cn-root [hidden] { display: none; }

.cn-title { display: flex; flex-wrap: wrap; gap: 0.1em 0.6em; align-items: baseline; font-size: 1.15em; }
.cn-subtitle { color: var(--cn-muted); font-size: 0.87em; }
.cn-facts { display: flex; flex-wrap: wrap; gap: 0.3em 1.3em; margin-top: 0.3em !important; }
.cn-fact { display: flex; gap: 0.4em; font-size: 0.92em; }
.cn-fact dt { color: var(--cn-muted); }
.cn-fact dd { font-variant-numeric: tabular-nums; }

.cn-verdict { margin: 0.7em 0 0.8em !important; padding: 0.4em 0.7em !important; border-left: 4px solid var(--cn-sure); background: var(--cn-wash); border-radius: 0 4px 4px 0; }
.cn-verdict[data-severity="warning"] { border-color: var(--cn-warn); }
.cn-verdict[data-severity="error"] { border-color: var(--cn-violation); }

.cn-body { display: grid; gap: 1em 1.6em; grid-template-columns: minmax(0, 1fr); align-items: start; }
.cn-diagram { min-width: 0; }
.cn-grid { position: relative; width: 100%; max-width: calc(var(--cn-columns) * 6.6em + var(--cn-head-w)); }
.cn-row { display: grid; grid-template-columns: var(--cn-head-w) repeat(var(--cn-columns), minmax(0, 1fr)); min-height: var(--cn-row-h); }
.cn-row-head { min-height: 1.6em; }
.cn-row-head .cn-label { place-items: center start; padding-left: calc(20% - 0.3em); }
.cn-label { display: grid; place-items: center; color: var(--cn-muted); font-size: 0.86em; font-variant-numeric: tabular-nums; }
.cn-cell { position: relative; z-index: 1; display: block; height: var(--cn-row-h); cursor: pointer; border-radius: 6px; }
.cn-cell .cn-glyph { position: absolute; left: 20%; top: 50%; width: 1.3em; height: 1.3em; transform: translate(-50%, -50%); }
.cn-number { position: absolute; left: calc(20% + 0.95em); top: 50%; transform: translateY(-50%); font-size: 0.93em; line-height: 1.15; font-variant-numeric: tabular-nums; white-space: nowrap; }
.cn-number { --cn-halo: 0 0 2px var(--cn-page); text-shadow: var(--cn-halo), var(--cn-halo), var(--cn-halo), var(--cn-halo); }
.cn-cell[data-role="zero"]:not([data-violated]) .cn-number { color: var(--cn-muted); }
.cn-cell:hover, .cn-cell[data-active] { background: var(--cn-wash); }
.cn-cell[data-family] { background: color-mix(in srgb, var(--cn-tie) 14%, transparent); }
.cn-cell[aria-selected="true"] { box-shadow: inset 0 0 0 2px var(--cn-tie); }
.cn-cell:focus { outline: none; }
.cn-cell:focus-visible { outline: 3px solid var(--cn-tie); outline-offset: 1px; z-index: 2; }

.cn-fill { fill: currentColor; }
.cn-hollow { fill: none; stroke: currentColor; stroke-width: 2; stroke-linecap: round; }
.cn-glyph { overflow: visible; flex: none; }
.cn-glyph-ring-disc, .cn-glyph-circle { color: var(--cn-tie); }
.cn-glyph-diamond { color: var(--cn-relation); }
.cn-glyph-dot { color: var(--cn-muted); }
.cn-glyph-cross { color: var(--cn-violation); }
.cn-glyph-cross .cn-hollow { stroke-width: 3.4; }

.cn-lines { position: absolute; left: var(--cn-head-w); top: 1.6em; width: calc(100% - var(--cn-head-w)); height: calc(var(--cn-rows) * var(--cn-row-h)); pointer-events: none; overflow: visible; }
.cn-line { stroke: var(--cn-line); stroke-width: 1.4; vector-effect: non-scaling-stroke; }
.cn-line-opposite { stroke-dasharray: 6 4; }
.cn-line-other { stroke-dasharray: 2 4; }
.cn-lines-active .cn-line { stroke: var(--cn-tie); stroke-width: 2.6; stroke-linecap: round; }
.cn-lines-active .cn-line-other { stroke: var(--cn-relation); }
.cn-grid[data-joined] .cn-lines-rest { opacity: 0.35; }

.cn-legend { display: flex; flex-wrap: wrap; gap: 0.2em 1.1em; margin-top: 0.5em !important; padding-left: var(--cn-head-w) !important; color: var(--cn-muted); font-size: 0.86em; }
.cn-legend li { display: flex; align-items: center; gap: 0.4em; }
.cn-legend .cn-glyph { width: 1.1em; height: 1.1em; }

.cn-detail { min-height: 11em; padding: 0.8em 1em; border: 1px solid var(--cn-line); border-radius: 8px; overflow-wrap: anywhere; }
.cn-detail > * + * { margin-top: 0.45em !important; }
.cn-detail-head { display: flex; align-items: center; gap: 0.5em; }
.cn-detail .cn-glyph { width: 1.3em; height: 1.3em; }
.cn-name { font-weight: 600; font-size: 1.15em; }
.cn-words { color: var(--cn-muted); }
.cn-words[data-violated], .cn-deviation[data-violated] { color: var(--cn-violation); font-weight: 600; }
.cn-value { font-size: 1.5em; font-variant-numeric: tabular-nums; line-height: 1.2; }
.cn-value small { font-size: 0.6em; color: var(--cn-muted); }
.cn-relation { font-family: var(--jp-code-font-family, ui-monospace, monospace); }
.cn-operations li { position: relative; padding-left: 1.1em; }
.cn-operations li::before { content: "▸"; position: absolute; left: 0; color: var(--cn-muted); }
.cn-origin, .cn-overview { color: var(--cn-muted); font-size: 0.93em; }
.cn-overview p + p { margin-top: 0.5em; }
.cn-forbidden { color: var(--cn-fg); font-weight: 600; }

.cn-honesty { display: grid; gap: 0.2em 1.6em; margin-top: 0.9em !important; font-size: 0.92em; }
.cn-honesty dt { font-weight: 600; }
.cn-guaranteed dt { color: var(--cn-sure); }
.cn-learned dt { color: var(--cn-relation); }
.cn-notices { margin-top: 0.8em !important; font-size: 0.92em; }
.cn-notices li { display: flex; gap: 0.6em; padding: 0.25em 0; border-top: 1px solid var(--cn-line); }
.cn-notices b { flex: 0 0 4.4em; font-weight: 600; color: var(--cn-muted); }
.cn-notices [data-severity="warning"] b { color: var(--cn-warn); }
.cn-notices [data-severity="error"] b { color: var(--cn-violation); }

.cn-help { margin-top: 0.6em !important; padding: 0.4em 0.7em !important; background: var(--cn-wash); border-radius: 4px; font-size: 0.92em; }
.cn-error { color: var(--cn-violation); font-weight: 600; }
.cn-message { margin-top: 0.6em !important; padding: 0.4em 0.7em !important; border-left: 4px solid var(--cn-warn); background: var(--cn-wash); }
.cn-root[data-status="error"] .cn-message { border-color: var(--cn-violation); }
.cn-dead-note { display: none; margin-top: 0.6em !important; font-size: 0.92em; color: var(--cn-muted); }
.cn-root[data-dead] .cn-dead-note { display: block; }
.cn-live { position: absolute; width: 1px; height: 1px; margin: -1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }

.cn-elements { padding-left: 0 !important; color: var(--cn-fg); }
.cn-element { width: 0.95em; height: 0.95em; border-radius: 50%; border: 1px solid var(--cn-muted); }
.cn-elements small { color: var(--cn-muted); }
.cn-still { display: block; max-width: 100%; height: auto; }
.cn-sites { margin-top: 0.6em; font-size: 0.92em; }
.cn-sites summary { cursor: pointer; color: var(--cn-muted); width: fit-content; }
.cn-sites table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
.cn-sites th, .cn-sites td { padding: 0.15em 0.9em 0.15em 0; text-align: right; border-bottom: 1px solid var(--cn-line); }
.cn-sites th:first-child { text-align: left; }
.cn-sites tr[aria-selected="true"] { background: color-mix(in srgb, var(--cn-tie) 18%, transparent); }
.cn-site { all: unset; cursor: pointer; font-weight: 600; }
.cn-site:focus-visible, .cn-sites summary:focus-visible { outline: 3px solid var(--cn-tie); outline-offset: 1px; }
.cn-ngl, .cn-ngl canvas { background-color: transparent !important; }

@container cn-root (min-width: 600px) {
  .cn-body { grid-template-columns: minmax(0, 1.45fr) minmax(15em, 1fr); }
  .cn-honesty { grid-template-columns: 1fr 1fr; }
}
@container cn-root (max-width: 430px) {
  .cn-grid { --cn-head-w: 1.4em; font-size: 0.88em; }
  .cn-number { font-size: 0.78em; left: calc(20% + 0.9em); }
}
@media (prefers-reduced-motion: no-preference) {
  .cn-cell { transition: background-color 90ms linear; }
}
@media (forced-colors: active) {
  .cn-cell[aria-selected="true"] { outline: 2px solid Highlight; }
}
`;var Y=new WeakSet;function G(e){let t=e.getRootNode(),n=t instanceof ShadowRoot||t instanceof Document?t:document;if(Y.has(n))return;Y.add(n);let r=I+q();if("adoptedStyleSheets"in n&&typeof CSSStyleSheet.prototype.replaceSync=="function"){let a=new CSSStyleSheet;a.replaceSync(r),n.adoptedStyleSheets=[...n.adoptedStyleSheets,a];return}let o=document.createElement("style");o.textContent=r,(n instanceof Document?n.head:n).append(o)}var ve={ArrowLeft:"left",ArrowRight:"right",ArrowUp:"up",ArrowDown:"down",Home:"row-start",End:"row-end"};function _(e){if(e.altKey||e.metaKey)return null;if(e.ctrlKey)return e.key==="Home"?{do:"move",to:"start"}:e.key==="End"?{do:"move",to:"end"}:e.key===" "?{do:"select",add:!0}:null;if(e.key==="?")return{do:"help"};if(e.shiftKey)return e.key===" "?{do:"select",add:!0}:null;let t=ve[e.key];return t!==void 0?{do:"move",to:t}:e.key==="Enter"||e.key===" "?{do:"select",add:!1}:e.key==="Escape"?{do:"escape"}:null}function M(e){return _(e)!==null?!0:!e.ctrlKey&&!e.metaKey&&!e.altKey&&/^[\p{L}\p{N}]$/u.test(e.key)}function T(e,t,n,r){return i("header",{class:"cn-head"},i("p",{class:"cn-title",role:"heading","aria-level":3},i("b",{},e),i("span",{class:"cn-subtitle",...n?{title:n}:{}},t)),i("dl",{class:"cn-facts"},...r.map(o=>i("div",{class:"cn-fact",...o.hint?{title:o.hint}:{}},i("dt",{},o.label),i("dd",{},o.value)))))}function A(e){return e.length===0?[]:[i("ul",{class:"cn-notices","aria-label":"Notices"},...e.map(({severity:t,text:n,code:r})=>i("li",{"data-severity":t,"data-code":r},i("b",{},t),i("span",{},n))))]}function H(){return[i("p",{class:"cn-dead-note"},"The kernel behind this view is gone: everything shown stays readable. Run the cell again to reconnect."),i("p",{class:"cn-message",role:"status",hidden:!0})]}function S({state:e,root:t}){t.dataset.status=e.status;let n=t.querySelector(".cn-message");n&&(n.textContent=e.message,n.hidden=e.message==="")}function $(e){e.state.watch(["status","message"],e.signal,()=>S(e)),e.state.onDead(e.signal,()=>e.root.toggleAttribute("data-dead",!0)),S(e)}function R({root:e,signal:t}){e.addEventListener("keydown",n=>{M(n)&&n.stopPropagation(),n.key==="Escape"&&O(e)},{signal:t})}function O(e){let t=e.ownerDocument.activeElement;t instanceof HTMLElement&&t.blur(),e.closest(".jp-Cell[tabindex], .jp-Notebook[tabindex], [tabindex]")?.focus()}var f=class extends Error{};function h(e,t){if(typeof e!="object"||e===null||Array.isArray(e))throw new f(t);return e}function c(e,t){return v(e[t],t)}function v(e,t){if(typeof e!="string")throw new f(t);return e}function w(e,t,n,r){if(typeof e!="number"||!Number.isInteger(e)||e<n||e>r)throw new f(t);return e}function b(e,t,n){let r=t.find(o=>o===e);if(r===void 0)throw new f(n);return r}function p(e,t,n){let r=e[t];if(!Array.isArray(r))throw new f(t);return r.map((o,a)=>n(o,`${t}[${a}]`))}var we=["independent","equal","opposite","dependent","zero","unknown"],W=["info","warning","error"],be=["equal","opposite","other"];function U(e){let t=h(e,"data"),n=p(t,"shape",(a,l)=>w(a,l,1,6)),[r,o]=n;if(r===void 0||o===void 0||n.length!==2)throw new f("shape");return{title:c(t,"title"),subtitle:c(t,"subtitle"),meaning:c(t,"meaning"),unit:c(t,"unit"),unit_spoken:c(t,"unit_spoken"),shape:[r,o],row_labels:p(t,"row_labels",v),column_labels:p(t,"column_labels",v),facts:p(t,"facts",D),verdict:c(t,"verdict"),severity:b(t.severity,W,"severity"),guaranteed:c(t,"guaranteed"),learned:c(t,"learned"),forbidden:c(t,"forbidden"),notices:p(t,"notices",N),cells:p(t,"cells",(a,l)=>xe(a,l,r,o))}}function xe(e,t,n,r){let o=h(e,t);return{name:c(o,"name"),row:w(o.row,`${t}.row`,0,n-1),column:w(o.column,`${t}.column`,0,r-1),role:b(o.role,we,`${t}.role`),violated:o.violated===!0,text:c(o,"text"),relation:c(o,"relation"),reason:c(o,"reason"),operations:p(o,"operations",v),origin:c(o,"origin"),deviation:c(o,"deviation"),links:p(o,"links",Se)}}function Se(e,t){let n=h(e,t);return{to:c(n,"to"),sign:b(n.sign,be,`${t}.sign`)}}function D(e,t){let n=h(e,t);return{label:c(n,"label"),value:c(n,"value"),hint:c(n,"hint")}}function N(e,t){let n=h(e,t);return{code:c(n,"code"),severity:b(n.severity,W,`${t}.severity`),text:c(n,"text")}}function B(e){let t=h(e,"data"),n=c(t,"picture");if(!n.startsWith("data:image/svg+xml;base64,"))throw new f("picture");return{title:c(t,"title"),subtitle:c(t,"subtitle"),facts:p(t,"facts",D),legend:p(t,"legend",Ee),sites:p(t,"sites",ke),n_sites:w(t.n_sites,"n_sites",0,500),picture:n,engine:b(t.engine,["nglview","picture"],"engine"),notices:p(t,"notices",N)}}function Ee(e,t){let n=h(e,t),r=c(n,"color");if(!/^#[0-9a-f]{6}$/.test(r))throw new f(`${t}.color`);return{symbol:c(n,"symbol"),color:r,count:w(n.count,`${t}.count`,1,500)}}function ke(e,t){if(!Array.isArray(e))throw new f(t);return e.map(n=>v(n,t))}function y(e,t){return n=>{try{t(n)}catch(r){e.report(r instanceof Error?`${r.name}: ${r.message}`:String(r))}}}function Z(e){let{state:t,signal:n}=e;t.watch(["data"],n,y(t,()=>X(e))),t.watch(["selection"],n,y(t,()=>J(e))),R(e),X(e),$(e)}function X(e){let{state:t,root:n}=e,r=B(t.data);n.replaceChildren(T(r.title,r.subtitle,"",r.facts),Ce(r),...Le(r),Te(e,r),...A(r.notices),...H()),J(e),S(e)}function J({state:e,root:t}){let n=e.selection;for(let r of t.querySelectorAll("[data-site]"))r.setAttribute("aria-selected",String(n.includes(r.dataset.site??"")))}function Ce(e){return i("ul",{class:"cn-legend cn-elements","aria-label":"Elements"},...e.legend.map(({symbol:t,color:n,count:r})=>{let o=i("span",{class:"cn-element","aria-hidden":"true"});return o.style.setProperty("background-color",n),i("li",{},o,i("span",{},t),i("small",{},`× ${r}`))}))}function Le(e){return e.engine==="nglview"&&Me()?[]:[i("img",{class:"cn-still",src:e.picture,alt:`Drawing of ${e.title}`})]}function Me(){let e=document.createElement("canvas").getContext("webgl2");return e?.getExtension("WEBGL_lose_context")?.loseContext(),e!==null}function Te({state:e,signal:t},n){let r=["site","a","b","c","x / Å","y / Å","z / Å"],o=y(e,s=>{let d=s.target instanceof Element?s.target.closest("[data-site]")?.dataset.site:void 0;d!==void 0&&e.select(e.selection.includes(d)?[]:[d])}),a=i("tbody",{},...n.sites.map(([s="",...d])=>i("tr",{"data-site":s},i("th",{scope:"row"},i("button",{type:"button",class:"cn-site"},s)),...d.map(g=>i("td",{},g.replace("-","−"))))));a.addEventListener("click",o,{signal:t});let l=n.n_sites>n.sites.length?` (first ${n.sites.length} of ${n.n_sites})`:"";return i("details",{class:"cn-sites"},i("summary",{},`Sites as a table${l}`),i("table",{},i("thead",{},i("tr",{},...r.map(s=>i("th",{scope:"col"},s)))),a))}var Ae={independent:"disc",equal:"ring-disc",opposite:"circle",dependent:"diamond",zero:"dot",unknown:"question"},Q={independent:"independent",equal:"equal to another",opposite:"equal, opposite sign",dependent:"fixed by others",zero:"zero by symmetry",unknown:"symmetry not determined"};function k(e){return e.violated?"cross":Ae[e.role]}function C(e){return e.violated?`should be ${e.role==="zero"?"zero":"tied"}, is not`:Q[e.role]}function ee(e){let t=["disc","ring-disc","circle","diamond","dot","cross","question"],n=new Map;for(let r of e)n.set(k(r),r.violated?"breaks the symmetry":Q[r.role]);return t.flatMap(r=>{let o=n.get(r);return o===void 0?[]:[{glyph:r,words:o}]})}function te(e,t){let n=e.name.replace(/^([a-z]+)(\d+)$/,(a,l,s)=>`${l.toUpperCase()} ${s}`),r=e.text===""?"":`${e.text.replace("−","minus ")}${t===""?"":` ${t}`}`,o=e.relation===""||e.role==="zero"?"":`: ${He(e.relation)}`;return[n,r,C(e)+o].filter(a=>a!=="").join(", ")}function He(e){return e.replace(/=/g,"equals").replace(/\s[-−]\s/g," minus ").replace(/[-−](?=[a-z(])/g,"minus ").replace(/\*/g," times ").replace(/\//g," over ")}function ne(e){return new Set([e.name,...e.links.map(t=>t.to)])}function E(e){let t=u("svg",{class:`cn-glyph cn-glyph-${e}`,viewBox:"-10 -10 20 20","aria-hidden":"true"});return t.append(...$e(e)),t}function $e(e){switch(e){case"disc":return[u("circle",{r:6.5,class:"cn-fill"})];case"ring-disc":return[u("circle",{r:7,class:"cn-hollow"}),u("circle",{r:3.4,class:"cn-fill"})];case"circle":return[u("circle",{r:6.3,class:"cn-hollow"})];case"diamond":return[u("path",{d:"M0-8 8 0 0 8-8 0Z",class:"cn-hollow"})];case"dot":return[u("circle",{r:2,class:"cn-fill"})];case"cross":return[u("path",{d:"M-6-6 6 6M6-6-6 6",class:"cn-hollow"})];case"question":return[u("path",{d:"M-6 0H6",class:"cn-hollow"})]}}function re(e,t,n){if(!e)return[Re(t)];let r=[i("p",{class:"cn-detail-head"},E(k(e)),i("span",{class:"cn-name"},e.name),i("span",{class:"cn-words","data-violated":e.violated},C(e)))];return e.text!==""&&r.push(i("p",{class:"cn-value"},i("span",{},e.text),...t.unit?[i("small",{},` ${t.unit}`)]:[])),e.relation!==""&&r.push(i("p",{class:"cn-relation"},Ke(e.relation))),r.push(i("p",{class:"cn-reason"},e.reason)),e.operations.length>0&&r.push(i("ul",{class:"cn-operations"},...e.operations.map(o=>i("li",{},o)))),e.deviation!==""&&r.push(i("p",{class:"cn-deviation","data-violated":e.violated},e.deviation)),e.origin!==""&&r.push(i("p",{class:"cn-origin"},e.origin)),n.length>1&&r.push(i("p",{class:"cn-origin"},`Selected: ${n.join(", ")}`)),r}function Re(e){return i("div",{class:"cn-overview"},...e.forbidden===""?[]:[i("p",{class:"cn-forbidden"},e.forbidden)],i("p",{},"Point at a component to see what it is tied to."),i("p",{},"Click one, or walk with the arrow keys and press Enter, to read which operations of the crystal force it."))}function Ke(e){return e.replaceAll("-","−").replaceAll("*","·").replace(/sqrt\((\d+)\)/g,"√$1")}function ie(e,t){let n=Array.from({length:t[0]},()=>new Array(t[1]).fill(void 0));for(let r of e){let o=n[r.row];o&&(o[r.column]=r)}return n}function P(e,t){return e.links.flatMap(({to:n,sign:r})=>{let o=t.get(n);return o?[ze(e,o,r)]:[]})}function ae(e,t){let n=new Map(e.map(a=>[a.name,a.name])),r=a=>{let l=a;for(let s=n.get(l);s!==void 0&&s!==l;s=n.get(l))l=s;return l},o=e.flatMap(a=>P(a,t).filter(l=>l.sign!=="other"&&l.from<l.to));return o.sort((a,l)=>oe(a)-oe(l)),o.filter(a=>{let[l,s]=[r(a.from),r(a.to)];return l===s?!1:(n.set(l,s),!0)})}function ze(e,t,n){return{x1:e.column+.2,y1:e.row+.5,x2:t.column+.2,y2:t.row+.5,sign:n,from:e.name,to:t.name}}function oe(e){return Math.hypot(e.x2-e.x1,e.y2-e.y1)}function se(e,t,n){let r=V(e[t.row]??[]),o=V(e.map(l=>l[t.column])),a=V(e.flat());switch(n){case"left":return r[r.indexOf(t)-1]??t;case"right":return r[r.indexOf(t)+1]??t;case"up":return o[o.indexOf(t)-1]??t;case"down":return o[o.indexOf(t)+1]??t;case"row-start":return r[0]??t;case"row-end":return r[r.length-1]??t;case"start":return a[0]??t;case"end":return a[a.length-1]??t}}function V(e){return e.filter(t=>t!==void 0)}var K=class{constructor(t,n){this.data=t;this.events=n;this.byName=new Map(t.cells.map(r=>[r.name,r])),this.grid=ie(t.cells,t.shape),this.current=t.cells[0]??null,this.active=u("g",{class:"cn-lines-active"}),this.element=this.build()}data;events;element;nodes=new Map;byName;grid;active;current;hovered=null;focused=null;cell(t){return this.byName.get(t)??null}get pointed(){return this.hovered??this.focused}paint(t,n){let r=n?ne(n):null;for(let[o,a]of this.nodes)a.setAttribute("aria-selected",String(t.includes(o))),a.toggleAttribute("data-family",r!==null&&r.size>1&&r.has(o)),a.toggleAttribute("data-active",n?.name===o);this.active.replaceChildren(...n?P(n,this.byName).map(le):[]),this.element.toggleAttribute("data-joined",r!==null&&r.size>1)}listen(t,n){let r=(o,a)=>this.element.addEventListener(o,n(a),{signal:t});r("pointerover",o=>this.hover(this.at(o))),r("pointerleave",()=>this.hover(null)),r("focusin",o=>this.focus(this.at(o))),r("focusout",()=>this.focus(null)),r("click",o=>{let a=this.at(o);a&&(this.rove(a),this.events.select(a,o.ctrlKey||o.metaKey||o.shiftKey))}),r("keydown",o=>this.key(o))}key(t){M(t)&&t.stopPropagation();let n=_(t);n&&(t.preventDefault(),this.act(n))}act(t){let n=this.focused??this.current;switch(t.do){case"move":n&&this.rove(se(this.grid,n,t.to));return;case"select":n&&this.events.select(n,t.add);return;case"escape":this.events.escape();return;case"help":this.events.help();return}}rove(t){let[n,r]=[this.current&&this.nodes.get(this.current.name),this.nodes.get(t.name)];n?.setAttribute("tabindex","-1"),r?.setAttribute("tabindex","0"),this.current=t,this.hovered=null,r?.focus()}hover(t){t!==this.hovered&&(this.hovered=t,this.events.preview(this.pointed))}focus(t){t!==this.focused&&(this.focused=t,this.events.preview(this.pointed))}at(t){let n=t.target instanceof Element?t.target.closest("[data-cell]"):null;return this.cell(n?.dataset.cell??"")}build(){let{shape:[t,n],title:r,subtitle:o}=this.data,a=i("div",{role:"row",class:"cn-row cn-row-head"},i("span",{role:"columnheader",class:"cn-corner","aria-label":"row"}),...this.data.column_labels.map(g=>i("span",{role:"columnheader",class:"cn-label"},g))),l=this.grid.map((g,m)=>i("div",{role:"row",class:"cn-row"},i("span",{role:"rowheader",class:"cn-label"},this.data.row_labels[m]??""),...g.map(x=>this.cellNode(x)))),s=u("svg",{class:"cn-lines",viewBox:`0 0 ${n} ${t}`,preserveAspectRatio:"none","aria-hidden":"true"},u("g",{class:"cn-lines-rest"},...ae(this.data.cells,this.byName).map(le)),this.active),d=i("div",{role:"grid",class:"cn-grid","aria-label":`Tensor components of ${r}, ${o}`,"aria-multiselectable":"true","aria-rowcount":t+1,"aria-colcount":n+1},a,...l,s);return d.style.setProperty("--cn-columns",String(n)),d.style.setProperty("--cn-rows",String(t)),d}cellNode(t){if(!t)return i("span",{role:"gridcell",class:"cn-blank","aria-label":"same by index symmetry"});let n=i("div",{role:"gridcell",class:"cn-cell","data-cell":t.name,"data-role":t.role,"data-violated":t.violated,tabindex:t===this.current?0:-1,"aria-selected":"false","aria-label":te(t,this.data.unit_spoken)},E(k(t)),i("span",{class:"cn-number"},t.text));return this.nodes.set(t.name,n),n}};function le(e){let{x1:t,y1:n,x2:r,y2:o,sign:a,from:l,to:s}=e;return u("line",{x1:t,y1:n,x2:r,y2:o,class:`cn-line cn-line-${a}`,"data-from":l,"data-to":s})}var Ge="Arrow keys: move. Home, End: ends of the row. Enter or Space: select. Ctrl or Shift with click or Space: add to the selection. Esc: clear, then back to the notebook. ?: this line.";function de(e){let{state:t,signal:n}=e,r=new AbortController,o=y(t,()=>{r.abort(),r=new AbortController,ce(e,r.signal)});n.addEventListener("abort",()=>r.abort(),{once:!0}),t.watch(["data"],n,o),R(e),ce(e,r.signal),$(e)}function ce({state:e,root:t},n){let r=U(e.data),o=i("section",{class:"cn-detail","aria-label":"Component"}),a=i("div",{class:"cn-live",role:"status","aria-live":"polite"}),l=i("p",{class:"cn-help",hidden:!0},Ge),s=new K(r,{preview:()=>d(),select:(m,x)=>e.select(_e(m,x,e.selection)),escape:()=>e.selection.length>0?e.select([]):O(t),help:()=>{l.hidden=!l.hidden}}),d=()=>{let m=e.selection,x=s.pointed??s.cell(m[m.length-1]??"");s.paint(m,x),o.replaceChildren(...re(x,r,m))},g=()=>{let m=s.cell(e.selection[e.selection.length-1]??"");a.textContent=m?Oe(m):r.verdict};s.listen(n,m=>y(e,m)),e.watch(["selection"],n,y(e,()=>{d(),g()})),t.replaceChildren(T(r.title,r.subtitle,r.meaning,r.facts),i("p",{class:"cn-verdict","data-severity":r.severity},r.verdict),i("div",{class:"cn-body"},i("div",{class:"cn-diagram"},s.element,De(r)),o),...Ne(r),...A(r.notices),l,...H(),a),d(),g(),S({state:e,root:t,signal:n})}function _e(e,t,n){return t?n.includes(e.name)?n.filter(r=>r!==e.name):[...n,e.name]:[e.name]}function Oe(e){let t=e.operations.length>0?` ${e.operations.join("; ")}`:"";return`${e.name}: ${C(e)}. ${e.reason}${t}`}function De(e){return i("ul",{class:"cn-legend","aria-label":"Legend"},...ee(e.cells).map(({glyph:t,words:n})=>i("li",{},E(t),i("span",{},n))))}function Ne(e){let n=[["guaranteed","Guaranteed by construction",e.guaranteed],["learned","Learned",e.learned]].filter(([,,r])=>r!=="");return n.length===0?[]:[i("dl",{class:"cn-honesty"},...n.map(([r,o,a])=>i("div",{class:`cn-${r}`},i("dt",{},o),i("dd",{},a))))]}var Ve={structure:Z,tensor:de};function Pe({model:e,el:t}){let n=new L(e),r=new AbortController,o=i("div",{class:"cn-root","data-kind":n.kind,"data-status":"loading"});t.append(o),G(o),requestAnimationFrame(()=>G(o));try{let a=Ve[n.kind];if(!a)throw new Error(`no view for ${n.kind}`);a({state:n,root:o,signal:r.signal}),F(o,n.fallbackId,r.signal),n.ready()}catch(a){o.dataset.status="error",o.append(i("p",{class:"cn-error",role:"alert"},"This view could not be drawn. Run the cell again.")),n.report(String(a))}return()=>{r.abort(),o.remove()}}var Pt={render:Pe};export{fe as MODEL_KEYS,Pt as default};
