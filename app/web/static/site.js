// Suggestions while typing, as a combobox. The form works without this script.
"use strict";
const folders = { procedure: "procedures", condition: "conditions", pain_generator: "pain-generators", risk: "risks", guide_page: "guide", source: "sources" };
const typeLabels = { procedure: "Procedure", condition: "Condition", pain_generator: "Pain generator", risk: "Harm", guide_page: "Guide", source: "Source" };

for (const input of document.querySelectorAll("input[data-suggest]")) {
  const list = document.createElement("ul");
  const status = document.createElement("p");
  Object.assign(list, { className: "suggest", id: `${input.id}-list`, hidden: true });
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", "Suggestions");
  status.className = "quiet";
  status.setAttribute("role", "status");
  input.form.append(list, status);
  for (const [name, value] of Object.entries({ role: "combobox", "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": list.id })) input.setAttribute(name, value);
  let latestRequest = 0;
  let activeIndex = -1;

  const close = () => {
    latestRequest++; // ignore the response to a pending request
    list.hidden = true;
    activeIndex = -1;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  };
  const choose = (index) => {
    activeIndex = index;
    [...list.children].forEach((option, n) => option.setAttribute("aria-selected", String(n === activeIndex)));
    if (activeIndex < 0) input.removeAttribute("aria-activedescendant");
    else {
      input.setAttribute("aria-activedescendant", list.children[activeIndex].id);
      list.children[activeIndex].scrollIntoView({ block: "nearest" });
    }
  };
  const createOption = (item, n) => {
    const option = document.createElement("li");
    const typeLabel = document.createElement("small");
    option.id = `${list.id}-${n}`;
    option.setAttribute("role", "option");
    option.setAttribute("aria-selected", "false");
    option.dataset.href = `${input.dataset.base}/${folders[item.type]}/${encodeURIComponent(item.slug)}`;
    option.textContent = item.text === item.name ? item.name : `${item.text} (${item.name})`;
    typeLabel.textContent = ` ${typeLabels[item.type]}`;
    option.append(typeLabel);
    return option;
  };
  const showItems = (items) => {
    list.replaceChildren(...items.map(createOption));
    activeIndex = -1;
    list.hidden = items.length === 0;
    input.setAttribute("aria-expanded", String(items.length > 0));
    input.removeAttribute("aria-activedescendant");
    status.textContent = items.length ? `${items.length} suggestions` : "No suggestions";
  };

  input.addEventListener("input", async () => {
    const requestNumber = ++latestRequest;
    const text = input.value.trim();
    if (text.length < 2) return close();
    try {
      const response = await fetch(`${input.dataset.suggest}?q=${encodeURIComponent(text)}`);
      if (requestNumber !== latestRequest) return;
      if (!response.ok) return close();
      const { items } = await response.json();
      if (requestNumber === latestRequest) showItems(items.filter((item) => folders[item.type]));
    } catch { close(); }
  });
  input.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !list.hidden) { event.preventDefault(); return close(); }
    if (list.hidden) return;
    const last = list.children.length - 1;
    if (event.key === "ArrowDown") { event.preventDefault(); choose(activeIndex === last ? 0 : activeIndex + 1); }
    if (event.key === "ArrowUp") { event.preventDefault(); choose(activeIndex <= 0 ? last : activeIndex - 1); }
    if (event.key === "Enter" && activeIndex >= 0) { event.preventDefault(); location.assign(list.children[activeIndex].dataset.href); }
  });
  list.addEventListener("mousedown", (event) => {
    const option = event.target.closest("li");
    event.preventDefault();
    if (option) location.assign(option.dataset.href);
  });
  input.addEventListener("blur", close);
}

// Show the note on pages whose review is past due: responses of the server do not depend on the clock.
for (const note of document.querySelectorAll("[data-due]")) note.hidden = new Date(note.dataset.due) > new Date();

// Links to a statement, from before statements had a page of their own: go to that page.
const evidencePage = document.querySelector("a[data-evidence]");
const followOldLink = () => {
  const id = decodeURIComponent(location.hash.slice(1));
  const isOnEvidencePage = id.includes("--") || ["clinicians", "evidence", "positions", "sources", "related-by-structure"].includes(id);
  if (evidencePage && isOnEvidencePage && !document.getElementById(id)) location.replace(evidencePage.href + location.hash);
};
followOldLink();
addEventListener("hashchange", followOldLink);
