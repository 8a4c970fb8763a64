// Starts the page: the theme before the first paint, then the WebAssembly module. A file of its own because a content
// security policy forbids inline scripts; a classic script because that runs even from file://, where it can say why
// nothing else does.
"use strict";
(() => {
  // The reader's choice, or else what the system says.
  let theme = null;
  try {
    theme = localStorage.getItem("everynode.theme");
  } catch {
    // Storage may be forbidden; the page works without it.
  }
  if (theme !== "dark" && theme !== "light") theme = matchMedia("(prefers-color-scheme: light)").matches ? "light" : "dark";
  document.documentElement.dataset.theme = theme;

  const url = (name) => new URL(name, document.baseURI).href;
  const files = document.getElementById("app-files").dataset;

  // For the page: modules that are fetched when first asked for. A browser imports each once; after a failure, again.
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
  };
  start().catch(async (error) => {
    console.error(error);
    await parsed;
    const status = document.getElementById("boot-status");
    if (status) status.textContent = `Everynode could not start: ${error.message ?? error}`;
  });
})();
