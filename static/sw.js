// The service worker: after the first visit the page needs no network.
//
// `cargo xtask finish`, which Trunk calls at the end of a build, fills in the two constants below. So each build has a
// worker of its own, which holds exactly the files of that build: their hashes are compared as they arrive, and they are
// taken whole or not at all. A page is served by one worker from its beginning to its end; a newer worker waits until no
// page is open, or until the only one is loaded anew. Versions are never mixed.
"use strict";

const VERSION = "development";
/** The files by name, each with its SHA-256. */
const FILES = {};

const { scope } = registration;
const FAMILY = `everynode ${scope} `;
const CACHE = FAMILY + VERSION;
const PAGE = "index.html";

/** A host may send `index.html` on to the folder, so it is asked for under that name. */
const address = (name) => new URL(name === PAGE ? "./" : name, scope).href;

async function take(cache, [name, hash]) {
  const response = await fetch(address(name), { cache: "no-cache", integrity: `sha256-${hash}` });
  if (!response.ok) throw new Error(`${name}: ${response.status}`);
  // A copy, because a page is not to be answered with a response that was redirected.
  await cache.put(address(name), new Response(response.body, { headers: response.headers }));
}

async function install() {
  const cache = await caches.open(CACHE);
  await Promise.all(Object.entries(FILES).map((entry) => take(cache, entry)));
}

async function activate() {
  const others = (await caches.keys()).filter((key) => key.startsWith(FAMILY) && key !== CACHE);
  await Promise.all(others.map((key) => caches.delete(key)));
  // A page under development is always fetched.
  if (!(PAGE in FILES)) return registration.unregister();
  // The first visit's page, too, gets what it asks for later from here.
  await clients.claim();
}

async function answer(request, name) {
  if (request.mode === "navigate" && registration.waiting) {
    const open = await clients.matchAll({ type: "window", includeUncontrolled: true });
    // The page that is loaded anew still counts.
    if (open.filter(({ url }) => url.startsWith(scope)).length <= 1) {
      registration.waiting.postMessage("take over");
      // For a moment; without its own icon the browser would ask the host for one.
      return new Response('<link rel="icon" href="data:,">', { headers: { refresh: "0", "content-type": "text/html" } });
    }
  }
  const cache = await caches.open(CACHE);
  return (await cache.match(address(name))) ?? fetch(request);
}

addEventListener("install", (event) => event.waitUntil(install()));
addEventListener("activate", (event) => event.waitUntil(activate()));
addEventListener("message", ({ data }) => data === "take over" && skipWaiting());
addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  url.search = url.hash = "";
  if (request.method !== "GET" || !url.href.startsWith(scope)) return;
  const name = decodeURIComponent(url.href.slice(scope.length)) || PAGE;
  if (Object.hasOwn(FILES, name)) event.respondWith(answer(request, name));
});
