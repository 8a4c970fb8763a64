// Links and files: what was shared opens as the same run, what is damaged or hostile does no harm, and the reader's own
// work stays within reach.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { deflateRawSync, inflateRawSync } from "node:zlib";
import { eventually } from "./app.mjs";
import { isFirefox } from "./browser.mjs";
import { walk } from "./harness.mjs";

const packed = (text) => `#run=${deflateRawSync(Buffer.from(text)).toString("base64url")}`;
const unpacked = (link) => JSON.parse(inflateRawSync(Buffer.from(link.split("#run=")[1], "base64url")));
const golden = (version) => readFile(fileURLToPath(new URL(`../run_format/${version}.json`, import.meta.url)), "utf8");

/** Opens the dialog, and gives the link and the number of the log. */
async function share(page) {
  await page.getByTestId("share").click();
  const link = await page.getByTestId("link").inputValue();
  const log = await page.getByTestId("log-hash").innerText();
  await page.keyboard.press("Escape");
  return { link, log };
}

async function pause(page) {
  if ((await page.getByTestId("play").getAttribute("data-playing")) === "true") await page.getByTestId("play").click();
}

const notice = (page, pattern) => eventually(async () => assert.match(await page.getByTestId("notice").innerText({ timeout: 1000 }), pattern));
const saved = (page) => page.evaluate(() => ({ ...localStorage }));

/** A link that is opened by its letters alone, as from the address bar. */
const follow = (page, fragment) => page.evaluate((fragment) => void (location.hash = fragment), fragment);

walk("a link opens as the same run in another browser, and goes on as one's own", async ({ page, app, visitor, shot, axe }) => {
  await app.typing();
  await app.apply();
  await app.counts({ ready: 3 });
  await app.edit("nginx:1.16", "nginx:1.17");
  await app.apply();
  await eventually(async () => assert.ok((await app.map()).some((pod) => pod.revision === "2")));
  // In the midst of a rollout, with a text that is not applied.
  await pause(page);
  await app.edit("nginx:1.17", "nginx:1.18");
  const [pod] = await app.map();
  await page.locator(`[data-pod="${pod.name}"] button`).first().click();
  const clock = await page.getByTestId("clock").getAttribute("data-micros");
  await page.getByTestId("share").click();
  await page.getByTestId("link").waitFor();
  await shot("share");
  await axe();
  await page.keyboard.press("Escape");
  const { link, log } = await share(page);
  const map = await app.map();
  assert.doesNotMatch(link.split("#")[0], /\?/);

  const other = await visitor(link);
  await notice(other.page, /act for act/);
  assert.equal(await other.page.evaluate(() => location.hash), "");
  assert.match(await other.app.text(), /nginx:1\.18/);
  assert.deepEqual(await other.app.map(), map);
  assert.equal(await other.page.getByTestId("clock").getAttribute("data-micros"), clock);
  assert.equal((await share(other.page)).log, log);
  assert.match(await other.page.getByTestId("inspector").innerText(), new RegExp(pod.name));

  // Both go on in the same way, and what is done stays over a reload.
  await other.page.getByTestId("play").click();
  await page.getByTestId("play").click();
  const done = { desired: 3, ready: 3, updated: 3 };
  await Promise.all([app.counts(done), other.app.counts(done)]);
  for (const each of [page, other.page]) {
    await eventually(async () => assert.equal(await each.getByTestId("play").getAttribute("data-quiet"), "true"));
  }
  const end = (await share(page)).log;
  assert.equal((await share(other.page)).log, end);
  await eventually(async () => assert.match((await saved(other.page))["everynode.scenario"], /1\.17/));
  await other.page.reload();
  await other.app.counts(done);
  await eventually(async () => assert.equal((await share(other.page)).log, end));
}, { query: "?speed=4" });

walk("a link that shows a moment of the past opens at it", async ({ page, app, visitor }) => {
  await app.typing();
  await app.apply();
  await app.counts({ ready: 3 });
  await eventually(async () => assert.equal(await page.getByTestId("play").getAttribute("data-quiet"), "true"));
  await pause(page);
  await page.getByTestId("to-start").click();
  await page.getByTestId("step").click();
  await page.getByTestId("step").click();
  const map = await app.map();
  const { link, log } = await share(page);
  const other = await visitor(link);
  await notice(other.page, /act for act/);
  await other.page.getByTestId("now").waitFor();
  assert.deepEqual(await other.app.map(), map);
  assert.equal((await share(other.page)).log, log);
}, { query: "?speed=max" });

walk("opening a link loses nothing: back to mine", async ({ page, app }) => {
  await app.typing();
  await app.apply();
  const mine = await app.pods(3, { phase: "Running" });
  await app.edit("nginx:1.16", "nginx:mine");
  await follow(page, packed(await golden("v0")));
  await app.node("worker-4").waitFor();
  await app.pods(4);
  await page.getByTestId("back-to-mine").click();
  await eventually(async () => assert.deepEqual(await app.map(), mine));
  assert.match(await app.text(), /nginx:mine/);
  // Also after the message has gone, and over a reload, from the menu of clusters.
  await follow(page, packed(await golden("v0")));
  await app.pods(4);
  await eventually(async () => assert.match((await saved(page))["everynode.kept"], /nginx:mine/));
  await page.reload();
  await app.pods(4);
  await page.getByTestId("scenario").click();
  await page.getByRole("menuitem", { name: /^Back to mine/ }).first().click();
  await eventually(async () => assert.deepEqual(await app.map(), mine));
  assert.match(await app.text(), /nginx:mine/);
}, { query: "?speed=4" });

// What tests/properties.rs prints of a story that breaks a promise is found again in the page.
walk("a random story that was told natively comes to the same log here", async ({ page, app }) => {
  const lines = (await readFile(fileURLToPath(new URL("../properties_support/lines.txt", import.meta.url)), "utf8")).trim().split("\n");
  assert.equal(lines.length, 3);
  await app.typing();
  for (const line of lines) {
    const [log, fragment] = line.split(" ");
    const { position } = unpacked(fragment);
    await follow(page, fragment);
    await eventually(async () => assert.equal(Number(await page.getByTestId("clock").getAttribute("data-micros")), position.at));
    await notice(page, /act for act/);
    assert.equal(await page.getByTestId("play").getAttribute("data-playing"), "false");
    assert.equal((await share(page)).log, log);
    // Another story's log would not pass for it.
    const other = { ...unpacked(fragment), log: "0123456789abcdef" };
    await follow(page, packed(JSON.stringify(other)));
    await notice(page, /the log is not the same/);
  }
});

walk("links of older versions open, one of a newer version says what it is", async ({ page, app }) => {
  await app.typing();
  await follow(page, packed(await golden("v1")));
  await notice(page, /another version/);
  assert.match(await app.text(), /a: b/);
  await page.getByTestId("back-to-mine").count();
  const newer = (await golden("v1")).replace('"everynode":1', '"everynode":7');
  const before = await app.map();
  await follow(page, packed(newer));
  await notice(page, /cannot be opened.*newer Everynode.*7.*reads up to 1/s);
  assert.deepEqual(await app.map(), before);
});

walk("damaged and hostile links do no harm", async ({ page, app }) => {
  await app.typing();
  await app.apply();
  const pods = await app.pods(3, { phase: "Running" });
  const good = packed(await golden("v0"));
  const random = Buffer.from(Array.from({ length: 3000 }, (_, index) => (index * 7919 + (index >> 3) * 104_729) % 256)).toString("base64url");
  // 400 MB in 400 KB.
  const bomb = await new Promise((resolve) => resolve(deflateRawSync(Buffer.alloc(400 << 20, "a"), { level: 9 }).toString("base64url")));
  const links = [
    ["random bytes", `#run=${random}`, /damaged/],
    ["letters that no link has", "#run=%00<script>", /damaged/],
    ["nothing", "#run=", /damaged|cannot be read/],
    ["half a link", good.slice(0, good.length / 2), /damaged/],
    ["one letter changed", good.slice(0, 200) + (good[200] === "A" ? "B" : "A") + good.slice(201), /cannot be opened/],
    ["a bomb", `#run=${bomb}`, /more than 8 MB/],
    ["another thing", packed('{"kind":"DaemonSet"}'), /no run/],
    ["deep nesting", packed(`{"everynode":1,"scenario":${"[".repeat(100_000)}`), /damaged/],
    ["too many nodes", packed('{"everynode":1,"scenario":{"nodes":[[{"name":"n"},4000000000]]}}'), /4000000000 nodes/],
  ];
  for (const [what, fragment, pattern] of links) {
    await follow(page, fragment);
    await notice(page, pattern).catch((error) => assert.fail(`${what}: ${error.message}`));
    assert.deepEqual(await app.map(), pods, what);
  }
  // Firefox itself refuses so long an address.
  const taken = await page.evaluate(() => {
    try {
      location.hash = `#run=${"A".repeat(10 << 20)}`;
      return true;
    } catch {
      return false;
    }
  });
  if (taken) await notice(page, /too long|damaged/);
  assert.deepEqual(await app.map(), pods);
  assert.match((await saved(page))["everynode.scenario"], /nginx:1\.16/);
}, { query: "?speed=4" });

walk("script in any field of a link stays text", async ({ page, app }) => {
  await app.typing();
  const evil = `<img src=x onerror="window.pwned=1"><script>window.pwned=1</script>`;
  const run = JSON.parse(await golden("v1"));
  const everywhere = (value) =>
    typeof value === "string" ? (/^(?:True|Unknown|Failed|Orphan|[0-9a-f]{16})$/.test(value) ? value : value + evil)
    : Array.isArray(value) ? value.map(everywhere)
    : value && typeof value === "object" ? Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, everywhere(inner)]))
    : value;
  await follow(page, packed(JSON.stringify({ ...run, scenario: everywhere(run.scenario), text: evil, view: everywhere(run.view) })));
  await eventually(async () => assert.match(await app.text(), /onerror/));
  const nodes = [[{ name: evil, labels: { [evil]: evil }, taints: [{ key: evil, value: evil, effect: "NoSchedule" }] }, 2]];
  await follow(page, packed(JSON.stringify({ everynode: 1, scenario: { nodes }, text: evil + evil, view: { selection: `Node//${evil}-1`, speed: evil } })));
  await eventually(async () => assert.ok((await app.text()).includes(evil + evil)));
  await page.getByTestId("scenario").click();
  await page.keyboard.press("Escape");
  assert.equal(await page.evaluate(() => window.pwned), undefined);
  assert.equal(await page.locator("#app img, #app script").count(), 0);
});

walk("a run that takes long is done in portions and can be stopped", async ({ page, app }) => {
  await app.typing();
  const text = "apiVersion: apps/v1\nkind: DaemonSet\nmetadata: {name: a}\nspec:\n  selector: {matchLabels: {a: b}}\n  template:\n    metadata: {labels: {a: b}}\n    spec: {containers: [{name: a, image: 'a:fail'}]}\n";
  const commands = [{ afterSteps: 0, at: 0, command: { apply: { text } } }];
  const endless = { everynode: 1, position: { steps: 1e15, at: 3e14 }, scenario: { nodes: [[{ name: "worker" }, 2000]], commands } };
  await follow(page, packed(JSON.stringify(endless)));
  const opening = page.getByTestId("opening");
  await opening.waitFor();
  await opening.getByRole("button", { name: "Stop here" }).click();
  await opening.waitFor({ state: "detached" });
  await pause(page);
  await app.dense.waitFor();
});

walk("a run is saved to a file, and opened from one by picker and by drop", async ({ page, app, visitor }) => {
  await app.typing();
  await app.apply();
  await app.counts({ ready: 3 });
  await pause(page);
  await page.getByTestId("share").click();
  const log = await page.getByTestId("log-hash").innerText();
  let text = inflateRawSync(Buffer.from((await page.getByTestId("link").inputValue()).split("#run=")[1], "base64url")).toString();
  // With Firefox the tool hears of no download.
  if (!isFirefox) {
    const [download] = await Promise.all([page.waitForEvent("download"), page.getByTestId("save-file").click()]);
    assert.equal(download.suggestedFilename(), "everynode-run.json");
    const file = await readFile(await download.path(), "utf8");
    assert.equal(file, text);
    text = file;
  }
  assert.match(text, /^\{"everynode":1,/);

  const other = await visitor("");
  await other.app.typing();
  await other.page.getByTestId("share").click();
  const [chooser] = await Promise.all([other.page.waitForEvent("filechooser"), other.page.getByTestId("open-file").click()]);
  await chooser.setFiles({ name: "run.json", mimeType: "application/json", buffer: Buffer.from(text) });
  await notice(other.page, /act for act/);
  assert.equal((await share(other.page)).log, log);

  const third = await visitor("");
  await third.app.typing();
  await drop(third.page, [["run.json", text]]);
  await notice(third.page, /act for act/);
  assert.equal((await share(third.page)).log, log);
  // A manifest goes into the editor, several of them together.
  await drop(third.page, [["a.yaml", "kind: A\n"], ["b.yaml", "kind: B\n"]]);
  await eventually(async () => assert.match(await third.app.text(), /kind: A\n+---\n+kind: B/));
  await third.page.getByTestId("back-to-mine").count();
  await drop(third.page, [], "kind: Dropped");
  await eventually(async () => assert.match(await third.app.text(), /kind: Dropped/));
  await drop(third.page, [["bytes.yaml", Buffer.from([0xff, 0xd8, 0xff, 0xe0]).toString("latin1")]]);
  await notice(third.page, /bytes\.yaml is no text/);
  await drop(third.page, [["empty.yaml", ""]]);
  await notice(third.page, /empty\.yaml is empty/);
  assert.match(await third.app.text(), /kind: Dropped/);
  const utf16 = Buffer.from("\ufeffkind: PowerShell\r\n", "utf16le");
  await drop(third.page, [["bytes.yaml", utf16.toString("latin1")]]);
  await eventually(async () => assert.match(await third.app.text(), /kind: PowerShell/));
  await drop(third.page, [["run.json", text.slice(0, 900)]]);
  await notice(third.page, /cannot be opened/);
}, { query: "?speed=max" });

/** Drops files, or a text, on the page's header. */
async function drop(page, files, text = "") {
  await page.evaluate(({ files, text }) => {
    const dataTransfer = new DataTransfer();
    for (const [name, content] of files) {
      const bytes = name.startsWith("bytes") ? Uint8Array.from(content, (letter) => letter.charCodeAt(0)) : content;
      dataTransfer.items.add(new File([bytes], name));
    }
    if (text) dataTransfer.setData("text/plain", text);
    const target = document.querySelector("header");
    for (const name of ["dragenter", "dragover", "drop"]) {
      target.dispatchEvent(new DragEvent(name, { dataTransfer, bubbles: true, cancelable: true }));
    }
  }, { files, text });
}

walk("what a link holds is what was done, no more", async ({ page, app }) => {
  await app.typing();
  await app.apply();
  await app.counts({ ready: 3 });
  const { link } = await share(page);
  const run = unpacked(link);
  assert.deepEqual(Object.keys(run), ["everynode", "log", "position", "scenario", "text", "view"]);
  assert.equal(run.scenario.commands.length, 1);
  assert.ok(link.length < 1500, `${link.length} letters`);
}, { query: "?speed=max" });
