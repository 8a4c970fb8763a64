// The tutorial, done as a person would do it: by clicking and typing, in the release build.

import assert from "node:assert/strict";
import { eventually } from "./app.mjs";
import { walk } from "./harness.mjs";

const TUTORIAL = `apiVersion: apps/v1
kind: DaemonSet
metadata:
  name: nginx-daemon-set
spec:
  selector:
    matchLabels:
      app: nginx
  template:
    metadata:
      labels:
        app: nginx
    spec:
      containers:
      - name: nginx
        image: nginx:1.16`;

const workers = ["worker-1", "worker-2", "worker-3"];
const all = (count) => ({ desired: count, current: count, ready: count, updated: count, available: count });

/** Opens the menu of a thing and chooses an item, as a mouse does. */
async function choose(page, menu, item) {
  const button = page.getByRole("button", { name: menu, exact: true });
  // What a pod offers shows under the pointer.
  await button.locator("..").hover();
  await button.click();
  await page.getByRole("menuitem", { name: item, exact: true }).click();
}

async function asFastAsPossible(page) {
  await page.getByTestId("speed").selectOption({ label: "as fast as possible" });
}

/** Applies the tutorial's manifest and waits for its three pods. */
async function applied(app) {
  await app.typing();
  await app.apply();
  await app.counts(all(3));
  return app.pods(3, { phase: "Running" });
}

walk("a new visitor sees three masters, three workers and a manifest that is not applied", async ({ page, app, shot }) => {
  assert.equal((await app.text()).trim(), TUTORIAL);
  for (const name of ["master-1", "master-2", "master-3"]) {
    assert.match(await app.node(name).innerText(), /control-plane/);
  }
  for (const name of workers) await app.node(name).waitFor();
  assert.equal(await page.locator("[data-node-card]").count(), 6);
  assert.equal((await app.map()).length, 0);
  assert.match(await page.locator("#preview").innerText(), /create 3 pods/);
  await shot("new-visitor");
});

walk("apply creates a pod on each eligible node", async ({ page, app, shot, axe }) => {
  const pods = await applied(app);
  assert.deepEqual(pods.map((pod) => pod.node), workers);
  assert.match(await app.node("master-1").innerText(), /not tolerated/);
  await shot("applied");
  await axe();
}, { query: "?speed=4" });

walk("another image rolls out node by node", async ({ page, app, shot }) => {
  const before = await applied(app);
  // Every state that the map ever shows from now on.
  await page.evaluate(() => {
    globalThis.seen = [];
    const look = () => {
      const pods = [...document.querySelectorAll("[data-pod]")].map(({ dataset: { pod, node, ready } }) => ({ pod, node, ready }));
      globalThis.seen.push(pods);
    };
    new MutationObserver(look).observe(document.body, { subtree: true, childList: true, attributes: true });
  });
  await app.edit("nginx:1.16", "nginx:1.17");
  await eventually(async () => assert.match(await page.locator("#preview").innerText(), /update 3 pods, at most 1 unavailable/));
  await app.apply();
  const after = await app.pods(3, { phase: "Running", revision: "2" });
  await app.counts(all(3));
  assert.deepEqual(after.map((pod) => pod.node), workers);
  for (const pod of after) assert.ok(!before.some((old) => old.name === pod.name), `${pod.name} is not new`);
  const seen = await page.evaluate(() => globalThis.seen);
  assert.ok(seen.length > 10);
  for (const pods of seen) {
    const nodes = pods.map((pod) => pod.node);
    assert.equal(new Set(nodes).size, nodes.length, `two pods on a node: ${JSON.stringify(pods)}`);
    const ready = pods.filter((pod) => pod.ready === "true").length;
    assert.ok(ready >= 2, `more than one unavailable: ${JSON.stringify(pods)}`);
  }
  await shot("rolled-out");
}, { query: "?speed=4" });

walk("a deleted pod is replaced on the same node", async ({ page, app }) => {
  const before = await applied(app);
  const victim = before.find((pod) => pod.node === "worker-2");
  await choose(page, `Actions for pod ${victim.name}`, "Delete the pod");
  await eventually(async () => assert.ok(!(await app.map()).some((pod) => pod.name === victim.name)));
  const after = await app.pods(3, { phase: "Running" });
  assert.deepEqual(after.map((pod) => pod.node), workers);
  assert.match(await page.getByTestId("log").innerText(), new RegExp(`kubectl delete pod ${victim.name}`));
}, { query: "?speed=4" });

walk("a node that is added gets a pod, one that is removed loses it", async ({ page, app, shot }) => {
  await applied(app);
  await page.getByTestId("add-node").click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Name").fill("worker-4");
  await dialog.getByLabel("Labels").fill("disk=ssd");
  await dialog.getByRole("button", { name: "Add", exact: true }).click();
  await app.counts(all(4));
  assert.ok((await app.pods(4, { phase: "Running" })).some((pod) => pod.node === "worker-4"));
  await shot("node-added");

  await asFastAsPossible(page);
  await choose(page, "Actions for node worker-1", "Remove the node");
  // The pod garbage collector takes 40 to 80 simulated seconds.
  const left = await app.pods(3, { phase: "Running" });
  assert.deepEqual(left.map((pod) => pod.node), ["worker-2", "worker-3", "worker-4"]);
  assert.equal(await app.node("worker-1").count(), 0);
  await app.counts(all(3));
}, { query: "?speed=4" });

walk("a toleration for the control plane's taint covers the masters", async ({ app }) => {
  await applied(app);
  await app.edit(
    "    spec:\n      containers:",
    "    spec:\n      tolerations:\n      - key: node-role.kubernetes.io/control-plane\n        operator: Exists\n        effect: NoSchedule\n      containers:",
  );
  await app.apply();
  await app.counts(all(6));
  const pods = await app.pods(6, { phase: "Running", revision: "2" });
  assert.deepEqual(pods.map((pod) => pod.node), ["master-1", "master-2", "master-3", ...workers]);
}, { query: "?speed=8" });

walk("deleting the DaemonSet removes all its pods", async ({ page, app }) => {
  await applied(app);
  await page.getByRole("button", { name: "Delete DaemonSet nginx-daemon-set" }).click();
  await app.pods(0);
  assert.equal(await page.locator("[data-daemonset=nginx-daemon-set]").count(), 0);
  assert.match(await page.getByTestId("log").innerText(), /garbage-collector/);
}, { query: "?speed=4" });

walk("what was typed and done survives a reload", async ({ page, app }) => {
  await applied(app);
  await page.getByTestId("theme").click();
  const theme = await page.evaluate(() => document.documentElement.dataset.theme);
  await app.edit("nginx:1.16", "nginx:1.18");
  const pods = await app.map();
  // At once: what waits to be saved is saved when the page goes.
  await page.reload();
  assert.match(await app.text(), /nginx:1\.18/);
  assert.deepEqual(await app.pods(3, { phase: "Running" }), pods);
  assert.equal(await page.evaluate(() => document.documentElement.dataset.theme), theme);
}, { query: "?speed=4" });
