// Which functions the first paint with a working Apply needs: `cargo xtask profile` counts them with this.
//
// dist/ (or DIST) holds a module of which every function sets an exported global of its own, `c` and a number. Prints
// the numbers of those that were called until the pods of the first manifest were ready, as JSON.

import { launch } from "./browser.mjs";
import { serveDist } from "./server.mjs";

process.env.EVERYNODE_TEST_PATIENCE ??= "120000";
const { App } = await import("./app.mjs");

/** In the page: keeps hold of the module's exports. */
function keepExports() {
  const { instantiateStreaming } = WebAssembly;
  WebAssembly.instantiateStreaming = async (...args) => {
    const result = await instantiateStreaming.apply(WebAssembly, args);
    globalThis.appExports = result.instance.exports;
    return result;
  };
}

const called = () =>
  Object.entries(globalThis.appExports)
    .filter(([name, value]) => /^c[0-9a-f]+$/.test(name) && value.value === 1)
    .map(([name]) => Number.parseInt(name.slice(1), 16));

const numbers = new Set();
const [browser, host] = await Promise.all([launch(), serveDist()]);
try {
  for (const viewport of [{ width: 1440, height: 900 }, { width: 390, height: 844 }]) {
    const context = await browser.newContext({ viewport });
    const page = await context.newPage();
    page.setDefaultTimeout(120_000);
    await page.addInitScript(keepExports);
    const app = new App(page);
    const note = async () => {
      for (const number of await page.evaluate(called)) numbers.add(number);
    };
    await page.goto(host.url);
    const tab = (name) => page.locator("nav.bottom").getByRole("button", { name });
    if (viewport.width < 800) await tab("YAML").click();
    await app.apply();
    if (viewport.width < 800) await tab("Map").click();
    await app.pods(3, { phase: "Running" });
    await app.counts({ available: 3 });
    await note();
    await context.close();
  }
} finally {
  await browser.close();
  await host.close();
}
console.log(JSON.stringify([...numbers].sort((a, b) => a - b)));
