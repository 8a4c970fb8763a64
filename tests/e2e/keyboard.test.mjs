// From start to end without a mouse: nothing here clicks, and nothing is focused but by Tab and the arrows.

import assert from "node:assert/strict";
import { eventually } from "./app.mjs";
import { walk } from "./harness.mjs";

const micros = (page) => page.getByTestId("clock").getAttribute("data-micros").then(Number);

/** Goes on with Tab (or back) until something of the page has the focus. */
async function tabTo(page, target, key = "Tab") {
  const there = () => target.evaluate((element) => element === document.activeElement || element.contains(document.activeElement));
  for (let step = 0; step < 150; step++) {
    if (await there()) return;
    // In the editor Tab indents: Escape lets it go on, as the editor's description says.
    if (await page.evaluate(() => document.activeElement.closest(".cm-content"))) await page.keyboard.press("Escape");
    await page.keyboard.press(key);
  }
  assert.fail(`Tab does not come to ${target}`);
}

async function press(page, target, key = "Enter") {
  await tabTo(page, target);
  await page.keyboard.press(key);
}

/** Writes a text into the editor, and applies it with the editor's own key. */
async function write(page, app, text) {
  const content = await app.typing();
  await tabTo(page, content);
  await page.keyboard.press("ControlOrMeta+a");
  await page.keyboard.insertText(text);
}

walk("the tutorial, time, two futures beside each other and kubectl, by keyboard alone", async ({ page, app, shot, axe }) => {
  const first = await app.text();
  // The manifest is applied: a pod on each worker.
  await press(page, app.applyButton);
  await app.pods(3, { phase: "Running", revision: "1" });
  await app.counts({ desired: 3, ready: 3, available: 3 });

  // A node, then one of its pods, is selected and explained.
  const why = page.getByRole("tabpanel").last();
  await press(page, app.node("master-1").getByRole("button").first());
  await eventually(async () => assert.match(await why.innerText(), /control-plane/));
  const [pod] = await app.pods(3);
  await press(page, page.locator(`[data-pod="${pod.name}"] button`).first());
  await eventually(async () => assert.match(await why.innerText(), new RegExp(pod.name)));

  // The pod is deleted by its menu; another comes in its place.
  await press(page, page.getByRole("button", { name: `Actions for pod ${pod.name}`, exact: true }));
  const item = page.getByRole("menuitem", { name: "Delete the pod", exact: true });
  await item.waitFor();
  for (let step = 0; step < 12 && !(await item.evaluate((it) => it === document.activeElement)); step++) await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await eventually(async () => assert.ok(!(await app.map()).some(({ name }) => name === pod.name)));
  await app.pods(3, { phase: "Running" });

  // A new version, one pod after the other.
  const second = first.replace("nginx:1.16", "nginx:1.17");
  await write(page, app, second);
  await page.keyboard.press("ControlOrMeta+Enter");
  await app.pods(3, { phase: "Running", revision: "2" });
  await app.counts({ updated: 3, available: 3 });

  // Through time: to the beginning and back to the end, then act by act to just before that rollout.
  await press(page, page.getByTestId("timeline-toggle"));
  await page.getByTestId("plot").waitFor();
  await tabTo(page, page.getByTestId("track"));
  await page.keyboard.press("Home");
  await eventually(async () => assert.equal(await micros(page), 0));
  await app.pods(0);
  await page.keyboard.press("End");
  await app.pods(3, { phase: "Running", revision: "2" });
  const last = page.getByTestId("log").locator("[data-seq]").last();
  for (let act = 0; ; act++) {
    assert.ok(act < 80, "the second Apply is not in the log");
    const row = await last.innerText();
    await page.keyboard.press("ArrowLeft");
    await eventually(async () => assert.notEqual(await last.innerText(), row));
    if (/\byou\b/.test(row)) break;
  }
  await app.pods(3, { phase: "Running", revision: "1" });

  // Another future from here: it is asked about once.
  await write(page, app, second.replace("  selector:", "  updateStrategy:\n    rollingUpdate:\n      maxUnavailable: 100%\n  selector:"));
  await page.keyboard.press("ControlOrMeta+Enter");
  await page.getByRole("dialog").waitFor();
  await press(page, page.getByTestId("fork"));
  await app.pods(3, { phase: "Running", revision: "2" });
  await app.counts({ updated: 3, available: 3 });
  const branches = page.getByTestId("branch");
  assert.deepEqual(await branches.evaluateAll((all) => all.map((it) => it.dataset.place)), ["current", "beside"]);
  const summary = page.getByTestId("summary");
  await eventually(async () => assert.match(await summary.innerText(), /against .*fewest available 0 against 2/));
  await shot("keyboard-branches");

  // The numbers behind the picture, as a table.
  await press(page, page.getByTestId("as-table"));
  await page.getByRole("region", { name: "Numbers over time" }).waitFor();
  await page.keyboard.press("Enter");

  // kubectl, with completion.
  await tabTo(page, page.getByRole("tab", { name: "Activity" }));
  await page.keyboard.press("ArrowRight");
  const line = page.getByTestId("kubectl-line");
  await tabTo(page, line);
  const answer = page.locator(".answer").last();
  const run = async (text) => {
    await page.keyboard.type(text);
    await page.keyboard.press("Enter");
    await eventually(async () => {
      assert.equal(await answer.locator("code").innerText(), await line.evaluate(() => document.querySelector(".answer:last-child code").innerText));
      assert.equal(await answer.getAttribute("data-exit"), "0");
    });
    return answer.locator("pre").innerText();
  };
  assert.match(await run("kubectl get ds"), /nginx-daemon-set +3 +3 +3 +3 +3/);
  await page.keyboard.type("kubectl desc");
  await page.keyboard.press("Tab");
  assert.equal(await line.inputValue(), "kubectl describe ");
  await page.keyboard.type("ds nginx");
  await page.keyboard.press("Tab");
  assert.match(await run(""), /Pods Status: +3 Running/);
  // Up brings back the line before.
  await page.keyboard.press("ArrowUp");
  await page.keyboard.press("ArrowUp");
  assert.equal(await line.inputValue(), "kubectl get ds");
  await axe();
}, { query: "?speed=8" });

walk("a focus whose element goes stays near, and a form begins with its first field", async ({ page, app }) => {
  const focused = () => page.evaluate(() => document.activeElement.closest("[data-node-card], [data-testid]")?.dataset.nodeCard ?? document.activeElement.tagName);
  await press(page, page.getByTestId("add-node"));
  await eventually(async () => assert.equal(await page.evaluate(() => document.activeElement.name), "name"));
  await page.keyboard.press("Enter");
  await app.node("worker-4").waitFor();
  assert.equal(await page.evaluate(() => document.activeElement.dataset.testid), "add-node");
  await press(page, app.applyButton);
  await app.pods(4, { phase: "Running" });
  const choose = async (of, name) => {
    await press(page, page.getByRole("button", { name: `Actions for ${of}`, exact: true }));
    const item = page.getByRole("menuitem", { name, exact: true });
    await item.waitFor();
    for (let step = 0; step < 20 && !(await item.evaluate((it) => it === document.activeElement)); step++) await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
  };
  const pod = (await app.pods(4)).find(({ node }) => node === "worker-2");
  await choose(`pod ${pod.name}`, "Delete the pod");
  await eventually(async () => assert.ok(!(await app.map()).some(({ name }) => name === pod.name)));
  await app.pods(4, { phase: "Running" });
  assert.equal(await focused(), "worker-2");
  await choose("node worker-4", "Remove the node");
  await app.node("worker-4").waitFor({ state: "detached" });
  await eventually(async () => assert.equal(await focused(), "worker-3"));
  await press(page, page.getByRole("button", { name: "Delete DaemonSet nginx-daemon-set", exact: true }));
  await app.pods(0);
  await eventually(async () => assert.notEqual(await page.evaluate(() => document.activeElement.tagName), "BODY"));
}, { query: "?speed=8" });
