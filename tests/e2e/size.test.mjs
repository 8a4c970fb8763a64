// What a reader waits for stays small.

import assert from "node:assert/strict";
import { test } from "node:test";
import { App, patience } from "./app.mjs";
import { viewports, walk } from "./harness.mjs";
import { FIRST_PAINT_MAX, fileSizes, firstPaint, sum } from "./sizes.mjs";

test("the first paint with a working Apply needs no more bytes than it may", async () => {
  const rows = await fileSizes();
  const first = firstPaint(rows);
  assert.equal(first.length, 5, "html, style, two scripts, a module");
  const { brotli } = sum("first", first);
  const list = first.map((row) => `${row.file} ${row.brotli}`).join(", ");
  console.log(`first paint: ${brotli} bytes as brotli, at most ${FIRST_PAINT_MAX} (${list})`);
  assert.ok(
    brotli <= FIRST_PAINT_MAX,
    `${brotli} bytes as brotli are needed for the first paint, at most ${FIRST_PAINT_MAX} may be (${list}). ` +
      "`cargo xtask profile` finds out anew what can come later; if that is not enough, make the code smaller.",
  );
});

/** A first visit, by somebody who has nothing of the page yet: whoever comes back waits for all of the program. */
async function firstVisit({ context, host }, onRest) {
  const fresh = await context.browser().newContext({ viewport: viewports.desktop });
  fresh.setDefaultTimeout(patience);
  const page = await fresh.newPage();
  await page.route("**/*_rest.wasm", onRest);
  await page.goto(host.url);
  return { page, app: new App(page), crashes: () => page.locator(".crash").count(), end: () => fresh.close() };
}

walk("the first paint, Apply and its pods need nothing of the rest of the program", async (tools) => {
  // The rest never comes; were it called for, the page would say that it could not be fetched.
  const { app, crashes, end } = await firstVisit(tools, (route) => route.abort());
  await app.apply();
  await app.pods(3, { phase: "Running" });
  await app.counts({ available: 3 });
  assert.equal(await crashes(), 0, "run `cargo xtask profile`, as the program has changed");
  await end();
});

walk("what is needed of the rest before it is here is fetched in the middle of that", async (tools) => {
  let asked = 0;
  const { page, app, crashes, end } = await firstVisit(tools, (route) => (asked++ === 0 ? route.abort() : route.continue()));
  await page.getByRole("button", { name: "Add node" }).click();
  await page.getByRole("dialog").waitFor();
  assert.equal(asked, 2, "once after the first paint, once when it was called for");
  await page.keyboard.press("Escape");
  await app.apply();
  await app.pods(3, { phase: "Running" });
  assert.equal(await crashes(), 0);
  await end();
});
