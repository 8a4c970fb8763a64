// Time: dragging it, stepping through it, playing it backward, other futures, and what lies ahead.

import assert from "node:assert/strict";
import { eventually } from "./app.mjs";
import { walk } from "./harness.mjs";

const micros = (page) => page.getByTestId("clock").getAttribute("data-micros").then(Number);
const names = async (app) => (await app.map()).map((pod) => pod.name);

/** Six nodes with a pod each of the first version; then the second one is rolled out. Gives both texts. */
async function rolledOut(app) {
  await app.typing();
  await app.edit("    spec:\n      containers:", "    spec:\n      tolerations:\n      - operator: Exists\n      containers:");
  const first = await app.text();
  await app.apply();
  await app.pods(6, { phase: "Running", revision: "1" });
  await app.counts({ ready: 6, available: 6 });
  const second = first.replace("nginx:1.16", "nginx:1.17");
  await app.write(second);
  await app.apply();
  await app.pods(6, { phase: "Running", revision: "2" });
  await app.counts({ updated: 6, available: 6 });
  return [first, second];
}

const surge = (text) => text.replace("  selector:", "  updateStrategy:\n    rollingUpdate:\n      maxSurge: 50%\n      maxUnavailable: 0\n  selector:");

/** Goes back, act by act, to just before the reader's last act. */
async function beforeTheLastApply(page, app) {
  const back = page.getByTestId("step-back");
  await eventually(async () => {
    for (let step = 0; step < 5; step++) {
      const before = await page.getByTestId("log").locator("[data-seq]").last().innerText();
      if (/\byou\b/.test(before)) {
        await back.click();
        return;
      }
      await back.click();
    }
    assert.fail("not there yet");
  });
  await app.pods(6, { phase: "Running", revision: "1" });
}

walk("the timeline is dragged, and everything on the page follows", async ({ page, app, shot, axe }) => {
  await rolledOut(app);
  const now = await names(app);
  await page.getByTestId("timeline-toggle").click();
  await page.getByTestId("plot").waitFor();
  await page.locator("[data-daemonset] .ds-name").first().click();
  for (const part of ["track", "plot"]) {
    const box = await page.getByTestId(part).boundingBox();
    const left = part === "plot" ? 132 : 8;
    await page.mouse.move(box.x + box.width * 0.6, box.y + 20);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.3, box.y + 20, { steps: 4 });
    // Beyond its edge, and outside of it.
    await page.mouse.move(box.x + left, box.y - 200, { steps: 4 });
    await page.mouse.up();
    await eventually(async () => assert.equal(await micros(page), 0));
    await app.counts({ ready: 0, desired: 0 });
    assert.match(await page.getByTestId("inspector").innerText(), /nginx-daemon-set/);
    // The pointer is up: nothing is dragged any more.
    await page.mouse.move(box.x + box.width * 0.5, box.y + 20);
    assert.equal(await micros(page), 0);
    await page.getByTestId("now").click();
    await app.counts({ ready: 6, updated: 6 });
    assert.deepEqual(await names(app), now);
  }
  await shot("timeline");
  await axe();
  // Less time is shown, then all of it again.
  const labels = () => page.getByTestId("plot").locator("text.axis").allInnerTexts();
  const whole = (await labels()).join();
  await page.getByTestId("zoom-in").click();
  await eventually(async () => assert.notEqual((await labels()).join(), whole));
  await page.getByTestId("zoom-out").click();
  await eventually(async () => assert.equal((await labels()).join(), whole));
  // The choice is remembered.
  await page.reload();
  await page.getByTestId("plot").waitFor();
}, { query: "?speed=8" });

walk("a finger drags it too", async ({ page, app, shot, axe }) => {
  const tab = (name) => page.locator("nav.bottom").getByRole("button", { name }).click();
  await tab("YAML");
  await app.typing();
  await app.apply();
  await tab("Map");
  await app.pods(3, { phase: "Running" });
  await page.getByTestId("timeline-toggle").click();
  const box = await page.getByTestId("track").boundingBox();
  await page.touchscreen.tap(box.x + 8, box.y + 10);
  await eventually(async () => assert.equal(await micros(page), 0));
  await app.counts({ ready: 0 });
  await shot("timeline-phone");
  await axe();
}, { viewport: "phone", theme: "light", query: "?speed=8" });

walk("stepping back undoes a deletion, and stepping forth repeats it", async ({ page, app }) => {
  await app.typing();
  await app.apply();
  const before = await app.pods(3, { phase: "Running" });
  const victim = before[0].name;
  await page.getByTestId("play").click();
  await page.getByRole("button", { name: `Actions for pod ${victim}`, exact: true }).click();
  await page.getByRole("menuitem", { name: "Delete the pod", exact: true }).click();
  const itself = page.locator(`[data-pod="${victim}"]`);
  await itself.getByText("Terminating").waitFor();
  await page.getByTestId("step-back").click();
  assert.deepEqual(await app.pods(3, { phase: "Running" }), before);
  assert.doesNotMatch(await page.getByTestId("log").innerText(), /kubectl delete pod/);
  await page.getByTestId("step").click();
  await itself.getByText("Terminating").waitFor();
  assert.match(await page.getByTestId("log").innerText(), /kubectl delete pod/);
}, { query: "?speed=8" });

walk("played backward, a run goes back to its beginning and stops there", async ({ page, app }) => {
  await rolledOut(app);
  await page.getByTestId("speed").selectOption("16");
  const moments = [];
  await page.getByTestId("play-back").click();
  await eventually(async () => {
    moments.push(await micros(page));
    assert.equal(moments.at(-1), 0);
  });
  assert.ok(moments.some((moment) => moment > 0), `it takes its time: ${moments}`);
  assert.deepEqual([...moments].sort((a, b) => b - a), moments, "time only goes back");
  assert.equal(await page.getByTestId("play").getAttribute("data-playing"), "false");
  // And forth again, to the present.
  await page.getByTestId("play").click();
  await app.pods(6, { phase: "Running", revision: "2" });
}, { query: "?speed=16" });

walk("another future is asked about once, the one left stays, and both lie side by side", async ({ page, app, shot, axe }) => {
  const [, second] = await rolledOut(app);
  const first = await names(app);
  await page.getByTestId("timeline-toggle").click();
  await beforeTheLastApply(page, app);
  await app.write(surge(second));
  await app.apply();
  const dialog = page.getByRole("dialog");
  assert.match(await dialog.innerText(), /main/);
  await axe();
  await dialog.getByRole("button", { name: "Cancel" }).click();
  await app.pods(6, { phase: "Running", revision: "1" });
  await app.apply();
  await page.getByTestId("fork").click();
  await app.pods(6, { phase: "Running", revision: "2" });
  await app.counts({ updated: 6, available: 6 });
  // Nothing is asked in the present.
  const [pod] = await names(app);
  await page.getByRole("button", { name: `Actions for pod ${pod}`, exact: true }).click();
  await page.getByRole("menuitem", { name: "Delete the pod", exact: true }).click();
  assert.equal(await page.getByRole("dialog").count(), 0);
  await eventually(async () => assert.ok(!(await names(app)).includes(pod)));
  await app.pods(6, { phase: "Running" });

  const summary = page.getByTestId("summary");
  await eventually(async () => assert.match(await summary.innerText(), /^[\d.]+ s against [\d.]+ s · fewest available 6 against 5 · most pods \d+ against 6$/));
  const chips = () => page.getByTestId("branch").evaluateAll((all) => all.map((it) => `${it.dataset.place} ${it.children[1].innerText}`));
  assert.deepEqual(await chips(), ["current maxSurge 50%", "beside main"]);
  await shot("branches");
  await axe();
  await page.getByTestId("as-table").click();
  assert.ok((await page.getByRole("region", { name: "Numbers over time" }).locator("tr").count()) > 10);
  await axe();
  await page.getByTestId("as-table").click();

  // Branches survive a reload, and are there to switch to.
  await eventually(async () => assert.match(await page.evaluate(() => localStorage.getItem("everynode.branches") ?? ""), /"main"/));
  await page.reload();
  await eventually(async () => assert.match(await summary.innerText(), / against /));
  assert.deepEqual(await chips(), ["current maxSurge 50%", "beside main"]);
  const choose = async (branch, item) => {
    await page.getByTestId("branch").filter({ hasText: branch }).click();
    await page.getByRole("menuitem", { name: item, exact: true }).click();
  };
  await choose("main", "Switch to it");
  await eventually(async () => assert.deepEqual(await names(app), first));
  assert.deepEqual(await chips(), ["current main", "beside maxSurge 50%"]);
  await choose("main", "Rename…");
  await page.getByRole("dialog").getByLabel("Name").fill("one by one");
  await page.keyboard.press("Enter");
  await eventually(async () => assert.deepEqual(await chips(), ["current one by one", "beside maxSurge 50%"]));
  await choose("maxSurge 50%", "Discard");
  await eventually(async () => assert.deepEqual(await chips(), ["current one by one"]));
  assert.deepEqual(await names(app), first);
}, { query: "?speed=8" });

walk("what lies ahead is told before it is applied", async ({ page, app, shot, axe }) => {
  await app.typing();
  await app.apply();
  const before = await app.pods(3, { phase: "Running" });
  await app.edit("nginx:1.16", "nginx:1.17");
  await page.getByTestId("look-ahead").click();
  const ahead = page.getByTestId("ahead");
  await page.locator("[data-testid=ahead][data-done=true]").waitFor();
  const text = await ahead.innerText();
  for (const part of [/3 → 3/, /3 waves/, /at most 1 unavailable/, /over 20 seeds/, /2 of 3/, /-\s+- image: nginx:1\.16/, /\+\s+- image: nginx:1\.17/, /fields with the server's defaults/]) {
    assert.match(text, part);
  }
  const futures = await ahead.locator("[data-future]").evaluateAll((rows) => rows.map(({ dataset: { node, future } }) => `${node} ${future}`));
  assert.deepEqual(futures, ["worker-1 replace", "worker-2 replace", "worker-3 replace", "master-1 without", "master-2 without", "master-3 without"]);
  assert.match(text, /control-plane:NoSchedule is not tolerated/);
  await shot("ahead");
  await axe();
  // Nothing has been touched.
  assert.deepEqual(await app.map(), before);
  await page.keyboard.press("Escape");
  await ahead.waitFor({ state: "detached" });
  await page.getByTestId("look-ahead").click();
  await page.getByTestId("apply-ahead").click();
  await app.pods(3, { phase: "Running", revision: "2" });
  await page.getByTestId("look-ahead").click();
  await page.getByText("No object would change.").waitFor();
}, { query: "?speed=8" });

walk("several DaemonSets ahead are each read in full: the panel scrolls, its tables are not pressed flat", async ({ page, app, shot }) => {
  await app.typing();
  const text = await app.text();
  await app.write(["one", "two", "three"].map((name) => text.replaceAll("nginx-daemon-set", name).replaceAll("app: nginx", `app: ${name}`)).join("\n---\n"));
  await page.getByTestId("look-ahead").click();
  await page.locator("[data-testid=ahead][data-done=true]").waitFor();
  const heights = await page.getByRole("region", { name: /^(Nodes|Changes) of/ }).evaluateAll((all) => all.map((it) => [it.clientHeight, it.scrollHeight]));
  assert.equal(heights.length, 6);
  for (const [shown, whole] of heights) assert.ok(shown >= Math.min(whole, 200), `${shown} of ${whole} px`);
  assert.ok(await page.getByTestId("apply-ahead").isVisible());
  await shot("ahead-several");
});

walk("a text with errors has nothing ahead", async ({ page, app }) => {
  await app.typing();
  await app.write("kind: DaemonSet\napiVersion: apps/v1\n");
  await page.getByTestId("look-ahead").click();
  await page.getByTestId("ahead").getByRole("alert").getByText(/\w/).first().waitFor();
  assert.ok(await page.getByTestId("apply-ahead").isDisabled());
});

walk("the keyboard alone goes through time", async ({ page, app }) => {
  await app.typing();
  await app.editor.locator(".cm-content").focus();
  await page.keyboard.press("ControlOrMeta+Enter");
  await app.pods(3, { phase: "Running" });
  await page.getByTestId("timeline-toggle").focus();
  await page.keyboard.press("Enter");
  await page.getByTestId("plot").waitFor();
  await page.evaluate(() => document.activeElement.blur());
  await page.keyboard.press("Home");
  await eventually(async () => assert.equal(await micros(page), 0));
  const log = page.getByTestId("log").locator("[data-seq]").last();
  /** Presses a key that goes to another act, and gives the last line of the log then. */
  const press = async (key) => {
    const before = await log.innerText();
    await page.keyboard.press(key);
    return eventually(async () => {
      const after = await log.innerText();
      assert.notEqual(after, before, key);
      return after;
    });
  };
  const acts = [];
  for (let act = 0; act < 6; act++) acts.push(await press("ArrowRight"));
  assert.equal(new Set(acts).size, 6);
  for (const act of acts.slice(0, -1).reverse()) assert.equal(await press("ArrowLeft"), act);
  await page.keyboard.press("End");
  await app.pods(3, { phase: "Running" });
  await page.getByTestId("now").waitFor({ state: "detached" });
  // From act to act on what is selected: a pod is made, bound, started and ready.
  const [{ name }] = await app.pods(3, { phase: "Running" });
  await page.locator(`[data-pod="${name}"] button`).first().focus();
  await page.keyboard.press("Enter");
  const seen = [];
  for (let act = 0; act < 3; act++) seen.push(await press("Shift+ArrowLeft"));
  for (const row of seen) assert.ok(row.includes(name), row);
  assert.match(seen.join("\n"), /Ready[^]*Start[^]*Bind/);
  assert.equal(await press("Shift+ArrowRight"), seen[1]);
  // A branch from here, by keyboard, and its menu.
  await page.getByTestId("branch-here").focus();
  await page.keyboard.press("Enter");
  await page.locator("[data-testid=branch][data-place=beside]").focus();
  await page.keyboard.press("Enter");
  const focused = (read) => eventually(() => page.evaluate(read).then((yes) => assert.ok(yes)));
  await focused(() => document.activeElement.getAttribute("role") === "menuitem");
  await page.keyboard.press("Escape");
  await focused(() => document.activeElement.dataset.place === "beside");
  // The slider takes the same keys.
  await page.getByTestId("track").focus();
  await page.keyboard.press("Home");
  await page.locator('[data-testid=track][aria-valuenow="0"]').waitFor();
  // And Space plays and pauses from there.
  const shown = () => page.getByTestId("play").getAttribute("aria-label");
  const before = await shown();
  await page.keyboard.press("Space");
  await eventually(async () => assert.notEqual(await shown(), before));
}, { query: "?speed=8" });

walk("the picture is saved as SVG and as PNG", async ({ page, app }) => {
  await app.typing();
  await app.apply();
  await app.pods(3, { phase: "Running" });
  await page.getByTestId("timeline-toggle").click();
  await page.getByTestId("plot").waitFor();
  for (const [button, name] of [["save-svg", "nginx-daemon-set.svg"], ["save-png", "nginx-daemon-set.png"]]) {
    const [download] = await Promise.all([page.waitForEvent("download"), page.getByTestId(button).click()]);
    assert.equal(download.suggestedFilename(), name);
    if (name.endsWith("svg")) {
      const chunks = [];
      for await (const chunk of await download.createReadStream()) chunks.push(chunk);
      const svg = Buffer.concat(chunks).toString();
      for (const part of ["<svg ", 'xmlns="http://www.w3.org/2000/svg"', 'stroke="rgb(', "</svg>"]) assert.ok(svg.includes(part), part);
      assert.ok(!svg.includes("class="), "it needs no style sheet");
    }
  }
}, { query: "?speed=8" });
