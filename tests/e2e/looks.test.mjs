// How the page looks and handles: every size, both themes, the keyboard, less motion.

import assert from "node:assert/strict";
import { eventually } from "./app.mjs";
import { walk } from "./harness.mjs";

for (const viewport of ["desktop", "tablet", "phone"]) {
  for (const theme of ["dark", "light"]) {
    walk(`nothing is cut off, overlaps or fails axe: ${viewport}, ${theme}`, async ({ page, app, shot, axe }) => {
      const tab = async (name) => viewport === "phone" && page.locator("nav.bottom").getByRole("button", { name }).click();
      if (viewport === "phone") await tab("YAML");
      await app.applyButton.click();
      await tab("Map");
      await app.pods(3, { phase: "Running" });
      await shot(`${viewport}-${theme}`);
      await axe();
      for (const panel of viewport === "phone" ? ["YAML", "Activity", "Why"] : []) {
        await tab(panel);
        await shot(`${viewport}-${theme}-${panel.toLowerCase()}`);
        await axe();
      }
      await tab("Map");
      const sideways = await page.evaluate(() => document.scrollingElement.scrollWidth - innerWidth);
      assert.ok(sideways <= 0, `the page scrolls sideways by ${sideways} px`);
      const boxes = await page.locator("main > *:visible, header:visible").evaluateAll((elements) =>
        elements.map((element) => ({ name: element.className || element.tagName, box: element.getBoundingClientRect().toJSON() })),
      );
      for (const [index, a] of boxes.entries()) {
        for (const b of boxes.slice(index + 1)) {
          const width = Math.min(a.box.right, b.box.right) - Math.max(a.box.left, b.box.left);
          const height = Math.min(a.box.bottom, b.box.bottom) - Math.max(a.box.top, b.box.top);
          assert.ok(width <= 1 || height <= 1, `${a.name} overlaps ${b.name}`);
        }
      }
      await page.getByTestId("add-node").click();
      await shot(`${viewport}-${theme}-dialog`);
      await axe();
      await page.keyboard.press("Escape");
      await page.getByRole("button", { name: "Actions for node worker-1" }).click();
      await shot(`${viewport}-${theme}-menu`);
      await axe();
    }, { viewport, theme, query: "?speed=8" });
  }
}

/** Whether an element is seen whole: nothing cuts it off and nothing lies over it. */
const inSight = (locator) => locator.evaluate((element) => {
  const box = element.getBoundingClientRect();
  const points = [[box.left + 8, box.top + 8], [box.right - 8, box.top + 8], [box.left + 8, box.bottom - 4], [box.right - 8, box.bottom - 4]];
  return points.every(([x, y]) => element.contains(document.elementFromPoint(x, y)));
});

for (const theme of ["dark", "light"]) {
  walk(`an open timeline leaves all nodes of the walk-through in sight: tablet, ${theme}`, async ({ page, app, shot, axe }) => {
    await app.typing();
    await app.apply();
    await app.pods(3, { phase: "Running" });
    await page.getByTestId("timeline-toggle").click();
    await page.getByTestId("plot").waitFor();
    await page.getByTestId("notice").locator(".notice").waitFor({ state: "detached" });
    for (const name of ["master-1", "master-2", "master-3", "worker-1", "worker-2", "worker-3"]) {
      await eventually(async () => assert.ok(await inSight(app.node(name)), `${name} is in sight`));
    }
    for (const part of ["plot", "summary", "as-table", "save-png", "branch-here", "play"]) {
      assert.ok(await inSight(page.getByTestId(part)), `${part} is in sight`);
    }
    // Below it the log shows whole rows, the newest last.
    const log = page.getByTestId("log");
    await eventually(async () => assert.equal(await log.evaluate((it) => it.scrollHeight - it.scrollTop - it.clientHeight), 0));
    assert.equal(await log.evaluate((it) => it.clientHeight % it.querySelector("[data-seq]").offsetHeight), 0);
    await shot(`tablet-timeline-${theme}`);
    await axe();
  }, { viewport: "tablet", theme, query: "?speed=8" });
}

walk("on a phone a message lies over nothing, and goes by itself", async ({ page, app, shot }) => {
  await page.locator("nav.bottom").getByRole("button", { name: "YAML" }).click();
  await app.applyButton.click();
  await page.locator("nav.bottom").getByRole("button", { name: "Map" }).click();
  const message = page.getByTestId("notice").locator(".notice");
  await message.getByText("created").waitFor();
  await shot("phone-message");
  const box = (selector) => page.locator(selector).first().evaluate((element) => element.getBoundingClientRect().toJSON());
  const said = await box(".notice");
  for (const part of ["main", "nav.bottom"]) {
    const other = await box(part);
    assert.ok(other.bottom <= said.top + 1 || other.top >= said.bottom - 1, `the message lies over ${part}`);
  }
  await message.waitFor({ state: "detached" });
}, { viewport: "phone" });

walk("the keyboard reaches everything", async ({ page, app }) => {
  await app.typing();
  await app.editor.locator(".cm-content").focus();
  await page.keyboard.press("ControlOrMeta+Enter");
  const [pod] = await app.pods(3, { phase: "Running" });
  const menu = page.getByRole("button", { name: `Actions for pod ${pod.name}` });
  await menu.focus();
  await page.keyboard.press("Enter");
  assert.equal(await page.evaluate(() => document.activeElement.getAttribute("role")), "menuitem");
  await page.keyboard.press("Escape");
  assert.equal(await page.evaluate(() => document.activeElement.getAttribute("aria-label")), `Actions for pod ${pod.name}`);
  await page.keyboard.press("Enter");
  const focused = () => page.evaluate(() => document.activeElement.ariaLabel);
  for (let step = 0; step < 20 && (await focused()) !== "Delete the pod"; step++) await page.keyboard.press("ArrowDown");
  assert.equal(await focused(), "Delete the pod");
  await page.keyboard.press("Enter");
  await eventually(async () => assert.ok(!(await app.map()).some(({ name }) => name === pod.name)));
  await app.pods(3, { phase: "Running" });
  // Tab comes past every button that can be seen.
  const missed = await page.evaluate(() => {
    const buttons = [...document.querySelectorAll("button, select, input, textarea, [role=slider]")];
    return buttons.filter((it) => it.offsetParent && !it.disabled && it.tabIndex < 0 && !it.closest("[role=tablist]")).map((it) => it.outerHTML.slice(0, 120));
  });
  assert.deepEqual(missed, []);
  const names = await page.evaluate(() =>
    [...document.querySelectorAll("button")].filter((it) => it.offsetParent && !(it.innerText.trim() || it.ariaLabel || it.title)).map((it) => it.outerHTML),
  );
  assert.deepEqual(names, []);
}, { query: "?speed=8" });

walk("acts are announced, logged with their reasons, and select what they are about", async ({ page, app }) => {
  await app.typing();
  await app.apply();
  const [pod] = await app.pods(3, { phase: "Running" });
  await eventually(async () => assert.match(await page.getByTestId("live").innerText(), /\w/));
  const log = page.getByTestId("log");
  await log.getByText(`${pod.name} on ${pod.node}`).first().click();
  const inspector = page.getByTestId("inspector");
  assert.match(await inspector.innerText(), new RegExp(pod.name));
  await inspector.getByRole("tab", { name: "YAML" }).click();
  const yaml = await inspector.innerText();
  for (const part of [/generateName: nginx-daemon-set-/, /controller-revision-hash: 5f45544cb4/, /pod-template-generation: "1"/, /blockOwnerDeletion: true/, /matchFields:/, /podIP: 10\.42\./]) {
    assert.match(yaml, part);
  }
}, { query: "?speed=4" });

walk("time is paused, stepped and sped up", async ({ page, app }) => {
  await app.typing();
  await page.getByTestId("play").click();
  await app.apply();
  const clock = () => page.getByTestId("clock").getAttribute("data-micros").then(Number);
  const stopped = await clock();
  assert.equal((await app.map()).length, 0);
  for (let act = 0; act < 4; act++) await page.getByTestId("step").click();
  await eventually(async () => assert.ok((await app.map()).length > 0));
  assert.ok((await clock()) > stopped);
  await page.getByTestId("speed").selectOption({ label: "as fast as possible" });
  await page.getByTestId("play").click();
  await app.pods(3, { phase: "Running" });
});

walk("several DaemonSets differ in letter and colour", async ({ page, app, shot }) => {
  await app.typing();
  const text = await app.text();
  await app.apply();
  await app.write(text.replaceAll("nginx-daemon-set", "second").replaceAll("app: nginx", "app: second"));
  await app.apply();
  await app.pods(6, { phase: "Running" });
  const marks = await page.locator("[data-testid=ribbon] [data-daemonset]").evaluateAll((rows) => rows.map((row) => row.innerText.trim()[0]));
  assert.equal(new Set(marks).size, 2);
  await shot("two-daemonsets");
}, { query: "?speed=8" });

for (const motion of [true, false]) {
  walk(motion ? "pods fly" : "less motion is respected: nothing flies", async ({ page, app }) => {
    // Whatever is drawn over the map while all of it happens.
    await page.evaluate(() => {
      globalThis.drawn = 0;
      for (const name of ["fill", "stroke", "fillText", "drawImage"]) {
        const draw = CanvasRenderingContext2D.prototype[name];
        CanvasRenderingContext2D.prototype[name] = function (...values) {
          if (this.canvas.classList.contains("overlay")) globalThis.drawn += 1;
          return draw.apply(this, values);
        };
      }
    });
    await app.typing();
    await app.apply();
    await app.pods(3, { phase: "Running" });
    await page.getByRole("button", { name: "Delete DaemonSet nginx-daemon-set" }).click();
    await app.pods(0);
    const drawn = await page.evaluate(() => globalThis.drawn);
    assert.equal(drawn > 0, motion, `${drawn} strokes`);
    assert.equal(await page.evaluate(() => document.getAnimations().filter((it) => it.playState === "running").length > 0 && !matchMedia("(prefers-reduced-motion: no-preference)").matches), false);
  }, { motion, query: "?speed=4" });
}

walk("a thousand nodes are a map of cells", async ({ page, app, shot, axe }) => {
  await app.dense.waitFor();
  assert.equal(await app.dense.getAttribute("data-node-count"), "203");
  const legend = app.dense.locator("[data-look=none]");
  // Without a DaemonSet there is nothing for which a node could be eligible.
  await eventually(async () => assert.match(await legend.innerText(), /^nothing to run\s+203$/));
  await app.apply();
  await app.counts({ desired: 200, ready: 200 });
  await eventually(async () => assert.match(await legend.innerText(), /^not eligible\s+3$/));
  await shot("dense");
  await axe();
}, { query: "?nodes=200&speed=max" });

for (const viewport of ["desktop", "tablet", "phone"]) {
  walk(`large numbers are to be read whole: ${viewport}`, async ({ page, app, shot }) => {
    await page.keyboard.press("ControlOrMeta+Enter");
    await app.counts({ desired: 1000, ready: 1000, available: 1000 });
    const cut = await app.ribbon().locator(".nums, .prog-box small:visible").evaluateAll((elements) =>
      elements.filter((it) => it.scrollWidth > it.clientWidth + 1 || it.getBoundingClientRect().right > innerWidth).map((it) => it.innerText),
    );
    assert.deepEqual(cut, []);
    // A speed is to be chosen on every screen, and what stands beside it keeps its place.
    assert.ok(await page.getByTestId("speed").isVisible());
    const right = await page.getByTestId("timeline-toggle").evaluate((it) => it.closest("section").getBoundingClientRect().right - it.getBoundingClientRect().right);
    assert.ok(right >= 8, `the time's last button is ${right} px from the edge`);
    await shot(`large-numbers-${viewport}`);
  }, { viewport, query: "?nodes=1000&speed=max" });
}

walk("on a phone, too, the newest act is in sight", async ({ page, app }) => {
  const tab = (name) => page.locator("nav.bottom").getByRole("button", { name }).click();
  await tab("YAML");
  await app.apply();
  await app.counts({ desired: 3, available: 3 });
  await tab("YAML");
  await app.edit("nginx:1.16", "nginx:1.17");
  await app.apply();
  await app.counts({ updated: 3, available: 3 });
  await eventually(async () => assert.equal(await page.getByTestId("play").getAttribute("data-quiet"), "true"));
  await tab("Activity");
  const log = page.getByTestId("log");
  await eventually(async () => assert.ok(await log.evaluate((it) => it.scrollTop > 0 && it.scrollHeight - it.scrollTop - it.clientHeight < 26)));
}, { viewport: "phone", query: "?speed=8" });

walk("only acts are announced: the clock is silent", async ({ page, app }) => {
  const before = await page.locator("[aria-live], [role=status], [role=alert], [role=log], output").evaluateAll((all) => {
    globalThis.said = [];
    for (const each of all) new MutationObserver(() => globalThis.said.push(`${each.dataset.testid ?? each.className}: ${each.innerText}`)).observe(each, { childList: true, characterData: true, subtree: true });
    return all.length;
  });
  assert.ok(before > 0);
  await app.typing();
  await app.apply();
  await app.pods(3, { phase: "Running" });
  await eventually(async () => assert.equal(await page.getByTestId("play").getAttribute("data-quiet"), "true"));
  const said = await page.evaluate(() => globalThis.said);
  // What Apply said, and what the controller did, gathered: not one for each act, and none for the passing of time.
  assert.ok(said.length >= 2 && said.length <= 6, said.join("\n"));
  assert.ok(said.every((text) => /^(live|notice|preview):/.test(text)), said.join("\n"));
});

walk("magnified, the page is scrolled instead of laid over itself", async ({ page, app }) => {
  for (const [width, height] of [[720, 450], [360, 225], [320, 256]]) {
    await page.setViewportSize({ width, height });
    await app.node("worker-1").waitFor();
    const boxes = await page.locator(".ribbon, .map, .time, nav.bottom").evaluateAll((all) => all.map((it) => it.getBoundingClientRect().toJSON()).sort((a, b) => a.top - b.top));
    assert.equal(boxes.length, 4);
    for (const [index, { top }] of boxes.entries()) {
      if (index > 0) assert.ok(top >= boxes[index - 1].bottom - 1, `${width}x${height}: ${JSON.stringify(boxes)}`);
    }
    assert.ok(boxes.find((it) => it.height > 60));
    assert.ok(await page.evaluate(() => document.scrollingElement.scrollWidth <= innerWidth));
  }
});
