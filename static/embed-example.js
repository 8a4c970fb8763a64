// An article with three figures. The protocol is described in the help of Everynode, under "Embed".
"use strict";

const origin = location.origin; // Where the figures come from: here they are on this article's own host.
const MANIFEST = `apiVersion: apps/v1
kind: DaemonSet
metadata:
  name: log-agent
spec:
  selector:
    matchLabels:
      app: log-agent
  template:
    metadata:
      labels:
        app: log-agent
    spec:
      containers:
      - name: agent
        image: log-agent:1.0
`;
const taint = { key: "node-role.kubernetes.io/control-plane", effect: "NoSchedule" };
const nodes = [
  [{ name: "control-plane", labels: { [taint.key]: "" }, taints: [taint] }, 1],
  [{ name: "worker" }, 3],
];

/** A run, as "Save this run" writes it; commands are given at their second. */
function run(text, commands) {
  const given = commands.map(([second, command]) => ({ afterSteps: 1e9, at: second * 1e6, command }));
  const end = Math.max(0, ...commands.map(([second]) => second));
  return { everynode: 1, scenario: { seed: 7, nodes, commands: given }, position: { steps: 1e9, at: end * 1e6 }, text };
}

/** A figure in a frame: `say` gives a promise of what became of the request, `on` is called with each event. */
function figure(id, parts, on) {
  const frame = document.getElementById(id);
  const waiting = new Map();
  let ready;
  const isReady = new Promise((resolve) => (ready = resolve));
  addEventListener("message", ({ source, origin: from, data }) => {
    if (source !== frame.contentWindow || from !== origin || data.everynode !== 1) return;
    if (data.event === "ready") ready();
    waiting.get(data.id)?.(data);
    waiting.delete(data.id);
    on?.(data);
  });
  frame.src = `./?embed${parts.map((part) => `&${part}`).join("")}&host=${encodeURIComponent(location.origin)}`;
  const say = async (message) => {
    await isReady;
    return new Promise((resolve) => {
      const id = crypto.randomUUID?.() ?? String(Math.random());
      waiting.set(id, resolve);
      frame.contentWindow.postMessage({ everynode: 1, id, ...message }, origin);
    });
  };
  return { say };
}

const show = (id, text) => (document.getElementById(id).textContent = text);
const press = (id, act) => document.getElementById(id).addEventListener("click", act);

const first = figure("first", [], ({ event, at }) => {
  if (event === "settled") show("first-told", `All is as it should be after ${at.toFixed(1)} simulated seconds.`);
});
first.say({ do: "load", run: run(MANIFEST, []) });
press("start", () => first.say({ do: "apply", text: MANIFEST }));

const second = figure("second", ["timeline"], ({ event, acts }) => {
  if (event === "acts") show("second-told", `${acts.at(-1).actor}: ${acts.at(-1).verb} ${acts.at(-1).object}`);
});
const update = MANIFEST.replace("1.0", "1.1");
second.say({ do: "load", run: run(update, [[0, { apply: { text: MANIFEST } }], [8, { apply: { text: update } }], [20, { cordon: { name: "worker-3", on: true } }]]) });
second.say({ do: "pause" });
for (const [id, at] of [["before", 7.9], ["during", 9.6], ["after", 19.9]]) {
  press(id, async () => {
    await second.say({ do: "pause" });
    second.say({ do: "seek", at });
  });
}
press("play", async () => {
  await second.say({ do: "seek", at: 7.9 });
  second.say({ do: "play" });
});

let count = 0;
const third = figure("third", ["editor", "timeline"], ({ event, acts, more }) => {
  if (event === "acts") show("count", (count += acts.filter(({ actor }) => actor === "daemonset-controller").length + more));
});
third.say({ do: "load", run: run(MANIFEST, []) });

press("theme", () => {
  const root = document.documentElement;
  const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = dark ? "light" : "dark";
  for (const each of [first, second, third]) each.say({ do: "theme", theme: root.dataset.theme });
});
