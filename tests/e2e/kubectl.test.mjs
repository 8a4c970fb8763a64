// The console: each kind of command, typed as a person does, against the page.

import assert from "node:assert/strict";
import { eventually, walk } from "./harness.mjs";

/** Opens the console and gives what types into it. */
async function console_(page) {
  if (await page.locator(".bottom button", { hasText: "Activity" }).isVisible()) {
    await page.locator(".bottom button", { hasText: "Activity" }).click();
  }
  await page.getByRole("tab", { name: "kubectl" }).click();
  const line = page.getByTestId("kubectl-line");
  const last = page.locator(".answer").last();
  return {
    line,
    last,
    /** Types a line; gives its answer when it is done. */
    async run(text, exit = 0) {
      const before = await page.locator(".answer").count();
      await line.fill(text);
      await line.press("Enter");
      await eventually(async () => {
        assert.equal(await page.locator(".answer").count(), Math.min(before + 1, 100));
        assert.equal(await last.getAttribute("data-exit"), String(exit), `${text}: ${await last.innerText()}`);
      });
      return (await last.locator("pre").count()) ? await last.locator("pre").innerText() : "";
    },
    /** Types a line that goes on. */
    async start(text) {
      await line.fill(text);
      await line.press("Enter");
      await eventually(async () => assert.equal(await last.locator("code").innerText(), text));
    },
  };
}

walk("typed commands do what the buttons do, and answer as kubectl", async ({ page, app, shot, axe }) => {
  const { run, last } = await console_(page);
  await axe();
  assert.match(await run("kubectl get nodes"), /^NAME +STATUS +ROLES +AGE +VERSION\nmaster-1 +Ready +control-plane/);
  assert.match(await run("kubectl get ds"), /No resources found in default namespace\./);

  // What stands in the editor is what is applied.
  assert.equal(await run("kubectl apply -f -"), "daemonset.apps/nginx-daemon-set created\n");
  assert.match(await last.locator(".note").innerText(), /text of the editor/);
  await app.pods(3, { phase: "Running" });
  assert.equal(await run("kubectl apply -f -"), "daemonset.apps/nginx-daemon-set unchanged\n");
  assert.match(await run("kubectl get pods -o wide"), /Running +0 +\S+ +10\.42\.\d+\.\d+ +worker-1 +<none> +<none>/);
  assert.match(await run("kubectl get pods,ds"), /pod\/nginx.*\n\nNAME +DESIRED/s);
  assert.match(await run("kubectl describe ds nginx-daemon-set"), /Pods Status: +3 Running \/ 0 Waiting/);
  assert.match(await run("kubectl get ds nginx-daemon-set -o yaml"), /numberReady: 3/);
  assert.equal(await run("kubectl get ds nginx-daemon-set -o jsonpath={.status.numberReady}"), "3");
  assert.match(await run("kubectl events --for ds/nginx-daemon-set"), /SuccessfulCreate +DaemonSet\/nginx-daemon-set +Created pod/);
  assert.equal(await run("kubectl rollout status ds/nginx-daemon-set"), 'daemon set "nginx-daemon-set" successfully rolled out\n');

  assert.equal(await run("kubectl set image ds/nginx-daemon-set '*=nginx:1.17'"), "daemonset.apps/nginx-daemon-set image updated\n");
  assert.match(await run("kubectl rollout status ds/nginx-daemon-set"), /Waiting for daemon set .* rollout to finish[\s\S]*successfully rolled out\n$/);
  assert.match(await run("kubectl rollout history ds/nginx-daemon-set"), /REVISION +CHANGE-CAUSE\n1 +<none>\n2 +<none>/);
  assert.match(await run("kubectl diff -f -", 1), /-.*image: nginx:1\.17\n\+.*image: nginx:1\.16/);
  assert.match(await run("kubectl rollout undo ds/nginx-daemon-set"), /rolled back/);
  assert.match(await run("kubectl rollout restart ds/nginx-daemon-set"), /restarted/);

  assert.equal(await run("kubectl cordon worker-1"), "node/worker-1 cordoned\n");
  assert.equal(await run("kubectl cordon worker-1"), "node/worker-1 already cordoned\n");
  assert.match(await run("kubectl drain worker-1", 1), /cannot delete DaemonSet-managed Pods/);
  assert.match(await run("kubectl drain worker-1 --ignore-daemonsets"), /node\/worker-1 drained/);
  assert.equal(await run("kubectl uncordon worker-1"), "node/worker-1 uncordoned\n");
  assert.equal(await run("kubectl taint nodes worker-2 dedicated=gpu:NoSchedule"), "node/worker-2 tainted\n");
  assert.equal(await run("kubectl taint nodes worker-2 dedicated-"), "node/worker-2 untainted\n");
  assert.equal(await run("kubectl label node worker-3 disk=ssd"), "node/worker-3 labeled\n");
  assert.equal(await run("kubectl label node worker-3 disk-"), "node/worker-3 unlabeled\n");
  assert.match(await run("kubectl annotate ds/nginx-daemon-set kubernetes.io/change-cause='again'"), /annotated/);
  assert.match(await run(`kubectl patch ds nginx-daemon-set -p '{"spec":{"minReadySeconds":1}}'`), /patched/);
  assert.match(await run("kubectl scale ds nginx-daemon-set --replicas=3", 1), /could not find the requested resource/);
  assert.match(await run("kubectl wait --for=condition=Ready pod -l app=nginx --timeout=60s"), /condition met/);
  assert.match(await run("kubectl delete pods -l app=nginx"), /^pod "nginx-daemon-set-\w{5}" deleted from default namespace\n/);
  await shot("kubectl");

  assert.match(await run("kubectl logs ds/nginx-daemon-set", 1), /not simulated here; these commands are: .*get/);
  assert.match(await run("kubectl get foo", 1), /the server doesn't have a resource type "foo"/);
  assert.match(await run("kubectl gte pods", 1), /unknown command "gte" for "kubectl"[\s\S]*get/);
  assert.match(await run("kubectl get pods | grep x", 1), /there is no shell here/);
  assert.match(await run("kubectl get --help"), /Options:[\s\S]*--selector=/);
  assert.match(await run("kubectl version"), /Server Version: v1\.36/);

  assert.equal(await run("kubectl delete ds nginx-daemon-set"), 'daemonset.apps "nginx-daemon-set" deleted from default namespace\n');
  await app.pods(0);
  assert.match(await run("kubectl create -f https://example.org/manifests/node-exporter.yaml"), /daemonset\.apps\/node-exporter created/);
  assert.match(await run("kubectl apply -f nothing-like-this.yaml", 1), /the path "nothing-like-this.yaml" does not exist/);
  await axe();
}, { query: "?fresh&speed=8" });

walk("a watch follows the simulated time until it is ended, and the page stays usable meanwhile", async ({ page, app, shot }) => {
  const { start, last, line } = await console_(page);
  await start("kubectl get pods -w");
  await app.apply();
  await app.pods(3, { phase: "Running" });
  await eventually(async () => {
    const text = await last.locator("pre").innerText();
    assert.match(text, /^NAME +READY +STATUS +RESTARTS +AGE\n/);
    for (const status of ["Pending", "ContainerCreating", "Running"]) assert.match(text, new RegExp(` ${status} `));
  });
  assert.equal(await last.getAttribute("data-exit"), null);
  await shot("kubectl-watch");
  await line.press("Control+c");
  await eventually(async () => assert.equal(await last.getAttribute("data-exit"), "130"));
  assert.match(await last.locator("pre").innerText(), /\^C/);
}, { query: "?fresh&speed=4" });

walk("Tab completes, the arrows bring lines back, and they survive a reload", async ({ page }) => {
  const { run, line } = await console_(page);
  await line.fill("kubectl get no");
  await line.press("Tab");
  await eventually(async () => assert.match(await line.inputValue(), /^kubectl get node/));
  await line.fill("kubectl cordon worker-");
  await line.press("Tab");
  await eventually(async () => assert.match(await page.locator(".candidates").innerText(), /worker-1\s+worker-2\s+worker-3/));
  await line.fill("kubectl cordon worker-1");
  await line.press("Enter");
  await run("kubectl get nodes");
  await line.press("ArrowUp");
  await line.press("ArrowUp");
  assert.equal(await line.inputValue(), "kubectl cordon worker-1");
  await line.press("ArrowDown");
  await line.press("ArrowDown");
  assert.equal(await line.inputValue(), "");
  await page.reload();
  const again = await console_(page);
  await again.line.press("ArrowUp");
  assert.equal(await again.line.inputValue(), "kubectl get nodes");
});

walk("in the past the answers are that moment's", async ({ page, app }) => {
  await app.apply();
  await app.pods(3, { phase: "Running" });
  const { run } = await console_(page);
  assert.match(await run("kubectl get pods"), /Running/);
  await page.getByRole("button", { name: /^Pause/ }).click();
  await page.getByRole("button", { name: "To the start" }).click();
  assert.match(await run("kubectl get pods"), /No resources found/);

  // What would make another future asks once.
  const line = page.getByTestId("kubectl-line");
  const answers = await page.locator(".answer").count();
  await line.fill("kubectl cordon worker-1");
  await line.press("Enter");
  const dialog = page.getByRole("dialog", { name: "Go on from here?" });
  assert.match(await dialog.innerText(), /kubectl cordon worker-1/);
  await dialog.getByRole("button", { name: "Close" }).click();
  const last = page.locator(".answer").last();
  await eventually(async () => assert.equal(await last.getAttribute("data-exit"), "130"));
  await line.fill("kubectl cordon worker-2");
  await line.press("Enter");
  await dialog.getByRole("button", { name: /Go on/ }).click();
  await eventually(async () => assert.equal(await last.locator("pre").innerText(), "node/worker-2 cordoned\n"));
  assert.equal(await page.locator(".answer").count(), answers + 2);
}, { query: "?fresh&speed=8" });

walk("the Events tab shows what kubectl events prints, and menus show the command they stand for", async ({ page, app, shot, axe }) => {
  await app.apply();
  await app.pods(3, { phase: "Running" });
  await page.getByRole("tab", { name: "Events" }).click();
  await eventually(async () => {
    assert.ok((await page.getByTestId("events").locator("tbody tr").count()) >= 6);
  });
  assert.match(await page.getByTestId("events").innerText(), /Normal\s+SuccessfulCreate\s+DaemonSet\/nginx-daemon-set\s+Created pod/);
  await axe();
  await shot("events");
  await app.node("worker-1").getByRole("button", { name: /Actions|Menu|More/i }).first().click();
  assert.equal(await page.getByRole("menuitem", { name: "Cordon", exact: true }).getAttribute("data-command"), "kubectl cordon worker-1");
}, { query: "?fresh&speed=8" });

walk("forms show the command they stand for, as it is filled in", async ({ page, app, shot, axe }) => {
  const open = async (item) => {
    await page.getByRole("button", { name: "Actions for node worker-1", exact: true }).click();
    await page.getByRole("menuitem", { name: item, exact: true }).click();
  };
  const shown = page.getByTestId("stands-for");
  await open("Taints…");
  assert.equal(await shown.innerText(), "");
  await page.getByLabel("Add").fill("dedicated=gpu:NoSchedule, b:NoExecute");
  assert.equal(await shown.innerText(), "kubectl taint node worker-1 dedicated=gpu:NoSchedule b:NoExecute");
  await shot("form-command");
  await axe();
  await page.getByLabel("Add").fill("dedicated=gpu");
  assert.equal(await shown.innerText(), "");
  await page.keyboard.press("Escape");
  await open("Labels…");
  await page.getByLabel("Change").fill("disk=ssd, zone-");
  const line = await shown.innerText();
  assert.equal(line, "kubectl label node worker-1 disk=ssd zone-");
  await page.getByLabel("Change").fill("kubernetes.io/os=plan9");
  assert.equal(await shown.innerText(), "kubectl label node worker-1 kubernetes.io/os=plan9 --overwrite");
  await page.keyboard.press("Escape");
  await open("Run a bare pod here…");
  assert.match(await shown.innerText(), /^kubectl apply -f - <<'EOF'\napiVersion: v1\nkind: Pod\n[^]*nodeName: worker-1\nEOF\n$/);
  await page.keyboard.press("Escape");
  await open("Capacity…");
  await page.getByLabel("cpu").fill("2");
  assert.match(await shown.innerText(), /^kubectl patch node worker-1 --subresource=status -p '\{"status":\{"allocatable":\{"cpu":"2"/);
  await page.keyboard.press("Escape");
  // What was shown can be typed.
  const { run } = await console_(page);
  assert.match(await run(line), /node\/worker-1 (labeled|modified)/);
});

walk("a very long answer shows its ends, and a copy has all of it", async ({ page, shot, axe }) => {
  await page.getByTestId("scenario").click();
  await page.getByRole("menuitem", { name: "3 masters and 1,000 workers" }).click();
  await eventually(async () => assert.match(await page.getByTestId("scenario").innerText(), /1003/));
  const { line, last } = await console_(page);
  await line.fill("kubectl get nodes");
  await line.press("Enter");
  await eventually(async () => assert.equal(await last.getAttribute("data-exit"), "0"));
  const lines = async () => (await last.locator("pre").allInnerTexts()).join("").trimEnd().split("\n");
  assert.equal((await lines()).length, 600);
  assert.match((await lines())[0], /^NAME +STATUS/);
  // What stands there is not made anew with the next line.
  await last.evaluate((answer) => (answer.dataset.mark = "kept"));
  await line.fill("kubectl get ns");
  await line.press("Enter");
  await eventually(async () => assert.match(await last.locator("pre").innerText(), /kube-system/));
  assert.equal(await page.locator(".answer[data-mark=kept]").count(), 1);
  await line.fill("kubectl get nodes");
  await line.press("Enter");
  await eventually(async () => assert.equal((await lines()).length, 600));
  await eventually(async () => assert.equal(await last.getAttribute("data-exit"), "0"));
  await shot("long-answer");
  await axe();
  await page.evaluate(() => {
    navigator.clipboard.writeText = async (text) => void (window.copied = text);
  });
  await last.getByRole("button", { name: /^Copy/ }).click();
  await eventually(async () => assert.equal((await page.evaluate(() => window.copied ?? "")).trimEnd().split("\n").length, 1004));
  await last.getByRole("button", { name: /404 more lines/ }).click();
  await eventually(async () => assert.equal((await lines()).length, 1004));
});

walk("the console is good on a phone", async ({ page, shot, axe }) => {
  const { run } = await console_(page);
  assert.match(await run("kubectl get nodes"), /master-1/);
  await shot("kubectl-phone");
  await axe();
}, { viewport: "phone", theme: "light" });

walk("in the past a command that changes nothing makes no other future; the documentation's addresses are known", async ({ page, app }) => {
  const { run, last } = await console_(page);
  await run("kubectl apply -f -");
  await app.pods(3, { phase: "Running" });
  await page.getByTestId("step-back").click();
  await page.getByTestId("now").waitFor();
  for (const [line, exit, says] of [
    ["kubectl cordon nope", 1, /nodes "nope" not found/],
    ["kubectl rollout undo ds/nginx-daemon-set", 1, /no last revision to roll back to/],
    ["kubectl apply -f -", 0, /unchanged/],
    ["kubectl label node worker-1 'a b=c'", 1, /is invalid: metadata\.labels/],
  ]) assert.match(await run(line, exit), says);
  await app.applyButton.click();
  await eventually(async () => assert.match(await page.locator(".notice").innerText(), /unchanged/));
  // Still the past, and nobody was asked.
  assert.equal(await page.getByRole("dialog").count(), 0);
  await page.getByTestId("now").click();
  await page.getByTestId("timeline-toggle").click();
  assert.equal(await page.getByTestId("branch").count(), 1);

  assert.match(await run("kubectl apply -f https://k8s.io/examples/controllers/daemonset.yaml"), /^daemonset\.apps\/fluentd-elasticsearch created/);
  assert.match(await last.locator(".note").innerText(), /a manifest of its own/);
  assert.match(await run("kubectl apply -f https://k8s.io/examples/pods/simple-pod.yaml", 1), /^error: unable to read URL "https:\/\/k8s\.io.*controllers\/ daemonset\.yaml/);
  assert.match(await run("kubectl rollout status --help"), /-w, --watch:\n +Go on until the rollout is done/);
}, { query: "?speed=4" });
