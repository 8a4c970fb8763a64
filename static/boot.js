// Starts the page: the theme before the first paint, then the WebAssembly module. A file of its own because a content
// security policy forbids inline scripts; a classic script because that runs even from file://, where it can say why
// nothing else does.
"use strict";
(() => {
  // The reader's choice, or what the embedding page says, or else the system.
  const parameters = new URLSearchParams(location.search);
  const embedded = parameters.has("embed");
  let theme = parameters.get("theme");
  try {
    if (!embedded) theme = localStorage.getItem("everynode.theme");
  } catch {
    // Storage may be forbidden; the page works without it.
  }
  if (theme !== "dark" && theme !== "light") theme = matchMedia("(prefers-color-scheme: light)").matches ? "light" : "dark";
  document.documentElement.dataset.theme = theme;

  const url = (name) => new URL(name, document.baseURI).href;
  const files = document.getElementById("app-files").dataset;

  // For the page: modules that are fetched when first asked for. A browser imports each once.
  const module = (id) => {
    const file = url(document.getElementById(id).getAttribute("src"));
    return () => import(file);
  };
  globalThis.loadEditor = module("editor-file");
  globalThis.loadTransfer = module("transfer-file");

  const parsed = new Promise((resolve) => document.addEventListener("DOMContentLoaded", resolve, { once: true }));
  const start = async () => {
    if (location.protocol === "file:") {
      throw new Error("a browser does not run it from a file. Serve this folder, for instance: python3 -m http.server");
    }
    const [app] = await Promise.all([import(url(files.js)), parsed]);
    await app.default({ module_or_path: url(files.wasm) });
    // From the next visit on, the page needs no network. An embedded figure leaves no traces in its host's reader.
    if (embedded || !navigator.serviceWorker) return;
    setTimeout(() => navigator.serviceWorker.register(url("sw.js"), { updateViaCache: "none" }).catch(() => {}), 2000);
  };
  start().catch(async (error) => {
    console.error(error);
    await parsed;
    const status = document.getElementById("boot-status");
    if (status) status.textContent = `Everynode could not start: ${error.message ?? error}`;
  });
})();
