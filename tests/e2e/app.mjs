// The page's parts by the names that it promises (`data-testid` and the like): a test knows no class name.

import assert from "node:assert/strict";

/** Milliseconds until a state that does not come is a failure. */
export const patience = Number(process.env.EVERYNODE_TEST_PATIENCE ?? 20_000);

/** Repeats a check until it stops throwing; gives its result, or the last failure. */
export async function eventually(check) {
  const end = performance.now() + patience;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (performance.now() > end) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

/** The page as a person sees and uses it. */
export class App {
  constructor(page) {
    this.page = page;
    this.applyButton = page.getByTestId("apply");
    this.editor = page.getByTestId("editor");
    this.dense = page.getByTestId("dense");
  }

  /** The card of a node on the map. */
  node(name) {
    return this.page.locator(`[data-node-card="${name}"]`);
  }

  /** The pods on the map, narrowed by `{phase, revision, node}`: a locator. */
  pod({ phase, revision, node } = {}) {
    const wanted = { phase, revision, node };
    const having = Object.entries(wanted).filter(([, value]) => value !== undefined);
    return this.page.locator(`[data-pod]${having.map(([key, value]) => `[data-${key}="${value}"]`).join("")}`);
  }

  /** What the map shows of its pods now: `[{name, phase, revision, node}]`, by node and name. */
  async map() {
    const pods = await this.page.locator("[data-pod]").evaluateAll((elements) =>
      elements.map(({ dataset: { pod, phase, revision, node } }) => ({ name: pod, phase, revision, node })),
    );
    const key = ({ node, name }) => `${node} ${name}`;
    return pods.sort((a, b) => (key(a) < key(b) ? -1 : 1));
  }

  /** Waits until the map shows exactly so many pods and each of them is as said; gives them. */
  async pods(count, each = {}) {
    return eventually(async () => {
      const pods = await this.map();
      const seen = JSON.stringify(pods);
      assert.equal(pods.length, count, `pods on the map: ${seen}`);
      for (const pod of pods) {
        for (const [field, value] of Object.entries(each)) assert.equal(pod[field], value, `${field} of ${pod.name}: ${seen}`);
      }
      return pods;
    });
  }

  /** The ribbon of a DaemonSet (or of the only one). */
  ribbon(daemonset) {
    const rows = this.page.getByTestId("ribbon");
    return daemonset ? rows.locator(`[data-daemonset="${daemonset}"]`) : rows;
  }

  /** Waits until a ribbon shows these numbers, for instance `{desired: 3, ready: 3, updated: 3}`. */
  async counts(wanted, daemonset) {
    await eventually(async () => {
      const shown = {};
      for (const name of Object.keys(wanted)) {
        shown[name] = Number(await this.ribbon(daemonset).locator(`[data-count="${name}"]`).innerText({ timeout: 1000 }));
      }
      assert.deepEqual(shown, wanted);
    });
  }

  /** The editor once CodeMirror has taken the place of the plain textarea. */
  async typing() {
    const content = this.editor.locator(".cm-content");
    await content.waitFor();
    return content;
  }

  /** The text in the editor (of a text that fits on the screen: CodeMirror draws no more than that). */
  async text() {
    const lines = await (await this.typing()).locator(".cm-line").allInnerTexts();
    return lines.map((line) => line.replace(/\n$/, "")).join("\n");
  }

  /** Selects all in the editor and puts a text in its place, as a paste does. */
  async write(text) {
    await (await this.typing()).click();
    await this.page.keyboard.press("ControlOrMeta+a");
    await this.page.keyboard.insertText(text);
  }

  /** Changes a part of the editor's text. */
  async edit(from, to) {
    const text = await this.text();
    assert.ok(text.includes(from), `the editor has no ${JSON.stringify(from)}:\n${text}`);
    await this.write(text.replace(from, to));
  }

  /** Presses Apply. */
  async apply() {
    await this.applyButton.click();
  }
}
