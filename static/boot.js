// Starts the page: the theme before the first paint, then the WebAssembly module. A file of its own because a content
// security policy forbids inline scripts; a classic script because that runs even from file://, where it can say why
// nothing else does.
"use strict";
(() => {
  // The reader's choice, or what the embedding page says, or else the system.
  const parameters = new URLSearchParams(location.search);
  const embedded = parameters.has("embed");
  let theme = parameters.get("theme");
  // A link, or a reader who comes back, needs more of the program at once than a first visit.
  let needsAll = location.search !== "" || location.hash !== "";
  try {
    if (!embedded) theme = localStorage.getItem("everynode.theme");
    needsAll ||= localStorage.getItem("everynode.scenario") !== null;
  } catch {
    // Storage may be forbidden; the page works without it.
  }
  // A request that blocks goes past the service worker, so without a network it would fail; and from there all comes fast.
  needsAll ||= Boolean(navigator.serviceWorker?.controller);
  if (theme !== "dark" && theme !== "light") theme = matchMedia("(prefers-color-scheme: light)").matches ? "light" : "dark";
  document.documentElement.dataset.theme = theme;

  // What the first paint does not show has its style later.
  const laterStyle = document.getElementById("later-style");
  const styled = new Promise((resolve) => {
    const done = () => {
      laterStyle.media = "all";
      resolve();
    };
    if (laterStyle.sheet) done();
    else laterStyle.onload = laterStyle.onerror = done;
  });

  const url = (name) => new URL(name, document.baseURI).href;
  const files = document.getElementById("app-files").dataset;

  // For the page: modules that are fetched when first asked for. A browser imports each once.
  const module = (id) => {
    const file = url(document.getElementById(id).getAttribute("src"));
    return () => import(file);
  };
  globalThis.loadEditor = module("editor-file");
  globalThis.loadTransfer = module("transfer-file");

  // The part of the program that the first paint does not need (`cargo xtask build` makes it; Trunk alone makes one of
  // all). It is fetched after the first paint. Should something of it be called before it is here, it is fetched in
  // the middle of that, which a browser does for an XMLHttpRequest only.
  let rest;
  let fetched;
  const fetchRest = () =>
    (fetched ??= WebAssembly.compileStreaming(fetch(url(files.rest), { priority: needsAll ? "auto" : "low" })).then(
      (module) => (rest ??= module),
    ));
  const fetchRestNow = () => {
    const request = new XMLHttpRequest();
    request.open("GET", url(files.rest), false);
    // Bytes as characters: a request that blocks gives nothing else.
    request.overrideMimeType("text/plain; charset=x-user-defined");
    request.send();
    if (request.status !== 200) throw new Error(`${files.rest} is not to be had (${request.status})`);
    return new WebAssembly.Module(Uint8Array.from(request.response, (character) => character.charCodeAt(0)));
  };
  const sayLost = (error) => {
    const dialog = document.createElement("dialog");
    dialog.className = "crash";
    dialog.setAttribute("role", "alertdialog");
    dialog.setAttribute("aria-label", "A part of the page could not be fetched");
    dialog.innerHTML =
      "<h2>A part of the page could not be fetched</h2><p>What you made is kept. Look at your connection, then load " +
      'the page again.</p><small></small><div class="buttons"><button class="primary">Load again</button></div>';
    dialog.querySelector("small").textContent = error.message;
    dialog.querySelector("button").onclick = () => location.reload();
    document.body.append(dialog);
    dialog.showModal();
  };
  let arrived;
  const whole = new Promise((resolve) => (arrived = resolve));
  globalThis.wholeProgram = () => whole;
  globalThis.joinRest = (exports) => {
    if (exports.rest_arrived.value) return;
    try {
      // The functions that the first part lends are in a table, by their number.
      const lent = new Proxy({}, { get: (_, number) => exports.lent.get(Number(number)) });
      new WebAssembly.Instance((rest ??= fetchRestNow()), { m: exports, lent });
      exports.rest_arrived.value = 1;
      arrived();
    } catch (error) {
      sayLost(error);
      throw error;
    }
  };

  // Keys that are pressed before the page can hear them are kept until it says that it does.
  const early = [];
  const keep = (event) => early.length < 20 && early.push(event);
  addEventListener("keydown", keep);
  globalThis.serveEarlyKeys = () => {
    removeEventListener("keydown", keep);
    // In a moment: what they are about must be in the page.
    setTimeout(() => {
      for (const event of early.splice(0)) {
        // Typed into something.
        if (event.target !== document.body) continue;
        const { key, code, shiftKey, ctrlKey, metaKey, altKey } = event;
        document.body.dispatchEvent(new KeyboardEvent("keydown", { key, code, shiftKey, ctrlKey, metaKey, altKey, bubbles: true, cancelable: true }));
      }
    });
  };

  const parsed = new Promise((resolve) => document.addEventListener("DOMContentLoaded", resolve, { once: true }));
  const start = async () => {
    if (location.protocol === "file:") {
      throw new Error("a browser does not run it from a file. Serve this folder, for instance: python3 -m http.server");
    }
    const [app] = await Promise.all([import(url(files.js)), parsed, needsAll && styled, files.rest && needsAll && fetchRest()]);
    const exports = await app.default({ module_or_path: url(files.wasm) });
    if (files.rest) {
      // Once more when it is wanted, should this fail.
      await fetchRest().then(() => globalThis.joinRest(exports), () => {});
    } else {
      arrived();
    }
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
