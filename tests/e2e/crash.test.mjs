// When the program itself fails: a browser's extension that meddles with the page is the likeliest cause, and is played
// here, by an insertBefore that refuses.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { eventually } from "./app.mjs";
import { walk } from "./harness.mjs";

const allow = [/insertBefore|insert node|NotFoundError|meddled|panicked|unreachable|RuntimeError/i];

const meddle = (page) =>
  page.evaluate(() => {
    Node.prototype.insertBefore = () => {
      throw new DOMException("meddled with", "NotFoundError");
    };
  });

/** Apply, by script: the dialog may be there before, as any change of the page makes the program fail then. */
const failAtApply = async (page) => {
  await meddle(page);
  await page.getByTestId("apply").evaluate((button) => button.click());
};

/** The dialog once it is there. It is told apart from those of the program itself by its role. */
async function dialog(page) {
  const dialog = page.getByRole("alertdialog", { name: "Something went wrong" });
  await dialog.waitFor();
  return dialog;
}

walk("a failure of the program shows a dialog that saves what was just typed, and the page goes on with it", async ({ page, app, context, axe, shot }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]).catch(() => {});
  await app.apply();
  await app.pods(3, { phase: "Running" });
  await app.edit("nginx:1.16", "nginx:1.17 # typed just now");
  // While another dialog is open: this one comes over it.
  await page.getByTestId("add-node").click();
  await meddle(page);
  await page.keyboard.press("Enter");
  const crash = await dialog(page);
  const text = await crash.getByRole("textbox", { name: "Your manifest" }).inputValue();
  assert.match(text, /nginx:1.17 # typed just now/);
  assert.match(text, /^apiVersion: apps\/v1\n/);
  await shot("crash");
  await axe();
  // Nothing beneath can be reached, and Escape does not put it away.
  assert.equal(await page.evaluate(() => document.activeElement.innerText), "Start afresh");
  await page.keyboard.press("Escape");
  for (let step = 0; step < 8; step++) await page.keyboard.press("Tab");
  assert.ok(await page.evaluate(() => document.activeElement === document.body || document.activeElement.closest(".crash") !== null));

  await crash.getByRole("button", { name: "Copy the text" }).click();
  await crash.getByRole("button", { name: "Copied" }).waitFor();
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), text);
  const [download] = await Promise.all([page.waitForEvent("download"), crash.getByRole("button", { name: "Download it" }).click()]);
  assert.equal(download.suggestedFilename(), "daemonset.yaml");
  assert.equal(await readFile(await download.path(), "utf8"), text);

  // The text stays, the cluster is a new one, and all works.
  await crash.getByRole("button", { name: "Start afresh" }).click();
  await page.locator("#boot-status").waitFor({ state: "detached" });
  await eventually(async () => assert.match(await app.text(), /typed just now/));
  assert.equal(await page.getByRole("alertdialog").count(), 0);
  assert.equal((await app.map()).length, 0);
  await app.apply();
  await app.pods(3, { phase: "Running" });
}, { query: "?speed=8", allow });

walk("a text that the program fails at can be left behind", async ({ page, app, host }) => {
  await app.edit("nginx:1.16", "nginx:1.17 # fails");
  await failAtApply(page);
  // Loaded anew by hand, the text is there.
  await dialog(page);
  await page.reload();
  await page.locator("#boot-status").waitFor({ state: "detached" });
  await eventually(async () => assert.match(await app.text(), /# fails/));
  await failAtApply(page);
  await (await dialog(page)).getByRole("button", { name: "Start without it" }).click();
  await page.locator("#boot-status").waitFor({ state: "detached" });
  await eventually(async () => assert.match(await app.text(), /nginx:1.16/));
  assert.doesNotMatch(await app.text(), /# fails/);
  await app.apply();
  await app.pods(3, { phase: "Running" });
}, { query: "?speed=8", allow });

walk("a failure without a panic, of memory or stack, shows the dialog, too", async ({ page, app }) => {
  await app.edit("nginx:1.16", "nginx:1.17");
  // As the browser reports it when the program ends so.
  await page.evaluate(() => {
    const trap = new WebAssembly.RuntimeError("memory access out of bounds");
    dispatchEvent(new ErrorEvent("error", { error: trap, message: trap.message }));
  });
  const crash = await dialog(page);
  assert.match(await crash.innerText(), /memory access out of bounds/);
  assert.match(await crash.getByRole("textbox", { name: "Your manifest" }).inputValue(), /nginx:1.17/);
});
