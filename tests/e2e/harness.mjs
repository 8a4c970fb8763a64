// What an end-to-end test needs. A test is a walk through the page as a person takes it:
//
//     import assert from "node:assert/strict";
//     import { walk } from "./harness.mjs";
//
//     walk("a deleted pod comes back on its node", async ({ page, app, shot, axe }) => {
//       await app.apply();
//       await app.pods(3, { phase: "Running" });
//       ...
//       await shot("pod-back");  // test-output/pod-back.png
//       await axe();             // no accessibility violation, or the test fails
//     });
//
// Each walk gets a fresh browser profile (so: a new visitor) on dist/, served under a sub-path with a strict content
// security policy. It fails by itself if the page logs an error or a warning, throws, asks for a missing file or for
// anything at another host. Nothing here sleeps: `eventually` and the `app` helpers wait for a state, however slow the
// machine, and give up after `patience`. README.md beside this file lists the helpers.

import assert from "node:assert/strict";
import { mkdir, readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { App, patience } from "./app.mjs";
import { isFirefox, launch } from "./browser.mjs";
import { serveDist } from "./server.mjs";

export { eventually, patience } from "./app.mjs";

export const output = fileURLToPath(new URL("../../test-output", import.meta.url));

/** The sizes the design is made for. */
export const viewports = {
  desktop: { width: 1440, height: 900 },
  tablet: { width: 1024, height: 768 },
  phone: { width: 390, height: 844 },
};

let browser;
let host;
before(async () => {
  [browser, host] = await Promise.all([launch(), serveDist()]);
});
after(async () => {
  await browser?.close();
  await host?.close();
});

/**
 * Declares one test.
 *
 * @param {string} name - what holds, as a sentence
 * @param {(tools: {page: import("playwright-core").Page, app: App, shot: Function, axe: Function}) => Promise<void>} body
 * @param {object} [options]
 * @param {keyof viewports} [options.viewport] - desktop, tablet or phone
 * @param {"dark" | "light"} [options.theme] - what the system prefers
 * @param {boolean} [options.motion] - false: the system asks for reduced motion
 * @param {string} [options.path] - of another page than the usual one
 * @param {string} [options.query] - for the address, for instance "?nodes=100&speed=max"
 * @param {RegExp[]} [options.allow] - complaints that this test provokes on purpose
 */
export function walk(name, body, { viewport = "desktop", theme = "dark", motion = true, path = "", query = "", allow = [] } = {}) {
  test(name, async () => {
    const context = await browser.newContext({
      viewport: viewports[viewport],
      hasTouch: viewport === "phone",
      colorScheme: theme,
      reducedMotion: motion ? "no-preference" : "reduce",
      // hosting.test.mjs is about it; elsewhere it would only stand between the page and what a test does to its network.
      serviceWorkers: "block",
    });
    context.setDefaultTimeout(patience);
    const page = await context.newPage();
    const complaints = complaintsOf(page);
    // In Firefox Playwright's own style for a screenshot counts as the page's. A style of the page itself would be
    // noticed in Chromium.
    if (isFirefox) allow = [...allow, /blocked an inline style \(style-src-elem\)/];
    const shot = (file) => screenshot(page, file);
    // Another person, with a browser of their own, at this address or with this query.
    const others = [];
    const visitor = async (address) => {
      const other = await browser.newContext({ viewport: viewports[viewport], colorScheme: theme, serviceWorkers: "block" });
      others.push(other);
      other.setDefaultTimeout(patience);
      const otherPage = await other.newPage();
      complaintsOf(otherPage, complaints);
      await otherPage.goto(new URL(address, host.url).href);
      await otherPage.locator("#boot-status").waitFor({ state: "detached" });
      return { page: otherPage, app: new App(otherPage), context: other };
    };
    try {
      await page.goto(host.url + path + query);
      await page.locator("#boot-status").waitFor({ state: "detached" });
      await body({ page, app: new App(page), shot, axe: () => axe(page), visitor, host, context });
      const unexpected = complaints.filter((text) => !allow.some((pattern) => pattern.test(text)));
      assert.deepEqual(unexpected, [], "the page complained");
    } catch (error) {
      const file = await shot(`failed-${name.replace(/\W+/g, "-")}`).catch(() => "none could be taken");
      error.message += `\n  screenshot: ${file}${complaints.map((text) => `\n  page: ${text}`).join("")}`;
      throw error;
    } finally {
      for (const each of [context, ...others]) await each.close();
    }
  });
}

/** Everything that should not happen on a page, as it happens. */
function complaintsOf(page, complaints = []) {
  page.on("console", (message) => {
    // The walks do without the service worker, and the tool remarks on that itself.
    if (message.text() === "Service Worker registration blocked by Playwright") return;
    if (["error", "warning"].includes(message.type())) complaints.push(`${message.type()}: ${message.text()}`);
  });
  page.on("pageerror", (error) => complaints.push(`uncaught: ${error.message}`));
  page.on("response", (response) => {
    if (response.status() >= 400) complaints.push(`${response.status()}: ${response.url()}`);
  });
  page.on("request", (request) => {
    const url = request.url();
    if (!url.startsWith(host.url) && !/^(data|blob):/.test(url)) complaints.push(`asks another host: ${url}`);
  });
  return complaints;
}

/** Saves the page as it looks into test-output/ and gives the file's path. */
async function screenshot(page, name) {
  await mkdir(output, { recursive: true });
  const path = join(output, `${name}.png`);
  // Hiding the caret would take an inline style, which the policy forbids.
  await page.screenshot({ path, caret: "initial" });
  return path;
}

const axeSource = readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** Fails with every accessibility violation that axe-core finds on the page, and where. */
async function axe(page) {
  await page.evaluate(await axeSource);
  const { violations } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ["violations"] }));
  const lines = violations.flatMap(({ id, help, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id} (${help}) at ${target.join(" ")}: ${failureSummary.replace(/\s+/g, " ")}`),
  );
  assert.deepEqual(lines, [], "axe-core found violations");
}
