// The service worker: after the first visit the page needs no network.
//
// `cargo xtask finish`, which Trunk calls at the end of a build, fills in the two constants below. So each build has a
// worker of its own, which holds exactly the files of that build: their hashes are compared as they arrive, and they are
// taken whole or not at all. A page that is loaded gets the newest version that is whole, and is served by it to its end:
// versions are never mixed. The worker at work serves them all, and the next one takes over when no page is open, as is a
// browser's own way: a hand-over under open pages (`skipWaiting`) made loads fail now and then, and none is needed.
"use strict";

const VERSION = "development";
/** The files by name, each with its SHA-256. */
const FILES = {};

const { scope } = registration;
const FAMILY = `everynode ${scope} `;
const PAGE = "index.html";

/** A host may send `index.html` on to the folder, so it is asked for under that name. */
const address = (name) => new URL(name === PAGE ? "./" : name, scope).href;

// What workers of all versions know together: the newest version, and each open page's. In a cache, because a worker is
// stopped whenever nothing is asked of it.
const NEWEST = "newest";
const known = () => caches.open(`${FAMILY}known`);
const note = async (key, version) => (await known()).put(address(`known/${key}`), new Response(version));
const noted = async (key) => (await (await known()).match(address(`known/${key}`)))?.text();

async function take(cache, [name, hash]) {
  const response = await fetch(address(name), { cache: "no-cache", integrity: `sha256-${hash}` });
  if (!response.ok) throw new Error(`${name}: ${response.status}`);
  // A copy, because a page is not to be answered with a response that was redirected.
  await cache.put(address(name), new Response(response.body, { headers: response.headers }));
}

async function install() {
  // A page under development is always fetched.
  if (!(PAGE in FILES)) return;
  const cache = await caches.open(FAMILY + VERSION);
  await Promise.all(Object.entries(FILES).map((entry) => take(cache, entry)));
  if (!(await caches.has(FAMILY + VERSION))) throw new Error("tidied away while it came");
  await note(NEWEST, VERSION);
}

async function activate() {
  if (!(PAGE in FILES)) return registration.unregister();
  // The first visit's page, too, gets what it asks for later from here.
  for (const { id } of await windows()) if (!(await noted(id))) await note(id, VERSION);
  await clients.claim();
}

const windows = () => clients.matchAll({ type: "window", includeUncontrolled: true });

/** Answers a page that is loaded, with the newest version, or what a page asks for, with the version of that page. */
async function answer({ request, clientId, resultingClientId }, name) {
  const loaded = request.mode === "navigate";
  const version = (!loaded && (await noted(clientId))) || (await noted(NEWEST));
  const cache = version && (await caches.has(FAMILY + version)) && (await caches.open(FAMILY + version));
  const response = cache && (await cache.match(address(name)));
  if (!response) return fetch(request);
  if (loaded) await note(resultingClientId, version);
  return response;
}

/** Drops the versions that no open page needs any more, now that `loaded` is one of them. */
async function tidy(loaded) {
  // What is coming in is not whole yet.
  if (registration.installing) return;
  const cache = await known();
  const keys = await cache.keys();
  const open = new Set([NEWEST, loaded, ...(await windows()).map(({ id }) => id)]);
  const wanted = new Set(["known"]);
  for (const request of keys) {
    const key = request.url.slice(address("known/").length);
    if (open.has(key)) wanted.add(await noted(key));
    else await cache.delete(request);
  }
  const spare = (await caches.keys()).filter((key) => key.startsWith(FAMILY) && !wanted.has(key.slice(FAMILY.length)));
  await Promise.all(spare.map((key) => caches.delete(key)));
}

addEventListener("install", (event) => event.waitUntil(install()));
addEventListener("activate", (event) => event.waitUntil(activate()));
addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  url.search = url.hash = "";
  if (request.method !== "GET" || !url.href.startsWith(scope)) return;
  const name = decodeURIComponent(url.href.slice(scope.length)) || PAGE;
  const answered = answer(event, name);
  event.respondWith(answered);
  if (request.mode === "navigate") event.waitUntil(answered.then(() => tidy(event.resultingClientId)));
});
