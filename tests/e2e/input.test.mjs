// Whatever is pasted gets an answer, and the cluster stays as it was.

import assert from "node:assert/strict";
import { eventually } from "./app.mjs";
import { walk } from "./harness.mjs";

const good = `apiVersion: apps/v1
kind: DaemonSet
metadata:
  name: agent
spec:
  selector:
    matchLabels:
      app: agent
  template:
    metadata:
      labels:
        app: agent
    spec:
      containers:
      - name: agent
        image: agent:1
`;

const refused = [
  ["a broken indentation", good.replace("  name: agent\nspec:", "  name: agent\n spec:"), /line \d+/],
  ["a misspelt field", good.replace("image:", "imag:"), /imag.*(did you mean|image)/is],
  ["a wrong type", good.replace("spec:\n  selector", "spec:\n  minReadySeconds: soon\n  selector"), /minReadySeconds/],
  ["a selector that does not match", good.replace("      app: agent\n  template", "      app: other\n  template"), /selector.*does not match/is],
  ["an API that was removed", good.replace("apps/v1", "extensions/v1beta1"), /1\.16/],
  ["an unknown kind", good.replace("DaemonSet", "DaemonSett"), /DaemonSett/],
  ["a Helm template", good.replace("agent:1", "{{ .Values.image }}"), /helm template/i],
  ["lost indentation", good.replace(/^ +/gm, ""), /indent/i],
  ["a tab", good.replace("      - name", "\t- name"), /tab/i],
  ["binary", "\u0000\u0001\u0002PNG\u0003\u0000", /./],
  ["an alias bomb", ["a: &a [x,x,x,x,x,x,x,x,x]", ..."bcdefghij".split("").map((c, i) => `${c}: &${c} [${Array(9).fill("*" + "abcdefghij"[i]).join(",")}]`)].join("\n"), /alias|anchor/i],
];

walk("text that cannot be applied is refused with its line, field and mend", async ({ page, app, axe }) => {
  await app.typing();
  for (const [what, text, expected] of refused) {
    await app.write(text);
    await eventually(async () => {
      const findings = page.getByTestId("findings");
      assert.ok(Number(await findings.getAttribute("data-errors")) > 0, `${what}: no error`);
      assert.match(await findings.innerText(), expected, what);
    });
    await app.applyButton.click({ force: true });
    assert.equal((await app.map()).length, 0, `${what} was applied`);
    assert.equal(await page.locator("[data-node-card]").count(), 6);
  }
  await axe();
});

walk("a mend that is certain is made by one click", async ({ page, app }) => {
  await app.typing();
  await app.write(good.replace("image:", "imag:"));
  await page.getByTestId("findings").getByRole("button", { name: /fix/i }).first().click();
  await eventually(async () => assert.match(await app.text(), /image: agent:1/));
  await app.apply();
  await app.counts({ desired: 3 }, "agent");
});

walk("Windows line ends, a byte order mark, JSON and several documents are read", async ({ page, app }) => {
  await app.typing();
  await app.write("\uFEFF" + good.replaceAll("\n", "\r\n"));
  await app.apply();
  await app.counts({ desired: 3 }, "agent");
  const two = JSON.stringify({
    apiVersion: "apps/v1",
    kind: "DaemonSet",
    metadata: { name: "two" },
    spec: {
      selector: { matchLabels: { app: "two" } },
      template: { metadata: { labels: { app: "two" } }, spec: { containers: [{ name: "c", image: "two:1" }] } },
    },
  });
  await app.write(two);
  await app.apply();
  await app.counts({ desired: 3 }, "two");
  await app.write(
    `${good.replaceAll("agent", "three")}---\napiVersion: v1\nkind: Node\nmetadata:\n  name: extra\n---\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: conf\n---\napiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Node\n  metadata:\n    name: listed\n`,
  );
  await eventually(async () => assert.match(await page.getByTestId("findings").innerText(), /ConfigMap/));
  await app.apply();
  await app.node("extra").waitFor();
  await app.node("listed").waitFor();
  await app.counts({ desired: 5 }, "three");
}, { query: "?speed=4" });

walk("an empty text and one of megabytes leave the page usable", async ({ page, app }) => {
  await app.typing();
  await app.write(good + "# " + "x".repeat(78) + "\n" + ("# " + "x".repeat(78) + "\n").repeat(65_000));
  await eventually(async () => assert.notEqual(await page.getByTestId("findings").innerText(), ""));
  await page.keyboard.press("ControlOrMeta+a");
  await page.keyboard.press("Delete");
  await eventually(async () => assert.match(await page.locator(".panel.left").innerText(), /nothing/i));
  await app.write(good);
  await app.apply();
  await app.counts({ desired: 3 }, "agent");
});
