// dist/ on a plain file server: under a sub-path, without a network after the first visit, and from one version to the
// next without mixing them.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { cp, mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { App, eventually, patience } from "./app.mjs";
import { isFirefox, launch } from "./browser.mjs";
import { dist, policy, serveDist } from "./server.mjs";

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

/** A host of its own for each test, and a new browser profile. */
function hosted(name, body, { allow = /^$/ } = {}) {
  test(name, async () => {
    const host = await serveDist({ plain: true });
    const context = await browser.newContext();
    context.setDefaultTimeout(patience);
    const complaints = [];
    const open = async (path = "") => {
      const page = await context.newPage();
      page.on("console", (message) => ["error", "warning"].includes(message.type()) && complaints.push(message.text()));
      page.on("pageerror", (error) => complaints.push(error.message));
      page.on("request", (request) => {
        if (!request.url().startsWith(host.url) && !/^(?:data|blob):/.test(request.url())) complaints.push(`asks ${request.url()}`);
      });
      await page.goto(host.url + path);
      return page;
    };
    try {
      await body({ host, context, open });
      assert.deepEqual(complaints.filter((text) => !allow.test(text)), []);
    } finally {
      await context.close();
      await host.close().catch(() => {});
    }
  });
}

const started = (page) => page.getByTestId("apply").waitFor();
/** Loads a page again, to its end: of one that is left while it loads, a browser complains. */
const reload = async (page) => {
  await page.reload();
  await started(page);
};
const installed = (page) => page.evaluate(() => navigator.serviceWorker.ready.then(() => true));
/** The names of the versions that the browser holds. */
const versions = (page) => page.evaluate(async () => (await caches.keys()).map((key) => key.split(" ").at(-1)).filter((name) => name !== "known"));

/** Another build: the same with another title, and a worker that names its files rightly. */
async function nextBuild(title) {
  const folder = await mkdtemp(join(tmpdir(), "everynode-"));
  await cp(dist, folder, { recursive: true });
  const page = (await readFile(join(folder, "index.html"), "utf8")).replace(/<title>.*?<\/title>/, `<title>${title}</title>`);
  await writeFile(join(folder, "index.html"), page);
  const hash = createHash("sha256").update(page).digest("base64");
  const worker = await readFile(join(folder, "sw.js"), "utf8");
  const version = createHash("sha256").update(title).digest("hex").slice(0, 16);
  await writeFile(join(folder, "sw.js"), worker.replace(/"index\.html": "[^"]+"/, `"index.html": "${hash}"`).replace(/VERSION = "[^"]+"/, `VERSION = "${version}"`));
  return folder;
}

hosted("a server that sends nothing but files is enough, and the page brings its policy itself", async ({ open, host }) => {
  const page = await open("index.html");
  await started(page);
  assert.equal(await page.locator("meta[http-equiv=Content-Security-Policy]").getAttribute("content"), policy);
  // The policy is no mere text.
  const ran = await page.evaluate(() => {
    const script = document.createElement("script");
    script.textContent = "globalThis.inline = true";
    const blocked = new Promise((resolve) => addEventListener("securitypolicyviolation", (event) => resolve(event.effectiveDirective), { once: true }));
    document.head.append(script);
    return Promise.all([blocked, globalThis.inline]);
  }).catch((error) => error.message);
  assert.deepEqual(ran, ["script-src-elem", null].map((it) => it ?? undefined));
  await installed(page);
  assert.deepEqual(host.asked.filter((url) => !url.startsWith("/some/sub/path/")), []);
}, { allow: /(?:Executing|blocked an) inline script/ });

hosted("after the first visit the page needs no network", async ({ open, host }) => {
  const page = await open();
  await started(page);
  await installed(page);
  await host.close();
  const again = await open("?speed=8");
  const app = new App(again);
  await app.typing();
  await app.apply();
  await app.pods(3, { phase: "Running" });
  await again.locator("header").getByRole("button", { name: "Examples" }).click();
  await again.getByRole("dialog").getByText("fluentd").first().waitFor();
  await again.keyboard.press("Escape");
  await again.getByTestId("share").click();
  assert.match(await again.getByTestId("link").inputValue(), /#run=/);
  // All of the build is there, except for what only other programs look at.
  const kept = await again.evaluate(async () => {
    const name = (await globalThis.caches.keys()).find((key) => !key.endsWith(" known"));
    const requests = await (await globalThis.caches.open(name)).keys();
    return requests.map(({ url }) => url);
  });
  const names = (await readdir(dist, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(dist.length).replace(/^\/+/, ""));
  const wanted = names.filter((name) => !/^(?:sw\.js|404\.html)$|\.(?:png|jpg)$/.test(name)).map((name) => host.url + (name === "index.html" ? "" : name));
  assert.deepEqual(kept.sort(), wanted.sort());
});

hosted("a new version comes whole, to each page as it is loaded", async ({ open, host }) => {
  const page = await open();
  await started(page);
  await installed(page);
  const old = await page.title();
  const [version] = await versions(page);
  host.folder = await nextBuild("The next version");
  try {
    const other = await open();
    await started(other);
    assert.equal(await other.title(), old);
    await eventually(async () => assert.equal((await versions(other)).length, 2));
    // It is taken when it is whole, by what is loaded from then on.
    await eventually(async () => {
      await reload(other);
      assert.equal(await other.title(), "The next version");
    });
    // The page that was open goes on with what it has, to its end: all files of its version are there, no other's.
    const title = async (it) => (await it.evaluate(() => fetch("index.html").then((response) => response.text()))).match(/<title>(.*?)</)[1];
    assert.equal(await title(page), old);
    assert.equal(await title(other), "The next version");
    assert.equal((await versions(page)).length, 2);
    await page.close();
    // Then the old version is dropped, and without a network it is the new one.
    await eventually(async () => {
      await reload(other);
      const [only, ...more] = await versions(other);
      assert.deepEqual(more, []);
      assert.notEqual(only, version);
    });
    await host.close();
    await reload(other);
    assert.equal(await other.title(), "The next version");
  } finally {
    await rm(host.folder, { recursive: true });
  }
});

hosted("a version that is only half on its host is not taken", async ({ open, host, context }) => {
  const page = await open();
  await started(page);
  await installed(page);
  const old = await page.title();
  const next = await nextBuild("Half of a version");
  host.folder = await mkdtemp(join(tmpdir(), "everynode-"));
  try {
    await cp(dist, host.folder, { recursive: true });
    await cp(join(next, "sw.js"), join(host.folder, "sw.js"));
    await page.evaluate(async () => {
      const registration = await navigator.serviceWorker.getRegistration();
      await registration.update().catch(() => {});
      const worker = registration.installing;
      if (worker) await new Promise((resolve) => (worker.onstatechange = () => worker.state === "redundant" && resolve()));
    });
    assert.equal(await page.evaluate(async () => (await navigator.serviceWorker.getRegistration()).waiting), null);
    await host.close();
    await reload(page);
    assert.equal(await page.title(), old);
  } finally {
    await rm(next, { recursive: true });
    await rm(host.folder, { recursive: true });
  }
});

hosted("the page can be installed, and shows itself where a link to it is shown", async ({ open, context }) => {
  const page = await open();
  await started(page);
  // Only Chromium tells.
  if (!isFirefox) {
    const devtools = await context.newCDPSession(page);
    const { installabilityErrors } = await devtools.send("Page.getInstallabilityErrors");
    // A private profile, which a test has, can never install anything.
    assert.deepEqual(installabilityErrors.filter(({ errorId }) => errorId !== "in-incognito"), []);
  }
  const manifest = await page.evaluate(async () => (await fetch(document.querySelector("link[rel=manifest]").href)).json());
  for (const { src, sizes } of manifest.icons) {
    const size = await page.evaluate(async (src) => {
      const picture = new Image();
      picture.src = src;
      await picture.decode();
      return `${picture.naturalWidth}x${picture.naturalHeight}`;
    }, src);
    assert.equal(size, sizes);
  }
  const tag = (name) => page.locator(`meta[property="og:${name}"]`).getAttribute("content");
  assert.match(await tag("title"), /^Everynode/);
  assert.ok((await tag("description")).length > 80);
  const picture = await readFile(join(dist, await tag("image")));
  assert.equal(picture.subarray(0, 2).toString("hex"), "ffd8");
});

hosted("an address with nothing at it leads to the page", async ({ open }) => {
  const page = await open("404.html");
  await page.getByRole("link", { name: "Everynode" }).click();
  await started(page);
});

hosted("nothing in the page is addressed from the root of its host or from another one", async () => {
  for (const name of ["index.html", "404.html"]) {
    const text = await readFile(join(dist, name), "utf8");
    assert.deepEqual(text.match(/(?:src|href|content|data-\w+)="(?:\/|https?:)[^"]*"/g), null, name);
  }
});
