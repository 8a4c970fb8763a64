// What a figure in an article costs: its first paint, and the memory of three on one page. `cargo xtask bench` runs it.

import { readFile } from "node:fs/promises";
import { launch } from "./browser.mjs";
import { serveDist } from "./server.mjs";

const RUNS = 7;
const median = (numbers) => numbers.sort((a, b) => a - b)[numbers.length >> 1];

/** Milliseconds from navigation until something is painted, and until the figure's cluster stands. */
async function paints(browser, url) {
  const context = await browser.newContext({ viewport: { width: 800, height: 400 }, serviceWorkers: "block" });
  const page = await context.newPage();
  await page.addInitScript(() => {
    const look = () => (document.querySelector("[data-node-card]") ? (globalThis.stood = performance.now()) : requestAnimationFrame(look));
    requestAnimationFrame(look);
  });
  await page.goto(`${url}?embed`);
  await page.locator("[data-node-card]").first().waitFor();
  await page.waitForFunction(() => globalThis.stood && performance.getEntriesByName("first-contentful-paint").length);
  const result = await page.evaluate(() => ({ painted: performance.getEntriesByName("first-contentful-paint")[0].startTime, stood: globalThis.stood }));
  await context.close();
  return result;
}

/** MB of memory that the processes which show pages have to themselves, with their share of what they have in common. */
async function memory(browser) {
  const devtools = await browser.newBrowserCDPSession();
  const { processInfo } = await devtools.send("SystemInfo.getProcessInfo");
  let kilobytes = 0;
  for (const { type, id } of processInfo.filter(({ type }) => type === "renderer")) {
    const rollup = await readFile(`/proc/${id}/smaps_rollup`, "utf8").catch(() => "");
    kilobytes += Number(/^Pss:\s+(\d+)/m.exec(rollup)?.[1] ?? 0);
  }
  await devtools.detach();
  return kilobytes / 1024;
}

async function withFigures(browser, url, count) {
  const context = await browser.newContext({ viewport: { width: 1000, height: 1600 }, serviceWorkers: "block" });
  const page = await context.newPage();
  await page.goto(`${url}404.html`);
  await page.evaluate((count) => {
    for (let index = 0; index < count; index++) {
      const frame = document.createElement("iframe");
      Object.assign(frame, { src: "./?embed&timeline", width: 800, height: 400 });
      document.body.append(frame);
    }
  }, count);
  for (let index = 0; index < count; index++) await page.frameLocator("iframe").nth(index).locator("[data-node-card]").first().waitFor();
  const devtools = await context.newCDPSession(page);
  await devtools.send("HeapProfiler.collectGarbage");
  const used = await memory(browser);
  await context.close();
  return used;
}

const [browser, host] = await Promise.all([launch(), serveDist()]);
try {
  await paints(browser, host.url);
  const runs = [];
  for (let run = 0; run < RUNS; run++) runs.push(await paints(browser, host.url));
  const [painted, stood] = ["painted", "stood"].map((name) => median(runs.map((run) => run[name])));
  const none = await withFigures(browser, host.url, 0);
  const one = await withFigures(browser, host.url, 1);
  const three = await withFigures(browser, host.url, 3);
  console.log("\nA figure in an article");
  console.log(`  first paint            ${painted.toFixed(0)} ms (median of ${RUNS})`);
  console.log(`  its cluster stands     ${stood.toFixed(0)} ms`);
  console.log(`  memory of one          ${(one - none).toFixed(1)} MB more than the page without (${none.toFixed(1)} MB)`);
  console.log(`  memory of three        ${(three - none).toFixed(1)} MB`);
} finally {
  await browser.close();
  await host.close();
}
