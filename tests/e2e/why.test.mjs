// Why: whatever is selected explains itself, and the explanation can be followed.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { eventually } from "./app.mjs";
import { walk } from "./harness.mjs";

/** A block of the explanation by the beginning of its title. */
const block = (page, title) => page.getByTestId("inspector").locator(`[data-block^="${title}"]`);

const rollOut = async (app) => {
  await app.typing();
  await app.apply();
  await app.pods(3, { phase: "Running", revision: "1" });
  await app.edit("nginx:1.16", "nginx:1.17");
  await app.apply();
};

walk("a node lists the checks, and what misses a taint can be written into the manifest", async ({ page, app, shot, axe }) => {
  await app.typing();
  await app.apply();
  await app.pods(3, { phase: "Running" });
  await app.node("master-1").getByRole("button", { name: /^Node master-1/ }).click();
  const checks = block(page, "Should nginx-daemon-set run here?");
  await checks.getByText("No pod is created here.").waitFor();
  const said = await checks.innerText();
  for (const part of ["Node name", "Node selector", "Required affinity", "Taints", "node-role.kubernetes.io/control-plane:NoSchedule", "added for every DaemonSet", "because the effect is NoSchedule"]) {
    assert.ok(said.includes(part), `${part} in ${said}`);
  }
  await shot("why-node");
  await axe();
  await checks.getByRole("button", { name: "Tolerate it…" }).click();
  await eventually(async () => assert.match(await app.text(), /tolerations:\n {6}- key: node-role\.kubernetes\.io\/control-plane\n {8}operator: Exists\n {8}effect: NoSchedule/));
  await app.apply();
  await app.pods(6, { phase: "Running" });
  await app.counts({ desired: 6, ready: 6 });
  await eventually(async () => assert.match(await checks.innerText(), /is tolerated by .*\(yours\)/));
}, { query: "?speed=8" });

walk("a pod's chain leads to the reader's own act, by keyboard", async ({ page, app, shot, axe }) => {
  await rollOut(app);
  await app.pods(3, { phase: "Running", revision: "2" });
  // The pod that was replaced last has the whole rollout as its cause.
  const created = await page.getByTestId("log").locator("[data-verb=Create]").last().innerText();
  const pod = (await app.map()).find(({ name }) => created.includes(name));
  await app.page.locator(`[data-pod="${pod.name}"] button`).first().click();
  const chain = block(page, "Why was it created?");
  const links = chain.locator("ol button");
  await links.first().waitFor();
  assert.match(await links.first().innerText(), /You applied nginx-daemon-set/);
  assert.match(await links.last().innerText(), new RegExp(`created ${pod.name} on ${pod.node}`));
  await shot("why-pod");
  await axe();
  // The middle of a long chain is folded, and opens.
  const fold = chain.getByRole("button", { name: /in between$/ });
  const before = await links.count();
  await fold.first().focus();
  await page.keyboard.press("Enter");
  await eventually(async () => assert.ok((await links.count()) > before));
  // A link is followed; the focus stays in the panel, and Tab goes on from there.
  await links.first().focus();
  await page.keyboard.press("Enter");
  await block(page, "What you did").waitFor();
  const inspector = page.getByTestId("inspector");
  await eventually(async () => assert.match(await inspector.locator("#inspector-panel h2").innerText(), /You applied nginx-daemon-set/));
  assert.equal(await page.evaluate(() => document.activeElement.id), "inspector-panel");
  assert.match(await block(page, "What it changed in DaemonSet").innerText(), /\+\s+- image: nginx:1\.17/);
  const came = block(page, "What came of it").locator("ol button").first();
  await came.focus();
  await page.keyboard.press("Enter");
  await block(page, "On whose behalf").waitFor();
  await shot("why-act");
  await axe();
}, { query: "?speed=8" });

walk("a deletion in a rollout names its budget", async ({ page, app, shot }) => {
  await rollOut(app);
  await app.pods(3, { phase: "Running", revision: "2" });
  await page.getByTestId("log").locator("[data-verb=Delete]", { hasText: "daemonset-controller" }).last().click();
  await eventually(async () => assert.match(await block(page, "What the controller saw").innerText(), /maxUnavailable is 1, 0 nodes count as unavailable, so 1 may go on/));
  assert.match(await block(page, "What was decided, and why").innerText(), /its revision is old, and 0 of at most 1 are unavailable\s+rollingUpdate/);
  await eventually(async () => assert.match(await block(page, "What came of it").innerText(), /created nginx-daemon-set-/));
  await shot("why-deleted");
}, { query: "?speed=8" });

walk("a DaemonSet tells its rollout in a sentence, what each number counts, and goes back to a revision", async ({ page, app, shot, axe }) => {
  await rollOut(app);
  await app.ribbon().getByRole("button", { name: /^.?nginx-daemon-set/ }).first().click();
  const lead = block(page, "Rollout");
  await eventually(async () => assert.match(await lead.innerText(), /[012] of 3 updated; waiting for nginx-daemon-set-\w+ on worker-\d to (stop|become ready)|[012] of 3 updated; waiting for worker-\d to get its pod|All 3 updated/));
  await app.pods(3, { phase: "Running", revision: "2" });
  await eventually(async () => assert.match(await lead.innerText(), /All 3 updated and available/));
  const counts = block(page, "What its numbers count");
  await counts.locator("summary", { hasText: "desired" }).first().click();
  await eventually(async () => assert.match(await counts.innerText(), /worker-1\s+worker-2\s+worker-3/));
  const revisions = block(page, "Revisions");
  await revisions.locator("summary").first().click();
  await eventually(async () => assert.match(await revisions.innerText(), /\+\s+- image: nginx:1\.16/));
  await shot("why-daemonset");
  await axe();
  await revisions.getByRole("button", { name: "Undo to this" }).click();
  await app.pods(3, { phase: "Running", revision: "3" });
  await eventually(async () => assert.match(await revisions.innerText(), /Revision 3, the current one/));
  await counts.getByRole("button", { name: "worker-2" }).first().click();
  await block(page, "Should nginx-daemon-set run here?").waitFor();
}, { query: "?speed=8" });

walk("a chain is saved as SVG and as PNG", async ({ page, app }) => {
  await app.typing();
  await app.apply();
  const [pod] = await app.pods(3, { phase: "Running" });
  await app.page.locator(`[data-pod="${pod.name}"] button`).first().click();
  const chain = block(page, "Why was it created?");
  const save = async (kind) => {
    const [download] = await Promise.all([page.waitForEvent("download"), chain.getByRole("button", { name: `Save this chain as a${kind === "SVG" ? "n" : ""} ${kind} picture` }).click()]);
    assert.equal(download.suggestedFilename(), `${pod.name}-why-was-it-created.${kind.toLowerCase()}`);
    return readFile(await download.path());
  };
  const svg = (await save("SVG")).toString();
  assert.match(svg, /^<svg [^]*You applied nginx-daemon-set[^]*<\/svg>\n$/);
  assert.equal((await save("PNG")).subarray(1, 4).toString(), "PNG");
}, { query: "?speed=8" });

walk("an object as kubectl describes it, and its YAML", async ({ page, app, shot, axe }) => {
  await app.typing();
  await app.apply();
  const [pod] = await app.pods(3, { phase: "Running" });
  await app.page.locator(`[data-pod="${pod.name}"] button`).first().click();
  const inspector = page.getByTestId("inspector");
  const tab = (name) => inspector.getByRole("tab", { name });
  await tab("Why").focus();
  await page.keyboard.press("ArrowRight");
  assert.equal(await tab("Describe").getAttribute("aria-selected"), "true");
  await eventually(async () => assert.match(await inspector.locator("pre").innerText(), new RegExp(`^Name: +${pod.name}\\n[^]*Node-Selectors:[^]*Successfully assigned default/${pod.name} to ${pod.node}`)));
  assert.match(await inspector.innerText(), new RegExp(`kubectl describe pod ${pod.name}`));
  await shot("describe");
  await axe();
  await page.keyboard.press("ArrowRight");
  await eventually(async () => assert.match(await inspector.locator("pre").innerText(), /^apiVersion: v1\nkind: Pod/));
}, { query: "?speed=8" });

walk("looking back, the explanation is that moment's", async ({ page, app }) => {
  await rollOut(app);
  await app.pods(3, { phase: "Running", revision: "2" });
  await app.ribbon().getByRole("button", { name: /^.?nginx-daemon-set/ }).first().click();
  await eventually(async () => assert.match(await block(page, "Rollout").innerText(), /All 3 updated/));
  await page.getByTestId("play").click();
  await page.getByTestId("to-start").click();
  await eventually(async () => assert.match(await block(page, "Rollout").innerText(), /finished no sync of generation 1 yet, only of 0.* 0 of 3 updated/));
  await eventually(async () => assert.match(await block(page, "What happens next").innerText(), /The controller created revision nginx-daemon-set-\w+|The controller wrote|You applied/));
}, { query: "?speed=8" });

for (const theme of ["dark", "light"]) {
  walk(`on a phone a tap leads to the explanation, ${theme}`, async ({ page, app, shot, axe }) => {
    const tab = (name) => page.locator("nav.bottom").getByRole("button", { name }).click();
    await tab("YAML");
    await app.apply();
    await tab("Map");
    const [pod] = await app.pods(3, { phase: "Running" });
    await page.locator(`[data-pod="${pod.name}"] button`).first().tap();
    await block(page, "Why was it created?").waitFor();
    await eventually(async () => assert.equal(await page.evaluate(() => document.activeElement.id), "inspector-panel"));
    await shot(`why-phone-${theme}`);
    await axe();
  }, { viewport: "phone", theme, query: "?speed=8" });
}
