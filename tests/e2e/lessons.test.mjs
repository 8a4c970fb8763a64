// The lessons, each from start to end: done by oneself, with clicks and typing, and by "Do it for me".

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { deflateRawSync } from "node:zlib";
import { eventually } from "./app.mjs";
import { walk } from "./harness.mjs";

const index = await readFile(new URL("../../static/lessons/index.yaml", import.meta.url), "utf8");
const files = [...index.matchAll(/file: (\S+)/g)].map(([, file]) => file);
const titles = [...index.matchAll(/title: (.+)/g)].map(([, title]) => title);

/** What a reader of a lesson does. */
class Reader {
  constructor({ page, app }) {
    Object.assign(this, { page, app });
    this.panel = page.getByTestId("lesson");
  }

  tab(name) {
    return this.page.getByRole("tab", { name, exact: true }).first().click();
  }

  async begin(file) {
    await this.tab("Lessons");
    await this.page.locator(`[data-lesson="${file}"]`).click();
    await this.panel.waitFor();
    return (await this.panel.locator(".dots li").count());
  }

  /** Waits until the step that is shown is done. */
  async done(number) {
    await this.page.locator(`[data-testid=lesson][data-step="${number}"][data-done=true]`).waitFor();
  }

  next() {
    return this.page.getByTestId("next").click();
  }

  // ---- by oneself

  async apply(...changes) {
    await this.tab("Manifest");
    await this.app.typing();
    for (const [from, to] of changes) await this.app.edit(from, to);
    await this.app.apply();
    await this.tab("Lesson");
  }

  async menu(name, item) {
    await this.page.getByRole("button", { name, exact: true }).click();
    await this.page.getByRole("menuitem", { name: item }).first().click();
  }

  node(name, item) {
    return this.menu(`Actions for node ${name}`, item);
  }

  daemonset(item) {
    return this.menu("Actions for DaemonSet agent", item);
  }

  async pod(node, item, wanted = () => true) {
    const pod = (await this.app.map()).find((pod) => pod.node === node && wanted(pod));
    await this.menu(`Actions for pod ${pod.name}`, item);
  }

  async form(label, text, button) {
    const dialog = this.page.getByRole("dialog");
    await dialog.getByLabel(label).fill(text);
    await dialog.getByRole("button", { name: button, exact: true }).click();
    await dialog.waitFor({ state: "detached" });
  }

  async taint(node, taint) {
    await this.node(node, "Taints…");
    await this.form("Add", taint, "Add the taint");
  }

  async selectPod(node, tab) {
    await this.app.pod({ node }).first().locator("button").first().click();
    await this.page.getByTestId("inspector").getByRole("tab", { name: tab }).click();
  }

  async type(line) {
    await this.page.getByRole("tab", { name: "kubectl" }).click();
    await this.page.getByTestId("kubectl-line").fill(line);
    await this.page.getByTestId("kubectl-line").press("Enter");
  }

  async addNode() {
    await this.page.getByTestId("add-node").click();
    await this.page.getByRole("dialog").getByRole("button", { name: "Add", exact: true }).click();
  }
}

/** For each lesson, what is done at each of its steps. */
const byOneself = {
  "walk-through.yaml": [
    (me) => me.apply(),
    (me) => me.app.node("master-1").locator("h3 button").click(),
    (me) => me.selectPod("worker-1", "YAML"),
    (me) => me.apply(["nginx:1.16", "nginx:1.17"]),
    (me) => me.pod("worker-2", "Delete the pod"),
    (me) => me.addNode(),
    (me) => me.page.getByRole("button", { name: "Delete DaemonSet nginx-daemon-set" }).click(),
  ],
  "scheduling.yaml": [
    (me) => me.apply(),
    (me) => me.apply(["    spec:\n      containers:", "    spec:\n      nodeSelector:\n        disk: ssd\n      containers:"]),
    async (me) => {
      await me.node("worker-1", "Labels…");
      await me.form("Change", "disk=ssd", "Change the labels");
    },
    async (me) => {
      const terms = "            nodeSelectorTerms:\n            - matchExpressions:\n              - {key: disk, operator: NotIn, values: [hdd]}";
      await me.apply([
        "      nodeSelector:\n        disk: ssd",
        `      affinity:\n        nodeAffinity:\n          requiredDuringSchedulingIgnoredDuringExecution:\n${terms}`,
      ]);
      await me.app.node("gpu-1").locator("h3 button").click();
    },
    (me) =>
      me.apply([
        "      containers:",
        "      tolerations:\n      - key: dedicated\n        operator: Equal\n        value: gpu\n        effect: NoSchedule\n      containers:",
      ]),
    (me) =>
      me.apply([
        "      containers:",
        "      - key: node-role.kubernetes.io/control-plane\n        operator: Exists\n        effect: NoSchedule\n      containers:",
      ]),
    (me) => me.taint("ssd-2", "dedicated=batch:NoSchedule"),
    (me) => me.taint("ssd-2", "dedicated=batch:NoExecute"),
  ],
  "rolling-updates.yaml": [
    (me) => me.apply(),
    (me) => me.apply(["agent:1.0", "agent:1.1"]),
    (me) => me.apply(["maxUnavailable: 1", "maxUnavailable: 50%"], ["agent:1.1", "agent:1.2"]),
    (me) => me.apply(["maxUnavailable: 50%", "maxUnavailable: 0\n      maxSurge: 2"], ["agent:1.2", "agent:1.3"]),
    (me) => me.apply(["  selector:", "  minReadySeconds: 5\n  selector:"], ["agent:1.3", "agent:1.4"]),
    (me) => me.apply(["agent:1.4", "agent:bad-1.5"]),
    (me) => me.daemonset("Undo the last rollout"),
  ],
  "on-delete.yaml": [
    (me) => me.apply(),
    (me) => me.apply(["agent:1.0", "agent:2.0"]),
    (me) => me.pod("worker-1", "Delete the pod"),
    (me) => me.addNode(),
    (me) => me.apply(["type: OnDelete", "type: RollingUpdate"]),
  ],
  "node-trouble.yaml": [
    async (me) => {
      await me.apply();
      await me.app.pods(3, { phase: "Running" });
      await me.selectPod("worker-1", "YAML");
    },
    (me) => me.node("worker-1", "Report NotReady"),
    (me) => me.node("worker-1", "Report Ready"),
    (me) => me.node("worker-1", /^Kill the kubelet/),
    (me) => me.node("worker-1", "Bring the kubelet back"),
    async (me) => {
      await me.node("worker-2", "Cordon");
      await me.pod("worker-2", "Delete the pod");
    },
    (me) => me.type("kubectl drain worker-3 --ignore-daemonsets"),
    async (me) => {
      await me.node("worker-2", "Uncordon");
      await me.node("worker-3", "Uncordon");
    },
    (me) => me.node("worker-3", "Report disk pressure"),
    (me) => me.node("worker-3", "Remove the node"),
  ],
  "owners.yaml": [
    async (me) => {
      await me.apply();
      await me.app.pods(3, { phase: "Running" });
      await me.selectPod("worker-1", "YAML");
    },
    async (me) => {
      await me.pod("worker-1", "Labels…");
      await me.form("Change", "app=debug", "Change the labels");
    },
    (me) => me.daemonset("Delete it, leave its pods"),
    (me) => me.apply(),
    (me) => me.daemonset("Delete its pods first, then it"),
    (me) => me.pod("worker-1", "Delete the pod"),
  ],
  "history.yaml": [
    async (me) => {
      await me.apply();
      await me.app.pods(3, { phase: "Running" });
      await me.selectPod("worker-1", "YAML");
    },
    (me) => me.apply(["  selector:", "  minReadySeconds: 1\n  selector:"]),
    (me) => me.apply(["agent:1.0", "agent:2.0"]),
    (me) => me.apply(["agent:2.0", "agent:1.0"]),
    (me) => me.daemonset("Restart its pods"),
    (me) => me.type("kubectl rollout undo daemonset agent --to-revision=2"),
    (me) => me.apply(["  minReadySeconds: 1", "  minReadySeconds: 1\n  revisionHistoryLimit: 1"], ["agent:1.0", "agent:3.0"]),
  ],
};

for (const [number, file] of files.entries()) {
  walk(`by oneself: ${titles[number]}`, async ({ page, app }) => {
    const me = new Reader({ page, app });
    const steps = await me.begin(file);
    const acts = byOneself[file];
    assert.equal(acts.length, steps);
    for (const [at, act] of acts.entries()) {
      assert.equal(await me.panel.getAttribute("data-done"), "false", `step ${at + 1} is done before it was done`);
      await act(me);
      await me.done(at + 1);
      if (at + 1 < steps) await me.next();
    }
    await page.getByText("That was the last step").waitFor();
  }, { query: "?speed=max" });

  walk(`do it for me: ${titles[number]}`, async ({ page, app }) => {
    const me = new Reader({ page, app });
    const steps = await me.begin(file);
    for (let at = 1; at <= steps; at++) {
      await page.getByTestId("do-it").click();
      await me.done(at);
      if (at < steps) await me.next();
    }
    // What is finished is marked in the list.
    await page.getByRole("button", { name: "More lessons" }).click();
    await page.locator(`[data-lesson="${file}"]`).getByText("done", { exact: true }).waitFor();
  }, { query: "?speed=max" });
}

for (const viewport of ["desktop", "tablet", "phone"]) {
  for (const theme of ["dark", "light"]) {
    walk(`a lesson fits and passes axe: ${viewport}, ${theme}`, async ({ page, app, shot, axe }) => {
      const me = new Reader({ page, app });
      const phone = viewport === "phone";
      if (phone) await page.locator("nav.bottom").getByRole("button", { name: "YAML" }).click();
      await me.tab("Lessons");
      await page.locator("[data-lesson]").first().waitFor();
      await shot(`lessons-${viewport}-${theme}`);
      await axe();
      await page.locator('[data-lesson="scheduling.yaml"]').click();
      await page.getByTestId("do-it").click();
      await me.done(1);
      await me.next();
      await shot(`lesson-${viewport}-${theme}`);
      await axe();
      const cut = await me.panel.evaluate((element) => {
        const { left, right } = element.getBoundingClientRect();
        const parts = [...element.querySelectorAll("button, p, li")].filter((it) => it.offsetParent);
        return parts.filter((it) => it.getBoundingClientRect().right > right + 1 || it.getBoundingClientRect().left < left - 1).map((it) => it.outerHTML);
      });
      assert.deepEqual(cut, []);
      await me.tab("Manifest");
      await shot(`lesson-strip-${viewport}-${theme}`);
      await axe();
      if (phone) {
        await page.locator("nav.bottom").getByRole("button", { name: "Map" }).click();
        await page.locator("[data-testid=map]").waitFor();
        await page.locator(".ribbon .strip").waitFor();
        await shot(`lesson-map-${theme}`);
        await axe();
      }
    }, { viewport, theme, query: "?speed=max" });
  }
}

for (const viewport of ["desktop", "tablet"]) {
  walk(`a message hides nothing of a lesson: ${viewport}`, async ({ page, app, shot }) => {
    const me = new Reader({ page, app });
    await me.tab("Lessons");
    await page.locator('[data-lesson="scheduling.yaml"]').click();
    await me.panel.waitFor();
    const notice = page.getByTestId("notice");
    const data = await page.evaluateHandle(() => {
      const transfer = new DataTransfer();
      transfer.items.add(new File(["{\"everynode\": 99}"], "run.json"));
      return transfer;
    });
    await page.dispatchEvent("body", "drop", { dataTransfer: data });
    await notice.getByText("newer Everynode").waitFor();
    await shot(`lesson-message-${viewport}`);
    const [below, lesson] = [await notice.boundingBox(), await me.panel.boundingBox()];
    assert.ok(below.height > 20 && below.y >= lesson.y + lesson.height - 1, JSON.stringify([below, lesson]));
  }, { viewport });
}

walk("progress survives a reload, and steps can be gone back", async ({ page, app }) => {
  const me = new Reader({ page, app });
  await me.begin("on-delete.yaml");
  for (const at of [1, 2]) {
    await page.getByTestId("do-it").click();
    await me.done(at);
    await me.next();
  }
  await eventually(async () => assert.ok(await page.evaluate(() => localStorage.getItem("everynode.scenario") ?? "").then((text) => text.includes("agent:2.0"))));
  await page.reload();
  await page.locator('[data-testid=lesson][data-step="3"]').waitFor();
  await app.pods(3, { phase: "Running" });
  await me.panel.getByRole("button", { name: "Back" }).click();
  await page.locator('[data-testid=lesson][data-step="2"][data-done=true]').waitFor();
  await me.next();
  await page.getByTestId("do-it").click();
  await me.done(3);
}, { query: "?speed=max" });

walk("a lesson asks before it replaces the reader's own cluster, and keeps it", async ({ page, app, shot }) => {
  await app.typing();
  await app.apply();
  await app.pods(3, { phase: "Running" });
  await page.getByRole("tab", { name: "Lessons" }).click();
  await page.locator('[data-lesson="scheduling.yaml"]').click();
  await page.getByText("What you have now is kept").waitFor();
  await shot("lesson-asks");
  assert.equal((await app.map()).length, 3);
  await page.getByRole("button", { name: "Begin" }).click();
  await app.node("gpu-1").waitFor();
  await page.getByTestId("scenario").click();
  await page.getByRole("menuitem", { name: /Back to mine/ }).first().click();
  await app.pods(3, { phase: "Running" });
}, { query: "?speed=max" });

walk("in the past a lesson asks before it does something, as everything does", async ({ page, app, shot }) => {
  const me = new Reader({ page, app });
  await me.begin("on-delete.yaml");
  await page.getByTestId("do-it").click();
  await me.done(1);
  await me.next();
  await page.evaluate(() => document.activeElement.blur());
  await page.keyboard.press("Home");
  await eventually(async () => assert.equal((await app.map()).length, 0));
  await page.getByTestId("do-it").click();
  const dialog = page.getByRole("dialog");
  assert.match(await dialog.innerText(), /Do it for me would make another future/);
  await shot("lesson-in-the-past");
  await dialog.getByRole("button", { name: "Cancel" }).click();
  assert.equal((await app.map()).length, 0);
  await page.getByTestId("do-it").click();
  await page.getByTestId("fork").click();
  await eventually(async () => assert.ok((await app.map()).length > 0));
}, { query: "?speed=max" });

walk("a lesson that is left says so, and is gone on with where it was", async ({ page, app, shot, axe }) => {
  const me = new Reader({ page, app });
  await me.begin("on-delete.yaml");
  for (const at of [1, 2]) {
    await page.getByTestId("do-it").click();
    await me.done(at);
    await me.next();
  }
  const left = () => page.getByText(/You left the lesson .*, step 3 of 5/).waitFor();
  const back = async () => {
    await page.locator('[data-testid=lesson][data-step="3"]').waitFor();
    await app.pods(3, { phase: "Running" });
  };
  // By its own button: the cluster stays.
  await page.getByRole("button", { name: "Leave the lesson" }).click();
  await left();
  await shot("lesson-left");
  await axe();
  await app.pods(3, { phase: "Running" });
  await page.getByRole("button", { name: "Back to the lesson" }).click();
  await back();
  // By another cluster; the way back is still there after a reload.
  await page.getByTestId("scenario").click();
  await page.getByRole("menuitem", { name: "nginx walk-through: start again" }).click();
  await left();
  await app.pods(0);
  assert.equal(await page.getByTestId("lesson").count(), 0);
  await eventually(async () => assert.doesNotMatch(await page.evaluate(() => localStorage.getItem("everynode.scenario")), /OnDelete/));
  await page.reload();
  await app.pods(0);
  await page.getByTestId("scenario").click();
  assert.equal(await page.getByRole("menuitem", { name: /Back to the lesson/ }).count(), 1);
  await page.getByRole("menuitem", { name: /Back to the lesson .*, step 3 of 5/ }).click();
  await back();
  // By a link.
  const run = JSON.stringify({ everynode: 1, scenario: { nodes: [[{ name: "other" }, 1]] }, text: "" });
  await page.evaluate((fragment) => void (location.hash = fragment), `#run=${deflateRawSync(Buffer.from(run)).toString("base64url")}`);
  await app.node("other-1").waitFor();
  await left();
  await page.getByRole("button", { name: "Back to the lesson" }).click();
  await back();
  await page.getByTestId("do-it").click();
  await me.done(3);
}, { query: "?speed=max" });

walk("one lesson after the other begins without a question, until the reader goes on by themselves", async ({ page, app }) => {
  const me = new Reader({ page, app });
  await me.begin("on-delete.yaml");
  await page.getByTestId("do-it").click();
  await me.done(1);
  await page.getByRole("button", { name: "Leave the lesson" }).click();
  await me.begin("scheduling.yaml");
  await page.getByRole("button", { name: "Leave the lesson" }).click();
  await me.node("worker-1", "Cordon");
  await page.locator('[data-lesson="history.yaml"]').click();
  await page.getByText("What you have now is kept").waitFor();
}, { query: "?speed=max" });

walk("a lesson is taken by keyboard alone", async ({ page }) => {
  await page.getByRole("tab", { name: "Manifest" }).focus();
  await page.keyboard.press("ArrowRight");
  const entry = page.locator('[data-lesson="on-delete.yaml"]');
  await entry.waitFor();
  await entry.focus();
  await page.keyboard.press("Enter");
  await page.getByTestId("do-it").focus();
  for (const step of [1, 2, 3, 4, 5]) {
    await page.keyboard.press("Enter");
    await page.locator(`[data-testid=lesson][data-step="${step}"][data-done=true]`).waitFor();
    const focused = () => page.evaluate(() => document.activeElement.innerText);
    await eventually(async () => assert.equal(await focused(), step < 5 ? "Next" : "More lessons"));
    if (step === 5) break;
    await page.keyboard.press("Enter");
    await page.locator(`[data-testid=lesson][data-step="${step + 1}"]`).waitFor();
    // The focus is on the new step's text; from there the keys go on to its buttons.
    await eventually(async () => assert.equal(await page.evaluate(() => document.activeElement.getAttribute("aria-label")), "Lesson: Updates on deletion"));
    for (let tabs = 0; tabs < 20 && (await focused()) !== "Do it for me"; tabs++) await page.keyboard.press("Tab");
    assert.equal(await focused(), "Do it for me");
  }
}, { query: "?speed=max" });

const own = `title: Mine
steps:
- title: One
  text: Press **Apply**.
  manifest: |
    apiVersion: apps/v1
    kind: DaemonSet
    metadata: {name: mine}
    spec:
      selector: {matchLabels: {app: mine}}
      template:
        metadata: {labels: {app: mine}}
        spec: {containers: [{name: mine, image: "mine:1"}]}
  do: [apply]
  done:
  - {daemonset: mine, ready: 3}
`;
const serve = (page, text) => page.route("**/mine.yaml", (route) => route.fulfill({ contentType: "text/plain", body: text }));

walk("an author's own lesson is opened by its address", async ({ page, app }) => {
  await serve(page, own);
  await page.goto(`${page.url().split("?")[0]}?lesson=mine.yaml&speed=max`);
  const me = new Reader({ page, app });
  await me.panel.waitFor();
  await page.getByTestId("do-it").click();
  await me.done(1);
});

walk("a wrong lesson is told by line, and one of another host is refused", async ({ page, shot, axe }) => {
  await serve(page, own.replace("  text:", "  txt:").replace("ready: 3", "redy: 3"));
  const address = page.url().split("?")[0];
  await page.goto(`${address}?lesson=mine.yaml`);
  await page.getByText("This lesson cannot be read").waitFor();
  await page.getByText(/Line 4: unknown field txt .*Did you mean `text`\?/).waitFor();
  await page.getByText(/Line 16: unknown field redy .*Did you mean `ready`\?/).waitFor();
  await shot("lesson-wrong");
  await axe();
  await page.goto(`${address}?lesson=https://example.com/lesson.yaml`);
  await page.getByText("only files of this page's own host are read").waitFor();
  await page.getByRole("button", { name: "To the lessons" }).click();
  await page.locator("[data-lesson]").first().waitFor();
});

walk("a new visitor sees what can be tried, and it follows what was done", async ({ page, app, shot, axe }) => {
  const first = page.getByTestId("first-visit");
  await first.waitFor();
  await shot("first-visit");
  const done = () => first.locator("li.done").count();
  const counts = (number) => eventually(async () => assert.equal(await done(), number));
  await counts(0);
  await app.typing();
  await app.apply();
  await app.pods(3, { phase: "Running" });
  await counts(1);
  await app.edit("nginx:1.16", "nginx:1.17");
  await app.apply();
  const [pod] = await app.pods(3, { phase: "Running", revision: "2" });
  await counts(2);
  await page.getByRole("button", { name: `Actions for pod ${pod.name}` }).click();
  await page.getByRole("menuitem", { name: "Delete the pod" }).click();
  await counts(3);
  await app.node("worker-3").locator("h3 button").click();
  await counts(4);
  await first.getByText("That is the idea").waitFor();
  await axe();
  await first.getByRole("button", { name: "lessons" }).click();
  await page.locator("[data-lesson]").first().waitFor();
  await first.getByRole("button", { name: "Hide what to try" }).click();
  await first.waitFor({ state: "detached" });
  await page.reload();
  await app.pods(3, { phase: "Running" });
  assert.equal(await first.count(), 0);
}, { query: "?speed=max" });

walk("help opens on ?, leads to its parts, and passes axe", async ({ page, shot, axe }) => {
  await page.locator("[data-testid=map]").waitFor();
  await page.keyboard.press("?");
  const help = page.getByRole("dialog", { name: "Help" });
  for (const part of ["The map", "Time", "Shortcuts", "What is simulated", "Write a lesson", "Embed"]) {
    await help.getByRole("link", { name: part, exact: true }).click();
    await eventually(async () => assert.match(await page.evaluate(() => document.activeElement.id), /^help-/));
  }
  assert.equal(new URL(page.url()).hash, "");
  await help.getByRole("link", { name: "The map", exact: true }).click();
  await shot("help");
  await axe();
  await page.keyboard.press("Escape");
  await help.waitFor({ state: "detached" });
});
