// procedure-kb on other websites: <kb-procedure>, <kb-options>, <kb-relief-chart>, <kb-search>, and frames that fit their content.
// See docs/embedding.md. No HTML is built from text: all text goes through textContent.
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
  const scriptUrl = script ? script.src : "";
  const BASE_URL = scriptUrl.includes("/embed/") ? scriptUrl.slice(0, scriptUrl.lastIndexOf("/embed/")) : "";

  function createNode(name, className, ...children) {
    const node = document.createElement(name);
    if (className) { node.className = className; node.setAttribute("part", className); }
    node.append(...children.filter((child) => child !== null && child !== ""));
    return node;
  }
  function createSvg(name, attributes, ...children) {
    const node = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
    node.append(...children);
    return node;
  }
  // Absolute URL, or an empty string for anything but http(s).
  function resolveUrl(url, base) {
    try {
      const resolved = new URL(url, `${base}/`);
      return resolved.protocol === "https:" || resolved.protocol === "http:" ? resolved.href : "";
    } catch { return ""; }
  }
  function createLink(text, url, base) {
    const href = url ? resolveUrl(url, base) : "";
    if (!href) return document.createTextNode(text);
    const node = createNode("a", "link", text);
    node.href = href;
    return node;
  }
  function appendItem(node, item, base) {
    if (item.text) node.append(createLink(item.text, item.url, base));
    if (item.note) {
      if (item.text) node.append(" ");
      // A note alone in its cell needs no brackets.
      node.append(item.text ? createNode("span", "note", "(", createLink(item.note, item.note_url, base), ")") : createNode("span", "note", createLink(item.note, item.note_url, base)));
    }
    return node;
  }

  const blocks = {
    text: (block) => createNode("p", "text", block.text),
    gap: (block) => createNode("p", "gap", block.text),
    list: (block, { base }) => createNode("ul", "list", ...block.items.map((item) => appendItem(document.createElement("li"), item, base))),
    facts: (block) => createNode("dl", "facts", ...block.items.flatMap((fact) => [
      createNode("dt", "", fact.name), createNode("dd", "", fact.value, fact.note ? createNode("span", "note", fact.note) : null)])),
    table: (block, { base }) => createTable(block.caption, block.head, block.rows, base),
    chart: (block, { base }) => createChart(block, base),
  };

  function createTable(caption, header, rows, base) {
    // Explicit roles: in a narrow host the rows are displayed as blocks, and browsers would drop the table semantics.
    const setRole = (node, name) => { node.setAttribute("role", name); return node; };
    const headerCells = header.map((text) => { const cell = setRole(createNode("th", "", text), "columnheader"); cell.scope = "col"; return cell; });
    const body = rows.map((row) => setRole(createNode("tr", "", ...row.map((item, n) => {
      const cell = appendItem(document.createElement(n ? "td" : "th"), item, base);
      if (n) cell.dataset.head = header[n]; else cell.scope = "row";
      return setRole(cell, n ? "cell" : "rowheader");
    })), "row"));
    const table = setRole(createNode("table", "table", createNode("caption", "", caption),
      setRole(createNode("thead", "", setRole(createNode("tr", "", ...headerCells), "row")), "rowgroup"), setRole(createNode("tbody", "", ...body), "rowgroup")), "table");
    const scroll = createNode("div", "scroll", table);
    scroll.tabIndex = 0;
    setRole(scroll, "region").setAttribute("aria-label", caption);
    return scroll;
  }

  // Horizontal positions are percentages and heights are pixels: the chart fits any width, and its text keeps its size.
  const LEFT = 4, WIDTH = 90, ROW = 42, NAME = 24;
  const xPercent = (share) => `${(LEFT + share * WIDTH).toFixed(2)}%`;
  function createChart(block, base) {
    const hasManyNames = new Set(block.rows.map((row) => row.name)).size > 1;
    let top = 12;
    const rows = block.rows.flatMap((row, n) => {
      // If several procedures share the chart, each is named once, above its estimates.
      const startsGroup = hasManyNames && row.name !== block.rows[n - 1]?.name;
      const name = startsGroup ? [createSvg("text", { class: "name", x: `${LEFT / 2}%`, y: top + 18 }, shorten(row.name))] : [];
      top += startsGroup ? NAME : 0;
      const estimate = drawEstimate(row, top);
      top += ROW;
      return [...name, ...estimate];
    });
    const title = createSvg("title", { id: "kb-chart-title" }, block.title);
    const description = createSvg("desc", { id: "kb-chart-about" }, block.explained);
    const ticks = block.ticks.flatMap(({ at, label, minor }) => [
      createSvg("line", { class: "grid", x1: xPercent(at), x2: xPercent(at), y1: 6, y2: top }),
      createSvg("text", { class: minor ? "tick minor" : "tick", x: xPercent(at), y: top + 18, "text-anchor": "middle" }, label)]);
    const chart = createSvg("svg", { class: "chart", part: "chart", role: "img", "aria-labelledby": "kb-chart-title kb-chart-about", height: top + 30 }, title, description, ...ticks, ...rows);
    const cells = block.rows.map((row) => [
      { text: hasManyNames ? row.name : row.label }, ...(hasManyNames ? [{ text: row.label + (row.typical ? " (typical)" : "") }] : []),
      { text: row.measured + (row.typical && !hasManyNames ? " (typical)" : "") }, { text: row.population }, row.source]);
    const header = hasManyNames ? ["Procedure", "Relief", "Measured", "For whom", "Source"] : ["Relief", "Measured", "For whom", "Source"];
    const caption = createNode("figcaption", "caption", createNode("strong", "", block.title), ". ", createNode("span", "small", block.explained));
    return createNode("figure", "figure", caption, chart, createTable(`${block.title}, as a table`, header, cells, base));
  }
  const shorten = (text) => (text.length > 64 ? `${text.slice(0, 63)}…` : text);
  function drawEstimate(row, top) {
    const y = top + 28;
    const shapes = [createSvg("text", { x: `${LEFT / 2}%`, y: top + 16 }, shorten(row.label))];
    const dot = (share, className = "dot") => createSvg("circle", { class: className, cx: xPercent(share), cy: y, r: className === "dot" ? 6 : 5 });
    if (row.low !== null && row.high !== null) {
      if (row.low !== row.high) shapes.push(createSvg("line", { class: "range", x1: xPercent(row.low), x2: xPercent(row.high), y1: y, y2: y }), dot(row.high));
      shapes.push(dot(row.low));
    } else if (row.low !== null || row.high !== null) {
      const stated = row.low ?? row.high;
      const tail = Math.min(Math.max(stated + (row.low === null ? -0.06 : 0.06), 0), 1);
      shapes.push(createSvg("line", { class: "range open", x1: xPercent(stated), x2: xPercent(tail), y1: y, y2: y }), dot(stated), dot(tail, "hollow"));
    } else {
      shapes.push(createSvg("text", { class: "tick", x: xPercent(0), y: y + 4 }, "no number stated"));
    }
    return shapes;
  }

  function createParts(card, { base, level: topLevel }) {
    const heading = (depth, className, text) => createNode(`h${Math.min(topLevel + depth, 6)}`, className, text);
    const call = createNode("section", "call", heading(1, "heading", card.call.heading),
      ...card.call.levels.flatMap((level) => [heading(2, "heading", level.heading), createNode("p", "", level.text)]),
      createNode("p", "more", createLink(card.call.link.text, card.call.link.url, base)));
    call.id = "kb-call";
    const jump = createNode("a", "link", card.call.heading);
    jump.href = "#kb-call";
    jump.addEventListener("click", (event) => { event.preventDefault(); call.tabIndex = -1; call.focus(); call.scrollIntoView({ block: "nearest" }); });
    const footer = createNode("div", "attribution", createNode("p", "small", card.notice.text, " ", createLink("About this information", card.notice.url, base)),
      createNode("p", "small", "Content: ", createLink(card.attribution.text, card.attribution.url, base), `. Release ${card.release}. ${card.review}`));
    footer.classList.add("foot");
    return {
      title: heading(0, "title", card.title),
      jump: createNode("p", "jump", jump),
      lede: card.lede ? createNode("p", "lede", card.lede) : null,
      sections: card.sections.map((section) => createNode("section", "section", heading(1, "heading", section.heading),
        ...section.blocks.map((block) => blocks[block.kind] ? blocks[block.kind](block, { base }) : null))),
      call,
      footer,
      more: createNode("p", "more", createLink("The whole page, with every source", card.url, base)),
    };
  }

  class MessageError extends Error {}
  async function fetchJson(url) {
    let response;
    try { response = await fetch(url, { credentials: "omit" }); }
    catch { throw new MessageError("This information cannot be loaded right now."); }
    if (response.ok && (response.headers.get("content-type") ?? "").includes("json")) {
      try { return await response.json(); } catch { throw new MessageError("This information cannot be read right now."); }
    }
    let detail = "";
    try { detail = (await response.json()).detail ?? ""; } catch { detail = ""; }
    throw new MessageError(typeof detail === "string" && detail && response.status < 500 ? detail : "This information cannot be loaded right now.");
  }
  const encodeSlug = (text) => encodeURIComponent((text ?? "").trim());

  class Embed extends HTMLElement {
    static observedAttributes = ["slug", "condition", "procedures", "base", "heading-level"];
    #loadCount = 0;
    connectedCallback() {
      if (!this.shadowRoot) { this.attachShadow({ mode: "open" }); this.#addStyleSheet(); }
      this.#load();
    }
    attributeChangedCallback(_, before, after) { if (this.shadowRoot && this.isConnected && before !== after) this.#load(); }
    get base() { return (this.getAttribute("base") ? new URL(this.getAttribute("base"), document.baseURI).href : BASE_URL).replace(/\/+$/, ""); }
    get level() { const level = Number.parseInt(this.getAttribute("heading-level") ?? "2", 10); return level >= 1 && level <= 6 ? level : 2; }
    #addStyleSheet() {
      try {
        const sheet = new CSSStyleSheet();
        sheet.replaceSync(SHEET);
        this.shadowRoot.adoptedStyleSheets = [sheet];
      } catch {
        // Without constructable style sheets the same rules come as a file: the host's CSP then needs style-src.
        const sheet = document.createElement("link");
        sheet.rel = "stylesheet";
        sheet.href = scriptUrl ? scriptUrl.replace(/\.js$/, ".css") : `${this.base}/embed/v1/kb.css`;
        this.shadowRoot.append(sheet);
      }
    }
    #replaceContent(...nodes) {
      for (const old of [...this.shadowRoot.childNodes]) if (old.nodeName !== "LINK") old.remove();
      this.shadowRoot.append(...nodes);
    }
    async #load() {
      const loadNumber = ++this.#loadCount;
      // While loading, and after a failure, people see the host's content between the tags.
      this.#replaceContent(document.createElement("slot"));
      this.setAttribute("aria-busy", "true");
      try {
        if (!this.base) throw new MessageError("This element needs a base attribute: the URL of the knowledge base.");
        const nodes = await this.build();
        if (loadNumber === this.#loadCount) { this.#replaceContent(createNode("div", "card kb", ...nodes)); this.dispatchEvent(new CustomEvent("kb-shown", { bubbles: true, composed: true })); }
      } catch (error) {
        if (loadNumber !== this.#loadCount) return;
        const message = error instanceof MessageError ? error.message : "This information cannot be shown right now.";
        const paragraph = createNode("p", "error", message);
        paragraph.setAttribute("role", "status");
        const pageLink = createNode("p", "more", createLink("Read it at procedure-kb", this.page, this.base || document.baseURI));
        const fallback = this.childNodes.length && this.textContent.trim() ? document.createElement("slot") : pageLink;
        this.#replaceContent(createNode("div", "card kb", paragraph, fallback));
        this.dispatchEvent(new CustomEvent("kb-failed", { bubbles: true, composed: true }));
      } finally {
        if (loadNumber === this.#loadCount) this.removeAttribute("aria-busy");
      }
    }
    get page() { return this.base ? `${this.base}/` : ""; }
    arrange(card) {
      const { title, jump, lede, sections, call, footer, more } = createParts(card, this);
      return [title, jump, lede, ...sections, more, call, footer];
    }
  }
  class Procedure extends Embed {
    get page() { return `${this.base}/procedures/${encodeSlug(this.getAttribute("slug"))}`; }
    async build() {
      if (!encodeSlug(this.getAttribute("slug"))) throw new MessageError("This element needs a slug attribute: the name of a procedure.");
      return this.arrange(await fetchJson(`${this.base}/embed/v1/procedures/${encodeSlug(this.getAttribute("slug"))}.json`));
    }
  }
  class Options extends Embed {
    get page() { return `${this.base}/conditions/${encodeSlug(this.getAttribute("condition"))}`; }
    async build() {
      if (!encodeSlug(this.getAttribute("condition"))) throw new MessageError("This element needs a condition attribute: the name of a condition.");
      return this.arrange(await fetchJson(`${this.base}/embed/v1/conditions/${encodeSlug(this.getAttribute("condition"))}/options.json`));
    }
  }
  class ReliefChart extends Embed {
    get page() { return `${this.base}/relief`; }
    async build() {
      const slugs = [...new Set((this.getAttribute("procedures") ?? "").split(/[\s,]+/).filter(Boolean))];
      if (!slugs.length) return this.arrange(await fetchJson(`${this.base}/embed/v1/relief.json`));
      const cards = await Promise.all(slugs.slice(0, 12).map((slug) => fetchJson(`${this.base}/embed/v1/relief/${encodeSlug(slug)}.json`)));
      return this.arrange(mergeCards(cards));
    }
  }
  // One axis for all procedures; a procedure without an estimate is named.
  function mergeCards(cards) {
    if (cards.length === 1) return cards[0];
    const blocks = cards.flatMap((card) => card.sections.flatMap((section) => section.blocks));
    const charts = blocks.filter((block) => block.kind === "chart");
    const withoutChart = cards.filter((card) => !card.sections.some((section) => section.blocks.some((block) => block.kind === "chart")));
    const mergedChart = charts.length ? [{ ...charts[0], title: "How long relief lasts", rows: charts.flatMap((chart) => chart.rows) }] : [];
    const gaps = withoutChart.map((card) => ({ kind: "gap", text: `${card.sections[0].heading}: no cited duration is known.` }));
    const url = cards[0].url.replace(/\/procedures\/[^/]*$/, "/relief");
    return { ...cards[0], call: mergeCalls(cards), title: "How long relief lasts", url, sections: [{ heading: "Estimates", blocks: [...mergedChart, ...gaps] }] };
  }

  // Levels of all cards by heading; texts that differ name their procedures.
  function mergeCalls(cards) {
    const namesByLevel = new Map();
    for (const card of cards) for (const { heading, text } of card.call.levels) {
      const namesByText = namesByLevel.get(heading) ?? new Map();
      namesByLevel.set(heading, namesByText.set(text, [...(namesByText.get(text) ?? []), card.sections[0].heading]));
    }
    const levels = [...namesByLevel].flatMap(([heading, namesByText]) => [...namesByText].map(([text, names]) => ({ heading: names.length < cards.length ? `${heading}: ${names.join(", ")}` : heading, text })));
    return { ...cards[0].call, levels };
  }

  const FOLDERS = { procedure: "procedures", condition: "conditions", pain_generator: "pain-generators", guide_page: "guide", source: "sources" };
  const normalize = (text) => text.normalize("NFKD").replace(/[\u0300-\u036f]/g, "").toLowerCase();
  class Search extends Embed {
    get page() { return `${this.base}/search`; }
    async build() {
      const card = await fetchJson(`${this.base}/embed/v1/search.json`);
      const { title, sections, call, footer } = createParts(card, this);
      const input = createNode("input", "input");
      Object.assign(input, { type: "search", id: "kb-q", name: "q", maxLength: 200, required: true, autocomplete: "off" });
      const label = createNode("label", "label", card.label);
      label.htmlFor = "kb-q";
      const button = createNode("button", "button", "Search");
      const form = createNode("form", "find", label, input, button);
      form.setAttribute("role", "search");
      const status = createNode("p", "status");
      status.setAttribute("role", "status");
      const results = createNode("div", "found");
      form.addEventListener("submit", (event) => { event.preventDefault(); this.#search(input.value.trim(), card, status, results); });
      return [title, form, status, results, ...sections, call, footer];
    }
    async #search(text, card, status, results) {
      if (!text) return;
      results.replaceChildren();
      status.textContent = "Searching…";
      const { items, notices, total } = await this.#fetchResults(text, card);
      const heading = (text) => createNode(`h${Math.min(this.level + 1, 6)}`, "heading", text);
      const warnings = notices.map((notice) => createNode("section", "call", heading("Get help at once"), createNode("p", "", notice.statement), createNode("p", "", "In an emergency, call your local emergency number.")));
      const rows = items.map((item) => createNode("li", "result", createLink(item.name, item.url, this.base), item.summary ? createNode("p", "", item.summary) : null, item.reason ? createNode("p", "small", item.reason) : null));
      results.replaceChildren(...warnings, ...(rows.length ? [createNode("ul", "results", ...rows)] : []));
      status.textContent = total ? `${total} found.` : "Nothing found. Try another word, or the name of a procedure.";
    }
    async #fetchResults(text, card) {
      try {
        const results = await fetchJson(`${this.base}/v1/search?q=${encodeURIComponent(text.slice(0, 200))}&limit=10`);
        const items = results.items.filter((item) => FOLDERS[item.type]).map((item) => ({ ...item, url: `${this.base}/${FOLDERS[item.type]}/${item.slug}` }));
        return { items, notices: results.notices ?? [], total: results.page.total };
      } catch {
        // A static export has no search: match the names here.
        const terms = normalize(text).split(/[^\p{L}\p{N}]+/u).filter(Boolean);
        const items = card.names.filter((item) => { const names = normalize([item.name, ...item.others].join(" ")); return terms.length && terms.every((word) => names.includes(word)); });
        return { items: items.slice(0, 10).map((item) => ({ ...item, summary: "", reason: item.others.join(", ") })), notices: [], total: items.length };
      }
    }
  }
  const elements = { "kb-procedure": Procedure, "kb-options": Options, "kb-relief-chart": ReliefChart, "kb-search": Search };
  for (const [name, element] of Object.entries(elements)) if (!customElements.get(name)) customElements.define(name, element);

  // Our frames send their height. The window, the origin and the message are checked before an attribute is set.
  const isOwnFrame = (frame) => { try { return BASE_URL !== "" && new URL(frame.src).href.startsWith(`${BASE_URL}/embed/`); } catch { return false; } };
  window.addEventListener("message", (event) => {
    const message = event.data;
    if (typeof message !== "object" || message === null || message.type !== "kb:height" || message.version !== 1) return;
    if (!Number.isInteger(message.height) || message.height < 40 || message.height > 20000) return;
    // A sandboxed frame has the origin "null": it is accepted only from the window of one of our frames.
    if (event.origin !== "null" && event.origin !== new URL(BASE_URL || document.baseURI).origin) return;
    for (const frame of document.querySelectorAll("iframe")) {
      if (frame.contentWindow === event.source && isOwnFrame(frame)) frame.height = String(message.height);
    }
  });
})();
