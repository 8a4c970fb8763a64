// The gallery of examples: found, loaded, applied, by mouse and by keyboard, on every size.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { eventually } from "./app.mjs";
import { walk } from "./harness.mjs";

const file = (name) => readFile(new URL(`../../static/examples/${name}`, import.meta.url), "utf8");
const dialog = (page) => page.getByRole("dialog", { name: "Examples" });
const card = (page, name) => dialog(page).locator(`[data-example="${name}"]`);

async function opened(page) {
  await page.getByTestId("examples").click();
  await card(page, "nginx.yaml").waitFor();
}

for (const viewport of ["desktop", "tablet", "phone"]) {
  for (const theme of ["dark", "light"]) {
    walk(`the gallery fits and passes axe: ${viewport}, ${theme}`, async ({ page, shot, axe }) => {
      await opened(page);
      await shot(`gallery-${viewport}-${theme}`);
      await axe();
      const cut = await dialog(page).evaluate((element) => {
        const parts = [...element.querySelectorAll("button, input, p, h4")].filter((it) => it.offsetParent);
        const { left, right } = element.getBoundingClientRect();
        return parts.filter((it) => it.getBoundingClientRect().right > right || it.getBoundingClientRect().left < left).map((it) => it.outerHTML);
      });
      assert.deepEqual(cut, []);
    }, { viewport, theme });
  }
}

walk("an example is found by words, and its manifest goes into the editor", async ({ page, app }) => {
  await app.typing();
  await opened(page);
  const search = dialog(page).getByRole("searchbox");
  await search.fill("gpu plugin");
  await eventually(async () => assert.equal(await dialog(page).locator("[data-example]").count(), 1));
  await search.fill("nothing has these words");
  await dialog(page).getByText("No example has all of these words").waitFor();
  await search.fill("fluentd");
  await card(page, "fluentd.yaml").getByRole("button", { name: "Manifest only: Fluentd" }).click();
  await dialog(page).waitFor({ state: "detached" });
  assert.match(await app.text(), /name: fluentd/);
  // The cluster is the one that was there.
  await app.node("master-3").waitFor();
  await app.apply();
  await app.pods(6, { phase: "Running" });
}, { query: "?speed=max" });

walk("an example comes with its cluster, by keyboard alone", async ({ page, app, shot }) => {
  await app.typing();
  await page.getByTestId("examples").focus();
  await page.keyboard.press("Enter");
  await card(page, "nginx.yaml").waitFor();
  await page.keyboard.type("gpu device");
  await eventually(async () => assert.equal(await dialog(page).locator("[data-example]").count(), 1));
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await dialog(page).waitFor({ state: "detached" });
  await app.node("gpu-3").waitFor();
  assert.match((await app.text()).slice(0, 60), /NVIDIA/);
  await app.apply();
  const pods = await app.pods(3, { phase: "Running" });
  assert.deepEqual(pods.map((pod) => pod.node), ["gpu-1", "gpu-2", "gpu-3"]);
  await shot("example-gpu");
}, { query: "?speed=max" });

walk("a cluster that the reader made is replaced only when they say so", async ({ page, app, shot }) => {
  await app.typing();
  await app.apply();
  await app.pods(3, { phase: "Running" });
  await opened(page);
  const update = card(page, "nginx-1.17.yaml");
  await update.getByRole("button", { name: /With its cluster/ }).click();
  await update.getByText("This replaces your cluster").waitFor();
  await shot("gallery-asks");
  assert.equal((await app.map()).length, 3);
  await update.getByRole("button", { name: "Replace the cluster" }).click();
  await dialog(page).waitFor({ state: "detached" });
  // The update comes onto what it updates.
  await app.pods(3, { phase: "Running", revision: "1" });
  assert.equal((await app.text()).trim(), (await file("nginx-1.17.yaml")).trim());
  await app.apply();
  await app.pods(3, { phase: "Running", revision: "2" });
}, { query: "?speed=max" });

walk("what cannot be fetched is said", async ({ page }) => {
  await page.route("**/examples/index.yaml", (route) => route.abort());
  await page.getByTestId("examples").click();
  await dialog(page).getByText("examples/index.yaml could not be fetched").waitFor();
}, { allow: [/examples\/index\.yaml/, /Failed to load resource/] });
