// procedure-kb on other websites: <kb-procedure>, <kb-options>, <kb-relief-chart>, <kb-search>, and frames that fit their content.
// See docs/embedding.md. No HTML is built from text: all text goes through textContent.
"use strict";
(() => {
  const SHEET = `
:host { display: block; }
:host([hidden]) { display: none; }
:host([theme="light"]), .frame.light { color-scheme: light; }
:host([theme="dark"]), .frame.dark { color-scheme: dark; }
:host([theme="auto"]), .frame.auto { color-scheme: light dark; }
.root {
  all: initial; color-scheme: inherit; direction: ltr; display: block; box-sizing: border-box; container-type: inline-size;
  overflow-wrap: anywhere; text-align: start; font: medium/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", sans-serif;
  --_ink: var(--kb-text, #17232d); --_soft: var(--kb-muted, #485865); --_card: var(--kb-background, #ffffff);
  --_faint: var(--kb-surface, #efece3); --_line: var(--kb-border, #d8d4c8); --_accent: var(--kb-accent, #0a5867); --_accent-ink: var(--kb-background, #ffffff);
  --_own-ink: #17232d; --_own-soft: #485865; --_own-card: #ffffff; --_own-accent: #0a5867; --_warn: #8c1d18; --_warn-paper: #fcefec;
  --_serif: Charter, "Bitstream Charter", "Iowan Old Style", "Noto Serif", Georgia, serif;
  --_space: var(--kb-space, 1em); --_radius: var(--kb-radius, 10px);
  color: var(--_ink);
}
body.frame { margin: 0; } .frame .kb { max-width: none; border: 0; border-radius: 0; }
/* Colors and typefaces are the tokens of our pages: tokens.css. */
@supports (color: light-dark(#000, #fff)) {
  .root {
    --_ink: var(--kb-text, light-dark(#17232d, #e9e7e2)); --_soft: var(--kb-muted, light-dark(#485865, #b4bec8));
    --_card: var(--kb-background, light-dark(#ffffff, #1a2128)); --_faint: var(--kb-surface, light-dark(#efece3, #20282f));
    --_line: var(--kb-border, light-dark(#d8d4c8, #39434d)); --_accent: var(--kb-accent, light-dark(#0a5867, #84d2df)); --_accent-ink: var(--kb-background, light-dark(#ffffff, #0b1317));
    --_own-ink: light-dark(#17232d, #e9e7e2); --_own-soft: light-dark(#485865, #b4bec8); --_own-card: light-dark(#ffffff, #1a2128);
    --_own-accent: light-dark(#0a5867, #84d2df); --_warn: light-dark(#8c1d18, #ffb4ab); --_warn-paper: light-dark(#fcefec, #2c1a19);
  }
}
.kb { display: flex; flex-direction: column; background: var(--_card); border: 1px solid var(--_line); border-radius: var(--_radius); max-width: var(--kb-max-width, 56em); box-sizing: border-box; overflow: clip; }
.kb * { box-sizing: border-box; }
.content { padding: var(--_space) calc(var(--_space) * 1.25); font: var(--kb-font, inherit); }
.title, .heading { font-family: var(--_serif); line-height: 1.3; margin: calc(var(--_space) * 1.4) 0 calc(var(--_space) * .4); font-weight: 650; }
.title { margin: 0; font-size: 1.45em; } .heading { font-size: 1.12em; }
.kb p { margin: .4em 0; max-width: 44em; } .lede { font-size: 1.06em; }
.kb a { color: var(--_accent); text-underline-offset: .15em; }
.kb :focus-visible { outline: 3px solid var(--_accent); outline-offset: 2px; border-radius: 3px; }
.list { margin: .3em 0; padding-inline-start: 1.3em; max-width: 46em; } .list li { margin: .35em 0; }
.note, .small, .subtitle { color: var(--_soft); font-size: .87em; } .note a { color: inherit; } .gap { color: var(--_soft); font-style: italic; }
.facts { display: grid; grid-template-columns: minmax(9em, max-content) 1fr; gap: .3em 1.2em; margin: .4em 0; background: var(--_faint); border-radius: var(--_radius); padding: .7em .9em; }
.facts dt { color: var(--_soft); } .facts dd { margin: 0; font-weight: 600; } .facts .note { display: block; font-weight: 400; }
.lines { margin: .4em 0; max-width: 46em; } .lines div { margin: .35em 0; } .lines dt { display: inline; font-weight: 650; } .lines dd { display: inline; margin: 0; }
.own { border-inline-start: 3px solid var(--_accent); padding-inline-start: .8em; margin: var(--_space) 0; } .own .heading { margin-top: 0; }
.scroll { overflow-x: auto; margin: .5em 0; }
.table { border-collapse: collapse; width: 100%; font-size: .94em; } .table caption { text-align: start; font-weight: 600; padding: .3em 0; }
.table th, .table td { overflow-wrap: break-word; text-align: start; vertical-align: top; padding: .45em .6em .45em 0; border-bottom: 1px solid var(--_line); font-weight: 400; } .table thead th { color: var(--_soft); font-size: .92em; border-bottom-width: 2px; } .table tbody th { font-weight: 600; }
.table .note { display: block; }
.jump { margin: 0 0 .4em; }
.jump a, .more a, .actions a, .list > li > a, .result > a { display: inline-block; vertical-align: top; min-height: 24px; }
.safe { color: var(--_own-ink); background: var(--_own-card); padding: 0 1.25em .6em; font: medium/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", sans-serif; }
.safe a { color: var(--_own-accent); } .safe .small { color: var(--_own-soft); }
.call { border: 2px solid var(--_warn); background: var(--_warn-paper); border-radius: 8px; padding: .8em 1em; margin: .8em 0; }
.call h1, .call h2, .call h3, .call h4, .call h5, .call h6 { font-size: 1em; line-height: 1.3; margin: .6em 0 .1em; font-weight: 650; } .call > :first-child { margin-top: 0; } .call .call-title { font-size: 1.12em; }
.actions { display: flex; flex-wrap: wrap; gap: .2em 1.2em; margin: .5em 0; padding: 0; list-style: none; } .actions a { font-weight: 600; }
.foot { border-top: 1px solid var(--_line); padding-top: .4em; margin-top: .6em; }
@media screen { .repeat .once { display: none !important; } }
.figure { margin: .5em 0; } .details summary { min-height: 24px; cursor: pointer; } .chart { display: block; width: 100%; overflow: visible; background: var(--_faint); border-radius: var(--_radius); }
.chart text { font: 13px system-ui, sans-serif; fill: var(--_ink); } .chart .name { font-weight: 650; } .chart .tick { font-size: 12px; fill: var(--_soft); }
.chart .grid { stroke: var(--_line); } .chart .range { stroke: var(--_accent); stroke-width: 3; } .chart .open { stroke-dasharray: 4 3; } .chart .dot { fill: var(--_accent); } .chart .hollow { fill: var(--_faint); stroke: var(--_accent); stroke-width: 2; }
.find { display: flex; flex-wrap: wrap; gap: .5em; margin: .5em 0; } .find label { flex: 1 0 100%; }
.input, .button { font: inherit; min-height: 44px; padding: .4em .7em; border: 1px solid var(--_soft); border-radius: 6px; background: var(--_card); color: var(--_ink); } .input { flex: 1 1 12em; min-width: 0; } .button { background: var(--_accent); border-color: var(--_accent); color: var(--_accent-ink); cursor: pointer; }
.results { list-style: none; padding: 0; margin: .5em 0; } .result { padding: .6em 0; border-bottom: 1px solid var(--_line); } .result > a { font-weight: 600; }
.loading .content { flex: 1; }
/* Short variants: their texts are chosen to fit the height, so nothing scrolls; larger letters make them higher. */
.small-card, .summary { --_space: var(--kb-space, .75em); } .small-card .content, .summary .content { flex: 1 1 auto; }
.small-card { max-width: var(--kb-max-width, 34em); min-height: 22em; } .small-card .content, .small-card .safe { font-size: .875em; line-height: 1.28; padding: .35em .9em; }
.small-card .safe { padding: 0 .9em .3em; } .small-card .title { font-size: 1.2em; line-height: 1.2; } .small-card .lede { font-size: 1em; } .small-card p, .small-card .lines div { margin: .2em 0; } .small-card .lines { margin: .2em 0; }
.runin { font-size: .93em; line-height: 1.26; } .runin div { display: inline; } .runin div::after { content: " "; }
.small-card .call { border-width: 0 0 0 3px; border-radius: 0; padding: .1em .6em; margin: .1em 0; } .small-card .call > *, .small-card .call p { display: inline; margin: 0; } .small-card .foot { padding-top: .2em; margin-top: .2em; font-size: .8em; line-height: 1.3; } .small-card .foot p { display: inline; font-size: 1em; } .small-card .foot p::after { content: " "; } .small-card .call a { display: inline; min-height: 0; } .small-card .actions { margin: .2em 0; gap: 0 1em; }
.summary.loading { min-height: 40em; } .full.loading { min-height: 56em; } .summary .content, .summary .safe { font-size: .9375em; line-height: 1.42; } .summary .title { font-size: 1.3em; } .summary .lede { font-size: 1em; } .summary .call { padding: .3em .8em; margin: .2em 0; } .summary .call p { margin: .15em 0; } .summary .foot { line-height: 1.28; margin-top: .3em; } .summary .foot p { margin: .1em 0; } .summary .actions { margin: .2em 0; }
@container (min-width: 30em) { .small-card { min-height: 17em; } }
@container (max-width: 34em) {
  .content { padding: calc(var(--_space) * .8); } .safe { padding: 0 .8em .4em; } .facts { grid-template-columns: 1fr; gap: 0; } .facts dd { margin-bottom: .5em; }
  .summary .content, .summary .safe { font-size: .875em; line-height: 1.38; }
  .table, .table tbody, .table tr, .table th, .table td, .table caption { display: block; width: 100%; } .table thead { position: absolute; clip-path: inset(50%); width: 1px; height: 1px; overflow: hidden; white-space: nowrap; }
  .table tr { border-bottom: 1px solid var(--_line); padding: .5em 0; } .table th, .table td { border: 0; padding: .1em 0; }
  .table td[data-head]::before { content: attr(data-head) ": "; color: var(--_soft); font-size: .92em; } .table thead th { border: 0; } .chart .minor { display: none; } .chart text, .chart .tick { font-size: 11px; }
}
@media print { .kb { border: 0; min-height: 0; overflow: visible; } .content { padding: 0; } .safe { padding: 0; } .scroll { overflow: visible; } }
@media (forced-colors: active) { .chart .range, .chart .hollow { stroke: CanvasText; } .chart .dot { fill: CanvasText; } .kb, .call { border-color: CanvasText; } }
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
  // Node without a part name: a host can style its parts, but not what keeps readers safe.
  function createPlain(name, className, ...children) {
    const node = createNode(name, className, ...children);
    node.removeAttribute("part");
    for (const child of node.querySelectorAll("[part]")) child.removeAttribute("part");
    return node;
  }
  // The name of a record leads to the clinic's own page, where it has one; a procedure that it does not offer is marked so.
  function appendItem(node, item, context) {
    const { base, clinic } = context;
    const [type, slug] = (item.record ?? "").split("/");
    if (item.text) node.append(createLink(item.text, clinic.findPage(type, slug) || item.url, base));
    if (type === "procedure" && clinic.offered && !clinic.offered.includes(slug)) node.append(" ", createNode("span", "note", "(not offered at this clinic)"));
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
    list: (block, context) => createNode("ul", "list", ...block.items.map((item) => appendItem(document.createElement("li"), item, context))),
    lines: (block, context) => {
      const node = createNode("dl", "lines", ...block.items.map((line) => createNode("div", "", createNode("dt", "", `${line.name}: `), createLine(line, context))));
      node.classList.toggle("runin", Boolean(block.run_in));
      return node;
    },
    facts: (block) => createNode("dl", "facts", ...block.items.flatMap((fact) => [
      createNode("dt", "", fact.name), createNode("dd", "", fact.value, fact.note ? createNode("span", "note", fact.note) : null)])),
    table: (block, context) => createTable(block.caption, block.head, block.rows, context),
    chart: (block, context) => createChart(block, context),
  };

  function createLine(line, context) {
    const node = createNode("dd", "", line.text);
    line.items.forEach((item, n) => { if (n) node.append(", "); else if (line.text) node.append(" "); appendItem(node, item, context); });
    return node;
  }

  function createTable(caption, header, rows, context) {
    // Explicit roles: in a narrow host the rows are displayed as blocks, and browsers would drop the table semantics.
    const setRole = (node, name) => { node.setAttribute("role", name); return node; };
    const headerCells = header.map((text) => { const cell = setRole(createNode("th", "", text), "columnheader"); cell.scope = "col"; return cell; });
    const body = rows.map((row) => setRole(createNode("tr", "", ...row.map((item, n) => {
      const cell = appendItem(document.createElement(n ? "td" : "th"), item, context);
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
  // The axis begins and ends where the data do, with room for a tail.
  const MARGIN = 0.08;
  function createScale(rows) {
    const ends = rows.flatMap((row) => [row.low, row.high]).filter((share) => share !== null);
    const start = Math.min(...ends) - MARGIN, length = Math.max(...ends) + MARGIN - start;
    return (share) => (share - start) / length;
  }
  const xPercent = (share) => `${(LEFT + share * WIDTH).toFixed(2)}%`;
  function createChart(block, context) {
    const drawn = block.rows.filter((row) => row.low !== null || row.high !== null), scale = createScale(drawn);
    const hasManyNames = new Set(block.rows.map((row) => row.name)).size > 1;
    let top = 12;
    const rows = drawn.flatMap((row, n) => {
      // If several procedures share the chart, each is named once, above its estimates.
      const startsGroup = hasManyNames && row.name !== drawn[n - 1]?.name;
      const name = startsGroup ? [createSvg("text", { class: "name", x: `${LEFT / 2}%`, y: top + 18 }, shorten(row.name))] : [];
      top += startsGroup ? NAME : 0;
      const estimate = drawEstimate(row, top, (share) => xPercent(scale(share)));
      top += ROW;
      return [...name, ...estimate];
    });
    const title = createSvg("title", { id: "kb-chart-title" }, block.title);
    const description = createSvg("desc", { id: "kb-chart-about" }, block.explained);
    const ticks = block.ticks.map((tick) => ({ ...tick, x: scale(tick.at) })).filter(({ x }) => x >= 0 && x <= 1).flatMap(({ x, label, minor }) => [
      createSvg("line", { class: "grid", x1: xPercent(x), x2: xPercent(x), y1: 6, y2: top }),
      createSvg("text", { class: minor ? "tick minor" : "tick", x: xPercent(x), y: top + 18, "text-anchor": "middle" }, label)]);
    const chart = createSvg("svg", { class: "chart", part: "chart", role: "img", "aria-labelledby": "kb-chart-title kb-chart-about", height: top + 30 }, title, description, ...ticks, ...rows);
    const cells = block.rows.map((row) => [
      { text: hasManyNames ? row.name : row.label }, ...(hasManyNames ? [{ text: row.label + (row.typical ? " (typical)" : "") }] : []),
      { text: row.measured + (row.typical && !hasManyNames ? " (typical)" : "") }, { text: row.population }, row.source]);
    const header = hasManyNames ? ["Procedure", "Relief", "Measured", "For whom", "Source"] : ["Relief", "Measured", "For whom", "Source"];
    const caption = createNode("figcaption", "caption", createNode("strong", "", block.title), ". ", createNode("span", "small", block.explained));
    const table = createTable(`${block.title}, as a table`, header, cells, context);
    const details = createNode("details", "details", createNode("summary", "", "These values as a table, with their sources"), table);
    addEventListener("beforeprint", () => { details.open = true; });
    const words = block.rows.filter((row) => !drawn.includes(row)).map((row) => (hasManyNames ? `${row.name}: ${row.label}` : row.label));
    const inWords = words.length ? createNode("p", "text", `In words only, with no number to draw: ${words.join("; ")}.`) : null;
    return createNode("figure", "figure", caption, drawn.length ? chart : null, inWords, details);
  }
  const shorten = (text) => (text.length > 64 ? `${text.slice(0, 63)}…` : text);
  function drawEstimate(row, top, toX) {
    const y = top + 28;
    const dot = (share, className = "dot") => createSvg("circle", { class: className, cx: toX(share), cy: y, r: className === "dot" ? 6 : 5 });
    const draw = (className, from, to) => createSvg("line", { class: className, x1: toX(from), x2: toX(to), y1: y, y2: y });
    const label = createSvg("text", { x: `${LEFT / 2}%`, y: top + 16 }, shorten(row.label));
    if (row.low === null || row.high === null) {
      const stated = row.low ?? row.high, tail = stated + (row.low === null ? -0.06 : 0.06);
      return [label, draw("range open", stated, tail), dot(stated), dot(tail, "hollow")];
    }
    return row.low === row.high ? [label, dot(row.low)] : [label, draw("range", row.low, row.high), dot(row.high), dot(row.low)];
  }

  function createParts(card, context) {
    const { base, level: topLevel, clinic } = context, isCard = card.variant === "card";
    const heading = (depth, className, text) => createNode(`h${Math.min(topLevel + depth, 6)}`, className, text);
    const call = createPlain("section", "call", card.call.heading ? heading(1, "call-title", card.call.heading) : "",
      ...card.call.levels.flatMap((level) => {
        const texts = card.call.heading ? [heading(2, "", level.heading), createNode("p", "", level.text)] : [createNode("strong", "", `${level.heading}: `), createNode("p", "", level.text), " "];
        if (!level.own) for (const node of texts) if (node.nodeType === Node.ELEMENT_NODE) node.classList.add("once");
        return texts;
      }),
      createNode("p", "more", createLink(card.call.link.text, card.call.link.url, base)));
    call.id = "kb-call";
    const jump = createNode("a", "link", card.call.heading);
    jump.href = "#kb-call";
    jump.addEventListener("click", (event) => { event.preventDefault(); call.tabIndex = -1; call.focus(); call.scrollIntoView({ block: "nearest" }); });
    const action = (text, href) => { const link = createNode("a", "", text); link.href = href; return createNode("li", "", link); };
    const bookingUrl = resolveUrl(clinic.bookingUrl ?? "", base);
    const actions = createPlain("ul", "actions",
      clinic.phone ? action(`Call ${isCard ? "" : "the clinic: "}${clinic.phone}`, `tel:${clinic.phone.replace(/[^+0-9]/g, "")}`) : "",
      clinic.bookingUrl && bookingUrl ? action(isCard ? "Book a visit" : "Book an appointment", bookingUrl) : "",
      card.url && !isCard ? createNode("li", "", createLink("The whole page, with every source", card.url, base)) : "");
    const footer = createPlain("div", "foot", createNode("p", "small once", ...(isCard ? [createLink(card.notice.text, card.notice.url, base), " "] : [card.notice.text, " ", createLink("About this information", card.notice.url, base), ". "]), card.review),
      createNode("p", "small", "Content: ", createLink(card.attribution.text, card.attribution.url, base), `. Release ${card.release}.`));
    return {
      title: heading(0, "title", isCard ? createLink(card.title, card.url, base) : card.title),
      subtitle: card.subtitle ? createNode("p", "subtitle", card.subtitle) : null,
      offer: card.clinic && !card.clinic.is_offered ? createNode("p", "note", `${card.clinic.name} does not offer this procedure.`) : null,
      jump: card.variant === "full" ? createNode("p", "jump", jump) : null,
      lede: card.lede ? createNode("p", "lede", card.lede) : null,
      sections: card.sections.map((section) => createNode("section", "section", section.heading ? heading(1, "heading", section.heading) : "",
        ...section.blocks.map((block) => blocks[block.kind] ? blocks[block.kind](block, context) : null))),
      own: isCard ? null : createOwnSection("preparation", "Before you come", card.clinic?.preparation, context, heading),
      aftercare: isCard ? null : createOwnSection("aftercare", "Afterwards", card.clinic?.aftercare, context, heading),
      contact: isCard ? null : createOwnSection("contact", "Contact", card.clinic?.contact, context, heading),
      call, actions, footer,
    };
  }
  // The clinic's own words: from the edition of the server, and from a slot of the page, in the language of the page.
  function createOwnSection(name, label, paragraphs, { clinic }, heading) {
    const own = (paragraphs ?? []).map((text) => createNode("p", "text", text));
    if (!own.length && !clinic.slots.includes(name)) return null;
    const slot = document.createElement("slot");
    slot.name = name;
    const words = createNode("div", "", ...own, slot);
    words.lang = clinic.lang;
    words.dir = clinic.direction;
    return createNode("section", "own", heading(1, "heading", `${label}: from ${clinic.name || "your clinic"}`), words);
  }

  // What a reader sees, and why it failed: timeout, network, status, content or attribute.
  class MessageError extends Error {
    constructor(reason, message) { super(message); this.reason = reason; }
  }
  const AWAY = "This information cannot be loaded right now.";
  async function fetchJson(url) {
    const controller = new AbortController();
    const timer = setTimeout(() => controller.abort(), TIMEOUT);
    try {
      const response = await fetch(url, { credentials: "omit", signal: controller.signal });
      const body = (response.headers.get("content-type") ?? "").includes("json") ? await response.json() : null;
      if (response.ok && body) return body;
      throw new MessageError(response.ok ? "content" : "status", typeof body?.detail === "string" && body.detail && response.status < 500 ? body.detail : AWAY);
    } catch (error) {
      if (error instanceof MessageError) throw error;
      throw new MessageError(controller.signal.aborted ? "timeout" : error instanceof SyntaxError ? "content" : "network", AWAY);
    } finally { clearTimeout(timer); }
  }
  const TIMEOUT = 10000;
  const VARIANTS = ["card", "summary", "full"];
  const encodeSlug = (text) => encodeURIComponent((text ?? "").trim());
  const splitWords = (text) => [...new Set((text ?? "").split(/[\s,]+/).filter(Boolean))];

  // Elements that show their content: the first one on the page has the notice and the general emergency box.
  const shown = new Set();
  function markRepeats() {
    const ordered = [...shown].sort((a, b) => (a.compareDocumentPosition(b) & Node.DOCUMENT_POSITION_FOLLOWING ? -1 : 1));
    ordered.forEach((element, n) => element.shadowRoot.querySelector(".root").classList.toggle("repeat", n > 0));
  }

  class Embed extends HTMLElement {
    static observedAttributes = ["slug", "condition", "procedures", "base", "heading-level", "variant", "sections", "booking-url", "phone", "link-template", "offered"];
    #loadCount = 0;
    connectedCallback() {
      if (!this.shadowRoot) { this.attachShadow({ mode: "open" }); this.#addStyleSheet(); }
      this.#load();
    }
    disconnectedCallback() { shown.delete(this); markRepeats(); }
    attributeChangedCallback(_, before, after) { if (this.shadowRoot && this.isConnected && before !== after) this.#load(); }
    get base() { return (this.getAttribute("base") ? new URL(this.getAttribute("base"), document.baseURI).href : BASE_URL).replace(/\/+$/, ""); }
    get level() { const level = Number.parseInt(this.getAttribute("heading-level") ?? "2", 10); return level >= 1 && level <= 6 ? level : 2; }
    get variant() { return VARIANTS.includes(this.getAttribute("variant")) ? this.getAttribute("variant") : "summary"; }
    // Sections are chosen from the full variant.
    get sections() { return splitWords(this.getAttribute("sections")); }
    get file() { return this.sections.length ? "full" : this.variant; }
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
    #replaceContent(className, ...nodes) {
      for (const old of [...this.shadowRoot.childNodes]) if (old.nodeName !== "LINK") old.remove();
      const root = createPart("root", createNode("div", "card", ...nodes));
      root.lang = "en";
      root.firstChild.className = `kb ${className}`;
      this.shadowRoot.append(root);
    }
    async #load() {
      const loadNumber = ++this.#loadCount;
      const look = this.file === "card" ? "small-card" : this.file;
      // While loading, and after a failure, people see the host's content between the tags, in the height that will be needed.
      this.#replaceContent(`${look} loading`, createPlain("div", "content", document.createElement("slot")));
      this.setAttribute("aria-busy", "true");
      try {
        if (!this.base) throw new MessageError("attribute", "This element needs a base attribute: the URL of the knowledge base.");
        const nodes = await this.build();
        if (loadNumber !== this.#loadCount) return;
        this.#replaceContent(look, ...nodes);
        shown.add(this);
        markRepeats();
        this.dispatchEvent(new CustomEvent("kb-shown", { bubbles: true, composed: true }));
      } catch (error) {
        if (loadNumber !== this.#loadCount) return;
        const message = error instanceof MessageError ? error.message : "This information cannot be shown right now.";
        const paragraph = createNode("p", "error", message);
        paragraph.setAttribute("role", "status");
        const pageLink = createNode("p", "more", createLink("Read it at procedure-kb", this.page, this.base || document.baseURI));
        const fallback = this.childNodes.length && this.textContent.trim() ? document.createElement("slot") : pageLink;
        this.#replaceContent("failed", createPlain("div", "content", paragraph, fallback));
        shown.delete(this);
        markRepeats();
        const detail = { reason: error instanceof MessageError ? error.reason : "content", message };
        this.dispatchEvent(new CustomEvent("kb-failed", { bubbles: true, composed: true, detail }));
      } finally {
        if (loadNumber === this.#loadCount) this.removeAttribute("aria-busy");
      }
    }
    get page() { return this.base ? `${this.base}/` : ""; }
    // What the clinic adds: the edition of the server, then the attributes and slots of this element.
    getClinic(card) {
      const edition = card.clinic ?? {};
      const template = this.getAttribute("link-template") ?? "";
      const offered = this.hasAttribute("offered") ? splitWords(this.getAttribute("offered")) : edition.offered ?? null;
      const findPage = (type, slug) => {
        if (!slug || (type !== "procedure" && !template.includes("{type}"))) return "";
        if (type === "procedure" && offered && !offered.includes(slug)) return "";
        return template.replaceAll("{slug}", slug).replaceAll("{type}", FOLDERS[type] ?? type);
      };
      return {
        name: edition.name ?? "", phone: this.getAttribute("phone") || edition.phone, bookingUrl: this.getAttribute("booking-url") || edition.booking_url, offered, findPage,
        slots: [...this.children].map((child) => child.slot).filter(Boolean), lang: this.closest("[lang]")?.lang ?? "", direction: getComputedStyle(this).direction,
      };
    }
    arrange(card) {
      const chosen = this.sections.length ? selectSections(card, this.sections) : card;
      const context = { base: this.base, level: this.level, clinic: this.getClinic(card) };
      const { title, subtitle, jump, offer, lede, sections, own, aftercare, contact, call, actions, footer } = createParts(chosen, context);
      return [createPart("content", title, subtitle, jump, offer, lede, ...sections, own, aftercare, contact), createPlain("div", "safe", call, actions, footer)];
    }
  }
  // Container of parts that a host may style.
  function createPart(className, ...children) {
    const node = createNode("div", className, ...children);
    node.removeAttribute("part");
    return node;
  }
  // A benefit never stands without what speaks against the procedure.
  const WITHOUT_BENEFIT = ["before", "day", "after"];
  function selectSections(card, keys) {
    const wanted = keys.every((key) => WITHOUT_BENEFIT.includes(key)) ? keys : ["safety", "harms", ...keys];
    return { ...card, lede: null, sections: card.sections.filter((section) => wanted.includes(section.key)) };
  }
  class Procedure extends Embed {
    get page() { return `${this.base}/procedures/${encodeSlug(this.getAttribute("slug"))}`; }
    async build() {
      if (!encodeSlug(this.getAttribute("slug"))) throw new MessageError("attribute", "This element needs a slug attribute: the name of a procedure.");
      return this.arrange(await fetchJson(`${this.base}/embed/v1/procedures/${encodeSlug(this.getAttribute("slug"))}/${this.file}.json`));
    }
  }
  class Options extends Embed {
    get page() { return `${this.base}/conditions/${encodeSlug(this.getAttribute("condition"))}`; }
    get sections() { return []; }
    async build() {
      if (!encodeSlug(this.getAttribute("condition"))) throw new MessageError("attribute", "This element needs a condition attribute: the name of a condition.");
      return this.arrange(await fetchJson(`${this.base}/embed/v1/conditions/${encodeSlug(this.getAttribute("condition"))}/options/${this.file}.json`));
    }
  }
  class ReliefChart extends Embed {
    get page() { return `${this.base}/relief`; }
    get sections() { return []; }
    get file() { return this.variant === "full" ? "full" : "summary"; }
    async build() {
      const slugs = splitWords(this.getAttribute("procedures"));
      if (!slugs.length) return this.arrange({ ...await fetchJson(`${this.base}/embed/v1/relief.json`), variant: this.file });
      const cards = await Promise.all(slugs.slice(0, 12).map((slug) => fetchJson(`${this.base}/embed/v1/relief/${encodeSlug(slug)}.json`)));
      return this.arrange({ ...mergeCards(cards), variant: this.file });
    }
  }
  // One axis for all procedures; a procedure without an estimate is named.
  function mergeCards(cards) {
    if (cards.length === 1) return cards[0];
    const blocks = cards.flatMap((card) => card.sections.flatMap((section) => section.blocks));
    const charts = blocks.filter((block) => block.kind === "chart");
    const withoutChart = cards.filter((card) => !card.sections.some((section) => section.blocks.some((block) => block.kind === "chart")));
    const mergedChart = charts.length ? [{ ...charts[0], title: "How long relief lasts", rows: charts.flatMap((chart) => chart.rows) }] : [];
    const gaps = withoutChart.map((card) => ({ kind: "gap", text: `${card.sections[1].heading}: no cited duration is known.` }));
    const url = cards[0].url.replace(/\/procedures\/[^/]*$/, "/relief");
    const safety = { ...cards[0].sections[0], blocks: [{ kind: "lines", items: cards.flatMap((card) => card.sections[0].blocks[0].items) }] };
    return { ...cards[0], title: "How long relief lasts", url, sections: [safety, { key: "chart", heading: "Estimates", blocks: [...mergedChart, ...gaps] }] };
  }

  const FOLDERS = { procedure: "procedures", condition: "conditions", pain_generator: "pain-generators", guide_page: "guide", source: "sources" };
  const normalize = (text) => text.normalize("NFKD").replace(/[\u0300-\u036f]/g, "").toLowerCase();
  class Search extends Embed {
    get page() { return `${this.base}/search`; }
    get sections() { return []; }
    get file() { return "search"; }
    async build() {
      const card = await fetchJson(`${this.base}/embed/v1/search.json`);
      const context = { base: this.base, level: this.level, clinic: this.getClinic(card) };
      const { title, contact, call, actions, footer } = createParts({ ...card, url: "" }, context);
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
      form.addEventListener("submit", (event) => { event.preventDefault(); this.#search(input.value.trim(), card, context, status, results); });
      return [createPart("content", title, form, status, results, contact), createPlain("div", "safe", call, actions, footer)];
    }
    async #search(text, card, context, status, results) {
      if (!text) return;
      results.replaceChildren();
      status.textContent = "Searching…";
      const { items, notices, total } = await this.#fetchResults(text, card);
      const heading = (text) => createNode(`h${Math.min(this.level + 1, 6)}`, "heading", text);
      const warnings = notices.map((notice) => createPlain("section", "call", heading("Get help at once"), createNode("p", "", notice.statement), createNode("p", "", card.call.levels[0].text)));
      const rows = items.map((item) => {
        const row = appendItem(createNode("li", "result"), { text: item.name, url: item.url, record: `${item.type}/${item.slug}` }, context);
        if (item.summary) row.append(createNode("p", "", item.summary));
        if (item.reason) row.append(createNode("p", "small", item.reason));
        return row;
      });
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
