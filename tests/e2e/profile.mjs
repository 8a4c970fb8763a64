// Which functions the first paint with a working Apply needs: `cargo xtask profile` counts them with this.
//
// dist/ (or DIST) holds a module of which every stretch of code sets a byte of its own in an exported memory. Prints the
// numbers of those that were run until the pods of the first manifest were ready, as JSON.

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

const run = () => [...new Uint8Array(globalThis.appExports.counters.buffer)].flatMap((was, number) => (was ? [number] : []));

const numbers = new Set();
const [browser, host] = await Promise.all([launch(), serveDist()]);
try {
  // On fast and slow machines, as what is run depends on how much time goes by between two frames.
  for (const slower of [1, 1, 2, 4, 8, 12]) {
    for (const viewport of [{ width: 1440, height: 900 }, { width: 390, height: 844 }]) {
      const context = await browser.newContext({ viewport });
      const page = await context.newPage();
      page.setDefaultTimeout(120_000);
      await (await context.newCDPSession(page)).send("Emulation.setCPUThrottlingRate", { rate: slower });
      await page.addInitScript(keepExports);
      const app = new App(page);
      await page.goto(host.url);
      const tab = (name) => page.locator("nav.bottom").getByRole("button", { name });
      if (viewport.width < 800) await tab("YAML").click();
      await app.apply();
      if (viewport.width < 800) await tab("Map").click();
      await app.pods(3, { phase: "Running" });
      await app.counts({ available: 3 });
      for (const number of await page.evaluate(run)) numbers.add(number);
      await context.close();
    }
  }
} finally {
  await browser.close();
  await host.close();
}
console.log(JSON.stringify([...numbers].sort((a, b) => a - b)));
