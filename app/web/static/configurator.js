// Copy buttons, where a browser can copy. Without this script the lines are selected by hand.
"use strict";
if (navigator.clipboard) {
  for (const button of document.querySelectorAll("button[data-copy]")) {
    const field = document.getElementById(button.dataset.copy);
    const status = document.getElementById("copied");
    button.hidden = false;
    button.addEventListener("click", async () => {
      try { await navigator.clipboard.writeText(field.value); status.textContent = "Copied."; }
      catch { field.select(); status.textContent = "Press Ctrl and C to copy what is selected."; }
    });
  }
}
