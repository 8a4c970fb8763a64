// A static host as plain as they come: dist/ under a sub-path, right MIME types, a strict content security policy.

import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";

export const dist = process.env.DIST ?? fileURLToPath(new URL("../../dist", import.meta.url));

/** Nobody can be sure to own the root of a host, so neither do the tests. */
export const base = "/some/sub/path/";

/** What the README promises a host may send. A page that breaks it logs an error, and that fails the test. */
export const policy = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "style-src 'self'",
  "img-src 'self' data: blob:",
  "connect-src 'self'",
  "worker-src 'self'",
  "manifest-src 'self'",
  "frame-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
].join("; ");

const types = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".wasm": "application/wasm",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".jpg": "image/jpeg",
  ".json": "application/json",
  ".webmanifest": "application/manifest+json",
  ".yaml": "text/plain; charset=utf-8",
};

/**
 * Serves dist/ on a free port. Gives the page's address and a way to end. `host.folder` may be set to another build;
 * `plain` sends no header but the type, like the simplest of file servers.
 */
export async function serveDist({ plain = false, port = 0, folder = dist } = {}) {
  const host = { folder, asked: [] };
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url, "http://localhost");
    host.asked.push(request.url);
    const answer = (status, headers, body) => response.writeHead(status, headers).end(body);
    if (!pathname.startsWith(base)) return answer(404, {}, "Not under the sub-path.");
    const name = normalize(decodeURIComponent(pathname.slice(base.length)) || "index.html");
    if (name.startsWith("..")) return answer(403, {}, "Outside of dist/.");
    try {
      const body = await readFile(join(host.folder, name));
      const type = types[extname(name)] ?? "application/octet-stream";
      const strict = { "content-security-policy": policy, "cache-control": "no-store" };
      return answer(200, { "content-type": type, ...(plain ? {} : strict) }, body);
    } catch {
      return answer(404, {}, `No such file: ${name}`);
    }
  });
  await new Promise((resolve, reject) => server.listen(port, "127.0.0.1", resolve).once("error", reject));
  return Object.assign(host, {
    port: server.address().port,
    url: `http://127.0.0.1:${server.address().port}${base}`,
    close: () => new Promise((resolve) => server.close(resolve) && server.closeAllConnections()),
  });
}
