// Where the page cannot start, it says so, and why.

import assert from "node:assert/strict";
import { pathToFileURL } from "node:url";
import { join } from "node:path";
import { eventually, walk } from "./harness.mjs";
import { dist } from "./server.mjs";

const anything = { allow: [/./] };

async function says(page, pattern) {
  await eventually(async () => assert.match(await page.locator("#boot-status").innerText({ timeout: 1000 }), pattern));
}

walk(
  "a download that fails is told",
  async ({ page }) => {
    await page.route("**/*.wasm", (route) => route.abort());
    await page.reload();
    await says(page, /could not start: ./);
  },
  anything,
);

walk(
  "opened as a file, the page says that it has to be served",
  async ({ page }) => {
    await page.goto(pathToFileURL(join(dist, "index.html")).href);
    await says(page, /Serve this folder/);
  },
  anything,
);

walk(
  "the theme is the system's until the reader chooses",
  async ({ page }) => {
    const theme = () => page.evaluate(() => document.documentElement.dataset.theme);
    assert.equal(await theme(), "light");
    await page.evaluate(() => localStorage.setItem("everynode.theme", "dark"));
    await page.reload();
    assert.equal(await theme(), "dark");
  },
  { theme: "light" },
);

walk("keys that are pressed before the program is there are served when it is", async ({ page }) => {
  let release;
  const held = new Promise((resolve) => (release = resolve));
  await page.route("**/*.wasm", async (route) => {
    await held;
    await route.continue();
  });
  await page.reload({ waitUntil: "commit" });
  await page.locator("#boot-status").waitFor({ state: "attached" });
  await page.waitForFunction(() => Boolean(globalThis.wholeProgram));
  await page.keyboard.press("?");
  assert.equal(await page.getByRole("dialog").count(), 0);
  release();
  await page.getByRole("dialog", { name: /Help/ }).waitFor();
  // Once only.
  await page.keyboard.press("Escape");
  await page.getByRole("dialog", { name: /Help/ }).waitFor({ state: "detached" });
});
