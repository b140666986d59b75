// Suggestions while typing. Without this script the form works all the same.
"use strict";
for (const input of document.querySelectorAll("input[data-suggest]")) {
  const list = document.createElement("ul");
  list.className = "suggest";
  list.hidden = true;
  input.form.append(list);
  let latest = 0;
  const paths = { procedure: "procedures", condition: "conditions", pain_generator: "pain-generators", risk: "risks", guide_page: "guide", source: "sources" };
  const base = input.dataset.suggest.replace(/\/v1\/suggest$/, "");
  input.addEventListener("input", async () => {
    const mine = ++latest;
    const text = input.value.trim();
    if (text.length < 2) { list.hidden = true; return; }
    try {
      const answer = await fetch(`${input.dataset.suggest}?q=${encodeURIComponent(text)}`);
      if (!answer.ok || mine !== latest) return;
      const found = (await answer.json()).items.filter((item) => paths[item.type] && item.type !== "risk");
      list.replaceChildren(...found.map((item) => {
        const row = document.createElement("li");
        const link = document.createElement("a");
        link.href = `${base}/${paths[item.type]}/${item.slug}`;
        link.textContent = item.text === item.name ? item.name : `${item.text} (${item.name})`;
        row.append(link);
        return row;
      }));
      list.hidden = found.length === 0;
    } catch { list.hidden = true; }
  });
  input.form.addEventListener("keydown", (event) => { if (event.key === "Escape") { list.hidden = true; input.focus(); } });
}
