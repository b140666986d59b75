// Page in a frame: send the height to the host, as our own message and as the message of WordPress embeds.
"use strict";
(() => {
  if (window.parent === window) return;
  // WordPress hides a frame until it sends a message with the secret from the URL fragment.
  const secret = /^#\?secret=([0-9A-Za-z]{4,64})$/.exec(location.hash)?.[1];
  let lastHeight = 0;
  function sendHeight(force) {
    const height = Math.ceil(document.body.getBoundingClientRect().height);
    if (!force && height === lastHeight) return;
    lastHeight = height;
    window.parent.postMessage({ type: "kb:height", version: 1, height }, "*");
    if (secret) window.parent.postMessage({ message: "height", value: height, secret }, "*");
  }
  window.addEventListener("beforeprint", () => { for (const details of document.querySelectorAll("details")) details.open = true; });
  new ResizeObserver(() => sendHeight(false)).observe(document.body);
  window.addEventListener("load", () => sendHeight(true));
  window.addEventListener("message", (event) => { if (event.source === window.parent && secret && event.data?.message === "ready" && event.data.secret === secret) sendHeight(true); });
  document.addEventListener("click", (event) => {
    const link = event.target instanceof Element ? event.target.closest("a[href]") : null;
    const isAnchor = link?.getAttribute("href")?.startsWith("#");
    if (!secret || !link || isAnchor || event.ctrlKey || event.metaKey || event.shiftKey) return;
    // The sandbox of WordPress blocks new windows: its script opens the link instead.
    event.preventDefault();
    window.parent.postMessage({ message: "link", value: link.href, secret }, "*");
  });
  sendHeight(true);
})();
