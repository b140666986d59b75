// Suggestions while typing, as a combobox. Without this script the form works all the same.
"use strict";
const folders = { procedure: "procedures", condition: "conditions", pain_generator: "pain-generators", risk: "risks", guide_page: "guide", source: "sources" };
const kinds = { procedure: "Procedure", condition: "Condition", pain_generator: "Pain generator", risk: "Harm", guide_page: "Guide", source: "Source" };

for (const input of document.querySelectorAll("input[data-suggest]")) {
  const list = document.createElement("ul");
  const told = document.createElement("p");
  Object.assign(list, { className: "suggest", id: `${input.id}-list`, hidden: true });
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", "Suggestions");
  told.className = "quiet";
  told.setAttribute("role", "status");
  input.form.append(list, told);
  for (const [name, value] of Object.entries({ role: "combobox", "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": list.id })) input.setAttribute(name, value);
  let latest = 0;
  let at = -1;

  const close = () => {
    latest++; // an answer on its way is no longer asked for
    list.hidden = true;
    at = -1;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  };
  const choose = (place) => {
    at = place;
    [...list.children].forEach((row, n) => row.setAttribute("aria-selected", String(n === at)));
    if (at < 0) input.removeAttribute("aria-activedescendant");
    else {
      input.setAttribute("aria-activedescendant", list.children[at].id);
      list.children[at].scrollIntoView({ block: "nearest" });
    }
  };
  const rowOf = (item, n) => {
    const row = document.createElement("li");
    const kind = document.createElement("small");
    row.id = `${list.id}-${n}`;
    row.setAttribute("role", "option");
    row.setAttribute("aria-selected", "false");
    row.dataset.href = `${input.dataset.base}/${folders[item.type]}/${encodeURIComponent(item.slug)}`;
    row.textContent = item.text === item.name ? item.name : `${item.text} (${item.name})`;
    kind.textContent = ` ${kinds[item.type]}`;
    row.append(kind);
    return row;
  };
  const show = (found) => {
    list.replaceChildren(...found.map(rowOf));
    at = -1;
    list.hidden = found.length === 0;
    input.setAttribute("aria-expanded", String(found.length > 0));
    input.removeAttribute("aria-activedescendant");
    told.textContent = found.length ? `${found.length} suggestions` : "No suggestions";
  };

  input.addEventListener("input", async () => {
    const mine = ++latest;
    const text = input.value.trim();
    if (text.length < 2) return close();
    try {
      const answer = await fetch(`${input.dataset.suggest}?q=${encodeURIComponent(text)}`);
      if (mine !== latest) return;
      if (!answer.ok) return close();
      const { items } = await answer.json();
      if (mine === latest) show(items.filter((item) => folders[item.type]));
    } catch { close(); }
  });
  input.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !list.hidden) { event.preventDefault(); return close(); }
    if (list.hidden) return;
    const last = list.children.length - 1;
    if (event.key === "ArrowDown") { event.preventDefault(); choose(at === last ? 0 : at + 1); }
    if (event.key === "ArrowUp") { event.preventDefault(); choose(at <= 0 ? last : at - 1); }
    if (event.key === "Enter" && at >= 0) { event.preventDefault(); location.assign(list.children[at].dataset.href); }
  });
  list.addEventListener("mousedown", (event) => {
    const row = event.target.closest("li");
    event.preventDefault();
    if (row) location.assign(row.dataset.href);
  });
  input.addEventListener("blur", close);
}

// A page whose review is past due says so: the server's answers know no clock.
for (const note of document.querySelectorAll("[data-due]")) note.hidden = new Date(note.dataset.due) > new Date();
