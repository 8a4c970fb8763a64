// The editor bundle by itself: what the page relies on, tried on a blank page with the page's style.

import assert from "node:assert/strict";
import { viewports, walk } from "./harness.mjs";

const manifest = `# A comment
apiVersion: apps/v1
kind: DaemonSet
metadata:
  name: "nginx"
  emoji: 🙂🙂 wide
spec: {}
`;

/** Puts an editor with a text on the page in place of everything else; the page's `editor` and `changes` are it. */
async function editing(page, doc = manifest) {
  await page.evaluate(async (doc) => {
    const { createEditor } = await globalThis.loadEditor();
    const button = () => Object.assign(document.createElement("button"), { textContent: "outside" });
    const box = document.createElement("div");
    const main = document.createElement("main");
    main.style.display = "block";
    const heading = Object.assign(document.createElement("h1"), { textContent: "The editor" });
    main.append(heading, button(), box, button());
    document.body.replaceChildren(main);
    box.id = "box";
    box.style.height = "600px";
    globalThis.changes = [];
    globalThis.editor = createEditor(box, { doc, label: "Manifest", onChange: (text) => changes.push(text) });
    globalThis.editor.focus();
  }, doc);
}

const call = (page, method, ...args) => page.evaluate(([method, args]) => editor[method](...args), [method, args]);

walk("typing tells the page, setText does not, and both can be undone", async ({ page }) => {
  await editing(page);
  await call(page, "goTo", 3, 16);
  await page.keyboard.type("x");
  assert.deepEqual(await page.evaluate(() => changes), [manifest.replace("DaemonSet", "DaemonSetx")]);

  await call(page, "setText", "kind: Node\r\n");
  assert.equal(await call(page, "getText"), "kind: Node\n");
  assert.equal((await page.evaluate(() => changes)).length, 1);

  await page.keyboard.press("ControlOrMeta+z");
  assert.equal(await call(page, "getText"), manifest.replace("DaemonSet", "DaemonSetx"));
  await page.keyboard.press("ControlOrMeta+z");
  assert.equal(await call(page, "getText"), manifest);
  assert.equal((await page.evaluate(() => changes)).length, 3);
});

walk("a selection lives through a text set from outside, and typing replaces it", async ({ page }) => {
  await editing(page, "a: 1\nb: 2\nc: 3\n");
  await page.keyboard.press("ControlOrMeta+a");
  await call(page, "setText", "x: 1\n");
  await page.keyboard.type("kind: Pod");
  assert.equal(await call(page, "getText"), "kind: Pod");
  await call(page, "goTo", 1, 10);
  await call(page, "setText", "kind: a Pod");
  await page.keyboard.type("!");
  assert.equal(await call(page, "getText"), "kind: a Pod!");
});

walk("findings are underlined where they are and go with the text", async ({ page, shot, axe }) => {
  await editing(page);
  await call(page, "setFindings", [
    { from: { line: 6, column: 13 }, to: { line: 6, column: 17 }, severity: "error", message: "metadata.emoji: no such field" },
    { from: { line: 3, column: 7 }, severity: "warning", message: "kind: a word without an end" },
    { from: { line: 99, column: 99 }, to: { line: 99, column: 99 }, severity: "info", message: "beyond the end" },
  ]);
  assert.equal(await page.locator(".cm-lintRange-error").innerText(), "wide");
  assert.equal(await page.locator(".cm-lintRange-warning").innerText(), "DaemonSet");
  assert.equal(await page.locator(".cm-lint-marker").count(), 3);
  await page.locator(".cm-lintRange-error").hover();
  await page.getByText("no such field").waitFor();
  await shot("editor-findings");
  await axe();

  await call(page, "goTo", 1, 1);
  await page.keyboard.press("Enter");
  assert.equal(await page.locator(".cm-lintRange-error").innerText(), "wide");
  await call(page, "setFindings", []);
  assert.equal(await page.locator(".cm-lintRange-error").count(), 0);
});

walk("Tab indents; Escape and then Tab leaves", async ({ page }) => {
  await editing(page, "a: 1\n");
  await page.keyboard.press("Tab");
  assert.equal(await call(page, "getText"), "  a: 1\n");
  await page.keyboard.press("Escape");
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.textContent), "outside");
  assert.equal(await call(page, "getText"), "  a: 1\n");
  const name = page.getByRole("textbox", { name: "Manifest" });
  assert.match(await name.getAttribute("aria-description"), /Escape/);
});

walk("the text can be searched, and locked", async ({ page, shot, axe }) => {
  await editing(page);
  await page.keyboard.press("ControlOrMeta+f");
  await page.keyboard.type("nginx");
  await page.keyboard.press("Enter");
  assert.equal(await page.locator(".cm-searchMatch-selected").innerText(), "nginx");
  await shot("editor-search");
  await axe();
  await page.keyboard.press("Escape");

  await call(page, "setReadOnly", true);
  await page.keyboard.type("x");
  assert.equal(await call(page, "getText"), manifest);
  await call(page, "setText", "kind: Pod\n");
  assert.equal(await call(page, "getText"), "kind: Pod\n");
  await call(page, "setReadOnly", false);
  await page.keyboard.type("x");
  assert.match(await call(page, "getText"), /x/);
  await call(page, "destroy");
  assert.equal(await page.locator("#box").innerHTML(), "");
});

walk(
  "the light theme is readable too",
  async ({ page, shot, axe }) => {
    await editing(page);
    await shot("editor-light");
    await axe();
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), viewports.phone.width);
  },
  { theme: "light", viewport: "phone" },
);

walk("five megabytes are still a text", async ({ page }) => {
  await editing(page, "");
  const line = "- a: [1, 2, {b: c}] # and so on\n";
  const text = line.repeat(Math.ceil(5_000_000 / line.length));
  await call(page, "setText", text);
  await page.keyboard.type("x");
  assert.equal((await call(page, "getText")).length, text.length + 1);
});
