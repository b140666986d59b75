// Copy buttons for browsers with clipboard access. Without this script the text is selected by hand.
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
