// The bytes of dist/, and how many of them a reader waits for.

import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { dist } from "./server.mjs";

/**
 * What everything needed for the first paint with a working Apply may have, compressed with brotli. The aim is 220,000,
 * which is reached. This is a little more, as what is run at a start differs by a few functions from time to time.
 */
export const FIRST_PAINT_MAX = 222_000;

/** Html, style, and the program but for its rest. Everything else comes later, or never. */
const isFirst = (name) => /^(index\.html|(boot|everynode)-[0-9a-f]+\.js|style-[0-9a-f]+\.css|everynode-[0-9a-f]+_bg\.wasm)$/.test(name);

/** Every file with its size, raw and as compressed by a good host. */
export async function fileSizes() {
  const names = (await readdir(dist, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name).slice(dist.length + 1))
    .sort();
  const rows = [];
  for (const name of names) {
    const raw = await readFile(join(dist, name));
    const gzip = gzipSync(raw, { level: 9 }).length;
    rows.push({ file: name, raw: raw.length, gzip, brotli: brotliCompressSync(raw).length, needed: isFirst(name) ? "first" : "later" });
  }
  return rows;
}

/** The rows as one. */
export function sum(file, rows) {
  const total = (key) => rows.reduce((sum, row) => sum + row[key], 0);
  return { file, raw: total("raw"), gzip: total("gzip"), brotli: total("brotli"), needed: "" };
}

/** What the first paint needs. */
export const firstPaint = (rows) => rows.filter((row) => row.needed === "first");
