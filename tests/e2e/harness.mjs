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
import { launch } from "./browser.mjs";
import { serveDist } from "./server.mjs";

/** Milliseconds until a state that does not come is a failure. */
export const patience = Number(process.env.EVERYNODE_TEST_PATIENCE ?? 20_000);

export const output = fileURLToPath(new URL("../../test-output", import.meta.url));

/** The sizes the design is made for. */
export const viewports = {
  desktop: { width: 1440, height: 900 },
  tablet: { width: 1024, height: 768 },
  phone: { width: 390, height: 844 },
};

/** Repeats a check until it stops throwing; gives its result, or the last failure. */
export async function eventually(check) {
  const end = performance.now() + patience;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (performance.now() > end) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

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
 * @param {string} [options.query] - for the address, for instance "?nodes=100&speed=max"
 * @param {RegExp[]} [options.allow] - complaints that this test provokes on purpose
 */
export function walk(name, body, { viewport = "desktop", theme = "dark", motion = true, query = "", allow = [] } = {}) {
  test(name, async () => {
    const context = await browser.newContext({
      viewport: viewports[viewport],
      hasTouch: viewport === "phone",
      colorScheme: theme,
      reducedMotion: motion ? "no-preference" : "reduce",
    });
    context.setDefaultTimeout(patience);
    const page = await context.newPage();
    const complaints = complaintsOf(page);
    const shot = (file) => screenshot(page, file);
    try {
      await page.goto(host.url + query);
      await page.locator("#boot-status").waitFor({ state: "detached" });
      await body({ page, app: new App(page), shot, axe: () => axe(page) });
      const unexpected = complaints.filter((text) => !allow.some((pattern) => pattern.test(text)));
      assert.deepEqual(unexpected, [], "the page complained");
    } catch (error) {
      const file = await shot(`failed-${name.replace(/\W+/g, "-")}`).catch(() => "none could be taken");
      error.message += `\n  screenshot: ${file}${complaints.map((text) => `\n  page: ${text}`).join("")}`;
      throw error;
    } finally {
      await context.close();
    }
  });
}

/** Everything that should not happen on a page, as it happens. */
function complaintsOf(page) {
  const complaints = [];
  page.on("console", (message) => {
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

/** The page's parts by the names that it promises (`data-testid` and the like); a test knows no class name. */
class App {
  constructor(page) {
    this.page = page;
    this.applyButton = page.getByTestId("apply");
    this.editor = page.getByTestId("editor");
    this.dense = page.getByTestId("dense");
  }

  /** The card of a node on the map. */
  node(name) {
    return this.page.locator(`[data-node-card="${name}"]`);
  }

  /** The pods on the map, narrowed by `{phase, revision, node}`: a locator. */
  pod({ phase, revision, node } = {}) {
    const wanted = { phase, revision, node };
    const having = Object.entries(wanted).filter(([, value]) => value !== undefined);
    return this.page.locator(`[data-pod]${having.map(([key, value]) => `[data-${key}="${value}"]`).join("")}`);
  }

  /** What the map shows of its pods now: `[{name, phase, revision, node}]`, by node and name. */
  async map() {
    const pods = await this.page.locator("[data-pod]").evaluateAll((elements) =>
      elements.map(({ dataset: { pod, phase, revision, node } }) => ({ name: pod, phase, revision, node })),
    );
    const key = ({ node, name }) => `${node} ${name}`;
    return pods.sort((a, b) => (key(a) < key(b) ? -1 : 1));
  }

  /** Waits until the map shows exactly so many pods and each of them is as said; gives them. */
  async pods(count, each = {}) {
    return eventually(async () => {
      const pods = await this.map();
      const seen = JSON.stringify(pods);
      assert.equal(pods.length, count, `pods on the map: ${seen}`);
      for (const pod of pods) {
        for (const [field, value] of Object.entries(each)) assert.equal(pod[field], value, `${field} of ${pod.name}: ${seen}`);
      }
      return pods;
    });
  }

  /** The editor once CodeMirror has taken the place of the plain textarea. */
  async typing() {
    const content = this.editor.locator(".cm-content");
    await content.waitFor();
    return content;
  }

  /** The text in the editor (of a text that fits on the screen: CodeMirror draws no more than that). */
  async text() {
    const lines = await (await this.typing()).locator(".cm-line").allInnerTexts();
    return lines.map((line) => line.replace(/\n$/, "")).join("\n");
  }

  /** Selects all in the editor and puts a text in its place, as a paste does. */
  async write(text) {
    await (await this.typing()).click();
    await this.page.keyboard.press("ControlOrMeta+a");
    await this.page.keyboard.insertText(text);
  }

  /** Changes a part of the editor's text. */
  async edit(from, to) {
    const text = await this.text();
    assert.ok(text.includes(from), `the editor has no ${JSON.stringify(from)}:\n${text}`);
    await this.write(text.replace(from, to));
  }

  /** Presses Apply. */
  async apply() {
    await this.applyButton.click();
  }
}
