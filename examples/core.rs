//! CPU time of the core in the browser (and natively, to compare): how long a DaemonSet takes from apply to all pods
//! ready, a rollout, and a sync in which nothing is to do. One JSON line per figure, then a table. Natively,
//! examples/bench.rs measures these and more.
//!
//!     cargo xtask bench

use everynode::api::ObjectKey;
use everynode::controllers::daemonset::{Memory, Stage, View, sync};
use everynode::engine::{Command, Scenario, Sim};

const MANIFEST: &str = "apiVersion: apps/v1
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
";
const IDLE_SYNCS: u32 = 21;

fn main() {
    let mut lines = Vec::new();
    let mut table = vec![format!(
        "{:>6} {:>14} {:>12} {:>14} {:>14}",
        "nodes", "apply ms", "us per pod", "idle sync ms", "rollout ms"
    )];
    for nodes in [10, 100, 1_000, 5_000] {
        let mut sim = Sim::new(&Scenario::with_workers(nodes));
        let apply = timed(|| run(&mut sim, MANIFEST.to_owned()));
        let records = sim.history().records().len();
        let idle = idle_sync(&sim);
        // At 5,000 nodes a rollout one by one takes hours of simulated time; ten percent at once is what people do there.
        let strategy = "  updateStrategy:\n    rollingUpdate:\n      maxUnavailable: 10%\n  selector:";
        let update = MANIFEST.replace("agent:1", "agent:2").replace("  selector:", strategy);
        let rollout = timed(|| run(&mut sim, update));
        let per_pod = apply * 1e3 / f64::from(nodes);
        lines.push(format!(
            "{{\"nodes\":{nodes},\"applyMs\":{apply:.3},\"microsPerPod\":{per_pod:.2},\"idleSyncMs\":{idle:.4},\"rolloutMs\":{rollout:.3},\"records\":{records},\"steps\":{}}}",
            sim.steps()
        ));
        table.push(format!("{nodes:>6} {apply:>14.2} {per_pod:>12.2} {idle:>14.4} {rollout:>14.2}"));
    }
    lines.append(&mut table);
    lines.push("targets: 100 us per pod and an idle sync under 10 ms, both at 5000 nodes".to_owned());
    tell(&lines.join("\n"));
}

#[cfg(not(target_arch = "wasm32"))]
fn tell(text: &str) {
    println!("{text}");
}

/// In the browser, `tests/e2e/bench.mjs` reads it from the document.
#[cfg(target_arch = "wasm32")]
fn tell(text: &str) {
    everynode::platform::page::set_root_attribute("data-bench", text);
}

fn run(sim: &mut Sim, text: String) {
    let outcome = sim.submit(Command::Apply { text });
    assert!(outcome.errors.is_empty(), "{:?}", outcome.errors);
    sim.run_until_quiet();
}

/// The median over some syncs of a cluster that is as it should be. A browser's clock is coarse, so each is many.
fn idle_sync(sim: &Sim) -> f64 {
    let key = ObjectKey::new("default", "agent");
    let memory = Memory::default();
    let once = || {
        let mut stage = Some(Stage::History);
        while let Some(at) = stage {
            let view = View { world: sim.world(), memory: &memory, now: sim.now(), seed: 1 };
            let plan = sync(&view, &key, at);
            assert!(plan.decisions.is_empty(), "nothing should be to do: {:?}", plan.decisions);
            stage = plan.next;
        }
    };
    let mut times: Vec<f64> = (0..IDLE_SYNCS).map(|_| timed(|| (0..10).for_each(|_| once())) / 10.0).collect();
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

/// Milliseconds.
#[cfg(not(target_arch = "wasm32"))]
#[expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]
fn timed(work: impl FnOnce()) -> f64 {
    let begin = std::time::Instant::now();
    work();
    begin.elapsed().as_secs_f64() * 1e3
}

#[cfg(target_arch = "wasm32")]
fn timed(work: impl FnOnce()) -> f64 {
    let begin = everynode::platform::page::now_ms();
    work();
    everynode::platform::page::now_ms() - begin
}
