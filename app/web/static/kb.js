// procedure-kb for other people's pages: <kb-procedure>, <kb-options>, <kb-relief-chart>, <kb-search>, and frames that fit.
// docs/embedding.md says how. Nothing here is HTML made from text: all text goes through textContent.
"use strict";
(() => {
  const SHEET = `
:host, .kb-frame {
  --_ink: var(--kb-text, #1d2733); --_soft: var(--kb-muted, #4d5b6a); --_paper: var(--kb-background, #ffffff);
  --_card: var(--kb-surface, #f6f4ef); --_line: var(--kb-border, #d9d5cc); --_accent: var(--kb-accent, #0b5c6b);
  --_warn: var(--kb-call-border, #8a1c1c); --_warnpaper: var(--kb-call-background, #fdf1ef);
  --_space: var(--kb-space, 1rem); --_radius: var(--kb-radius, 8px);
  display: block; box-sizing: border-box; container-type: inline-size; overflow-wrap: anywhere; text-align: start;
  font: var(--kb-font, 1rem/1.55 system-ui, "Segoe UI", Roboto, "Noto Sans", sans-serif); color: var(--_ink);
}
:host([hidden]) { display: none; }
:host([theme="light"]), .kb-frame.light { color-scheme: light; }
:host([theme="dark"]), .kb-frame.dark { color-scheme: dark; }
:host([theme="auto"]), .kb-frame.auto { color-scheme: light dark; }
body.kb-frame { margin: 0; } .kb-frame .kb { max-width: none; border: 0; border-radius: 0; }
@supports (color: light-dark(#000, #fff)) {
  :host, .kb-frame {
    --_ink: var(--kb-text, light-dark(#1d2733, #e8e6e1)); --_soft: var(--kb-muted, light-dark(#4d5b6a, #b3bcc6));
    --_paper: var(--kb-background, light-dark(#ffffff, #14191f)); --_card: var(--kb-surface, light-dark(#f6f4ef, #1b222a));
    --_line: var(--kb-border, light-dark(#d9d5cc, #3a444f)); --_accent: var(--kb-accent, light-dark(#0b5c6b, #7fd0de));
    --_warn: var(--kb-call-border, light-dark(#8a1c1c, #ffb4ab)); --_warnpaper: var(--kb-call-background, light-dark(#fdf1ef, #2d1a1a));
  }
}
.kb { background: var(--_paper); border: 1px solid var(--_line); border-radius: var(--_radius); padding: var(--_space) calc(var(--_space) * 1.25); max-width: var(--kb-max-width, 56rem); box-sizing: border-box; }
.kb * { box-sizing: border-box; }
.title, .heading { line-height: 1.3; margin: calc(var(--_space) * 1.4) 0 calc(var(--_space) * .4); font-weight: 650; }
.title { margin-top: 0; font-size: 1.45em; } .heading { font-size: 1.12em; } .call .heading { font-size: 1em; margin: .6em 0 .1em; } .call > .heading:first-child { font-size: 1.12em; margin-top: 0; }
.kb p { margin: .4em 0; max-width: 44em; } .lede { font-size: 1.06em; }
.kb a { color: var(--_accent); text-underline-offset: .15em; }
.kb :focus-visible { outline: 3px solid var(--_accent); outline-offset: 2px; border-radius: 3px; }
.list { margin: .3em 0; padding-inline-start: 1.3em; max-width: 46em; } .list li { margin: .35em 0; }
.note, .small { color: var(--_soft); font-size: .87em; } .note a { color: inherit; } .gap { color: var(--_soft); font-style: italic; }
.facts { display: grid; grid-template-columns: minmax(9em, max-content) 1fr; gap: .3em 1.2em; margin: .4em 0; background: var(--_card); border-radius: var(--_radius); padding: .7em .9em; }
.facts dt { color: var(--_soft); } .facts dd { margin: 0; font-weight: 600; } .facts .note { display: block; font-weight: 400; }
.scroll { overflow-x: auto; margin: .5em 0; }
.table { border-collapse: collapse; width: 100%; font-size: .94em; } .table caption { text-align: start; font-weight: 600; padding: .3em 0; }
.table th, .table td { overflow-wrap: break-word; text-align: start; vertical-align: top; padding: .45em .6em .45em 0; border-bottom: 1px solid var(--_line); font-weight: 400; } .table thead th { color: var(--_soft); font-size: .92em; border-bottom-width: 2px; } .table tbody th { font-weight: 600; }
.table .note { display: block; }
.call { border: 2px solid var(--_warn); background: var(--_warnpaper); border-radius: var(--_radius); padding: .8em 1em; margin: calc(var(--_space) * 1.4) 0; }
.jump { margin: 0 0 .4em; } .foot { border-top: 1px solid var(--_line); padding-top: .6em; margin-top: calc(var(--_space) * 1.2); }
.jump a, .more a, .foot a, .list > li > a, .result > a { display: inline-block; min-height: 24px; }
.figure { margin: .5em 0; } .chart { display: block; width: 100%; overflow: visible; background: var(--_card); border-radius: var(--_radius); }
.chart text { font: 13px system-ui, sans-serif; fill: var(--_ink); } .chart .name { font-weight: 650; } .chart .tick { font-size: 12px; fill: var(--_soft); }
.chart .grid { stroke: var(--_line); } .chart .range { stroke: var(--_accent); stroke-width: 3; } .chart .open { stroke-dasharray: 4 3; } .chart .dot { fill: var(--_accent); } .chart .hollow { fill: var(--_card); stroke: var(--_accent); stroke-width: 2; }
.find { display: flex; flex-wrap: wrap; gap: .5em; margin: .5em 0; } .find label { flex: 1 0 100%; }
.input, .button { font: inherit; min-height: 44px; padding: .4em .7em; border: 1px solid var(--_soft); border-radius: 6px; background: var(--_paper); color: var(--_ink); } .input { flex: 1 1 12em; min-width: 0; } .button { background: var(--_accent); border-color: var(--_accent); color: var(--_paper); cursor: pointer; }
.results { list-style: none; padding: 0; margin: .5em 0; } .result { padding: .6em 0; border-bottom: 1px solid var(--_line); } .result > a { font-weight: 600; }
@container (max-width: 34rem) {
  .kb { padding: calc(var(--_space) * .8); } .facts { grid-template-columns: 1fr; gap: 0; } .facts dd { margin-bottom: .5em; }
  .table, .table tbody, .table tr, .table th, .table td, .table caption { display: block; width: 100%; } .table thead { position: absolute; clip-path: inset(50%); width: 1px; height: 1px; overflow: hidden; white-space: nowrap; }
  .table tr { border-bottom: 1px solid var(--_line); padding: .5em 0; } .table th, .table td { border: 0; padding: .1em 0; }
  .table td[data-head]::before { content: attr(data-head) ": "; color: var(--_soft); font-size: .92em; } .table thead th { border: 0; } .chart .minor { display: none; } .chart text, .chart .tick { font-size: 11px; }
}
@media print { .kb { border: 0; padding: 0; } .scroll { overflow: visible; } }
@media (forced-colors: active) { .chart .range, .chart .hollow { stroke: CanvasText; } .chart .dot { fill: CanvasText; } }
`;
  const SVG = "http://www.w3.org/2000/svg";
  const script = document.currentScript ?? document.querySelector('script[src*="/embed/kb."], script[src*="/embed/v1/kb.js"]');
  const source = script ? script.src : "";
  const HOME = source.includes("/embed/") ? source.slice(0, source.lastIndexOf("/embed/")) : "";

  function make(name, className, ...children) {
    const node = document.createElement(name);
    if (className) { node.className = className; node.setAttribute("part", className); }
    node.append(...children.filter((one) => one !== null && one !== ""));
    return node;
  }
  function draw(name, attributes, ...children) {
    const node = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
    node.append(...children);
    return node;
  }
  // An address of ours, absolute; anything that is not http(s) is no link.
  function address(url, base) {
    try {
      const found = new URL(url, `${base}/`);
      return found.protocol === "https:" || found.protocol === "http:" ? found.href : "";
    } catch { return ""; }
  }
  function link(text, url, base) {
    const href = url ? address(url, base) : "";
    if (!href) return document.createTextNode(text);
    const node = make("a", "link", text);
    node.href = href;
    return node;
  }
  function filled(node, one, base) {
    if (one.text) node.append(link(one.text, one.url, base));
    if (one.note) {
      if (one.text) node.append(" ");
      // Alone in its cell a source needs no brackets.
      node.append(one.text ? make("span", "note", "(", link(one.note, one.note_url, base), ")") : make("span", "note", link(one.note, one.note_url, base)));
    }
    return node;
  }

  const blocks = {
    text: (block) => make("p", "text", block.text),
    gap: (block) => make("p", "gap", block.text),
    list: (block, { base }) => make("ul", "list", ...block.items.map((one) => filled(document.createElement("li"), one, base))),
    facts: (block) => make("dl", "facts", ...block.items.flatMap((one) => [
      make("dt", "", one.name), make("dd", "", one.value, one.note ? make("span", "note", one.note) : null)])),
    table: (block, { base }) => tableOf(block.caption, block.head, block.rows, base),
    chart: (block, { base }) => chartOf(block, base),
  };

  function tableOf(caption, head, rows, base) {
    // Roles said aloud: where a narrow host turns rows into blocks, browsers would forget that this is a table.
    const role = (node, name) => { node.setAttribute("role", name); return node; };
    const heads = head.map((text) => { const cell = role(make("th", "", text), "columnheader"); cell.scope = "col"; return cell; });
    const body = rows.map((row) => role(make("tr", "", ...row.map((one, n) => {
      const cell = filled(document.createElement(n ? "td" : "th"), one, base);
      if (n) cell.dataset.head = head[n]; else cell.scope = "row";
      return role(cell, n ? "cell" : "rowheader");
    })), "row"));
    const table = role(make("table", "table", make("caption", "", caption),
      role(make("thead", "", role(make("tr", "", ...heads), "row")), "rowgroup"), role(make("tbody", "", ...body), "rowgroup")), "table");
    const scroll = make("div", "scroll", table);
    scroll.tabIndex = 0;
    role(scroll, "region").setAttribute("aria-label", caption);
    return scroll;
  }

  // Places are percentages and heights are pixels: the chart fits any width, and its words keep their size.
  const LEFT = 4, WIDTH = 90, ROW = 42, NAME = 24;
  const place = (share) => `${(LEFT + share * WIDTH).toFixed(2)}%`;
  function chartOf(block, base) {
    const many = new Set(block.rows.map((row) => row.name)).size > 1;
    let top = 12;
    const rows = block.rows.flatMap((row, n) => {
      // Where several procedures share the chart, each is named once, above its estimates.
      const first = many && row.name !== block.rows[n - 1]?.name;
      const name = first ? [draw("text", { class: "name", x: `${LEFT / 2}%`, y: top + 18 }, cut(row.name))] : [];
      top += first ? NAME : 0;
      const marks = marksOf(row, top);
      top += ROW;
      return [...name, ...marks];
    });
    const title = draw("title", { id: "kb-chart-title" }, block.title);
    const about = draw("desc", { id: "kb-chart-about" }, block.explained);
    const ticks = block.ticks.flatMap(({ at, label, minor }) => [
      draw("line", { class: "grid", x1: place(at), x2: place(at), y1: 6, y2: top }),
      draw("text", { class: minor ? "tick minor" : "tick", x: place(at), y: top + 18, "text-anchor": "middle" }, label)]);
    const chart = draw("svg", { class: "chart", part: "chart", role: "img", "aria-labelledby": "kb-chart-title kb-chart-about", height: top + 30 }, title, about, ...ticks, ...rows);
    const cells = block.rows.map((row) => [
      { text: many ? row.name : row.label }, ...(many ? [{ text: row.label + (row.typical ? " (typical)" : "") }] : []),
      { text: row.measured + (row.typical && !many ? " (typical)" : "") }, { text: row.population }, row.source]);
    const head = many ? ["Procedure", "Relief", "Measured", "For whom", "Source"] : ["Relief", "Measured", "For whom", "Source"];
    const caption = make("figcaption", "caption", make("strong", "", block.title), ". ", make("span", "small", block.explained));
    return make("figure", "figure", caption, chart, tableOf(`${block.title}, as a table`, head, cells, base));
  }
  const cut = (text) => (text.length > 64 ? `${text.slice(0, 63)}…` : text);
  function marksOf(row, top) {
    const y = top + 28;
    const marks = [draw("text", { x: `${LEFT / 2}%`, y: top + 16 }, cut(row.label))];
    const dot = (share, kind = "dot") => draw("circle", { class: kind, cx: place(share), cy: y, r: kind === "dot" ? 6 : 5 });
    if (row.low !== null && row.high !== null) {
      if (row.low !== row.high) marks.push(draw("line", { class: "range", x1: place(row.low), x2: place(row.high), y1: y, y2: y }), dot(row.high));
      marks.push(dot(row.low));
    } else if (row.low !== null || row.high !== null) {
      const stated = row.low ?? row.high;
      const tail = Math.min(Math.max(stated + (row.low === null ? -0.06 : 0.06), 0), 1);
      marks.push(draw("line", { class: "range open", x1: place(stated), x2: place(tail), y1: y, y2: y }), dot(stated), dot(tail, "hollow"));
    } else {
      marks.push(draw("text", { class: "tick", x: place(0), y: y + 4 }, "no number stated"));
    }
    return marks;
  }

  function parts(card, { base, level }) {
    const heading = (depth, className, text) => make(`h${Math.min(level + depth, 6)}`, className, text);
    const call = make("section", "call", heading(1, "heading", card.call.heading),
      ...card.call.levels.flatMap((one) => [heading(2, "heading", one.heading), make("p", "", one.text)]),
      make("p", "more", link(card.call.link.text, card.call.link.url, base)));
    call.id = "kb-call";
    const jump = make("a", "link", card.call.heading);
    jump.href = "#kb-call";
    jump.addEventListener("click", (event) => { event.preventDefault(); call.tabIndex = -1; call.focus(); call.scrollIntoView({ block: "nearest" }); });
    const foot = make("div", "attribution", make("p", "small", card.notice.text, " ", link("About this information", card.notice.url, base)),
      make("p", "small", "Content: ", link(card.attribution.text, card.attribution.url, base), `. Release ${card.release}. ${card.review}`));
    foot.classList.add("foot");
    return {
      title: heading(0, "title", card.title),
      jump: make("p", "jump", jump),
      lede: card.lede ? make("p", "lede", card.lede) : null,
      sections: card.sections.map((one) => make("section", "section", heading(1, "heading", one.heading),
        ...one.blocks.map((block) => blocks[block.kind] ? blocks[block.kind](block, { base }) : null))),
      call,
      foot,
      more: make("p", "more", link("The whole page, with every source", card.url, base)),
    };
  }

  class Answer extends Error {}
  async function read(url) {
    let answer;
    try { answer = await fetch(url, { credentials: "omit" }); }
    catch { throw new Answer("This information cannot be loaded right now."); }
    if (answer.ok && (answer.headers.get("content-type") ?? "").includes("json")) {
      try { return await answer.json(); } catch { throw new Answer("This information cannot be read right now."); }
    }
    let detail = "";
    try { detail = (await answer.json()).detail ?? ""; } catch { detail = ""; }
    throw new Answer(typeof detail === "string" && detail && answer.status < 500 ? detail : "This information cannot be loaded right now.");
  }
  const slugOf = (text) => encodeURIComponent((text ?? "").trim());

  class Embed extends HTMLElement {
    static observedAttributes = ["slug", "condition", "procedures", "base", "heading-level"];
    #turn = 0;
    connectedCallback() {
      if (!this.shadowRoot) { this.attachShadow({ mode: "open" }); this.#dress(); }
      this.#start();
    }
    attributeChangedCallback(_, before, after) { if (this.shadowRoot && this.isConnected && before !== after) this.#start(); }
    get base() { return (this.getAttribute("base") ? new URL(this.getAttribute("base"), document.baseURI).href : HOME).replace(/\/+$/, ""); }
    get level() { const level = Number.parseInt(this.getAttribute("heading-level") ?? "2", 10); return level >= 1 && level <= 6 ? level : 2; }
    #dress() {
      try {
        const sheet = new CSSStyleSheet();
        sheet.replaceSync(SHEET);
        this.shadowRoot.adoptedStyleSheets = [sheet];
      } catch {
        // A browser without constructable sheets asks for the same rules as a file: the host's CSP then needs style-src.
        const sheet = document.createElement("link");
        sheet.rel = "stylesheet";
        sheet.href = source ? source.replace(/\.js$/, ".css") : `${this.base}/embed/v1/kb.css`;
        this.shadowRoot.append(sheet);
      }
    }
    #show(...nodes) {
      for (const old of [...this.shadowRoot.childNodes]) if (old.nodeName !== "LINK") old.remove();
      this.shadowRoot.append(...nodes);
    }
    async #start() {
      const turn = ++this.#turn;
      // Until the answer is here, and where none comes, what the host's page holds between the tags is what people see.
      this.#show(document.createElement("slot"));
      this.setAttribute("aria-busy", "true");
      try {
        if (!this.base) throw new Answer("This element needs a base attribute: the address of the knowledge base.");
        const nodes = await this.build();
        if (turn === this.#turn) { this.#show(make("div", "card kb", ...nodes)); this.dispatchEvent(new CustomEvent("kb-shown", { bubbles: true, composed: true })); }
      } catch (error) {
        if (turn !== this.#turn) return;
        const words = error instanceof Answer ? error.message : "This information cannot be shown right now.";
        const said = make("p", "error", words);
        said.setAttribute("role", "status");
        const page = make("p", "more", link("Read it at procedure-kb", this.page, this.base || document.baseURI));
        const kept = this.childNodes.length && this.textContent.trim() ? document.createElement("slot") : page;
        this.#show(make("div", "card kb", said, kept));
        this.dispatchEvent(new CustomEvent("kb-failed", { bubbles: true, composed: true }));
      } finally {
        if (turn === this.#turn) this.removeAttribute("aria-busy");
      }
    }
    get page() { return this.base ? `${this.base}/` : ""; }
    whole(card) {
      const { title, jump, lede, sections, call, foot, more } = parts(card, this);
      return [title, jump, lede, ...sections, more, call, foot];
    }
  }
  class Procedure extends Embed {
    get page() { return `${this.base}/procedures/${slugOf(this.getAttribute("slug"))}`; }
    async build() {
      if (!slugOf(this.getAttribute("slug"))) throw new Answer("This element needs a slug attribute: the name of a procedure.");
      return this.whole(await read(`${this.base}/embed/v1/procedures/${slugOf(this.getAttribute("slug"))}.json`));
    }
  }
  class Options extends Embed {
    get page() { return `${this.base}/conditions/${slugOf(this.getAttribute("condition"))}`; }
    async build() {
      if (!slugOf(this.getAttribute("condition"))) throw new Answer("This element needs a condition attribute: the name of a condition.");
      return this.whole(await read(`${this.base}/embed/v1/conditions/${slugOf(this.getAttribute("condition"))}/options.json`));
    }
  }
  class ReliefChart extends Embed {
    get page() { return `${this.base}/relief`; }
    async build() {
      const slugs = [...new Set((this.getAttribute("procedures") ?? "").split(/[\s,]+/).filter(Boolean))];
      if (!slugs.length) return this.whole(await read(`${this.base}/embed/v1/relief.json`));
      const cards = await Promise.all(slugs.slice(0, 12).map((slug) => read(`${this.base}/embed/v1/relief/${slugOf(slug)}.json`)));
      return this.whole(merged(cards));
    }
  }
  // One axis for all; a procedure without an estimate is said, never left out.
  function merged(cards) {
    if (cards.length === 1) return cards[0];
    const all = cards.flatMap((card) => card.sections.flatMap((one) => one.blocks));
    const charts = all.filter((block) => block.kind === "chart");
    const silent = cards.filter((card) => !card.sections.some((one) => one.blocks.some((block) => block.kind === "chart")));
    const found = charts.length ? [{ ...charts[0], title: "How long relief lasts", rows: charts.flatMap((chart) => chart.rows) }] : [];
    const gaps = silent.map((card) => ({ kind: "gap", text: `${card.sections[0].heading}: no cited duration is known.` }));
    const url = cards[0].url.replace(/\/procedures\/[^/]*$/, "/relief");
    return { ...cards[0], call: calls(cards), title: "How long relief lasts", url, sections: [{ heading: "Estimates", blocks: [...found, ...gaps] }] };
  }

  function calls(cards) {
    const [emergency] = cards[0].call.levels;
    const said = new Map();
    for (const card of cards) { const text = card.call.levels[1].text; said.set(text, [...(said.get(text) ?? []), card.sections[0].heading]); }
    const days = [...said].map(([text, names]) => ({ heading: said.size > 1 ? `Call the clinic: ${names.join(", ")}` : "Call the clinic", text }));
    return { ...cards[0].call, levels: [emergency, ...days] };
  }

  const PAGES = { procedure: "procedures", condition: "conditions", pain_generator: "pain-generators", guide_page: "guide", source: "sources" };
  const fold = (text) => text.normalize("NFKD").replace(/[\u0300-\u036f]/g, "").toLowerCase();
  class Search extends Embed {
    get page() { return `${this.base}/search`; }
    async build() {
      const card = await read(`${this.base}/embed/v1/search.json`);
      const { title, sections, call, foot } = parts(card, this);
      const input = make("input", "input");
      Object.assign(input, { type: "search", id: "kb-q", name: "q", maxLength: 200, required: true, autocomplete: "off" });
      const label = make("label", "label", card.label);
      label.htmlFor = "kb-q";
      const button = make("button", "button", "Search");
      const form = make("form", "find", label, input, button);
      form.setAttribute("role", "search");
      const status = make("p", "status");
      status.setAttribute("role", "status");
      const results = make("div", "found");
      form.addEventListener("submit", (event) => { event.preventDefault(); this.#ask(input.value.trim(), card, status, results); });
      return [title, form, status, results, ...sections, call, foot];
    }
    async #ask(text, card, status, results) {
      if (!text) return;
      results.replaceChildren();
      status.textContent = "Searching…";
      const { items, notices, total } = await this.#find(text, card);
      const heading = (words) => make(`h${Math.min(this.level + 1, 6)}`, "heading", words);
      const urgent = notices.map((one) => make("section", "call", heading("Get help at once"), make("p", "", one.statement), make("p", "", "In an emergency, call your local emergency number.")));
      const rows = items.map((one) => make("li", "result", link(one.name, one.url, this.base), one.summary ? make("p", "", one.summary) : null, one.because ? make("p", "small", one.because) : null));
      results.replaceChildren(...urgent, ...(rows.length ? [make("ul", "results", ...rows)] : []));
      status.textContent = total ? `${total} found.` : "Nothing found. Try another word, or the name of a procedure.";
    }
    async #find(text, card) {
      try {
        const found = await read(`${this.base}/v1/search?q=${encodeURIComponent(text.slice(0, 200))}&limit=10`);
        const items = found.items.filter((one) => PAGES[one.type]).map((one) => ({ ...one, url: `${this.base}/${PAGES[one.type]}/${one.slug}` }));
        return { items, notices: found.notices ?? [], total: found.page.total };
      } catch {
        // A static export has no search: names alone, matched here.
        const words = fold(text).split(/[^\p{L}\p{N}]+/u).filter(Boolean);
        const items = card.names.filter((one) => { const names = fold([one.name, ...one.others].join(" ")); return words.length && words.every((word) => names.includes(word)); });
        return { items: items.slice(0, 10).map((one) => ({ ...one, summary: "", because: one.others.join(", ") })), notices: [], total: items.length };
      }
    }
  }
  const elements = { "kb-procedure": Procedure, "kb-options": Options, "kb-relief-chart": ReliefChart, "kb-search": Search };
  for (const [name, element] of Object.entries(elements)) if (!customElements.get(name)) customElements.define(name, element);

  // Frames of ours tell their height. Who speaks, from where, and what they say is checked before an attribute is set.
  const ours = (frame) => { try { return HOME !== "" && new URL(frame.src).href.startsWith(`${HOME}/embed/`); } catch { return false; } };
  window.addEventListener("message", (event) => {
    const said = event.data;
    if (typeof said !== "object" || said === null || said.type !== "kb:height" || said.version !== 1) return;
    if (!Number.isInteger(said.height) || said.height < 40 || said.height > 20000) return;
    // A sandboxed frame has no origin to name: "null" is taken only from the window of one of our own frames.
    if (event.origin !== "null" && event.origin !== new URL(HOME || document.baseURI).origin) return;
    for (const frame of document.querySelectorAll("iframe")) {
      if (frame.contentWindow === event.source && ours(frame)) frame.height = String(said.height);
    }
  });
})();
