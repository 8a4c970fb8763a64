// A reader's own cluster: brought in by a file, by pasting and by dropping, gone on with, and taken away again.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { eventually } from "./app.mjs";
import { isFirefox } from "./browser.mjs";
import { output, walk } from "./harness.mjs";

/** Opens a dialog of the menu of clusters. */
async function choose(page, item) {
  await page.getByTestId("scenario").click();
  await page.getByRole("menuitem", { name: item }).click();
}

/** The file that the page offers when a button is pressed. */
async function offered(page, button) {
  if (!isFirefox) {
    const [download] = await Promise.all([page.waitForEvent("download"), button.click()]);
    return readFile(await download.path(), "utf8");
  }
  // With Firefox the tool hears of no download: the text is taken where the page gives it to the browser.
  await page.evaluate(() => {
    const create = URL.createObjectURL;
    URL.createObjectURL = (file) => {
      globalThis.offered = file.text();
      URL.createObjectURL = create;
      return create.call(URL, file);
    };
    delete globalThis.offered;
  });
  await button.click();
  return eventually(async () => {
    const text = await page.evaluate(() => globalThis.offered);
    assert.equal(typeof text, "string");
    return text;
  });
}

/** What the page hands out under a name of the export dialog. */
async function exported(page, name) {
  await choose(page, "Export…");
  const text = await offered(page, page.getByRole("button", { name: new RegExp(`^${name}`) }));
  await page.keyboard.press("Escape");
  return text;
}

/** Lets a file fall on the page. */
const drop = (page, name, text) =>
  page.evaluate(
    ([name, text]) => {
      const dataTransfer = new DataTransfer();
      dataTransfer.items.add(new File([text], name));
      for (const type of ["dragover", "drop"]) document.body.dispatchEvent(new DragEvent(type, { bubbles: true, cancelable: true, dataTransfer }));
    },
    [name, text],
  );

walk("a cluster is taken away, brought to another browser, and goes on there", async ({ page, app, visitor, shot, axe }) => {
  await app.apply();
  await app.counts({ ready: 3 });
  await app.edit("nginx:1.16", "nginx:1.17");
  await app.apply();
  await app.counts({ updated: 3, ready: 3 });
  const text = await exported(page, "Cluster");
  assert.match(text, /kind: ControllerRevision/);
  const before = await app.map();
  const lines = (await exported(page, "Log")).trim().split("\n").map((line) => JSON.parse(line));
  assert.ok(lines.length > 10 && lines.every((line, seq) => line.seq === seq && line.reason));
  const manifests = await exported(page, "Manifests");
  assert.match(manifests, /image: nginx:1\.17/);
  assert.doesNotMatch(manifests, /uid|status/);

  const other = await visitor("");
  // As real ones are: with managed fields, and objects that nobody simulates.
  const real = text.replaceAll(/\n {2}metadata:\n/g, "\n  metadata:\n    managedFields:\n    - apiVersion: v1\n      fieldsV1:\n        f:status: {}\n") + "---\napiVersion: v1\nkind: Service\nmetadata:\n  name: kubernetes\n";
  await other.page.getByTestId("import").click();
  await other.page.getByLabel("Output of kubectl get").waitFor();
  await other.page.screenshot({ path: `${output}/import.png`, caret: "initial" });
  await drop(other.page, "cluster.yaml", real);
  await other.page.getByText("6 nodes, 1 DaemonSet, 3 pods and 2 revisions are on the map").waitFor();
  await other.page.getByText("1 of Service").waitFor();
  await other.page.getByRole("button", { name: "To the map" }).click();
  assert.deepEqual(await other.app.map(), before);
  // Its manifest, edited and applied, rolls it on.
  await other.app.ribbon("nginx-daemon-set").getByRole("button", { name: /Actions/ }).click();
  await other.page.getByRole("menuitem", { name: "Its manifest into the editor" }).click();
  await other.app.edit("nginx:1.17", "nginx:1.18");
  await other.app.apply();
  await other.app.pods(3, { revision: "3", phase: "Running" });
  // And it is there after a reload.
  await other.page.waitForTimeout(600);
  await other.page.reload();
  await other.app.pods(3, { revision: "3", phase: "Running" });
  await axe();
});

/** What kubectl prints of a cluster in which each of `agents` DaemonSets runs on every node. */
function large(nodes, agents) {
  const at = "2026-01-01T00:00:00Z";
  const uid = (kind, index) => `00000000-0000-4000-8000-${kind.toString(16)}${String(index).padStart(11, "0")}`;
  const meta = (name, kind, index, more) => ({ name, uid: uid(kind, index), resourceVersion: "1", creationTimestamp: at, ...more });
  const ready = [{ type: "Ready", status: "True", lastTransitionTime: at }];
  const items = [];
  for (let node = 0; node < nodes; node++) {
    const allocatable = { cpu: "4", memory: "8Gi", pods: "110" };
    items.push({ apiVersion: "v1", kind: "Node", metadata: meta(`n${node}`, 1, node, { labels: { "kubernetes.io/hostname": `n${node}` } }), spec: {}, status: { allocatable, conditions: ready } });
  }
  for (let agent = 0; agent < agents; agent++) {
    const name = `agent-${agent}`;
    const labels = { app: name, "controller-revision-hash": "abcdef" };
    const spec = { selector: { matchLabels: { app: name } }, template: { metadata: { labels: { app: name } }, spec: { containers: [{ name: "a", image: "a:1" }] } } };
    const namespace = "default";
    const owned = { ownerReferences: [{ apiVersion: "apps/v1", kind: "DaemonSet", name, uid: uid(2, agent), controller: true, blockOwnerDeletion: true }], namespace, labels };
    const status = { desiredNumberScheduled: nodes, currentNumberScheduled: nodes, numberReady: nodes, numberAvailable: nodes, updatedNumberScheduled: nodes, numberMisscheduled: 0, observedGeneration: 1 };
    items.push({ apiVersion: "apps/v1", kind: "DaemonSet", metadata: meta(name, 2, agent, { namespace, generation: 1 }), spec, status });
    const data = { spec: { template: { $patch: "replace", ...spec.template } } };
    items.push({ apiVersion: "apps/v1", kind: "ControllerRevision", metadata: meta(`${name}-abcdef`, 3, agent, owned), revision: 1, data });
    for (let node = 0; node < nodes; node++) {
      const pinned = { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchFields: [{ key: "metadata.name", operator: "In", values: [`n${node}`] }] }] } } };
      items.push({
        apiVersion: "v1", kind: "Pod",
        metadata: meta(`${name}-${String(node).padStart(5, "0")}`, 4 + agent, node, owned),
        spec: { nodeName: `n${node}`, affinity: pinned, containers: spec.template.spec.containers },
        status: { phase: "Running", podIP: "10.0.0.1", conditions: ready },
      });
    }
  }
  return JSON.stringify({ apiVersion: "v1", items, kind: "List", metadata: { resourceVersion: "" } });
}

walk("a large cluster stays over a reload, with what was done in it", async ({ page, app, visitor, shot }) => {
  await app.typing();
  await drop(page, "cluster.json", large(1000, 10));
  await page.getByText("1000 nodes, 10 DaemonSets, 10000 pods and 10 revisions are on the map").waitFor();
  await page.getByRole("button", { name: "To the map" }).click();
  await app.edit("name: nginx-daemon-set", "name: extra");
  await app.apply();
  await app.counts({ desired: 1000 }, "extra");
  const kept = () => page.evaluate(() => localStorage.getItem("everynode.scenario") ?? "");
  await eventually(async () => assert.match(await kept(), /name: extra.*"cluster":"\d+"/s));
  // What is in localStorage is small: the cluster is in the database, compressed.
  assert.ok((await kept()).length < 20_000);
  await page.reload();
  await app.counts({ desired: 1000 }, "extra");
  await app.counts({ desired: 1000, ready: 1000 }, "agent-4");
  // It is too large for a link, and is opened from a file.
  await page.getByTestId("share").click();
  await page.getByText("does not fit into a link").waitFor();
  await shot("share-too-large");
  const file = await offered(page, page.getByTestId("save-file"));
  await page.keyboard.press("Escape");
  const other = await visitor("?speed=max");
  await other.app.typing();
  await drop(other.page, "everynode-run.json", file);
  await other.app.counts({ desired: 1000 }, "extra");
  await other.app.counts({ desired: 1000, ready: 1000 }, "agent-4");
  // Another cluster takes its place, and there is a way back to it, also after a reload.
  await choose(page, "nginx walk-through: start again");
  await app.pods(0);
  await eventually(async () => assert.doesNotMatch(await kept(), /"cluster"/));
  await page.reload();
  await app.pods(0);
  await choose(page, /^Back to mine/);
  await app.counts({ desired: 1000, ready: 1000 }, "agent-4");
  await app.counts({ desired: 1000 }, "extra");
}, { query: "?speed=max" });

walk("where the browser keeps no cluster it says so", async ({ page, app }) => {
  await page.addInitScript(() => {
    IDBFactory.prototype.open = () => {
      throw new Error("refused");
    };
  });
  await page.reload();
  await app.typing();
  await drop(page, "cluster.json", large(3, 1));
  await page.getByRole("button", { name: "To the map" }).click();
  await page.getByText("The browser refuses to keep this cluster for your next visit").waitFor();
});

walk("what is no cluster is refused with a sentence, and nothing is lost", async ({ page, app, shot, axe }) => {
  await app.apply();
  await app.counts({ ready: 3 });
  await page.getByTestId("import").click();
  await page.getByLabel("Output of kubectl get").fill("apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\n");
  await page.getByRole("button", { name: "Show this cluster" }).click();
  await page.getByText("There is no Node in the text.").waitFor();
  await axe();
  await shot("import-refused");
  await page.keyboard.press("Escape");
  await app.counts({ ready: 3 });
});

walk("everything that can happen to a node or a pod is done from the map", async ({ page, app, shot, axe }) => {
  await app.apply();
  await app.counts({ ready: 3 });
  const menu = async (node, item) => {
    await app.node(node).getByRole("button", { name: `Actions for node ${node}` }).click();
    await page.getByRole("menuitem", { name: item, exact: true }).click();
  };
  await menu("worker-1", "Report disk pressure");
  await eventually(async () => assert.match(await app.node("worker-1").innerText(), /disk-pressure/));
  await menu("worker-1", "End disk pressure");
  await menu("worker-2", "Capacity…");
  await page.getByLabel("CPU").fill("lots");
  await page.getByRole("button", { name: "Report this" }).click();
  await page.getByText("is no amount such as").waitFor();
  await axe();
  await page.getByLabel("CPU").fill("2");
  await page.getByRole("button", { name: "Report this" }).click();
  await menu("worker-3", "Run a bare pod here…");
  await shot("bare-pod");
  await page.getByLabel("Labels").fill("app=other");
  await page.getByRole("button", { name: "Create", exact: true }).click();
  await app.pods(4);
  await app.node("worker-2").getByRole("button", { name: "Actions for pod nginx-daemon-set-" }).first().click();
  await page.getByRole("menuitem", { name: "Let it end well" }).click();
  await app.counts({ ready: 3 });
});

// Each sort of step that the recordings of a real control plane hold, done by mouse, with what the map says to it.
walk("what the recordings do to nodes, pods and DaemonSets can be done by hand", async ({ page, app, axe }) => {
  await app.apply();
  await app.counts({ ready: 3 });
  const choose = async (button, item) => {
    await button.locator("..").hover();
    await button.click();
    await page.getByRole("menuitem", { name: item, exact: true }).click();
  };
  const node = (name, item) => choose(page.getByRole("button", { name: `Actions for node ${name}`, exact: true }), item);
  const set = (item) => choose(page.getByRole("button", { name: "Actions for DaemonSet nginx-daemon-set", exact: true }), item);
  const pod = async (where, item) => {
    const { name } = (await app.map()).find((pod) => pod.node === where);
    await choose(page.getByRole("button", { name: `Actions for pod ${name}`, exact: true }), item);
    return name;
  };
  const form = async (label, text, button) => {
    await page.getByLabel(label, { exact: true }).fill(text);
    await page.getByRole("button", { name: button, exact: true }).click();
  };
  const card = (name, pattern) => eventually(async () => assert.match(await app.node(name).innerText(), pattern));
  const gone = (name) => eventually(async () => assert.ok(!(await app.map()).some((pod) => pod.name === name)));

  // Nodes.
  await node("worker-1", "Cordon");
  await card("worker-1", /cordoned|unschedulable/i);
  await node("worker-1", "Uncordon");
  await node("worker-1", "Taints…");
  await form("Add", "maintenance=yes:NoExecute", "Add the taint");
  await app.counts({ desired: 2, ready: 2 });
  await node("worker-1", "Taints…");
  await page.getByRole("button", { name: "Remove maintenance=yes:NoExecute" }).click();
  await app.counts({ desired: 3, ready: 3 });
  await node("worker-1", "Labels…");
  await form("Change", "disk=ssd", "Change the labels");
  await node("worker-1", "Labels…");
  await page.getByRole("dialog").getByText("disk=ssd", { exact: true }).waitFor();
  await page.keyboard.press("Escape");
  for (const [item, shown, end] of [
    ["Report NotReady", /NotReady/, "Report Ready"],
    ["Report memory pressure", /memory-pressure/, "End memory pressure"],
    ["Report disk pressure", /disk-pressure/, "End disk pressure"],
    ["Report PID pressure", /pid-pressure/, "End PID pressure"],
    ["Report an unavailable network", /network-unavailable/, "End an unavailable network"],
  ]) {
    await node("worker-1", item);
    await card("worker-1", shown);
    await node("worker-1", end);
    await eventually(async () => assert.doesNotMatch(await app.node("worker-1").innerText(), shown));
  }
  await node("worker-1", "Kill the kubelet: unreachable");
  await card("worker-1", /unreachable|NotReady|Unknown/i);
  await node("worker-1", "Bring the kubelet back");
  await app.counts({ desired: 3, ready: 3 });

  // Pods.
  await pod("worker-2", "Make it unready");
  await app.counts({ ready: 2 });
  await pod("worker-2", "Make it ready");
  await app.counts({ ready: 3 });
  await gone(await pod("worker-2", "Let it fail"));
  await app.counts({ ready: 3 });
  await gone(await pod("worker-2", "Delete the pod"));
  await app.counts({ ready: 3 });
  await gone(await pod("worker-2", "Delete it at once, by force"));
  await app.counts({ ready: 3 });
  const released = await pod("worker-3", "Labels…");
  await form("Change", "app=other", "Change the labels");
  await app.pods(4);
  await choose(page.getByRole("button", { name: `Actions for pod ${released}`, exact: true }), "Delete the pod");
  await app.pods(3, { phase: "Running" });

  // The DaemonSet.
  await set("Restart its pods");
  await app.pods(3, { phase: "Running", revision: "2" });
  await set("Undo the last rollout");
  await app.pods(3, { phase: "Running", revision: "3" });
  await set("Let the server refuse 3 pod creations");
  await page.getByTestId("notice").getByText("refuses the controller's next 3 requests to create a pod").waitFor();
  await pod("worker-2", "Delete it at once, by force");
  await page.getByText(/FailedCreate|refused/).first().waitFor();
  await app.counts({ ready: 3 });
  // Firefox loses the realm of a script so long towards the end of so long a walk; axe looks at these parts elsewhere, too.
  if (!isFirefox) await axe();
  await set("Delete it, leave its pods");
  await eventually(async () => assert.equal(await app.ribbon("nginx-daemon-set").count(), 0));
  await app.pods(3, { phase: "Running" });
  await app.apply();
  await app.counts({ ready: 3 });
  await set("Delete its pods first, then it");
  await app.pods(0);
  await app.apply();
  await app.counts({ ready: 3 });
  await set("Delete it and its pods");
  await app.pods(0);
}, { query: "?speed=max" });
