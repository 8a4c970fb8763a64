// Links, files and kept clusters: what the browser's streams, events and database do for them. The page imports this when it has come to rest.
// Each failure is an Error whose message is a sentence for the reader.

/** A text, compressed and in letters that an address may hold. */
export async function pack(text) {
  const bytes = new Uint8Array(await squeeze(text));
  let letters = "";
  for (let at = 0; at < bytes.length; at += 8192) letters += String.fromCharCode(...bytes.subarray(at, at + 8192));
  return btoa(letters).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** A text, or its bytes in UTF-8, compressed; and the text that such bytes are. */
export const squeeze = (text) =>
  new Response(new Blob([text]).stream().pipeThrough(new CompressionStream("deflate-raw"))).arrayBuffer();
export const expand = (bytes) =>
  new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw"))).text();

// Clusters that a reader brought are too large for localStorage. The database holds each as a list of compressed pieces.

/** No more than these are kept: the one that is shown, those that there is a way back to, and some of other tabs. */
const CLUSTERS_MAX = 8;

const settled = (request) =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

async function clusters(mode) {
  const opening = indexedDB.open("everynode", 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore("clusters");
  const database = await settled(opening);
  // Other tabs may need a newer form of it, or get rid of it.
  database.onversionchange = () => database.close();
  return database.transaction("clusters", mode).objectStore("clusters");
}

/** Keeps a cluster under a name; names are in the order of time. */
export async function keep(name, pieces) {
  const store = await clusters("readwrite");
  await settled(store.put(pieces, name));
  const names = await settled(store.getAllKeys());
  for (const old of names.slice(0, -CLUSTERS_MAX)) store.delete(old);
  store.transaction.commit();
  await new Promise((resolve, reject) => {
    store.transaction.oncomplete = resolve;
    store.transaction.onabort = () => reject(store.transaction.error);
  });
}

/** The pieces of a kept cluster. */
export async function kept(name) {
  const pieces = await settled((await clusters("readonly")).get(name));
  if (!pieces) throw new Error("The browser has deleted it.");
  return pieces;
}

/** The text again; it stops as soon as there are more than `most` bytes of it. */
export async function unpack(packed, most) {
  let bytes;
  try {
    bytes = Uint8Array.from(atob(packed.replaceAll("-", "+").replaceAll("_", "/")), (letter) => letter.charCodeAt(0));
  } catch {
    throw new Error("It is damaged: there are letters in it that no link has. Copy it once more, whole.");
  }
  const reader = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw")).getReader();
  const parts = [];
  let size = 0;
  for (;;) {
    const { done, value } = await reader.read().catch(() => {
      throw new Error("It is damaged: a part is missing or changed. Copy it once more, whole.");
    });
    if (done) break;
    size += value.length;
    if (size > most) {
      reader.cancel().catch(() => {});
      throw new Error(`It unpacks to more than ${most >> 20} MB, which no run is.`);
    }
    parts.push(value);
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(await new Blob(parts).arrayBuffer());
  } catch {
    throw new Error("It is no text.");
  }
}

/** Some files: the name of each, and its bytes, which are UTF-8 if it is a text. */
async function read(files, most) {
  const read = [];
  for (const file of files) {
    if (!file.size) throw new Error(`${file.name} is empty.`);
    if (file.size > most) throw new Error(`${file.name} is larger than ${most >> 20} MB.`);
    let bytes = new Uint8Array(await file.arrayBuffer());
    // Windows PowerShell writes what `>` sends to a file as UTF-16, and says so at its beginning.
    const wide = { fffe: "utf-16le", feff: "utf-16be" }[bytes[0].toString(16) + (bytes[1] ?? 0).toString(16)];
    if (wide) bytes = new TextEncoder().encode(new TextDecoder(wide).decode(bytes));
    read.push([file.name, bytes]);
  }
  return read;
}

/** Lets the reader choose files; gives them as read, none if nothing was chosen. */
export function pick(most) {
  return new Promise((resolve, reject) => {
    const input = document.createElement("input");
    input.type = "file";
    input.multiple = true;
    input.accept = ".json,.yaml,.yml,.txt,text/*,application/json,application/yaml";
    input.hidden = true;
    const end = (files) => {
      input.remove();
      read(files, most).then(resolve, reject);
    };
    input.onchange = () => end(input.files);
    input.oncancel = () => end([]);
    // Firefox opens no chooser for an element outside of the page, and tests find it there.
    document.body.append(input);
    input.click();
  });
}

/** Takes what is dropped on the page, except for text that is moved within a field. */
export function watchDrops(most, onTexts, onError) {
  const root = document.documentElement;
  const carries = (event) => event.dataTransfer?.types.includes("Files");
  const wanted = (event) => carries(event) || (event.dataTransfer && !event.target.closest?.("input, textarea, .cm-editor"));
  const listen = (name, act) => addEventListener(name, (event) => wanted(event) && act(event), true);
  const take = (event) => (event.preventDefault(), event.stopPropagation());
  listen("dragover", (event) => {
    take(event);
    event.dataTransfer.dropEffect = "copy";
    root.dataset.dropping = "";
  });
  addEventListener("dragleave", (event) => event.relatedTarget ?? delete root.dataset.dropping);
  listen("drop", (event) => {
    take(event);
    delete root.dataset.dropping;
    const { files } = event.dataTransfer;
    const text = files.length ? "" : event.dataTransfer.getData("text/plain");
    const texts = files.length ? read(files, most) : Promise.resolve(text ? [["It", new TextEncoder().encode(text)]] : []);
    texts.then(onTexts, (error) => onError(error.message));
  });
}
