var me="http://www.w3.org/2000/svg";function I(t,e,n){for(let[r,o]of Object.entries(e))o!==!1&&t.setAttribute(r,o===!0?"":String(o));t.append(...n)}function i(t,e={},...n){let r=document.createElement(t);return I(r,e,n),r}function u(t,e={},...n){let r=document.createElementNS(me,t);return I(r,e,n),r}var ge="crysnb-fallback";function fe(t){let e=/^data:image\/png;base64,([A-Za-z0-9+/]{40,400})/.exec(t);if(!e?.[1])return"";let n=e[1].slice(0,Math.floor(e[1].length/4)*4);return new RegExp(`${ge}\\0([0-9a-f]{8,64})`).exec(atob(n))?.[1]??""}function Y(t,e,n){if(e==="")return;let r=new Set,o,a=d=>{for(let f of d.querySelectorAll("img[src^='data:image/png']")){if(fe(f.src)!==e)continue;let y=f.closest(".jp-OutputArea-child")??f;y.style.setProperty("display","none"),r.add(y)}},s=()=>{let d=t.closest(".jp-OutputArea, .output, .output_container");n.aborted||o||!d||(o=new MutationObserver(()=>a(d)),o.observe(d,{childList:!0,subtree:!0}),a(d))},l=typeof ResizeObserver=="function"?new ResizeObserver(s):void 0;l?.observe(t),s(),n.addEventListener("abort",()=>{l?.disconnect(),o?.disconnect();for(let d of r)d.style.removeProperty("display")},{once:!0})}var he=["kind","status","message","selection","data","fallback_id"],ye=["idle","loading","running","error","stale"],M=class{constructor(e){this.host=e}host;get kind(){return D(this.read("kind"))}get status(){let e=this.read("status");return ye.find(n=>n===e)??"error"}get message(){return D(this.read("message"))}get fallbackId(){return D(this.read("fallback_id"))}get data(){return this.read("data")}get selection(){let e=this.read("selection");return Array.isArray(e)?e.filter(n=>typeof n=="string"):[]}select(e){this.host.set("selection",[...e]),this.host.save_changes()}report(e){this.host.send({kind:"js_error",text:e.slice(0,2e3)})}ready(){this.host.send({kind:"ready"})}watch(e,n,r){this.listen(e.map(o=>`change:${o}`),n,r)}onDead(e,n){this.listen(["comm:dead"],e,n)}listen(e,n,r){for(let o of e)this.host.on(o,r),n.addEventListener("abort",()=>this.host.off(o,r),{once:!0})}read(e){return this.host.get(e)}};function D(t){return typeof t=="string"?t:""}var ve={tie:{hex:"#0072b2",share:.68},relation:{hex:"#cc79a7",share:.5},violation:{hex:"#d55e00",share:.62},sure:{hex:"#009e73",share:.5},warn:{hex:"#e69f00",share:.45}};function W(){return`.cn-root{${Object.entries(ve).map(([e,{hex:n,share:r}])=>`--cn-${e}:color-mix(in srgb,${n} ${Math.round(r*100)}%,var(--cn-fg));`).join("")}}`}var U=`.cn-root {
  --cn-fg: var(--jp-ui-font-color1, var(--vscode-editor-foreground, CanvasText));
  --cn-muted: var(--jp-ui-font-color2, var(--vscode-descriptionForeground, GrayText));
  --cn-muted: color-mix(in srgb, var(--cn-fg) 72%, transparent);
  --cn-page: var(--jp-layout-color0, var(--vscode-editor-background, Canvas));
  --cn-line: color-mix(in srgb, var(--cn-fg) 22%, transparent);
  --cn-wash: color-mix(in srgb, var(--cn-fg) 5%, transparent);
  --cn-head-w: 2.1em;
  --cn-row-h: 2.7em;
  container: cn-root / inline-size;
  overflow-anchor: none;
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
.cn-root p, .cn-root ul, .cn-root li { margin: 0; padding: 0; }
.cn-root ul { list-style: none; }
.cn-root [hidden] { display: none; }

.cn-title { display: flex; flex-wrap: wrap; gap: 0.1em 0.6em; align-items: baseline; font-size: 1.15em; }
.cn-subtitle { color: var(--cn-muted); font-size: 0.87em; }
.cn-facts { display: flex; flex-wrap: wrap; gap: 0.3em 1.3em; margin-top: 0.3em !important; }
.cn-fact { display: flex; gap: 0.4em; font-size: 0.92em; }
.cn-fact { font-variant-numeric: tabular-nums; }
.cn-key { color: var(--cn-muted); }

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
.cn-hollow { fill: var(--cn-page); stroke: currentColor; stroke-width: 2; stroke-linecap: round; }
.cn-glyph { overflow: visible; flex: none; }
.cn-glyph-ring-disc, .cn-glyph-circle { color: var(--cn-tie); }
.cn-glyph-diamond { color: var(--cn-relation); }
.cn-glyph-dot { color: var(--cn-muted); }
.cn-glyph-cross { color: var(--cn-violation); }
.cn-glyph-cross .cn-hollow, .cn-glyph-question .cn-hollow { fill: none; }
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

.cn-detail { min-width: 0; padding: 0.8em 1em; border: 1px solid var(--cn-line); border-radius: 8px; overflow-wrap: anywhere; }
.cn-pages { display: grid; }
.cn-page { grid-area: 1 / 1; visibility: hidden; }
.cn-page[data-shown] { visibility: visible; }
.cn-page > * + * { margin-top: 0.45em !important; }
.cn-selected { margin-top: 0.7em !important; padding-top: 0.4em !important; border-top: 1px solid var(--cn-line); color: var(--cn-muted); font-size: 0.86em; white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }
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
.cn-honesty b { display: block; font-weight: 600; }
.cn-guaranteed b { color: var(--cn-sure); }
.cn-learned b { color: var(--cn-relation); }
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
  .cn-body { grid-template-columns: minmax(0, calc(max(var(--cn-columns), 4) * 6.6em + var(--cn-head-w))) minmax(15em, 26em); }
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
`;var B=new WeakSet;function O(t){let e=t.getRootNode(),n=e instanceof ShadowRoot||e instanceof Document?e:document;if(B.has(n))return;B.add(n);let r=U+W();if("adoptedStyleSheets"in n&&typeof CSSStyleSheet.prototype.replaceSync=="function"){let a=new CSSStyleSheet;a.replaceSync(r),n.adoptedStyleSheets=[...n.adoptedStyleSheets,a];return}let o=document.createElement("style");o.textContent=r,(n instanceof Document?n.head:n).append(o)}var be={ArrowLeft:"left",ArrowRight:"right",ArrowUp:"up",ArrowDown:"down",Home:"row-start",End:"row-end"};function N(t){if(t.altKey||t.metaKey)return null;if(t.ctrlKey)return t.key==="Home"?{do:"move",to:"start"}:t.key==="End"?{do:"move",to:"end"}:t.key===" "?{do:"select",add:!0}:null;if(t.key==="?")return{do:"help"};if(t.shiftKey)return t.key===" "?{do:"select",add:!0}:null;let e=be[t.key];return e!==void 0?{do:"move",to:e}:t.key==="Enter"||t.key===" "?{do:"select",add:!1}:t.key==="Escape"?{do:"escape"}:null}function T(t){return N(t)!==null?!0:!t.ctrlKey&&!t.metaKey&&!t.altKey&&/^[\p{L}\p{N}]$/u.test(t.key)}function H(t,e,n,r){return i("header",{class:"cn-head"},i("p",{class:"cn-title",role:"heading","aria-level":3},i("b",{},t),i("span",{class:"cn-subtitle",...n?{title:n}:{}},e)),i("ul",{class:"cn-facts"},...r.map(o=>i("li",{class:"cn-fact",...o.hint?{title:o.hint}:{}},i("span",{class:"cn-key"},o.label)," ",i("span",{},o.value)))))}function A(t){return t.length===0?[]:[i("ul",{class:"cn-notices","aria-label":"Notices"},...t.map(({severity:e,text:n,code:r})=>i("li",{"data-severity":e,"data-code":r},i("b",{},e),i("span",{},n))))]}function $(){return[i("p",{class:"cn-dead-note"},"The kernel behind this view is gone: everything shown stays readable. Run the cell again to reconnect."),i("p",{class:"cn-message",role:"status",hidden:!0})]}function S({state:t,root:e}){e.dataset.status=t.status;let n=e.querySelector(".cn-message");n&&(n.textContent=t.message,n.hidden=t.message==="")}function R(t){t.state.watch(["status","message"],t.signal,()=>S(t)),t.state.onDead(t.signal,()=>t.root.toggleAttribute("data-dead",!0)),S(t)}function z({root:t,signal:e}){t.addEventListener("keydown",n=>{T(n)&&n.stopPropagation(),n.key==="Escape"&&V(t)},{signal:e})}function V(t){let e=t.ownerDocument.activeElement;e instanceof HTMLElement&&e.blur(),t.closest(".jp-Cell[tabindex], .jp-Notebook[tabindex], [tabindex]")?.focus()}var m=class extends Error{};function h(t,e){if(typeof t!="object"||t===null||Array.isArray(t))throw new m(e);return t}function c(t,e){return w(t[e],e)}function w(t,e){if(typeof t!="string")throw new m(e);return t}function b(t,e,n,r){if(typeof t!="number"||!Number.isInteger(t)||t<n||t>r)throw new m(e);return t}function x(t,e,n){let r=e.find(o=>o===t);if(r===void 0)throw new m(n);return r}function p(t,e,n){let r=t[e];if(!Array.isArray(r))throw new m(e);return r.map((o,a)=>n(o,`${e}[${a}]`))}var xe=["independent","equal","opposite","dependent","zero","unknown"],X=["info","warning","error"],Se=["equal","opposite","other"];function Z(t){let e=h(t,"data"),n=p(e,"shape",(a,s)=>b(a,s,1,6)),[r,o]=n;if(r===void 0||o===void 0||n.length!==2)throw new m("shape");return{title:c(e,"title"),subtitle:c(e,"subtitle"),meaning:c(e,"meaning"),unit:c(e,"unit"),unit_spoken:c(e,"unit_spoken"),shape:[r,o],row_labels:p(e,"row_labels",w),column_labels:p(e,"column_labels",w),facts:p(e,"facts",P),verdict:c(e,"verdict"),severity:x(e.severity,X,"severity"),guaranteed:c(e,"guaranteed"),learned:c(e,"learned"),forbidden:c(e,"forbidden"),notices:p(e,"notices",j),cells:p(e,"cells",(a,s)=>ke(a,s,r,o))}}function ke(t,e,n,r){let o=h(t,e);return{name:c(o,"name"),row:b(o.row,`${e}.row`,0,n-1),column:b(o.column,`${e}.column`,0,r-1),role:x(o.role,xe,`${e}.role`),violated:o.violated===!0,text:c(o,"text"),relation:c(o,"relation"),reason:c(o,"reason"),operations:p(o,"operations",w),origin:c(o,"origin"),deviation:c(o,"deviation"),links:p(o,"links",Ee)}}function Ee(t,e){let n=h(t,e);return{to:c(n,"to"),sign:x(n.sign,Se,`${e}.sign`)}}function P(t,e){let n=h(t,e);return{label:c(n,"label"),value:c(n,"value"),hint:c(n,"hint")}}function j(t,e){let n=h(t,e);return{code:c(n,"code"),severity:x(n.severity,X,`${e}.severity`),text:c(n,"text")}}function J(t){let e=h(t,"data"),n=c(e,"picture");if(!n.startsWith("data:image/svg+xml;base64,"))throw new m("picture");return{title:c(e,"title"),subtitle:c(e,"subtitle"),facts:p(e,"facts",P),legend:p(e,"legend",Ce),sites:p(e,"sites",Le),n_sites:b(e.n_sites,"n_sites",0,500),picture:n,engine:x(e.engine,["nglview","picture"],"engine"),notices:p(e,"notices",j)}}function Ce(t,e){let n=h(t,e),r=c(n,"color");if(!/^#[0-9a-f]{6}$/.test(r))throw new m(`${e}.color`);return{symbol:c(n,"symbol"),color:r,count:b(n.count,`${e}.count`,1,500)}}function Le(t,e){if(!Array.isArray(t))throw new m(e);return t.map(n=>w(n,e))}function v(t,e){return n=>{try{e(n)}catch(r){t.report(r instanceof Error?`${r.name}: ${r.message}`:String(r))}}}function ee(t){let{state:e,signal:n}=t;e.watch(["data"],n,v(e,()=>Q(t))),e.watch(["selection"],n,v(e,()=>te(t))),z(t),Q(t),R(t)}function Q(t){let{state:e,root:n}=t,r=J(e.data);n.replaceChildren(H(r.title,r.subtitle,"",r.facts),Me(r),...Te(r),Ae(t,r),...A(r.notices),...$()),te(t),S(t)}function te({state:t,root:e}){let n=t.selection;for(let r of e.querySelectorAll("[data-site]"))r.setAttribute("aria-selected",String(n.includes(r.dataset.site??"")))}function Me(t){return i("ul",{class:"cn-legend cn-elements","aria-label":"Elements"},...t.legend.map(({symbol:e,color:n,count:r})=>{let o=i("span",{class:"cn-element","aria-hidden":"true"});return o.style.setProperty("background-color",n),i("li",{},o,i("span",{},e),i("small",{},`× ${r}`))}))}function Te(t){return t.engine==="nglview"&&He()?[]:[i("img",{class:"cn-still",src:t.picture,alt:`Drawing of ${t.title}`})]}function He(){let t=document.createElement("canvas").getContext("webgl2");return t?.getExtension("WEBGL_lose_context")?.loseContext(),t!==null}function Ae({state:t,signal:e},n){let r=["site","a","b","c","x / Å","y / Å","z / Å"],o=v(t,l=>{let d=l.target instanceof Element?l.target.closest("[data-site]")?.dataset.site:void 0;d!==void 0&&t.select(t.selection.includes(d)?[]:[d])}),a=i("tbody",{},...n.sites.map(([l="",...d])=>i("tr",{"data-site":l},i("th",{scope:"row"},i("button",{type:"button",class:"cn-site"},l)),...d.map(f=>i("td",{},f.replace("-","−"))))));a.addEventListener("click",o,{signal:e});let s=n.n_sites>n.sites.length?` (first ${n.sites.length} of ${n.n_sites})`:"";return i("details",{class:"cn-sites"},i("summary",{},`Sites as a table${s}`),i("table",{},i("thead",{},i("tr",{},...r.map(l=>i("th",{scope:"col"},l)))),a))}var $e={independent:"disc",equal:"ring-disc",opposite:"circle",dependent:"diamond",zero:"dot",unknown:"question"},ne={independent:"independent",equal:"equal to another",opposite:"equal, opposite sign",dependent:"fixed by others",zero:"zero by symmetry",unknown:"symmetry not determined"};function E(t){return t.violated?"cross":$e[t.role]}function C(t){return t.violated?`should be ${t.role==="zero"?"zero":"tied"}, is not`:ne[t.role]}function re(t){let e=["disc","ring-disc","circle","diamond","dot","cross","question"],n=new Map;for(let r of t)n.set(E(r),r.violated?"breaks the symmetry":ne[r.role]);return e.flatMap(r=>{let o=n.get(r);return o===void 0?[]:[{glyph:r,words:o}]})}function oe(t,e){let n=t.name.replace(/^([a-z]+)(\d+)$/,(a,s,l)=>`${s.toUpperCase()} ${l}`),r=t.text===""?"":`${t.text.replace("−","minus ")}${e===""?"":` ${e}`}`,o=t.relation===""||t.role==="zero"?"":`: ${Re(t.relation)}`;return[n,r,C(t)+o].filter(a=>a!=="").join(", ")}function Re(t){return t.replace(/=/g,"equals").replace(/\s[-−]\s/g," minus ").replace(/[-−](?=[a-z(])/g,"minus ").replace(/\*/g," times ").replace(/\//g," over ")}function ie(t){return new Set([t.name,...t.links.map(e=>e.to)])}function k(t){let e=u("svg",{class:`cn-glyph cn-glyph-${t}`,viewBox:"-10 -10 20 20","aria-hidden":"true"});return e.append(...ze(t)),e}function ze(t){switch(t){case"disc":return[u("circle",{r:6.5,class:"cn-fill"})];case"ring-disc":return[u("circle",{r:7,class:"cn-hollow"}),u("circle",{r:3.4,class:"cn-fill"})];case"circle":return[u("circle",{r:6.3,class:"cn-hollow"})];case"diamond":return[u("path",{d:"M0-8 8 0 0 8-8 0Z",class:"cn-hollow"})];case"dot":return[u("circle",{r:2,class:"cn-fill"})];case"cross":return[u("path",{d:"M-6-6 6 6M6-6-6 6",class:"cn-hollow"})];case"question":return[u("path",{d:"M-6 0H6",class:"cn-hollow"})]}}var G=class{element;pages=new Map;selected=i("p",{class:"cn-selected"});constructor(e){this.pages.set("",Ge(e));for(let n of e.cells)this.pages.set(n.name,Ke(n,e));this.element=i("section",{class:"cn-detail","aria-label":"Component"},i("div",{class:"cn-pages"},...this.pages.values()),this.selected)}show(e,n){let r=e?.name??"";for(let[o,a]of this.pages)a.toggleAttribute("data-shown",o===r);this.selected.textContent=n.length>0?`Selected: ${n.join(", ")}`:"Nothing selected"}};function Ke(t,e){let n=e.unit?[i("small",{},` ${e.unit}`)]:[],r=[i("p",{class:"cn-detail-head"},k(E(t)),i("span",{class:"cn-name"},t.name),i("span",{class:"cn-words","data-violated":t.violated},C(t))),t.text===""?null:i("p",{class:"cn-value"},i("span",{},t.text),...n),K("cn-relation",_e(t.relation)),K("cn-reason",t.reason),t.operations.length===0?null:i("ul",{class:"cn-operations"},...t.operations.map(o=>i("li",{},o))),K("cn-deviation",t.deviation,t.violated),K("cn-origin",t.origin)];return i("div",{class:"cn-page"},...r.filter(o=>o!==null))}function K(t,e,n=!1){return e===""?null:i("p",{class:t,"data-violated":n},e)}function Ge(t){return i("div",{class:"cn-page cn-overview"},...t.forbidden===""?[]:[i("p",{class:"cn-forbidden"},t.forbidden)],i("p",{},"Point at a component to see what it is tied to."),i("p",{},"Click one, or walk with the arrow keys and press Enter, to keep it selected. The operations of the crystal that force it are named here."))}function _e(t){return t.replaceAll("-","−").replaceAll("*","·").replace(/sqrt\((\d+)\)/g,"√$1")}function se(t,e){let n=Array.from({length:e[0]},()=>new Array(e[1]).fill(void 0));for(let r of t){let o=n[r.row];o&&(o[r.column]=r)}return n}function q(t,e){return t.links.flatMap(({to:n,sign:r})=>{let o=e.get(n);return o?[De(t,o,r)]:[]})}function le(t,e){let n=new Map(t.map(a=>[a.name,a.name])),r=a=>{let s=a;for(let l=n.get(s);l!==void 0&&l!==s;l=n.get(s))s=l;return s},o=t.flatMap(a=>q(a,e).filter(s=>s.sign!=="other"&&s.from<s.to));return o.sort((a,s)=>ae(a)-ae(s)),o.filter(a=>{let[s,l]=[r(a.from),r(a.to)];return s===l?!1:(n.set(s,l),!0)})}function De(t,e,n){return{x1:t.column+.2,y1:t.row+.5,x2:e.column+.2,y2:e.row+.5,sign:n,from:t.name,to:e.name}}function ae(t){return Math.hypot(t.x2-t.x1,t.y2-t.y1)}function ce(t,e,n){let r=F(t[e.row]??[]),o=F(t.map(s=>s[e.column])),a=F(t.flat());switch(n){case"left":return r[r.indexOf(e)-1]??e;case"right":return r[r.indexOf(e)+1]??e;case"up":return o[o.indexOf(e)-1]??e;case"down":return o[o.indexOf(e)+1]??e;case"row-start":return r[0]??e;case"row-end":return r[r.length-1]??e;case"start":return a[0]??e;case"end":return a[a.length-1]??e}}function F(t){return t.filter(e=>e!==void 0)}var _=class{constructor(e,n){this.data=e;this.events=n;this.byName=new Map(e.cells.map(r=>[r.name,r])),this.grid=se(e.cells,e.shape),this.current=e.cells[0]??null,this.active=u("g",{class:"cn-lines-active"}),this.element=this.build()}data;events;element;nodes=new Map;byName;grid;active;current;hovered=null;focused=null;cell(e){return this.byName.get(e)??null}get pointed(){return this.hovered??this.focused}paint(e,n){let r=n?ie(n):null;for(let[o,a]of this.nodes)a.setAttribute("aria-selected",String(e.includes(o))),a.toggleAttribute("data-family",r!==null&&r.size>1&&r.has(o)),a.toggleAttribute("data-active",n?.name===o);this.active.replaceChildren(...n?q(n,this.byName).map(de):[]),this.element.toggleAttribute("data-joined",r!==null&&r.size>1)}listen(e,n){let r=(o,a)=>this.element.addEventListener(o,n(a),{signal:e});r("pointerover",o=>this.hover(this.at(o))),r("pointerleave",()=>this.hover(null)),r("focusin",o=>this.focus(this.at(o))),r("focusout",()=>this.focus(null)),r("click",o=>{let a=this.at(o);a&&(this.rove(a),this.events.select(a,o.ctrlKey||o.metaKey||o.shiftKey))}),r("keydown",o=>this.key(o))}key(e){T(e)&&e.stopPropagation();let n=N(e);n&&(e.preventDefault(),this.act(n))}act(e){let n=this.focused??this.current;switch(e.do){case"move":n&&this.rove(ce(this.grid,n,e.to));return;case"select":n&&this.events.select(n,e.add);return;case"escape":this.events.escape();return;case"help":this.events.help();return}}rove(e){let[n,r]=[this.current&&this.nodes.get(this.current.name),this.nodes.get(e.name)];n?.setAttribute("tabindex","-1"),r?.setAttribute("tabindex","0"),this.current=e,this.hovered=null,r?.focus()}hover(e){e!==this.hovered&&(this.hovered=e,this.events.preview(this.pointed))}focus(e){e!==this.focused&&(this.focused=e,this.events.preview(this.pointed))}at(e){let n=e.target instanceof Element?e.target.closest("[data-cell]"):null;return this.cell(n?.dataset.cell??"")}build(){let{shape:[e,n],title:r,subtitle:o}=this.data,a=i("div",{role:"row",class:"cn-row cn-row-head"},i("span",{role:"columnheader",class:"cn-corner","aria-label":"row"}),...this.data.column_labels.map(d=>i("span",{role:"columnheader",class:"cn-label"},d))),s=this.grid.map((d,f)=>i("div",{role:"row",class:"cn-row"},i("span",{role:"rowheader",class:"cn-label"},this.data.row_labels[f]??""),...d.map(y=>this.cellNode(y)))),l=u("svg",{class:"cn-lines",viewBox:`0 0 ${n} ${e}`,preserveAspectRatio:"none","aria-hidden":"true"},u("g",{class:"cn-lines-rest"},...le(this.data.cells,this.byName).map(de)),this.active);return i("div",{role:"grid",class:"cn-grid","aria-label":`Tensor components of ${r}, ${o}`,"aria-multiselectable":"true","aria-rowcount":e+1,"aria-colcount":n+1},a,...s,l)}cellNode(e){if(!e)return i("span",{role:"gridcell",class:"cn-blank","aria-label":"same by index symmetry"});let n=i("div",{role:"gridcell",class:"cn-cell","data-cell":e.name,"data-role":e.role,"data-violated":e.violated,tabindex:e===this.current?0:-1,"aria-selected":"false","aria-label":oe(e,this.data.unit_spoken)},k(E(e)),i("span",{class:"cn-number"},e.text));return this.nodes.set(e.name,n),n}};function de(t){let{x1:e,y1:n,x2:r,y2:o,sign:a,from:s,to:l}=t;return u("line",{x1:e,y1:n,x2:r,y2:o,class:`cn-line cn-line-${a}`,"data-from":s,"data-to":l})}var Oe="Arrow keys: move. Home, End: ends of the row. Enter or Space: select. Ctrl or Shift with click or Space: add to the selection. Esc: clear, then back to the notebook. ?: this line.";function pe(t){let{state:e,signal:n}=t,r=new AbortController,o=v(e,()=>{r.abort(),r=new AbortController,ue(t,r.signal)});n.addEventListener("abort",()=>r.abort(),{once:!0}),e.watch(["data"],n,o),z(t),ue(t,r.signal),R(t)}function ue({state:t,root:e},n){let r=Z(t.data),o=new G(r),a=i("div",{class:"cn-live",role:"status","aria-live":"polite"}),s=i("p",{class:"cn-help",hidden:!0},Oe),l=new _(r,{preview:()=>d(),select:(g,L)=>t.select(Ne(g,L,t.selection)),escape:()=>t.selection.length>0?t.select([]):V(e),help:()=>{s.hidden=!s.hidden}}),d=()=>{let g=t.selection,L=l.pointed??l.cell(g[g.length-1]??"");l.paint(g,L),o.show(L,g)},f=()=>{let g=l.cell(t.selection[t.selection.length-1]??"");a.textContent=g?Ve(g):r.verdict};l.listen(n,g=>v(t,g)),t.watch(["selection"],n,v(t,()=>{d(),f()}));let y=i("div",{class:"cn-body"},i("div",{class:"cn-diagram"},l.element,Pe(r)),o.element);y.style.setProperty("--cn-columns",String(r.shape[1])),y.style.setProperty("--cn-rows",String(r.shape[0])),e.replaceChildren(H(r.title,r.subtitle,r.meaning,r.facts),i("p",{class:"cn-verdict","data-severity":r.severity},r.verdict),y,...je(r),...A(r.notices),s,...$(),a),d(),f(),S({state:t,root:e,signal:n})}function Ne(t,e,n){return e?n.includes(t.name)?n.filter(r=>r!==t.name):[...n,t.name]:[t.name]}function Ve(t){let e=t.operations.length>0?` ${t.operations.join("; ")}`:"";return`${t.name}: ${C(t)}. ${t.relation} ${t.reason}${e}`}function Pe(t){return i("ul",{class:"cn-legend","aria-label":"Legend"},...re(t.cells).map(({glyph:e,words:n})=>i("li",{},k(e),i("span",{},n))))}function je(t){let n=[["guaranteed","Guaranteed by construction",t.guaranteed],["learned","Learned",t.learned]].filter(([,,r])=>r!=="");return n.length===0?[]:[i("ul",{class:"cn-honesty"},...n.map(([r,o,a])=>i("li",{class:`cn-${r}`},i("b",{},o)," ",i("span",{},a))))]}var Fe={structure:ee,tensor:pe};function qe({model:t,el:e}){let n=new M(t),r=new AbortController,o=i("div",{class:"cn-root","data-kind":n.kind,"data-status":"loading"});e.append(o),O(o),requestAnimationFrame(()=>O(o));try{let a=Fe[n.kind];if(!a)throw new Error(`no view for ${n.kind}`);a({state:n,root:o,signal:r.signal}),Y(o,n.fallbackId,r.signal),n.ready()}catch(a){o.dataset.status="error",o.append(i("p",{class:"cn-error",role:"alert"},"This view could not be drawn. Run the cell again.")),n.report(String(a))}return()=>{r.abort(),o.remove()}}var qt={render:qe};export{he as MODEL_KEYS,qt as default};
