// What a reader waits for stays small.

import assert from "node:assert/strict";
import { test } from "node:test";
import { walk } from "./harness.mjs";
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

walk("the first paint, Apply and its pods need nothing of the rest of the program", async ({ page, app }) => {
  // The rest never comes; were it called for, the page would say that it could not be fetched.
  await page.route("**/*_rest.wasm", (route) => route.abort());
  await page.reload();
  await app.apply();
  await app.pods(3, { phase: "Running" });
  await app.counts({ available: 3 });
  assert.equal(await page.locator(".crash").count(), 0, "run `cargo xtask profile`, as the program has changed");
}, { allow: [/./] });

walk("what is needed of the rest before it is here is fetched in the middle of that", async ({ page, app }) => {
  let asked = 0;
  await page.route("**/*_rest.wasm", (route) => (asked++ === 0 ? route.abort() : route.continue()));
  await page.reload();
  await page.getByRole("button", { name: "Add node" }).click();
  await page.getByRole("dialog").waitFor();
  assert.equal(asked, 2, "once after the first paint, once when it was called for");
  await page.keyboard.press("Escape");
  await app.apply();
  await app.pods(3, { phase: "Running" });
  assert.equal(await page.locator(".crash").count(), 0);
}, { allow: [/./] });
