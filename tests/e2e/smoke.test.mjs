import assert from "node:assert/strict";
import { walk } from "./harness.mjs";

walk("the page loads under a sub-path and a strict policy without a complaint", async ({ page, shot }) => {
  assert.match(await page.title(), /^Everynode/);
  assert.ok((await page.locator("body").innerText()).trim().length > 0);
  await shot("smoke");
});
