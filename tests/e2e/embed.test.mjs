// Figures in other pages: the example article, the parts of a figure, and whom it listens to.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { eventually } from "./app.mjs";
import { walk } from "./harness.mjs";

const article = { path: "embed-example.html" };
const frame = (page, id) => page.frameLocator(`#${id}`);
const pods = (figure) => figure.locator("[data-pod]").evaluateAll((all) => all.map(({ dataset: { node, phase, revision } }) => `${node} ${phase} ${revision}`).sort());
const running = (revision) => ["worker-1", "worker-2", "worker-3"].map((node) => `${node} Running ${revision}`);

walk("an article shows three live figures and talks with them", async ({ page, shot, axe }) => {
  const [first, second, third] = ["first", "second", "third"].map((id) => frame(page, id));
  await first.locator('[data-node-card="control-plane-1"]').waitFor();
  assert.deepEqual(await pods(first), []);
  await page.getByRole("button", { name: "Apply one" }).click();
  await eventually(async () => assert.deepEqual(await pods(first), running("1")));
  await eventually(async () => assert.match(await page.locator("#first-told").innerText(), /after \d+\.\d simulated seconds/));

  await page.getByRole("button", { name: "after", exact: true }).click();
  await eventually(async () => assert.deepEqual(await pods(second), running("2")));
  await page.getByRole("button", { name: "before", exact: true }).click();
  await eventually(async () => assert.deepEqual(await pods(second), running("1")));
  await page.getByRole("button", { name: "in the midst of it" }).click();
  await eventually(async () => {
    const revisions = (await pods(second)).map((pod) => pod.split(" ")[2]);
    assert.ok(revisions.includes("1") && revisions.includes("2"), revisions.join());
  });
  await page.getByRole("button", { name: "let it play" }).click();
  await eventually(async () => assert.deepEqual(await pods(second), running("2")));

  assert.equal(await page.locator("#count").innerText(), "0");
  await third.getByTestId("editor").locator(".cm-content").waitFor();
  await third.getByTestId("apply").click();
  await eventually(async () => assert.deepEqual(await pods(third), running("1")));
  await eventually(async () => assert.ok(Number(await page.locator("#count").innerText()) >= 3));
  // The figures are of their own: the first has not changed with the third, and none has left anything.
  assert.deepEqual(await pods(first), running("1"));
  assert.deepEqual(await page.evaluate(() => Object.keys(localStorage)), []);
  await shot("embed-example");
  await axe();
}, article);

walk("figures follow their article's theme", async ({ page, shot }) => {
  const theme = (id) => frame(page, id).locator("html").getAttribute("data-theme");
  await frame(page, "third").getByTestId("apply").waitFor();
  for (const id of ["first", "second", "third"]) assert.equal(await theme(id), "light");
  await page.getByRole("button", { name: "Light or dark" }).click();
  for (const id of ["first", "second", "third"]) await eventually(async () => assert.equal(await theme(id), "dark"));
  await page.emulateMedia({ colorScheme: "dark" });
  await shot("embed-example-dark");
}, { ...article, theme: "light" });

walk("an article fits a phone, and so do its figures", async ({ page, shot }) => {
  await frame(page, "third").getByTestId("apply").waitFor();
  for (const id of ["first", "second", "third"]) {
    const sideways = await frame(page, id).locator("html").evaluate((root) => root.scrollWidth - root.clientWidth);
    assert.ok(sideways <= 0, `${id} scrolls sideways by ${sideways} px`);
  }
  assert.ok((await page.evaluate(() => document.scrollingElement.scrollWidth - innerWidth)) <= 0);
  await page.locator("#third").scrollIntoViewIfNeeded();
  await shot("embed-example-phone");
}, { ...article, viewport: "phone" });

walk("a figure shows the map and what its address names, at any size", async ({ page, shot, axe }) => {
  const parts = { editor: ".left", timeline: "section.time", log: ".log-panel", why: "[data-testid=inspector]" };
  for (const wanted of [[], ["timeline"], ["editor"], ["log", "why"], ["editor", "timeline", "log", "why"]]) {
    await page.goto(new URL(`?embed${wanted.map((part) => `&${part}`).join("")}`, page.url()).href);
    await page.locator("[data-node-card]").first().waitFor();
    assert.equal(await page.locator("header.top, nav.bottom").count(), 0);
    for (const [part, selector] of Object.entries(parts)) {
      assert.equal(await page.locator(selector).isVisible(), wanted.includes(part), `${part} of ${wanted}`);
    }
    const small = wanted.length < 2 && wanted[0] !== "editor" ? [320, 260] : [390, 800];
    for (const [width, height] of [[1200, 700], [760, 480], [390, 720], small]) {
      await page.setViewportSize({ width, height });
      const sideways = await page.evaluate(() => document.scrollingElement.scrollWidth - innerWidth);
      assert.ok(sideways <= 0, `${wanted} at ${width}x${height} scrolls sideways by ${sideways} px`);
      const below = await page.evaluate(() => document.scrollingElement.scrollHeight - innerHeight);
      assert.ok(below <= 0, `${wanted} at ${width}x${height} goes on for ${below} px below its frame`);
      const last = wanted.at(-1) === "timeline" ? parts.timeline : wanted.length === 0 ? ".stage" : "main";
      const { y, height: tall } = await page.locator(last).boundingBox();
      assert.ok(Math.abs(y + tall - height) <= 1, `${wanted} at ${width}x${height}: ${last} ends at ${y + tall}`);
      const map = await page.locator(".stage").boundingBox();
      assert.ok(map.height > 100 && map.width > 190, `${wanted} at ${width}x${height}: ${JSON.stringify(map)}`);
      await shot(`embed-${wanted.join("-") || "map"}-${width}`);
    }
    await axe();
  }
}, { query: "?embed" });

walk("a figure may have the console, or a lesson, and no other tab beside them", async ({ page, shot, axe }) => {
  const tabs = () => page.getByRole("tab").filter({ visible: true }).allInnerTexts();
  assert.deepEqual(await tabs(), ["kubectl"]);
  const line = page.getByRole("textbox");
  await line.fill("kubectl get nodes");
  await line.press("Enter");
  await page.locator(".log-panel").getByText(/worker-3\s+Ready/).waitFor();
  await shot("embed-console");
  await axe();
  await page.goto(new URL("?embed&lesson=lessons/walk-through.yaml", page.url()).href);
  await page.locator(".lesson").waitFor();
  assert.deepEqual(await tabs(), ["Lesson"]);
  await shot("embed-lesson");
  await axe();
}, { query: "?embed&console" });

walk("a figure of a link shows the link's run and no other before", async ({ page, app, visitor }) => {
  await app.typing();
  await app.write((await app.text()).replaceAll("nginx-daemon-set", "shared"));
  await app.apply();
  await app.counts({ ready: 3 });
  await page.getByTestId("share").click();
  const src = /src="([^"]+)"/.exec(await page.getByTestId("embed-code").inputValue())[1];
  const { page: figure } = await visitor(src);
  await figure.getByTestId("ribbon").locator("[data-daemonset=shared]").waitFor();
  assert.equal(await figure.locator("[data-pod]").count(), 3);
  // It stays a figure of that run when it is loaded anew, and leads to the whole page with it.
  await figure.reload();
  await figure.getByTestId("ribbon").locator("[data-daemonset=shared]").waitFor();
  const link = await figure.getByRole("link", { name: /Everynode/ }).getAttribute("href");
  assert.equal(link, src.replace("?embed&timeline", ""));
}, { query: "?speed=max" });

walk("a figure leaves the reader's own work alone", async ({ page, app }) => {
  await app.typing();
  await app.write("# mine\n");
  await eventually(async () => assert.match(await page.evaluate(() => localStorage.getItem("everynode.text")), /mine/));
  const before = await page.evaluate(() => JSON.stringify(localStorage));
  await page.goto(new URL("?embed&editor&timeline&speed=max", page.url()).href);
  await app.typing();
  assert.doesNotMatch(await app.text(), /mine/);
  await app.apply();
  await app.pods(3, { phase: "Running" });
  await eventually(async () => assert.equal(await page.getByTestId("play").getAttribute("data-quiet"), "true"));
  assert.equal(await page.evaluate(() => JSON.stringify(localStorage)), before);
});

/** A page on another port, so of another origin, with a figure that is told to listen to `named`. */
async function stranger(page, host, named) {
  const server = createServer((_, response) => response.writeHead(200, { "content-type": "text/html" }).end("<!doctype html><link rel=icon href='data:,'><body></body>"));
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const origin = `http://127.0.0.1:${server.address().port}`;
  await page.goto(origin);
  await page.evaluate(({ src }) => {
    globalThis.heard = [];
    addEventListener("message", (event) => globalThis.heard.push({ origin: event.origin, data: event.data }));
    const frame = document.createElement("iframe");
    frame.src = src;
    frame.width = 800;
    frame.height = 500;
    document.body.append(frame);
  }, { src: `${host.url}?embed&timeline${named === undefined ? "" : `&host=${encodeURIComponent(named ?? origin)}`}` });
  await page.frameLocator("iframe").locator("[data-node-card]").first().waitFor();
  return { origin, close: () => new Promise((resolve) => server.close(resolve) && server.closeAllConnections()) };
}

const manifest = "apiVersion: apps/v1\nkind: DaemonSet\nmetadata: {name: a}\nspec:\n  selector: {matchLabels: {a: b}}\n  template:\n    metadata: {labels: {a: b}}\n    spec: {containers: [{name: a, image: 'a:1'}]}\n";
const say = (page, message) => page.evaluate((message) => document.querySelector("iframe").contentWindow.postMessage(message, "*"), message);
const heard = (page) => page.evaluate(() => globalThis.heard);

walk("a figure talks with the page that its address names, and checks all it hears", async ({ page, host }) => {
  const at = await stranger(page, host, null);
  try {
    await eventually(async () => assert.deepEqual((await heard(page)).map(({ data }) => data), [{ everynode: 1, event: "ready" }]));
    const bad = [
      [{ everynode: 1, id: 1, do: "explode" }, /explode/],
      [{ everynode: 1, id: 2, do: "apply", text: 7 }, /`text`/],
      [{ everynode: 1, id: 3, do: "apply", text: "kind: [" }, /./],
      [{ everynode: 1, id: 4, do: "seek", at: "soon" }, /`at`/],
      [{ everynode: 1, id: 5, do: "load", run: { everynode: 1, scenario: { nodes: [[{ name: "n" }, 4e9]] } } }, /4000000000 nodes/],
      [{ everynode: 1, id: 6, do: "load", run: "x".repeat(9 << 20) }, /no run/],
      [{ everynode: 3, id: 7, do: "play" }, /must be 1/],
    ];
    for (const [message, reason] of bad) {
      await say(page, message);
      await eventually(async () => {
        const answer = (await heard(page)).map(({ data }) => data).find(({ id }) => id === message.id);
        assert.equal(answer?.event, "refused");
        assert.match(answer.reason, reason);
      });
    }
    for (const foreign of [null, 7, "play", [], {}, { do: "play" }, { setImmediate: "x" }]) await say(page, foreign);
    await say(page, { everynode: 1, id: "a", do: "speed", speed: "max" });
    await say(page, { everynode: 1, id: "b", do: "apply", text: manifest });
    const figure = page.frameLocator("iframe");
    await eventually(async () => assert.equal((await pods(figure)).length, 3));
    await eventually(async () => {
      const events = (await heard(page)).map(({ data }) => data);
      assert.ok(events.some(({ event, id }) => event === "done" && id === "b"));
      const acts = events.filter(({ event }) => event === "acts").flatMap(({ acts }) => acts);
      const creates = acts.filter(({ actor, verb }) => actor === "daemonset-controller" && verb === "Create");
      assert.equal(creates.length, 4, JSON.stringify(acts));
      assert.match(creates.at(-1).reason, /should run a and has no pod/);
      assert.ok(events.some(({ event, at }) => event === "settled" && at > 0));
    });
    assert.ok((await heard(page)).every(({ origin }) => host.url.startsWith(origin)));
    // A request from elsewhere in the same browser: not the page around, though of the right origin.
    await figure.locator("body").evaluate((body, origin) => {
      const message = { everynode: 1, id: "inside", do: "apply", text: "kind: [" };
      body.ownerDocument.defaultView.dispatchEvent(new MessageEvent("message", { data: message, origin }));
    }, at.origin);
    await say(page, { everynode: 1, id: "last", do: "pause" });
    await eventually(async () => assert.ok((await heard(page)).some(({ data }) => data.id === "last")));
    assert.ok(!(await heard(page)).some(({ data }) => data.id === "inside"));
  } finally {
    await at.close();
  }
}, { allow: [/asks another host/, /^400|^404/] });

for (const [what, named] of [
  ["that names another origin", "https://example.org"],
  ["that names no origin", undefined],
  ["that names every origin", "*"],
]) {
  walk(`a figure ${what} neither listens nor tells`, async ({ page, host }) => {
    const at = await stranger(page, host, named);
    try {
      await say(page, { everynode: 1, id: 1, do: "apply", text: manifest });
      // By the time that it has done what its own button says, it would have heard.
      const figure = page.frameLocator("iframe");
      await figure.getByTestId("play").click();
      await eventually(async () => assert.equal(await figure.getByTestId("play").getAttribute("data-playing"), "false"));
      assert.deepEqual(await pods(figure), []);
      assert.deepEqual(await heard(page), []);
    } finally {
      await at.close();
    }
  }, { allow: [/asks another host/] });
}
