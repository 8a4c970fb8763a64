// What a reader of the page waits for, measured in the installed Chromium on dist/: `cargo xtask bench`.
//
//   core       CPU time of the core at 10 to 5,000 nodes, without the page
//   loading    from navigation (empty cache, fresh profile) to an Apply that works, and to the first pod on the map
//   stalls     the longest task while the page opens with so many nodes, and after Apply
//   import     CPU time and longest task while the output of kubectl of 5,000 nodes and 20,000 pods is read and shown
//   rollout    frames during a rolling update, watched at the speed that the page starts with for some seconds, and
//              run as fast as possible to its end
//   console    the longest task of each kind of typed command, with 1,003 nodes and 3,000 pods
//   sizes      every file of dist/, raw and as compressed by a good host
//
// Prints tables, and writes the same figures to test-output/bench.json. Arguments choose parts; NODES and RUNS choose
// cluster sizes (10,100,1000) and how often loading is measured (7), CONSOLE_NODES and LINES (parted by semicolons) the
// cluster and the commands of the console.

import { mkdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { App } from "./app.mjs";
import { launch } from "./browser.mjs";
import { serveDist } from "./server.mjs";
import { fileSizes, firstPaint, sum } from "./sizes.mjs";

const runs = Number(process.env.RUNS ?? 7);
const sizes = (process.env.NODES ?? "10,100,1000").split(",").map(Number);
const parts = process.argv.length > 2 ? process.argv.slice(2) : ["core", "loading", "stalls", "import", "rollout", "console", "sizes"];
const viewport = { width: 1440, height: 900 };
const watchSeconds = 8;
const giveUpSeconds = 180;

const ms = (number) => (number === undefined ? "-" : Number(number.toFixed(1)));
/** Rows as a plain table, with the names of the first row's fields above. */
function show(title, rows) {
  const names = Object.keys(rows[0]);
  const lines = [names, ...rows.map((row) => names.map((name) => String(row[name] ?? "-")))];
  const widths = names.map((_, column) => Math.max(...lines.map((line) => line[column].length)));
  const isText = (column) => typeof rows[0][names[column]] === "string";
  const pad = (cell, column) => (isText(column) ? cell.padEnd(widths[column]) : cell.padStart(widths[column]));
  console.log(`\n${title}\n`);
  for (const line of lines) console.log(line.map(pad).join("  ").trimEnd());
}

const quantile = (numbers, q) => {
  const sorted = numbers.toSorted ? numbers.toSorted((a, b) => a - b) : [...numbers].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))];
};

/** In the page, from its very start: notes when Apply can be pressed, presses it, and notes the first pod. */
function noteLoading() {
  const notes = (globalThis.notes = {});
  const painted = (then) => requestAnimationFrame(() => setTimeout(then));
  const look = () => {
    const apply = document.querySelector("[data-testid=apply]");
    if (notes.apply === undefined && apply && !apply.disabled) {
      notes.apply = performance.now();
      painted(() => {
        notes.applyPainted = performance.now();
        apply.click();
      });
    }
    if (document.querySelector("[data-pod]")) {
      observer.disconnect();
      painted(() => {
        notes.pod = performance.now();
        notes.paint = performance.getEntriesByName("first-contentful-paint")[0]?.startTime;
        notes.done = true;
      });
    }
  };
  const observer = new MutationObserver(look);
  observer.observe(document, { childList: true, subtree: true, attributes: true, attributeFilter: ["disabled"] });
}

async function loading(browser, url) {
  const all = [];
  for (let run = 0; run < runs; run++) {
    const context = await browser.newContext({ viewport, serviceWorkers: "block" });
    const page = await context.newPage();
    await page.addInitScript(noteLoading);
    await page.goto(url);
    await page.waitForFunction(() => globalThis.notes.done, null, { timeout: giveUpSeconds * 1000 });
    all.push(await page.evaluate(() => globalThis.notes));
    await context.close();
  }
  const row = (name, key) => {
    const numbers = all.map((notes) => notes[key]);
    return { "ms from navigation to": name, median: ms(quantile(numbers, 0.5)), best: ms(Math.min(...numbers)), worst: ms(Math.max(...numbers)) };
  };
  const rows = [
    row("first contentful paint", "paint"),
    row("Apply can be pressed", "apply"),
    row("Apply is painted", "applyPainted"),
    row("first pod on the map (Apply pressed at once)", "pod"),
  ];
  show(`Loading, ${runs} runs, empty cache`, rows);
  return rows;
}

/**
 * In the page: notes the time between frames until the rollout is done or the seconds are over. Looks at the ribbon only
 * now and then, and at nothing else, so as not to be what it measures.
 */
function recordFrames({ nodes, seconds }) {
  const count = (name) => Number(document.querySelector(`[data-testid=ribbon] [data-count=${name}]`)?.textContent);
  return new Promise((resolve) => {
    const frames = [];
    const tasks = [];
    new PerformanceObserver((list) => tasks.push(...list.getEntries().map((entry) => entry.duration))).observe({ type: "longtask" });
    let started = false;
    let idle = 0;
    let last;
    let begun;
    const frame = (now) => {
      begun ??= now;
      if (last !== undefined) frames.push(now - last);
      last = now;
      if (!started || frames.length % 10 === 0) {
        const updated = count("updated");
        const complete = updated === nodes && count("available") === nodes;
        started ||= !complete;
        // A small rollout may have begun and ended between two looks.
        idle = complete ? idle + 1 : 0;
        const done = complete && (started || idle > 120);
        if (done || now - begun > seconds * 1000) {
          // Entries for long tasks come a little later than the tasks.
          return setTimeout(() => resolve({ frames, tasks, done, updated, seconds: (now - begun) / 1000 }), 200);
        }
      }
      requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
  });
}

async function mainThreadSeconds(session) {
  const { metrics } = await session.send("Performance.getMetrics");
  return metrics.find(({ name }) => name === "TaskDuration").value;
}

/**
 * The tasks of the page's main thread while `walk` is done, in milliseconds of the thread's own CPU time: unlike a time
 * on the wall it does not grow with what else the machine has to do.
 */
async function tasksOf(browser, page, walk) {
  await browser.startTracing(page, { categories: ["toplevel", "devtools.timeline", "disabled-by-default-devtools.timeline"] });
  await walk();
  const { traceEvents } = JSON.parse((await browser.stopTracing()).toString());
  const thread = ({ pid, tid }) => `${pid}/${tid}`;
  const mains = new Set(traceEvents.filter((it) => it.name === "thread_name" && it.args.name === "CrRendererMain").map(thread));
  const tasks = traceEvents.filter((it) => it.name === "RunTask" && it.tdur && mains.has(thread(it)));
  return tasks.map((task) => task.tdur / 1000);
}

const longest = (tasks) => tasks.reduce((most, task) => Math.max(most, task), 0);

/** What a reader waits for in one piece: the page with its nodes, and Apply until the first pods run. */
async function stalls(browser, url) {
  const rows = [];
  for (const nodes of [...sizes, 5000]) {
    const context = await browser.newContext({ viewport, serviceWorkers: "block" });
    const page = await context.newPage();
    page.setDefaultTimeout(giveUpSeconds * 1000);
    const app = new App(page);
    const begin = await tasksOf(browser, page, async () => {
      await page.goto(`${url}?nodes=${nodes}`);
      await app.applyButton.waitFor();
      await page.waitForTimeout(2000);
    });
    const apply = await tasksOf(browser, page, async () => {
      await app.applyButton.click();
      await page.waitForTimeout(5000);
    });
    rows.push({ nodes, "opening: longest task, CPU ms": ms(longest(begin)), "Apply and 5 s: longest task, CPU ms": ms(longest(apply)) });
    await context.close();
  }
  show("Stalls", rows);
  return rows;
}

/** What the native benchmark has left in DUMPS, chosen as a file and brought to the map. */
async function imports(browser, url) {
  const rows = [];
  for (const name of ["cluster.yaml", "cluster.json"]) {
    const file = join(process.env.DUMPS, name);
    const context = await browser.newContext({ viewport, serviceWorkers: "block" });
    const page = await context.newPage();
    page.setDefaultTimeout(giveUpSeconds * 1000);
    await page.goto(url);
    await page.getByTestId("import").click();
    const [chooser] = await Promise.all([page.waitForEvent("filechooser"), page.getByRole("button", { name: "Choose a file…" }).click()]);
    const reading = await tasksOf(browser, page, async () => {
      await chooser.setFiles(file);
      await page.getByRole("button", { name: "To the map" }).waitFor();
    });
    const showing = await tasksOf(browser, page, async () => {
      await page.getByRole("button", { name: "To the map" }).click();
      await page.waitForTimeout(2000);
    });
    rows.push({
      file: name,
      MB: ms((await stat(file)).size / 1e6),
      "reading: CPU ms": ms(reading.reduce((sum, task) => sum + task, 0)),
      "longest task": ms(longest(reading)),
      "to the map and 2 s: CPU ms": ms(showing.reduce((sum, task) => sum + task, 0)),
      "longest task there": ms(longest(showing)),
    });
    await context.close();
  }
  show("Import of 5,000 nodes and 20,000 pods", rows);
  return rows;
}

async function rollout(browser, url, nodes, speed) {
  const context = await browser.newContext({ viewport, serviceWorkers: "block" });
  const page = await context.newPage();
  const app = new App(page);
  const session = await context.newCDPSession(page);
  await session.send("Performance.enable");
  await page.goto(`${url}?nodes=${nodes}${speed === "max" ? "&speed=max" : ""}`);

  // Apply, and let every pod become ready.
  await app.applyButton.click();
  const ready = (nodes) => Number(document.querySelector("[data-testid=ribbon] [data-count=available]")?.textContent) === nodes;
  await page.waitForFunction(ready, nodes, { timeout: giveUpSeconds * 1000, polling: 500 });

  await app.edit("nginx:1.16", "nginx:1.17");
  const busy = await mainThreadSeconds(session);
  const recording = page.evaluate(recordFrames, { nodes, seconds: speed === "max" ? giveUpSeconds : watchSeconds });
  await app.apply();
  const { frames, tasks, done, updated, seconds } = await recording;
  const row = {
    nodes,
    speed,
    painter: (await app.dense.count()) > 0 ? "dense" : "cards",
    "frame median ms": ms(quantile(frames, 0.5)),
    "95th": ms(quantile(frames, 0.95)),
    "longest stall": ms(Math.max(...frames)),
    "frames over 50 ms": frames.filter((frame) => frame > 50).length,
    "longest task ms": ms(Math.max(0, ...tasks)),
    frames: frames.length,
    "main thread busy %": Math.round(((await mainThreadSeconds(session)) - busy) / seconds * 100),
    seconds: ms(seconds),
    updated: `${updated}/${nodes}${speed === "max" && !done ? " NOT DONE" : ""}`,
  };
  await context.close();
  return row;
}

async function rollouts(browser, url) {
  const rows = [];
  for (const speed of ["1x", "max"]) {
    for (const nodes of sizes) {
      rows.push(
        await rollout(browser, url, nodes, speed).catch((error) => ({ nodes, speed, updated: `FAILED: ${error.message.split("\n")[0]}` })),
      );
    }
  }
  show(`Frames during a rolling update: ${watchSeconds} s at the page's own speed, and as fast as possible to the end`, rows);
  return rows;
}

/** Lines about very many objects, in the order in which they are typed. `wait` means something from its own beginning on. */
const lines = [
  "get nodes",
  "get pods -o wide",
  "get pods --sort-by=.spec.nodeName",
  "get pods -o yaml",
  "get pods -o json",
  "get pods -o name",
  "get pods -o jsonpath={.items[*].metadata.name}",
  `get pods -o 'jsonpath={range .items[*]}{.metadata.name}{"\\n"}{end}'`,
  "get pods -o jsonpath-as-json={.items[*].metadata.name}",
  "get pods -o yaml --sort-by=.spec.nodeName",
  "get pods -o custom-columns=NAME:.metadata.name,NODE:.spec.nodeName",
  "get pods -l app=nginx --field-selector spec.nodeName=worker-7",
  "get all",
  "get events",
  "events",
  "describe nodes",
  "describe pods",
  "describe ds",
  "wait --for=condition=Ready pods --all",
  "wait --for=jsonpath={.status.phase}=Running pods --all",
  "label nodes --all a=b",
  "annotate pods --all a=b",
  "cordon -l a=b",
  "uncordon -l a=b",
  "taint nodes --all k=v:NoSchedule",
  "taint nodes --all k-",
  "label nodes --all c=d --dry-run=server",
  "apply -f - --dry-run=server",
  "diff -f -",
  "rollout undo ds --dry-run=server",
  "drain -l a=b --ignore-daemonsets",
  "uncordon -l a=b",
  "delete pods --all --wait=false",
  "delete pods --all",
  "delete ds --all",
];

/** Types each line into the console while time goes on, and notes the longest task until it is answered. */
async function consoleTasks(browser, url) {
  const context = await browser.newContext({ viewport, serviceWorkers: "block" });
  const page = await context.newPage();
  page.setDefaultTimeout(giveUpSeconds * 1000);
  const app = new App(page);
  const nodes = Number(process.env.CONSOLE_NODES ?? 1000);
  await page.goto(`${url}?nodes=${nodes}&speed=max`);
  for (const name of ["a", "b", "c"]) {
    const text = await app.text();
    await app.write(text.replace(/^  name: .*$/m, `  name: ${name}`).replace(/app: \w+/g, `app: ${name}`));
    await app.apply();
  }
  const ready = (nodes) =>
    ["a", "b", "c"].every((name) => Number(document.querySelector(`[data-testid=ribbon] [data-daemonset=${name}] [data-count=available]`)?.textContent) === nodes);
  await page.waitForFunction(ready, nodes, { polling: 500 });
  await page.getByRole("tab", { name: "kubectl" }).click();
  const line = page.getByTestId("kubectl-line");
  const rows = [];
  for (const text of (process.env.LINES?.split(";") ?? lines)) {
    await page.waitForTimeout(1000);
    const begun = performance.now();
    const tasks = await tasksOf(browser, page, async () => {
      await line.fill(`kubectl ${text}`);
      await line.press("Enter");
      const answered = (text) => {
        const last = [...document.querySelectorAll(".answer")].at(-1);
        return last?.querySelector("code")?.textContent === text && last.dataset.exit !== undefined;
      };
      await page.waitForFunction(answered, `kubectl ${text}`, { polling: 200 });
      await page.waitForTimeout(300);
    });
    const exit = await page.locator(".answer").last().getAttribute("data-exit");
    rows.push({
      line: text,
      "longest task, CPU ms": ms(longest(tasks)),
      "over 50 ms": tasks.filter((task) => task > 50).length,
      "all, CPU ms": ms(tasks.reduce((sum, task) => sum + task, 0)),
      seconds: ms((performance.now() - begun) / 1000),
      exit: Number(exit),
    });
    if (process.env.VERBOSE) console.log(JSON.stringify(rows.at(-1)));
  }
  await context.close();
  show(`Typed commands, ${nodes + 3} nodes and ${nodes * 3} pods`, rows);
  return rows;
}

/** The core as the page has it, without the page: examples/bench.rs, which `cargo xtask bench` builds into CORE. */
async function core(browser) {
  const host = await serveDist({ folder: process.env.CORE });
  try {
    const page = await browser.newPage();
    await page.goto(host.url);
    await page.waitForFunction(() => document.documentElement.dataset.bench, null, { timeout: giveUpSeconds * 1000, polling: 500 });
    const lines = (await page.evaluate(() => document.documentElement.dataset.bench)).split("\n");
    console.log(`\nCPU time of the core in the browser\n\n${lines.join("\n")}`);
    return lines.filter((line) => line.startsWith("{")).map((line) => JSON.parse(line));
  } finally {
    await host.close();
  }
}

async function sizesOfFiles() {
  const rows = await fileSizes();
  rows.push(sum("first paint with a working Apply", firstPaint(rows)), sum("all", rows));
  show("Bytes of dist/", rows);
  return rows;
}

const figures = {};
if (["core", "loading", "stalls", "import", "rollout", "console"].some((part) => parts.includes(part))) {
  const [browser, host] = await Promise.all([launch(), serveDist()]);
  try {
    if (parts.includes("core") && process.env.CORE) figures.core = await core(browser);
    if (parts.includes("loading")) figures.loading = await loading(browser, host.url);
    if (parts.includes("stalls")) figures.stalls = await stalls(browser, host.url);
    if (parts.includes("import") && process.env.DUMPS) figures.import = await imports(browser, host.url);
    if (parts.includes("console")) figures.console = await consoleTasks(browser, host.url);
    if (parts.includes("rollout")) figures.rollout = await rollouts(browser, host.url);
  } finally {
    await browser.close();
    await host.close();
  }
}
if (parts.includes("sizes")) figures.sizes = await sizesOfFiles();

const output = fileURLToPath(new URL("../../test-output", import.meta.url));
await mkdir(output, { recursive: true });
await writeFile(join(output, "bench.json"), `${JSON.stringify(figures, null, 2)}\n`);
