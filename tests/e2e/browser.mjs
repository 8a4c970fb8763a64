// The installed Chromium, or Firefox if EVERYNODE_BROWSER says so (playwright-core downloads none of its own), with what
// keeps it quiet and offline.

import { existsSync, readFileSync } from "node:fs";
import Module, { createRequire } from "node:module";
import { delimiter, join } from "node:path";

export const isFirefox = process.env.EVERYNODE_BROWSER === "firefox";

function installed(variable, names) {
  if (process.env[variable]) return process.env[variable];
  const folders = (process.env.PATH ?? "").split(delimiter);
  const found = names.flatMap((name) => folders.map((folder) => join(folder, name))).find(existsSync);
  if (!found) throw new Error(`No ${names[0]} found. \`cargo xtask test\` installs one; or set ${variable} to its path.`);
  return found;
}

/**
 * Playwright talks WebDriver BiDi with an unchanged Firefox, and always sends one command that Firefox's long-term
 * release does not know yet: the one that sets the preferred colours. That one is left out.
 */
function playwright() {
  const load = Module._extensions[".js"];
  const unknown = /this\._(?:session|browser\._browserSession)\.send\("emulation\.setMediaFeaturesOverride",/g;
  if (isFirefox) {
    Module._extensions[".js"] = (module, file) =>
      file.endsWith("coreBundle.js")
        ? module._compile(readFileSync(file, "utf8").replaceAll(unknown, "((features) => features)("), file)
        : load(module, file);
  }
  const loaded = createRequire(import.meta.url)("playwright-core");
  Module._extensions[".js"] = load;
  return loaded;
}

const { chromium, firefox } = playwright();

const launchFirefox = () =>
  firefox.launch({
    channel: "moz-firefox",
    executablePath: installed("FIREFOX", ["firefox-esr", "firefox"]),
    firefoxUserPrefs: {
      "app.update.enabled": false,
      "browser.newtabpage.enabled": false,
      "browser.safebrowsing.malware.enabled": false,
      "browser.safebrowsing.phishing.enabled": false,
      "datareporting.policy.dataSubmissionEnabled": false,
      "extensions.getAddons.cache.enabled": false,
      "network.captive-portal-service.enabled": false,
      "network.connectivity-service.enabled": false,
      "services.settings.server": "data:,",
      "toolkit.telemetry.server": "",
    },
  });

const launchChromium = () =>
  chromium.launch({
    executablePath: installed("CHROME", ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"]),
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      "--disable-dev-shm-usage",
      "--hide-scrollbars",
    ],
  });

export const launch = isFirefox ? launchFirefox : launchChromium;
